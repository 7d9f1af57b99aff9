"""Windows in NumPy, of images whose samples lie last in memory: convolution and its two gradients, pooling and its own.

Windows are copied as columns (im2col; Chellapilla, Puri & Simard 2006) by whole runs of memory, for some places along
the first axis at a time, so that the columns stay in a cache until they are multiplied.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.numpy.calls import KERNELS, Kernel, find_kernel
from minigrad.compiler.numpy.names import Lines
from minigrad.compiler.numpy.samples import is_of_windows
from minigrad.engine.node import Node
from minigrad.ops.base import Shape
from minigrad.ops.networks.convolution import Convolution, Convolving, Correlation, TransposedConvolution
from minigrad.ops.networks.pooling import MaxPool, Pooling, ShareOut, SpreadSums, SumPool, find_elements
from minigrad.ops.networks.windows import Sizes

AT_ONCE = 1 << 20  # bytes of columns, half of a second cache
ADDED = 4 << 20  # bytes of them that are added up: where parts meet, an image is gone through twice

Slices = tuple[slice, ...]


class Room:
    """Memory that calls compute in, one after the other: as much as was asked for at most."""

    def __init__(self) -> None:
        self.held = np.empty(0, np.uint8)

    def give(self, shape: Shape, dtype: Any) -> Any:
        """Give an array."""
        nbytes = prod(shape) * np.dtype(dtype).itemsize
        if self.held.nbytes < nbytes:
            self.held = np.empty(nbytes, np.uint8)
        return self.held[:nbytes].view(dtype).reshape(shape)


def bring_last(x: Any) -> Any:
    """Give an array with its samples last, (channels, *positions, samples), in order: as it lies, or a copy."""
    return np.ascontiguousarray(put_last(x))


def put_last(x: Any) -> Any:
    """See an array with its samples last."""
    return x.transpose(*range(1, x.ndim), 0)


def begin_last(x: Any) -> Any:
    """Give an array as it lies with its samples last, or another one for what it is to become."""
    seen = put_last(x)
    return seen if seen.flags.c_contiguous else np.empty(seen.shape, x.dtype)


def end_last(whole: Any, x: Any) -> None:
    """Leave in an array what it is to become."""
    if not np.may_share_memory(whole, x):
        np.copyto(put_last(x), whole)


def lay_last(x: Any) -> Any:
    """Give an array, or a copy, that lies with its samples last."""
    return bring_last(x).transpose(x.ndim - 1, *range(x.ndim - 1))


@dataclass(frozen=True)
class Block:
    """Places of some ``rows`` of the first axis; ``taps`` say for each element of a kernel which of them it has.

    There are the index of the element, those places, and the positions that they take; a place has none in padding.
    """

    rows: slice
    places: Sizes
    taps: tuple[tuple[Sizes, Slices, Slices], ...]


class Columns:
    """The windows of a convolution, of x (samples, channels, *size) at the places of y (samples, outputs, *places)."""

    def __init__(self, op: Convolving, x: Shape, kernel: Sizes, y: Shape, itemsize: int, most: int) -> None:
        self.op, self.kernel, self.samples, self.channels, self.size = op, kernel, x[0], x[1], x[2:]
        places = y[2:]
        each = x[1] * prod((*kernel, *places[1:])) * x[0] * itemsize
        some = max(1, most // max(each, 1))
        self.blocks = [self.cut(slice(i, min(i + some, places[0])), places) for i in range(0, places[0], some)]

    def cut(self, rows: slice, places: Sizes) -> Block:
        """Give the block of some rows."""
        own = (rows, *(slice(0, n) for n in places[1:]))
        found = []
        for at in np.ndindex(*self.kernel):
            each = zip(at, own, self.op.stride, self.op.dilation, self.op.padding, self.size, strict=True)
            pairs = [_meet(part, s, d * p - before, n) for p, part, s, d, (before, _), n in each]
            if all(inside.stop > inside.start for inside, _ in pairs):
                found.append((at, tuple(inside for inside, _ in pairs), tuple(seen for _, seen in pairs)))
        return Block(rows, tuple(part.stop - part.start for part in own), tuple(found))

    def parts(self, block: Block, columns: Any, image: Any) -> Iterator[tuple[Any, Any]]:
        """Give for each element of the kernel its part of the columns, and that of the image which it takes."""
        for at, inside, seen in block.taps:
            yield columns[(slice(None), *at, *inside)], image[(slice(None), *seen)]

    def make_room(self, block: Block, room: Room, dtype: Any) -> tuple[Any, Any]:
        """Give an array (channels, *kernel, *places, samples), and the same as matrices (groups, elements, places)."""
        columns = room.give((self.channels, *self.kernel, *block.places, self.samples), dtype)
        elements = self.channels // self.op.groups * prod(self.kernel)
        return columns, columns.reshape(self.op.groups, elements, -1)

    def take(self, block: Block, image: Any, room: Room) -> Any:
        """Copy windows as columns of matrices."""
        columns, matrices = self.make_room(block, room, image.dtype)
        if any(map(any, self.op.padding)):
            columns.fill(0)
        for part, seen in self.parts(block, columns, image):
            np.copyto(part, seen)
        return matrices

    def see_rows(self, block: Block, y: Any) -> Any:
        """See some rows of y, in order with its samples last, as matrices (groups, outputs, places)."""
        return y[:, block.rows].reshape(self.op.groups, y.shape[0] // self.op.groups, -1)

    def convolve(self, x: Any, W: Any, y: Any, room: Room) -> None:
        """y ← x ∗ W, a product of matrices for each block."""
        image, matrix, whole = bring_last(x), self.op.matrix(W), begin_last(y)
        for block in self.blocks:
            np.matmul(matrix, self.take(block, image, room), self.see_rows(block, whole))
        end_last(whole, y)

    def go_back(self, y: Any, W: Any, x: Any, room: Room) -> None:
        """Add what comes of each place to the positions of its window: x ← y ∗ Wᵀ."""
        given, matrix, whole = bring_last(y), self.op.matrix(W).swapaxes(1, 2), begin_last(x)
        multiply = np.multiply if matrix.shape[2] == 1 else np.matmul  # of a column and a row: 3 ms instead of 8
        whole.fill(0)
        for block in self.blocks:
            columns, matrices = self.make_room(block, room, y.dtype)
            multiply(matrix, self.see_rows(block, given), matrices)
            for part, seen in self.parts(block, columns, whole):
                np.add(seen, part, seen)
        end_last(whole, x)

    def correlate(self, x: Any, y: Any, W: Any, room: Room) -> None:
        """W ← x ⋆ y, a sum of products."""
        image, given = bring_last(x), bring_last(y)
        products = (
            np.matmul(self.see_rows(block, given), self.take(block, image, room).swapaxes(1, 2))
            for block in self.blocks
        )
        np.copyto(W, sum(products, next(products)).reshape(W.shape))


def _meet(places: slice, stride: int, ahead: int, size: int) -> tuple[slice, slice]:
    """Give which of some places i have a position stride · i + ahead in an axis, from their first on, and those."""
    first = max(places.start, -(ahead // stride))
    stop = min(places.stop, (size - 1 - ahead) // stride + 1)
    begin = stride * first + ahead
    seen = slice(begin, begin + stride * (stop - first - 1) + 1, stride) if stop > first else slice(0, 0)
    return slice(first - places.start, stop - places.start), seen


# pooling


def pool(op: Pooling, ufunc: np.ufunc, x: Any, y: Any) -> None:
    """Gather the elements of each window, along one axis after another."""
    places = y.shape[y.ndim - len(op.kernel) :]
    for axis, sizes in enumerate(zip(op.kernel, op.stride, op.dilation, places, strict=True)):
        behind = (slice(None),) * (len(places) - axis - 1)
        first, *others = (x[(*key, *behind)] for key in find_elements(*((n,) for n in sizes)))
        target = np.empty_like(first) if behind else y
        if not others:
            np.copyto(target, first)
        for i, other in enumerate(others):
            ufunc(target if i else first, other, out=target)
        x = target


def share_out(op: Pooling, g: Any, y: Any, x: Any, back: Any) -> None:
    """Give those elements of each window that reach its largest their shares."""
    keys, share, largest = list(op.elements(y.shape[y.ndim - len(op.kernel) :])), lay_last(g), lay_last(y)
    reached = [np.equal(x[key], largest) for key in keys]
    ties = sum((part.view(np.uint8) for part in reached[1:]), reached[0].astype(np.min_scalar_type(len(keys))))
    if not ties.all() or not np.isfinite(share).all():  # NaN, or 0 · ∞
        np.copyto(back, op.forward(g, y, x))
        return
    if ties.max() > 1:
        share = np.divide(share, ties, dtype=back.dtype)
    spread(op, back, [(key, share, part) for key, part in zip(keys, reached, strict=True)])


def spread_sums(op: Pooling, g: Any, back: Any) -> None:
    """Add each sum's gradient to the elements of its window."""
    given = lay_last(g)
    spread(op, back, [(key, given, None) for key in op.elements(g.shape[g.ndim - len(op.kernel) :])])


def spread(op: Pooling, back: Any, parts: list[tuple[Any, Any, Any]]) -> None:
    """Leave what the elements of windows get, of which there are the index, values and factors; 0 where none is."""
    n = len(op.kernel)
    each = list(zip(op.kernel, op.stride, op.dilation, parts[0][1].shape[-n:], back.shape[-n:], strict=True))
    alone = all(s > d * (k - 1) for k, s, d, _, _ in each)
    if not (alone and all(k == s and s * places == size for k, s, _, places, size in each)):
        back.fill(0)
    for key, value, factor in parts:
        target = back[key]
        if not alone:
            np.add(target, value if factor is None else value * factor, target)
        elif factor is None:
            np.copyto(target, value)
        else:
            np.multiply(value, factor, target)


# how they are called


def _write(w: Any, node: Node, *outs: str, function: Any) -> Lines:
    """Write a call of a function on the operands, and on what else it takes."""
    values = ", ".join((*map(w.value, node.inputs), *outs))
    return [f"{w.constant(function, node.op.name)}({values})"]  # type: ignore[union-attr]


def _name_room(w: Any) -> str:
    """Name the memory that a step has for columns."""
    key = ((0, "room"), "")
    if key not in w.zeros:
        w.zeros[key] = w.fresh("room")
        w.made.append(f"{w.zeros[key]} = {w.constant(Room, 'Room')}()")
    name: str = w.zeros[key]
    return name


def _writes_last(w: Any, node: Node) -> bool:
    """Say whether one of an operation's images lies with its samples last."""
    return is_of_windows(node) and any(x in w.samples_last for x in (node, *node.inputs) if isinstance(x, Node))


def write_convolving(w: Any, node: Node, out: str) -> Lines:
    """Write one of the three, by columns where an image lies with its samples last."""
    op, (a, b) = node.op, node.inputs
    if not _writes_last(w, node) or not isinstance(op, Convolving):
        return [f"{out}[...] = {find_kernel(op).number(w, node)}"]
    size, room = node.dtype.itemsize, _name_room(w)
    if isinstance(op, TransposedConvolution):
        back = Columns(op, node.shape, b.shape[2:], a.shape, size, ADDED)
        return _write(w, node, out, room, function=back.go_back)
    if isinstance(op, Correlation):
        over = Columns(op, a.shape, op.kernel, b.shape, size, AT_ONCE)
        return _write(w, node, out, room, function=over.correlate)
    columns = Columns(op, a.shape, b.shape[2:], node.shape, size, AT_ONCE)
    return _write(w, node, out, room, function=columns.convolve)


def write_pooling(w: Any, node: Node, out: str) -> Lines:
    """Write pooling, or a way back, by calls that leave what they compute where it is wanted."""
    op = node.op
    if not _writes_last(w, node) or not isinstance(op, Pooling):
        return [f"{out}[...] = {find_kernel(op).number(w, node)}"]
    if isinstance(op, MaxPool | SumPool):
        return _write(w, node, out, function=partial(pool, op, np.maximum if isinstance(op, MaxPool) else np.add))
    return _write(w, node, out, function=partial(share_out if isinstance(op, ShareOut) else spread_sums, op))


def register_windows() -> None:
    """Say how they are written."""
    number = find_kernel(SumPool((), (), ())).number
    KERNELS.register(Kernel(write_convolving, number), Convolution, TransposedConvolution, Correlation)
    KERNELS.register(Kernel(write_pooling, number), MaxPool, SumPool, ShareOut, SpreadSums)
