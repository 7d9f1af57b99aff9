"""Elements in order: sort, partition, unique; medians, percentiles and quantiles, of those in order."""

from __future__ import annotations

from collections.abc import Callable
from math import prod
from types import NoneType
from typing import Any

import numpy as np

from minigrad.ops.base import Recorder, as_array, as_floating, refuse_out
from minigrad.ops.common.dtypes import WHOLE
from minigrad.ops.common.libraries import alike
from minigrad.ops.composed.arguments import find_values, promoted_by, read_values
from minigrad.ops.composed.ranks import (
    HYNDMAN_FAN,
    find_neighbors,
    take_by_count,
    take_by_weights,
    take_first,
    takes_whole,
)
from minigrad.ops.composed.reductions import cast
from minigrad.ops.elements.between import between
from minigrad.ops.parts import is_complex
from minigrad.ops.places.sorting import OrderStatistics, Partition, Sort
from minigrad.ops.reduction import Axis, normalize_axis


def sort(a: Any, axis: int | None = -1, kind: Any = None, order: None = None, *, stable: bool | None = None) -> Any:
    """Give the elements in ascending order along an axis, None: all in a row; equal ones have gradients by position."""
    _refuse_fields(order)
    return Sort(-1)(np.ravel(a)) if axis is None else Sort(axis)(a)


_SMALL = dict.fromkeys("bhBH", np.complex64)  # which hold all of such whole numbers


def sort_complex(a: Any) -> Any:
    """Give the elements as complex numbers in order of their real parts, and of their imaginary ones where equal."""
    y = np.sort(a)
    return y if is_complex(y) else y.astype({"g": np.clongdouble, **_SMALL}.get(y.dtype.char, np.complex128))


def partition(a: Any, kth: Any, axis: int | None = -1, kind: str = "introselect", order: None = None) -> Any:
    """Give the elements with those at ``kth`` where a sort has them, smaller ones before and larger ones behind."""
    _refuse_fields(order)
    places = tuple(map(int, kth)) if np.ndim(kth) else int(kth)
    return Partition(places, -1)(np.ravel(a)) if axis is None else Partition(places, axis)(a)


def _refuse_fields(order: Any) -> None:
    if order is not None:
        raise ValueError("Cannot specify order when the array has no fields.")


def unique(
    ar: Any,
    return_index: bool = False,
    return_inverse: bool = False,
    return_counts: bool = False,
    axis: int | None = None,
    *,
    equal_nan: bool = True,
    sorted: bool = True,
) -> Any:
    """Give the different elements in ascending order, or the different parts along an axis; the first has the gradient.

    How many there are depends on the values, so that a compiled function has none of it.
    """
    known = read_values(ar)
    _, index, *more = np.unique(known, True, return_inverse, return_counts, axis, equal_nan=equal_nan, sorted=sorted)  # type: ignore[call-overload]
    at = (slice(None),) * (normalize_axis(axis, ar.ndim)[0] if axis is not None else 0)
    values = (np.ravel(ar) if axis is None else ar)[(*at, index)]
    results = (values, *((index,) * return_index), *more)
    return results if len(results) > 1 else values


def median(a: Any, axis: Axis = None, out: None = None, overwrite_input: bool = False, keepdims: bool = False) -> Any:
    """Give the middle one of the elements in order, or the mean of the two in the middle."""
    refuse_out(out)
    a = as_floating(as_array(a))
    ordered, shape = put_in_order(a, axis, keepdims)
    n = ordered.shape[0]
    if not n:
        return np.mean(a, axis, keepdims=keepdims)  # which is NaN, with NumPy's warning
    middle = ordered[n // 2] if n % 2 else (ordered[n // 2 - 1] + ordered[n // 2]) / 2
    return np.reshape(middle / 1 if n % 2 and is_complex(middle) else middle, shape)  # which NumPy averages, too


def percentile(
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
    """Give the quantiles at q / 100."""
    return quantile(a, as_fraction(q), axis, out, overwrite_input, method, keepdims, weights=weights)


def as_fraction(q: Any) -> Any:
    """Give percentages as fractions; a Python number stays one, so that float32 stays float32."""
    if getattr(q, "weak", False) or (isinstance(q, int | float) and not isinstance(q, np.generic)):
        return q / 100
    return as_array(q) / 100


def quantile(
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
    """Give what has a share q of the elements before it: one of them, or by one of NumPy's methods between two.

    With ``weights``, which are constants, it is q of their sum.
    """
    refuse_out(out)
    a = as_array(a)
    check_shares(a, q)
    if isinstance(q, Recorder) and weights is None and method in HYNDMAN_FAN:
        kind = np.result_type(a.dtype, promoted_by(q), 1.0) if a.dtype in WHOLE else a.dtype
        ordered, shape = put_in_order(cast(a, kind), axis, keepdims)
        y = take_between(ordered, np.array(ordered.shape[0]), q, method)
        return np.reshape(y, (*y.shape[: y.ndim - ordered.ndim + 1], *shape))
    q = q if type(q) in (int, float) else _as_constant("q", q)
    if weights is not None:
        return quantile_by_ranks(np.quantile, a, q, axis, method, keepdims, weights)
    if a.dtype in WHOLE:  # some methods give whole numbers of those, and others floats even where they need not
        a = cast(a, np.quantile(np.zeros(1, a.dtype), q, method=method).dtype)  # type: ignore[call-overload]
    ordered, shape = put_in_order(a, axis, keepdims)
    if not ordered.shape[0]:
        raise ValueError(f"quantile: there is no element to take it of, along axis {axis} of shape {a.shape}")
    places = find_neighbors(ordered.shape[0], q, method)
    y, upper = (ordered[x if np.ndim(q) else int(x)] for x in places[:2])
    if (share := places[2]) is not None:
        share = np.reshape(share, np.shape(q) + (1,) * (ordered.ndim - 1 if np.ndim(q) else 0))
        y = between(y, upper, share.item() if type(q) in (int, float) else share)
    if type(q) not in (int, float) and a.dtype in NARROW:
        y = cast(y, np.quantile(np.zeros(1, a.dtype), q, method=method).dtype)  # type: ignore[call-overload]
    return np.reshape(y, (*np.shape(q), *shape))


NARROW = (np.float16, np.float32)


def check_shares(a: Any, q: Any) -> None:
    """Raise what NumPy raises for elements in no order, and for shares below 0, above 1, or NaN."""
    if is_complex(a):
        raise TypeError("a must be an array of real numbers")
    shares = find_values(q)
    if isinstance(shares, np.ndarray) and shares.dtype.kind == "c":
        raise TypeError("q must be an array of real numbers")
    if isinstance(shares, np.ndarray) and not ((shares >= 0) & (shares <= 1)).all():
        raise ValueError("Quantiles must be in the range [0, 1]")


def take_between(ordered: Any, count: Any, q: Any, method: str) -> Any:
    """Give what is at a share q of so many elements in order along the first axis, between two of them by a line.

    A share that is recorded has the slope of that line for its derivative, at an element that of the line behind it.
    """
    alpha, beta = HYNDMAN_FAN[method]
    share = alike(np.reshape(as_array(q), np.shape(q) + (1,) * (ordered.ndim - 1)), ordered)
    last = np.maximum(count - 1, 0)
    exact = (count - 1) * share if method == "linear" else count * share + (alpha + share * (1 - alpha - beta)) - 1
    places = np.minimum(np.maximum(exact, 0), last)
    lower = places.astype(np.intp)
    kind = ordered.dtype if type(q) in (int, float) or getattr(q, "weak", False) else as_array(q).dtype
    part = (places - lower).astype(np.float64 if kind in WHOLE else kind)
    shape = (*np.shape(q), *ordered.shape[1:])
    lower = np.broadcast_to(lower, shape)
    upper = np.where(np.broadcast_to(exact < 0, shape), lower, np.minimum(lower + 1, last))
    y, behind = take_first(ordered, lower), take_first(ordered, upper)
    return y if takes_whole(q, method) else between(y, behind, part)


def quantile_by_ranks(
    numpys: Callable[..., Any], a: Any, q: Any, axis: Axis, method: str, keepdims: bool, weights: Any = None
) -> Any:
    """Give what is at the places where NumPy's own function finds the quantiles of 0, 1, 2 … in a's order.

    Places and weights are constants. NaN has no place, and where NumPy finds none, the quantile is NaN.
    """
    q, weights = (
        x if type(x) in (int, float, NoneType) else _as_constant(name, x)
        for name, x in (("q", q), ("weights", weights))
    )
    if weights is None or find_values(a) is None:
        return _take_unknown(a, q, axis, method, keepdims, weights, numpys is np.nanquantile)
    axes = normalize_axis(axis, a.ndim)
    first = np.moveaxis(read_values(a), axes, range(len(axes)))
    lines = first.reshape(prod(first.shape[: len(axes)]), *first.shape[len(axes) :])
    order = np.argsort(np.argsort(lines, 0, kind="stable"), 0, kind="stable")
    known = np.where(np.isnan(lines), np.nan, order).reshape(first.shape)
    places = numpys(np.moveaxis(known, range(len(axes)), axes), q, axis, method=method, weights=weights)
    ordered, shape = put_in_order(a, axis, keepdims, Sort)
    places = np.reshape(places, (*np.shape(q), *ordered.shape[1:]))
    lower = np.floor(np.where(np.isnan(places), 0, places)).astype(np.intp)
    y = take_first(ordered, lower)
    return np.reshape(np.where(np.isnan(places), np.nan, y) if np.isnan(places).any() else y, (*np.shape(q), *shape))


def _take_unknown(a: Any, q: Any, axis: Axis, method: str, keepdims: bool, weights: Any, skips_missing: bool) -> Any:
    """Give quantiles of what is not known yet, as compiled code and lanes have it."""
    if weights is None:
        ordered, shape = put_in_order(a, axis, keepdims, Sort)
        y = take_by_count(ordered, np.sum(ordered == ordered, 0), q, method)
        return np.reshape(y, (*np.shape(q), *shape))
    np.quantile(np.ones(np.shape(a)), q, axis, method=method, weights=weights)  # type: ignore[call-overload]  # or raise
    (at, *others) = axes = normalize_axis(axis, a.ndim)
    if weights.shape != a.shape and not others:
        weights = np.reshape(weights, [-1 if i == at else 1 for i in range(a.ndim)])
    line, shape = lay_in_front(a, axes, keepdims)
    weights, _ = lay_in_front(np.broadcast_to(weights, a.shape).astype(np.float64), axes, keepdims)
    return np.reshape(take_by_weights(line, weights, q, skips_missing), (*np.shape(q), *shape))


def _as_constant(name: str, x: Any) -> Any:
    """Give what says which elements are taken, of which there is no gradient."""
    try:
        return np.asarray(x)
    except TypeError as error:
        if "requires a gradient" not in str(error):
            raise
        raise TypeError(f"the argument {name!r} of quantiles has no gradient here; give its .data") from error


def put_in_order(a: Any, axis: Axis, keepdims: bool, statistics: type[Sort] = OrderStatistics) -> tuple[Any, Any]:
    """Give the elements over some axes in order, along one axis that comes first; and the shape of one of them."""
    line, shape = lay_in_front(a, normalize_axis(axis, a.ndim), keepdims)
    return statistics(0)(line), shape


def lay_in_front(a: Any, axes: tuple[int, ...], keepdims: bool) -> tuple[Any, Any]:
    """Give the elements over some axes along one axis that comes first; and the shape of one of them."""
    rest = [i for i in range(a.ndim) if i not in axes]
    if a.ndim != 1 or not axes:
        a_first = np.transpose(a, (*axes, *rest))
        line = np.reshape(a_first, (prod(a.shape[i] for i in axes), *(a.shape[i] for i in rest)))
    else:
        line = a
    shape = tuple(1 if i in axes else n for i, n in enumerate(a.shape) if keepdims or i not in axes)
    return line, shape
