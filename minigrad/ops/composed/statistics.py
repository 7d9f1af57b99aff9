"""Averages, spreads and the like."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops import elementwise
from minigrad.ops.base import as_array, as_floating, refuse_out
from minigrad.ops.composed.reductions import count_chosen
from minigrad.ops.parts import square_size
from minigrad.ops.reduction import Axis


def var(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Give the mean squared deviation from the mean, Σ (x − x̄)² / (n − ddof) over n elements."""
    refuse_out(out)
    if correction is not None and ddof != 0:
        raise ValueError("ddof and correction can't be provided simultaneously.")
    a = as_floating(as_array(a))
    if a.dtype == np.float16 and dtype is None:  # squares may be out of its range, and NumPy adds up in float32 too
        a = a.astype(np.float32)
        return var(a, axis, None, out, ddof, keepdims, where=where, mean=mean, correction=correction).astype(np.float16)
    deviation = a - (np.mean(a, axis, dtype, keepdims=True, where=where) if mean is None else mean)
    total = np.sum(square_size(deviation), axis, dtype, keepdims=keepdims, where=where)
    left = count_chosen(a, axis, where, keepdims) - (ddof if correction is None else correction)
    return total / (max(left, 0) if where is True else np.maximum(left, 0).astype(total.dtype))


def std(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    mean: Any = None,
    correction: float | None = None,
) -> Any:
    """Give the root of the variance; of equal elements it is 0, and so is its gradient."""
    return elementwise.root(var(a, axis, dtype, out, ddof, keepdims, where=where, mean=mean, correction=correction))


def average(a: Any, axis: Axis = None, weights: Any = None, returned: bool = False, *, keepdims: bool = False) -> Any:
    """Give Σ w x / Σ w, and with ``returned`` also Σ w."""
    a = as_array(a)
    if weights is None:
        mean = np.mean(a, axis, keepdims=keepdims)
        total = np.full(mean.shape, count_chosen(a, axis, True), mean.dtype)
        return (mean, total) if returned else mean
    weights = _lay_along(a, axis, as_array(weights))
    products = a * weights if a.dtype.kind not in "biu" else as_floating(a) * weights
    total = np.sum(weights, axis, dtype=products.dtype, keepdims=keepdims)
    mean = np.sum(products, axis, keepdims=keepdims) / total
    return (mean, np.broadcast_to(total, mean.shape)) if returned else mean


def _lay_along(a: Any, axis: Axis, weights: Any) -> Any:
    """Give weights the axes of a: they have its shape, or the lengths of the axes that are averaged over."""
    if weights.shape == a.shape:
        return weights
    if axis is None:
        raise TypeError("Axis must be specified when shapes of a and weights differ.")
    axes = np.lib.array_utils.normalize_axis_tuple(axis, a.ndim)
    if weights.shape != tuple(a.shape[i] for i in axes):
        raise ValueError("Shape of weights must be consistent with shape of a along specified axis.")
    order = sorted(range(len(axes)), key=axes.__getitem__)
    return np.reshape(np.transpose(weights, order), tuple(n if i in axes else 1 for i, n in enumerate(a.shape)))
