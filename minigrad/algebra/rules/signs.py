"""The algebra of signs and of numbers in front: one rule, one equation."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.algebra.numbers import in_shape_of, number_of
from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, divide, multiply, negative, subtract
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import Sum
from minigrad.ops.shaping import Reshape, Transpose


def _negated(x: Any) -> Any:
    """Give a if x is −a."""
    return x.inputs[0] if isinstance(x, Node) and x.op == negative else None


@on(negative)
def double_sign(node: Node) -> Any:
    """−(−x) = x, −(a − b) = b − a, and −(c ⊙ (a − b)) = c ⊙ (b − a), likewise for whatever is linear in an operand."""
    if node.op != negative:
        return None
    (x,) = node.inputs
    if not isinstance(x, Node):
        return None
    if x.op == subtract:
        return x.inputs[1] - x.inputs[0]
    if x.op in (multiply, divide, matmul) or isinstance(x.op, Sum | Transpose | Reshape):
        for i, part in enumerate(x.inputs):
            if isinstance(part, Node) and part.op == subtract and x.op is not None:
                a, b = part.inputs
                return x.apply(x.op, (*x.inputs[:i], b - a, *x.inputs[i + 1 :]))
    return _negated(x)


@on(add, subtract)
def sign_in_sum(node: Node) -> Any:
    """a + (−b) = a − b, (−a) + b = b − a, a − (−b) = a + b, (−a) − b = −(a + b)."""
    if node.op not in (add, subtract):
        return None
    a, b = node.inputs
    if (x := _negated(b)) is not None:
        return a - x if node.op == add else a + x
    if (x := _negated(a)) is not None:
        return b - x if node.op == add else -(x + b)
    if (x := _less(b)) is not None:
        return a - x if node.op == add else a + x
    if node.op == add and (x := _less(a)) is not None:
        return b - x
    return None


def _less(x: Any) -> Any:
    """Give c a if x is (−c) a with a number c > 0."""
    match x:
        case Node(op, (c, a)) if op == multiply and isinstance(c, int | float) and c < 0:
            return -c * a
    return None


@on(add, subtract, negative)
def common_number(node: Node) -> Any:
    """c a + c b = c (a + b) and c a − c b = c (a − b), for a number c; and −(c a) = (−c) a."""
    match node:
        case Node(op, (Node(f, (c, a)), Node(g, (d, b)))) if op in (add, subtract) and f == g == multiply:
            if isinstance(c, int | float) and isinstance(d, int | float) and c == d:
                return c * (a + b if op == add else a - b)
        case Node(op, (Node(f, (c, a)),)) if op == negative and f == multiply and isinstance(c, int | float):
            return -c * a
    return None


@on(multiply, divide, matmul, Sum, Transpose, Reshape)
def sign_in_product(node: Node) -> Any:
    """(−a) ⊙ b = −(a ⊙ b), and so for every operation that is linear in an operand: /, matrix product, Σ, ᵀ."""
    if node.op in (multiply, divide, matmul):
        a, b = node.inputs
        for x, y in ((_negated(a), b), (a, _negated(b))):
            if x is not None and y is not None:
                return -node.apply(node.op, (x, y))
        if node.op != matmul and number_of(a) == -1:
            return -b if node.op == multiply and getattr(b, "dtype", None) != np.bool_ else None
    elif isinstance(node.op, Sum | Transpose | Reshape):
        x = _negated(node.inputs[0])
        return None if x is None else -node.apply(node.op, (x,))
    return None


@on(multiply)
def number_in_front(node: Node) -> Any:
    """x ⊙ 2 = 2 x and 2 (3 x) = 6 x."""
    if node.op != multiply:
        return None
    a, b = node.inputs
    if number_of(b) is not None and number_of(a) is None:
        return in_shape_of(number_of(b) * a, node)
    if number_of(a) is not None and isinstance(b, Node) and b.op == multiply and number_of(b.inputs[0]) is not None:
        return in_shape_of((number_of(a) * number_of(b.inputs[0])) * b.inputs[1], node)
    return None


@on(add, subtract)
def negative_number(node: Node) -> Any:
    """a − (−c) = a + c and a + (−c) = (−c) + a = a − c, for a number c > 0."""
    if node.op not in (add, subtract) or node.dtype.kind != "f":
        return None
    a, b = node.inputs
    if node.op == add and number_of(b) is None:
        a, b = b, a
    number = number_of(b)
    if number is None or not number < 0 or number_of(a) is not None:
        return None
    return in_shape_of(a - -number if node.op == add else a + -number, node)
