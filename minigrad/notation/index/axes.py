"""Which axes of an operation's inputs and output run together: what index notation gives one letter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import chain
from math import prod
from operator import itemgetter
from typing import Any, NamedTuple

from minigrad.engine.node import Node
from minigrad.notation.index.along import Along, Label, Moved
from minigrad.notation.index.lookups import follow_lookup
from minigrad.notation.index.running import follow_running
from minigrad.notation.index.windows import follow_windows
from minigrad.ops.arithmetic import Where
from minigrad.ops.base import Elementwise, Shape
from minigrad.ops.cumulative import CumProd, CumSum
from minigrad.ops.fft import Fourier, RealFourier
from minigrad.ops.indexing import Gather, Index, Scatter, is_basic
from minigrad.ops.linalg import matmul
from minigrad.ops.matrices.einsum import Einsum
from minigrad.ops.networks.convolution import Convolving
from minigrad.ops.networks.normalization import Standardize
from minigrad.ops.networks.pooling import Pooling
from minigrad.ops.networks.windows import Windows
from minigrad.ops.places.moving import Diagonal, Flip
from minigrad.ops.places.sliding import Convolve, Correlate
from minigrad.ops.places.sorting import Reorder, Sort
from minigrad.ops.reduction import Reduction, Softmax, normalize_axis
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose


def follow_axes(node: Node) -> Along | None:
    """Say how the axes of an operation's inputs follow those of its output; None where no index says it.

    A product of matrices contracts an axis, a transpose swaps two, a sum names one, broadcasting drops one.
    """
    op, out = node.op, node.shape
    shapes = [x.shape if isinstance(x, Node) else () for x in node.inputs]
    if isinstance(op, Elementwise | Where | BroadcastTo | Cast):
        return Along(tuple(_aligned(shape, out) for shape in shapes))
    if isinstance(op, Softmax | Standardize):
        return Along((tuple(range(len(out))),))
    if isinstance(op, Fourier | RealFourier):
        return _transformed(op, out)
    if op == matmul:
        return _contracted(shapes[0], shapes[1], out)
    if isinstance(op, Einsum):
        return _named(op, shapes)
    if isinstance(op, Transpose):
        axes = op.axes or tuple(range(len(out)))[::-1]
        where = [axis % max(len(out), 1) for axis in axes]
        return Along((tuple(where.index(i) for i in range(len(out))),))
    if isinstance(op, Convolving | Windows | Pooling):
        return follow_windows(op, shapes, out)
    if isinstance(op, Convolve | Correlate | CumProd | CumSum):
        return follow_running(op, shapes, out) if node.size else None
    if isinstance(op, Reduction):
        return _reduced(shapes[0], normalize_axis(op.axis, len(shapes[0])), op.keepdims)
    if isinstance(op, Reshape):
        return Along((reshaped(shapes[0], out),)) if node.size else None
    if isinstance(op, Index) and type(op) in (Index, Flip) and is_basic(op.key):
        return _indexed(op.key, shapes[0])
    by_arrays = isinstance(op, Index) and type(op) in (Index, Scatter) and not is_basic(op.key)
    if by_arrays or isinstance(op, Gather | Reorder | Sort):
        return follow_lookup(node) if node.size else None
    if isinstance(op, Diagonal):
        return _diagonal(op, shapes[0])
    own = getattr(op, "follow", None)
    return own(*shapes) if own else None


def _transformed(op: Fourier | RealFourier, out: Shape) -> Along:
    axes = normalize_axis(op.axes if isinstance(op, Fourier) else op.axis, len(out))
    labels: tuple[Label, ...] = tuple(f"r{i}" if i in axes else i for i in range(len(out)))
    return Along((labels,), tuple(f"r{i}" for i in axes))


def _aligned(shape: Shape, out: Shape) -> tuple[Label, ...]:
    """Align to the right; an axis that is repeated has no index."""
    first = len(out) - len(shape)
    return tuple(first + i if n == out[first + i] else None for i, n in enumerate(shape))


def _contracted(a: Shape, b: Shape, out: Shape) -> Along:
    rows = len(out) - 1 - (len(b) > 1)
    left: tuple[Label, ...] = (*_aligned(a[:-2], out[: len(out) - (len(a) > 1) - (len(b) > 1)]),)
    right: tuple[Label, ...] = (*_aligned(b[:-2], out[: len(out) - (len(a) > 1) - (len(b) > 1)]),)
    left += (rows,) if len(a) > 1 else ()
    return Along(((*left, "r"), (*right, "r", *((len(out) - 1,) if len(b) > 1 else ()))), ("r",))


def _named(op: Einsum, shapes: list[Shape]) -> Along:
    """Follow the axes by the names that they have; one of length 1 that is repeated has no index."""
    named = [list(zip(term, shape, strict=True)) for term, shape in zip(op.terms, shapes, strict=True)]
    longest = dict(sorted(chain(*named), key=itemgetter(1)))
    own = {label: i for i, label in enumerate(op.output)} | {label: f"r{label}" for label in op.summed}
    labels = (tuple(own[label] if n == longest[label] else None for label, n in axes) for axes in named)
    return Along(tuple(labels), tuple(f"r{label}" for label in op.summed))


def _reduced(shape: Shape, axes: tuple[int, ...], keepdims: bool) -> Along:
    labels: list[Label] = []
    kept = 0
    for i in range(len(shape)):
        labels.append(f"r{i}" if i in axes else kept)
        kept += keepdims or i not in axes
    return Along((tuple(labels),), tuple(f"r{i}" for i in axes))


def reshaped(shape: Shape, out: Shape) -> tuple[Label, ...]:
    """Say where an element of a reshaped array was: axes that are split, or joined, by their digits in the whole.

    Axes that are split give one place, i = 3c + j; those that are joined are digits of it, c = ⌊i / 3⌋.
    """
    labels: list[Label] = [None] * len(shape)
    for before, after in group_axes(shape, out):
        if len(before) == len(after) == 1:
            labels[before[0]] = after[0]
            continue
        whole = Moved(tuple((prod(out[i] for i in after if i > axis), axis, 1) for axis in after), 0, True)
        rest = 1
        for axis in reversed(before):
            n = shape[axis]
            over = ((-n, whole, rest * n),) if axis != before[0] else ()
            labels[axis] = whole if len(before) == 1 else Moved(((1, whole, rest), *over), 0, True)
            rest *= n
    return tuple(labels)


def group_axes(shape: Shape, out: Shape) -> list[tuple[list[int], list[int]]]:
    """Give the least groups of axes, other than those of length 1, that have the same elements in both shapes."""
    ours, theirs = ([i for i, n in enumerate(sizes) if n != 1] for sizes in (shape, out))
    if [shape[i] for i in ours] == [out[i] for i in theirs]:
        return [([i], [k]) for i, k in zip(ours, theirs, strict=True)]
    if not prod(shape):
        return []
    groups: list[tuple[list[int], list[int]]] = []
    a = b = 1
    while ours or theirs:
        if a == b:
            groups.append(([], []))
            a = b = 1
        if a <= b:
            groups[-1][0].append(ours[0])
            a *= shape[ours.pop(0)]
        else:
            groups[-1][1].append(theirs[0])
            b *= out[theirs.pop(0)]
    return groups


def _indexed(key: Any, shape: Shape) -> Along | None:
    """Follow an index of slices, new axes, and whole numbers."""
    places = key_places(key, shape)
    if places is None:
        return None
    labels: list[Label] = []
    at = 0  # the next axis of the output
    for place, n in zip(places.axes, shape, strict=True):
        at += places.new[len(labels)]
        if isinstance(place, int):
            labels.append(None if n == 1 else Moved((), place, True))
            continue
        labels.append(at if place == range(n) else Moved(((place.step, at, 1),), place.start, True))
        at += 1
    return Along((tuple(labels),))


def _diagonal(op: Diagonal, shape: Shape) -> Along | None:
    """Follow a diagonal: yᵢ = xᵢᵢ₊₁."""
    _, rows, columns = op.key
    if not len(rows):
        return None
    axis = len(shape) - 2
    row, column = (
        Moved(((1, axis, 1),), int(first), True) if first or len(rows) != n else axis
        for first, n in zip((rows[0], columns[0]), shape[-2:], strict=True)
    )
    return Along(((*range(axis), row, column),))


class KeyPlaces(NamedTuple):
    """What an index selects of each axis: one place, or a range of them; and how many axes are new before each."""

    axes: tuple[int | range, ...]
    new: tuple[int, ...]


def key_places(key: Any, shape: Shape) -> KeyPlaces | None:
    """Read an index of slices, new axes and whole numbers; None of one that holds arrays."""
    parts = [None] if key is True else list(key) if isinstance(key, tuple) else [key]
    if not is_basic(key) or any(isinstance(part, bool) for part in parts):
        return None
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    rest = len(shape) - sum(part is not None and part is not Ellipsis for part in parts)
    axes: list[int | range] = []
    new: list[int] = [0]
    for part in parts:
        if part is None:
            new[-1] += 1
            continue
        for own in [slice(None)] * rest if part is Ellipsis else [part]:
            n = shape[len(axes)]
            axes.append(range(n)[own] if isinstance(own, slice) else int(own) % n)
            new.append(0)
    return KeyPlaces(tuple(axes), tuple(new))


def align_axes(labels: Sequence[Any], shape: Shape) -> tuple[Any, ...]:
    """Give the labels of an array that is broadcast to axes of some labels; an axis that is repeated has none."""
    first = len(labels) - len(shape)
    return tuple(None if n == 1 else labels[first + i] for i, n in enumerate(shape))


def shows_axis(x: Any, axis: int, name: Callable[[Node, tuple[Any, ...]], Any]) -> bool:
    """Say whether something in the element of an expression has just the index of an axis.

    It is not seen where the axis is repeated, nor always where a place is made of it and of others: in (i − p) + p.
    """
    stack = [(x, axis)]
    while stack:
        node, axis = stack.pop()
        if not isinstance(node, Node) or node.shape[axis] == 1:
            continue
        if name(node, (None,) * node.ndim) is not None:
            return True
        follows = follow_axes(node) if node.op is not None else None
        if follows is None and node.op is not None:
            return True
        for part, labels in zip(node.inputs, follows.inputs if follows else (), strict=True):
            stack += [(part, i) for i, label in enumerate(labels or ()) if axis in (label, *_moved_from(label))]
    return False


def _moved_from(label: Label) -> list[Label]:
    """Give the one label that a place differs from by a number."""
    parts = label.parts if isinstance(label, Moved) else ()
    return [other for times, other, per in parts if abs(times) == per == len(parts) == 1]
