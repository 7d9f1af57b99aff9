"""The algebra of signs and of numbers in front."""

from __future__ import annotations

from typing import Any

from minigrad.algebra.numbers import in_shape_of, is_in_range, number_of, same_arithmetic
from minigrad.algebra.rewrite import on, replace_operand
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, divide, multiply, negative, subtract
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import Sum
from minigrad.ops.shaping import Reshape, Transpose

_LINEAR = (Sum, Transpose, Reshape)


def _negated(x: Any, node: Node) -> Any:
    """Give a if x is −a, with the same arithmetic as the Node."""
    return x.inputs[0] if isinstance(x, Node) and x.op == negative and same_arithmetic(x, node) else None


def _less(x: Any) -> Any:
    """Give c a if x is (−c) a with a number c > 0; not of integers, whose kind may have −c alone."""
    match x:
        case Node(op, (int() | float() as c, a)) if op == multiply and c < 0 and x.dtype.kind in "fc":
            return -c * a
    return None


@on(negative)
def two_signs(node: Node) -> Any:
    """−(−x) = x."""
    return _negated(node.inputs[0], node)


@on(negative)
def sign_of_difference(node: Node) -> Any:
    """−(a − b) = b − a."""
    match node.inputs:
        case (Node(op, (a, b)),) if op == subtract:
            return b - a
    return None


@on(negative)
def sign_of_factor(node: Node) -> Any:
    """−(c ⊙ (a − b)) = c ⊙ (b − a), and so for whatever is linear in an operand, and /."""
    (x,) = node.inputs
    if not isinstance(x, Node) or not (x.op in (multiply, divide, matmul) or isinstance(x.op, _LINEAR)):
        return None
    for i, part in enumerate(x.inputs):
        if isinstance(part, Node) and part.op == subtract and same_arithmetic(part, node):
            a, b = part.inputs
            return replace_operand(x, i, b - a)
    return None


@on(add)
def add_negative(node: Node) -> Any:
    """a + (−b) = a − b, on either side."""
    a, b = node.inputs
    if (x := _negated(b, node)) is not None:
        return a - x
    return b - x if (x := _negated(a, node)) is not None else None


@on(subtract)
def subtract_negative(node: Node) -> Any:
    """a − (−b) = a + b."""
    a, b = node.inputs
    return None if (x := _negated(b, node)) is None else a + x


@on(subtract)
def subtract_from_negative(node: Node) -> Any:
    """−a − b = −(a + b)."""
    a, b = node.inputs
    return None if (x := _negated(a, node)) is None else -(x + b)


@on(add)
def add_negative_multiple(node: Node) -> Any:
    """a + (−c b) = a − c b, on either side, for a number c > 0."""
    a, b = node.inputs
    if (x := _less(b)) is not None:
        return a - x
    return b - x if (x := _less(a)) is not None else None


@on(subtract)
def subtract_negative_multiple(node: Node) -> Any:
    """a − (−c b) = a + c b, for a number c > 0."""
    a, b = node.inputs
    return None if (x := _less(b)) is None else a + x


@on(add, subtract)
def negative_number(node: Node) -> Any:
    """a + (−c) = a − c, on either side, and so for a difference, for a number c > 0."""
    if node.dtype.kind != "f":
        return None
    a, b = node.inputs
    if node.op == add and number_of(b) is None:
        a, b = b, a
    number = number_of(b)
    if number is None or not number < 0 or number_of(a) is not None:
        return None
    return in_shape_of(a - -number if node.op == add else a + -number, node)


@on(multiply, divide, matmul, *_LINEAR)
def sign_in_product(node: Node) -> Any:
    """−a ⊙ b = −(a ⊙ b), on either side, and so for whatever is linear in an operand, and /."""
    for place, x in enumerate(node.inputs):
        a = _negated(x, node)
        if a is not None:
            return -replace_operand(node, place, a)
    return None


@on(multiply)
def minus_one_times(node: Node) -> Any:
    """−1 x = −x, but for truth values, which have no sign, and unsigned integers, which −1 is none of."""
    c, x = node.inputs
    return -x if number_of(c) == -1 and getattr(x, "dtype", node.dtype).kind not in "bu" else None


@on(add, subtract)
def common_number(node: Node) -> Any:
    """c a + c b = c (a + b), for a number c, and so for a difference."""
    match node.inputs:
        case (Node(f, (int() | float() as c, a)), Node(g, (int() | float() as d, b))) if f == g == multiply and c == d:
            if same_arithmetic(a, node) and same_arithmetic(b, node):
                return c * (a + b if node.op == add else a - b)
    return None


@on(negative)
def sign_of_multiple(node: Node) -> Any:
    """−(c a) = −c a, for a number c, but for integers, whose kind may have c alone."""
    match node.inputs:
        case (Node(op, (int() | float() as c, a)),) if op == multiply and node.dtype.kind in "fc":
            return -c * a
    return None


@on(multiply)
def number_first(node: Node) -> Any:
    """x ⊙ c = c x, for a number c."""
    x, c = node.inputs
    return in_shape_of(number_of(c) * x, node) if number_of(c) is not None and number_of(x) is None else None


@on(multiply)
def number_times_multiple(node: Node) -> Any:
    """2 (3 x) = 6 x, for numbers whose product x's kind has, but for integers, whose kind may end below 6."""
    a, b = node.inputs
    if number_of(a) is None or not isinstance(b, Node) or b.op != multiply or b.dtype.kind not in "fc":
        return None
    inner = number_of(b.inputs[0])
    if inner is None or not is_in_range(number_of(a) * inner, b.dtype):
        return None
    return in_shape_of((number_of(a) * inner) * b.inputs[1], node)
