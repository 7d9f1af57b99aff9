"""What the engine leaves behind is freed as soon as it is let go of, without the cyclic collector."""

import gc
from weakref import ref

import numpy as np
import pytest

from minigrad import Tensor, checkpoint, compile, debug, derive, grad, optim, simplify, trace


@pytest.fixture
def uncollected():
    """No cyclic collector, and nothing for it to find."""
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def penalized(x, w):
    ((x @ w) ** 3).sum().backward(create_graph=True)
    (x.grad**2).sum().backward()


def passed_through(x, w):
    (x + w).sum().backward(create_graph=True)


def to_third_order(x, w):
    for _ in range(3):
        E = ((x * w) ** 4).sum() if x.grad is None else x.grad.sum()
        x.grad = None
        E.backward(create_graph=True)


def retained(x, w):
    y, z = x * w, x + 1
    y.retain_grad()
    z.retain_grad()
    ((y * z) ** 2).sum().backward(create_graph=True)
    (y.grad.sum() + z.grad.sum() + x.grad.sum()).backward(create_graph=True)


def set_by_hand(x, w):
    y = x**2 * w
    x.grad, y.grad, w.grad = y * 2, x * y, w * y


def set_to_a_multiple_of_itself(x, w):
    (x**3 * w).sum().backward(create_graph=True)
    x.grad = x.grad * 0.5
    x.grad = x.grad + x


def transformed(x, w):
    grad(lambda a: grad(lambda b: (b**3 * w).sum())(a).sum())(x)


WAYS = [penalized, passed_through, to_third_order, retained, set_by_hand, set_to_a_multiple_of_itself, transformed]


@pytest.mark.parametrize("compute", WAYS)
def test_recorded_gradients_are_freed_with_their_leaf(compute, uncollected):
    x, w = (Tensor([1.0, 2.0, 3.0], requires_grad=True) for _ in range(2))
    compute(x, w)
    gone = ref(x), ref(w)
    del x, w
    assert gone[0]() is None
    assert gone[1]() is None
    assert gc.collect() == 0


def computed_again(x):
    (checkpoint(lambda v: np.sin(v) ** 3)(x) * x).sum().backward()


def joined_wrongly(x):
    with pytest.raises(ValueError, match="broadcast"):
        x + np.ones(5)


def reduced_wrongly(x):
    with pytest.raises(ValueError, match="axis"):
        x.sum(axis=7)


def debugged(x):
    with debug(), pytest.raises(FloatingPointError, match="log"):
        np.log(x * 0)


def debugged_back(x):
    with debug(at_once=False), pytest.raises(FloatingPointError, match="log"):
        np.log(x * 0).sum().backward()


@pytest.mark.parametrize("use", [computed_again, joined_wrongly, reduced_wrongly, debugged, debugged_back])
def test_what_is_computed_again_and_errors_are_freed_with_their_leaf(use, uncollected):
    use(Tensor([1.0, 2.0, 3.0], requires_grad=True))  # which loads what is loaded late
    gc.collect()
    x = Tensor([1.0, 2.0, 3.0], requires_grad=True)
    use(x)
    gone = ref(x)
    del x
    assert gone() is None
    assert gc.collect() == 0


def compiled_step():
    """A step that has been traced for two kinds of arguments, and replayed."""
    w = Tensor([1.0, 2.0], requires_grad=True)
    optimizer = optim.Adam([w])

    def step(x):
        optimizer.zero_grad()
        E = (w * x).sum()
        E.backward()
        optimizer.step()
        return E

    code = compile(step)
    for x in (np.ones(2), np.ones(2), np.ones((3, 2)), np.ones(2)):
        code(x)
    return code, w


def compiled_loss():
    w = Tensor([1.0, 2.0], requires_grad=True)
    code = compile(lambda x: (w * x).sum())
    code(np.ones(2)).backward()
    return code, w


@pytest.mark.parametrize("make", [compiled_step, compiled_loss])
def test_a_compiled_function_is_freed_with_its_parameters(make, uncollected):
    code, w = make()
    gone = ref(code), ref(w)
    del code, w
    assert gone[0]() is None
    assert gone[1]() is None


def derived(E):
    lines = derive(E, forward=True)
    assert lines.check()
    assert [line.steps() for line in lines]
    assert lines.to_latex("index")


def graphed(E):
    graph = trace(E)
    assert str(simplify(graph.gradient()))
    assert graph() == E.data


def folded(E):
    assert str(derive(repeated(E)))


def repeated(x):
    h = x * 1.0
    for _ in range(6):
        h = np.tanh(h * x)
    return h * h


@pytest.mark.parametrize("write", [derived, graphed, folded])
def test_what_is_written_of_a_loss_is_freed_with_it(write, uncollected):
    """Some 500 objects of each derivation waited for the collector, in circles of expressions and their table."""
    x, W = np.ones((4, 3)), Tensor(np.ones((3, 2)) * 0.5, requires_grad=True, name="W")
    for _ in range(2):
        E = (np.tanh(x @ W) ** 2).sum()
        gc.collect()
        write(E)
        gone = ref(E)
        del E
    assert gone() is None
    assert gc.collect() == 0


def test_a_gradient_can_be_differentiated_and_read_after_as_before():
    a = Tensor([2.0], requires_grad=True, name="a")
    (a**3).sum().backward(create_graph=True)
    g = a.grad
    a.grad = None
    g.sum().backward(create_graph=True)
    np.testing.assert_allclose(a.grad.data, [12.0])
    h, a.grad = a.grad, None
    h.sum().backward()
    np.testing.assert_allclose(a.grad.data, [6.0])
    assert any(x is a for x in trace_leaves(g))
    assert str(derive((g**2).sum())) == "∂E/∂a = 36 x₁² ⊙ a³"
    del a
    g.sum().backward()  # to nobody
    assert "a²" in str(trace(g))


def trace_leaves(t):
    found, stack = [], [t]
    while stack:
        x = stack.pop()
        found += [] if x.inputs else [x]
        stack += [y for y in x.inputs if isinstance(y, Tensor)]
    return found


def of_second_order(w, y, gy, gw):
    return (gy**2).sum() + (y * w).sum() + (gw * y).sum()


def test_a_kept_gradient_is_differentiated_as_its_formula():
    """y = w³ and E = Σ y² sin w: ∂E/∂y = 2 y sin w, ∂E/∂w = y² cos w + 6 w² y sin w, and F is a function of all."""
    w = Tensor([0.3, -0.7, 1.2], requires_grad=True)
    shown = []
    y = w**3
    y.retain_grad()
    y.on_gradient(lambda g: shown.append(g.data))
    (y * np.sin(w) * y).sum().backward(create_graph=True)
    gy, gw = y.grad, w.grad
    y.grad = w.grad = None
    of_second_order(w, y, gy, gw).backward()

    def F(w, y):
        return of_second_order(w, y, 2 * y * np.sin(w), y**2 * np.cos(w) + 6 * w**2 * y * np.sin(w))

    by_w, by_y = grad(F, (0, 1))(w.data, w.data**3)
    np.testing.assert_allclose(y.grad.data, by_y, rtol=1e-12)
    np.testing.assert_allclose(w.grad.data, by_w + by_y * 3 * w.data**2, rtol=1e-12)
    np.testing.assert_allclose(shown, [gy.data, by_y], rtol=1e-12)


def test_a_gradient_set_by_hand_is_differentiated_as_what_it_is():
    w = Tensor([0.3, -0.7, 1.2], requires_grad=True)
    y = np.sin(w)
    w.grad = y * w**2
    loss = w.grad.sum() + (y * w).sum()
    w.grad = None
    loss.backward()
    x = w.data
    np.testing.assert_allclose(w.grad.data, np.cos(x) * x**2 + 2 * x * np.sin(x) + np.cos(x) * x + np.sin(x))


@pytest.mark.parametrize("seed", range(30))
def test_gradients_of_gradients_of_random_programs_with_kept_results(seed):
    """Where results stand in for one another, the walk meets one of them by two names, in any order."""

    def program(w, keep):
        rng, made = np.random.default_rng(seed), [w, w * 0.5]
        for _ in range(6):
            a, b = (made[i] for i in rng.integers(len(made), size=2))
            made.append([lambda a, b: a * b, lambda a, b: np.sin(a) + b, lambda a, b: a - b**2][rng.integers(3)](a, b))
            keep(made[-1])
        return made

    def loss(w, results, gradients):
        return sum((r * g).sum() for r, g in zip(results[2:], gradients, strict=True))

    def E(results):
        return sum((r * (i + 1)).sum() for i, r in enumerate(results))

    w = Tensor([0.3, -0.4], requires_grad=True)
    results = program(w, lambda r: r.retain_grad())
    E(results).backward(create_graph=True)
    kept = [r.grad for r in results[2:]]
    w.grad = None
    loss(w, results, kept).backward()

    def F(x):
        def of_shifts(*shifts):
            left = iter(shifts)
            return E(shifted(x, left))

        gradients = grad(of_shifts, tuple(range(6)))(*[np.zeros(2)] * 6)
        return loss(x, program(x, lambda r: None), gradients)

    def shifted(x, left):
        """The results, each with a shift added, by which E has the gradient that is kept."""
        rng, made = np.random.default_rng(seed), [x, x * 0.5]
        for _ in range(6):
            a, b = (made[i] for i in rng.integers(len(made), size=2))
            f = [lambda a, b: a * b, lambda a, b: np.sin(a) + b, lambda a, b: a - b**2][rng.integers(3)]
            made.append(f(a, b) + next(left))
        return made

    np.testing.assert_allclose(w.grad.data, grad(F)(w.data), rtol=1e-9, atol=1e-12)
