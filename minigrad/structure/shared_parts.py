"""Parts of a loss that the gradients of several results have in them, so that each would write them out."""

from __future__ import annotations

from collections.abc import Collection

from minigrad.engine.node import Node, order_nodes
from minigrad.ops.arithmetic import add, divide, multiply, negative, subtract
from minigrad.ops.indexing import Index, Scatter
from minigrad.ops.reduction import Sum
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose
from minigrad.structure.reading import Reading

SHORT = 2  # operations: what is as short as that, such as 1 − y, may be written as often as it is needed
_LINEAR = (Sum, Index, Scatter, BroadcastTo, Cast, Reshape, Transpose)


def find_shared_parts(reading: Reading) -> set[Node]:
    """Give what of the loss leads to a part that has to have a symbol.

    In E = Σ relu(d(a, p) − d(a, n) + m) the gradients of a, p and n all have the sign of what relu is of. That is long,
    and computed from several results; what a function is of whose derivative needs no value, as a sum's, is none.
    """
    found: set[Node] = set()
    for x in reversed(reading.graph.nodes):
        if x not in reading.loss or x in found or not x.ndim:
            continue
        users = [user for user in reading.users.get(x, ()) if user in reading.loss]
        if any(not _is_linear(user, x) for user in users):
            within, results = _origins(x, reading)
            if len(results) > 1 and len(within) > SHORT:
                found |= {y for y in order_nodes([x]) if y in reading.loss}
    return found


def _is_linear(user: Node, x: Node) -> bool:
    """Say whether the derivative of a function by x does not need x."""
    if user.op in (add, subtract, negative) or isinstance(user.op, _LINEAR):
        return True
    if user.op == multiply or (user.op == divide and user.inputs[0] is x):
        return (
            all(y is x or not isinstance(y, Node) or y.op is None for y in user.inputs)
            and sum(y is x for y in user.inputs) == 1
        )
    return False


def _origins(x: Node, reading: Reading) -> tuple[Collection[Node], Collection[Node]]:
    """Give the operations of the loss that lead to x, and the results and parameters that these begin with.

    Each part of a result that an index takes is one.
    """
    within: set[Node] = {x}
    results: set[Node] = set()
    stack = [x]
    while stack:
        for y in stack.pop().inputs:
            if not isinstance(y, Node) or not y.ndim:
                continue
            if y in reading.loss and not isinstance(y.op, Index):
                if y not in within:
                    within.add(y)
                    stack.append(y)
            elif y.op is not None or y in reading.parameters:
                results.add(y)
    return within, results
