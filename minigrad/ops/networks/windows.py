"""Windows: the parts of an array that a kernel sees at each of its places, and the sum that windows go back into."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from minigrad.ops.base import Op, Shape

Sizes = tuple[int, ...]  # one number for each axis of positions
Pairs = tuple[tuple[int, int], ...]  # how many places are added before and behind each


def count_places(size: Sizes, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Sizes:
    """Say at how many places along each axis a kernel fits. Raises ``ValueError`` where it is too long."""
    spans = [d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True)]
    for n, span in zip(size, spans, strict=True):
        if span > n:
            raise ValueError(f"a window of {span} does not fit into an axis of {n}; padding= adds places")
    return tuple((n - span) // s + 1 for n, span, s in zip(size, spans, stride, strict=True))


def take_windows(x: Any, kernel: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """View the last axes of an array in windows: (…, *positions) as (…, *places, *kernel)."""
    n = len(kernel)
    if not n:
        return x
    spans = tuple(d * (k - 1) + 1 for k, d in zip(kernel, dilation, strict=True))
    steps: list[Any] = [slice(None, None, step) for step in (*stride, *dilation)]
    return np.lib.stride_tricks.sliding_window_view(x, spans, tuple(range(-n, 0)))[(..., *steps)]


def add_windows(w: Any, size: Sizes, stride: Sizes, dilation: Sizes) -> Any:
    """Add windows (…, *places, *kernel) to where they were taken from, an array (…, *size); 0 where none was."""
    n = len(size)
    lead, places, kernel = w.shape[: w.ndim - 2 * n], w.shape[w.ndim - 2 * n : w.ndim - n], w.shape[w.ndim - n :]
    y = np.zeros_like(w, shape=(*lead, *size), order="C")
    for at in np.ndindex(*kernel):  # as many additions of whole arrays as the kernel has elements
        each = zip(at, dilation, stride, places, strict=True)
        target: list[Any] = [slice(k * d, k * d + s * (m - 1) + 1, s) for k, d, s, m in each]
        y[(..., *target)] += w[(..., *at)]
    return y


def write_geometry(kernel: Sizes, stride: Sizes, padding: Pairs, dilation: Sizes) -> str:
    """Say how a kernel goes over positions, as captions do: 3×3, stride 2, padding 1."""
    said = ["×".join(map(str, kernel))]
    pads = tuple(sum(pair) / 2 for pair in padding)
    for name, values, usual in (("stride", stride, 1), ("padding", pads, 0), ("dilation", dilation, 1)):
        if any(value != usual for value in values):
            said.append(f"{name} {'×'.join(f'{value:g}' for value in dict.fromkeys(values))}")
    return ", ".join(said)


class Windows(Op):
    """The windows of the last axes at every place that a kernel fits: y_(i,p) = x_(stride · i + dilation · p)."""

    name, text = "windows", "windows({x})"
    fields: ClassVar[tuple[str, ...]] = ("kernel", "stride", "dilation")
    example: ClassVar[tuple[Any, ...]] = ((2, 2), (1, 1), (1, 1))
    reads_values = False
    vjps = (lambda op, g, y, x: AddWindows(op.kernel, op.stride, op.dilation, x.shape[x.ndim - len(op.kernel) :])(g),)

    def __init__(self, kernel: Sizes, stride: Sizes, dilation: Sizes) -> None:
        self.kernel, self.stride, self.dilation = kernel, stride, dilation

    def forward(self, x: Any) -> Any:
        """Copy each window."""
        self.shape(x.shape)
        return take_windows(x, self.kernel, self.stride, self.dilation).copy()

    def shape(self, *shapes: Shape) -> Shape:
        """Give the axes in front, then those of the places, then those within a window."""
        (shape,) = shapes
        first = len(shape) - len(self.kernel)
        if first < 0:
            raise ValueError(f"windows of {len(self.kernel)} axes are taken of an array of {len(shape)}")
        places = count_places(shape[first:], self.kernel, self.stride, self.dilation)
        return (*shape[:first], *places, *self.kernel)

    def geometry(self, *shapes: Shape) -> str:
        """Say how large windows are and where they are, for a picture."""
        return write_geometry(self.kernel, self.stride, (), self.dilation)

    def batch(self, x: Any) -> Any:
        """Take those of all lanes: what stands in front of the last axes is left as it is."""
        return self(x)


class WindowsView(Windows):
    """The same windows, which are not copied: NumPy's ``sliding_window_view``, to be read alone."""

    views = True

    def forward(self, x: Any) -> Any:
        """View each window."""
        self.shape(x.shape)
        return take_windows(x, self.kernel, self.stride, self.dilation)


class AddWindows(Windows):
    """Windows added to where they were taken from, of a size: x_j = Σ y_(i,p), stride · i + dilation · p = j."""

    name, text = "add_windows", "add_windows({x})"
    fields = ("kernel", "stride", "dilation", "size")
    example = ((), (), (), ())
    vjps = (lambda op, g, y, x: Windows(op.kernel, op.stride, op.dilation)(g),)

    def __init__(self, kernel: Sizes, stride: Sizes, dilation: Sizes, size: Sizes) -> None:
        super().__init__(kernel, stride, dilation)
        self.size = size

    def forward(self, x: Any) -> Any:
        """Add up."""
        self.shape(x.shape)
        return add_windows(x, self.size, self.stride, self.dilation)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the axes in front, then those of the size."""
        (shape,) = shapes
        inner = (*count_places(self.size, self.kernel, self.stride, self.dilation), *self.kernel)
        first = len(shape) - len(inner)
        if first < 0 or shape[first:] != inner:
            raise ValueError(f"wanted windows whose last axes are {inner}, of an array whose last axes are {self.size}")
        return (*shape[:first], *self.size)


def pad_with(x: Any, padding: Pairs, value: float) -> Any:
    """Add places of a value before and behind the last axes."""
    if not any(map(any, padding)):
        return x
    return np.pad(x, ((0, 0),) * (x.ndim - len(padding)) + padding, constant_values=value)
