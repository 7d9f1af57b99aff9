"""What only moves elements: twice, or to where they are already."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
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


@on(Transpose)
def transposed_product(node: Node) -> Any:
    """(aᵀ b)ᵀ = bᵀ a, where one of the factors, either, is a transpose already."""
    match node:
        case Node(Transpose() as op, (Node(product, (a, b)),)) if product == matmul:
            pass
        case _:
            return None
    if np.ndim(a) != np.ndim(b) or not _swaps_last(op, np.ndim(a)):
        return None
    if not any(isinstance(x, Node) and x.op == op for x in (a, b)):
        return None
    return _transposed(b, op) @ _transposed(a, op)


def _transposed(x: Any, op: Transpose) -> Any:
    return x.inputs[0] if isinstance(x, Node) and x.op == op else op(x)


def _swaps_last(op: Transpose, ndim: int) -> bool:
    axes = range(ndim)[::-1] if op.axes is None else (i % ndim for i in op.axes)
    return tuple(axes) == (*range(ndim - 2), ndim - 1, ndim - 2)
