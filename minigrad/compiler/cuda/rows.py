"""Units that work row by row, put together: a softmax and its cross entropy are one kernel instead of five.

A block has a row, and takes one unit of it after the other; between two, its threads wait for each other. So what one
unit stores another may read, if that is of the same row. A kernel costs a graph some 1.5 µs, as much as 1 MB of memory.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

from minigrad.compiler.cuda.groups import Group
from minigrad.compiler.cuda.loops import LoopWriter, reduced_axes
from minigrad.compiler.cuda.places import Kernel, spread_layout, write_letters
from minigrad.compiler.cuda.registry import find_kernel
from minigrad.compiler.passes.fuse import Loops, is_reduction
from minigrad.compiler.passes.layouts import contiguous_strides, layout
from minigrad.compiler.passes.plan import Plan, root
from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node

LONGEST = 4096  # elements of a row: longer ones keep the whole GPU busy by themselves


@dataclass(eq=False)
class Rows:
    """Units over the same rows, in an order in which they can run."""

    units: list[Loops]
    count: int

    @property
    def members(self) -> list[Node]:
        """The operations of all units."""
        return [node for unit in self.units for node in unit.members]


def see_rows(unit: Any, plan: Plan) -> tuple[int, int] | None:
    """Give the rows of a unit and their length, if it has any, and writes over no parameter."""
    if not isinstance(unit, Loops) or not unit.shape or unit.late or any(x in plan.in_place for x in unit.members):
        return None
    last = len(unit.shape) - 1
    count, length = (prod(unit.shape[:-1]), unit.shape[-1]) if last else (unit.shape[0], 1)
    return (count, length) if count and 0 < length <= LONGEST else None


def part_rows(unit: Loops) -> tuple[Loops, Loops]:
    """Part a unit into what works row by row, and the sums over other axes, which read what that has stored."""
    last = len(unit.shape) - 1
    apart = {x for x in unit.members if is_reduction(x) and (not last or reduced_axes(x) != (last,))}
    rows, others = ([x for x in unit.members if (x in apart) == inside] for inside in (False, True))
    return Loops(unit.shape, unit.late, rows), Loops(unit.shape, unit.late, others)


def join_rows(works: Sequence[Any], plan: Plan) -> list[Any]:
    """Put units over the same rows together where one reads what another of them has computed."""
    place = {node: i for i, work in enumerate(works) for node in work.members}
    seen = [see_rows(work, plan) for work in works]
    left: list[Any] = list(works)  # None where all of it has gone to another's place
    joined: list[Any] = []
    for i, here in enumerate(seen):
        if left[i] is None:
            continue
        units, rest = find_rows_from(i, here, left, seen, place) if here is not None else ([], {})
        if len(units) < 2:
            joined.append(left[i])
            continue
        assert here is not None
        for j, other in rest.items():
            left[j] = other if other.members else None
        joined.append(Rows(units, here[0]))
        joined += [left[i]] if left[i] is not None else []
    return joined


def find_rows_from(
    first: int, here: tuple[int, int], left: Sequence[Any], seen: Sequence[Any], place: dict[Node, int]
) -> tuple[list[Loops], dict[int, Loops]]:
    """Give the units that begin with one of sums of rows, and what is left of each that they are parts of."""
    start, rest = part_rows(left[first])
    units, others, made = [start], {first: rest}, set(start.members)
    if not any(is_reduction(x) for x in start.members):
        return [], {}
    for j in range(first + 1, len(left)):
        if left[j] is not None and seen[j] is not None and seen[j][0] == here[0]:
            unit, rest = part_rows(left[j])
            if unit.members and _follows(unit, made, place, first):
                units.append(unit)
                others[j] = rest
                made.update(unit.members)
    return units, others


def _follows(unit: Loops, made: set[Node], place: dict[Node, int], first: int) -> bool:
    """Say whether a unit reads, of what some units have made, the same row alone, and else what is there before."""
    own, reached = set(unit.members), False
    for x in (x for node in unit.members for x in node.inputs if isinstance(x, Node)):
        base = root(x)
        if base in made:
            if not _lies_in_rows(x, base, unit.shape):
                return False
            reached = True
        elif base not in own and place.get(base, -1) >= first:
            return False
    return reached


def _lies_in_rows(x: Node, base: Node, shape: tuple[int, ...]) -> bool:
    """Say whether what a unit of a shape reads of a base, for a row, is in that row of the base."""
    try:
        at = layout(x)
    except Unsupported:
        return False
    leading = shape[:-1] if len(shape) > 1 else shape
    length = base.size // prod(leading)
    strides = spread_layout(at, x.shape, shape).strides
    wanted = (s * length for s in contiguous_strides(leading))
    along = strides[len(leading) :]
    inside = all(s * (n - 1) < length for s, n in zip(along, shape[len(leading) :], strict=True))
    rows = all(s == w or n == 1 for s, w, n in zip(strides, wanted, leading, strict=False))
    return at.offset == 0 and base.size == length * prod(leading) and inside and rows


class RowWriter(LoopWriter):
    """Writes Rows."""

    def write_rows(self, work: Rows) -> None:
        """Write one kernel, whose blocks take one unit after the other."""
        kernel, lines, longest = Kernel(), [], 1
        for unit in work.units:
            frame = self.frame(unit, by_rows=True)
            sizes = frame.sizes
            flat = len(unit.shape) == 1
            letters = [f"o{k}" for k in range(len(sizes) - (not flat))] + ([] if flat else [f"r{len(sizes) - 1}"])
            length = 1 if flat else sizes[-1]
            longest = max(longest, length)
            body = [] if flat else write_letters("r", letters[-1:], sizes[-1:])
            outer = len(letters) if flat else len(letters) - 1
            before = write_letters("o", letters[:outer], sizes[:outer])
            gathered = [x for x in unit.members if is_reduction(x)]
            stored = [x for x in self.find_stored(unit) if not is_reduction(x)]
            operands = self.write_members(unit, gathered, frame, letters, kernel, body, stored)
            entering = {x: find_kernel(x).reduction.enter(x, operands[x]) for x in gathered}  # type: ignore[union-attr]
            ends, give = ("0", str(length)), self.give_results(kernel)
            phase = self.write_lanes(work.count, gathered, before, ends, body, entering, give)
            lines += ["{", *(f"    {line}" for line in phase), "}", "SYNC"]
        kernel.lines = ["SHARED", f"GROUPS(o, {work.count}) {{", *(f"    {line}" for line in lines), "}"]
        self.launch(kernel, work.count, Group(max(work.count, 2), min(longest, 256), True).threads)
