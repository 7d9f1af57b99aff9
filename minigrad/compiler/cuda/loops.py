"""Kernels of elementwise operations, and of the sums and extremes that are gathered on the way.

What runs over one index space is one kernel, or one for each set of axes that is summed over: the last of them stores
what others need, so that nothing is written over before it has been read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import prod
from typing import Any

from minigrad.compiler.cuda.groups import FEW_GROUPS, Group, GroupWriter
from minigrad.compiler.cuda.places import (
    Kernel,
    Numbers,
    spread_layout,
    write_letters,
    write_place,
)
from minigrad.compiler.cuda.registry import Operand, find_kernel
from minigrad.compiler.passes.fuse import Loops, is_reduction, space
from minigrad.compiler.passes.layouts import (
    Layout,
    contiguous_strides,
    layout,
    merge_sizes,
    merge_strides,
    share_loops,
)  # fmt: skip
from minigrad.compiler.passes.lower import is_view
from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node
from minigrad.ops.cumulative import Prod
from minigrad.ops.reduction import Max, Sum, normalize_axis

LONG = 1 << 14  # elements of a row, from which on few of them are parted


@dataclass(frozen=True)
class Frame:
    """The loops of a unit: their sizes, how each operand lies along them, and which of them each reduction is over."""

    sizes: tuple[int, ...]
    layouts: Mapping[Node, Layout]
    reduced: Mapping[Node, frozenset[int]]


class LoopWriter(GroupWriter):
    """Writes Loops and Numbers."""

    # numbers

    def write_numbers(self, work: Numbers) -> None:
        """Write operations on numbers as a kernel of one thread."""
        kernel = Kernel()
        body = self.compute_numbers(work, kernel)
        if body:
            kernel.lines = ["EACH(i, 1) {", *(f"    {line}" for line in body), "}"]
            self.launch(kernel, 1, (32, 1))

    def compute_numbers(self, work: Numbers, kernel: Kernel) -> list[str]:
        """Write operations on numbers, one after another; what is seen of an array is read where that is needed."""
        body: list[str] = []
        values: dict[Any, Operand] = {}
        stored = set(self.find_stored(work))
        for node in work.members:
            if is_view(node.op):
                continue
            operands = [values[x] if x in values else self.read(x, None, (), kernel, body) for x in node.inputs]
            values[node] = self.compute(node, operands, body)
            if node in stored:
                body.append(f"{kernel.point(self.find(node), node.dtype)}[0] = {values[node].written};")
        return body

    # loops

    def write_loops(self, unit: Loops, tails: Sequence[Any] = ()) -> None:
        """Write the kernels of one unit; ``tails`` follow its sums, which are over the same axes."""
        frame = self.frame(unit)
        groups: dict[frozenset[int], list[Node]] = {}
        for node in unit.members:
            if is_reduction(node):
                groups.setdefault(frame.reduced[node], []).append(node)
        stored = [x for x in self.find_stored(unit) if not is_reduction(x)]
        last = list(groups)[-1] if groups else None
        for axes, gathered in groups.items():
            self.write_gathered(unit, frame, axes, gathered, stored if axes == last else [], tails)
        n = prod(frame.sizes)
        if not groups and stored and n:
            kernel, body = Kernel(), []
            letters = [f"i{k}" for k in range(len(frame.sizes))] if len(frame.sizes) > 1 else ["i"]
            if len(letters) > 1:
                body += write_letters("i", letters, frame.sizes)
            self.write_members(unit, stored, frame, letters, kernel, body, stored)
            self.launch_each(kernel, n, body)

    def write_tails(self, tails: Sequence[Any], kernel: Kernel) -> list[str]:
        """Write what follows sums, for element o of each."""
        lines = []
        for tail in tails:
            if isinstance(tail, Numbers):
                body = self.compute_numbers(tail, kernel)
            else:
                frame = self.frame(tail)
                letters = [f"t{k}" for k in range(len(frame.sizes))]
                body = write_letters("o", letters, frame.sizes)
                stored = self.find_stored(tail)
                self.write_members(tail, stored, frame, letters, kernel, body, stored)
            lines += ["{", *(f"    {line}" for line in body), "}"]
        return lines

    def frame(self, unit: Loops, by_rows: bool = False) -> Frame:
        """Find the loops of a unit: axes whose elements lie in order everywhere share one, but the last ``by_rows``."""
        shape = unit.shape or (1,)
        inside = {x for x in unit.members if not is_reduction(x)}
        operands = dict.fromkeys(
            x for node in unit.members for x in node.inputs if isinstance(x, Node) and x not in inside
        )
        layouts = {x: spread_layout(layout(x), x.shape, shape) for x in operands}
        partial = {x: reduced_axes(x) for x in unit.members if is_reduction(x)}
        elsewhere = {at.base for at in layouts.values() if at.strides != contiguous_strides(shape)}
        if any(self.plan.in_place.get(node) in elsewhere for node in unit.members):
            raise Unsupported("a new value computed from other places of the old one")
        apart = [*partial.values(), *([(len(shape) - 1,)] if by_rows else [])]
        loops = share_loops(shape, [at.strides for at in layouts.values()], apart)
        layouts = {x: replace(at, strides=merge_strides(at.strides, loops)) for x, at in layouts.items()}
        reduced = {x: frozenset(loops[axis] for axis in axes) for x, axes in partial.items()}
        return Frame(merge_sizes(shape, loops), layouts, reduced)

    def write_members(
        self, unit: Loops, wanted: Sequence[Node], frame: Frame, letters: Sequence[str], kernel: Kernel,
        body: list[str], stored: Sequence[Node],
    ) -> dict[Node, list[Operand]]:  # fmt: skip
        """Write what some members need of a unit, and store some; give the operands of each that is gathered."""
        inside = {x for x in unit.members if not is_reduction(x)}
        needed, stack = set(), [*wanted, *stored]
        while stack:
            node = stack.pop()
            if node not in needed:
                needed.add(node)
                stack += [x for x in node.inputs if isinstance(x, Node) and x in inside]
        values: dict[Any, Operand] = {}
        kept = set(stored)  # not the list: == between Nodes is an expression
        gathered: dict[Node, list[Operand]] = {}
        writes = []
        for node in (x for x in unit.members if x in needed):
            operands = []
            for x in node.inputs:
                if not isinstance(x, Node):
                    operands.append(Operand("", None, x))
                    continue
                if x not in values:
                    values[x] = self.read(x, frame.layouts[x], letters, kernel, body)
                operands.append(values[x])
            if is_reduction(node):
                gathered[node] = operands
                continue
            values[node] = self.compute(node, operands, body)
            if node in kept:
                pointer = kernel.point(self.find(node), node.dtype)
                place = write_place(0, contiguous_strides(frame.sizes), letters)
                writes.append(f"{pointer}[{place}] = {values[node].written};")
        body += writes
        return gathered

    def write_gathered(
        self, unit: Loops, frame: Frame, axes: frozenset[int], gathered: Sequence[Node], stored: Sequence[Node],
        tails: Sequence[Any] = (),
    ) -> None:  # fmt: skip
        """Write the kernel of reductions over the same axes; of few long ones two, the first for parts of them."""
        sizes = frame.sizes
        kept = [k for k in range(len(sizes)) if k not in axes]
        summed = [k for k in range(len(sizes)) if k in axes]
        rows, length = prod(sizes[k] for k in kept), prod(sizes[k] for k in summed)
        if not rows:
            return
        parts = min(256, -(-length // (LONG // 4))) if rows <= FEW_GROUPS and length >= LONG else 1
        each = -(-length // parts)
        kernel, body = Kernel(), []
        letters = [f"{'r' if k in axes else 'o'}{k}" for k in range(len(sizes))]
        body += write_letters("r", [letters[k] for k in summed], [sizes[k] for k in summed])
        operands = self.write_members(unit, gathered, frame, letters, kernel, body, stored)
        group = Group(rows, length, bool(summed) and summed[-1] == len(sizes) - 1)
        row = "o" if parts == 1 else f"o % {rows}"
        before = write_letters(row, [letters[k] for k in kept], [sizes[k] for k in kept]) if kept else []
        start = "0" if parts == 1 else f"o / {rows} * {each}"
        stop = (
            str(length)
            if parts == 1
            else f"(o / {rows} + 1) * {each} < {length} ? (o / {rows} + 1) * {each} : {length}"
        )
        entering = {x: find_kernel(x).reduction.enter(x, operands[x]) for x in gathered}  # type: ignore[union-attr]
        if parts == 1:
            give_all, after = self.give_results(kernel), self.write_tails(tails, kernel)
            self.write_group(kernel, group, gathered, before, (start, stop), body, entering, give_all, after)
            return
        counts = [len(entering[x]) * [x.dtype] for x in gathered]
        scratch = iter(self.take_scratch([dtype.itemsize * rows * parts for c in counts for dtype in c]))
        places = {x: [next(scratch) for _ in entering[x]] for x in gathered}

        def give(node: Node, names: list[str]) -> list[str]:
            pointers = [kernel.point(place, node.dtype) for place in places[node]]
            return [f"{p}[o] = {name};" for p, name in zip(pointers, names, strict=True)]

        over = Group(rows * parts, each, group.beside)
        self.write_group(kernel, over, gathered, before, (start, stop), body, entering, give)
        second = Kernel()
        pointers = {x: [second.point(place, x.dtype) for place in places[x]] for x in gathered}
        meeting = {x: [f"{p}[r * {rows} + o]" for p in pointers[x]] for x in gathered}
        last = Group(rows, parts, rows == 1)
        give_all, after = self.give_results(second), self.write_tails(tails, second)
        self.write_group(second, last, gathered, [], ("0", str(parts)), [], meeting, give_all, after)


def reduced_axes(node: Node) -> tuple[int, ...]:
    """Give the axes that a reduction is over; an inner product is over all of them."""
    n = len(space(node)) or 1
    if not isinstance(node.op, Sum | Max | Prod):
        return tuple(range(n))
    return normalize_axis(node.op.axis, n) if space(node) else (0,)
