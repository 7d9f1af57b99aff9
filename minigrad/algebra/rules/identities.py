"""What 0 and 1 do, a term with itself, and a factor with a reciprocal."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.algebra.numbers import in_shape_of, number_of
from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Power, absolute, add, divide, divide_or_zero, multiply, raised, subtract
from minigrad.ops.elementwise import sign, square
from minigrad.ops.matrices.norms import Norm
from minigrad.ops.shaping import BroadcastTo, Reshape


@on(add)
def add_zero(node: Node) -> Any:
    """x + 0 = x, on either side."""
    a, b = node.inputs
    if number_of(b) == 0:
        return in_shape_of(a, node)
    return in_shape_of(b, node) if number_of(a) == 0 else None


@on(subtract)
def subtract_zero(node: Node) -> Any:
    """x − 0 = x."""
    x, zero = node.inputs
    return in_shape_of(x, node) if number_of(zero) == 0 else None


@on(subtract)
def subtract_from_zero(node: Node) -> Any:
    """0 − x = −x, but for truth values, which have no sign."""
    zero, x = node.inputs
    return in_shape_of(-x, node) if number_of(zero) == 0 and getattr(x, "dtype", None) != np.bool_ else None


@on(multiply)
def multiply_by_one(node: Node) -> Any:
    """1 x = x, on either side."""
    a, b = node.inputs
    if number_of(b) == 1:
        return in_shape_of(a, node)
    return in_shape_of(b, node) if number_of(a) == 1 else None


@on(divide)
def divide_by_one(node: Node) -> Any:
    """x / 1 = x."""
    x, one = node.inputs
    return in_shape_of(x, node) if number_of(one) == 1 else None


@on(multiply)
def multiply_by_zero(node: Node) -> Any:
    """0 x = 0, on either side, whatever x is: 0 · ∞ is left to whoever computes x."""
    return in_shape_of(0.0, node) if 0 in map(number_of, node.inputs) else None


@on(add)
def add_to_itself(node: Node) -> Any:
    """x + x = 2 x."""
    x, y = node.inputs
    return 2 * x if x is y else None


@on(multiply)
def multiply_by_reciprocal(node: Node) -> Any:
    """a ⊙ (1 / b) = a / b, on either side."""
    for a, b in (node.inputs, node.inputs[::-1]):
        if isinstance(b, Node) and b.op == divide and number_of(b.inputs[0]) == 1:
            return in_shape_of(a / b.inputs[1], node)
    return None


@on(multiply)
def norm_times_direction(node: Node) -> Any:
    """‖x‖ (x / ‖x‖) = x, on either side, and so with a number before; both are 0 at x = 0."""
    for a, b in (node.inputs, node.inputs[::-1]):
        match a, b:
            case _, Node(op, (Node() as x, y)) if op == divide_or_zero and x.shape == node.shape:
                c, norm = _part_factor(a)
                if norm is not None and _undo_reshape(y) is norm and x.dtype == node.dtype:
                    return x if c is None else c * x
    return None


def _part_factor(a: Any) -> tuple[Any, Node | None]:
    """Give c and y for a = c y, or None and y, where y is a Euclidean norm."""
    match a:
        case Node(op, (c, Node() as y)) if op == multiply and number_of(c) is not None:
            return number_of(c), _part_factor(y)[1]
    norm = _undo_reshape(a)
    return None, norm if isinstance(norm, Node) and isinstance(norm.op, Norm) and norm.op.ord == 2 else None


def _undo_reshape(y: Any) -> Any:
    return y.inputs[0] if isinstance(y, Node) and isinstance(y.op, Reshape | BroadcastTo) else y


@on(divide)
def sign_over_size(node: Node) -> Any:
    """c ⊙ sign(x) / |x| = c / x, for a factor c or none, of a real x."""
    a, size = node.inputs
    if not isinstance(size, Node) or size.op != absolute or size.dtype.kind != "f":
        return None
    (x,) = size.inputs
    match a:
        case Node(op, (y,)) if op == sign and y is x:
            return in_shape_of(1 / x, node)
        case Node(op, (c, Node(inner, (y,)))) if op == multiply and inner == sign and y is x:
            return in_shape_of(c / x, node)
    return None


@on(Power, square)
def square_of_size(node: Node) -> Any:
    """|x|² = x², of a real x."""
    match node:
        case Node(op, (Node(size, (Node() as x,)),)) if size == absolute and op in (square, raised(2)):
            return node.apply(op, (x,)) if x.dtype.kind == "f" else None
    return None
