"""An array that a loop fills part by part, and reads again, is one of the code's loop, and is written once."""

import numpy as np
import pytest

import minigrad.numpy as mnp
from minigrad import compile, value_and_grad
from minigrad.compiler.passes.places import (
    are_apart,
    count_places,
    find_places,
    find_within,
    find_within_part,
    write_places,
)
from tests.compiling import as_code, assert_same, each_backend, plain, running
from tests.fuzz.loops import find_wrong

W = np.random.default_rng(0).normal(size=(3, 3)) * 0.4


def data(turns):
    return np.random.default_rng(1).normal(size=(turns, 3))


def rows(X, W):
    H, h = np.zeros_like(X), X[0]
    for t in range(len(X)):
        h = np.tanh(h @ W + X[t])
        H[t] = h
    return (H * H).sum()


def rows_that_are_read(X, W):
    H = mnp.zeros((len(X) + 1, 3))
    for t in range(len(X)):
        H[t + 1] = np.tanh(H[t] @ W + X[t])
    return (H[1:] * X).sum()


def columns(X, W):
    H = np.zeros_like(X.T)
    H[:, 0] = X[0]
    for t in range(1, len(X)):
        H[:, t] = np.tanh(H[:, t - 1] @ W + X[t])
    return (H * H).sum()


def from_the_end(X, W):
    H = np.zeros_like(X)
    H[-1] = X[-1]
    for t in range(len(X) - 2, -1, -1):
        H[t] = np.tanh(H[t + 1] @ W + X[t])
    return (H * H).sum()


def two_arrays(X, W):
    H, C = np.zeros_like(X), np.zeros_like(X)
    for t in range(2, len(X)):
        C[t] = 0.9 * C[t - 1] + np.tanh(H[t - 2] @ W)
        H[t] = np.sin(C[t] + X[t])
    return (H * H).sum() + C[-1].sum()


def both_of_two(X, W):
    H = mnp.zeros((2, len(X), 3))
    for t in range(1, len(X)):
        H[0, t] = np.tanh(H[1, t - 1] @ W + X[t])
        H[1, t] = np.sin(H[0, t - 1] @ W.T + X[t])
    return (H * H).sum()


def a_ring(X, W):
    H = mnp.zeros((2, 3))
    for t in range(len(X)):
        H[(t + 1) % 2] = np.tanh(H[t % 2] @ W + X[t])
    return (H * H).sum()


def one_for_all(X, W):
    H, G = np.zeros_like(X.T), np.zeros_like(X)
    for t in range(len(X)):
        H[:, t] = W[0] * 2
        G[t] = X[0, 0]
    return (H * X.T).sum() + (G * X).sum()


FILLED = [rows, rows_that_are_read, columns, from_the_end, two_arrays, both_of_two, a_ring, one_for_all]


@pytest.mark.parametrize("f", FILLED)
def test_code_does_not_grow_with_what_is_filled(f):
    lengths = []
    for turns in (20, 40):
        step, both = compile(value_and_grad(f, (0, 1))), value_and_grad(f, (0, 1))
        assert_same(plain(step(data(turns), W)), plain(both(data(turns), W)), 1e-11)
        lengths.append(len(step.source.splitlines()))
        assert step.report().rolled or f is one_for_all
        assert not step.report().unrolled
    assert lengths[1] <= lengths[0] + 6


@each_backend
@pytest.mark.parametrize("exact", [False, True])
def test_each_backend_computes_them(backend, exact):
    for f in FILLED:
        both = value_and_grad(f, (0, 1))
        with running(backend):
            found = plain(as_code(both, backend, exact=exact)(data(12), W))
        assert_same(found, plain(both(data(12), W)), 1e-12)


@each_backend
def test_what_is_written_last_counts(backend):
    def written(x):
        y = np.zeros_like(x)
        for t in range(10):
            y[t] = x[t] * (t + 1)
            y[t, 1] = y[t, 0] + y[t, 2]
            y[t : t + 2, 2] = x[0, 0]
            y[9 - t] = y[9 - t] * 2
            y[:, 0] += y[4, 1]
        return y, y[3], y[::2, 1:], y[3:6].sum()

    with running(backend):
        assert_same(plain(as_code(written, backend)(data(12))), plain(written(data(12))), 1e-12)


def test_places_are_what_numpy_names():
    shape, rng = (4, 5, 3), np.random.default_rng(0)
    numbers = np.arange(60).reshape(shape)

    def draw():
        key = []
        for n in shape[: rng.integers(1, 4)]:
            start, stop = rng.integers(-n, n + 1, size=2)
            step = int(rng.choice([-2, -1, 1, 1, 2, 3]))
            key.append(int(rng.integers(-n, n)) if rng.integers(2) else slice(int(start), int(stop), step))
        return (*key, ...) if rng.integers(4) == 0 else tuple(key)

    for _ in range(400):
        a, b = draw(), draw()
        p, q = find_places(a, shape), find_places(b, shape)
        np.testing.assert_array_equal(numbers[write_places(p)], numbers[a])
        assert count_places(p) == numbers[a].shape
        part = numbers[a]
        inner = tuple(
            int(rng.integers(max(n, 1))) if rng.integers(2) else slice(None, None, int(rng.choice([-1, 2])))
            for n in part.shape
        )
        if part.size:
            inside = find_within_part(p, find_places(inner, part.shape))
            np.testing.assert_array_equal(numbers[write_places(inside)], part[inner])
        common = np.intersect1d(numbers[a], numbers[b])
        assert not (are_apart(p, q) and common.size)
        within = find_within(p, q)
        if within is not None:
            np.testing.assert_array_equal(numbers[a][within], numbers[b])
        elif numbers[b].size and not any(
            isinstance(x, int) and isinstance(y, range) for x, y in zip(p, q, strict=True)
        ):
            assert common.size < numbers[b].size
    assert find_places((None, 0), shape) is None
    assert find_places(np.array([0]), shape) is None


@pytest.mark.parametrize("seed", range(40_000_000, 40_000_006))
def test_random_loops_that_fill_arrays(seed):
    pytest.importorskip("numba")
    assert find_wrong(seed, ["numpy", "interpreted"]) is None
