"""NumPy's functions that write into their first argument, which is a tensor: as assignments to its elements."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import as_array
from minigrad.ops.composed.arguments import as_assigned, as_known, find_axis, refuse
from minigrad.ops.composed.choosing import bring_into


def copyto(dst: Any, src: Any, casting: str = "same_kind", where: Any = True) -> None:
    """Write the elements of another array, broadcast, into this one, where a condition holds."""
    src = as_array(src) if isinstance(src, list | tuple) else src
    kind = getattr(src, "dtype", None) or np.min_scalar_type(src)
    if not np.can_cast(kind, dst.dtype, casting):  # type: ignore[arg-type]
        raise TypeError(f"Cannot cast array data from {kind!r} to {dst.dtype!r} according to the rule {casting!r}")
    dst[...] = src if where is True else np.where(where, src, dst)


def putmask(a: Any, mask: Any, values: Any) -> None:
    """Write values where a mask of a's shape holds: of values of another shape, over and over, those at that place."""
    values = as_assigned(values, a.dtype)
    if not np.can_cast(values.dtype, a.dtype, "safe"):
        raise TypeError(f"putmask: values of {values.dtype} are not cast to {a.dtype} by the rule 'safe'; use .astype")
    a[...] = np.where(mask, values if values.shape == a.shape else np.resize(values, a.shape), a)


def place(arr: Any, mask: Any, vals: Any) -> None:
    """Write values where a mask of the array's shape holds, one after another and over and over."""
    mask = np.reshape(as_known(mask), arr.shape).astype(bool)
    n = int(np.count_nonzero(mask))
    if n and not np.size(vals):
        raise ValueError("Cannot insert from an empty array!")
    if n:
        arr[mask] = np.resize(as_assigned(vals, arr.dtype), n)


def put(a: Any, ind: Any, v: Any, mode: str = "raise") -> None:
    """Write values at places that are counted through all of the array, over and over if they are fewer."""
    places = np.arange(a.size)[bring_into(a.size, np.ravel(as_known(ind)), mode)]
    if places.size and np.size(v):
        a[np.unravel_index(places, a.shape)] = np.resize(as_assigned(v, a.dtype), places.size)


def put_along_axis(arr: Any, indices: Any, values: Any, axis: int | None) -> None:
    """Write values along an axis at places that differ from line to line: where ``take_along_axis`` reads."""
    indices = as_known(indices)
    if axis is None:
        put(arr, indices, values)
        return
    axis = find_axis(f"put_along_axis(axis={axis!r})", arr, axis)
    grid = np.ogrid[tuple(slice(n) for n in arr.shape)]
    arr[tuple(indices if i == axis else line for i, line in enumerate(grid))] = values


def fill_diagonal(a: Any, val: Any, wrap: bool = False) -> None:
    """Write values on the diagonal, over and over if they are fewer; ``wrap`` begins it again below a square."""
    if a.ndim < 2 or (a.ndim > 2 and len(set(a.shape)) > 1):
        refuse("fill_diagonal", a, ValueError("array must be at least 2-d, and of more axes all of one length"))
    i = np.arange(min(a.shape))
    if wrap and a.ndim == 2:
        i = np.arange(0, a.size, a.shape[1] + 1)
        key = np.unravel_index(i, a.shape)
    else:
        key = (i,) * a.ndim
    a[key] = np.resize(as_assigned(val, a.dtype), len(i))
