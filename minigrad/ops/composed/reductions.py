"""The reductions with all of NumPy's arguments, and what runs along an axis."""

from __future__ import annotations

from collections.abc import Callable
from math import prod as multiply_up
from typing import Any

import numpy as np

from minigrad.ops import arithmetic, cumulative, reduction
from minigrad.ops.base import Recorder, as_array, as_floating, refuse_out
from minigrad.ops.common.dtypes import WHOLE
from minigrad.ops.composed.arguments import find_values
from minigrad.ops.reduction import Axis, normalize_axis


def choose(x: Any, where: Any, otherwise: Any) -> Any:
    """Give the elements of x where a mask holds, which is broadcast to it, and a number elsewhere; True is all."""
    if where is True:
        return x
    where = as_array(where)
    return arithmetic.where(where if where.shape == x.shape else np.broadcast_to(where, x.shape), x, otherwise)


def count_chosen(x: Any, axis: Axis, where: Any, keepdims: bool = False) -> Any:
    """Count the elements over some axes for which a mask holds."""
    if where is True:
        return multiply_up(x.shape[i] for i in normalize_axis(axis, x.ndim))
    where = as_array(where)
    return np.sum(where if where.shape == x.shape else np.broadcast_to(where, x.shape), axis, keepdims=keepdims)


def cast(x: Any, dtype: Any) -> Any:
    """Give x in the dtype that is asked for; None is its own."""
    return x if dtype is None or x.dtype == dtype else x.astype(dtype)


def sum(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Add up over axes, beginning with ``initial``."""
    if dtype is None and out is None and initial is None and where is True:
        return reduction.sum(a, axis, keepdims)
    refuse_out(out)
    total = cast(reduction.sum(choose(cast(as_array(a), dtype), where, 0), axis, keepdims), dtype)
    return total if initial is None else total + start_from(initial, total.dtype)


def prod(
    a: Any,
    axis: Axis = None,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = None,
    where: Any = True,
) -> Any:
    """Multiply up over axes, beginning with ``initial``."""
    refuse_out(out)
    total = cast(cumulative.prod(choose(cast(as_array(a), dtype), where, 1), axis, keepdims), dtype)
    return total if initial is None else total * start_from(initial, total.dtype)


def start_from(initial: Any, dtype: np.dtype[Any]) -> Any:
    """Give what a reduction begins with, in the dtype that it has: of whole numbers a whole number, as NumPy has it.

    Raises what NumPy raises for a number that the dtype has not: NaN, an infinity, −1 of an unsigned integer.
    """
    return cast(initial, dtype) if isinstance(initial, Recorder) else np.array(initial, dtype).item()


def mean(
    a: Any, axis: Axis = None, dtype: Any = None, out: None = None, keepdims: bool = False, *, where: Any = True
) -> Any:
    """Average over axes."""
    if dtype is None and out is None and where is True:
        return reduction.mean(a, axis, keepdims)
    refuse_out(out)
    if dtype is not None and np.dtype(dtype) in WHOLE:  # a sum that wraps, and a quotient that is cut
        total, n = sum(a, axis, dtype, None, keepdims, None, where), count_chosen(as_array(a), axis, where, keepdims)
        return (total / n).astype(dtype)
    a = as_floating(cast(as_array(a), dtype))
    if where is True:
        return reduction.mean(a, axis, keepdims)
    if a.dtype == np.float16:  # the sum may be out of its range, where the mean is not; NumPy does the same
        return mean(a.astype(np.float32), axis, keepdims=keepdims, where=where).astype(np.float16)
    total = reduction.sum(choose(a, where, 0), axis, keepdims)
    return total / count_chosen(a, axis, where, keepdims).astype(total.dtype)


def max(
    a: Any, axis: Axis = None, out: None = None, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Take the largest element over axes, or ``initial``, if that is larger; ties share the gradient evenly."""
    if out is None and initial is None and where is True:
        return reduction.max(a, axis, keepdims)
    refuse_out(out)
    return _extreme(reduction.max, np.maximum, as_array(a), axis, keepdims, initial, where)


def min(
    a: Any, axis: Axis = None, out: None = None, keepdims: bool = False, initial: Any = None, where: Any = True
) -> Any:
    """Take the smallest element over axes, or ``initial``, if that is smaller; ties share the gradient evenly."""
    if out is None and initial is None and where is True:
        return reduction.min(a, axis, keepdims)
    refuse_out(out)
    return _extreme(reduction.min, np.minimum, as_array(a), axis, keepdims, initial, where)


amax, amin = max, min


def _extreme(
    reduce: Callable[..., Any], ufunc: np.ufunc, a: Any, axis: Axis, keepdims: bool, initial: Any, where: Any
) -> Any:
    """Reduce what a mask chooses, with what all elements are on one side of in place of the others."""
    if initial is None:
        raise ValueError(
            f"reduction operation '{ufunc.__name__}' does not have an identity, so to use a where mask one has to "
            f"specify 'initial'"
        )
    axis, initial = reduction.static_axis(axis, a), start_from(initial, a.dtype)
    if not count_chosen(a, axis, True):
        return cast(reduction.sum(a, axis, keepdims), a.dtype) + initial
    return ufunc(reduce(choose(a, where, find_end(a.dtype, ufunc is np.maximum)), axis, keepdims), initial)


def find_end(dtype: np.dtype[Any], lowest: bool) -> Any:
    """Give the number of a dtype that no other is less than, or greater than."""
    if dtype.kind in "iu":
        return int(np.iinfo(dtype).min if lowest else np.iinfo(dtype).max)
    if dtype.kind == "c":  # by real parts, and by imaginary ones where those are equal
        return complex(-np.inf, -np.inf) if lowest else complex(np.inf, np.inf)
    return (-np.inf if lowest else np.inf) if dtype.kind == "f" else not lowest


def ptp(a: Any, axis: Axis = None, out: None = None, keepdims: bool = False) -> Any:
    """Give the distance from the smallest to the largest element over axes; of equal ones it has no slope."""
    refuse_out(out)
    top, low = np.max(a, axis, keepdims=keepdims), np.min(a, axis, keepdims=keepdims)
    first, last = (find_values(x) for x in (top, low))
    if top.dtype in WHOLE or (first is not None and not np.any(first == last)):
        return top - low
    equal = (top == low) & np.isfinite(low)  # to which an infinite gradient would go twice, as ∞ − ∞
    return np.where(equal, 0, top - low)


def cumsum(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Add up along an axis, and keep each sum; None takes all elements in a row."""
    return _run(cumulative.cumsum, a, axis, dtype, out)


def cumprod(a: Any, axis: int | None = None, dtype: Any = None, out: None = None) -> Any:
    """Multiply along an axis, and keep each product; None takes all elements in a row."""
    return _run(cumulative.cumprod, a, axis, dtype, out)


def cumulative_sum(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, out: None = None, include_initial: bool = False
) -> Any:
    """Add up along an axis, from 0 if that is to be included."""
    return _run(cumulative.cumsum, x, _only_axis("cumulative_sum", x, axis), dtype, out, (0,) * include_initial)


def cumulative_prod(
    x: Any, /, *, axis: int | None = None, dtype: Any = None, out: None = None, include_initial: bool = False
) -> Any:
    """Multiply along an axis, from 1 if that is to be included."""
    return _run(cumulative.cumprod, x, _only_axis("cumulative_prod", x, axis), dtype, out, (1,) * include_initial)


def _only_axis(called: str, x: Any, axis: int | None) -> int:
    if axis is None and np.ndim(x) > 1:
        raise ValueError(f"{called}: for an array of {np.ndim(x)} dimensions, axis must be given")
    return axis or 0


def _run(
    running: Callable[[Any, int], Any], x: Any, axis: int | None, dtype: Any, out: Any, start: tuple[int, ...] = ()
) -> Any:
    """Run along an axis, from a number if there is one."""
    refuse_out(out)
    x = cast(as_array(x), dtype)
    if axis is None or not x.ndim:
        x, axis = np.ravel(x), 0
    y = cast(running(x, axis), dtype)  # sums of small whole numbers are counted in a wide dtype
    if not start:
        return y
    (at,) = normalize_axis(axis, y.ndim)
    return np.concatenate([np.full((*y.shape[:at], 1, *y.shape[at + 1 :]), start[0], y.dtype), y], axis)
