"""What 0, 1 and a number with itself do."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.algebra.numbers import in_shape_of, number_of
from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, divide, multiply, subtract


@on(add, subtract, multiply, divide)
def zero_and_one(node: Node) -> Any:
    """x + 0 = x, x − 0 = x, 0 − x = −x, 1 x = x, x / 1 = x, 0 x = 0."""
    match node:
        case Node(op, (a, b)) if op in (add, subtract, multiply, divide):
            m, n = number_of(a), number_of(b)
        case _:
            return None
    if (op == add and n == 0) or (op == subtract and n == 0) or (op in (multiply, divide) and n == 1):
        return in_shape_of(a, node)
    if (op == add and m == 0) or (op == multiply and m == 1):
        return in_shape_of(b, node)
    if op == subtract and m == 0 and getattr(b, "dtype", None) != np.bool_:
        return in_shape_of(-b, node)
    if op == multiply and 0 in (m, n):
        return in_shape_of(0.0, node)
    return None


@on(add)
def twice(node: Node) -> Any:
    """x + x = 2 x."""
    return 2 * node.inputs[0] if node.op == add and node.inputs[0] is node.inputs[1] else None


@on(multiply)
def quotient(node: Node) -> Any:
    """a ⊙ (1 / b) = a / b and (1 / b) ⊙ a = a / b."""
    if node.op != multiply:
        return None
    for a, b in (node.inputs, node.inputs[::-1]):
        if isinstance(b, Node) and b.op == divide and number_of(b.inputs[0]) == 1:
            return in_shape_of(a / b.inputs[1], node)
    return None
