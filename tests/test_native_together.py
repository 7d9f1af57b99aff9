"""Units of native code that threads take samples through together, in any order of these, against eager gradients."""

import importlib

import numpy as np
import pytest

from minigrad import compile, grad, relu
from minigrad.nn import functional
from minigrad.ops.networks.pooling import MaxPool, SumPool
from tests.interpreted import WORLD, interpreted
from tests.test_numpy_windows import draw_network

native = pytest.importorskip("minigrad.compiler.native.backend", exc_type=ImportError)
BY_PYTHON = native.NativeBackend(interpreted)


@pytest.fixture(autouse=True)
def sharing(monkeypatch):
    """Let two threads share loops, also short ones."""
    crew = importlib.import_module("minigrad.compiler.native.crew")
    monkeypatch.setattr(crew, "WORTH", 1)
    monkeypatch.setattr(crew, "FEWEST", 2)
    monkeypatch.setattr(crew, "READY", True)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")


def list_shared(source):
    """Give the loops that threads share, as what is written in them."""
    lines = source.splitlines()
    begins = [i for i, line in enumerate(lines) if "in shared(" in line]
    depth = [len(lines[i]) - len(lines[i].lstrip()) for i in begins]
    found = []
    for i, d in zip(begins, depth, strict=True):
        after = (k for k in range(i + 1, len(lines)) if not lines[k].startswith(" " * (d + 1)))
        found.append("\n".join(lines[i : next(after, len(lines))]))
    return found


@pytest.mark.parametrize("seed", range(14))
@pytest.mark.parametrize("turned", [False, True])
def test_a_network_of_any_geometry(seed, turned, monkeypatch):
    """From the first sample on, or the last: none may read what another turn is to write, or has written over."""
    if turned:
        monkeypatch.setitem(WORLD, "shared", lambda crew, turns, threads: reversed(range(turns)))
    first, windows, second, shapes = draw_network(np.random.default_rng(seed))
    *given, g = (np.random.default_rng(1).normal(size=shape) for shape in shapes)
    b = np.random.default_rng(2).normal(size=(shapes[1][0], *(1,) * (len(shapes[1]) - 2)))

    def value(x, W, V, b):
        y = relu(first(x, W) + b)
        return (np.tanh(second(windows(y * y), V)) * g).sum()

    code = compile(grad(value, (0, 1, 2, 3)), backend=BY_PYTHON)
    found = code(*given, b)
    for dx, wanted in zip(found, grad(value, (0, 1, 2, 3))(*given, b), strict=True):
        np.testing.assert_allclose(dx, wanted, rtol=1e-10, atol=1e-12)
    assert any("window_tile" in part and "x0" in part and "e0" in part for part in list_shared(code.source))


def test_sums_over_samples_come_after():
    """Those of each sample alone do not."""
    rng = np.random.default_rng(5)
    x, W = rng.normal(size=(11, 3, 6, 7)), rng.normal(size=(4, 3, 3, 3))

    def step(x, W):
        y = np.tanh(functional.conv2d(x, W))
        return y.sum((0, 2, 3)), y.max(0), (y * y).sum((2, 3)), y.mean((0, 1), keepdims=True), y

    def of_samples(x, W):
        y = np.tanh(functional.conv2d(x, W))
        return y.max((1, 2)), (y * y).sum((2, 3)), y

    for f in (step, of_samples):
        code = compile(f, backend=BY_PYTHON)
        for found, wanted in zip(code(x, W), f(x, W), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-13)
        (part,) = (part for part in list_shared(code.source) if "window_tile" in part)
        assert ("x0" in part) == (f is of_samples)


def test_what_needs_other_samples_comes_after():
    """As samples in another order do, weights that are computed of samples, and a mean of them."""
    rng = np.random.default_rng(6)
    x, W = rng.normal(size=(8, 8, 5, 5)), rng.normal(size=(8, 8, 3, 3))

    def step(x, W):
        y = np.tanh(functional.conv2d(x, W, padding=1))
        turned = functional.conv2d(np.cos(y[::-1]), W)
        by_itself = functional.conv2d(x, np.tanh(y)[:, :, :3, :3])
        centered = functional.conv2d(y - y.mean((0, 2, 3), keepdims=True), W)
        return turned, by_itself, centered, (y.transpose(1, 0, 2, 3) * y).sum((2, 3))

    for shared in (range, lambda n: reversed(range(n))):
        patched = pytest.MonkeyPatch()
        patched.setitem(WORLD, "shared", lambda crew, turns, threads, shared=shared: shared(turns))
        for found, wanted in zip(compile(step, backend=BY_PYTHON)(x, W), step(x, W), strict=True):
            np.testing.assert_allclose(found, wanted, rtol=1e-11, atol=1e-12)
        patched.undo()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_threads_in_machine_code(dtype):
    """Two padded convolutions, whose copies of samples lie apart; many calls, in which threads come when they like."""
    rng = np.random.default_rng(7)
    x, W, V = (rng.normal(size=s).astype(dtype) for s in ((40, 3, 9, 11), (6, 3, 3, 3), (5, 6, 3, 3)))

    def value(x, W, V):
        y = MaxPool((2, 2), (1, 1), (1, 1))(relu(functional.conv2d(x, W, padding=1)))
        return SumPool((2, 2), (2, 2), (1, 1))(np.tanh(functional.conv2d(y, V, padding=1))).sum()

    code, wanted = compile(grad(value, (0, 1, 2)), backend="native"), grad(value, (0, 1, 2))(x, W, V)
    for _ in range(50):
        for found, exact in zip(code(x, W, V), wanted, strict=True):
            np.testing.assert_allclose(found, exact, rtol=1e-3 if dtype == np.float32 else 1e-9, atol=2e-3)
    assert max(part.count("window_tile") > 1 and "e0" in part for part in list_shared(code.source))
