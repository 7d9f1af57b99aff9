"""Extend: the graph of a step whose loops have few turns, and that of the same step with some more, give that of many.

What is alike in both stays; whole numbers that are not, as counts, lengths, and the last index of something, go on as
they began. Whatever else differs is refused: then the loop is not the same turn after turn.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from minigrad.compiler.rolling.keys import EvenKey
from minigrad.compiler.rolling.loop import Body, Kept, Loop, Read, State
from minigrad.engine.node import Node
from minigrad.ops.base import Op, number_key, placeholder
from minigrad.ops.common.dtypes import read_bits


class UnlikeError(Exception):
    """Two graphs that are not the same step with other numbers of turns."""


def check(holds: bool, what: str) -> None:
    """Refuse graphs unless something holds."""
    if not holds:
        raise UnlikeError(what)


class Extension:
    """Of graphs side by side, the first is extended: by ``times`` as much as each other differs from it.

    ``pairs`` are inputs of the first, with those of the others in their places.
    """

    def __init__(self, times: Sequence[int], pairs: Mapping[Node, Sequence[Node]]) -> None:
        self.times = times
        self.becomes: dict[Any, Any] = {_identify((x, *others)): x for x, others in pairs.items()}

    def extend_all(self, sides: Sequence[Sequence[Any]]) -> list[Any]:
        """Extend expressions; ``sides`` are those of each graph."""
        check(len({len(side) for side in sides}) == 1, "another number of results")
        return [self.extend_one(parts) for parts in zip(*sides, strict=True)]

    def extend_one(self, parts: Sequence[Any]) -> Any:
        """Extend an expression, of which each graph has another; its operands come first, without recursion.

        What is one in the first graph may be several in the end: X[0] and X[n − 16] of sixteen turns.
        """
        stack = [parts]
        while stack:
            node, *others = parts = stack[-1]
            if _identify(parts) in self.becomes:
                stack.pop()
                continue
            if not isinstance(node, Node):
                check(not any(isinstance(x, Node) for x in others), "a number is no number")
                check(all(number_key(x) == number_key(node) for x in others), f"the number {node} is another")
                self.becomes[_identify(stack.pop())] = node
                continue
            check(
                all(isinstance(x, Node) and len(x.inputs) == len(node.inputs) for x in others), f"{node!r} is another"
            )
            operands = list(zip(node.inputs, *(x.inputs for x in others), strict=True))
            missing = [x for x in operands if _identify(x) not in self.becomes]
            if missing:
                stack += missing
            else:
                inputs = tuple([self.becomes[_identify(x)] for x in operands])
                self.becomes[_identify(stack.pop())] = self.extend_node(node, others, inputs)
        return self.becomes[_identify(parts)]

    def extend_node(self, node: Node, others: Sequence[Node], inputs: tuple[Any, ...]) -> Node:
        """Extend an operation on what is extended already."""
        check(all(x.dtype == node.dtype and x.weak == node.weak for x in others), f"{node!r} has another dtype")
        if node.op is None:
            check(node.value is not None and all(_is_equal(node.value, x.value) for x in others), f"{node!r} differs")
            return node
        op = self.extend_op(node.op, [x.op for x in others], inputs)
        shape = self.extend(node.shape, [x.shape for x in others])
        if op is node.op and shape == node.shape and all(x is y for x, y in zip(inputs, node.inputs, strict=True)):
            return node
        try:
            found = op.shape(*[x.shape if isinstance(x, Node) else () for x in inputs])
        except (ValueError, IndexError, TypeError) as error:
            raise UnlikeError(f"{op!r}: {error}") from error
        check(found == shape, f"{op!r} has another shape")
        return Node(op, inputs, shape=shape, dtype=node.dtype, table=node.table, weak=node.weak)

    def extend_op(self, op: Op, others: Sequence[Any], inputs: Sequence[Any]) -> Op:
        """Extend an operation by its fields."""
        if all(x == op for x in others):
            return op
        check(all(type(x) is type(op) for x in others), f"{op!r} is another operation")
        if isinstance(op, Loop):
            return Loop(self.extend_body(op.body, [x.body for x in others], inputs))
        check(bool(op.fields), f"{op!r} is another operation")
        fields = [self.extend(getattr(op, name), [getattr(x, name) for x in others]) for name in op.fields]
        return type(op)(*fields)

    def extend(self, value: Any, others: Sequence[Any]) -> Any:
        """Extend whole numbers, within tuples, lists and slices too; all else must be equal."""
        if type(value) is int and all(type(x) is int for x in others):
            return value + sum(n * (x - value) for n, x in zip(self.times, others, strict=True))
        check(all(type(x) is type(value) for x in others), f"{value!r} is something else")
        if isinstance(value, tuple | list):
            check(all(len(x) == len(value) for x in others), f"{value!r} is longer")
            return type(value)([self.extend(*_split(parts)) for parts in zip(value, *others, strict=True)])
        if isinstance(value, slice):
            ends = zip(*((x.start, x.stop, x.step) for x in (value, *others)), strict=True)
            return slice(*[self.extend(*_split(parts)) for parts in ends])
        check(all(_is_equal(value, x) for x in others), f"{value!r} is something else")
        return value

    def extend_body(self, body: Body, others: Sequence[Body], inputs: Sequence[Any]) -> Body:
        """Extend a loop: how often it is taken, and what it reads and keeps."""
        check(all(len(x.reads) == len(body.reads) and len(x.states) == len(body.states) for x in others), "a turn")
        check(all(len(x.kept) == len(body.kept) and x.dtype == body.dtype for x in others), "what is kept")
        parts: list[tuple[Read | State, Sequence[Any]]] = [
            (x, [other.reads[i] for other in others]) for i, x in enumerate(body.reads)
        ]
        parts += [(x, [other.states[i] for other in others]) for i, x in enumerate(body.states)]
        check(all(y.operand == x.operand for x, more in parts for y in more), "what a turn takes")
        check(
            not any(x.each for x in (*body.reads, *(y for z in others for y in z.reads))), "an array of each turn's own"
        )
        alike = [(y.node.shape, y.node.dtype, y.node.weak) == (x.node.shape, x.node.dtype, x.node.weak)
                 for x, more in parts for y in more]  # fmt: skip
        check(all(alike), "what a turn is of")
        inner = Extension(self.times, {x.node: [y.node for y in more] for x, more in parts})
        values = inner.extend_all([body.values, *(x.values for x in others)])
        count = self.extend(body.count, [x.count for x in others])
        check(count >= body.count, "fewer turns")
        reads = [
            Read(x.node, x.operand, self.extend_key(x.key, [other.reads[i].key for other in others]))
            for i, x in enumerate(body.reads)
        ]
        for read in reads:
            _check_read(read, inputs[read.operand], count)
        kept = []
        for i, x in enumerate(body.kept):
            same = [other.kept[i] for other in others]
            check(all(y.each == x.each and y.shape == x.shape for y in same), "what is kept of a turn")
            kept.append(Kept(values[i], x.shape, x.each, self.extend(x.start, [y.start for y in same])))
        size = self.extend(body.size, [x.size for x in others])
        ends = [*sorted((x.start, x.start + x.size(count)) for x in kept), (size, size)]
        check(all(end <= start for (_, end), (start, _) in pairwise(ends)), "where something is kept")
        states = [State(x.node, x.operand, new) for x, new in zip(body.states, values[len(kept) :], strict=True)]
        return Body(count, tuple(reads), tuple(states), tuple(kept), size, body.dtype)

    def extend_key(self, key: EvenKey | None, others: Sequence[EvenKey | None]) -> EvenKey | None:
        """Extend the index of what a turn reads; it goes on by the same steps."""
        if key is None:
            check(all(x is None for x in others), "what a turn reads")
            return None
        known = [x for x in others if x is not None and x.parts == key.parts and x.step == key.step]
        check(len(known) == len(others), "an index that goes on by other steps")
        return EvenKey(key.parts, self.extend(key.first, [x.first for x in known]), key.step)


def _identify(parts: Sequence[Any]) -> Any:
    return tuple([id(x) if isinstance(x, Node) else number_key(x) for x in parts])


def _split(parts: Sequence[Any]) -> tuple[Any, list[Any]]:
    return parts[0], list(parts[1:])


def _is_equal(a: Any, b: Any) -> bool:
    """Say whether two values are the same, bit for bit if they are arrays."""
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.shape == b.shape and a.dtype == b.dtype and read_bits(a) == read_bits(b)
    return type(a) is type(b) and not isinstance(a, np.ndarray) and bool(a == b)


def _check_read(read: Read, operand: Any, count: int) -> None:
    """Refuse an index that leaves what it is of, or changes its sign, in some turn."""
    if read.key is None:
        return
    ends = [read.key.at(t) for t in (0, count - 1)]
    try:
        shapes = {placeholder(operand.shape)[end].shape for end in ends}
    except IndexError as error:
        raise UnlikeError(str(error)) from error
    check(shapes == {read.node.shape}, "what a turn reads has another shape")
    last = [n + (count - 1) * s for n, s in zip(read.key.first, read.key.step, strict=True)]
    check(all((a < 0) == (b < 0) for a, b in zip(read.key.first, last, strict=True)), "an index changes its sign")
