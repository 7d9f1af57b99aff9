"""The methods of ufuncs of two operands: reduce, accumulate, reduceat and outer, and at, which writes into its operand.

What they refuse, NumPy refuses itself: each tries the ufunc's own method on ones first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import log
from typing import Any

import numpy as np

from minigrad.ops.base import as_array, refuse_out
from minigrad.ops.indexing import Gather, Scatter, ScatterAt, split_key
from minigrad.ops.reduction import log_sum_exp, normalize_axis

_MISSING: Any = object()


def _log_sum_exp2(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
    return log_sum_exp(log(2) * x, axis, keepdims) / log(2)


# What a function reduces at once, or runs along an axis; all others are applied to one element after another.
_AT_ONCE: dict[np.ufunc, Callable[..., Any]] = {
    np.add: np.sum,
    np.multiply: np.prod,
    np.maximum: np.max,
    np.minimum: np.min,
    np.logaddexp: log_sum_exp,
    np.logaddexp2: _log_sum_exp2,
}
_RUNNING: dict[np.ufunc, Callable[..., Any]] = {np.add: np.cumsum, np.multiply: np.cumprod}


def reduce(
    ufunc: np.ufunc,
    array: Any,
    axis: Any = 0,
    dtype: Any = None,
    out: None = None,
    keepdims: bool = False,
    initial: Any = _MISSING,
    where: Any = True,
) -> Any:
    """Give f(f(x₀, x₁), x₂) … along an axis or, where their order does not matter, several (None: all)."""
    refuse_out(out)
    array = _cast(array, dtype)
    initial = None if initial is _MISSING else initial
    start = {} if initial is None else {"initial": initial}
    if ufunc in _AT_ONCE and (array.size or ufunc not in (np.logaddexp, np.logaddexp2)):  # of nothing they are −∞
        chosen = {} if where is True else {"where": where}
        return _AT_ONCE[ufunc](array, axis=axis, keepdims=keepdims, **start, **chosen)
    if where is not True:
        raise TypeError(f"the argument 'where' of {ufunc.__name__}.reduce does not work; use np.where(condition, x, y)")
    if not array.size:
        return ufunc.reduce(np.empty(array.shape, array.dtype), axis=axis, keepdims=keepdims, **start)
    ufunc.reduce(np.ones((1,) * array.ndim, array.dtype), axis=axis)
    axes = normalize_axis(axis, array.ndim)
    y = array
    for along in axes:
        *_, y = _partial_results(ufunc, y, along, initial if along == axes[-1] else None)
        y = np.expand_dims(y, along)
    return y if keepdims else np.squeeze(y, axes)


def accumulate(ufunc: np.ufunc, array: Any, axis: int = 0, dtype: Any = None, out: None = None) -> Any:
    """Give x₀, f(x₀, x₁), f(f(x₀, x₁), x₂), … along an axis."""
    refuse_out(out)
    array = _cast(array, dtype)
    ufunc.accumulate(np.ones((1,) * array.ndim, array.dtype), axis=axis)
    if ufunc in _RUNNING:
        return _RUNNING[ufunc](array, axis=axis)
    axis = axis % array.ndim
    return np.stack(list(_partial_results(ufunc, array, axis, None)), axis=axis) if array.shape[axis] else array


def reduceat(ufunc: np.ufunc, array: Any, indices: Any, axis: int = 0, dtype: Any = None, out: None = None) -> Any:
    """Give x reduced from each index to the next, and from the last to the end; or one element."""
    refuse_out(out)
    array = _cast(array, dtype)
    indices = np.asarray(indices)
    ufunc.reduceat(np.ones(array.shape, array.dtype), indices, axis=axis)
    axis = axis % array.ndim
    ends = [*indices[1:].tolist(), array.shape[axis]]
    whole = (slice(None),) * axis
    parts = (array[(*whole, slice(i, max(i + 1, j)))] for i, j in zip(indices.tolist(), ends, strict=True))
    return np.concatenate([reduce(ufunc, part, axis, keepdims=True) for part in parts], axis=axis)


def outer(ufunc: np.ufunc, A: Any, B: Any, **arguments: Any) -> Any:
    """Give f(a, b) for all pairs of an element of A and one of B."""
    A, B = as_array(A), as_array(B)
    return ufunc(np.reshape(A, A.shape + (1,) * B.ndim), B, **arguments)


def _cast(array: Any, dtype: Any) -> Any:
    array = as_array(array)
    return array if dtype is None or array.dtype == dtype else array.astype(dtype)


def _partial_results(ufunc: np.ufunc, array: Any, axis: int, start: Any) -> Iterator[Any]:
    """Give x₀, f(x₀, x₁), … one after another, or f(x, x₀), … if that starts from x; there is at least one element."""
    whole = (slice(None),) * axis
    y = array[(*whole, 0)]
    y = y if start is None else ufunc(start, y)
    yield y
    for i in range(1, array.shape[axis]):
        y = ufunc(y, array[(*whole, i)])
        yield y


def at(ufunc: np.ufunc, a: Any, indices: Any, b: Any = _MISSING) -> None:
    """Add to elements in place, or subtract from them, of one that is named twice twice.

    Raises ``TypeError`` for other functions, which would have to be applied one after the other.
    """
    if ufunc not in (np.add, np.subtract) or b is _MISSING:
        raise TypeError(
            f"np.{ufunc.__name__}.at of a tensor is not differentiable, since an element may be named twice. Where "
            f"none is, write x[i] = np.{ufunc.__name__}(x[i], …)."
        )
    template, operands = split_key(indices)
    shape = Gather(template).shape(a.shape, *(i.shape for i in operands))
    scatter = ScatterAt(template, a.shape) if operands else Scatter(indices, a.shape)
    a[...] = ufunc(a, scatter(np.broadcast_to(as_array(b), shape), *operands))
