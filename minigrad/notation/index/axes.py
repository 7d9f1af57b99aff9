"""Which axes of an operation's inputs and output run together: what index notation gives one letter."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple

from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Where
from minigrad.ops.base import Elementwise, Shape
from minigrad.ops.einsum import Einsum
from minigrad.ops.indexing import Index
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import Max, Reduction, Softmax, normalize_axis
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose

Label = Any  # an axis of the output (an int), one summed over ("r"), one at a fixed place ("=3"), or none (length 1)
Place = int  # an axis of a Node, by number


class Along(NamedTuple):
    """For each input the label of each of its axes, and the labels that are summed over."""

    inputs: tuple[tuple[Label, ...], ...]
    bound: tuple[str, ...] = ()


def follow_axes(node: Node) -> Along | None:
    """Say how the axes of an operation's inputs follow those of its output; None where no index says it.

    A product of matrices contracts an axis, a transpose swaps two, a sum names one, broadcasting drops one.
    """
    op, out = node.op, node.shape
    shapes = [x.shape if isinstance(x, Node) else () for x in node.inputs]
    if isinstance(op, Elementwise | Where | BroadcastTo | Cast):
        return Along(tuple(_aligned(shape, out) for shape in shapes))
    if isinstance(op, Softmax):
        return Along((tuple(range(len(out))),))
    if op == matmul:
        return _contracted(shapes[0], shapes[1], out)
    if isinstance(op, Einsum):
        return _named(op, shapes)
    if isinstance(op, Transpose):
        axes = op.axes or tuple(range(len(out)))[::-1]
        where = [axis % max(len(out), 1) for axis in axes]
        return Along((tuple(where.index(i) for i in range(len(out))),))
    if isinstance(op, Reduction) and not isinstance(op, Max):
        return _reduced(shapes[0], normalize_axis(op.axis, len(shapes[0])), op.keepdims)
    if isinstance(op, Reshape):
        return _reshaped(shapes[0], out)
    if type(op) is Index:
        return _indexed(op.key, shapes[0])
    own = getattr(op, "follow", None)
    return own(*shapes) if own else None


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


def _reshaped(shape: Shape, out: Shape) -> Along | None:
    """A reshape that only inserts or removes axes of length 1 leaves every index as it is."""
    long = [i for i, n in enumerate(out) if n != 1]
    if [n for n in shape if n != 1] != [out[i] for i in long]:
        return None
    places = iter(long)
    return Along((tuple(None if n == 1 else next(places) for n in shape),))


def _indexed(key: Any, shape: Shape) -> Along | None:
    """Follow an index of whole slices, new axes, and whole numbers."""
    parts = list(key) if isinstance(key, tuple) else [key]
    if not all(part is None or part is Ellipsis or _is_plain(part) for part in parts):
        return None
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    rest = len(shape) - sum(part is not None and part is not Ellipsis for part in parts)
    labels: list[Label] = []
    at = 0  # the next axis of the output
    for part in parts:
        if part is None:
            at += 1
        elif isinstance(part, slice) or part is Ellipsis:
            count = rest if part is Ellipsis else 1
            labels += range(at, at + count)
            at += count
        else:
            n = shape[len(labels)]
            labels.append(None if n == 1 else f"={part % n}")
    return Along((tuple(labels),))


def _is_plain(part: Any) -> bool:
    whole = isinstance(part, slice) and part == slice(None)
    return whole or (isinstance(part, int) and not isinstance(part, bool))


def is_fixed(label: Label) -> bool:
    """Say whether a label is one place on an axis."""
    return isinstance(label, str) and label.startswith("=")


class Classes:
    """The axes of some expressions, in classes of those that run together; axes of length 1 are in none."""

    def __init__(self, nodes: Iterable[Node], same: Iterable[tuple[Node, Node]] = ()) -> None:
        self._first: dict[Node, Place] = {}  # a Node's first axis; the others follow
        self._of: list[Place] = []  # an axis -> another of its class, or itself
        for node in nodes:
            follows = follow_axes(node) if node.op is not None else None
            if follows is not None:
                self._follow(node, follows)
        for a, b in same:
            for axis in range(a.ndim if a.shape == b.shape else 0):
                self._join(a, axis, b, axis)

    def _follow(self, node: Node, follows: Along) -> None:
        bound: dict[str, tuple[Node, int]] = {}
        for x, labels in zip(node.inputs, follows.inputs, strict=True):
            for axis, label in enumerate(labels):
                if isinstance(label, int):
                    self._join(x, axis, node, label)
                elif label is not None and not is_fixed(label):
                    self._join(x, axis, *bound.setdefault(label, (x, axis)))

    def _place(self, node: Node, axis: int) -> Place:
        if node not in self._first:
            self._first[node] = len(self._of)
            self._of.extend(range(len(self._of), len(self._of) + node.ndim))
        return self._first[node] + axis

    def __getitem__(self, at: tuple[Node, int]) -> Place:
        place = self._place(*at)
        while self._of[place] != place:
            self._of[place] = self._of[self._of[place]]
            place = self._of[place]
        return place

    def _join(self, a: Node, i: int, b: Node, j: int) -> None:
        if a.shape[i] != 1 and b.shape[j] != 1:
            self._of[self[a, i]] = self[b, j]

    def of(self, node: Node) -> list[Place | None]:
        """Give the class of each axis of a Node, None for one of length 1."""
        return [None if n == 1 else self[node, axis] for axis, n in enumerate(node.shape)]
