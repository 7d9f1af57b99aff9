"""The methods of ufuncs of two operands: reduce, accumulate, reduceat and outer, and at, which writes into its operand.

What they refuse, NumPy refuses itself: each tries the ufunc's own method on ones first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from math import log, prod
from typing import Any

import numpy as np

from minigrad.ops.base import Recorder, as_array, refuse_out
from minigrad.ops.composed.arguments import read_values
from minigrad.ops.composed.reductions import cast
from minigrad.ops.indexing import Gather, Scatter, ScatterAt, split_key
from minigrad.ops.reduction import log_sum_exp, normalize_axis, static_axis

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
    kind = _find_kind(ufunc.reduce, array, dtype)
    initial = None if initial is _MISSING else initial
    start = {} if initial is None else {"initial": initial}
    logarithmic = ufunc in (np.logaddexp, np.logaddexp2)  # of nothing they are −∞
    if ufunc in _AT_ONCE and not (logarithmic and (where is not True or start or not array.size)):
        if logarithmic:
            ufunc.reduce(np.ones((1,) * array.ndim, array.dtype))
            array = cast(array, kind)
        chosen = {} if where is True else {"where": where}
        return cast(_AT_ONCE[ufunc](array, axis=axis, keepdims=keepdims, **start, **chosen), kind)
    if where is not True and initial is None and ufunc.identity is None:
        raise ValueError(f"{ufunc.__name__}.reduce: it has no identity, so that beside where= it needs an initial=")
    if not array.size:
        return ufunc.reduce(np.empty(array.shape, array.dtype), axis=axis, keepdims=keepdims, **start)
    one: Any = np.ones((1,) * array.ndim, array.dtype)
    ufunc.reduce(one, axis=axis, **start, where=True if where is True else one != 0)
    if initial is None and where is True and kind.kind == "f":  # from where NumPy begins: hypot of −3 alone is 3
        initial = ufunc.identity
    initial = initial if initial is None or isinstance(initial, Recorder) else kind.type(initial)
    array, axes = cast(array, kind), normalize_axis(static_axis(axis, array), array.ndim)
    if not axes:
        return _reduce_line(ufunc, np.expand_dims(array, 0), 0, initial, where)
    if len(axes) > 1:  # all of them in a row
        rest = [i for i in range(array.ndim) if i not in axes]
        array, where = (x if x is True else _in_a_row(x, array.shape, axes, rest) for x in (array, where))
    y = _reduce_line(ufunc, array, 0 if len(axes) > 1 else axes[0], initial, where)
    return np.expand_dims(y, axes) if keepdims else y


def _in_a_row(x: Any, shape: tuple[int, ...], axes: tuple[int, ...], rest: list[int]) -> Any:
    """Give what is reduced over several axes, or chosen for it, along one axis, which comes first."""
    turned = np.transpose(np.broadcast_to(x, shape), (*axes, *rest))
    return np.reshape(turned, (prod(shape[i] for i in axes), *(shape[i] for i in rest)))


def _reduce_line(ufunc: np.ufunc, array: Any, axis: int, initial: Any, where: Any) -> Any:
    """Reduce along one axis, from the first element, or from ``initial`` by those that a mask chooses."""
    if where is True:
        *_, y = _partial_results(ufunc, array, axis, initial)
        return y
    chosen = np.broadcast_to(where, array.shape)
    whole: tuple[Any, ...] = (slice(None),) * axis
    y = np.full(array[(*whole, 0)].shape, ufunc.identity if initial is None else initial, array.dtype)
    for i in range(array.shape[axis]):
        y = np.where(chosen[(*whole, i)], ufunc(y, array[(*whole, i)]), y)
    return y


def accumulate(ufunc: np.ufunc, array: Any, axis: int = 0, dtype: Any = None, out: None = None) -> Any:
    """Give x₀, f(x₀, x₁), f(f(x₀, x₁), x₂), … along an axis."""
    refuse_out(out)
    array = _cast(array, dtype)
    ufunc.accumulate(np.ones((1,) * array.ndim, array.dtype), axis=axis)
    array = cast(array, _find_kind(ufunc.accumulate, array, dtype))
    if ufunc in _RUNNING:
        return cast(_RUNNING[ufunc](array, axis=axis), array.dtype)
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
    return np.concatenate([reduce(ufunc, part, axis, dtype, keepdims=True) for part in parts], axis=axis)


def outer(ufunc: np.ufunc, A: Any, B: Any, **arguments: Any) -> Any:
    """Give f(a, b) for all pairs of an element of A and one of B."""
    A, B = as_array(A), as_array(B)
    return ufunc(np.reshape(A, A.shape + (1,) * B.ndim), B, **arguments)


def _cast(array: Any, dtype: Any) -> Any:
    return cast(as_array(array), dtype)


def _find_kind(method: Callable[..., Any], array: Any, dtype: Any) -> np.dtype[Any]:
    """Give the dtype that a method computes in, which one element has, too: truth values for those of logic."""
    found: np.dtype[Any] = np.asarray(method(np.ones(1, array.dtype), dtype=dtype)).dtype
    return found


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
    """Apply a function to elements in place, and to one that is named twice twice."""
    if ufunc not in (np.add, np.subtract) or b is _MISSING or _has_mask(indices):
        _apply_in_rounds(ufunc, a, indices, b)
        return
    template, operands = split_key(indices)
    shape = Gather(template).shape(a.shape, *(i.shape for i in operands))
    scatter = ScatterAt(template, a.shape) if operands else Scatter(indices, a.shape)
    b = as_array(b)
    b = cast(b, np.result_type(a.dtype, b.dtype))  # sums of what is named several times wrap no earlier than a does
    a[...] = ufunc(a, scatter(np.broadcast_to(b, shape), *operands))


def _has_mask(indices: Any) -> bool:
    """Say whether there is a mask among indices, which is an operand that says how many elements there are."""
    parts = indices if isinstance(indices, tuple) else (indices,)
    return any(getattr(part, "dtype", None) == np.bool_ for part in parts)


def _apply_in_rounds(ufunc: np.ufunc, a: Any, indices: Any, b: Any) -> None:
    """Apply a function to all elements that are named, then to those that are named again, and so on.

    Raises ``TypeError`` where it is not known which those are: in a function that is compiled, or in lanes.
    """
    parts = indices if isinstance(indices, tuple) else (indices,)
    if not all(getattr(part, "has_data", True) for part in parts):
        raise TypeError(
            f"np.{ufunc.__name__}.at: which elements are named twice is not known here. Where none is, write "
            f"x[i] = np.{ufunc.__name__}(x[i], …)"
        )
    places = np.arange(a.size).reshape(a.shape)[tuple(map(_as_index, parts))]
    others = () if b is _MISSING else (np.ravel(np.broadcast_to(as_array(b), places.shape)),)
    flat = places.ravel()
    before = np.array([np.count_nonzero(flat[:i] == place) for i, place in enumerate(flat)], np.intp)
    for times in range(int(before.max(initial=-1)) + 1):
        now = np.flatnonzero(before == times)
        where = np.unravel_index(flat[now], a.shape) if a.ndim else ()
        a[where] = ufunc(a[where], *(x[now] for x in others))


def _as_index(part: Any) -> Any:
    return read_values(part) if isinstance(part, Recorder) else part
