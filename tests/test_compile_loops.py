"""What a compiled function does over and over is a loop of its code, and computes what the function itself does."""

import numpy as np
import pytest

import minigrad
from minigrad import Tensor, compile, optim, value_and_grad
from minigrad.algebra.graph import evaluate
from minigrad.compiler import lowered
from minigrad.compiler.rolling.loop import Loop
from minigrad.engine.node import order_nodes
from tests.compiling import as_code, assert_same, each_backend, plain, running
from tests.fuzz.loops import find_wrong


def recurrent(turns, dtype=np.float64, seed=0):
    """A training step of a recurrent network that is written as a ``for``, and its parameters."""
    rng = np.random.default_rng(seed)
    shapes = {"Wx": (2, 5), "Wh": (5, 5), "b": (5,), "V": (5, 1)}
    weights = {
        name: Tensor((rng.standard_normal(shape) * 0.3).astype(dtype), requires_grad=True, name=name)
        for name, shape in shapes.items()
    }
    rule = optim.SGD(list(weights.values()), lr=0.1)

    def step(X, y):
        h = np.zeros((4, 5), dtype)
        for t in range(turns):
            h = np.tanh(X[t] @ weights["Wx"] + h @ weights["Wh"] + weights["b"])
        E = ((h @ weights["V"] - y) ** 2).mean()
        rule.zero_grad()
        E.backward()
        rule.step()
        return E

    return step, list(weights.values()), (rng.standard_normal((turns, 4, 2)).astype(dtype), np.ones((4, 1), dtype))


def loops_of(step):
    return [node.op.body for node in step._last.graph.nodes if isinstance(node.op, Loop)]


@each_backend
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_time_steps_and_the_way_back_are_a_loop_each(backend, dtype):
    eager, wanted, args = recurrent(20, dtype)
    f, weights, _ = recurrent(20, dtype)
    with running(backend):
        step = as_code(f, backend)
        for _ in range(3):
            assert np.isclose(step(*args).item(), eager(*args).item(), rtol=1e-5 if dtype == np.float32 else 1e-12)
    for w, v in zip(weights, wanted, strict=True):
        assert w.data.dtype == dtype
        np.testing.assert_allclose(w.data, v.data, rtol=0, atol=1e-6 if dtype == np.float32 else 1e-13)
    assert [body.count for body in loops_of(step)] == [20, 19]


def test_code_does_not_grow_with_the_number_of_turns():
    sources = []
    for turns in (20, 60):
        f, _, args = recurrent(turns)
        step = minigrad.compile(f)
        step(*args)
        sources.append(step.source)
    assert len(sources[0].splitlines()) == len(sources[1].splitlines())
    assert "for t in range(20):" in sources[0]
    assert "for t in range(60):" in sources[1]


def test_report_says_what_is_a_loop():
    f, _, args = recurrent(20)
    step = minigrad.compile(f)
    step(*args)
    report = step.report()
    assert report.rolled[0] == "×20 of 2 add, matmul, tanh"
    assert "  a loop: ×20 of 2 add, matmul, tanh" in str(report)


def test_few_turns_are_written_out():
    f, _, args = recurrent(5)
    step = minigrad.compile(f)
    step(*args)
    assert not loops_of(step)
    assert step.report().rolled == ()


def test_rolled_expressions_evaluate_to_what_the_others_do(monkeypatch):
    seen = []
    roll = lowered.roll_loops

    def noted(outputs, exact, refused):
        seen.append((outputs, roll(outputs, exact, refused)))
        return seen[-1][1]

    monkeypatch.setattr(lowered, "roll_loops", noted)
    f, _, (X, y) = recurrent(20)
    minigrad.compile(f)(X, y)
    ((before, after),) = seen
    assert len(order_nodes(after)) < len(order_nodes(before)) / 4
    rng = np.random.default_rng(1)
    free = [x for x in order_nodes(before) if x.op is None and x.value is None]
    known = {x: rng.standard_normal(x.shape) for x in free}
    for a, b in zip(evaluate(before, known), evaluate(after, known), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)


# the first turn of 519 has what a later one makes; in those that follow a loop got other turns when another
# had been placed; in the last one, rows of which each takes the one before twice took for ever
@pytest.mark.parametrize("seed", [*range(16), 519, 18000020, 18000175, 19000160])
def test_random_loops_give_what_the_functions_give(seed):
    pytest.importorskip("numba")
    assert find_wrong(seed, ["numpy", "interpreted"]) is None


def kalman(F, q, r, Y):
    """The log-likelihood of observations by a Kalman filter of two states."""
    x, P, H, total = np.zeros(2), np.eye(2), np.array([[1.0, 0.0]]), 0.0
    for y in Y:
        x, P = F @ x, F @ P @ F.T + q * np.eye(2)
        S, error = H @ P @ H.T + r, y - H @ x
        K = P @ H.T / S
        total = total - 0.5 * (np.log(S[0, 0]) + error[0] ** 2 / S[0, 0])
        x, P = x + K @ error, P - K @ H @ P
    return total


@each_backend
def test_a_filter_and_its_gradient_are_loops_over_small_matrices(backend):
    args = (np.array([[1.0, 0.1], [0.0, 0.9]]), 0.1, 0.5, np.random.default_rng(0).standard_normal((30, 1)))
    f = minigrad.value_and_grad(kalman, (0, 1, 2))
    with running(backend):
        step = as_code(f, backend)
        assert_same(plain(f(*args)), plain(step(*args)), 1e-9)
    assert len(loops_of(step)) == 2


def batch_first(W, X):
    """States of all time steps, of sequences that lie in rows; each sequence is read from its end on, too."""
    h, back, states = np.zeros((2, 3)), np.ones((2, 3)), []
    for t in range(X.shape[1]):
        h = np.tanh(h @ W + X[:, t])
        back = np.sin(back @ W - X[:, -1 - t, ::-1])
        states.append(h * back)
    return (np.stack(states, 1) ** 2 * X).sum()


def two_layers(W, X):
    """A recurrence over what another has left, written behind it."""
    first, second = np.zeros((10, 3)), np.zeros((10, 3))
    below = [first := np.tanh(first @ W[0] + x) for x in X]
    for x in below:
        second = np.tanh(second @ W[1] + x)
    return (second**2).sum()


@each_backend
@pytest.mark.parametrize(("f", "shape"), [(batch_first, (2, 14, 3)), (two_layers, (14, 10, 3))])
def test_rows_are_read_along_any_axis_either_way_and_from_other_loops(backend, f, shape):
    weights = (3, 3) if f is batch_first else (2, 3, 3)
    args = np.random.default_rng(0).standard_normal(weights) * 0.4, np.random.default_rng(1).standard_normal(shape)
    both = minigrad.value_and_grad(f, (0, 1))
    with running(backend):
        step = as_code(both, backend)
        assert_same(plain(both(*args)), plain(step(*args)), 1e-11)
    assert len(loops_of(step)) >= 2


def test_loops_of_several_dtypes_stand_in_one_step():
    pytest.importorskip("numba")
    x = np.random.default_rng(0).normal(size=(16, 4, 3))

    def f(W, h):
        for t in range(16):
            h = np.where(x[t, :, :1] > 0, np.tanh(x[t] @ W + h), h)  # float64 from the first turn on
        return (h**2).sum()

    W, h = x[0, :3].astype(np.float32), x[1].astype(np.float32)
    expected, found = value_and_grad(f, (0, 1))(W, h), compile(value_and_grad(f, (0, 1)), backend="native")(W, h)
    np.testing.assert_allclose(found[0], expected[0], rtol=1e-6)
    for g, right in zip(found[1], expected[1], strict=True):
        assert g.dtype == right.dtype
        np.testing.assert_allclose(g, right, rtol=1e-4, atol=1e-6)


def test_what_is_computed_of_all_turns_at_once_is_computed_once():
    x = np.random.default_rng(0).normal(size=(12, 4, 3))

    def code_of(layers):
        def f(W):
            h = 0 * x[0]
            for t in range(12):
                y = x[t]
                for k in range(layers):
                    y = np.tanh(y @ W[k]) + 0.1 * (y @ W[k].T)  # each from the one before, twice
                h = np.tanh(h + y)
            return (h**2).sum()

        W = np.random.default_rng(1).normal(size=(layers, 3, 3)) * 0.3
        step = compile(f)
        np.testing.assert_allclose(step(W), f(W), rtol=1e-12)
        return step.source.splitlines()

    assert len(code_of(60)) < 8 * len(code_of(10))  # it was 2⁶⁰ lines


@each_backend
def test_what_code_of_a_turn_is_not_written_for_is_said_of_the_loop(backend):
    """Native code said it of an operation in a turn, which is none that it could call: compiling did not end."""

    def f(x):
        h = x[0]
        for row in x[1:]:
            y = np.tanh(h) + row
            y[[0, 2]] = h[:2] * 2
            h = y
        return h

    X = np.random.default_rng(0).normal(size=(12, 4))
    with running(backend):
        for g in (f, lambda x: value_and_grad(lambda x: (f(x) ** 2).sum())(x)):
            assert_same(plain(as_code(g, backend)(X)), plain(g(Tensor(X))))


def attractor(turns):
    """E. Lorenz, Deterministic nonperiodic flow, 1963, by Euler's steps from Python numbers on."""

    def f(rho, sigma):
        x, y, z = 1.0, 1.0, rho / 9
        for _ in range(turns):
            x, y, z = x + 0.01 * sigma * (y - x), y + 0.01 * (x * (rho - z) - y), z + 0.01 * (x * y - 8 / 3 * z)
        return x * y / z

    return f


@each_backend
def test_what_is_carried_on_may_be_python_numbers(backend):
    f, g = attractor(40), minigrad.value_and_grad(attractor(40), (0, 1))
    with running(backend):
        step, both = as_code(f, backend), as_code(g, backend)
        assert type(step(28.0, 10.0)) is type(f(28.0, 10.0)) is float
        np.testing.assert_allclose(step(28.0, 10.0), f(28.0, 10.0), rtol=1e-13)
        assert_same(plain(both(28.0, 10.0)), plain(g(28.0, 10.0)), 1e-12)
    assert len(loops_of(both)) == 2


def test_python_numbers_leave_float32_what_it_is():
    def f(rho, sigma, w):
        return attractor(40)(rho, sigma) * w

    w = np.ones(3, np.float32)
    assert compile(f)(28.0, 10.0, w).dtype == f(28.0, 10.0, w).dtype == np.float32
