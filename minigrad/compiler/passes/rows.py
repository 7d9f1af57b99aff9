"""A stack of matrices times one matrix is one product, of all of their rows: (a, b, m) (m, n) as (a b, m) (m, n).

NumPy multiplies the matrices of a stack one after another, none of which may be large enough for several threads, and
whatever is copied of the second factor is copied for each.
"""

from __future__ import annotations

from math import prod
from typing import Any

from minigrad.engine.node import Node
from minigrad.ops.linalg import matmul
from minigrad.ops.shaping import Reshape


def merge_rows(node: Node) -> Any:
    """Give a product of a stack and a matrix as one of two matrices, seen as the stack that it is."""
    if node.op != matmul or not node.size:
        return None
    a, b = node.inputs
    if not (isinstance(a, Node) and isinstance(b, Node) and a.ndim > 2 and b.ndim == 2 and a.size):
        return None
    rows = Reshape((prod(a.shape[:-1]), a.shape[-1]))(a)
    return Reshape(node.shape)(matmul(rows, b))


def find_rows(x: Any) -> Node | None:
    """Give the product of two matrices that a Node is, or is seen as a stack of."""
    if not isinstance(x, Node):
        return None
    if isinstance(x.op, Reshape) and x.ndim > 2:
        (inner,) = x.inputs
        seen = isinstance(inner, Node) and inner.op == matmul and inner.ndim == 2 and inner.shape[1] == x.shape[-1]
        return inner if seen else None
    return x if x.op == matmul else None
