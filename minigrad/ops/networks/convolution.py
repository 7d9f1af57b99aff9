"""Convolution and the two operations that it goes back by: three readings of one form that is linear in x, W and y.

Convolution is here what networks call so, cross-correlation: the kernel is not flipped. With x (samples, channels,
*positions), W (outputs, channels / groups, *kernel) and y (samples, outputs, *places), the form is

    Σ yₙₒᵢ Wₒ꜀ₚ xₙ꜀ⱼ  over all n, o, c, i, p, with j = stride · i + dilation · p − padding, x being 0 outside.

Its slope in y is the convolution of x with W, in x the transposed one of y with W, in W the correlation of x and y.
Each is one product of matrices, of windows as columns (im2col; Chellapilla, Puri & Simard 2006).
"""

from __future__ import annotations

from math import prod
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Op, Shape
from minigrad.ops.common.lanes import spread_lanes
from minigrad.ops.networks.windows import (
    Pairs,
    Sizes,
    add_windows,
    count_places,
    pad_with,
    take_windows,
    write_geometry,
)

AT_ONCE = 4 << 20  # bytes of columns: as quick as all at once, or quicker where those are larger than the caches


class Convolving(Op):
    """One of the three: ``stride``, ``padding`` (before and behind), ``dilation`` of each axis, ``groups`` of channels.

    Channels and outputs are split into groups, each of which has a convolution of its own.
    """

    fields: ClassVar[tuple[str, ...]] = ("stride", "padding", "dilation", "groups")
    example: ClassVar[tuple[Any, ...]] = ((), (), (), 1)
    binds = 3
    broadcasts = True  # not in shape, but the inputs may differ in dtype, and the walk casts

    def __init__(self, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int) -> None:
        self.stride, self.padding, self.dilation, self.groups = stride, padding, dilation, groups

    def turned(self, kind: Any, *more: Any) -> Any:
        """Give another of the three, of the same geometry."""
        return kind(self.stride, self.padding, self.dilation, self.groups, *more)

    def padded(self, size: Sizes) -> Sizes:
        """Give the sizes with padding."""
        return tuple(n + sum(pair) for n, pair in zip(size, self.padding, strict=True))

    def places(self, x: Shape, W: Shape) -> Shape:
        """Give the shape of y from those of x and W. Raises ``ValueError`` where they do not fit."""
        n = len(self.stride)
        if len(x) != n + 2 or len(W) != n + 2:
            wanted = f"(samples, channels{', *positions' if n else ''}) and (outputs, channels / groups, *kernel)"
            raise ValueError(f"wanted {n + 2} axes of both, {wanted}, not shapes {x} and {W}")
        if x[1] != W[1] * self.groups:
            grouped = f" in each of {self.groups} groups" if self.groups > 1 else ""
            raise ValueError(f"{x[1]} channels, and a kernel for {W[1]}{grouped}; channels are the second axis")
        if W[0] % self.groups:
            raise ValueError(f"{W[0]} outputs cannot be split into {self.groups} groups")
        return (x[0], W[0], *count_places(self.padded(x[2:]), W[2:], self.stride, self.dilation))

    def geometry(self, *shapes: Shape) -> str:
        """Say how large kernels are and how they move, for a picture."""
        return write_geometry(shapes[1][2:], self.stride, self.padding, self.dilation)

    def columns(self, x: Any, kernel: Sizes) -> Any:
        """Give the windows of x as columns: (groups, channels / groups · kernel, samples · places)."""
        windows, n = take_windows(pad_with(x, self.padding, 0), kernel, self.stride, self.dilation), len(kernel)
        turned = windows.transpose(1, *range(2 + n, 2 + 2 * n), 0, *range(2, 2 + n))
        channels, samples = x.shape[1] // self.groups * prod(kernel), x.shape[0]
        return turned.reshape(self.groups, channels, samples * prod(windows.shape[2 : 2 + n]))

    def parts(self, x: Any, columns: int) -> list[slice]:
        """Part the samples of x, each of which has columns of so many elements: those of all may be gigabytes."""
        some = max(1, AT_ONCE // max(columns * x.dtype.itemsize, 1))
        return [slice(first, first + some) for first in range(0, len(x), some)] or [slice(None)]

    def rows(self, y: Any) -> Any:
        """Give y as rows: (groups, outputs / groups, samples · places)."""
        samples, outputs, *places = y.shape
        return y.swapaxes(0, 1).reshape(self.groups, outputs // self.groups, samples * prod(places))

    def matrix(self, W: Any) -> Any:
        """Give W as a matrix of each group: (groups, outputs / groups, channels / groups · kernel)."""
        outputs, *kernel = W.shape
        return W.reshape(self.groups, outputs // self.groups, prod(kernel))

    def of_lanes(self, lanes: int) -> Any:
        """Give the operation that has the groups of each lane beside those of the others."""
        more = (getattr(self, field) for field in self.fields[len(Convolving.fields) :])
        return type(self)(self.stride, self.padding, self.dilation, self.groups * lanes, *more)

    def batch(self, x: Any, W: Any) -> Any:
        """Take the lanes for groups."""
        x, W = spread_lanes((x, W))
        return _split_samples(self.of_lanes(len(x))(_merge_samples(x), _merge_kernels(W)), len(x))


def _merge_samples(x: Any) -> Any:
    """Put the channels of all lanes side by side: (lanes, samples, channels, …) as (samples, lanes · channels, …)."""
    lanes, samples, channels, *rest = x.shape
    return np.reshape(np.swapaxes(x, 0, 1), (samples, lanes * channels, *rest))


def _split_samples(y: Any, lanes: int) -> Any:
    samples, outputs, *rest = y.shape
    return np.swapaxes(np.reshape(y, (samples, lanes, outputs // lanes, *rest)), 0, 1)


def _merge_kernels(W: Any) -> Any:
    return np.reshape(W, (W.shape[0] * W.shape[1], *W.shape[2:]))


class Convolution(Convolving):
    """The convolution yₙₒᵢ = Σ Wₒ꜀ₚ xₙ꜀ⱼ over c and p. ∂E/∂x is the transposed one of g, ∂E/∂W that of x with g."""

    name, letters, text = "convolution", "xW", "{x} ∗ {W}"
    vjps = (
        lambda op, g, y, x, W: op.turned(TransposedConvolution, x.shape[2:])(g, W),
        lambda op, g, y, x, W: op.turned(Correlation, W.shape[2:])(x, g),
    )

    def forward(self, x: Any, W: Any) -> Any:
        """Multiply the kernels' matrix and the windows."""
        _, outputs, *places = self.shape(x.shape, W.shape)
        matrix, found = self.matrix(W), []
        for part in self.parts(x, self.groups * prod((*W.shape[1:], *places))):
            some = x[part]
            y = np.matmul(matrix, self.columns(some, W.shape[2:]))
            found.append(y.reshape(outputs, len(some), *places).swapaxes(0, 1))
        return found[0] if len(found) == 1 else np.concatenate(found)

    def shape(self, *shapes: Shape) -> Shape:
        """Give (samples, outputs, *places)."""
        return self.places(*shapes)


class TransposedConvolution(Convolving):
    """What a convolution's gradient comes back by, to positions of a ``size``: xₙ꜀ⱼ = Σ Wₒ꜀ₚ yₙₒᵢ over o, i and p."""

    name, letters, text = "transposed_convolution", "yW", "{y} ∗ {W}ᵀ"
    fields, example = (*Convolving.fields, "size"), (*Convolving.example, ())
    vjps = (
        lambda op, g, x, y, W: op.turned(Convolution)(g, W),
        lambda op, g, x, y, W: op.turned(Correlation, W.shape[2:])(g, y),
    )

    def __init__(self, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int, size: Sizes) -> None:
        super().__init__(stride, padding, dilation, groups)
        self.size = size

    def forward(self, y: Any, W: Any) -> Any:
        """Multiply the kernels' matrix, transposed, and y, and add the windows that this gives."""
        channels = self.shape(y.shape, W.shape)[1]
        matrix, found = self.matrix(W).swapaxes(1, 2), []
        for part in self.parts(y, self.groups * prod((*W.shape[1:], *y.shape[2:]))):
            some = y[part]
            columns = np.matmul(matrix, self.rows(some))
            found.append(self.add_up(columns.reshape(channels, *W.shape[2:], len(some), *y.shape[2:])))
        return found[0] if len(found) == 1 else np.concatenate(found)

    def add_up(self, windows: Any) -> Any:
        """Add windows (channels, *kernel, samples, *places) to where they belong."""
        n = len(self.size)
        windows = windows.transpose(1 + n, 0, *range(2 + n, 2 + 2 * n), *range(1, 1 + n))
        x = add_windows(windows, self.padded(self.size), self.stride, self.dilation)
        inside = (slice(first, first + m) for m, (first, _) in zip(self.size, self.padding, strict=True))
        return x[(..., *inside)]

    def shape(self, *shapes: Shape) -> Shape:
        """Give (samples, channels, *size)."""
        y, W = shapes
        x = (*y[:1], *(m * self.groups for m in W[1:2]), *self.size)
        wanted = self.places(x, W)
        if y != wanted:
            raise ValueError(f"wanted an input of shape {wanted}, not {y}, for positions of size {self.size}")
        return x


class Correlation(Convolving):
    """What a kernel's gradient comes back by, to a ``kernel`` of a size: Wₒ꜀ₚ = Σ yₙₒᵢ xₙ꜀ⱼ over n and i."""

    name, letters, text = "correlation", "xy", "{x} ⋆ {y}"
    fields, example = (*Convolving.fields, "kernel"), (*Convolving.example, ())
    vjps = (
        lambda op, g, W, x, y: op.turned(TransposedConvolution, x.shape[2:])(y, g),
        lambda op, g, W, x, y: op.turned(Convolution)(x, g),
    )

    def __init__(self, stride: Sizes, padding: Pairs, dilation: Sizes, groups: int, kernel: Sizes) -> None:
        super().__init__(stride, padding, dilation, groups)
        self.kernel = kernel

    def geometry(self, *shapes: Shape) -> str:
        """Say it of the kernels that come out."""
        return write_geometry(self.kernel, self.stride, self.padding, self.dilation)

    def forward(self, x: Any, y: Any) -> Any:
        """Multiply y and the windows, transposed."""
        shape = self.shape(x.shape, y.shape)
        parts = self.parts(x, prod((x.shape[1], *self.kernel, *y.shape[2:])))
        pairs = ((self.rows(y[part]), self.columns(x[part], self.kernel).swapaxes(1, 2)) for part in parts)
        first, *others = (np.matmul(rows, columns) for rows, columns in pairs)
        return sum(others, first).reshape(shape)

    def shape(self, *shapes: Shape) -> Shape:
        """Give (outputs, channels / groups, *kernel)."""
        x, y = shapes
        W = (*y[1:2], *(m // self.groups for m in x[1:2]), *self.kernel)
        wanted = self.places(x, W)
        if y != wanted:
            raise ValueError(f"wanted a second operand of shape {wanted}, not {y}, for a kernel of {self.kernel}")
        return W

    def batch(self, x: Any, y: Any) -> Any:
        """Take the lanes for groups."""
        x, y = spread_lanes((x, y))
        lanes = len(x)
        W = self.of_lanes(lanes)(_merge_samples(x), _merge_samples(y))
        return np.reshape(W, (lanes, W.shape[0] // lanes, *W.shape[1:]))
