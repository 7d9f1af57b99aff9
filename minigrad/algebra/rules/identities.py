"""What 0 and 1 do, a term with itself, and a factor with a reciprocal."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.algebra.numbers import in_shape_of, number_of
from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, divide, multiply, subtract


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
