"""The algebra of sums: what does not vary goes in front of Σ, and equal sums are one; one rule, one equation."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minigrad.graph.node import Node
from minigrad.graph.rewrite import on
from minigrad.graph.signs import in_shape_of, number_of
from minigrad.ops.arithmetic import divide, multiply
from minigrad.ops.reduction import Sum, normalize_axis


@on(Sum)
def sum_of_product(node: Node) -> Any:
    """Σ c x = c Σ x, for a factor c that does not vary along the axes summed."""
    match node:
        case Node(Sum() as op, (Node(inner, (a, b)),)) if inner in (multiply, divide):
            pass
        case _:
            return None
    (product,) = node.inputs
    axes = normalize_axis(op.axis, product.ndim)
    for c, x in ((a, b), (b, a)) if inner == multiply else ((b, a),):
        if not isinstance(x, Node) or x.shape != product.shape or not _constant_along(c, axes, product.ndim):
            continue
        total = node._apply(op, (x,))
        c = _without_axes(c, axes, op.keepdims, product.ndim)
        return c * total if inner == multiply else total / c
    return None


def _constant_along(c: Any, axes: tuple[int, ...], ndim: int) -> bool:
    shape = (1,) * (ndim - np.ndim(c)) + tuple(np.shape(c))
    return all(shape[i] == 1 for i in axes)


def _without_axes(c: Any, axes: tuple[int, ...], keepdims: bool, ndim: int) -> Any:
    """Drop from c the axes of length 1 that a sum over ``axes`` removes."""
    if keepdims or not np.ndim(c):
        return c
    shape = (1,) * (ndim - c.ndim) + c.shape
    return c.reshape(tuple(n for i, n in enumerate(shape) if i not in axes))


@on(Sum)
def axes_of_sum(node: Node) -> Any:
    """Σ over axes (1,) or −1 is Σ over axis 1, and one over all axes is Σ, so that equal sums are one Node."""
    if not isinstance(node.op, Sum) or node.op.axis is None:
        return None
    (x,) = node.inputs
    axes = normalize_axis(node.op.axis, np.ndim(x))
    whole = len(axes) == np.ndim(x) and not node.op.keepdims
    axis = None if whole else axes[0] if len(axes) == 1 else tuple(sorted(axes))
    return None if axis == node.op.axis else node._apply(Sum(axis, node.op.keepdims), (x,))


@on(Sum)
def sum_of_copies(node: Node) -> Any:
    """Σ broadcast_to(c) = n c, for a number c."""
    if not isinstance(node.op, Sum) or number_of(node.inputs[0]) is None or not isinstance(node.inputs[0], Node):
        return None
    (x,) = node.inputs
    return in_shape_of(number_of(x) * prod(x.shape[i] for i in normalize_axis(node.op.axis, x.ndim)), node)


@on(Sum)
def sum_of_one(node: Node) -> Any:
    """Σ x = x along axes of length 1."""
    if not isinstance(node.op, Sum):
        return None
    (x,) = node.inputs
    if prod(x.shape[i] for i in normalize_axis(node.op.axis, x.ndim)) != 1 or x.size == 0:
        return None
    return x if x.shape == node.shape else x.reshape(node.shape)
