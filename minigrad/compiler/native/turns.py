"""Loops in native code: a ``for`` around the loops and products of a turn, which are written once.

What a turn takes from an array that moves on is found by a pointer that does; what it hands on lies at a fixed place.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.backend import Draft
from minigrad.compiler.native.registry import ARRAYS, DTYPES, KERNELS, Kernel, Lines, find_calls
from minigrad.compiler.native.rounding import FLUSH
from minigrad.compiler.native.source import NativeWriter
from minigrad.compiler.native.values import ALIGNED, write_element
from minigrad.compiler.passes.fuse import Alone, Unit
from minigrad.compiler.passes.layouts import contiguous_strides, layout
from minigrad.compiler.passes.plan import root
from minigrad.compiler.refusals import Unsupported
from minigrad.compiler.rolling.loop import Loop, Read
from minigrad.compiler.rolling.turn import plan_turn
from minigrad.engine.node import Node
from minigrad.ops.indexing import Gather, Index
from minigrad.ops.matrices.inverses import OfMatrices


class TurnWriter(NativeWriter):
    """Writes one loop. It shares the names of numbers with the step around it, and computes in memory behind its own.

    Another loop's turns have pointers of the same names, of which each says what it points to: a name has one type.
    Arrays from outside have stand-ins in the turn, so that this ends there: ``outside`` says for what.
    """

    def __init__(self, outer: NativeWriter, node: Node) -> None:
        assert isinstance(node.op, Loop)
        self.outer: NativeWriter = outer
        self.node, self.body = node, node.op.body
        self.depth: int = getattr(outer, "depth", 0) + 1
        self.t = f"t{self.depth}"
        self.outside: dict[Node, Node] = {}
        self.heads: list[str] = []  # that set the pointers of a turn
        self.opened: list[str] = []  # that come before the first
        self.moving: dict[Node, tuple[Node, int]] = {}
        self.tables: dict[Node, list[Node]] = {}  # the arrays that are another's in each turn
        self.count_pointers = 0
        becomes = {read.node: self.stand_in(read) for read in self.body.reads}
        turn = self.turn = plan_turn(self.body, lambda product: product.dtype.char in "df", becomes)
        super().__init__(Draft(turn.plan, turn.returned, turn.updates, {}, {}, "", outer.exact))
        self.names, self.kinds = outer.names, outer.kinds
        self.nbytes = -(-outer.nbytes // ALIGNED) * ALIGNED
        self.allocate_memory()
        self.open_states()
        for base in self.tables:  # now: what products copy lies behind all that is known when they are written
            self.pointer(base)

    # what is outside

    def stand_in(self, read: Read) -> Any:
        """Give what stands for something from outside, seen as it is there: through the same views."""
        x = self.node.inputs[read.operand]
        if read.each:
            new = Node(shape=x.shape, dtype=x.dtype)
            self.tables[new] = [self.node.inputs[i] for i in read.each]
            return new
        if not isinstance(x, Node):
            return x
        base = root(x)
        if read.key is None:
            return _rebase(x, base, self.stand_for(base))
        at, then = (layout(Index(read.key.at(t))(x)) for t in (0, 1))
        last = layout(Index(read.key.at(self.body.count - 1))(x))
        step = then.offset - at.offset
        if at.strides != then.strides or last.offset != at.offset + step * (self.body.count - 1):
            raise Unsupported("an index that does not go on evenly in memory")
        new = Node(shape=base.shape, dtype=base.dtype)
        self.moving[new] = base, step
        return _rebase(Index(read.key.at(0))(x), base, new)

    def stand_for(self, base: Node) -> Node:
        """Give a stand-in for an array or a number that is computed outside; what is given is itself."""
        if base.op is None:
            return base
        known = next((new for new, x in self.outside.items() if x is base), None)
        if known is None:
            known = Node(shape=base.shape, dtype=base.dtype, weak=base.weak)
            self.outside[known] = base
            if not base.shape:
                self.outer.names[known] = self.outer.names[base]
        return known

    def pointer(self, base: Node) -> tuple[str, int]:
        """Give the name of a pointer, and the number of elements from it to an array's first."""
        base = self.plan.in_place.get(base, base)
        if base in self.outside:
            return self.outer.pointer(self.outside[base])
        if base in self.moving and base not in self.pointers:
            source, step = self.moving[base]
            name, at = self.outer.pointer(source)
            self.pointers[base] = self.point(f"ahead({name}, {write_element(at, [step], [self.t])})", source)
        if base in self.tables and base not in self.pointers:
            place = self.find_bound(base) or f"{self.open_table(base)}[{self.t}]"
            self.pointers[base] = self.point(f"pointer{DTYPES[base.dtype.name]}({place})", base)
        if base.op is None and base not in self.pointers and base not in self.offset:
            return self.outer.pointer(base)
        return super().pointer(base)

    def find_bound(self, base: Node) -> str:
        """Write where the address of a turn's array is, if those of all turns follow each other in what code is given.

        A pointer to each of 2 000 arrays, and a table of those, took numba 3.5 s.
        """
        outer: Any = self.outer
        while isinstance(outer, TurnWriter):
            outer = outer.outer
        given = {x: i for i, x in enumerate(outer.bound)}
        places = [given.get(root(x), -1) for x in self.tables[base]]
        first, step = places[0], places[-1] - places[0]
        step = step // (len(places) - 1) if len(places) > 1 else 0
        if first < 0 or places != [first + step * t for t in range(len(places))]:
            return ""
        for x, i in zip(self.tables[base], places, strict=True):
            at = layout(x)
            name, offset = outer.pointer(at.base)
            if (name, offset + at.offset, at.strides) != (f"w{i}", 0, contiguous_strides(x.shape)):
                return ""
        return f"context[{write_element(first + ARRAYS, [step], [self.t])}]"

    def open_table(self, base: Node) -> str:
        """Write where the arrays of the turns lie, into memory, before the first; give its name."""
        arrays = self.tables[base]
        kind = DTYPES[base.dtype.name]
        self.kinds.add(base.dtype.name)
        name = f"q{self.depth}_e{len(self.opened)}"
        self.opened.append(f"{name} = pointeri64(ahead(m{kind}, {self.nbytes // base.dtype.itemsize}))")
        self.nbytes += -(-8 * len(arrays) // ALIGNED) * ALIGNED
        for t, x in enumerate(arrays):
            if layout(x).strides != contiguous_strides(x.shape):
                raise Unsupported("arrays of the turns' own that do not lie in order")
            pointer, at = self.outer.pointer(root(x))
            self.opened.append(f"{name}[{t}] = address_of(ahead({pointer}, {at + layout(x).offset}))")
        return name

    def point(self, place: str, like: Node) -> str:
        """Give the name of a pointer to elements like those of an array, that is set anew in each turn."""
        self.count_pointers += 1
        name = f"q{self.depth}_{self.count_pointers}_{DTYPES[like.dtype.name]}"
        self.heads.append(f"{name} = {place}")
        return name

    # the turn

    def allocate_memory(self, outside: Any = ()) -> None:
        """Let what is kept of a turn lie in the block: each turn's has a place of its own, or all have the same."""
        super().allocate_memory(outside)
        self.kinds |= {x.dtype.name for x in self.offset}
        block, at = self.outer.pointer(self.node)
        for part, value in self.turn.kept:
            if isinstance(value, Node) and value.shape:
                step = prod(part.shape) if part.each else 0
                place = write_element(at + part.start, [step], [self.t])
                self.fresh[value] = self.point(f"ahead({block}, {place})", self.node)

    def group_units(self) -> list[list[Unit]]:
        """Leave each alone: what is handed on may lie where a turn has read it."""
        return [[unit] for unit in self.units]

    def open_states(self) -> None:
        """Give what is handed on its place, and write what lies there before the first turn."""
        outer = self.outer
        for state in self.body.states:
            x, given = state.node, self.node.inputs[state.operand]
            if x.shape:
                self.kinds.add(x.dtype.name)
                kind = DTYPES[x.dtype.name]
                memory, at = f"m{kind}", self.nbytes // x.dtype.itemsize
                self.nbytes += -(-prod(x.shape) * x.dtype.itemsize // ALIGNED) * ALIGNED
                pointer = self.pointers[x] = f"q{self.depth}_s{len(self.opened)}_{kind}"
                self.opened.append(f"{pointer} = ahead({memory}, {at})")
                letters = [f"i{k}" for k in range(x.ndim)]
                for depth, (letter, n) in enumerate(zip(letters, x.shape, strict=True)):
                    self.opened.append("    " * depth + f"for {letter} in range({n}):")
                place = write_element(0, contiguous_strides(x.shape), letters)
                value = outer.at(given, x.shape, letters, x.dtype)
                self.opened.append("    " * x.ndim + f"{pointer}[{place}] = {value}")
            else:
                value = outer.number(root(given) if isinstance(given, Node) else given, x.dtype)
                self.names[x] = f"s{len(self.names)}"
                kind = "bool" if x.dtype.kind == "b" else f"np.{x.dtype.name}"
                self.opened.append(f"{self.names[x]} = {kind}({value})")

    def write_loop(self) -> None:
        """Write the loop."""
        self.write_units()
        self.keep_values()
        for state, value in self.plan.copies:
            self.copy(state, value)
        handed = self.turn.handed
        new = [f"new{self.depth}_{i}_{DTYPES[state.dtype.name]}" for i, state in enumerate(handed)]
        self.lines += [f"{n} = {self.number(x, s.dtype)}" for n, (s, x) in zip(new, handed.items(), strict=True)]
        self.lines += [f"{self.names[s]} = {n}" for n, s in zip(new, handed, strict=True)]
        body = [*self.heads, *self.lines]
        outer = self.outer
        loop = [f"for {self.t} in range({self.body.count}):", *(f"    {x}" for x in body)]
        if self.may_flush(loop):
            mode = f"mode{len(outer.lines)}"
            loop = [f"{mode} = flush_small({FLUSH})", *loop, f"restore_mode({mode})"]
        outer.lines += [*self.opened, *loop]
        outer.scratch = max(outer.scratch, self.nbytes + self.scratch + ALIGNED - outer.nbytes)

    def may_flush(self, lines: Lines) -> bool:
        """Say whether results that are too small for float32 may be 0: in this thread, where nothing is raised."""
        if self.depth > 1 or self.outer.exact or self.body.dtype != np.float32:
            return False
        return not any("raise " in line or "shared(" in line for line in lines)

    def keep_values(self) -> None:
        """Write keeping numbers, and arrays that were computed over what they are handed on as."""
        block, at = self.outer.pointer(self.node)
        for part, value in self.turn.kept:
            if not part.shape:
                place = write_element(at + part.start, [int(part.each)], [self.t])
                self.lines.append(f"{block}[{place}] = {self.number(value, self.body.dtype)}")
            elif value in self.plan.in_place:
                name, start = self.pointer(value)
                self.lines += [
                    f"for i in range({prod(part.shape)}):",
                    f"    {self.fresh[value]}[i] = {name}[{write_element(start, [1], ['i'])}]",
                ]


def _rebase(x: Node, base: Node, new: Node) -> Node:
    """See something else through the views that a Node sees its base through."""
    views = []
    while x is not base:
        views.append(x)
        (x,) = x.inputs
    for view in reversed(views):
        new = Node(view.op, (new,), shape=view.shape, dtype=view.dtype, weak=view.weak)
    return new


def write_turns(writer: Any, unit: Alone) -> None:
    """Write a loop; one that could refuse an index or a matrix must come before parameters are written to.

    What is refused of a turn's operations is said of the loop: it is what the step around it could call.
    """
    assert isinstance(unit.node.op, Loop)
    if unit.node in set(writer.plan.second) and _find_refusing(unit.node.op):
        raise Unsupported("an index, or a matrix, that could be refused when parameters have been written to")
    try:
        TurnWriter(writer, unit.node).write_loop()
    except Unsupported as error:
        raise Unsupported(*error.refusals, nodes=[unit.node]) from None


def _find_refusing(loop: Loop) -> bool:
    """Say whether any operation of a turn, or of a loop in it, looks at values and may refuse them."""
    ops = [node.op for node in loop.body.nodes]
    return any(isinstance(op, Gather | OfMatrices) or (isinstance(op, Loop) and _find_refusing(op)) for op in ops)


def _limit(node: Node) -> str:
    assert isinstance(node.op, Loop)
    return next((f"{x.op!r}: {reason}" for x, reason in find_calls(node.op.body.nodes).items()), "")


def register_loops() -> None:
    """Say how a loop is written."""
    KERNELS.register(Kernel(unit=write_turns, limit=_limit), Loop)
