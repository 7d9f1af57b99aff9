"""NumPy code for large arrays: runs of elementwise calls part by part, sums as products with ones, copies made once."""

import re

import numpy as np
import pytest

from minigrad import Tensor, compile
from minigrad.compiler.numpy import chunks

rng = np.random.default_rng(0)


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Let arrays of two hundred bytes be large, and parts of 128."""
    monkeypatch.setattr(chunks, "LARGE", 200)
    monkeypatch.setattr(chunks, "CHUNK", 128)


def long_run(x, y):
    a = x @ y
    b = np.exp(-a * a / 2) * 3 + a
    c = np.sqrt(np.abs(b) + 1) - a / 7
    return np.tanh(c * b) + a


def mixed(x, y):
    """Truth values and float32 between."""
    a = x @ y
    b = np.where(a > 0.1, a * 2 + 1, a / 3 - 1) * (a * a + 1)
    return ((b * b + 1).astype(np.float32) * np.float32(2) + 1 - np.float32(0.5)) * np.cos(a)


def broken(x, y):
    """A run that is broken by a sum, rows that are broadcast, and another shape."""
    a = x @ y
    b = np.exp(a / 9) + a * 2 - 1
    c = b / b.sum(axis=1, keepdims=True) + a.sum(axis=0)
    return np.sin(c * c + 1) * b - c.T.sum() * np.cos(c) + a


def in_turns(x, y):
    """More results than pieces of memory, which they use in turn."""
    a = x @ y
    for i in range(1, 7):
        b = a * i + 1
        a = np.tanh(b / 3) * a + (b > i) * 0.5
    return a


@pytest.mark.parametrize("function", [long_run, mixed, broken, in_turns])
@pytest.mark.parametrize(("rows", "columns"), [(8, 16), (7, 11), (50, 3)])
def test_values_and_gradients_are_those_of_the_whole_arrays(function, rows, columns):
    x, y = (Tensor(rng.normal(size=s), requires_grad=True) for s in ((rows, 4), (4, columns)))

    def step():
        E = (function(x, y) ** 2).sum()
        E.backward()
        found = E, x.grad, y.grad
        x.grad = y.grad = None
        return found

    code = compile(step, backend="numpy")
    for _ in range(2):  # the second call finds in its memory what the first has left
        for a, b in zip(code(), step(), strict=True):
            np.testing.assert_allclose(a, b.data, rtol=1e-10, atol=1e-12)
    assert "in chunks:" in code.source


def test_few_calls_and_small_arrays_are_left_whole(monkeypatch):
    x = rng.normal(size=(8, 16))
    few = compile(lambda x: (np.exp(x * 2) @ x.T).sum(), backend="numpy")
    few(x)
    assert "chunks" not in few.source
    monkeypatch.setattr(chunks, "LARGE", 1 << 20)
    small = compile(lambda x: long_run(x, x.T).sum(), backend="numpy")
    small(x)
    assert "chunks" not in small.source


@pytest.mark.parametrize("axis", [0, 1, 2, (0, 1), (1, 2), (0, 2), (0, 1, 2)])
@pytest.mark.parametrize("keepdims", [False, True])
def test_sums_over_first_or_last_axes_of_several(axis, keepdims):
    x = rng.normal(size=(3, 4, 5))
    code = compile(lambda x: np.sin(x).sum(axis=axis, keepdims=keepdims) * 2, backend="numpy")
    np.testing.assert_allclose(code(x), np.sin(x).sum(axis=axis, keepdims=keepdims) * 2, rtol=1e-13)
    one_block = axis in (0, 2, (0, 1), (1, 2))
    assert ("add.reduce" in code.source) != one_block


def test_what_does_not_lie_in_order_is_copied_once_for_all_its_shapes():
    def f(x, w):
        y = np.swapaxes(np.sin(x), 1, 2)
        return y.reshape(6, 20) @ w, y.reshape(3, 40) * 2, y.reshape(60, 2).sum(axis=1)

    x, w = rng.normal(size=(2, 6, 10)), rng.normal(size=(20, 3))
    code = compile(f, backend="numpy")
    for a, b in zip(code(x, w), f(x, w), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12)
    assert len(re.findall(r"_T\.reshape", code.source)) == 1
