"""What only moves elements: twice, or to where they are already."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.notation.matrix import swaps_last
from minigrad.ops.arithmetic import divide, multiply
from minigrad.ops.elementwise import identity
from minigrad.ops.linalg import matmul
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose


@on(Transpose)
def transpose_twice(node: Node) -> Any:
    """(xᵀ)ᵀ = x."""
    match node:
        case Node(Transpose() as outer, (Node(Transpose() as inner, (Node() as x,)),)) if inner.inverse() == outer.axes:
            return x
    return None


@on(Reshape, BroadcastTo, Cast, identity)
def leave_unchanged(node: Node) -> Any:
    """reshape(x) = x, where x has the shape and the dtype already, and so for broadcast_to, cast and the identity."""
    (x,) = node.inputs
    return x if isinstance(x, Node) and x.shape == node.shape and x.dtype == node.dtype else None


@on(Reshape, BroadcastTo)
def reshape_twice(node: Node) -> Any:
    """reshape(reshape(x)) = reshape(x), and so for broadcast_to."""
    (y,) = node.inputs
    if isinstance(y, Node) and isinstance(node.op, Reshape | BroadcastTo) and type(y.op) is type(node.op):
        return node.apply(node.op, y.inputs)
    return None


@on(Reshape)
def reshape_below(node: Node) -> Any:
    """reshape(c / x) = c / reshape(x), for a number c."""
    match node:
        case Node(Reshape() as op, (Node(quotient, (int() | float() as c, Node() as x)),)):
            return c / node.apply(op, (x,)) if quotient == divide and x.dtype == node.dtype else None
    return None


@on(Reshape)
def number_before_reshape(node: Node) -> Any:
    """reshape(c x) = c reshape(x), for a number c, in a numerator too."""
    c, x = _part_number(node.inputs[0])
    return None if c is None or x.dtype != node.dtype or node.op is None else c * node.apply(node.op, (x,))


def _part_number(x: Any) -> tuple[Any, Any]:
    """Give c and y, of as many elements, for x = c y; None and x where no number comes first."""
    match x:
        case Node(op, (int() | float() as c, Node() as y)) if op == multiply and y.shape == x.shape:
            return c, y
        case Node(op, (Node() as a, b)) if op == divide and a.shape == x.shape:
            c, a = _part_number(a)
            return c, x if c is None else a / b
    return None, x


@on(Transpose)
def transposed_product(node: Node) -> Any:
    """(aᵀ b)ᵀ = bᵀ a, where one of the factors, either, is a transpose already."""
    match node:
        case Node(Transpose() as op, (Node(product, (a, b)),)) if product == matmul:
            pass
        case _:
            return None
    if np.ndim(a) != np.ndim(b) or not swaps_last(op, np.ndim(a)):
        return None
    if not any(isinstance(x, Node) and x.op == op for x in (a, b)):
        return None
    return _transposed(b, op) @ _transposed(a, op)


def _transposed(x: Any, op: Transpose) -> Any:
    return x.inputs[0] if isinstance(x, Node) and x.op == op else op(x)
