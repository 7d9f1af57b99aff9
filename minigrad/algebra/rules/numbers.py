"""The algebra of numbers: copies of one are that number in whatever shape, and one is added that is not negative."""

from __future__ import annotations

from typing import Any

from minigrad.algebra.rewrite import on
from minigrad.algebra.rules.signs import in_shape_of, number_of
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, subtract
from minigrad.ops.shaping import Index, Reshape, Scatter, Transpose, is_basic


@on(Reshape, Transpose, Index)
def copies_moved(node: Node) -> Any:
    """reshape(broadcast_to(c)) = broadcast_to(c) for a number c, and so for ᵀ and […]."""
    if not isinstance(node.op, Reshape | Transpose | Index) or isinstance(node.op, Scatter):
        return None
    if isinstance(node.op, Index) and not is_basic(node.op.key):
        return None
    (x,) = node.inputs
    number = number_of(x)
    return None if number is None or not isinstance(x, Node) else in_shape_of(number, node)


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
