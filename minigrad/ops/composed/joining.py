"""Arrays put side by side: as rows, columns, layers and blocks; and values joined to an array, or put into it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from minigrad.ops.base import as_array
from minigrad.ops.composed.arguments import as_assigned, as_known, find_axis, refuse
from minigrad.ops.composed.axes import atleast_1d, atleast_2d, atleast_3d
from minigrad.ops.composed.places import own_elements, pick


def hstack(tup: Iterable[Any], *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join along the second axis, and vectors along their only one."""
    arrays = [atleast_1d(x) for x in tup]
    axis = 0 if arrays and arrays[0].ndim == 1 else 1
    return np.concatenate(arrays, axis, dtype=dtype, casting=casting)


def vstack(tup: Iterable[Any], *, dtype: Any = None, casting: Any = "same_kind") -> Any:
    """Join along the first axis; a vector is a row."""
    return np.concatenate([atleast_2d(x) for x in tup], 0, dtype=dtype, casting=casting)


def dstack(tup: Iterable[Any]) -> Any:
    """Join along the third axis."""
    return np.concatenate([atleast_3d(x) for x in tup], 2)


def column_stack(tup: Iterable[Any]) -> Any:
    """Join along the second axis; a vector is a column."""
    arrays = [as_array(x) for x in tup]
    return np.concatenate([x if x.ndim > 1 else np.reshape(x, (-1, 1)) for x in arrays], 1)


def block(arrays: Any) -> Any:
    """Join nested lists of blocks: the innermost along the last axis, those around them along the one before."""
    depth = _count_depth(arrays)
    ndim = max(depth, *(as_array(x).ndim for x in _flatten(arrays, depth)), 0)
    return _join_blocks(arrays, depth, ndim) if depth else np.copy(arrays)


def _count_depth(arrays: Any) -> int:
    """Count how deep lists are nested, which is the same everywhere."""
    if isinstance(arrays, tuple):
        raise TypeError("block: wanted nested lists of blocks, not a tuple; write [a, b]")
    if not isinstance(arrays, list):
        return 0
    depths = sorted({_count_depth(x) for x in arrays})
    if len(depths) != 1:
        wrong = f"some blocks are {depths[0] + 1} and others {depths[-1] + 1} lists deep" if depths else "one is empty"
        raise ValueError(f"block: wanted lists of blocks that are nested alike, but {wrong}")
    return depths[0] + 1


def _flatten(arrays: Any, depth: int) -> list[Any]:
    return [x for part in arrays for x in _flatten(part, depth - 1)] if depth else [arrays]


def _join_blocks(arrays: Any, depth: int, ndim: int) -> Any:
    if depth:
        return np.concatenate([_join_blocks(x, depth - 1, ndim) for x in arrays], -depth)
    return _fill_up(as_array(arrays), ndim)


def _fill_up(x: Any, ndim: int) -> Any:
    """Give an array axes of length 1 in front, to have as many as wanted."""
    return x if x.ndim >= ndim else np.reshape(x, (1,) * (ndim - x.ndim) + x.shape)


def append(arr: Any, values: Any, axis: int | None = None) -> Any:
    """Join values to the end of an array along an axis (None: both as vectors)."""
    arr, values = as_array(arr), as_array(values)
    if axis is None:
        return np.concatenate((np.ravel(arr), np.ravel(values)))
    return np.concatenate((arr, values), axis)


def insert(arr: Any, obj: Any, values: Any, axis: int | None = None) -> Any:
    """Put values in before places of an axis (None: of the elements as a vector).

    The values are joined to the axis, whose places are then read in the order that NumPy's function puts them in.
    """
    arr, obj = as_array(arr), as_known(obj)
    values = as_assigned(values, arr.dtype)
    if axis is None:
        arr, axis = np.ravel(arr), 0
    axis = find_axis(f"insert(axis={axis!r})", arr, axis)
    n = arr.shape[axis]
    try:
        before = np.arange(n)[obj] if isinstance(obj, slice) else np.asarray(obj)
        before = np.flatnonzero(before) if before.dtype == np.bool_ or not before.size else before
        count = len(np.insert(np.arange(n), before, 0)) - n
        if before.size == 1:  # the values may be several, and for a number instead of a list their axis lies first
            values = _fill_up(values, arr.ndim)
            values = values if before.ndim else np.moveaxis(values, 0, axis)
            count = values.shape[axis]
            before = np.repeat(before, count)
        order = np.insert(np.arange(n), before, np.arange(n, n + count))
        shape = np.broadcast_shapes(values.shape, (*arr.shape[:axis], count, *arr.shape[axis + 1 :]))
    except (ValueError, IndexError, TypeError) as error:
        return refuse(f"insert({obj!r}, axis={axis})", arr, error)
    new = np.broadcast_to(values, shape).astype(arr.dtype)
    return pick(np.concatenate((arr, new), axis), order, axis)


def delete(arr: Any, obj: Any, axis: int | None = None) -> Any:
    """Leave out places of an axis (None: of the elements as a vector)."""
    arr, obj = as_array(arr), as_known(obj)
    if axis is None:
        arr, axis = np.ravel(arr), 0
    axis = find_axis(f"delete(axis={axis!r})", arr, axis)
    try:
        kept = np.delete(np.arange(arr.shape[axis]), obj)
    except (ValueError, IndexError, TypeError) as error:
        return refuse(f"delete({obj!r}, axis={axis})", arr, error)
    return own_elements(pick(arr, kept, axis))
