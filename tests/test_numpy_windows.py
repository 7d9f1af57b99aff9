"""NumPy code of networks whose samples lie last in memory, against loops and differences, of every geometry."""

import numpy as np
import pytest

from minigrad import compile, grad, relu
from minigrad.nn import functional
from minigrad.ops.networks.convolution import Convolution
from minigrad.ops.networks.pooling import MaxPool, SumPool
from tests.samples_networks import convolve_by_loops, max_of, pool_by_loops


def draw_network(rng):
    """Give two convolutions, windows between them, and the shapes of x, of both kernels and of what comes out."""
    while True:
        first, windows, second, shapes = draw_any_network(rng)
        try:
            pooled = windows.shape(first.shape(*shapes[:2]))
            return first, windows, second, (*shapes, second.shape(pooled, shapes[2]))
        except ValueError:  # a window does not fit
            pass


def draw_any_network(rng):
    n = int(rng.integers(1, 4))

    def usual(low, high, value):
        return tuple(rng.integers(low, high, n).tolist()) if rng.random() < 0.5 else (value,) * n

    def draw(groups):
        padding = tuple(zip(usual(0, 3, 0), usual(0, 3, 0), strict=True))
        return (usual(1, 3, 1), padding, usual(1, 3, 1), groups), usual(1, 4, 2)

    groups, each = int(rng.choice([1, 1, 2])), int(rng.integers(1, 3))
    (first, kernel), (second, kernel_2) = draw(groups), draw(1)
    windows = rng.choice([MaxPool, SumPool])(usual(1, 4, 2), usual(1, 4, 2), usual(1, 3, 1))
    size = [int(rng.integers(low, low + 4)) for low in ((16,), (7, 7), (5, 5, 5))[n - 1]]
    shapes = (8, 2 * groups, *size), (each * groups, 2, *kernel), (3, each * groups, *kernel_2)
    return Convolution(*first), windows, Convolution(*second), shapes


@pytest.mark.parametrize("seed", range(16))
def test_a_network_of_any_geometry(seed):
    """Of its gradient, the slope along a direction; of its value, all of it."""
    rng = np.random.default_rng(seed)
    first, windows, second, shapes = draw_network(rng)
    *given, g = (rng.normal(size=shape) for shape in shapes)

    def value(x, W, V):
        return (np.tanh(second(windows(np.tanh(first(x, W))), V)) * g).sum()

    def by_loops(x, W, V):
        y = np.tanh(convolve_by_loops(*_geometry(first), x, W))
        z = pool_by_loops(_geometry(windows), max_of if isinstance(windows, MaxPool) else sum, y)
        return np.vdot(np.tanh(convolve_by_loops(*_geometry(second), z, V)), g)

    code = compile(grad(value, (0, 1, 2)), backend="numpy")
    found = code(*given)
    assert "room" in code.source  # by columns
    for x, dx, eager in zip(given, found, grad(value, (0, 1, 2))(*given), strict=True):
        assert dx.shape == x.shape
        np.testing.assert_allclose(dx, eager, rtol=1e-10, atol=1e-12)
    assert compile(value, backend="numpy")(*given) == pytest.approx(by_loops(*given), rel=1e-12, abs=1e-12)
    directions = [1e-6 * rng.normal(size=x.shape) for x in given]
    ahead, behind = (by_loops(*(x + s * d for x, d in zip(given, directions, strict=True))) for s in (1, -1))
    slope = sum(np.vdot(dx, d) for dx, d in zip(found, directions, strict=True))
    assert slope == pytest.approx((ahead - behind) / 2, rel=1e-4, abs=1e-10)


def _geometry(op):
    return [getattr(op, field) for field in op.fields]


def take_step(x, W, A):
    """Go through relu, whose zeros tie, through windows that leave something out, and out in another shape."""
    y = functional.max_pool2d(relu(functional.conv2d(x, W)), 2)
    return np.tanh(y.reshape(len(y), -1) @ A).sum()


def draw_step(rng, samples=9, dtype=float):
    return [rng.normal(size=s).astype(dtype) for s in ((samples, 2, 9, 10), (4, 2, 3, 3), (48, 3))]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("samples", [1, 7, 8, 9])
def test_ties_and_what_is_left_out(samples, dtype):
    given = draw_step(np.random.default_rng(0), samples, dtype)
    code = compile(grad(take_step, (0, 1, 2)), backend="numpy")
    for found, wanted in zip(code(*given), grad(take_step, (0, 1, 2))(*given), strict=True):
        assert found.dtype == dtype
        np.testing.assert_allclose(found, wanted, rtol=1e-3 if dtype == np.float32 else 1e-10, atol=1e-5)
    assert ("room" in code.source) == (samples >= 8)  # fewer lie as they did


@pytest.mark.filterwarnings("ignore:invalid value")
def test_a_nan_goes_where_it_goes_eagerly():
    given = draw_step(np.random.default_rng(1))
    given[0][2, 1, 3, 3] = np.nan
    found, wanted = (f(*given) for f in (compile(grad(take_step), backend="numpy"), grad(take_step)))
    np.testing.assert_array_equal(np.isnan(found), np.isnan(wanted))
    np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)
    assert 0 < np.isnan(found).sum() < found.size


@pytest.mark.filterwarnings("ignore:invalid value")
def test_an_infinite_gradient_goes_to_the_largest_alone():
    rng = np.random.default_rng(2)
    x, W, scale = rng.normal(size=(8, 1, 6, 6)), rng.normal(size=(2, 1, 3, 3)), np.ones((8, 2, 2, 2))
    scale[3, 1, 0, 1] = np.inf

    def step(x, W):
        y = np.tanh(functional.conv2d(x, W))
        return (MaxPool((2, 2), (2, 2), (1, 1))(y) * scale).sum()

    found, wanted = (f(x, W) for f in (compile(grad(step), backend="numpy"), grad(step)))
    np.testing.assert_array_equal(np.isfinite(found), np.isfinite(wanted))
    finite = np.isfinite(wanted)
    np.testing.assert_allclose(found[finite], wanted[finite], rtol=1e-10, atol=1e-12)


def test_windows_of_more_elements_than_a_byte_counts():
    """All of which tie."""
    x, W = np.ones((8, 1, 20, 20)), np.ones((1, 1, 1, 1))

    def step(x):
        return MaxPool((17, 17), (1, 1), (1, 1))(functional.conv2d(x, W) * 2).sum()

    wanted = np.zeros((20, 20))
    for i, j in np.ndindex(4, 4):
        wanted[i : i + 17, j : j + 17] += 2 / 17**2
    found = compile(grad(step), backend="numpy")(x)
    np.testing.assert_allclose(found, np.broadcast_to(wanted, x.shape), rtol=1e-12)


def test_many_places_are_convolved_some_at_a_time():
    """With long runs of calls on their results, which are computed in parts, and a mean of each channel."""
    rng = np.random.default_rng(3)
    x, W = rng.normal(size=(16, 3, 40, 50)), rng.normal(size=(5, 3, 3, 3))

    def step(x, W):
        y = functional.conv2d(x, W, padding=1)
        y = np.sin(np.exp(np.cos(np.sin(y) * 2)) + 1)
        return ((y - y.mean((0, 2, 3), keepdims=True)) ** 2).sum()

    code = compile(grad(step, (0, 1)), backend="numpy")
    for found, wanted in zip(code(x, W), grad(step, (0, 1))(x, W), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-10)
    assert "chunks" in code.source
    assert "room" in code.source


def test_what_a_step_returns_lies_in_order():
    rng = np.random.default_rng(4)
    x, W = rng.normal(size=(8, 2, 7, 7)), rng.normal(size=(3, 2, 3, 3))

    def step(x, W):
        y = functional.conv2d(x, W)
        return y, np.tanh(y), functional.avg_pool2d(np.tanh(y) * 2, 2)

    code = compile(step, backend="numpy")
    found = code(x, W)
    for z, wanted in zip(found, step(x, W), strict=True):
        assert z.flags.c_contiguous
        np.testing.assert_allclose(z, wanted, rtol=1e-12, atol=1e-12)
    code(2 * x, W)
    np.testing.assert_allclose(found[0], functional.conv2d(x, W), rtol=1e-12, atol=1e-12)  # they are the caller's own
