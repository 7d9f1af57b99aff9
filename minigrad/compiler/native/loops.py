"""Loop nests in native code: elementwise operations, and the sums and extremes gathered on the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.native.blocks import Blocks, find_blocks, reduced_axes
from minigrad.compiler.native.elements import take_element
from minigrad.compiler.native.joined import Rows, part_regions
from minigrad.compiler.native.registry import KERNELS, Kernel, Lines, find_reduction
from minigrad.compiler.native.together import FAR
from minigrad.compiler.native.values import Values, read_element, share_range, spread_layout, write_element
from minigrad.compiler.passes.fuse import Loops, Parts, Picked, is_reduction
from minigrad.compiler.passes.layouts import (
    Layout,
    contiguous_strides,
    layout,
    merge_sizes,
    merge_strides,
    share_loops,
)  # fmt: skip
from minigrad.compiler.passes.lower import AddAt
from minigrad.compiler.passes.plan import root
from minigrad.compiler.passes.promotion import find_meeting_dtype
from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node
from minigrad.ops.indexing import Gather, Index, Scatter, ScatterAt
from minigrad.ops.linalg import LogLikelihood
from minigrad.ops.places.assignment import Assign
from minigrad.ops.shaping import Concatenate


class LoopWriter(Values):
    """Writes Loops."""

    def write_loops(self, unit: Loops) -> None:
        """Write one loop nest."""
        stored = set(self.find_stored(unit))
        inside = {x for x in unit.members if not is_reduction(x)}  # computed by the loop itself, at the same index
        shape = unit.shape or (1,)
        operands = [
            x for node in unit.members for x in node.inputs if isinstance(x, Node) and root(x).shape and x not in inside
        ]
        layouts = {x: spread_layout(layout(x), x.shape, shape) for x in operands}
        partial = [x for x in unit.members if is_reduction(x) and x.shape]
        elsewhere = {at.base for at in layouts.values() if at.strides != contiguous_strides(shape)}
        if any(self.plan.in_place.get(node) in elsewhere for node in unit.members):
            raise Unsupported("a new value computed from other places of the old one")
        apart = [*([{0}] if self.turns > 1 else []), *(reduced_axes(x) for x in partial)]
        loops = share_loops(shape, [at.strides for at in layouts.values()], apart)
        layouts = {x: replace(at, strides=merge_strides(at.strides, loops)) for x, at in layouts.items()}
        self.reduced = {x: {loops[axis] for axis in reduced_axes(x)} for x in partial}
        dims = self.dims = merge_sizes(shape, loops)
        letters = [f"i{k}" for k in range(len(dims))]
        for node in unit.members:
            if is_reduction(node):
                self.prepare(node)
        held = {x: len(dims) - self.count_inner(x) for x in partial if self.count_inner(x)}  # the loops around it
        begun = len(self.lines)
        body: Lines = []
        ahead: Lines = []
        values: dict[Node, str] = {}
        for node in unit.members:
            self.member(node, values, layouts, letters, stored, body, ahead if len(dims) > 1 else body)
        whole = [x for x in unit.members if is_reduction(x) and not x.shape]
        self.nest_sums(held, whole, letters, ahead, body or ["pass"])
        turns = self.count_turns(unit.members, layouts)
        if turns > 1:
            self.lines[begun:] = [
                *share_range(letters[0], dims[0], turns, kind="range" if len(dims) > 1 else "apart"),
                *("    " + line for line in self.lines[begun + 1 :]),
            ]
        for node in unit.members:
            if isinstance(node.op, LogLikelihood):
                name = self.accumulator(node)  # 0 ln 0 = 0: the second sum passes over what is not there
                self.lines.append(f"{name} = {name} if {name} == {name} else {name}_present")

    def nest_sums(
        self, held: Mapping[Node, int], whole: Sequence[Node], letters: list[str], ahead: Lines, body: Lines
    ) -> None:
        """Write the loops around a body, in which numbers gather reductions: inside so many of them, or all.

        Behind the loops that one is gathered along, the number is stored, or enters into what it is a part of. Of the
        innermost loop the turns are apart, and ``ahead`` comes before it.
        """
        blocks = find_blocks(self.dims, {**held, **dict.fromkeys(whole, 0)}, self.names)
        sums = blocks.sums if blocks else ()
        ends: list[Lines] = []
        self.lines += [blocks.write_start(x) for x in whole if blocks and x in sums]
        indent = ""
        for depth, (letter, n) in enumerate(zip(letters, self.dims, strict=True)):
            inside = [x for x, around in held.items() if around == depth]
            for x in inside:
                start = blocks.write_start(x) if blocks and x in sums else f"{self.accumulator(x)} = {self.start(x)}"
                self.lines.append(indent + start)
            end = [line for x in inside for line in self.end_sum(x, letters, blocks if x in sums else None)]
            ends.append([indent + line for line in end])
            kind = "apart" if letter == letters[-1] else "range"
            self.lines += [indent + line for line in (ahead if kind == "apart" else [])]
            counted = f"{kind}({n})"
            if blocks and depth == blocks.depth:
                if blocks.step < n:
                    self.lines.append(f"{indent}for h in range(0, {n}, {blocks.step}):")
                    indent, counted = indent + "    ", f"{kind}(h, min(h + {blocks.step}, {n}))"
                self.lines += [indent + line for line in blocks.open()]
                ends[-1] = [*(indent + line for line in blocks.close()), *ends[-1]]
            self.lines.append(f"{indent}for {letter} in {counted}:")
            indent += "    "
        self.lines += [indent + line for line in body]
        self.lines += [line for end in reversed(ends) for line in end]
        self.lines += [blocks.write_end(x) for x in whole if blocks and x in sums]

    def end_sum(self, node: Node, letters: list[str], blocks: Blocks | None) -> Lines:
        """Write what is done with the number that a reduction has been gathered in along its innermost loops."""
        number, place = self.accumulator(node), self.reduced_place(node, letters)
        end = [f"{place} = {number}"] if self.is_inner(node) else find_reduction(node).enter(node, place, [number])
        return [blocks.write_end(node), *end] if blocks else end

    def count_turns(self, members: Sequence[Node], layouts: Mapping[Node, Layout]) -> int:
        """Give in how many turns of the outermost loop threads share it: only one, if something is gathered over it."""
        if self.turns > 1:
            return self.turns
        gathered = any(not x.shape or 0 in self.reduced[x] for x in members if is_reduction(x))
        if gathered or any(x.dtype.kind not in "fb" for x in members):
            return 1
        arrays = len({at.base for at in layouts.values()}) + 1
        return self.count_parts(prod(self.dims) * (len(members) + FAR * arrays), self.dims[0])

    def member(
        self, node: Node, values: dict[Node, str], layouts: Mapping[Node, Layout], letters: list[str],
        stored: set[Node], body: Lines, ahead: Lines,
    ) -> None:  # fmt: skip
        """Write one operation of a loop; what is the same in all turns of the innermost one is read before it."""
        parts = []
        meeting = find_meeting_dtype(node)
        for x in node.inputs:
            if isinstance(x, Node) and (x in values or x in layouts):
                if x not in values:
                    name, at = self.pointer(layouts[x].base)
                    values[x] = f"x{len(values)}"
                    place = write_element(at + layouts[x].offset, layouts[x].strides, letters)
                    read = f"{values[x]} = {read_element(root(x), f'{name}[{place}]')}"
                    (body if layouts[x].strides[-1] else ahead).append(read)
                parts.append(values[x])
            else:
                parts.append(self.number(root(x) if isinstance(x, Node) else x, meeting))
        if is_reduction(node):
            self.accumulate(node, parts, letters, body)
            return
        values[node] = f"x{len(values)}"
        body.append(f"{values[node]} = {self.expression(node, parts)}")
        if node in stored:
            name, at = self.pointer(node)
            kept = f"np.uint8({values[node]})" if node.dtype.kind == "b" else values[node]
            body.append(f"{name}[{write_element(at, contiguous_strides(self.dims), letters)}] = {kept}")

    # positions

    def write_picked(self, unit: Picked) -> None:
        """Write reading, or adding up, at positions that arrays name; one that is not there is refused."""
        node = unit.node
        target, at = self.pointer(node)
        base, start = self.pointer(unit.place.base)
        scattered = isinstance(node.op, ScatterAt | Scatter)
        if scattered:
            self.zeros(node)
        letters, indent = self.nest(unit.shape)
        place = write_element(start + unit.place.offset, unit.place.strides, letters)
        if unit.table is not None:
            place += f" + {self.at(unit.table, unit.shape, letters, unit.table.dtype)}"
        for q, (index, axis, n, stride) in enumerate(unit.indices):
            self.lines += [
                f"{indent}q{q} = {self.at(index, unit.shape[unit.named], letters[unit.named], index.dtype)}",
                f"{indent}if q{q} < -{n} or q{q} >= {n}:",
                f'{indent}    raise IndexError("an index is out of bounds for axis {axis} with size {n}")',
                f"{indent}q{q} += {n} if q{q} < 0 else 0",
            ]
            place += f" + q{q} * {stride}"
        if scattered:
            self.lines.append(f"{indent}{base}[{place}] += {self.at(node.inputs[0], unit.shape, letters, node.dtype)}")
        else:
            result = write_element(at, contiguous_strides(unit.shape), letters)
            self.lines.append(f"{indent}{target}[{result}] = {base}[{place}]")

    def write_parts(self, unit: Parts) -> None:
        """Write an array that is put together from others."""
        node = unit.node
        target, at = self.pointer(node)
        if unit.start is None:
            self.zeros(node)
        else:
            letters, indent = self.nest(node.shape)
            result = f"{target}[{write_element(at, contiguous_strides(node.shape), letters)}]"
            self.lines.append(f"{indent}{result} = {self.at(unit.start, node.shape, letters, node.dtype)}")
        sign = "+" if isinstance(node.op, AddAt) else ""
        for some in part_regions(unit.regions, node.dtype, self.find_word):
            if isinstance(some, Rows):
                self.lines += some.write(target, at, sign)
                continue
            x, shape, region = some
            if len(region.strides) != len(shape):
                raise Unsupported("a part broadcast to its region")
            letters, indent = self.nest(shape)
            result = f"{target}[{write_element(at + region.offset, region.strides, letters)}]"
            part = self.at(x, shape, letters, node.dtype) if isinstance(x, Node) else self.number(x, node.dtype)
            self.lines.append(f"{indent}{result} {sign}= {part}")

    def write_scattered(self, unit: Parts | Picked) -> None:
        """Write what is scattered to a region, or to positions that arrays name."""
        if isinstance(unit, Picked):
            self.write_picked(unit)
        else:
            self.write_parts(unit)

    def zeros(self, node: Node) -> None:
        """Write filling an array with zeros."""
        target, at = self.pointer(node)
        zero = "np.uint8(0)" if node.dtype.kind == "b" else f"np.{node.dtype.name}(0)"
        self.lines += [f"for i in range({prod(node.shape)}):", f"    {target}[{at} + i] = {zero}"]

    def nest(self, shape: tuple[int, ...]) -> tuple[list[str], str]:
        """Write the heads of a loop over each axis; give the letters that count, and how deep what follows is."""
        letters = [f"i{k}" for k in range(len(shape))]
        for depth, (letter, n) in enumerate(zip(letters, shape, strict=True)):
            self.lines.append("    " * depth + f"for {letter} in range({n}):")
        return letters, "    " * len(shape)

    def at(self, x: Node, shape: tuple[int, ...], letters: list[str], dtype: np.dtype[Any]) -> str:
        """Write an operand's element, as it is broadcast to a loop's shape; a number takes the dtype given."""
        if not root(x).shape:
            return self.number(root(x), dtype)
        seen = spread_layout(layout(x), x.shape, shape)
        name, offset = self.pointer(seen.base)
        place = f"{name}[{write_element(offset + seen.offset, seen.strides, letters)}]"
        return place if dtype.kind == "b" else read_element(seen.base, place)  # of bytes as they lie copies are made

    # reductions

    def accumulator(self, node: Node) -> str:
        """Name the number that a reduction is gathered in."""
        return self.names.setdefault(node, f"s{len(self.names)}")

    def start(self, node: Node) -> str:
        """Write what a reduction starts from."""
        return find_reduction(node).start(node)

    def count_inner(self, node: Node) -> int:
        """Count the innermost loops that a reduction is over: a number holds it along them.

        In memory, each element would wait for the last one to be there, and no loop over them be vectorized.
        """
        last = len(self.dims) - 1
        return next((n for n in range(last + 1) if last - n not in self.reduced[node]), last + 1)

    def is_inner(self, node: Node) -> bool:
        """Say whether a reduction is over its innermost loops alone, so that nothing is added to what they give."""
        return 0 < self.count_inner(node) == len(self.reduced[node])

    def prepare(self, node: Node) -> None:
        """Write what must be done before the loop."""
        if not node.shape:
            self.lines.append(f"{self.accumulator(node)} = {self.start(node)}")
            if isinstance(node.op, LogLikelihood):
                self.lines.append(f"{self.accumulator(node)}_present = {self.start(node)}")
        elif not self.is_inner(node):
            name, at = self.pointer(node)
            self.lines.append(f"for i in range({prod(node.shape)}):")
            self.lines.append(f"    {name}[{at} + i] = {self.start(node)}")

    def accumulate(self, node: Node, parts: list[str], letters: list[str], body: Lines) -> None:
        """Write what a reduction does with one element."""
        held = not node.shape or self.count_inner(node)
        into = self.accumulator(node) if held else self.reduced_place(node, letters)
        body += find_reduction(node).enter(node, into, parts)

    def reduced_place(self, node: Node, letters: list[str]) -> str:
        """Write the element of a reduction's result that the loops are at."""
        name, at = self.pointer(node)
        kept = [k for k in range(len(letters)) if k not in self.reduced[node]]
        left, sizes = [letters[k] for k in kept], tuple(self.dims[k] for k in kept)
        return f"{name}[{write_element(at, contiguous_strides(sizes), left)}]"


def _limit_of_scatter(node: Node) -> str:
    return "" if node.shape else "a number that is no float is scattered"


KERNELS.register(Kernel(unit=LoopWriter.write_picked), Gather, ScatterAt)
KERNELS.register(Kernel(take_element, unit=LoopWriter.write_picked), Index)
KERNELS.register(Kernel(unit=LoopWriter.write_parts), AddAt, Assign, Concatenate)
KERNELS.register(Kernel(unit=LoopWriter.write_scattered, limit=_limit_of_scatter), Scatter)
