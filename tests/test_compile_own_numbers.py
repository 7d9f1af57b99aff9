"""Numbers that each turn has of its own are one array: a loop that computes with t is a loop of the code, too."""

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
    for t in range(TURNS):
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
    def lines(turns):
        def f(x, c):
            for t in range(turns):
                x = x + np.sin(c * x + 0.9**t) / (t + 2)
            return x

        step = compile(value_and_grad(f, (0, 1)))
        assert_same(plain(step(0.5, 0.2)), plain(value_and_grad(f, (0, 1))(0.5, 0.2)), 1e-12)
        return len(step.source.splitlines())

    assert lines(60) == lines(20)


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
