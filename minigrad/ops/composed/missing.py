"""The reductions that pass over what is missing, NaN."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops import elementwise
from minigrad.ops.base import as_array, refuse_out
from minigrad.ops.common.dtypes import WHOLE
from minigrad.ops.composed.order import (
    as_fraction,
    check_shares,
    median,
    put_in_order,
    quantile,
    quantile_by_ranks,
    take_between,
)
from minigrad.ops.composed.ranks import HYNDMAN_FAN, take_first
from minigrad.ops.composed.reductions import count_chosen, start_from
from minigrad.ops.places.sorting import Sort
from minigrad.ops.reduction import Axis


def fill(a: Any, value: float) -> Any:
    """Give the elements, and a number for those that are NaN."""
    a = as_array(a)
    return np.where(a != a, value, a) if a.dtype.kind in "fc" else a


def _present(a: Any, where: Any) -> Any:
    """Say which elements are there, of those that a mask chooses."""
    a = as_array(a)
    return (a == a) if where is True else (a == a) * where


def nansum(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Add up what is not NaN."""
    return np.sum(fill(a, 0), axis, dtype, out, keepdims, initial, where)


def nanprod(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Multiply up what is not NaN."""
    return np.prod(fill(a, 1), axis, dtype, out, keepdims, initial, where)


def nancumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Add up along an axis, NaN as 0."""
    return np.cumsum(fill(a, 0), axis, dtype, out)


def nancumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Multiply along an axis, NaN as 1."""
    return np.cumprod(fill(a, 1), axis, dtype, out)


def nanmean(
    a: Any, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    """Average what is not NaN."""
    a = as_array(a)
    if dtype is not None and a.dtype not in WHOLE and np.dtype(dtype) in WHOLE:
        raise TypeError("If a is inexact, then dtype must be inexact")
    return np.mean(fill(a, 0), axis, dtype, out, keepdims, where=_present(a, where))


def nanvar(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    ddof: float = 0,
    keepdims: bool = False,
    *,
    where: Any = True,
    **more: Any,
) -> Any:
    """Give the variance of what is not NaN, as ``numpy.var`` does, and NaN where no more is there than ``ddof``."""
    a, present = as_array(a), _present(a, where)
    y = np.var(fill(a, 0), axis, dtype, out, ddof, keepdims, where=present, **more)
    free = more.get("correction", ddof)
    if not free or a.dtype in WHOLE:
        return y
    return np.where(count_chosen(a, axis, present, keepdims) > free, y, np.nan)


def nanstd(a: Any, axis: Axis = None, *args: Any, where: Any = True, **more: Any) -> Any:
    """Give the root of the variance of what is not NaN."""
    return elementwise.root(nanvar(a, axis, *args, where=where, **more))


def nanmax(
    a: Any, axis: Axis = None, out: None = None, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Take the largest element that is not NaN, if there is one, or ``initial``, if that is larger."""
    return _find_extreme(np.max, np.fmax, -np.inf, as_array(a), axis, out, keepdims, initial, where)


def nanmin(
    a: Any, axis: Axis = None, out: None = None, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Take the smallest element that is not NaN, if there is one, or ``initial``, if that is smaller."""
    return _find_extreme(np.min, np.fmin, np.inf, as_array(a), axis, out, keepdims, initial, where)


def _find_extreme(
    reduce: Any, of_two: Any, end: float, a: Any, axis: Axis, out: None, keepdims: bool, initial: Any, where: Any
) -> Any:
    """Reduce with the far end in place of NaN, which all elements may be, as may be what it begins with."""
    if a.dtype in WHOLE or (initial is None and where is not True):  # or raise
        return reduce(a, axis, out, keepdims, initial, where)
    y = reduce(fill(a, end), axis, out, keepdims, None if initial is None else end, where)
    y = np.where(np.sum(_present(a, where), axis, keepdims=keepdims) == 0, np.nan, y)
    return y if initial is None else of_two(y, start_from(initial, a.dtype))


def nanmedian(
    a: Any, axis: Axis = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False
) -> Any:
    """Give the middle one of the elements that are not NaN, or the mean of the two in the middle."""
    refuse_out(out)
    a = as_array(a)
    if a.dtype in WHOLE or not a.size:
        return median(a, axis, keepdims=keepdims)
    ordered, shape = put_in_order(a, axis, keepdims, Sort)
    count = np.sum(ordered == ordered, 0)
    low, high = (take_first(ordered, np.maximum(count - 1 + more, 0) // 2) for more in (0, 1))
    return np.reshape(np.where(count % 2, low, (low + high) / 2), shape)  # a line between ∞ and ∞ would be NaN


def nanpercentile(a: Any, q: Any, axis: Axis = None, *args: Any, **more: Any) -> Any:
    """Give the quantiles at q / 100 of what is not NaN."""
    return nanquantile(a, as_fraction(q), axis, *args, **more)


def nanquantile(
    a: Any,
    q: Any,
    axis: Axis = None,
    out: None = None,
    overwrite_input: bool = False,
    method: str = "linear",
    keepdims: bool = False,
    *,
    weights: Any = None,
) -> Any:
    """Give the quantiles of what is not NaN: their places among the elements in order depend on how many there are."""
    refuse_out(out)
    a = as_array(a)
    check_shares(a, q)
    if a.dtype in WHOLE and a.size:
        return quantile(a, q, axis, method=method, keepdims=keepdims, weights=weights)
    if a.size and (weights is not None or method not in HYNDMAN_FAN):
        return quantile_by_ranks(np.nanquantile, a, q, axis, method, keepdims, weights)
    return _find_present(a, q, axis, method, keepdims)


def _find_present(a: Any, q: Any, axis: Axis, method: str, keepdims: bool) -> Any:
    """Give what lies at a share of the elements that are there, by a line between two."""
    if not a.size:
        return np.mean(a, axis, keepdims=keepdims)  # NaN, with a warning, and no axis for q: so has NumPy
    ordered, shape = put_in_order(a, axis, keepdims, Sort)  # NaN comes last
    y = take_between(ordered, np.sum(ordered == ordered, 0), q, method)
    return np.reshape(y, (*np.shape(q), *shape))
