"""Loops of native code whose turns LLVM is told to be apart: vectors, whatever they read, and the same values."""

import re

import numpy as np
import pytest

from minigrad import compile, value_and_grad
from minigrad.nn.functional import conv2d

backend = pytest.importorskip("minigrad.compiler.native.backend", exc_type=ImportError)
build = pytest.importorskip("minigrad.compiler.native.build", exc_type=ImportError)
values = pytest.importorskip("minigrad.compiler.native.values", exc_type=ImportError)


def in_machine_code(function, *arguments):
    """Give what a function gives when it is compiled, and LLVM's instructions for it."""
    made = []

    def compile_step(code):
        made.append(build.compile_step(code))
        return made[-1]

    found = compile(function, backend=backend.NativeBackend(compile_step))(*arguments)
    return found, "".join(text for step in made for text in step.inspect_llvm().values())


def count_vectors(text, instruction):
    """Count an instruction on several float64 at a time."""
    return len(re.findall(rf"{instruction}[a-z ]* <\d+ x double>", text))


def test_a_loop_over_more_arrays_than_are_compared_when_it_runs(monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path))  # code that is compiled, so that it can be looked at
    rng = np.random.default_rng(0)
    given = [*rng.normal(size=(4, 37, 1)), *rng.normal(size=(4, 29)), *rng.normal(size=(4, 37, 29))]

    def f(*given):
        xs = [(c - a) / (2 + b * b) for a, b, c in zip(given[:4], given[4:8], given[8:], strict=True)]
        return [*xs, *(x * y for x, y in zip(xs, given[-1:-5:-1], strict=True)), *(x + given[9] for x in xs)]

    found, text = in_machine_code(f, *given)
    for x, wanted in zip(found, f(*given), strict=True):
        np.testing.assert_allclose(x, wanted, rtol=1e-13)
    assert count_vectors(text, "fdiv") >= 4


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_sums_and_extremes_of_equal_loops(dtype):
    """Which become one function, that is passed where its sum lies."""
    rng = np.random.default_rng(1)
    rows = list(rng.integers(-50, 50, (8, 301)).astype(dtype))

    def f(*rows):
        numbers = [(x * x).sum() for x in rows]
        return [
            *numbers,
            *(x.max() for x in rows),
            *(x.min() for x in rows),
            *(2 * x + n for x, n in zip(rows, numbers, strict=True)),
        ]

    for x, wanted in zip(compile(f, backend="native")(*rows), f(*rows), strict=True):
        np.testing.assert_array_equal(x, wanted)


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.int64])
@pytest.mark.parametrize("n", [1, 2, 7, 16, 61])
def test_the_largest_and_the_smallest_of_many(n, dtype):
    """NaN if there is one, as NumPy's; along either axis, of all, and of numbers below every other."""
    rng = np.random.default_rng(n)
    X = rng.integers(-99, 99, (9, n)).astype(dtype)
    if np.issubdtype(dtype, np.floating):
        X[1, rng.integers(n)], X[2, rng.integers(n)] = np.nan, np.inf
        X[3], X[4], X[5] = -np.inf, np.nan, -0.0

    def f(X):
        whole = X[6:]
        extremes = X.max(axis=1), X.min(axis=1), X.max(axis=0), X.min(axis=0), X.max(), X.min(), whole.max()
        return *extremes, whole.max(axis=1, keepdims=True) - whole

    for x, wanted in zip(compile(f, backend="native")(X), f(X), strict=True):
        np.testing.assert_array_equal(x, wanted)


def test_loops_of_a_long_step_stay_loops_of_vectors(monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path))
    x, W = np.linspace(-1, 1, 1024).reshape(32, 32), np.linspace(0, 0.1, 1024).reshape(32, 32)

    def f(x, W):
        y = x
        for a in (0.5, 0.25, 0.75, 0.125):
            y = np.tanh(y @ W * a).sum(axis=1, keepdims=True) + np.max(x * y, axis=0)
        return y

    found = []
    for long in (10**6, 1):
        monkeypatch.setattr(values, "LONG", long)
        y, text = in_machine_code(f, x, W)
        np.testing.assert_allclose(y, f(x, W), rtol=1e-12)
        assert count_vectors(text, "fmul") > 0
        found.append(text.count("\n"))
    assert found[1] < 0.8 * found[0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_blocks_of_sums_of_a_long_step_are_functions_one_for_each_size(dtype, monkeypatch, tmp_path):
    monkeypatch.setenv("MINIGRAD_CACHE", str(tmp_path))
    monkeypatch.setattr(values, "LONG", 1)
    rng = np.random.default_rng(3)
    x, first, *kernels = (
        rng.normal(size=s).astype(dtype) / 2 for s in [(2, 3, 9, 9), (5, 3, 3, 3), (5, 5, 3, 3), (5, 5, 3, 3)]
    )
    W, V = (rng.normal(size=s).astype(dtype) / 20 for s in [(405, 37), (37, 37)])

    def f(x, first, kernels, W, V):
        y = np.tanh(conv2d(x, first, padding=1))
        for kernel in kernels:
            y = np.tanh(conv2d(y, kernel, padding=1))
        z = np.tanh(y.reshape(2, -1) @ W)
        for _ in range(2):
            z = np.tanh(z @ V)
        return np.sum(z**2)

    given = x, first, kernels, W, V
    (E, grads), text = in_machine_code(value_and_grad(f, argnums=(1, 2, 3, 4)), *given)
    wanted, right = value_and_grad(f, argnums=(1, 2, 3, 4))(*given)
    tolerance = 1e-11 if dtype == np.float64 else 1e-4
    np.testing.assert_allclose(E, wanted, rtol=tolerance)
    for a, b in zip([grads[0], *grads[1], *grads[2:]], [right[0], *right[1], *right[2:]], strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance * np.abs(b).max())
    written = re.findall(r'define internal .*@"?(\w+)\.block', text)
    called = re.findall(r'call .*@"?(\w+)\.block', text)
    assert {"window_tile", "window_dots", "tile"} <= set(written)
    assert len(written) < len(called)
