"""What one turn of a loop is, as expressions of its inputs, and what those are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compiler.rolling.groups import Group
from minigrad.compiler.rolling.keys import EvenKey
from minigrad.compiler.rolling.loop import Body, Kept, Read, State, place_parts
from minigrad.compiler.rolling.own import Gathered, Numbers, gather_own
from minigrad.compiler.rolling.planning import Plan
from minigrad.compiler.rolling.rows import Row
from minigrad.engine.node import Node
from minigrad.ops.shaping import Cast


@dataclass(frozen=True)
class Whole:
    """The operand that all which another loop keeps of a row is."""

    group: Group
    row: Row


@dataclass(frozen=True)
class Stacked:
    """The operand that some elements of a row are, computed all at once: ``count`` of them from ``first`` on."""

    row: Row
    first: int
    step: int
    count: int


class BodyWriter:
    """Writes the turn of a group. ``operands`` are what the loop takes from outside, as Nodes of the step or as above.

    A row's element in turn t, counted from the loop's first, is at sign · t + ``at``.
    """

    def __init__(self, group: Group, plan: Plan) -> None:
        self.group, self.plan = group, plan
        self.table: dict[Any, Node] = {}
        self.operands: dict[Any, int] = {}
        self.reads: dict[Any, Read] = {}
        self.states: dict[Any, tuple[Node, int, Any]] = {}
        self.values: dict[Row, Node] = {}
        middle = (group.low + group.high) // 2
        for row in sorted(group.shift, key=lambda row: plan.place[row.nodes[group.index(row, middle)]]):
            at = group.index(row, group.low)
            self.values[row] = self.apply(row, [self.operand(row, j, at) for j in range(len(row.slots))])

    def apply(self, row: Row, inputs: Sequence[Any]) -> Node:
        """Give a row's operation on inputs of the turn."""
        like = row.like
        key = (like.op, *(id(x) if isinstance(x, Node) else (type(x), repr(x)) for x in inputs))
        if key not in self.table:
            self.table[key] = Node(like.op, tuple(inputs), shape=like.shape, dtype=like.dtype, table=self.table)
        return self.table[key]

    def operand(self, row: Row, place: int, at: int) -> Any:
        """Give an operand of a row's element in the turn."""
        slot, group = row.slots[place], self.group
        if slot.same is not None:
            return self.read(slot.same, None, slot.same) if isinstance(slot.same, Node) else slot.same
        if slot.row is None:
            return self.gather(row, place, at)
        other, there = slot.row, at + slot.ahead
        if other in group.shift:
            lag = group.sign * there + group.shift[other] - group.low
            return self.values[other] if lag == 0 else self.earlier(other, -lag, row, place, at)
        source = self.plan.taken.get(other)
        if source is not None:
            first = source.sign * there + source.shift[other] - source.low
            return self.read(Whole(source, other), _counting(first, source.sign * group.sign), other.like)
        if other.waits:
            found = Gathered(tuple([other.nodes[there + group.sign * t] for t in range(group.count)]))
            return self.read(found, _counting(0, 1), other.like)
        if other.is_read:
            assert other.key is not None
            return self.read(other.slots[0].same, other.key.from_turn(there, group.sign), other.like)
        if other.is_view:
            return self.apply(other, [self.operand(other, 0, there)])
        return self.read(Stacked(other, there, group.sign, group.count), _counting(0, 1), other.like)

    def gather(self, row: Row, place: int, at: int) -> Node:
        """Give the input that is in each turn what a row's operation has for itself in one place."""
        own = gather_own([row.nodes[at + self.group.sign * t] for t in range(self.group.count)], place, row.like.op)
        assert own is not None
        if isinstance(own, Gathered) and own.nodes[0].shape:
            return self.read_each(own.nodes)
        like = Node(dtype=own.dtype) if isinstance(own, Numbers) else row.like.inputs[place]
        return self.read(own, _counting(0, 1), like)

    def read(self, operand: Any, key: EvenKey | None, like: Node) -> Node:
        """Give the input that is a part of an operand in each turn, or all of it."""
        known = (operand, key)
        if known not in self.reads:
            self.reads[known] = Read(self.make_input(like), self.number(operand), key)
        return self.reads[known].node

    def read_each(self, operands: tuple[Node, ...]) -> Node:
        """Give the input that is another array in each turn, where that lies."""
        if operands not in self.reads:
            each = tuple(map(self.number, operands))
            self.reads[operands] = Read(self.make_input(operands[0]), each[0], None, each)
        return self.reads[operands].node

    def number(self, operand: Any) -> int:
        """Number an operand."""
        return self.operands.setdefault(operand, len(self.operands))

    def make_input(self, like: Node) -> Node:
        """Give an input of the turn, of the shape and kind of another value."""
        return Node(shape=like.shape, dtype=like.dtype, table=self.table, weak=like.weak)

    def earlier(self, other: Row, turns: int, row: Row, place: int, at: int) -> Node:
        """Give what a row was some turns before; in the first ones, what stands there in the place of that."""
        if row in self.group.begun:
            zeros = Node(value=np.zeros(row.like.shape, row.like.dtype), shape=row.like.shape, dtype=row.like.dtype)
            return self.hand_on(other, (zeros,))
        first = tuple(row.nodes[at + self.group.sign * t].inputs[place] for t in range(turns))
        return self.hand_on(other, first)

    def hand_on(self, row: Row, first: tuple[Node, ...]) -> Node:
        """Give the state that is handed on through as many turns as there are first values for it."""
        key = (row, first)
        if key not in self.states:
            new = row if len(first) == 1 else self.hand_on(row, first[1:])
            self.states[key] = self.make_input(row.like), self.number(first[0]), new
        return self.states[key][0]

    def write_body(self, wanted: dict[Row, bool]) -> tuple[Body, dict[Row, Kept]]:
        """Give the body that keeps what is ``wanted`` of some rows: of each turn, or of the last one alone."""
        dtypes = [row.like.dtype for row in wanted]
        floats = [x for x in dtypes if x.kind == "f"]
        dtype = np.result_type(*(floats or dtypes))
        parts = [(self.convert(self.values[row], dtype), row.like.shape, each) for row, each in wanted.items()]
        kept, size = place_parts(parts, self.group.count, dtype)
        states = (
            State(node, operand, self.values[new] if isinstance(new, Row) else new)
            for node, operand, new in self.states.values()
        )
        body = Body(self.group.count, tuple(self.reads.values()), tuple(states), tuple(kept), size, dtype)
        return body, dict(zip(wanted, kept, strict=True))

    def convert(self, x: Node, dtype: np.dtype[Any]) -> Node:
        """Give a value in the dtype of the block that it is kept in."""
        return x if x.dtype == dtype else x.apply(Cast(dtype), (x,))


def _counting(first: int, step: int) -> EvenKey:
    """Give the index of the first axis that goes on from turn to turn."""
    return EvenKey((None,), (first,), (step,))
