"""Kernels that go over positions, by indices: y at n, c, i is Σ w x at n, d, 2i + p − 1; and the letters of books.

A sum over places i and offsets p with stride · i + dilation · p − padding = j is one over i alone: p = j + padding −
stride · i, or no place of the kernel. Where both stride and dilation are not 1 neither can be put in for the other, and
the sum says what it is of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from minigrad.engine.node import Node
from minigrad.notation.index.along import Along, Label, Moved
from minigrad.ops.base import Shape
from minigrad.ops.networks.convolution import Convolving, Correlation, TransposedConvolution
from minigrad.ops.networks.pooling import Pooling, ShareOut, SpreadSums
from minigrad.ops.networks.windows import AddWindows, Sizes, Windows

SAMPLES, CHANNELS, GROUPS, POSITIONS, KERNEL = "n", "cdefgh", "ghab", "ijklmst", "pqrstuv"


def follow_windows(op: Convolving | Windows | Pooling, shapes: list[Shape], out: Shape) -> Along:
    """Say how the axes of what a kernel goes over follow those of what comes of it."""
    if isinstance(op, Pooling):
        back = isinstance(op, ShareOut | SpreadSums)
        return _spread(op, len(shapes), len(out)) if back else _pooled(op, len(shapes), len(out))
    if isinstance(op, Windows):
        return _add_windows(op, shapes[0]) if isinstance(op, AddWindows) else _windows(op, shapes[0])
    if isinstance(op, Correlation):
        return _correlation(op, shapes[0], out)
    return _transposed(op, shapes[1], out) if isinstance(op, TransposedConvolution) else _convolution(op, shapes[1])


def _windows(op: Windows, x: Shape) -> Along:
    n, first = len(op.kernel), len(x) - len(op.kernel)
    seen = (
        Moved(((s, first + k, 1), (d, first + n + k, 1)))
        for k, (s, d) in enumerate(zip(op.stride, op.dilation, strict=True))
    )
    return Along(((*range(first), *seen),))


def _add_windows(op: AddWindows, x: Shape) -> Along:
    first = len(x) - 2 * len(op.kernel)
    ways = _Back(op.stride, op.dilation, ((0, 0),) * len(op.kernel), first)
    return Along(((*range(first), *ways.places, *ways.kernel),), tuple(ways.bound), (), tuple(ways.where))


def _pooled(op: Pooling, inputs: int, ndim: int) -> Along:
    """Follow what there is one of for each window: y, if it is among the inputs, has its place, the others windows."""
    first = ndim - len(op.kernel)
    kernel = tuple(f"p{k}" for k in range(len(op.kernel)))
    seen = (
        Moved(((s, first + k, 1), (d, p, 1)))
        for k, (s, d, p) in enumerate(zip(op.stride, op.dilation, kernel, strict=True))
    )
    x = (*range(first), *seen)
    return Along((x, tuple(range(ndim)), x) if inputs == 3 else (x,), kernel, _free(op.kernel))


def _free(kernel: Sizes) -> tuple[tuple[str, int, str], ...]:
    """Give the places within a window that is no axis of an input."""
    return tuple((f"p{k}", n, _every(KERNEL, k, len(kernel))) for k, n in enumerate(kernel))


def _spread(op: Pooling, inputs: int, ndim: int) -> Along:
    """Follow what comes back to each element from the windows that it is in; x itself, the third input, has its place.

    ``_Back`` has a place within a window, too, which no input has an axis for: what is known of it is a condition.
    """
    first = ndim - len(op.kernel)
    ways = _Back(op.stride, op.dilation, ((0, 0),) * len(op.kernel), first)
    lead = tuple(range(first))
    g = (*lead, *ways.places)
    hidden = ((p, range(n)) for p, n in zip(ways.kernel, op.kernel, strict=True) if isinstance(p, Moved))
    where = (*ways.where, *hidden)
    x = (*lead, *range(first, ndim))
    return Along((g, g, x) if inputs == 3 else (g,), tuple(ways.bound), _free(op.kernel), where)


def _convolution(op: Convolving, W: Shape) -> Along:
    kernel = tuple(f"p{k}" for k in range(len(op.stride)))
    seen = (
        Moved(((s, 2 + k, 1), (d, p, 1)), -pad[0])
        for k, (s, d, pad, p) in enumerate(zip(op.stride, op.dilation, op.padding, kernel, strict=True))
    )
    channel = _in_group(op, W[1], 1, W[0], "rc")
    return Along(((0, channel, *seen), (1, "rc", *kernel)), ("rc", *kernel))


def _correlation(op: Correlation, x: Shape, W: Shape) -> Along:
    places = tuple(f"i{k}" for k in range(len(op.stride)))
    seen = (
        Moved(((s, i, 1), (d, 2 + k, 1)), -pad[0])
        for k, (s, d, pad, i) in enumerate(zip(op.stride, op.dilation, op.padding, places, strict=True))
    )
    channel = _in_group(op, W[1], 0, W[0], 1)
    return Along((("rn", channel, *seen), ("rn", 0, *places)), ("rn", *places))


def _transposed(op: TransposedConvolution, W: Shape, x: Shape) -> Along:
    ways = _Back(op.stride, op.dilation, op.padding, 2)
    size = W[0] // op.groups
    output, channel = _in_group(op, size, 1, x[1], "ro"), _digit(1, W[1]) if op.groups > 1 else 1
    return Along(
        ((0, output, *ways.places), (output, channel, *ways.kernel)),
        tuple(ways.bound) if isinstance(output, int) else ("ro", *ways.bound),
        (("ro", size, CHANNELS),) if op.groups > 1 else (),
        tuple(ways.where),
    )


class _Back:
    """Where on their axes the place of a window, and the place in it, are that a position was seen at."""

    def __init__(self, stride: Any, dilation: Any, padding: Any, first: int) -> None:
        self.places: list[Label] = []
        self.kernel: list[Label] = []
        self.bound: list[str] = []
        self.where: list[tuple[Moved, Label]] = []
        for k, (s, d, (pad, _)) in enumerate(zip(stride, dilation, padding, strict=True)):
            place, offset, axis = f"i{k}", f"p{k}", first + k
            if s == 1:
                self._add(Moved(((1, axis, 1), (-d, offset, 1)), pad), offset, [offset])
            elif d == 1:
                self._add(place, Moved(((1, axis, 1), (-s, place, 1)), pad), [place])
            else:
                self._add(place, offset, [place, offset])
                self.where.append((Moved(((s, place, 1), (d, offset, 1)), -pad), axis))

    def _add(self, place: Label, offset: Label, bound: list[str]) -> None:
        self.places.append(place)
        self.kernel.append(offset)
        self.bound += bound


def _in_group(op: Convolving, size: int, whose: int, n: int, own: Label) -> Label:
    """Give the channel of a group: that of an axis ``whose`` n channels belong to, and its ``own`` number in there."""
    if op.groups == 1:
        return own
    if size == n // op.groups == 1:  # each has its own
        return whose
    return Moved(((size, whose, n // op.groups), (1, own, 1)), 0, True)


def _digit(axis: int, n: int) -> Label:
    """Give the number within its group of a channel, of n in each."""
    return Moved(((1, axis, 1), (-n, axis, n)), 0, True) if n > 1 else None


def axis_letters(node: Node) -> Iterator[tuple[Node, int, str]]:
    """Give, of the axes that an operation with a kernel has, those that a book has letters for, in order of liking."""
    op = node.op
    if not isinstance(op, Convolving | Windows | Pooling):
        return
    n = len(op.stride)
    first = node.inputs[0]
    if isinstance(op, Pooling):
        lead = [SAMPLES, CHANNELS] if node.ndim == n + 2 else [""] * (node.ndim - n)
        for x in (node, *node.inputs):
            yield from _lettered(x, lead, POSITIONS, n)
        return
    if isinstance(op, Convolving):
        images, kernels = ([node, first], node.inputs[1:]) if not isinstance(op, Correlation) else (node.inputs, [node])
        for x in images:
            yield from _lettered(x, [SAMPLES, CHANNELS], POSITIONS, n)
        for W in kernels:
            yield from _lettered(W, [CHANNELS, CHANNELS], KERNEL, n)
        return
    image, windows = (node, first) if isinstance(op, AddWindows) else (first, node)
    lead = [SAMPLES, CHANNELS] if image.ndim == n + 2 else [""] * (image.ndim - n)
    yield from _lettered(image, lead, POSITIONS, n)
    yield from _lettered(windows, lead, POSITIONS, n)
    for k in range(n):
        yield windows, windows.ndim - n + k, _every(KERNEL, k, n)


def _lettered(x: Node, lead: list[str], letters: str, n: int) -> Iterator[tuple[Node, int, str]]:
    for axis, own in enumerate(lead):
        if own:
            yield x, axis, own
    for k in range(n):
        yield x, len(lead) + k, _every(letters, k, n)


def _every(letters: str, k: int, n: int) -> str:
    """Give each n-th letter from the k-th on: of the second of two axes j, and l where j is in use."""
    return letters[k::n]


def group_digits(node: Node) -> Iterator[tuple[Node, int, list[tuple[str, int]]]]:
    """Give the axes of channels in groups, each with the letters and sizes of its group and of its number in there."""
    op = node.op
    if not isinstance(op, Convolving) or op.groups == 1:
        return
    first, second = node.inputs
    images, kernel = ((first, second), node) if isinstance(op, Correlation) else ((first, node), second)
    for x, axis in ((kernel, 0), *((image, 1) for image in images)):
        if x.shape[axis] > op.groups:
            yield x, axis, [(GROUPS, op.groups), (CHANNELS, x.shape[axis] // op.groups)]
