"""Convolution, its gradients and pooling in native code against loops, of all strides, padding, groups, odd sizes."""

import importlib

import numpy as np
import pytest

from minigrad import compile, grad
from minigrad.nn import functional
from minigrad.ops.networks.convolution import Convolution, Correlation, TransposedConvolution
from minigrad.ops.networks.pooling import MaxPool, ShareOut, SpreadSums, SumPool
from tests.interpreted import interpreted
from tests.samples_networks import convolve_by_loops, max_of, pool_by_loops, share_by_loops

native = pytest.importorskip("minigrad.compiler.native.backend", exc_type=ImportError)
BY_PYTHON = native.NativeBackend(interpreted)

LONGEST = {1: 40, 2: 9, 3: 5}  # places that an axis has beyond a window, by the number of axes


def draw_geometry(rng):
    """Give a geometry and the shapes of x and W: of each kind, half are the usual ones."""
    n = int(rng.integers(1, 4))

    def usual(low, high, value):
        return tuple(rng.integers(low, high, n).tolist()) if rng.random() < 0.5 else (value,) * n

    kernel, stride, dilation = usual(1, 4, 3), usual(1, 4, 1), usual(1, 3, 1)
    padding = tuple(zip(usual(0, 3, 0), usual(0, 3, 0), strict=True))
    groups = int(rng.choice([1, 1, 2, 3]))
    channels, outputs = (int(rng.integers(1, most)) for most in (4, 15))
    size = [d * (k - 1) + 1 + int(rng.integers(LONGEST[n])) for k, d in zip(kernel, dilation, strict=True)]
    x, W = (int(rng.integers(1, 4)), channels * groups, *size), (outputs * groups, channels, *kernel)
    return (stride, padding, dilation, groups), x, W


def compare(seed, backend, dtype):
    """Compare the three operations of a geometry with loops: both gradients as the slopes of ⟨y, g⟩."""
    rng = np.random.default_rng(seed)
    geometry, x_shape, W_shape = draw_geometry(rng)
    op, x, W = Convolution(*geometry), rng.normal(size=x_shape).astype(dtype), rng.normal(size=W_shape).astype(dtype)
    g = rng.normal(size=op.shape(x_shape, W_shape)).astype(dtype)
    back, over = op.turned(TransposedConvolution, x_shape[2:]), op.turned(Correlation, W_shape[2:])

    def all_three(x, W, g):
        return op(x, W), back(g, W), over(x, g)

    code = compile(all_three, backend=backend)
    given = [np.ascontiguousarray(z.swapaxes(0, -1)).swapaxes(0, -1) for z in (x, W, g)]  # which do not lie in order
    y, dx, dW = code(*(given if rng.random() < 0.3 else (x, W, g)))
    assert not code.report().calls
    tolerance = 1e-4 if dtype == np.float32 else 1e-11
    np.testing.assert_allclose(y, convolve_by_loops(*geometry, x, W), rtol=tolerance, atol=tolerance)
    for found, like in ((dx, x), (dW, W)):
        assert (found.shape, found.dtype) == (like.shape, dtype)
        direction = rng.normal(size=like.shape).astype(dtype)
        pair = (direction, W) if like is x else (x, direction)
        slope = np.vdot(convolve_by_loops(*geometry, *pair), g)
        scale = np.linalg.norm(found) * np.linalg.norm(direction) + 1
        assert abs(np.vdot(found, direction) - slope) < (1e-5 if dtype == np.float32 else 1e-13) * scale


@pytest.fixture
def sharing(monkeypatch):
    """Let three threads share loops, also short ones."""
    crew = importlib.import_module("minigrad.compiler.native.crew")
    monkeypatch.setattr(crew, "WORTH", 1)
    monkeypatch.setattr(crew, "FEWEST", 2)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "3")


@pytest.mark.parametrize("seed", range(60))
def test_convolutions_by_loops_of_native_code(seed):
    compare(seed, BY_PYTHON, np.float64)


@pytest.mark.usefixtures("sharing")
@pytest.mark.parametrize("seed", range(60))
def test_convolutions_whose_samples_and_kernels_threads_share(seed):
    compare(seed, BY_PYTHON, np.float64)


@pytest.mark.usefixtures("sharing")
def test_a_convolution_in_machine_code_that_threads_share():
    compare(12, "native", np.float64)


@pytest.mark.parametrize(("seed", "dtype"), [(11, np.float32), (12, np.float64)])
def test_convolutions_in_machine_code(seed, dtype):
    compare(seed, "native", dtype)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_many_samples_are_summed_over_some_at_a_time(dtype):
    """Of a kernel's gradient, where a copy of all samples would be as large as they are."""
    rng = np.random.default_rng(0)
    x, g = (rng.normal(size=shape).astype(dtype) for shape in ((37, 3, 20, 33), (37, 5, 20, 33)))
    over = Correlation((1, 1), ((1, 1), (1, 1)), (1, 1), 1, (3, 3))
    found = compile(lambda x, g: over(x, g), backend="native")(x, g)
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1))).astype(float)
    seen = [padded[:, :, i : i + 20, j : j + 33] for i in range(3) for j in range(3)]
    wanted = np.stack([np.einsum("nohw,nchw->oc", g.astype(float), part) for part in seen], -1).reshape(5, 3, 3, 3)
    np.testing.assert_allclose(found, wanted, rtol=2e-4 if dtype == np.float32 else 1e-12, atol=1e-3)


def test_pooling_in_machine_code_with_ties_and_nan():
    x = np.maximum(np.random.default_rng(1).normal(size=(2, 3, 7, 8)), 0)  # whose zeros tie

    def step(x):
        y = functional.max_pool2d(x, 2), functional.max_pool2d(x, 3, 2, 1), functional.avg_pool2d(x, (2, 3), 1)
        return sum((z * z).sum() for z in y)

    code = compile(grad(step), backend="native")
    np.testing.assert_allclose(code(x), grad(step)(x), rtol=1e-12, atol=1e-12)
    assert not code.report().calls
    x[0, 0, 1, 1] = np.nan
    found = compile(lambda x: functional.max_pool2d(x, 2), backend="native")(x)
    np.testing.assert_array_equal(found, pool_by_loops(((2, 2), (2, 2), (1, 1)), max_of, x))


@pytest.mark.parametrize("backend", [BY_PYTHON, "native"])
def test_windows_of_what_is_seen_in_another_shape(backend):
    """Of some rows of an array, which lie in order, and of what is laid out flat behind a network's last windows."""
    rng = np.random.default_rng(3)
    flat, W, A = rng.normal(size=(5, 72)), rng.normal(size=(4, 2, 3, 3)), rng.normal(size=(16, 3))

    def step(flat, W, A):
        x = flat.reshape(5, 2, 6, 6)[2:] * 1.5
        y = functional.max_pool2d(functional.conv2d(x, W.reshape(4, 2, 3, 3)), 2)
        return np.tanh(y.reshape(3, 16) @ A).sum()

    code = compile(grad(step, (0, 1, 2)), backend=backend)
    for found, wanted in zip(code(flat, W, A), grad(step, (0, 1, 2))(flat, W, A), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-12, atol=1e-12)
    assert not code.report().calls


@pytest.mark.parametrize(("width", "dtype"), [(3, np.float64), (7, np.float32), (11, np.float32), (29, np.float32)])
def test_lines_that_fill_no_vector(width, dtype):
    """Of the three operations, which neither look at nor write to what is behind the end of a line."""
    rng = np.random.default_rng(width)
    x, W, g = (rng.normal(size=s).astype(dtype) for s in ((2, 3, 7, width + 2), (5, 3, 3, 3), (2, 5, 5, width)))
    op = Convolution((1, 1), ((0, 0), (0, 0)), (1, 1), 1)
    back, over = op.turned(TransposedConvolution, x.shape[2:]), op.turned(Correlation, W.shape[2:])
    y, dx, dW = compile(lambda x, W, g: (op(x, W), back(g, W), over(x, g)), backend="native")(x, W, g)
    taps = [(i, j, np.s_[:, :, i : i + 5, j : j + width]) for i in range(3) for j in range(3)]
    wanted, wanted_dx, wanted_dW = np.zeros(g.shape), np.zeros(x.shape), np.zeros(W.shape)
    for i, j, seen in taps:
        wanted += np.einsum("oc,nchw->nohw", W[:, :, i, j].astype(float), x[seen].astype(float))
        wanted_dx[seen] += np.einsum("oc,nohw->nchw", W[:, :, i, j].astype(float), g.astype(float))
        wanted_dW[:, :, i, j] = np.einsum("nohw,nchw->oc", g.astype(float), x[seen].astype(float))
    for found, exact in ((y, wanted), (dx, wanted_dx), (dW, wanted_dW)):
        np.testing.assert_allclose(found, exact, rtol=1e-4, atol=1e-4 if dtype == np.float32 else 1e-12)


@pytest.mark.parametrize("seed", range(20))
def test_pooling_by_loops_of_native_code(seed):
    """Where windows meet, leave gaps, or part what they do not fill; zeros of relu tie."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    kernel, stride, dilation = (tuple(rng.integers(1, most, n).tolist()) for most in (4, 4, 3))
    size = [d * (k - 1) + 1 + int(rng.integers(5)) for k, d in zip(kernel, dilation, strict=True)]
    x = np.maximum(rng.normal(size=(2, 3, *size)), 0)
    geometry = kernel, stride, dilation
    largest, total = MaxPool(*geometry), SumPool(*geometry)
    g = rng.normal(size=largest.shape(x.shape))
    spread = total.turned(SpreadSums, tuple(size))
    shared = largest.turned(ShareOut)

    def all_four(x, g):
        y = largest(x)
        return y, total(x), shared(g, y, x), spread(g)

    y, sums, shares, back = compile(all_four, backend=BY_PYTHON)(x, g)
    np.testing.assert_array_equal(y, pool_by_loops(geometry, max_of, x))
    np.testing.assert_allclose(sums, pool_by_loops(geometry, sum, x), rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(shares, share_by_loops(geometry, g, y, x), rtol=1e-12, atol=1e-12)
    assert np.vdot(back, x) == pytest.approx(np.vdot(pool_by_loops(geometry, sum, x), g), rel=1e-12, abs=1e-12)
