"""Elements chosen: by their places, by a mask, by a number or a condition for each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.ops.base import Recorder, as_array, refuse_out
from minigrad.ops.composed.arguments import (
    as_tensors,
    find_axis,
    find_common_shape,
    find_values,
    index_along,
    is_number,
    promoted_by,
    refuse,
)
from minigrad.ops.composed.places import own_elements, pick
from minigrad.ops.composed.reductions import cast
from minigrad.ops.indexing import Scatter, gather
from minigrad.ops.parts import is_complex


def take(a: Any, indices: Any, axis: int | None = None, out: None = None, mode: str = "raise") -> Any:
    """Give the elements of an axis (None: of the array as a vector) at places, in their shape."""
    refuse_out(out)
    listed = isinstance(indices, list)
    a, indices = as_array(a), as_array(indices)
    if listed and type(indices) is np.ndarray:  # [] and [0.0] are whole numbers here
        indices = indices.astype(np.intp)
    if axis is None:
        a, axis = np.ravel(a), 0
    a = a if a.ndim else np.reshape(a, (1,))  # a number is a vector here
    axis = find_axis(f"take(axis={axis!r})", a, axis)
    if indices.dtype.kind not in "iub":
        raise TypeError(f"take: wanted whole numbers as indices, not {indices.dtype}")
    if indices.dtype == np.bool_:  # numbers here, no mask
        indices = indices.astype(np.intp)
    return _index(a, index_along(axis, bring_into(a.shape[axis], indices, mode)))


def bring_into(n: int, indices: Any, mode: str) -> Any:
    """Bring places into 0 … n − 1, as NumPy's modes do: around or to the nearest."""
    if mode == "wrap":
        return indices % n
    if mode == "clip":
        return np.minimum(np.maximum(indices, 0), n - 1)
    if mode != "raise":
        raise ValueError(f"mode must be 'raise', 'wrap' or 'clip', not {mode!r}")
    return indices


def _index(x: Any, key: tuple[Any, ...]) -> Any:
    """Index by arrays, or by Tensors, which may be known later only."""
    return gather(x, key) if any(isinstance(part, Recorder) for part in key) else x[key]


def take_along_axis(arr: Any, indices: Any, axis: int | None = -1) -> Any:
    """Give along an axis the elements at places that differ from line to line: what argsort gives sorts."""
    arr, indices = as_array(arr), as_array(indices)
    if axis is None:
        arr, axis = np.ravel(arr), 0
    axis = find_axis(f"take_along_axis(axis={axis!r})", arr, axis)
    if indices.ndim != arr.ndim or indices.dtype.kind not in "iu":
        wanted = f"wanted indices that are integers and have {arr.ndim} axes"
        return refuse("take_along_axis", arr, ValueError(f"{wanted}, not {indices.dtype} of {indices.shape}"))
    grid = np.ogrid[tuple(slice(n) for n in arr.shape)]
    return _index(arr, tuple(indices if i == axis else line for i, line in enumerate(grid)))


def choose(a: Any, choices: Any, out: None = None, mode: str = "raise") -> Any:
    """Give, element by element, that of the a-th of the choices, all broadcast together."""
    refuse_out(out)
    dtype = _common_dtype(choices)
    a, arrays = as_array(a), [cast(as_array(x), dtype) for x in choices]
    shape = find_common_shape("choose", (a, *arrays))
    number = bring_into(len(arrays), np.broadcast_to(a, shape), mode)
    number = np.where(number < 0, len(arrays), number)  # which is out of bounds, as −1 is here
    every = np.stack([np.broadcast_to(x, shape) for x in arrays])
    try:
        return take_along_axis(every, np.reshape(number, (1, *shape)), 0)[0]
    except IndexError:
        return refuse("choose", every, ValueError(f"there are the choices 0 to {len(arrays) - 1}"))


def compress(condition: Any, a: Any, axis: int | None = None, out: None = None) -> Any:
    """Give the places of an axis (None: of the array as a vector) where a condition of one axis holds."""
    refuse_out(out)
    if np.ndim(condition) != 1:
        raise ValueError(f"compress: wanted a condition of one axis, not one of shape {np.shape(condition)}")
    a = _beside(condition, a)
    if axis is None:
        a, axis = np.ravel(a), 0
    axis = find_axis(f"compress(axis={axis!r})", a, axis)
    (places,) = np.nonzero(condition)
    if len(places) and places[-1] >= a.shape[axis]:
        return a[index_along(axis, places)]
    return own_elements(pick(a, places, axis))


def extract(condition: Any, arr: Any) -> Any:
    """Give the elements, as a vector, where a condition holds."""
    return compress(np.ravel(condition), _beside(condition, arr))


def _beside(condition: Any, x: Any) -> Any:
    """Give an array, next to a condition that is a Tensor as a constant Tensor."""
    return as_tensors((condition, x))[1]


def select(condlist: Sequence[Any], choicelist: Sequence[Any], default: Any = 0) -> Any:
    """Give, element by element, the first choice whose condition holds, or the default."""
    if len(condlist) != len(choicelist) or not len(condlist):
        raise ValueError(
            f"select: wanted one choice for each condition, not {len(choicelist)} for {len(condlist)} of them"
        )
    conditions = [as_array(x) for x in condlist]
    for i, condition in enumerate(conditions):
        if condition.dtype != np.bool_:
            raise TypeError(f"select: condition {i} must hold truth values, not {condition.dtype}")
    dtype, result = _common_dtype((*choicelist, default)), default
    for condition, choice in zip(conditions[::-1], choicelist[::-1], strict=True):
        result = np.where(condition, choice, result)
    return result if result.dtype == dtype else result.astype(dtype)


def _common_dtype(choices: Iterable[Any]) -> np.dtype[Any]:
    """Give the dtype that holds all choices, Python's numbers being weak."""
    return np.result_type(*(promoted_by(x if is_number(x) else as_array(x)) for x in choices))


def piecewise(x: Any, condlist: Any, funclist: Sequence[Any], *args: Any, **kw: Any) -> Any:
    """Give what each function makes of the elements where its condition holds; the last whose condition holds counts.

    A function beyond the conditions is for what none of them holds of; a number stands for itself.
    """
    if not (isinstance(condlist, list | tuple) or np.ndim(condlist)) or (x.ndim and not np.ndim(condlist[0])):
        condlist = [condlist]
    conditions, n = [as_array(c) for c in condlist], len(condlist)
    if len(funclist) not in (n, n + 1):
        raise ValueError(f"piecewise: wanted {n} or {n + 1} functions for {n} conditions, not {len(funclist)}")
    y: Any = np.zeros(x.shape, x.dtype)
    otherwise: Any = np.ones(x.shape, np.bool_)
    for condition, f in zip(conditions, funclist, strict=False):
        y = np.where(condition, _apply_where(condition, f, x, args, kw), y)
        otherwise = otherwise & ~condition
    if len(funclist) > n:
        y = np.where(otherwise, _apply_where(otherwise, funclist[-1], x, args, kw), y)
    if is_complex(y) and not is_complex(x):
        raise TypeError("piecewise: a function gives complex numbers, and x, whose dtype the value has, is real")
    return y if y.dtype == x.dtype else y.astype(x.dtype)


def _apply_where(condition: Any, f: Callable[..., Any] | Any, x: Any, args: Any, kw: Any) -> Any:
    """Call a function on the elements where a condition holds, and give the values in their places."""
    if not callable(f):
        return f
    chosen = x[condition]
    if hasattr(chosen, "whole"):  # how many that are is not known: what is computed is so of all of x
        value = f(chosen, *args, **kw)
        return getattr(value, "whole", value)
    if not chosen.size:
        return np.zeros((), x.dtype)
    return Scatter(condition, x.shape)(np.broadcast_to(f(chosen, *args, **kw), chosen.shape))


def unravel_index(indices: Any, shape: int | Sequence[int], order: str = "C") -> tuple[Any, ...]:
    """Give, for places in the array as a vector, those along each of its axes."""
    sizes = (shape,) if isinstance(shape, int) else tuple(shape)
    values = find_values(indices := as_array(indices))
    if values is not None or indices.dtype.kind not in "iu":
        np.unravel_index(np.zeros((), indices.dtype) if values is None else values, sizes)  # which refuses what it does
    indices = cast(indices, np.dtype(np.intp))
    if order == "F":
        return unravel_index(indices, sizes[::-1])[::-1]
    steps = np.cumprod((1, *sizes[:0:-1]))[::-1][: len(sizes)]
    return tuple(indices // int(step) % n for n, step in zip(sizes, steps, strict=True))
