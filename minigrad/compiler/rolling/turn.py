"""A turn as a backend writes it: a step of its own, whose parameters are what it hands on."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from minigrad.algebra.rewrite import substitute_nodes
from minigrad.compiler.passes.lower import hold_output, part_arrays, restore_type, rewrite_nodes
from minigrad.compiler.passes.plan import Plan, plan_order
from minigrad.compiler.rolling.loop import Body, Kept, Loop, Read
from minigrad.engine.node import Node, order_nodes


@dataclass(frozen=True, eq=False)
class Turn:
    """A planned turn: ``kept`` are its values for a block, ``updates`` those handed on, numbers in ``handed``."""

    plan: Plan
    kept: list[tuple[Kept, Any]]
    updates: dict[Node, Any]
    handed: dict[Node, Any]

    @property
    def returned(self) -> list[Any]:
        """All that the plan computes but for its updates."""
        return [*(x for _, x in self.kept), *self.handed.values()]


def plan_turn(
    body: Body, draws_in: Callable[[Node], bool] = lambda product: True, becomes: dict[Node, Any] | None = None
) -> Turn:
    """Plan a turn, in which inputs may have become others; arrays are handed on by being written over."""
    values = substitute_nodes(body.values, becomes or {})
    n = len(body.kept)
    kept = part_arrays([hold_output(x) for x in values[:n]])
    new = dict(zip((x.node for x in body.states), map(hold_output, values[n:]), strict=True))
    updates = {x: value for x, value in new.items() if x.shape}
    handed = {x: value for x, value in new.items() if not x.shape}
    plan = plan_order([*kept, *handed.values()], updates, draws_in)
    return Turn(plan, list(zip(body.kept, kept, strict=True)), updates, handed)


def fit_bodies(outputs: Sequence[Any], fit: Callable[[Sequence[Any]], list[Any]]) -> list[Any]:
    """Let a backend's rules rewrite the bodies of loops, too."""

    def fitted(node: Node) -> Any:
        if not isinstance(node.op, Loop):
            return None
        body = node.op.body
        values = [restore_type(x, like) for x, like in zip(fit_bodies(fit(body.values), fit), body.values, strict=True)]
        return lift_constants(node, body.replace_values(values))

    return rewrite_nodes(outputs, fitted)


def lift_constants(loop: Node, body: Body) -> Node:
    """Give a loop with another body, of which what is the same in all turns is computed before it."""
    given: dict[Node, Any] = {x.node: loop.inputs[x.operand] for x in body.reads if x.key is None and not x.each}
    lifted: dict[Node, Any] = {}
    for node in body.nodes:
        inputs = [x for x in node.inputs if isinstance(x, Node)]
        if inputs and not node.weak and all(x in given or x in lifted or x.value is not None for x in inputs):
            known = (lifted.get(x, given.get(x, x)) if isinstance(x, Node) else x for x in node.inputs)
            lifted[node] = Node(node.op, tuple(known), shape=node.shape, dtype=node.dtype, table=loop.table)
    read = dict.fromkeys(x for node in body.nodes if node not in lifted for x in node.inputs if isinstance(x, Node))
    read |= dict.fromkeys(x for x in body.values if isinstance(x, Node))
    becomes = {x: Node(shape=x.shape, dtype=x.dtype, table=x.table) for x in read if x in lifted}
    operands = [*loop.inputs, *(lifted[x] for x in becomes)]
    reads = [Read(new, len(loop.inputs) + i) for i, new in enumerate(becomes.values())]
    values = substitute_nodes(body.values, becomes)
    used = set(order_nodes(values))
    left = tuple(x for x in (*body.reads, *reads) if x.node in used)
    body = replace(body.replace_values(values), reads=left)
    return Node(Loop(body), tuple(operands), shape=loop.shape, dtype=loop.dtype, table=loop.table)
