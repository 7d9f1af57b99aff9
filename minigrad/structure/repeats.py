"""Where a computation repeats itself: consecutive segments of operations of one structure, wired alike.

The T steps of a recurrent network, the blocks of a residual one and equal layers are such segments. What is found is
said in terms of Nodes: which of them correspond, what each segment hands on, what all share and what each has of its
own. It is found by hashing operations (not what they are computed from), comparing the row of hashes with itself moved
by a period, and then following each operand once: linear in the graph's size for each of a bounded number of periods.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, subtract
from minigrad.ops.base import Elementwise
from minigrad.structure.wiring import Wiring, shape_of_operation

LEAST = 4  # segments of a repeat that is worth an index of its own
LONGEST_SEGMENT = 400  # operations
_CUTS = 3  # places that are tried for where a segment begins


def least_repeats(fold: Any) -> int:
    """Give how often is enough for a ``fold``: four times for "auto" or True, never (0) for False, or what it says.

    Raises ``ValueError`` for any other.
    """
    if fold == "auto" or isinstance(fold, bool | np.bool_):
        return LEAST if fold else 0
    if not isinstance(fold, int | np.integer) or fold < 2:
        raise ValueError(
            f'fold is "auto", True, False, or the least number of repeats that are folded, 2 or more; not {fold!r}'
        )
    return int(fold)


@dataclass(frozen=True, eq=False)
class Repeat:
    """Segments of one structure, in the order of computation.

    ``segments`` has the operations of each, place by place. ``carried`` are the places of the values that a later
    segment takes, ``shared`` the Nodes from outside that all segments take, and ``own`` those that each has for itself,
    a row for each use: inputs such as xₜ and Wₗ, or results of an earlier repeat.
    """

    segments: tuple[tuple[Node, ...], ...]
    carried: tuple[int, ...]
    shared: tuple[Node, ...]
    own: tuple[tuple[Node, ...], ...]

    @property
    def count(self) -> int:
        """How many segments there are."""
        return len(self.segments)

    @cached_property
    def places(self) -> dict[Node, tuple[int, int]]:
        """The row and the segment of each Node: a row for each place of a segment, then one for each own operand."""
        rows = [*zip(*self.segments, strict=True), *self.own]
        return {node: (row, t) for row, nodes in enumerate(rows) for t, node in enumerate(nodes)}

    def row(self, number: int) -> tuple[Node, ...]:
        """Give the Nodes that correspond, one of each segment, by the number of their row."""
        width = len(self.segments[0])
        return tuple(segment[number] for segment in self.segments) if number < width else self.own[number - width]


def find_repeats(operations: Iterable[Node], least: int = LEAST) -> list[Repeat]:
    """Give what repeats at least ``least`` times among operations, which come in the order of computation.

    Repeats do not overlap, and are given in the order of computation; of several that could be, that one which hides
    most operations goes first. Two segments are alike if their operations are, in order, with values of the same
    shapes and dtypes, and if each operand comes from the same place: from within, from a segment as far before, from
    one Node outside that all share, or from an input of each segment's own. An index such as the t of X[t] may go up
    or down evenly. What the first segments have from a segment before, they may have from anywhere.
    """
    row = [node for node in operations if node.op is not None]
    return list(_found(row, max(2, least)))


def _found(row: list[Node], least: int) -> Iterator[Repeat]:
    """Find the longest repeat, then those before and after it; a stack in the place of recursion."""
    made = {node: i for i, node in enumerate(row)}
    parts: list[tuple[int, int] | Repeat] = [(0, len(row))]
    while parts:
        part = parts.pop()
        if isinstance(part, Repeat):
            yield part
            continue
        repeat = _Search(row, made, *part, least).best()
        if repeat is not None:
            start, end = made[repeat.segments[0][0]], made[repeat.segments[-1][-1]] + 1
            parts += [(end, part[1]), repeat, (part[0], start)]


class _Search:
    """The search in one stretch of the row of operations."""

    def __init__(self, row: Sequence[Node], made: dict[Node, int], low: int, high: int, least: int) -> None:
        self.row, self.made, self.low, self.high, self.least = row, made, low, high, least
        numbers: dict[Hashable, int] = {}
        keys = (shape_of_operation(node) for node in row[low:high])
        self.keys = np.array([numbers.setdefault(key, len(numbers)) for key in keys], np.int64)

    def best(self) -> Repeat | None:
        """Give the repeat that hides most operations, of those that do the one with the shortest segments."""
        found, hidden = None, 0
        for period in range(1, min(len(self.keys) // self.least, LONGEST_SEGMENT) + 1):
            for start, end in self._alike(period):
                if (end - start) - period > hidden:
                    repeat = self._aligned(start, end, period)
                    if repeat is not None and (repeat.count - 1) * period > hidden:
                        found, hidden = repeat, (repeat.count - 1) * period
        return found

    def _alike(self, period: int) -> list[tuple[int, int]]:
        """Give the stretches in which every operation is like the one a period before."""
        same = np.concatenate([[False], self.keys[period:] == self.keys[:-period], [False]])
        (edges,) = np.nonzero(same[1:] != same[:-1])
        spans = [(int(a), int(b) + period) for a, b in zip(edges[::2], edges[1::2], strict=True)]
        return [(self.low + a, self.low + b) for a, b in spans if b - a >= self.least * period]

    def _aligned(self, start: int, end: int, period: int) -> Repeat | None:
        """Part a stretch into segments where fewest values go from one to the next.

        Of places that are as good, one before an operation that is not element by element, as Y₁ W₂ begins a layer;
        and then where the values that go on have fewest uses.
        """

        def cost(cut: int) -> tuple[int, bool, int, int]:
            values, uses = self._crossing[cut + period - self.low]
            return values, isinstance(self.row[cut].op, Elementwise), uses, cut

        for cut in sorted(range(start, min(start + period, end - self.least * period + 1)), key=cost)[:_CUTS]:
            for begin in (cut, cut + period):  # the first may be wired as no other is
                repeat = self._verified(begin, end, period)
                if repeat is not None:
                    return repeat
        return None

    @cached_property
    def _crossing(self) -> list[tuple[int, int]]:
        """Count, before each operation, the values from earlier operations that are still needed, and their uses."""
        values, uses = [0] * (self.high - self.low + 1), [0] * (self.high - self.low + 1)
        last: dict[int, int] = {}
        for i in range(self.low, self.high):
            for x in self.row[i].inputs:
                made = self.made.get(x, -1) if isinstance(x, Node) else -1
                if made >= self.low:
                    last[made] = i
                    uses[made + 1 - self.low] += 1
                    uses[i + 1 - self.low] -= 1
        for made, i in last.items():
            values[made + 1 - self.low] += 1
            values[i + 1 - self.low] -= 1
        return list(zip(accumulate(values), accumulate(uses), strict=True))

    def _verified(self, start: int, end: int, period: int) -> Repeat | None:
        """Give the segments from a place on, as many as are wired alike; None if these are too few."""
        if (end - start) // period < self.least:
            return None
        wiring = Wiring(self.row, self.made, start, period, (end - start) // period)
        count = wiring.agreeing()
        if count < self.least:
            return None
        return Repeat(tuple(map(wiring.segment, range(count))), *wiring.operands(count))


def program_order(nodes: Iterable[tuple[int, Any]], every: Sequence[Node]) -> list[Node]:
    """Put a graph's Nodes in the order in which they were computed, given the serial numbers of some of them.

    A Node without one (a part of a kernel that was opened, or what needs no gradient and so was not recorded) comes
    just before the first that needs it.
    """
    when: dict[Node, int] = {}
    for serial, node in nodes:
        if isinstance(node, Node) and node.op is not None and serial > 0:
            when[node] = min(serial, when.get(node, serial))
    for node in reversed(every):
        for x in node.inputs:
            if isinstance(x, Node) and node in when:
                when[x] = min(when.get(x, when[node]), when[node])
    place = {node: i for i, node in enumerate(every)}
    return sorted(every, key=lambda node: (when.get(node, 0), place[node]))


def find_starts(repeat: Repeat) -> dict[int, object]:
    """Give what the first segment takes where the second takes a value of the first, by the place of that."""
    found: dict[int, object] = {}
    place = {node: i for i, node in enumerate(repeat.segments[0])}
    for first, second in zip(repeat.segments[0], repeat.segments[1], strict=True):
        for a, b in zip(first.inputs, second.inputs, strict=True):
            if isinstance(b, Node) and b in place and a is not b:
                found.setdefault(place[b], a)
    return found


def accumulates(repeat: Repeat, number: int) -> bool:
    """Say whether a carried value is a running sum that nothing but itself needs: E = E + …"""
    node, after = repeat.segments[0][number], repeat.segments[1]
    users = [i for i, other in enumerate((*repeat.segments[0], *after)) if any(x is node for x in other.inputs)]
    return node.op in (add, subtract) and users == [len(repeat.segments[0]) + number]
