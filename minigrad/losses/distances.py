"""Losses of numbers: how far outputs are from targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import check_number, with_usage
from minigrad.engine.tensor import Tensor
from minigrad.losses.reducing import (
    Reduction,
    add_up,
    as_targets,
    check_pair,
    reduce_total,
    spread_weights,
)
from minigrad.ops.linalg import half_squared_distance


@with_usage
def squared_error(y: Any, t: Any, reduction: Reduction = "sum", weights: Any = None) -> Tensor:
    """Half the sum of squared errors, E = ½ Σ (y − t)², for outputs y and targets t of one shape.

    With an identity output layer, δ = ∂E/∂u = y − t. Raises ``ValueError`` if the shapes differ.
    """
    if getattr(y, "shape", None) != getattr(t, "shape", ()):  # a quick look, which tells most; a list has no shape
        check_pair("squared_error", y, t)
    if weights is not None:
        half = 0.5 * (y - as_targets(t, y)) ** 2 * spread_weights("squared_error", weights, y)
        return reduce_total("squared_error", half.sum(), y, reduction)
    total = half_squared_distance(y, t)
    return total if reduction == "sum" else reduce_total("squared_error", total, y, reduction)


@with_usage
def absolute_error(y: Any, t: Any, reduction: Reduction = "sum", weights: Any = None) -> Tensor:
    """Sum of absolute errors, E = Σ |y − t| (Laplace 1774), for outputs y and targets t of one shape.

    ∂E/∂y = sign(y − t), and 0 where y = t; an error counts by its size alone, so that outliers pull less than in
    ``squared_error``. Raises ``ValueError`` if the shapes differ.
    """
    check_pair("absolute_error", y, t)
    return add_up("absolute_error", np.abs(y - as_targets(t, y)), y, reduction, weights)


@with_usage
def huber(y: Any, t: Any, reduction: Reduction = "sum", weights: Any = None, *, delta: float = 1.0) -> Tensor:
    """Squares of small errors, sizes of large ones: E = Σ ½d² where |d| ≤ δ, else δ(|d| − ½δ), with d = y − t.

    ∂E/∂y is d, cut off at ±δ: the value and the slope of both parts meet at |d| = δ = ``delta`` (Huber 1964, "Robust
    estimation of a location parameter"). Raises ``ValueError`` if the shapes differ or delta is not positive.
    """
    check_pair("huber", y, t)
    if not check_number("huber", "delta", delta):
        raise ValueError("huber: delta must be positive: with 0, no error counts; absolute_error has no square part")
    d = y - as_targets(t, y)
    size = np.abs(d)
    return add_up("huber", np.where(size <= delta, 0.5 * d**2, delta * (size - 0.5 * delta)), y, reduction, weights)
