"""Groups: rows that one loop computes, in which turn each of them is, and from which turn to which they all are there.

Rows that depend on one another form a recurrence. Which way it goes, and how the rows stand to each other, follows from
what they take: nothing from a later turn. Sums of what a recurrence makes join its loop, and so does what is made for
it alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from minigrad.compiler.rolling.components import find_components
from minigrad.compiler.rolling.rows import Row, Slot
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add
from minigrad.ops.base import Elementwise


@dataclass(eq=False)
class Group:
    """Rows of one loop; element i of one is computed in turn sign · i + shift, for turns of ``low`` to ``high``.

    Sums that are ``begun`` in the first turn, where there is but one term, are taken from 0 on; ``exact`` ones never
    are, since 0 + −0 is no −0.
    """

    sign: int
    shift: dict[Row, int]
    exact: bool = False
    begun: set[Row] = field(default_factory=set)
    low: int = 0
    high: int = -1
    home: dict[Node, tuple[Row, int]] = field(default_factory=dict)  # what the loop computes -> its row, its turn

    @property
    def count(self) -> int:
        """The number of turns."""
        return self.high - self.low + 1

    def index(self, row: Row, t: int) -> int:
        """Give the place in a row of the group that a turn computes."""
        return self.sign * (t - self.shift[row])

    def lag(self, row: Row, slot: Slot) -> int:
        """Say how much later an operand of a row is computed, both being of the group; −1 is in the turn before."""
        assert slot.row is not None
        return self.sign * slot.ahead + self.shift[slot.row] - self.shift[row]

    def settle(self, taken: Mapping[Row, Group]) -> None:
        """Find the turns in which all rows are there, and wired as they are in the middle; others are ``taken``."""
        bounds = {row: list(self._bounds(row, taken)) for row in self.shift}
        lows = {row: max(low for low, _ in found) for row, found in bounds.items()}
        self.high = min(high for found in bounds.values() for _, high in found)
        low = max((lows[row] for row in self.shift if not self.is_sum(row)), default=max(lows.values()))
        self.begun = {row for row in self.shift if lows[row] == low + 1 and self.begins_with(row, low)}
        self.low = max([low, *(lows[row] for row in self.shift if row not in self.begun)])
        self.begun = self.begun if self.low == low else set()
        self.low = self.low if self.begun else max(lows.values())
        self.home = {}
        for row in self.shift:
            for t in range(self.low + (row in self.begun), self.high + 1):
                self.home.setdefault(row.nodes[self.index(row, t)], (row, t))

    def find_firsts(self) -> Iterator[Any]:
        """Give what the first turns have in the place of what an earlier one would have made."""
        for row in self.shift:
            for place, slot in enumerate(row.slots):
                user, at = row, self.index(row, self.low)
                while slot.row is not None and slot.row not in self.shift and slot.row.is_view and not slot.row.waits:
                    user, at, place = slot.row, at + slot.ahead, 0
                    slot = user.slots[0]
                if slot.row in self.shift and user not in self.begun:
                    lag = self.sign * (at + slot.ahead) + self.shift[slot.row] - self.low
                    yield from (user.nodes[at + self.sign * t].inputs[place] for t in range(-lag))

    def is_sum(self, row: Row) -> bool:
        """Say whether a row sums up what another of the group is in the same turn."""
        return not self.exact and row.like.op == add and sorted(
            [(x.row is row, self.lag(row, x)) for x in row.slots if x.row in self.shift]
        ) == [(False, 0), (True, -1)]  # fmt: skip

    def is_series(self) -> bool:
        """Say whether turns compute element by element, with numbers of their own: a polynomial, by Horner's rule."""
        numbers = any(slot.is_own and not isinstance(row.like.inputs[i], Node)
                      for row in self.shift for i, slot in enumerate(row.slots))  # fmt: skip
        return numbers and all(isinstance(row.like.op, Elementwise) or row.is_view for row in self.shift)

    def begins_with(self, row: Row, low: int) -> bool:
        """Say whether the first element of a sum is the second one's operand alone, what it sums up in a turn."""
        if not self.is_sum(row):
            return False
        (before,) = (j for j, slot in enumerate(row.slots) if slot.row is row)
        (term,) = (slot.row for slot in row.slots if slot.row is not row)
        i = self.index(term, low) if term is not None else -1
        first = row.nodes[self.index(row, low + 1)].inputs[before]
        return term is not None and 0 <= i < len(term.nodes) and term.nodes[i] is first

    def _bounds(self, row: Row, taken: Mapping[Row, Group]) -> Iterator[tuple[int, int]]:
        yield self._turns(row, row.start, row.end, 0)
        for slot in row.slots:
            if slot.row in self.shift:
                back = -self.lag(row, slot)
                low, high = self._turns(row, slot.start, slot.end, 0)
                yield low - back, high
            else:
                yield from self._bounds_outside(row, slot, 0, taken)

    def _bounds_outside(
        self, row: Row, slot: Slot, ahead: int, taken: Mapping[Row, Group]
    ) -> Iterator[tuple[int, int]]:
        """Give the turns in which what a row takes from outside of the group is wired as elsewhere, all of the way."""
        waiting, seen = [(slot, ahead)], set()
        while waiting:
            slot, ahead = waiting.pop()
            if (slot, ahead) in seen:
                continue
            seen.add((slot, ahead))
            low, high = self._turns(row, slot.start, slot.end, ahead)
            other, ahead = slot.row, ahead + slot.ahead
            if other is None:
                yield low, high
            elif other in self.shift:
                yield low + self.sign * ahead + self.shift[other] - self.shift[row], high
            elif other in taken:
                yield low, high
                ends = [taken[other].index(other, t) for t in (taken[other].low, taken[other].high)]
                yield self._turns(row, min(ends), max(ends) + 1, ahead)
            else:
                yield low, high
                yield self._turns(row, other.start, other.end, ahead)
                waiting += [] if other.waits else [(x, ahead) for x in other.slots]

    def _turns(self, row: Row, start: int, end: int, ahead: int) -> tuple[int, int]:
        """Give the first and the last turn in which a row's place, and so many ahead, is within bounds."""
        ends = [self.sign * i + self.shift[row] for i in (start - ahead, end - 1 - ahead)]
        return min(ends), max(ends)


def find_sources(row: Row) -> Iterator[tuple[Row, int]]:
    """Give the rows that a row takes operands from, itself or by views, and how far ahead."""
    for slot in row.slots:
        other, ahead = slot.row, slot.ahead
        while other is not None:
            yield other, ahead
            if not other.is_view or other.waits:
                break
            ahead, other = ahead + other.slots[0].ahead, other.slots[0].row


def find_recurrences(rows: Sequence[Row], exact: bool = False) -> list[Group]:
    """Give the rows that depend on one another, in an order in which they can be computed."""
    takes = {row: [slot.row for slot in row.slots if slot.row is not None] for row in rows}
    groups = []
    for part in find_components(rows, takes):
        if len(part) > 1 or part[0] in takes[part[0]]:
            for row in part:
                row.waits = True
            for sign in (1, -1):
                shift = _place(part, sign)
                if shift is not None:
                    groups.append(Group(sign, shift, exact))
                    break
    return groups


def _place(rows: Sequence[Row], sign: int) -> dict[Row, int] | None:
    """Place rows as late as what takes them allows, so that none takes anything from a later turn; None if they must.

    It is the shortest way from the first of them (Bellman and Ford), by steps of −sign · ahead.
    """
    inside = set(rows)
    shift = {rows[0]: 0}
    for _ in range(len(rows) + 1):
        changed = False
        for row in rows:
            for slot in row.slots if row in shift else ():
                if slot.row in inside:
                    there = shift[row] - sign * slot.ahead
                    if there < shift.get(slot.row, there + 1):
                        shift[slot.row], changed = there, True
        if not changed:
            return shift
    return None


def join_groups(earlier: Group, later: Group, between: Sequence[Row]) -> Group | None:
    """Give one group of two, of which one takes what the other makes, and of the rows between; None if that is none."""
    if earlier.sign != later.sign:
        return None
    sign, shift = earlier.sign, dict(earlier.shift)
    for row in between:
        known = [shift[x] + sign * ahead for x, ahead in find_sources(row) if x in shift]
        if known:  # else it is made for the later one alone, of neither
            shift[row] = max(known)
    gaps = [
        shift[x] + sign * ahead - later.shift[row]
        for row in later.shift for x, ahead in find_sources(row) if x in shift
    ]  # fmt: skip
    if not gaps:
        return None
    return Group(sign, shift | {row: n + max(gaps) for row, n in later.shift.items()}, earlier.exact)


def find_between(later: Group, taken: Mapping[Row, Group]) -> tuple[list[Row], list[Group]]:
    """Give the rows of no group that a group takes operands of, in order, and the groups that these lead to."""
    found: dict[Row, None] = {}
    groups: dict[Group, None] = {}
    stack: list[tuple[Row, bool]] = [(row, False) for row in later.shift]
    while stack:
        row, done = stack.pop()
        if done:
            found[row] = None
            continue
        if taken.get(row, later) is not later:
            groups[taken[row]] = None
            continue
        if row in found or (row.waits and row not in later.shift):
            continue
        if row not in later.shift:
            stack.append((row, True))
        stack += [(slot.row, False) for slot in row.slots if slot.row is not None and slot.row not in later.shift]
    return list(found), list(groups)
