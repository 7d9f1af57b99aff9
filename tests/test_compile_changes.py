"""What changes between two calls of compiled code beside what it names: rules, losses, running values, objects."""

from dataclasses import dataclass, field
from types import SimpleNamespace

import numpy as np
import pytest

from minigrad import Tensor, compile, custom_vjp, fit, no_grad, optim, value_and_grad
from tests.compiling import as_code, assert_same, plain, running

x = np.array([1.0, 2.0, 3.0])


@pytest.fixture(params=["numpy", "interpreted"])
def code(request):
    with running(request.param):
        yield lambda f, **options: as_code(f, request.param, **options)


def leaf(data=x):
    return Tensor(np.array(data), requires_grad=True)


def squared():
    @custom_vjp
    def square(a):
        return a * a

    square.defvjp(lambda a: (a * a, a), lambda a, g: (2 * a * g,))
    return square


def test_another_rule_of_ones_own(code):
    square = squared()
    slopes = code(value_and_grad(lambda a: square(a).sum()))
    np.testing.assert_allclose(slopes(x)[1], 2 * x)
    square.defvjp(lambda a: (a * a, a), lambda a, g: (20 * a * g,))
    np.testing.assert_allclose(slopes(x)[1], 20 * x)


def test_a_rule_of_ones_own_for_a_parameter_that_the_function_names(code):
    w, square = leaf(), squared()

    def f(a):
        E = (square(w) * a).sum()
        E.backward()
        return E

    compiled = code(f)
    for scale in (1.0, 3.0):
        w.data, w.grad = scale * x, None
        np.testing.assert_allclose(compiled(x).data, (w.data**2 * x).sum())
        np.testing.assert_allclose(w.grad.data, 2 * w.data * x)


@pytest.mark.parametrize("compiled", [False, "numpy"])
def test_fit_sees_what_model_and_loss_read(compiled):
    rng = np.random.default_rng(0)
    X, T, first = rng.normal(size=(8, 3)), rng.normal(size=(8, 2)), rng.normal(size=(3, 2))
    W, read = leaf(first), SimpleNamespace(share=1.0)

    class Model:
        gain = 2.0

        def __call__(self, x):
            return x @ W * self.gain

        def parameters(self):
            return [W]

    model = Model()

    def change(training):
        read.share *= 0.5
        model.gain += 1.0

    def loss(y, t):
        return ((y - t) ** 2).sum() * read.share

    fit(model, loss, optim.SGD([W], lr=0.01), (X, T), 3, progress=False, compile=compiled, callbacks=[change])
    by_hand = first
    for epoch in range(3):
        gain = 2.0 + epoch
        by_hand = by_hand - 0.01 * 2 * 0.5**epoch * gain * X.T @ (X @ by_hand * gain - T)
    np.testing.assert_allclose(W.data, by_hand, rtol=1e-12)


def written_anew(states):
    for state in states:
        state.update({name: np.zeros_like(value) for name, value in state.items()})


def put_in_their_place(states):
    states[0] = {name: np.zeros_like(value) for name, value in states[0].items()}


def added(states):
    states[0] |= {name: value * 0 + 1 for name, value in states[0].items()}


@pytest.mark.parametrize("change", [written_anew, put_in_their_place, added], ids=lambda f: f.__name__)
def test_running_values_that_are_written_by_hand(change, code):
    found = []
    for make in (lambda f: f, code, lambda f: code(f).bind(x)):
        w = leaf()
        adam = optim.Adam([w], lr=0.1)

        def step(a, w=w, adam=adam):
            adam.zero_grad()
            ((w * a) ** 2).sum().backward()
            adam.step()

        call = make(step)
        given = () if hasattr(call, "_given") else (x,)
        for _ in range(2):
            call(*given)
        change(adam.states)
        begun = w.data.copy()
        call(*given)
        found.append(w.data - begun)
    if change is not added:  # as at the first step: η in the direction of the gradient
        np.testing.assert_allclose(found[0], -0.1 * np.sign(x), rtol=1e-6)
    for other in found[1:]:
        np.testing.assert_allclose(other, found[0], rtol=1e-12)


def test_running_values_stay():
    adam = optim.Adam([leaf()], lr=0.1)
    for take in (lambda s: s.pop("m"), lambda s: s.clear(), lambda s: s.__delitem__("m"), lambda s: s.popitem()):
        with pytest.raises(TypeError, match="running values of an optimizer are not taken away"):
            take(adam.states[0])
    with pytest.raises(ValueError, match="wanted the running values m, v, t, not m"):
        adam.states[0] = {"m": x}


def test_who_listens_to_a_gradient_that_code_takes_is_told(code):
    w, v = leaf(), leaf()

    def f(a):
        E = (w * w * a).sum()
        E.backward()
        return E

    compiled = code(f)
    elsewhere = v.on_gradient(lambda g: g * 2)
    compiled(x)
    stop = w.on_gradient(lambda g: g * 2)
    w.grad = None
    for call in (compiled, code(f), compiled):
        with pytest.raises(TypeError, match="on_gradient of tensor: a compiled function takes its gradient"):
            call(x)
    assert w.grad is None
    stop()
    compiled(x)
    np.testing.assert_allclose(w.grad.data, 2 * w.data * x)
    elsewhere()


@dataclass(frozen=True)
class Settings:
    """Of which two are equal that have another factor."""

    name: str = "a"
    factor: float = field(default=2.0, compare=False)
    inner: tuple = (1, 2)


class Named(dict):
    """A dict with an attribute of its own."""

    factor = 2.0


def test_equal_objects_that_differ_are_told_apart(code):
    compiled = code(lambda a, settings: a * settings.factor)
    other, third = Named(name="a"), Named(name="a")
    third.factor = 7.0
    for settings in (Settings(), Settings(factor=3.0), Settings("b"), Settings(factor=3.0), other, third):
        np.testing.assert_array_equal(compiled(x, settings), x * settings.factor)
    assert compiled.cache_info().misses == 5
    compiled(x, Settings(factor=3.0))
    assert compiled.cache_info().misses == 5


def reads_of_a_result(w, c, a):
    y = w * a
    E = (y * y.data).sum()
    E.backward()
    return E, y.data, y.data.shape[0]


def updates_by_the_gradients_data(w, c, a):
    w.grad = None
    E = ((w * a) ** 2).sum()
    E.backward()
    w.data = w.data - 0.01 * w.grad.data
    return E


def writes_into_the_gradient(w, c, a):
    w.grad = None
    ((w * a) ** 2).sum().backward()
    np.clip(w.grad.data, -3, 3, out=w.grad.data)
    w.grad.data[0] = 5.0
    w.grad.data *= 2
    return w.grad * 1


def changes_a_constant(w, c, a):
    y = c * a
    array = y.data
    y += 1
    array[0] = 50.0
    array *= 2
    return y, array * 1


def keeps_what_was(w, c, a):
    y = w * a
    before = y.data
    y += 1
    return before * 1, y


READING = [
    reads_of_a_result,
    updates_by_the_gradients_data,
    writes_into_the_gradient,
    changes_a_constant,
    keeps_what_was,
]


@pytest.mark.parametrize("f", READING, ids=lambda f: f.__name__)
def test_data_of_results_is_that_of_the_function_itself(f, code):
    (w, c), (w2, c2) = ((leaf(), Tensor(x + 1)) for _ in range(2))
    compiled = code(lambda a: f(w2, c2, a))
    for _ in range(2):
        assert_same(plain(compiled(x)), plain(f(w, c, x)))
        assert_same(plain([w2, c2, w2.grad]), plain([w, c, w.grad]))


def test_a_recorded_result_is_not_changed_behind_its_record(code):
    w = leaf()

    def f(a):
        y = w * a
        y.data[0] = 1.0
        return y.sum()

    with pytest.raises(TypeError, match=r"an assignment writes into \.data of a result that is recorded"):
        code(f)(x)
    with no_grad():
        assert code(f)(x).item() == pytest.approx(1 + 4 + 9)
    with pytest.raises(TypeError, match=r"\.data of a value that is only known .* compute with the array itself"):
        compile(lambda a: a.data)(x)


def adds_to_what_there_is(w, v, sgd, a):
    E = (w * w * a).sum()
    E.backward()
    sgd.step()
    sgd.zero_grad()
    return E


def adds_two_passes_of_which_one_has_another_end(w, v, sgd, a):
    sgd.zero_grad()
    v.grad = None
    E = (w * w * a).sum()
    E.backward()
    (w**2 * v).sum().backward()
    sgd.step()
    return E


def takes_the_gradient_of_a_gradient(w, v, sgd, a):
    sgd.zero_grad()
    E = (w**3 * a).sum()
    E.backward(create_graph=True)
    slope, w.grad = w.grad, None
    (slope * slope).sum().backward()
    sgd.step()
    return E


def adds_to_a_gradient_of_its_own_making(w, v, sgd, a):
    w.grad = None
    E = (w * w * a).sum()
    E.backward()
    w.grad = np.clip(w.grad, -3.0, 3.0) * w.grad
    (w * a).sum().backward()
    sgd.step()
    return E


def starts_from_another_number(w, v, sgd, a):
    w.grad = None
    y = w * a
    y.backward(np.full(3, 2.0))
    (w * w).sum().backward()
    sgd.step()
    return y.sum()


def updates_by_hand(w, v, sgd, a):
    E = (w * w * a).sum()
    E.backward()
    w.data = w.data - sgd.lr * w.grad
    w.grad = None
    return E


ADDING = [
    *(adds_to_what_there_is, adds_two_passes_of_which_one_has_another_end, takes_the_gradient_of_a_gradient),
    *(adds_to_a_gradient_of_its_own_making, starts_from_another_number, updates_by_hand),
]


@pytest.mark.parametrize("f", ADDING, ids=lambda f: f.__name__)
def test_the_rate_multiplies_the_whole_of_a_gradient_that_is_added_up(f, code):
    """A pass begins with η instead of 1 where all of its gradients are multiplied by η, and by nothing else."""
    found = []
    for make in (lambda f: f, code):
        w, v = leaf(0.1 * x), leaf()
        sgd, states = optim.SGD([w], lr=0.1), []
        call = make(lambda a, w=w, v=v, sgd=sgd: f(w, v, sgd, a))
        for given in (1.0, None, 2.0, None):
            w.grad = None if given is None else Tensor(np.full(3, given))
            call(x)
            states.append([w.data.copy(), None if v.grad is None else v.grad.data.copy()])
        found.append(states)
    assert_same(*map(plain, found))
