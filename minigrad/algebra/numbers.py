"""Which expressions are numbers, and a number in the shape of what it replaces."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.algebra.rewrite import constant_like
from minigrad.engine.node import Node
from minigrad.ops.shaping import BroadcastTo, broadcast_to


def number_of(x: Any) -> Any:
    """Give the number that an expression is, broadcast or not; None if it is none."""
    while isinstance(x, Node) and isinstance(x.op, BroadcastTo):
        (x,) = x.inputs
    if not isinstance(x, Node):
        return x
    return x.value.item() if x.value is not None and not x.shape else None


def as_number(expression: Any) -> Any:
    """Give a constant array of one number as that number, and another expression as it is."""
    value = getattr(expression, "value", None)
    if value is None or not np.size(value) or np.any(value != np.ravel(value)[0]):
        return expression
    return np.ravel(value)[0].item()


def in_shape_of(x: Any, node: Node) -> Any:
    """Give x in the shape of the Node that it replaces."""
    if np.shape(x) == node.shape:
        return x
    return broadcast_to(x if isinstance(x, Node) else constant_like(x, node), node.shape)


def same_arithmetic(x: Any, node: Node) -> bool:
    """Say whether an operation on x may be moved to where the Node's dtype counts, and keeps its value there.

    It does for floating point, and for integers of one kind; a uint8 wraps where a sum of uint8 does not, and truth
    values add up to one another.
    """
    return not isinstance(x, Node) or x.dtype.kind in "fc" or (x.dtype == node.dtype and x.dtype.kind != "b")


def is_in_range(x: float, dtype: np.dtype[Any]) -> bool:
    """Say whether a floating dtype has a number, other than by ∞ or by 0: a product of numbers may leave its range."""
    about = np.finfo(dtype)
    return float(about.tiny) <= abs(x) <= float(about.max)
