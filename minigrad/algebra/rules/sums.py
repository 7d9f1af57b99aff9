"""The algebra of sums: what does not vary goes in front of Σ, and equal sums are one."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minigrad.algebra.numbers import in_shape_of, number_of, same_arithmetic
from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import divide, multiply, subtract
from minigrad.ops.reduction import Sum, normalize_axis
from minigrad.ops.shaping import BroadcastTo, Transpose


@on(Sum)
def sum_of_product(node: Node) -> Any:
    """Σ c x = c Σ x, for a factor c that does not vary along the axes summed; x of integers where their product is."""
    match node:
        case Node(Sum() as op, (Node(inner, (a, b)),)) if inner in (multiply, divide):
            pass
        case _:
            return None
    (product,) = node.inputs
    if not same_arithmetic(product, node) or not product.size:  # ∞ times a sum of nothing would be NaN
        return None
    axes = normalize_axis(op.axis, product.ndim)
    for c, x in ((a, b), (b, a)) if inner == multiply else ((b, a),):
        if not isinstance(x, Node) or x.shape != product.shape or not _constant_along(c, axes, product.ndim):
            continue
        if not same_arithmetic(x, node):  # Σ of integers wraps where that of their product with a float does not
            continue
        total = node.apply(op, (x,))
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
    """Σₖ x = Σₖ x, its axes said in one way, 1 for −1 and (1,), None for all, so that equal sums are one Node."""
    if not isinstance(node.op, Sum) or node.op.axis is None:
        return None
    (x,) = node.inputs
    axes = normalize_axis(node.op.axis, np.ndim(x))
    whole = len(axes) == np.ndim(x) and not node.op.keepdims
    axis = None if whole else axes[0] if len(axes) == 1 else tuple(sorted(axes))
    return None if axis == node.op.axis else node.apply(Sum(axis, node.op.keepdims), (x,))


@on(Sum)
def sum_of_copies(node: Node) -> Any:
    """Σ c = n c, for n copies of a number c."""
    if not isinstance(node.op, Sum) or number_of(node.inputs[0]) is None or not isinstance(node.inputs[0], Node):
        return None
    (x,) = node.inputs
    return in_shape_of(number_of(x) * prod(x.shape[i] for i in normalize_axis(node.op.axis, x.ndim)), node)


@on(Sum)
def sum_of_one(node: Node) -> Any:
    """Σ x = x, along axes of length 1."""
    if not isinstance(node.op, Sum):
        return None
    (x,) = node.inputs
    if prod(x.shape[i] for i in normalize_axis(node.op.axis, x.ndim)) != 1 or x.size == 0:
        return None
    return x if x.shape == node.shape else x.reshape(node.shape)


@on(Sum)
def sum_of_sum(node: Node) -> Any:
    """Σ Σₖ x = Σ x, over the axes of both."""
    match node:
        case Node(Sum() as outer, (Node(Sum() as inner, (Node() as x,)) as total,)):
            pass
        case _:
            return None
    first = normalize_axis(inner.axis, x.ndim)
    left = [i for i in range(x.ndim) if inner.keepdims or i not in first]
    axes = {*first, *(left[i] for i in normalize_axis(outer.axis, total.ndim))}
    both = Sum(tuple(sorted(axes)), outer.keepdims)
    return node.apply(both, (x,)) if both.shape(x.shape) == node.shape else None


@on(Sum)
def sum_of_transpose(node: Node) -> Any:
    """Σ xᵀ = Σ x, where what is left of the axes stands in the same order."""
    match node:
        case Node(Sum() as op, (Node(Transpose() as transpose, (Node() as x,)),)) if not op.keepdims:
            pass
        case _:
            return None
    order = [i % x.ndim for i in (range(x.ndim)[::-1] if transpose.axes is None else transpose.axes)]
    summed = normalize_axis(op.axis, x.ndim)
    left = [i for place, i in enumerate(order) if place not in summed]
    return node.apply(Sum(tuple(sorted(order[i] for i in summed))), (x,)) if left == sorted(left) else None


@on(Sum)
def sum_of_broadcast(node: Node) -> Any:
    """Σ broadcast_to(x) = n Σ x, for n copies."""
    match node:
        case Node(Sum(), (Node(BroadcastTo(), (Node() as x,)) as big,)) if big.size and node.shape == () != x.shape:
            return big.size // x.size * node.apply(Sum(), (x,))
    return None


@on(Sum)
def sum_over_copies(node: Node) -> Any:
    """Σₙ broadcast_to(x) = n x, where all that is summed are n copies of x."""
    match node:
        case Node(Sum() as op, (Node(BroadcastTo(), (Node() as x,)) as big,)) if big.size and node.shape == x.shape:
            own = (1,) * (big.ndim - x.ndim) + x.shape
            if all(own[i] == 1 for i in normalize_axis(op.axis, big.ndim)):
                return big.size // x.size * x
    return None


@on(Sum)
def sum_of_deviations(node: Node) -> Any:
    """Σ (x − (Σ x) / n) = 0, for n elements along the axes of both; of the mean less x, too; x of no integers."""
    match node:
        case Node(Sum() as op, (Node(inner, (a, b)) as difference,)) if inner == subtract and node.dtype.kind == "f":
            over = set(normalize_axis(op.axis, difference.ndim))
        case _:
            return None
    for x, mean in ((a, b), (b, a)):
        match mean:
            case Node(quotient, (Node(Sum() as total, (y,)) as sums, n)) if (
                quotient == divide and y is x and x.dtype.kind == "f"
            ):
                axes = normalize_axis(total.axis, x.ndim)
                kept = tuple(1 if i in axes else size for i, size in enumerate(x.shape))
                aligned = (1,) * (x.ndim - sums.ndim) + sums.shape == kept
                copies = prod(x.shape[i] for i in axes)
                if x.shape == difference.shape and aligned and over.issuperset(axes) and number_of(n) == copies:
                    return in_shape_of(0.0, node)
    return None
