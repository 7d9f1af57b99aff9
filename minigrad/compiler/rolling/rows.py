"""Rows: an operation of a loop, as it is in each turn, and where its operands come from."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from minigrad.compiler.passes.lower import AddAt, is_view
from minigrad.compiler.rolling.keys import EvenKey, find_even_key, is_read
from minigrad.compiler.rolling.own import find_picked, gather_own, read_operand
from minigrad.engine.node import Node
from minigrad.ops.base import number_key
from minigrad.ops.indexing import Scatter
from minigrad.ops.places.assignment import Assign

FEW = 64  # elements of arrays that each turn has for itself, up to which there is a loop of few turns
LAYERS = 32  # turns, from which on there is one of larger ones: in NumPy code it takes a third longer than written out
ENDS = 8  # turns at the ends of a loop that may have other numbers and stay out of it
OTHERWISE = "each turn takes what is made for it in another way"
Kind = tuple[str, tuple[int, ...]]  # an operation's name, and the shape of what it gives


@dataclass(frozen=True, eq=False)
class Slot:
    """Where an operand of a row comes from, and in which of the row's places, ``start`` to ``end``, that is so.

    It is the ``same`` in all of them, or element i + ``ahead`` of another ``row``; else each place has its own.
    """

    start: int
    end: int
    same: Any = None
    row: Row | None = None
    ahead: int = 0

    @property
    def is_own(self) -> bool:
        """Whether each place has its own operand."""
        return self.row is None and self.same is None


@dataclass(eq=False)
class Row:
    """An operation as it is turn after turn; ``key`` is the index of one that reads a part of an array in each."""

    nodes: list[Node]
    slots: list[Slot] = field(default_factory=list)
    key: EvenKey | None = None
    start: int = 0
    end: int = 0
    waits: bool = False  # does it depend on itself, so that no two of its turns can be computed at once?

    @property
    def like(self) -> Node:
        """One that stands for all."""
        return self.nodes[len(self.nodes) // 2]

    @property
    def is_read(self) -> bool:
        """Whether it is a part of one array that is the same in all turns, each time another."""
        return self.key is not None and any(self.key.step) and self.slots[0].same is not None

    @property
    def is_view(self) -> bool:
        """Whether it looks at its operand in the same way in all turns."""
        return is_view(self.like.op) and not (self.key is not None and any(self.key.step))

    @property
    def is_fixed(self) -> bool:
        """Whether the operation is the same in all turns."""
        return self.key is None or not any(self.key.step)

    @property
    def is_even(self) -> bool:
        """Whether it is one operation, but for the numbers of an index, which go on evenly."""
        return self.key is not None or not is_read(self.like)


def make_rows(orbits: Iterable[Sequence[Node]], least: int) -> list[Row]:
    """Give rows whose slots are known; loops have the ``least`` turns or more."""
    rows = [Row(list(nodes)) for nodes in orbits]
    home = {node: (row, i) for row in rows for i, node in enumerate(row.nodes)}
    for row in rows:
        row.start, row.end = 0, len(row.nodes)
        middle = len(row.nodes) // 2
        if is_read(row.like):
            found = find_even_key([x.op.key for x in row.nodes], middle)  # type: ignore[union-attr]
            if found is not None:
                row.key, row.start, row.end = found
        row.slots = [_find_slot(row, j, middle, home, least) for j in range(len(row.like.inputs))]
    return rows


def find_usable_rows(orbits: Iterable[Sequence[Node]], least: int, refused: dict[Kind, str] | None = None) -> list[Row]:
    """Give rows, but for those that a loop could not compute: they are no longer where operands of others come from.

    One whose operands come from elsewhere for ``least`` turns or more, as a sum over two loops has it, is several.
    What becomes of ``refused`` are the reasons.
    """
    left: list[Sequence[Node]] = list(orbits)
    refused = {} if refused is None else refused
    while True:
        rows = make_rows(left, least)
        reasons = {row: reason for row in rows if (reason := find_obstacle(row, least))}
        for row, reason in reasons.items():
            refused.setdefault(find_kind(row.like), reason)
        usable = [part for row in rows if row not in reasons for part in _part_nodes(row, least)]
        if len(usable) == len(left) and sum(map(len, usable)) == sum(map(len, left)):
            return rows
        left = usable


def _part_nodes(row: Row, least: int) -> Iterator[Sequence[Node]]:
    """Give a row's operations in parts: those that are wired as in the middle, and enough of those before and after."""
    start = max([row.start, *(slot.start for slot in row.slots)])
    end = min([row.end, *(slot.end for slot in row.slots)])
    if end - start >= least:
        start, end = start if start >= least else 0, end if len(row.nodes) - end >= least else len(row.nodes)
    else:
        start, end = 0, len(row.nodes)
    yield from filter(None, (row.nodes[:start], row.nodes[start:end], row.nodes[end:]))


def find_obstacle(row: Row, least: int) -> str:
    """Say why a loop could not compute a row; nothing if it can."""
    if not row.is_even or row.end - row.start < least:
        return "it reads an array at indices that do not go on evenly"
    if not (row.is_fixed or row.is_read):
        return "its index moves, and so does what it is of"
    if isinstance(row.like.op, AddAt | Assign | Scatter) and any(x.op != row.like.op for x in row.nodes):
        return "each turn puts something in another place"
    return next((x for j, slot in enumerate(row.slots) if slot.is_own and (x := _find_own_obstacle(row, j))), "")


def _find_own_obstacle(row: Row, place: int) -> str:
    """Say why what the turns have of their own in one place cannot lie side by side."""
    own = [node.inputs[place] for node in row.nodes]
    if not any(isinstance(x, Node) for x in own):
        return "" if gather_own(row.nodes, place, row.like.op) else "each turn has a number of its own"
    if find_picked(own):
        return ""
    if not all(isinstance(x, Node) for x in own) or any(x.weak for x in own):
        return "each turn has a number of its own, which is known when the code runs"
    if any(x.op is not None for x in own):
        return OTHERWISE
    if len(own) < LAYERS and any(x.size > FEW for x in own):
        return f"each turn has an array of its own, as layers have: fewer than {LAYERS} are written out"
    return ""


def find_kind(node: Node) -> Kind:
    """Give what a report tells operations apart by."""
    return "" if node.op is None else node.op.name, node.shape


def _find_slot(row: Row, place: int, middle: int, home: Mapping[Node, tuple[Row, int]], least: int) -> Slot:
    """Say where an operand comes from in the middle, and how far around that it is so.

    Two loops of as many turns, one after the other, may be one row: then it is so from the middle on.
    """
    operands = [read_operand(x, place, row.like.op) for x in row.nodes]
    here, count = operands[middle], len(operands)
    for near in (middle - 1, middle + 1):
        found = None
        if near < count and _equal(here, operands[near]):
            found = Slot(*_spread(middle, count, lambda i: _equal(operands[i], here)), same=here)
        elif near < count and isinstance(here, Node) and here in home and operands[near] in home:
            other, at = home[here]
            ahead = at - middle
            if home[operands[near]] == (other, near + ahead):
                start, end = _spread(middle, count, lambda i: home.get(operands[i]) == (other, i + ahead))  # noqa: B023
                found = Slot(start, end, row=other, ahead=ahead)
        if found is not None and (near < middle or found.end - found.start >= least):
            return Slot(0, count) if _are_many_numbers(row, place, found) else found
    return Slot(0, count)


def _are_many_numbers(row: Row, place: int, slot: Slot) -> bool:
    """Say whether an operand is a number, which is another one in more turns than a few at the ends."""
    count = len(row.nodes)
    if isinstance(slot.same, Node) or slot.row is not None or slot.end - slot.start >= count - ENDS:
        return False
    numbers = not any(isinstance(x.inputs[place], Node) for x in row.nodes)
    return numbers and gather_own(row.nodes, place, row.like.op) is not None


def _equal(a: Any, b: Any) -> bool:
    return a is b or (not isinstance(a, Node) and not isinstance(b, Node) and number_key(a) == number_key(b))


def _spread(middle: int, count: int, fits: Any) -> tuple[int, int]:
    """Give the places around one that fit."""
    start, end = middle, middle + 1
    while start > 0 and fits(start - 1):
        start -= 1
    while end < count and fits(end):
        end += 1
    return start, end
