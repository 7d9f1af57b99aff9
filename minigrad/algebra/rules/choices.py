"""Choices between numbers, by ``np.where``."""

from __future__ import annotations

from math import isfinite
from typing import Any

from minigrad.algebra.numbers import in_shape_of, number_of
from minigrad.algebra.rewrite import on, replace_operand
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import multiply, where
from minigrad.ops.shaping import BroadcastTo


@on(where)
def choose_copies(node: Node) -> Any:
    """where(c, broadcast_to(s), x) = where(c, s, x), where the others have the shape already; likewise for s and x."""
    for i, x in enumerate(node.inputs):
        if i and isinstance(x, Node) and isinstance(x.op, BroadcastTo):
            made = replace_operand(node, i, x.inputs[0] if number_of(x) is None else number_of(x))
            return made if made.shape == node.shape else None
    return None


@on(where)
def choose_number(node: Node) -> Any:
    """where(c, n, 0) = n c, for a finite number n that is not 1."""
    c, a, b = node.inputs
    if node.dtype.kind != "f" or isinstance(a, Node) or isinstance(b, Node) or b != 0 or a == 1 or not isfinite(a):
        return None
    return in_shape_of(float(a) * c, node)


@on(multiply)
def multiply_by_choice(node: Node) -> Any:
    """x ⊙ where(c, 1, 0) = x ⊙ c, and so for a number x, and the other way round."""
    for x, y in (node.inputs, node.inputs[::-1]):
        match y:
            case Node(op, (c, int() | float() as a, int() | float() as b)) if op == where and (a, b) == (1, 0):
                if node.dtype.kind != "f":
                    return None
                return in_shape_of((x if isinstance(x, Node) else float(x)) * c, node)
    return None
