"""Averages, spreads and the like."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops import elementwise
from minigrad.ops.base import as_array, as_floating, refuse_out
from minigrad.ops.common.dtypes import WHOLE
from minigrad.ops.composed.arguments import as_constant, find_values, has_zero
from minigrad.ops.composed.reductions import cast, count_chosen
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
    if dtype is not None and np.dtype(dtype) in WHOLE:
        raise TypeError(f"the argument dtype={dtype!r} rounds the mean and the squares; round the result, by .astype")
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
    if has_zero(total):
        raise ZeroDivisionError("average: Weights sum to zero, can't be normalized")
    mean = np.sum(products, axis, keepdims=keepdims) / total
    return (mean, np.copy(np.broadcast_to(total, mean.shape))) if returned else mean


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


def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: int | None = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Give the covariances of variables, one a row: d dᵀ / (n − 1), of the deviations d from the means of n samples."""
    if ddof is not None and ddof != int(ddof):
        raise ValueError("ddof must be integer")
    x = _as_variables(m, rowvar, dtype)
    if y is not None:
        x = np.concatenate([x, _as_variables(y, rowvar or np.shape(y)[:1] == (1,), dtype)], 0)
    ddof = (0 if bias else 1) if ddof is None else ddof
    weights = _weigh_samples(x.shape[1], fweights=fweights, aweights=aweights)
    if weights is None:
        left = x.shape[1] - ddof
        deviation = x - np.mean(x, 1, keepdims=True)
        products = deviation @ deviation.T.conj() if x.dtype.kind == "c" else deviation @ deviation.T
        return np.squeeze(products / max(left, 0))
    total = np.sum(weights)
    if has_zero(total):
        raise ZeroDivisionError("cov: Weights sum to zero, can't be normalized")
    left = total - (ddof if aweights is None else ddof * np.sum(weights * cast(as_array(aweights), np.float64)) / total)
    deviation = x - np.sum(x * weights, 1, keepdims=True) / total
    turned = (deviation * weights).T
    return np.squeeze(deviation @ (turned.conj() if x.dtype.kind == "c" else turned) / left)


def _as_variables(m: Any, rowvar: bool, dtype: Any) -> Any:
    """Give variables as rows of floats, also one that is a vector; of float64 or more unless a dtype is asked for."""
    x = as_array(m)
    x = cast(x, np.result_type(x.dtype, np.float64) if dtype is None else dtype)
    if x.ndim > 2:
        raise ValueError("m has more than 2 dimensions")
    if x.ndim < 2:
        return np.reshape(x, (1, -1))
    return x if rowvar else x.T


def _weigh_samples(n: int, **weights: Any) -> Any:
    """Give the weight of each sample, the product of those that are given; None if none is."""
    given = []
    for name, w in weights.items():
        if w is None:
            continue
        w = cast(as_array(w), np.float64)
        known = find_values(w)
        if name == "fweights" and known is not None and not np.all(known == np.around(known)):
            raise TypeError("fweights must be integer")
        if w.shape != (n,):
            raise RuntimeError(f"{name} must be one for each of {n} samples, not of shape {w.shape}")
        if known is not None and np.any(known < 0):
            raise ValueError(f"{name} cannot be negative")
        given.append(w)
    return None if not given else given[0] if len(given) == 1 else given[0] * given[1]


def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    """Give the correlations of variables, one a row: cᵢⱼ / √(cᵢᵢ cⱼⱼ) of their covariances, within [−1, 1]."""
    c = np.cov(x, y, rowvar, dtype=dtype)
    if not c.ndim:
        return c / c
    i = np.arange(c.shape[0])
    spread = np.sqrt(c[i, i].real if c.dtype.kind == "c" else c[i, i])
    r = c / spread[:, None] / spread[None, :]
    known = as_constant(r)  # beyond its ends r is by rounding alone, and at them it is smooth
    if r.dtype.kind == "c":
        return r + (np.clip(known.real, -1, 1) + 1j * np.clip(known.imag, -1, 1) - known)
    return r + (np.clip(known, -1, 1) - known)
