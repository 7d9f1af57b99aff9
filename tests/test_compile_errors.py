"""What a compiled function cannot do is an error that names the line, and leaves everything as it was."""

import inspect
import re
import traceback
from types import SimpleNamespace

import numpy as np
import pytest

from minigrad import Tensor, compile, nn, optim
from minigrad.compiler.trace.tracer import TraceError
from tests.compiling import as_code, assert_same, each_backend, plain, running

X = np.random.default_rng(0).normal(size=(4, 3))


class World:
    """All that a function may reach outside of itself."""

    def __init__(self):
        self.W = Tensor(np.ones((3, 2)), requires_grad=True, name="W")
        self.W.grad = Tensor(np.full((3, 2), 0.5))
        self.optimizer = optim.Adam([self.W], lr=0.1)
        self.kept, self.count = [], 0
        self.rng = np.random.default_rng(5)
        self.dropout = nn.Dropout(0.5, rng=np.random.default_rng(6))
        self.other = np.zeros(2)

    def shown(self):
        rngs = [np.array(r.bit_generator.state["state"]["state"] % 2**62) for r in (self.rng, self.dropout.rng)]
        state = [dict(values) for values in self.optimizer.states]
        return plain([self.W, self.W.grad, state, rngs, self.other])


def truth(world, y):
    if y.sum() > 0:  # here
        y = -y
    return y


def number(world, y):
    return y * float(y.detach().sum())  # here


def whole(world, y):
    return y[int(abs(y.detach().sum())) % 2]  # here


def data(world, y):
    return y * float(y.data.max())  # here


def item(world, y):
    return y * y.sum().item()  # here


def array(world, y):
    return y * np.asarray(y.detach())  # here


def written(world, y):
    world.other[...] = y.detach()[0]  # here
    return y


def largest(world, y):
    return y[:, y.sum(0).nonzero()]  # here


def kept(world, y):
    world.kept.append(y * 2)  # here
    return y


def drawn(world, y):
    return y * world.rng.random(2)  # here


def counted(world, y):
    world.count += 1
    return y * world.count  # here


MISTAKES = [truth, number, whole, data, item, array, written, largest, kept, drawn, counted]


@each_backend
@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda f: f.__name__)
def test_it_names_the_line_and_changes_nothing(mistake, backend):
    world, witness = World(), World()

    def step(world, x):
        world.optimizer.zero_grad()
        y = mistake(world, world.dropout(x) @ world.W)
        y.sum().backward()
        world.optimizer.step()
        return y

    lines, start = inspect.getsourcelines(mistake)
    line = start + next(i for i, text in enumerate(lines) if text.endswith("# here\n"))
    with running(backend):
        code = as_code(lambda x: step(world, x), backend)
        with pytest.raises(TraceError, match=rf"test_compile_errors\.py:{line}\b"):
            code(X)
        if mistake is drawn:
            world.rng = np.random.default_rng(5)  # it is the user's own, and was drawn from
        world.count = 0
        world.kept.clear()
        assert_same(world.shown(), witness.shown())
        assert_same(plain(step(world, X)), plain(step(witness, X)))
        assert_same(world.shown(), witness.shown())


def test_a_parameter_written_into_by_hand():
    W = Tensor(np.ones(3), requires_grad=True, name="W")

    @compile
    def step(x):
        y = (x * W).sum()
        W.data[...] -= 0.1
        return y

    with pytest.raises(TraceError, match="writes into the array of W itself"):
        step(X[0])
    np.testing.assert_array_equal(W.data, 1)


def test_a_result_recorded_outside():
    W = Tensor(np.ones(3), requires_grad=True, name="W")
    y = W * 2

    def loss(x):
        E = (x * y).sum()
        E.backward()
        return E

    with pytest.raises(TraceError, match="recorded outside"):
        compile(loss)(X[0])
    with pytest.raises(TraceError, match="recorded outside"):
        compile(lambda x: (x * x).sum().backward())(y)
    assert W.grad is None


def test_an_argument_that_cannot_be_told_from_another():
    with pytest.raises(TypeError, match="an argument is a bytearray, which is no array and has no hash"):
        compile(lambda x, y: x)(1.0, bytearray())


def test_arrays_that_compute_by_rules_of_their_own():
    code = compile(lambda x: x * 2)
    with pytest.raises(TypeError, match="an argument is a MaskedArray"):
        code(np.ma.array([1.0, 2.0], mask=[False, True]))
    with pytest.raises(TypeError, match="an argument has dtype object"):
        code(np.array([1, 2], object))


def test_the_functions_own_error_comes_through():
    W = Tensor(np.ones((3, 2)), requires_grad=True, name="W")
    rng = np.random.default_rng(6)
    state = rng.bit_generator.state
    dropout = nn.Dropout(0.5, rng=rng)

    @compile
    def step(x):
        y = dropout(x) @ W
        y.sum().backward()
        return y @ x

    with pytest.raises(ValueError, match=re.escape("(4, 2)")):
        step(X)
    assert W.grad is None
    assert rng.bit_generator.state == state


def test_a_traceback_shows_the_line_of_the_code():
    @compile
    def step(x):
        return np.log(x).sum()

    step(np.abs(X))
    with np.errstate(all="raise"), pytest.raises(FloatingPointError) as caught:
        step(X)
    shown = "".join(traceback.format_exception(caught.value))
    assert "<minigrad.compile step" in shown
    assert re.search(r"\blog\(x, v", shown), shown


@pytest.mark.parametrize("clip", [optim.clip_norm, optim.clip_value])
def test_gradients_that_are_no_numbers_yet_are_not_cut(clip):
    w = Tensor([3.0, 4.0], requires_grad=True)

    def step():
        (w * w).sum().backward()
        clip([w], 1.0)

    with pytest.raises(TypeError, match=rf"{clip.__name__}: inside a compiled function .* Write p.grad = "):
        compile(step)()


def within_a_block(x):
    with np.errstate(divide="raise"):
        return 1 / x  # here


def within_a_block_whose_error_is_caught(x):
    try:
        with np.errstate(all="raise"):
            return 1 / x  # here
    except FloatingPointError:
        return x


@np.errstate(divide="call")
def within_a_function(x):
    return 1 / x  # here


def after_a_call(x):
    kept = np.seterr(divide="raise")
    try:
        return 1 / x  # here
    finally:
        np.seterr(**kept)


@each_backend
@pytest.mark.parametrize(
    "f",
    [within_a_block, within_a_block_whose_error_is_caught, within_a_function, after_a_call],
    ids=lambda f: f.__name__,
)
def test_errors_of_arithmetic_that_the_function_itself_has_raised_are_refused(f, backend):
    """NumPy raises there at 0, or lets the function go on with something else; the code would give ∞."""
    lines, start = inspect.getsourcelines(f)
    line = start + next(i for i, text in enumerate(lines) if "# here" in text)
    with (
        running(backend),
        pytest.raises(TraceError, match=rf"divide at test_compile_errors.py:{line} is within .*isfinite"),
    ):
        as_code(f, backend)(np.ones(2))


def test_what_the_caller_has_of_errors_of_arithmetic_numpy_code_keeps_to():
    def f(x):
        with np.errstate(all="ignore"):  # which changes no value
            return 1 / x

    code, x = compile(f), np.array([0.0, 2.0])
    np.testing.assert_array_equal(code(np.ones(2)), [1.0, 1.0])
    with np.errstate(all="raise"), pytest.raises(FloatingPointError):
        code(x)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(code(x), [np.inf, 0.5])


def test_methods_of_a_number_that_ask_what_it_is():
    for name in ("is_integer", "hex", "as_integer_ratio"):
        with pytest.raises(
            TraceError, match=rf"\.{name} of a value that is only known .*pass a Python int or a string"
        ):
            compile(lambda x, t, name=name: x * len(str(getattr(t, name)())))(np.ones(2), 3.0)
        with pytest.raises(AttributeError, match=name):  # as of an array
            compile(lambda x, name=name: getattr(x, name)())(np.ones(2))


SET = 1.0  # by functions


def set_a_global():
    def f(x):
        global SET
        SET = 3.0
        return x * 2

    return f, lambda: SET, lambda: globals().update(SET=7.0)


def set_a_variable():
    kept = 1.0

    def f(x):
        nonlocal kept
        kept = 3.0
        return x * 2

    def change():
        nonlocal kept
        kept = 7.0

    return f, lambda: kept, change


def set_an_attribute():
    owner = SimpleNamespace(k=1.0)

    def f(x):
        owner.k = 3.0
        return x * 2

    return f, lambda: owner.k, lambda: setattr(owner, "k", 7.0)


def set_an_attribute_that_is_taken_away():
    owner = SimpleNamespace()

    def f(x):
        owner.k = 3.0
        return x * 2

    return f, lambda: getattr(owner, "k", None), lambda: vars(owner).pop("k", None)


def set_an_attribute_by_name():
    owner = SimpleNamespace(k=1.0)

    def f(x):
        setattr(owner, "k", 3.0)  # noqa: B010
        return x * 2

    return f, lambda: owner.k, lambda: setattr(owner, "k", 7.0)


def set_an_item():
    items = [1.0]

    def f(x):
        items[0] = 3.0
        return x * 2

    return f, lambda: items[0], lambda: items.__setitem__(0, 7.0)


def set_a_gradient():
    w = Tensor(np.ones(2), requires_grad=True)

    def f(x):
        w.grad = Tensor(np.full(2, 3.0))
        return x * 2

    return f, lambda: None if w.grad is None else w.grad.data.tolist(), lambda: setattr(w, "grad", None)


def set_a_gradient_that_changes():
    w, other = Tensor(np.ones(2), requires_grad=True), Tensor(np.zeros(2))

    def f(x):
        w.grad = other
        return x * 2

    def change():
        w.grad, other.data = None, other.data + 1

    return f, lambda: None if w.grad is None else w.grad.data.tolist(), change


def set_whether_it_takes_gradients():
    w = Tensor(np.ones(2))

    def f(x):
        w.requires_grad = True
        return x * 2

    return f, lambda: w.requires_grad, lambda: setattr(w, "requires_grad", False)


SETTING = [
    set_whether_it_takes_gradients,
    *(set_a_global, set_a_variable, set_an_attribute, set_an_attribute_that_is_taken_away, set_an_attribute_by_name),
    *(set_an_item, set_a_gradient, set_a_gradient_that_changes),
]


@pytest.mark.parametrize("backend", ["numpy", "interpreted"])
@pytest.mark.parametrize("way", SETTING, ids=lambda way: way.__name__)
def test_what_it_sets_to_the_same_at_each_call_is_so_after_each_call(way, backend):
    """Where somebody else has set it to something else meanwhile, too, though the function does not read it."""
    with running(backend):
        (f, found, change), (g, wanted, other) = way(), way()
        code = as_code(f, backend)
        for _ in range(3):
            change()
            code(np.ones(2))
            seen = found()
            if way is set_a_global:
                change()
            other()
            g(np.ones(2))
            assert seen == wanted()
