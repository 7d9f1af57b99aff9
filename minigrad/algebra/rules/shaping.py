"""What only moves elements: twice, or to where they are already."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.elementwise import identity
from minigrad.ops.linalg import matmul
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose


@on(Transpose, Reshape, BroadcastTo, Cast, identity)
def double_shaping(node: Node) -> Any:
    """(xᵀ)ᵀ = x; a reshape, broadcast or cast that changes nothing is left out; two in a row are one."""
    if not isinstance(node.op, Transpose | Reshape | BroadcastTo | Cast) and node.op != identity:
        return None
    (x,) = node.inputs
    if not isinstance(x, Node):
        return None
    inner = x.inputs[0] if x.op is not None else None
    if isinstance(node.op, Transpose):
        if isinstance(x.op, Transpose) and isinstance(inner, Node) and x.op.inverse() == node.op.axes:
            return inner
        return None
    if x.shape == node.shape and x.dtype == node.dtype:
        return x
    if type(x.op) is type(node.op) and isinstance(node.op, Reshape | BroadcastTo):
        return node.apply(node.op, (inner,))
    return None


@on(Transpose)
def transposed_product(node: Node) -> Any:
    """(aᵀ b)ᵀ = bᵀ a and (a bᵀ)ᵀ = b aᵀ, where one of the factors is a transpose already."""
    match node:
        case Node(Transpose() as op, (Node(product, (a, b)),)) if product == matmul:
            pass
        case _:
            return None
    if not (np.ndim(a) == np.ndim(b) == 2 or (np.ndim(a) == np.ndim(b) and _swaps_last(op, np.ndim(a)))):
        return None
    if not any(isinstance(x, Node) and x.op == op for x in (a, b)):
        return None
    return op(b) @ op(a)


def _swaps_last(op: Transpose, ndim: int) -> bool:
    return op.axes is not None and tuple(i % ndim for i in op.axes) == (*range(ndim - 2), ndim - 1, ndim - 2)
