"""Pooling: the largest element, or the sum, of each window of the last axes, and the ways back, without a copy of one.

Of several axes one is taken after another: a window of 3 × 3 costs 3 + 3 passes, and not 9.
"""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Op, Shape
from minigrad.ops.common.lanes import spread_lanes
from minigrad.ops.common.libraries import alike
from minigrad.ops.networks.windows import Pairs, Sizes, Windows, count_places, pad_with, write_geometry
from minigrad.ops.reduction import floating_dtype

Key = tuple[Any, ...]


def find_elements(kernel: Sizes, stride: Sizes, dilation: Sizes, places: Sizes) -> Iterator[Key]:
    """Give, for each element of a window, the index of that element of all windows, which are at so many places."""
    for at in np.ndindex(*kernel):
        each = zip(at, stride, dilation, places, strict=True)
        yield (..., *(slice(d * p, d * p + s * (m - 1) + 1, s) for p, s, d, m in each))


class Pooling(Op):
    """A function of the windows of the last axes, one for each of ``kernel``, at every place that a window fits."""

    fields: ClassVar[tuple[str, ...]] = ("kernel", "stride", "dilation")
    example: ClassVar[tuple[Any, ...]] = ((2, 2), (1, 1), (1, 1))

    def __init__(self, kernel: Sizes, stride: Sizes, dilation: Sizes) -> None:
        self.kernel, self.stride, self.dilation = kernel, stride, dilation

    def turned(self, kind: Any, *more: Any) -> Any:
        """Give another operation of the same windows."""
        return kind(self.kernel, self.stride, self.dilation, *more)

    def reduced(self, shape: Shape) -> Shape:
        """Give the shape of what there is one of for each window. Raises ``ValueError`` where a window is too long."""
        n = len(self.kernel)
        if len(shape) < n:
            raise ValueError(f"windows of {n} axes are taken of an array of {len(shape)}")
        return (*shape[: len(shape) - n], *count_places(shape[-n:], self.kernel, self.stride, self.dilation))

    def geometry(self, *shapes: Shape) -> str:
        """Say how large windows are and where they are, for a picture."""
        return write_geometry(self.kernel, self.stride, (), self.dilation)

    def elements(self, places: Sizes) -> Iterator[Key]:
        """Give the index of each element of a window, of all windows."""
        return find_elements(self.kernel, self.stride, self.dilation, places)

    def gather(self, ufunc: Any, x: Any) -> Any:
        """Gather the elements of each window by a ufunc, along one axis after another."""
        places = self.reduced(x.shape)[x.ndim - len(self.kernel) :]
        for axis, sizes in enumerate(zip(self.kernel, self.stride, self.dilation, places, strict=True)):
            behind = (slice(None),) * (len(places) - axis - 1)
            first, *others = ((*key, *behind) for key in find_elements(*((n,) for n in sizes)))
            y = x[first].copy()
            for key in others:
                y = ufunc(y, x[key], out=y) if type(y) is np.ndarray else ufunc(y, x[key])
            x = y
        return x

    def batch(self, *inputs: Any) -> Any:
        """Take those of all lanes: what stands in front of the last axes is left as it is."""
        return self(*spread_lanes(inputs))


class MaxPool(Pooling):
    """The largest element of each window. Elements that tie for it share the gradient evenly."""

    name, text, chooses = "max_pool", "max_pool({x})", True
    vjps = (lambda op, g, y, x: op.turned(ShareOut)(g, y, x),)

    def forward(self, x: Any) -> Any:
        """Take the larger of two, one element of the windows after another."""
        return self.gather(np.maximum, x)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the axes in front, then those of the places."""
        return self.reduced(shapes[0])


class _Shared(Pooling):
    """What goes between windows and those of their elements that reach the largest, y of x, one part of each tie."""

    letters, example = "gyx", ((1, 1), (1, 1), (1, 1))

    def check(self, wanted: Shape, shapes: tuple[Shape, ...]) -> None:
        """Raise ``ValueError`` for an operand of another shape than that of x, and y of the windows'."""
        g, y, x = shapes
        if y != self.reduced(x) or g != wanted:
            raise ValueError(f"wanted operands of shape {wanted} and {self.reduced(x)} beside {x}, not {g} and {y}")

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give that of the first operand; integers are float64 here."""
        return floating_dtype(dtypes[0])

    def count(self, y: Any, x: Any, kind: Any) -> Any:
        """Count how many elements of each window reach its largest."""
        ties = np.zeros_like(y, kind, order="C")
        for key in self.elements(y.shape[y.ndim - len(self.kernel) :]):
            ties += x[key] == y
        return ties


class ShareOut(_Shared):
    """What the largest element's gradient comes back by: xⱼ = Σᵢ gᵢ [xⱼ = yᵢ] / (number of ties for yᵢ)."""

    name, text = "share_out", "share_out({g})"
    vjps = (lambda op, h, z, g, y, x: op.turned(Collect)(h, y, x), None, None)

    def forward(self, g: Any, y: Any, x: Any) -> Any:
        """Give each element its share, one element of the windows after another."""
        self.check(y.shape, (g.shape, y.shape, x.shape))
        kind = self.dtype(g.dtype)
        ties = self.count(y, x, kind)
        share, rest = g / ties, 0 / ties
        back = np.zeros_like(x, kind, order="C")
        for key in self.elements(y.shape[y.ndim - len(self.kernel) :]):
            back[key] += np.where(x[key] == y, share, rest)  # where a product with an infinite share is NaN
        return back

    def shape(self, *shapes: Shape) -> Shape:
        """Give that of x."""
        self.check(self.reduced(shapes[2]), shapes)
        return shapes[2]


class Collect(_Shared):
    """The mean of the elements of h that lie where x reaches the largest of its window: ``ShareOut`` turned around."""

    name, letters, text = "collect", "hyx", "collect({h})"
    vjps = (lambda op, g, z, h, y, x: op.turned(ShareOut)(g, y, x), None, None)

    def forward(self, h: Any, y: Any, x: Any) -> Any:
        """Add up, and divide by the number of ties."""
        self.check(x.shape, (h.shape, y.shape, x.shape))
        kind = self.dtype(h.dtype)
        total = np.zeros_like(y, kind, order="C")
        for key in self.elements(y.shape[y.ndim - len(self.kernel) :]):
            total += h[key] * (x[key] == y)
        return total / self.count(y, x, kind)

    def shape(self, *shapes: Shape) -> Shape:
        """Give that of y."""
        self.check(shapes[2], shapes)
        return shapes[1]


class SumPool(Pooling):
    """The sum of each window."""

    name, text, opens, reads_values = "sum_pool", "sum_pool({x})", True, False
    vjps = (lambda op, g, y, x: op.turned(SpreadSums, x.shape[x.ndim - len(op.kernel) :])(g),)

    def definition(self, x: Any) -> Any:
        """Write it as the sum over the axes of windows."""
        return np.sum(self.turned(Windows)(x), tuple(range(-len(self.kernel), 0)))

    def forward(self, x: Any) -> Any:
        """Add one element of the windows after another."""
        return self.gather(np.add, x.astype(self.dtype(x.dtype), copy=False))

    def shape(self, *shapes: Shape) -> Shape:
        """Give the axes in front, then those of the places."""
        return self.reduced(shapes[0])

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give that of NumPy's sum, which adds small integers as large ones."""
        return np.zeros((), dtypes[0]).sum().dtype


class SpreadSums(Pooling):
    """What a sum's gradient comes back by, to positions of a ``size``: xⱼ = Σ gᵢ over the windows that xⱼ is in."""

    name, letters, text, reads_values = "spread_sums", "g", "spread_sums({g})", False
    fields, example = (*Pooling.fields, "size"), ((1, 1), (1, 1), (1, 1), (3, 3))
    vjps = (lambda op, h, x, g: op.turned(SumPool)(h),)

    def __init__(self, kernel: Sizes, stride: Sizes, dilation: Sizes, size: Sizes) -> None:
        super().__init__(kernel, stride, dilation)
        self.size = size

    def forward(self, g: Any) -> Any:
        """Add each to the elements of its window."""
        lead = self.shape(g.shape)[: g.ndim - len(self.kernel)]
        back = np.zeros_like(g, shape=(*lead, *self.size), order="C")
        for key in self.elements(g.shape[g.ndim - len(self.kernel) :]):
            back[key] += g
        return back

    def shape(self, *shapes: Shape) -> Shape:
        """Give the axes in front, then those of the size."""
        (g,) = shapes
        x = (*g[: len(g) - len(self.kernel)], *self.size)
        if len(g) < len(self.kernel) or g != self.reduced(x):
            raise ValueError(f"wanted an operand of the places that windows have in axes of {self.size}, not {g}")
        return x


def pool_max(x: Any, kernel: Sizes, stride: Sizes, padding: Pairs, dilation: Sizes) -> Any:
    """Give the largest element of each window of the last axes; those that tie share the gradient, padding has none."""
    lowest = -np.inf if np.dtype(x.dtype).kind == "f" else np.iinfo(x.dtype).min
    return MaxPool(kernel, stride, dilation)(pad_with(x, padding, lowest))


def pool_mean(x: Any, kernel: Sizes, stride: Sizes, padding: Pairs, counts_padding: bool) -> Any:
    """Give the mean of each window of the last axes; of what is padding 0 is counted, or nothing."""
    n = len(kernel)
    sums = SumPool(kernel, stride, (1,) * n)
    total = sums(pad_with(x, padding, 0))
    if counts_padding:
        return total / prod(kernel)
    inside = pad_with(alike(np.ones(x.shape[x.ndim - n :], x.dtype), x), padding, 0)
    return total / sums(inside)
