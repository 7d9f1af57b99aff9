"""L-BFGS against BFGS with its matrix written out, Wolfe's conditions, and SciPy's minimum."""

import copy
from itertools import pairwise

import numpy as np
import pytest
from scipy import optimize

from minigrad import Tensor, compile, losses, nn, optim
from minigrad.optim.line_search import LineSearch

rng = np.random.default_rng(0)
A = rng.normal(size=(6, 6))
A, c = A @ A.T + np.eye(6), rng.normal(size=6)


def valley(w):
    """Rosenbrock's function, of any number of variables."""
    return (100 * (w[1:] - w[:-1] ** 2) ** 2 + (1 - w[:-1]) ** 2).sum()


def made(f, w, **options):
    optimizer = optim.LBFGS([w], **options)

    def closure():
        optimizer.zero_grad()
        E = f(w)
        E.backward()
        return E

    return optimizer, closure


@pytest.mark.parametrize("f", [valley, lambda w: w @ (A @ w) / 2 - c @ w + (w**4).sum()], ids=["valley", "bowl"])
def test_each_direction_is_that_of_the_matrix_and_each_step_satisfies_wolfe(f):
    w = Tensor(rng.normal(size=6), requires_grad=True)
    optimizer, closure = made(f, w, memory=4)
    pairs = []
    for _ in range(12):
        before, E = w.data.copy(), closure()
        g = w.grad.data.copy()
        H = np.eye(6) * (pairs[-1][0] @ pairs[-1][1] / (pairs[-1][1] @ pairs[-1][1]) if pairs else 1)
        for s, y in pairs[-4:]:
            left = np.eye(6) - np.outer(s, y) / (y @ s)
            H = left @ H @ left.T + np.outer(s, s) / (y @ s)
        p = -H @ g
        optimizer.step(closure)
        step = w.data - before
        alpha = step @ p / (p @ p)
        np.testing.assert_allclose(step, alpha * p, rtol=1e-6, atol=1e-10)
        after = w.grad.data
        assert float(f(w).data) <= E.data + 1e-4 * alpha * (g @ p) + 1e-12
        assert abs(after @ p) <= 0.9 * abs(g @ p) + 1e-12
        pairs.append((step, after - g))


def test_it_finds_the_minimum_that_scipy_finds():
    w = Tensor(np.full(6, -1.2), requires_grad=True)
    optimizer, closure = made(valley, w)
    for _ in range(80):
        optimizer.step(closure)
    wanted = optimize.minimize(lambda x: valley(x), np.full(6, -1.2), method="BFGS", options={"gtol": 1e-9})
    np.testing.assert_allclose(w.data, wanted.x, atol=1e-4)
    np.testing.assert_allclose(w.data, 1, atol=1e-6)
    before = w.data.copy()
    optimizer.step(closure)
    np.testing.assert_allclose(w.data, before, atol=1e-6)


@pytest.mark.parametrize("how", [lambda f: f, compile], ids=["eager", "compiled"])
def test_a_network_of_several_parameters(how):
    X, T = rng.normal(size=(30, 2)), rng.normal(size=(30, 1))
    model = nn.MLP([2, 8, 1], "tanh", "identity", rng=0)
    optimizer = optim.LBFGS(model.parameters())

    @how
    def evaluate(x, t):
        optimizer.zero_grad()
        E = losses.squared_error(model(x), t)
        E.backward()
        return E

    values = [float(optimizer.step(lambda: evaluate(X, T)).data) for _ in range(40)]
    assert all(b <= a for a, b in pairwise(values))
    assert values[-1] < 0.6 * values[0]
    assert all(np.shape(state["s"])[0] == 10 for state in optimizer.states)


def test_a_state_goes_on_bit_for_bit():
    w = Tensor(np.full(6, -1.2), requires_grad=True)
    optimizer, closure = made(valley, w)
    for _ in range(15):
        optimizer.step(closure)
    v = Tensor(w.data.copy(), requires_grad=True)
    other, again = made(valley, v)
    other.load_state_dict(copy.deepcopy(optimizer.state_dict()))
    for _ in range(5):
        optimizer.step(closure)
        other.step(again)
    np.testing.assert_array_equal(w.data, v.data)


def test_where_e_is_no_number_is_too_far():
    found = LineSearch(
        lambda a: ((1 - a) ** 2 - 1, 2 * a - 2) if a < 1.5 else (np.nan, np.nan), (0, 0, -2), 1e-4, 0.1, 30
    )
    alpha, value, slope = found.find(4.0)
    assert abs(slope) <= 0.2
    assert value <= -1e-4 * 2 * alpha


def test_a_parameter_without_a_gradient_stands_still():
    w, v = Tensor(np.ones(3), requires_grad=True), Tensor(np.ones(2), requires_grad=True)
    optimizer = optim.LBFGS([w, v])

    def closure():
        optimizer.zero_grad()
        E = (w**4 + w**2).sum()
        E.backward()
        return E

    for _ in range(10):
        optimizer.step(closure)
    np.testing.assert_allclose(w.data, 0, atol=1e-3)
    np.testing.assert_array_equal(v.data, 1)


W = Tensor(np.ones(2), requires_grad=True)


@pytest.mark.parametrize(
    ("make", "kind", "message"),
    [
        (lambda: optim.LBFGS([W], memory=0), ValueError, "memory must be 1 or more"),
        (lambda: optim.LBFGS([W], c2=1), ValueError, "c2 must be at least 0 and less than 1"),
        (lambda: optim.LBFGS([W], c1=0.95), ValueError, "c1 must be at least 0 and less than 0.9"),
        (lambda: optim.LBFGS([W]).step(), TypeError, r"wanted a function .* not None. Write optimizer.step\(closure\)"),
        (lambda: compile(lambda: optim.LBFGS([W]).step(lambda: 1))(), TypeError, "compile the closure instead"),
        (lambda: optim.LBFGS.formula(), TypeError, "looks at E along a line"),
    ],
)
def test_bad_input(make, kind, message):
    with pytest.raises(kind, match=message):
        make()
