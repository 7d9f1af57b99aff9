"""Each turn may have numbers, arrays, layers, parts of an array of its own: the loop is one of the code."""

import numpy as np
import pytest

import minigrad
from minigrad import compile, value_and_grad
from minigrad.compiler.rolling.loop import Loop
from tests.compiling import as_code, assert_same, each_backend, plain, running
from tests.fuzz.loops import find_wrong

TURNS = 30
RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(TURNS, 3)), RNG.normal(size=(3, 3)) * 0.4
TABLE = [float(x) for x in RNG.normal(size=TURNS)]


def weighed(X, W):
    h = X[0]
    for t in range(TURNS):
        h = np.tanh(h @ W + X[t] * (t + 1))
    return (h * h).sum()


def fading(X, W):
    h = X[0]
    for t in range(TURNS):
        h = h - np.tanh(h @ W + X[t]) / (t + 1)
    return (h * h).sum()


def driven(X, W):
    state = X[0, 0]
    for t in range(2 * TURNS):
        state = state + 0.01 * (np.sin(0.1 * t) * W[0, 0] - state)
    return state * state


def chosen(X, W):
    h = X[0]
    for t in range(TURNS):
        h = np.where(h > 0.1 * t - 1, np.tanh(h @ W), 0.5 * t) + TABLE[t]
    return (h * h).sum()


def of_all_at_once(X, W):
    h = X[0]
    for t in range(TURNS):
        h = np.tanh(h @ W + np.sin(X[t] * (1 + 2 * t)))
    return (h * h).sum()


def loops_of(step):
    return [node.op.body for node in step._last.graph.nodes if isinstance(node.op, Loop)]


@each_backend
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", [weighed, fading, driven, chosen, of_all_at_once])
def test_a_turn_may_compute_with_its_number(f, dtype, backend):
    both = value_and_grad(f, (0, 1))
    args = X.astype(dtype), W.astype(dtype)
    with running(backend):
        step = as_code(both, backend)
        assert_same(plain(both(*args)), plain(step(*args)), 1e-4 if dtype == np.float32 else 1e-11)
    assert len(loops_of(step)) >= 2
    assert sum(body.count for body in loops_of(step)) >= 2 * TURNS - 4 or f is driven


def test_the_code_does_not_grow_with_the_turns():
    def lines(turns):  # a series, which is written out if it is short
        def f(x, c):
            for t in range(turns):
                x = x + np.sin(c * x + 0.9**t) / (t + 2)
            return x

        step = compile(value_and_grad(f, (0, 1)))
        assert_same(plain(step(0.5, 0.2)), plain(value_and_grad(f, (0, 1))(0.5, 0.2)), 1e-12)
        return len(step.source.splitlines())

    assert lines(90) == lines(60)


def test_signs_of_zeros_and_whole_numbers_stay_what_they_are():
    signs = [(-1.0) ** t * 0.0 for t in range(TURNS)]

    def of_floats(x):
        for zero in signs:
            x = np.copysign(1.0, x * zero) * x
        return x

    def of_whole(n):
        for t in range(TURNS):
            n = n * 3 % (t + 7)
        return n

    for f, x in ((of_floats, np.array([0.5, -2.0])), (of_whole, np.array([5, 6, 7], np.int32))):
        step = compile(f, exact=True)
        found, wanted = step(x), f(x)
        assert found.dtype == wanted.dtype
        np.testing.assert_array_equal(found, wanted)


def test_what_numpy_refuses_of_a_number_is_refused_in_a_loop():
    def f(n):
        for t in range(TURNS):
            n = n + 10 * t
        return n

    small = np.array([1, 2], np.uint8)
    with pytest.raises(OverflowError):
        f(small)
    with pytest.raises((OverflowError, TypeError)):
        compile(f)(small)


@pytest.mark.parametrize("seed", range(31_000_000, 31_000_006))
def test_random_loops_whose_turns_have_numbers(seed):
    pytest.importorskip("numba")
    assert find_wrong(seed, ["numpy", "interpreted"]) is None


def test_gradients_of_gradients_of_loops_with_numbers():
    def squared(X, W):
        return sum((g * g).sum() for g in minigrad.grad(fading, (0, 1))(X, W))

    step = compile(value_and_grad(squared, (0, 1)))
    assert_same(plain(step(X, W)), plain(value_and_grad(squared, (0, 1))(X, W)), 1e-9)
    assert len(loops_of(step)) >= 3


def deep(depth, dtype=np.float64):
    """A training step of layers that are alike, and their weights."""
    rng = np.random.default_rng(0)
    Ws = [minigrad.Tensor((rng.normal(size=(12, 12)) / 4).astype(dtype), requires_grad=True) for _ in range(depth)]
    bs = [minigrad.Tensor(np.full(12, 0.1, dtype), requires_grad=True) for _ in range(depth)]
    rule = minigrad.optim.SGD([*Ws, *bs], lr=0.05)

    def step(x):
        for W, b in zip(Ws, bs, strict=True):
            x = np.tanh(x @ W + b)
        E = (x**2).mean()
        rule.zero_grad()
        E.backward()
        rule.step()
        return E

    return step, [*Ws, *bs]


@each_backend
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_layers_that_are_alike_are_a_loop_over_them_where_they_lie(backend, dtype):
    x = RNG.normal(size=(5, 12)).astype(dtype)
    (eager, wanted), (f, weights) = deep(34, dtype), deep(34, dtype)
    bound = 1e-5 if dtype == np.float32 else 1e-13
    with running(backend):
        step = as_code(f, backend)
        for turn in range(4):
            assert abs(step(x).item() - eager(x).item()) < bound
            if turn == 1:  # another array in the place of one
                for w in (weights[3], wanted[3]):
                    w.data = w.data * dtype(1.5)
    for w, v in zip(weights, wanted, strict=True):
        np.testing.assert_allclose(w.data, v.data, rtol=0, atol=bound)
    assert [body.count for body in loops_of(step)] == [34, 33]
    assert step.report().unrolled == ()


@each_backend
def test_parts_of_an_array_outside_are_read_where_they_lie(backend):
    data = RNG.normal(size=(TURNS + 6, 4, 20))  # its elements are 80 a turn

    def f(W):
        h = np.zeros((4, 20))
        for t in range(TURNS + 6):
            h = np.tanh(h @ W + data[t])
        return (h * h).sum()

    W = RNG.normal(size=(20, 20)) * 0.2
    with running(backend):
        step = as_code(value_and_grad(f), backend)
        for scale in (1.0, 0.5):
            data *= scale  # whose owner may change it
            assert_same(plain(step(W)), plain(value_and_grad(f)(W)), 1e-11)
    assert len(loops_of(step)) == 2


@each_backend
def test_a_loop_after_another_reads_its_own_array(backend):
    """Rows of two arrays of one shape are one operation turn after turn, each of its own array."""

    def f(X, Y, W, V):
        h, E = X[0] * 0, 0.0
        for x in X:
            h = np.tanh(x @ W + h @ V)
        for y in Y:
            h = np.tanh(y @ V + h @ W)
            E = E + (h * h).sum()
        return E

    X, Y = RNG.normal(size=(2, 12, 4, 3))
    W, V = RNG.normal(size=(2, 3, 3)) * 0.4
    both = value_and_grad(f, (0, 1, 2, 3))
    with running(backend):
        assert_same(plain(as_code(both, backend)(X, Y, W, V)), plain(both(X, Y, W, V)), 1e-11)
