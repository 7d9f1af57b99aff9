"""Lanes: an operation on many operands at once, which lie along an axis in front, as ``vmap`` has them.

An operation's ``batch`` gets operands that have such an axis, of the number of lanes or of length 1, where an operand
is the same for all; and Python numbers as they are. Its value has such an axis, too. Rules are written in NumPy's
syntax, for arrays, Tensors and Nodes alike, with what is here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

running: set[int] = set()  # the vmaps that run: while there is none, nobody has to look for their operands


def find_highest(inputs: Sequence[Any]) -> Any:
    """Give the operand that applies an operation where vmaps run: that of the innermost one."""
    return max(inputs, key=lambda x: getattr(x, "level", -1))


def _ndim(x: Any) -> int:
    """Give the number of axes, which a Python number has none of."""
    return getattr(x, "ndim", 0)


def align_lanes(inputs: Sequence[Any]) -> list[Any]:
    """Give operands equal numbers of axes behind that of the lanes, for these to meet as they would without it."""
    ndim = max(_ndim(x) for x in inputs)
    return [x if _ndim(x) in (0, ndim) else add_axes(x, ndim - x.ndim) for x in inputs]


def add_axes(x: Any, n: int) -> Any:
    """Insert n axes of length 1 behind that of the lanes."""
    return np.reshape(x, (x.shape[0], *(1,) * n, *x.shape[1:])) if n else x


def spread_lanes(inputs: Sequence[Any]) -> list[Any]:
    """Give operands that all have as many lanes as one of them has."""
    n = count_lanes(inputs)
    return [x if x.shape[0] == n else np.broadcast_to(x, (n, *x.shape[1:])) for x in inputs]


def count_lanes(inputs: Sequence[Any]) -> int:
    """Give the number of lanes: the length that is not 1, if there is one."""
    sizes = {x.shape[0] for x in inputs if _ndim(x)}
    return next((n for n in sizes if n != 1), 1)


def move_axis(x: Any, axis: int, to: int) -> Any:
    """Move one axis to another place."""
    if axis == to:
        return x
    order = [i for i in range(x.ndim) if i != axis]
    order.insert(to, axis)
    return np.transpose(x, tuple(order))


def shift_axis(axis: Any, ndim: int) -> Any:
    """Give the axis, or axes, of one lane as those of an operand of ``ndim`` axes with lanes; None means all of a lane.

    >>> shift_axis(0, 3), shift_axis((-1, 0), 3), shift_axis(None, 3)
    (1, (-1, 1), (1, 2))
    """
    if axis is None:
        return tuple(range(1, ndim))
    if isinstance(axis, tuple):
        return tuple(shift_axis(i, ndim) for i in axis)
    if not 1 - ndim <= axis < ndim - 1:
        raise np.exceptions.AxisError(axis, ndim - 1)
    return axis + 1 if axis >= 0 else axis


def batch_along(op: Any, *inputs: Any) -> Any:
    """Apply an operation that has an ``axis`` among its fields, over that axis of the lanes."""
    inputs = tuple(spread_lanes(inputs))
    values = (getattr(op, field) for field in op.fields)
    ndim = inputs[0].ndim
    fields = (shift_axis(x, ndim) if field == "axis" else x for field, x in zip(op.fields, values, strict=True))
    return type(op)(*fields)(*inputs)


def apply_each(op: Any, *inputs: Any) -> Any:
    """Apply an operation to one lane after the other, and stack what it gives: right for every operation."""
    n = count_lanes(inputs)
    if not n:
        shapes = [x.shape[1:] if _ndim(x) else () for x in inputs]
        return np.zeros((0, *op.shape(*shapes)), op.dtype(*(x.dtype if _ndim(x) else x for x in inputs)))
    rows = [op(*(x[min(i, len(x) - 1)] if _ndim(x) else x for x in inputs)) for i in range(n)]
    return np.stack(rows)
