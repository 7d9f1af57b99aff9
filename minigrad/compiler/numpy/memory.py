"""Where NumPy's results go: a piece of memory for each array, taken in turns, or over an operand of the operation."""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any

from minigrad.compiler.passes.lower import AddAt, is_view
from minigrad.compiler.passes.memory import Memory, Step, plan_memory
from minigrad.compiler.passes.plan import Plan, is_array, is_ufunc, root
from minigrad.engine.node import Node, count_uses
from minigrad.ops.places.assignment import Assign

CHANGES = AddAt | Assign  # what changes some elements of its first operand


def find_begun_arrays(plan: Plan, returned: Sequence[Any]) -> set[Node]:
    """Find what is only changed to something that is returned: it needs no memory, but is computed in that array."""
    found: set[Node] = set()
    nodes = [*plan.first, *plan.second]
    users = count_uses(nodes, [*returned, *plan.needed, *(value for _, value in plan.copies)])
    for node in nodes[::-1]:
        if isinstance(node.op, CHANGES) and (node in plan.fresh or node in found):
            y: Any = node.inputs[0]
            if owns_memory(y, plan) and users[y] == 1 and (y.shape, y.dtype) == (node.shape, node.dtype):
                found.add(y)
    return found


def plan_arrays(plan: Plan, returned: Sequence[Any], begun: set[Node]) -> dict[Node, Memory]:
    """Give every array that a call computes for itself alone its Memory."""
    return plan_memory(
        [make_step(node, plan, begun) for node in (*plan.first, *plan.second)], find_kept(plan, returned)
    )


def find_kept(plan: Plan, returned: Sequence[Any]) -> list[Node]:
    """Give what is read when all operations have run."""
    values = (*returned, *plan.needed, *(value for _, value in plan.copies))
    return [root(x) for x in values if isinstance(x, Node)]


def make_step(node: Node, plan: Plan, begun: Container[Node] = ()) -> Step:
    """Give an operation as a step of its own."""
    reads = [root(x) for x in (node, *node.inputs) if isinstance(x, Node)]
    stores = [node] if owns_memory(node, plan) and node not in begun else []
    return Step(stores, [x for x in reads if x is not node], _overwritable(node))


def owns_memory(node: Any, plan: Plan) -> bool:
    """Say whether an operation's result is an array that goes to memory of the plan's own."""
    if not is_array(node) or node.op is None or is_view(node.op):
        return False
    return node not in plan.fresh and node not in plan.in_place and node not in plan.drawn_in


def _overwritable(node: Node) -> list[Node]:
    """Give the operands of the same shape and dtype that a result may be written over.

    Not those of one element: writing over that takes NumPy four times as long, 0.8 µs, as writing somewhere else. Nor
    one that another operand sees in another way, as in xᵀ + x, of which NumPy would take a copy first.
    """
    candidates = node.inputs if is_ufunc(node) else node.inputs[:1] if isinstance(node.op, CHANGES) else ()
    alike = [x for x in candidates if isinstance(x, Node) and (x.shape, x.dtype) == (node.shape, node.dtype)]
    seen = {root(y) for y in node.inputs if isinstance(y, Node) and is_view(y.op)}
    return [x for x in alike if x.size != 1 and root(x) not in seen]
