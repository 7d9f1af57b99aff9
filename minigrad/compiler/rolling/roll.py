"""Roll: what a step does over and over again becomes a loop.

It is found in the graph, after the algebra, whoever wrote it: a ``for`` over time steps, the sweep back through them,
layers that are alike, a solver's steps. The first or last turns may be otherwise; they stay what they are.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minigrad.algebra.rewrite import rebuild_node
from minigrad.compiler.rolling.body import BodyWriter, Stacked, Whole
from minigrad.compiler.rolling.groups import Group
from minigrad.compiler.rolling.loop import Kept, Loop
from minigrad.compiler.rolling.mending import fold_choices
from minigrad.compiler.rolling.own import Gathered, Numbers, Picked
from minigrad.compiler.rolling.planning import Plan, plan_loops
from minigrad.compiler.rolling.rows import Kind, Row
from minigrad.compiler.rolling.shared import join_reads
from minigrad.compiler.rolling.stacking import find_needs, find_stacks, order_stacks, see_stack, stack_rows
from minigrad.compiler.rolling.turn import fit_bodies
from minigrad.engine.node import Node
from minigrad.ops.indexing import Index
from minigrad.ops.shaping import Cast, Concatenate, Reshape


def roll_loops(outputs: Sequence[Any], exact: bool = False, refused: dict[Kind, str] | None = None) -> list[Any]:
    """Give equal outputs, bit for bit if they are to be ``exact``, in which operations that repeat are loops.

    ``refused`` gets what repeats and can be none, and why.
    """
    plan, mended = plan_loops(outputs, exact, refused)
    if not plan.groups:
        return list(outputs)
    return join_reads(_roll(mended, plan, outputs))


def _roll(mended: Sequence[Any], plan: Plan, outputs: Sequence[Any]) -> list[Any]:
    """Write what is planned."""
    try:
        rolling = _Rolling(plan, mended)
        units = rolling.order_units()
        stacks = find_stacks(plan, units)
        try:
            again = _Rolling(plan, mended, stacks) if stacks else rolling
            rolled = again.roll(again.order_units() if stacks else units)
        except Circular:
            rolled = rolling.roll(units)
    except Circular:  # a plan that is wrong had better cost time than never end
        return list(outputs)
    return rolled if mended is outputs else fit_bodies(fold_choices(rolled), fold_choices)


Unit = Node | Group | Stacked


class Circular(Exception):
    """Loops that wait for one another."""


class _Rolling:
    """The rewriting: first, in order, all that will be there, and what is wanted of each loop; then that, made."""

    def __init__(self, plan: Plan, outputs: Sequence[Any], stacks: Sequence[Stacked] = ()) -> None:
        self.plan, self.outputs = plan, outputs
        self.stacked = {stack.row.nodes[stack.first + i]: (stack, i) for stack in stacks for i in range(stack.count)}
        self.home = {node: group for group in plan.groups for node in group.home}
        self.writers = {group: BodyWriter(group, plan) for group in plan.groups}
        self.wanted: dict[Group, dict[Row, set[int]]] = {group: {} for group in plan.groups}
        self.becomes: dict[Node, Any] = {}
        self.loops: dict[Group, tuple[Node, dict[Row, Kept]]] = {}
        self.stacks: dict[Stacked, Node] = {}

    def roll(self, units: Iterable[Unit]) -> list[Any]:
        """Give the outputs."""
        for unit in units:
            if isinstance(unit, Group):
                self.make_loop(unit)
            elif isinstance(unit, Stacked):
                whole = self.make_operand(unit)
                nodes = unit.row.nodes[unit.first : unit.first + unit.count]
                self.becomes |= {node: Index((i,))(whole) for i, node in enumerate(nodes)}
            else:
                new = rebuild_node(unit, self.becomes)
                self.becomes[unit] = see_stack(new) if isinstance(new.op, Concatenate) else new
        return [self.becomes[x] if isinstance(x, Node) else x for x in self.outputs]

    # what there will be

    def order_units(self) -> list[Unit]:
        """Give operations, stacks and loops, each after all that it needs."""
        done: dict[Unit, None] = {}
        waiting: set[Unit] = set()
        stack: list[Any] = [self.unit(x) for x in self.outputs if isinstance(x, Node)][::-1]
        while stack:
            unit = stack.pop()
            if unit is None:
                done[stack.pop()] = None
            elif unit not in done:
                if unit in waiting:
                    raise Circular
                waiting.add(unit)
                stack += (unit, None)
                stack += [x for x in self.find_needed(unit)[::-1] if x not in done]
        return list(done)

    def unit(self, node: Node) -> Unit:
        """Give the loop that makes a Node, which is wanted of it, or the stack that it is one of, or the Node."""
        group = self.home.get(node)
        if group is None:
            return self.stacked[node][0] if node in self.stacked else node
        row, t = group.home[node]
        self.wanted[group].setdefault(row, set()).add(t)
        return group

    def find_needed(self, unit: Unit) -> list[Unit]:
        """Give what must be there before an operation, a stack or a loop."""
        if isinstance(unit, Stacked):
            return list(self.needed_for([unit]))
        if isinstance(unit, Node):
            return [self.unit(x) for x in unit.inputs if isinstance(x, Node)]
        return list(self.needed_for(self.writers[unit].operands))

    def needed_for(self, operands: Iterable[Any]) -> Iterable[Unit]:
        """Give what the operands of a loop are made of."""
        for x in operands:
            if isinstance(x, Picked):
                yield self.unit(x.whole)
            elif isinstance(x, Whole):
                self.wanted[x.group].setdefault(x.row, set()).update(range(x.group.low, x.group.high + 1))
                yield x.group
            elif isinstance(x, Gathered):
                yield from map(self.unit, x.nodes)
            elif isinstance(x, Numbers):
                continue
            elif isinstance(x, Stacked):
                yield from self.needed_for(find_needs(x, self.plan))
            else:
                yield self.unit(x)

    # what is made

    def make_loop(self, group: Group) -> None:
        """Make a loop, and what is wanted of it."""
        wanted = {row: bool(turns - {group.high}) for row, turns in self.wanted[group].items()}
        writer = self.writers[group]
        body, kept = writer.write_body(wanted)
        operands = tuple(self.make_operand(x) for x in writer.operands)
        table = next(iter(group.home)).table
        block = Node(Loop(body), operands, shape=(body.size,), dtype=body.dtype, table=table)
        self.loops[group] = block, kept
        for row, turns in self.wanted[group].items():
            whole = self.see_part(group, row)
            for t in turns - ({group.low} if row in group.begun else set()):
                node = row.nodes[group.index(row, t)]
                self.becomes[node] = Index((t - group.low,))(whole) if kept[row].each else whole

    def see_part(self, group: Group, row: Row) -> Node:
        """Give what is kept of a row: a view of the loop's block, as an array of one turn or of all."""
        (block, kept), like = self.loops[group], row.like
        part = kept[row]
        shape = (group.count, *like.shape) if part.each else like.shape
        seen = Reshape(shape)(Index((slice(part.start, part.start + part.size(group.count)),))(block))
        return seen if seen.dtype == like.dtype else Cast(like.dtype)(seen)

    def make_operand(self, operand: Any) -> Any:
        """Make an operand of a loop."""
        if isinstance(operand, Whole):
            return self.see_part(operand.group, operand.row)
        if isinstance(operand, Numbers):
            return operand.as_node()
        if isinstance(operand, Picked):
            return operand.pick(self.becomes[operand.whole])
        if isinstance(operand, Gathered):
            return operand.gather([self.becomes[x] for x in operand.nodes])
        if isinstance(operand, Stacked):
            for stack in order_stacks(operand, self.plan, self.stacks):
                self.stacks[stack] = stack_rows(stack, self.plan, self.make_operand)
            return self.stacks[operand]
        return self.becomes[operand]
