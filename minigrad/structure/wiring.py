"""How segments of operations hang together: where each operand of each comes from, compared from segment to segment."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.ops.base import Op
from minigrad.ops.indexing import Index, Scatter, is_basic
from minigrad.ops.linalg import matmul
from minigrad.ops.shaping import Concatenate, Reshape, Transpose


def shape_of_operation(node: Node) -> Hashable:
    """Say what an operation is, but for the numbers in its index and for what it is computed from."""
    operands = tuple((x.shape, x.dtype.char) if isinstance(x, Node) else () for x in node.inputs)
    scalar = tuple(() if not shape or not shape[0] else shape for shape in operands)  # a number may become a Node
    return _without_numbers(node.op), node.shape, node.dtype.char, scalar


def numbers_of(op: Op | None) -> tuple[int, ...]:
    """Give the whole numbers in an index: (t,) of X[t], (t, n) of X[t:n]; nothing of other operations."""
    if not isinstance(op, Index) or not is_basic(op.key):
        return ()
    found: list[int] = []
    for part in op.key if isinstance(op.key, tuple) else (op.key,):
        ends = (part.start, part.stop) if isinstance(part, slice) else (part,)
        found += [int(n) for n in ends if isinstance(n, int | np.integer) and not isinstance(n, bool)]
    return tuple(found)


def enters_product(x: Node, users: Mapping[Node, Sequence[Node]]) -> bool:
    """Say whether a value is multiplied as a matrix, as it is or joined with others, (h, x) W."""
    after = list(users.get(x, ()))
    while after:
        node = after.pop()
        if node.op == matmul:
            return True
        if isinstance(node.op, Concatenate | Reshape | Transpose):
            after.extend(users.get(node, ()))
    return False


def _without_numbers(op: Op | None) -> Hashable:
    if not isinstance(op, Index):
        return op
    into = op.into if isinstance(op, Scatter) else None
    if not is_basic(op.key):  # which elements arrays or a mask choose is each segment's own
        return type(op), "arrays", into
    parts = op.key if isinstance(op.key, tuple) else (op.key,)
    template = tuple(
        ("slice", part.start is None, part.stop is None, part.step) if isinstance(part, slice) else _kind(part)
        for part in parts
    )
    return type(op), template, into


def _kind(part: Any) -> Any:
    return "number" if isinstance(part, int | np.integer) and not isinstance(part, bool) else part


@dataclass(frozen=True)
class _Source:
    """Where an operand comes from: ``within`` a segment or one ``back`` before it, at a place; ``shared``; ``own``."""

    kind: str
    at: Any
    back: int = 0


class Wiring:
    """The segments of a stretch of operations that are alike so far, and where the operands of the second come from.

    The first segment may take what the others have from before from anywhere; so the second and the third are what
    the others are held to. ``made`` has the place of each operation in the row that the stretch begins at ``start`` of.
    """

    def __init__(self, row: Sequence[Node], made: Mapping[Node, int], start: int, period: int, count: int) -> None:
        self.row, self.made, self.start, self.period, self.count = row, made, start, period, count
        self.own: dict[Node, list[Node]] = {}  # an operand of the second segment's own -> those of all, in order
        self._used: set[Node] = set()
        self.pattern = self._pattern()

    def segment(self, t: int) -> tuple[Node, ...]:
        """Give the operations of a segment."""
        at = self.start + t * self.period
        return tuple(self.row[at : at + self.period])

    def _place(self, x: Node) -> tuple[int, int]:
        """Give the segment that an operation is in and its place there; segment −1 for what is in none."""
        t, i = divmod(self.made.get(x, -1) - self.start, self.period)
        return (t, i) if 0 <= t < self.count else (-1, 0)

    def _pattern(self) -> list[list[_Source]]:
        """Say of each operand of the second segment where it comes from; own is what is another in the third."""
        second, third = self.segment(1), self.segment(2 if self.count > 2 else 0)
        return [
            [self._source(a, b, 1) for a, b in zip(node.inputs, other.inputs, strict=True)]
            for node, other in zip(second, third, strict=True)
        ]

    def _source(self, a: Any, b: Any, t: int) -> _Source:
        if not isinstance(a, Node):
            return _Source("number", a)
        segment, i = self._place(a)
        if segment == t:
            return _Source("within", i)
        if 0 <= segment < t and a is not b:
            return _Source("carried", i, t - segment)
        return _Source("shared" if a is b else "own", a)

    def agreeing(self) -> int:
        """Count the segments, from the first, that are wired alike."""
        if not self._fits(1) or not self._first_fits():
            return 0
        count = 2
        while count < self.count and self._fits(count):
            count += 1
        return count

    def _fits(self, t: int) -> bool:
        """Hold a segment to the pattern."""
        taken: dict[Node, Node] = {}  # own operands: of the second segment -> of this one
        for node, like, sources in zip(self.segment(t), self.segment(1), self.pattern, strict=True):
            if not self._steady(t, node, like):
                return False
            for x, source in zip(node.inputs, sources, strict=True):
                if not self._same(x, source, t, taken):
                    return False
        return self._taken(taken)

    def _steady(self, t: int, node: Node, like: Node) -> bool:
        """Hold the numbers of an index to going up or down evenly, as from the second segment to the third."""
        second = numbers_of(like.op)
        if not second or self.count < 3:
            return True
        third = numbers_of(self.row[self.made[like] + self.period].op)
        steps = [b - a for a, b in zip(second, third, strict=True)]
        numbers = numbers_of(node.op)
        return all(n == m + (t - 1) * step for n, m, step in zip(numbers, second, steps, strict=True))

    def _same(self, x: Any, source: _Source, t: int, taken: dict[Node, Node]) -> bool:
        if source.kind == "number":
            return type(x) is type(source.at) and x == source.at
        if not isinstance(x, Node):
            return False
        if source.kind == "shared":
            return x is source.at
        if source.kind == "own":
            if self._place(x)[0] >= 0 or not _alike(x, source.at):
                return False
            return taken.setdefault(source.at, x) is x
        return self._place(x) == (t - source.back, source.at)

    def _first_fits(self) -> bool:
        """Hold the first segment to the pattern; what comes from before it may come from anywhere, also as a number."""
        taken: dict[Node, Node] = {}
        for node, like, sources in zip(self.segment(0), self.segment(1), self.pattern, strict=True):
            if not self._steady(0, node, like):
                return False
            for x, source in zip(node.inputs, sources, strict=True):
                if source.kind == "carried":
                    if isinstance(x, Node) and self._place(x)[0] >= 0:
                        return False
                elif not self._same(x, source, 0, taken):
                    return False
        return self._taken(taken, first=True)

    def _taken(self, more: Mapping[Node, Node], first: bool = False) -> bool:
        """Note a segment's own operands, unless one is another segment's or stands for two of the second segment's."""
        if len(set(more.values())) < len(more) or not self._used.isdisjoint(more.values()):
            return False
        self._used.update(more.values())
        for a, b in more.items():
            row = self.own.setdefault(a, [])
            row.insert(0 if first else len(row), b)
        return True

    def operands(self, count: int) -> tuple[tuple[int, ...], tuple[Node, ...], tuple[tuple[Node, ...], ...]]:
        """Give the places of what is carried, what is shared, and the own operands of the first ``count`` segments."""
        sources = [source for row in self.pattern for source in row]
        carried = tuple(dict.fromkeys(source.at for source in sources if source.kind == "carried"))
        shared = tuple(dict.fromkeys(source.at for source in sources if source.kind == "shared"))
        return carried, shared, tuple(tuple(nodes[:count]) for nodes in self.own.values())


def _alike(a: Node, b: Node) -> bool:
    return a.shape == b.shape and a.dtype == b.dtype and (a.op is None) == (b.op is None)
