"""Which matrices are known to be triangles."""

from __future__ import annotations

from typing import Any

from minigrad.engine.node import Node
from minigrad.ops.matrices.decompositions import Cholesky
from minigrad.ops.shaping import Transpose


def find_root(x: Node) -> Node:
    """Give the matrix that another is, or the transpose of which."""
    while isinstance(x.op, Transpose):
        (x,) = x.inputs
    return x


def find_triangle(x: Any) -> bool | None:
    """Say whether a matrix is a lower triangle, or an upper one, which a Cholesky factor is; None if it is neither."""
    turned = False
    while isinstance(x, Node) and isinstance(x.op, Transpose):
        order = x.op.axes or tuple(range(x.ndim))[::-1]
        if tuple(axis % x.ndim for axis in order) != (*range(x.ndim - 2), x.ndim - 1, x.ndim - 2):
            return None
        turned, (x,) = not turned, x.inputs
    return x.op.upper == turned if isinstance(x, Node) and isinstance(x.op, Cholesky) else None
