"""What all losses share: samples weighed, added up, and divided by their number."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from minigrad.engine.messages.errors import describe
from minigrad.engine.operand import Operand
from minigrad.losses.messages import say_no_outputs, say_no_targets, say_unfit

Reduction = Literal["sum", "mean"]


def values_of(x: Any) -> Any:
    """Give the array of a Tensor, what stands for one as it is, and an array of anything else."""
    return x.array if isinstance(x, Operand) else x if hasattr(x, "__array_function__") else np.asarray(x)


def check_pair(loss: str, y: Any, t: Any) -> None:
    """Raise unless outputs and targets have one shape."""
    shape = getattr(y, "shape", None)
    if shape is None:
        raise say_no_outputs(loss, "y", y)
    check_targets(loss, t)
    if shape != (t.shape if hasattr(t, "shape") else np.shape(t)):
        raise ValueError(say_unfit(loss, "y", y, t, values_of(t)))


def check_targets(loss: str, t: Any) -> None:
    """Raise ``TypeError`` for what holds no targets: None, a text, a model."""
    if not hasattr(t, "shape") and not isinstance(t, list | tuple | int | float | complex):
        raise say_no_targets(loss, t)


def as_targets(t: Any, y: Any) -> Any:
    """Give targets that take part in arithmetic: a list as an array, whole numbers and truth values in y's dtype."""
    t = t if hasattr(t, "shape") else np.asarray(t)
    return t.astype(y.dtype) if t.dtype.kind in "biu" and y.dtype.kind == "f" else t


def reduce_total(loss: str, total: Any, y: Any, reduction: Reduction) -> Any:
    """Give a sum over samples as it is, or divided by their number."""
    if reduction == "sum":
        return total
    if reduction == "mean":
        samples = y.size // y.shape[-1] if y.ndim else 1
        return total / samples
    raise ValueError(f'{loss}: reduction must be "sum" or "mean", not {reduction!r}.')


def add_up(loss: str, each: Any, y: Any, reduction: Reduction, weights: Any) -> Any:
    """Add up what each output contributes, times the weights, if there are any."""
    if weights is not None:
        each = each * spread_weights(loss, weights, y)
    return reduce_total(loss, each.sum(), y, reduction)


def spread_weights(loss: str, weights: Any, y: Any) -> Any:
    """Give weights that multiply elementwise what has y's shape, in y's dtype: one for each row, or for each output."""
    weights = weights if hasattr(weights, "shape") else np.asarray(weights)
    if weights.shape not in (y.shape[:-1], y.shape):
        called = f" ({describe(y)})" if isinstance(y, Operand) else ""
        raise ValueError(
            f"{loss}: weights are {weights.shape}, and y{called} is {y.shape}; give a number for each row, "
            f"{y.shape[:-1]}, or for each output, {y.shape}"
        )
    if weights.dtype.kind not in "biuf":
        raise TypeError(f"{loss}: weights must be numbers, not {weights.dtype}")
    if weights.dtype != y.dtype and y.dtype.kind == "f":
        weights = weights.astype(y.dtype)
    return weights if weights.shape == y.shape else weights[..., np.newaxis]
