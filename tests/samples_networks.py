"""Rows of the table of operations: what networks are made of, windows, convolution, normalization, activations."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minigrad.ops.networks import activations, normalization
from minigrad.ops.networks.convolution import Convolution, Convolving, Correlation, TransposedConvolution
from minigrad.ops.networks.pooling import Collect, MaxPool, ShareOut, SpreadSums, SumPool
from minigrad.ops.networks.windows import AddWindows, Windows, WindowsView
from tests.sample import Array, Sample

# stride, padding, dilation, groups, the shapes of x and W
CONVOLUTIONS: list[tuple[Any, ...]] = [
    ((1,), ((0, 0),), (1,), 1, (2, 2, 5), (3, 2, 2)),
    ((2,), ((1, 2),), (2,), 2, (1, 4, 5), (2, 2, 2)),
    ((1, 2), ((1, 0), (1, 1)), (1, 2), 1, (2, 1, 3, 4), (2, 1, 2, 2)),
    ((1, 1, 2), ((0, 0),) * 3, (1, 1, 1), 1, (1, 1, 2, 2, 3), (1, 1, 1, 2, 2)),
]


def convolve_by_loops(stride: Any, padding: Any, dilation: Any, groups: int, x: Array, W: Array) -> Array:
    """Give the convolution, one product after another."""
    x = np.pad(x, ((0, 0), (0, 0), *padding))
    sizes = zip(x.shape[2:], W.shape[2:], stride, dilation, strict=True)
    places = [(n - d * (k - 1) - 1) // s + 1 for n, k, s, d in sizes]
    y = np.zeros((len(x), len(W), *places), np.result_type(x, W))
    for n, o, *i in np.ndindex(*y.shape):
        for c, *p in np.ndindex(*W.shape[1:]):
            channel = o // (len(W) // groups) * W.shape[1] + c
            at = [s * a + d * b for a, b, s, d in zip(i, p, stride, dilation, strict=True)]
            y[n, o, *i] += W[o, c, *p] * x[n, channel, *at]
    return y


def _slope(form: Any, shape: tuple[int, ...], seed: Array) -> Array:
    """Give the gradient of ⟨form(z), seed⟩, which is linear in z, by each unit array."""
    units = np.eye(int(np.prod(shape)), dtype=seed.dtype).reshape(-1, *shape)
    return np.array([np.vdot(form(unit), seed) for unit in units], seed.dtype).reshape(shape)


def _transposed(geometry: Any, shape: tuple[int, ...], y: Array, W: Array) -> Array:
    found = _slope(lambda x: convolve_by_loops(*geometry, x, W.astype(float)), shape, y.astype(float))
    return found.astype(np.result_type(y, W))


def _correlated(geometry: Any, shape: tuple[int, ...], x: Array, y: Array) -> Array:
    found = _slope(lambda W: convolve_by_loops(*geometry, x.astype(float), W), shape, y.astype(float))
    return found.astype(np.result_type(x, y))


def _windows(at: tuple[list[int], ...], x: Array) -> Array:
    """Give the windows of vectors, the places of each by name."""
    return np.stack([x[..., places] for places in at], -2)


def _added(at: tuple[list[int], ...], size: int, w: Array) -> Array:
    x = np.zeros((*w.shape[:-2], size), w.dtype)
    for i, places in enumerate(at):
        for p, j in enumerate(places):
            x[..., j] += w[..., i, p]
    return x


# kernel, stride, dilation, the shape of x
POOLS: list[tuple[Any, ...]] = [
    ((2,), (2,), (1,), (2, 5)),
    ((3,), (1,), (1,), (5,)),
    ((2, 2), (2, 2), (1, 1), (2, 4, 5)),
    ((2, 3), (1, 2), (2, 1), (1, 4, 5)),
    ((1, 2, 2), (2, 1, 2), (1, 1, 1), (1, 3, 3, 4)),
]


def _elements(geometry: Any, places: tuple[int, ...]) -> Iterator[tuple[Any, list[Any]]]:
    """Give each place, and where the elements of its window are."""
    kernel, stride, dilation = geometry
    for i in np.ndindex(*places):
        yield (
            i,
            [
                tuple(s * a + d * b for a, b, s, d in zip(i, p, stride, dilation, strict=True))
                for p in np.ndindex(*kernel)
            ],
        )


def pool_by_loops(geometry: Any, function: Any, x: Array) -> Array:
    """Give a function of each window, one element after another."""
    n = len(geometry[0])
    sizes = zip(x.shape[x.ndim - n :], *geometry, strict=True)
    places = tuple((m - d * (k - 1) - 1) // s + 1 for m, k, s, d in sizes)
    y = np.zeros((*x.shape[: x.ndim - n], *places), x.dtype)
    for i, window in _elements(geometry, places):
        y[..., *i] = function([x[..., *j] for j in window])
    return y


def share_by_loops(geometry: Any, g: Array, y: Array, x: Array) -> Array:
    """Give the largest elements of each window their parts of g."""
    back = np.zeros(x.shape, g.dtype)
    for i, window in _elements(geometry, y.shape[y.ndim - len(geometry[0]) :]):
        ties = sum((x[..., *j] == y[..., *i]).astype(float) for j in window)
        for j in window:
            back[..., *j] += np.where(x[..., *j] == y[..., *i], g[..., *i] / np.maximum(ties, 1), 0)
    return back


def _sum_back(geometry: Any, size: Any, g: Array) -> Array:
    x = np.zeros((*g.shape[: g.ndim - len(size)], *size), g.dtype)
    for i, window in _elements(geometry, g.shape[g.ndim - len(size) :]):
        for j in window:
            x[..., *j] += g[..., *i]
    return x


def _pool_samples() -> Iterator[Sample]:
    for *geometry, x in POOLS:
        note, places = f"by {geometry[0]}", MaxPool(*geometry).shape(x)
        size = x[len(x) - len(geometry[0]) :]
        yield Sample(MaxPool, MaxPool(*geometry), (x,), note, partial(pool_by_loops, geometry, max_of))
        yield Sample(SumPool, SumPool(*geometry), (x,), note, partial(pool_by_loops, geometry, sum))
        spread = SpreadSums(*geometry, size)
        yield Sample(SpreadSums, spread, (places,), note, partial(_sum_back, geometry, size))

        # Which element is the largest is no slope of what a gradient comes back by: that x is no operand of the row.
        known = np.sin(np.arange(float(np.prod(x)))).reshape(x)
        largest = pool_by_loops(geometry, max_of, known)

        def shared(g: Any, geometry: Any = geometry, known: Array = known, largest: Array = largest) -> Any:
            return ShareOut(*geometry)(g, largest, known)

        def collected(h: Any, geometry: Any = geometry, known: Array = known, largest: Array = largest) -> Any:
            return Collect(*geometry)(h, largest, known)

        yield Sample(ShareOut, shared, (places,), note, partial(_shared_by_loops, geometry, known))
        yield Sample(Collect, collected, (x,), note, partial(_collected_by_loops, geometry, known))


def max_of(window: list[Array]) -> Array:
    """Give the largest element of each of several arrays."""
    return np.max(window, 0)


def _shared_by_loops(geometry: Any, x: Array, g: Array) -> Array:
    return share_by_loops(geometry, g, pool_by_loops(geometry, max_of, x), x)


def _collected_by_loops(geometry: Any, x: Array, h: Array) -> Array:
    """Give the mean of h where x reaches the largest of its window."""
    y = pool_by_loops(geometry, max_of, x)
    total, ties = np.zeros(y.shape, h.dtype), np.zeros(y.shape, h.dtype)
    for i, window in _elements(geometry, y.shape[y.ndim - len(geometry[0]) :]):
        for j in window:
            reached = x[..., *j] == y[..., *i]
            total[..., *i] += h[..., *j] * reached
            ties[..., *i] += reached
    return total / ties


def _viewed(step: int, apart: int, x: Array) -> Array:
    """View windows of two elements."""
    return np.lib.stride_tricks.sliding_window_view(x, apart + 1, -1)[:, ::step, ::apart]


def network_samples() -> Iterator[Sample]:
    """Give the rows."""
    for stride, padding, dilation, groups, x, W in CONVOLUTIONS:
        geometry = stride, padding, dilation, groups
        op: Convolving = Convolution(*geometry)
        y, note = op.shape(x, W), f"by {stride} in {groups}"
        yield Sample(Convolution, op, (x, W), note, partial(convolve_by_loops, *geometry))
        back = TransposedConvolution(*geometry, x[2:])
        yield Sample(type(back), back, (y, W), note, partial(_transposed, geometry, x))
        over = Correlation(*geometry, W[2:])
        yield Sample(type(over), over, (x, y), note, partial(_correlated, geometry, W))
    for kernel, step, apart in ((2, 1, 1), (2, 2, 1), (2, 1, 3)):
        fields, at = ((kernel,), (step,), (apart,)), tuple([i, i + apart] for i in range(0, 5 - apart, step))
        yield Sample(Windows, Windows(*fields), ((2, 5),), f"{fields}", partial(_windows, at))
        yield Sample(WindowsView, WindowsView(*fields), ((2, 5),), f"{fields}", partial(_viewed, step, apart))
        added = AddWindows(*fields, (5,))
        yield Sample(AddWindows, added, ((2, len(at), kernel),), f"{fields}", partial(_added, at, 5))
    yield from _pool_samples()
    for axis in ((-1,), (0, 2)):
        standardize = normalization.Standardize(axis, 1e-3)
        yield Sample(type(standardize), standardize, ((2, 3, 4),), f"over {axis}", partial(_standardized, axis))
    leaky = partial(activations.leaky_relu, negative_slope=0.2)
    yield Sample(activations.LeakyRelu, leaky, ((2, 3),), "", lambda x: np.maximum(x, 0) + 0.2 * np.minimum(x, 0))
    elu = partial(activations.elu, alpha=1.5)
    yield Sample(activations.Elu, elu, ((2, 3),), "", lambda x: np.where(x > 0, x, 1.5 * (np.exp(x) - 1)))


def _standardized(axis: tuple[int, ...], x: Array) -> Any:
    return (x - x.mean(axis, keepdims=True)) / np.sqrt(x.var(axis, keepdims=True) + 1e-3)
