"""Elements in several places: repeated, as tiles, rolled around, in windows; and arrays brought to one shape."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from minigrad.ops.base import as_array, placeholder
from minigrad.ops.composed.arguments import as_known, as_tensors, find_axis, find_common_shape, refuse
from minigrad.ops.composed.places import own_elements, pick
from minigrad.ops.networks.windows import WindowsView
from minigrad.ops.places.moving import Roll
from minigrad.ops.reduction import Axis


def tile(A: Any, reps: int | Sequence[int]) -> Any:
    """Lay copies of an array side by side, so many along each axis, the last being the last."""
    A, counts = as_array(A), np.atleast_1d(as_known(reps)).tolist()
    ndim = max(A.ndim, len(counts))
    counts, shape = [1] * (ndim - len(counts)) + counts, (1,) * (ndim - A.ndim) + A.shape
    copies = [n for pair in zip(counts, shape, strict=True) for n in pair]
    tiles = np.reshape(A, [n for size in shape for n in (1, size)])
    return own_elements(
        np.reshape(np.broadcast_to(tiles, copies), [n * size for n, size in zip(counts, shape, strict=True)])
    )


def repeat(a: Any, repeats: Any, axis: int | None = None) -> Any:
    """Repeat each element of an axis (None: of the array as a vector), all as often or each as often as is said."""
    a, repeats = as_array(a), as_known(repeats)
    if axis is None:
        a, axis = np.ravel(a), 0
    a = a if a.ndim else np.reshape(a, (1,))  # a number is a vector here
    axis = find_axis(f"repeat(axis={axis!r})", a, axis)
    try:
        places = np.repeat(np.arange(a.shape[axis]), repeats)
    except (ValueError, TypeError) as error:
        return refuse(f"repeat({repeats!r}, axis={axis})", a, error)
    if np.size(repeats) != 1:
        return own_elements(pick(a, places, axis))
    n = int(np.reshape(repeats, ()))
    before, after = a.shape[: axis + 1], a.shape[axis + 1 :]
    copies = np.broadcast_to(np.expand_dims(a, axis + 1), (*before, n, *after))
    return own_elements(np.reshape(copies, (*before[:-1], len(places), *after)))


def roll(a: Any, shift: int | Sequence[int], axis: Axis = None) -> Any:
    """Move the elements on along axes (None: as a vector), those at the end coming in at the start."""
    a, shift = as_array(a), as_known(shift)
    if axis is None:
        return np.reshape(roll(np.ravel(a), int(np.sum(shift)), 0), a.shape)
    try:
        shifts, axes = np.broadcast_arrays(shift, axis)
    except ValueError as error:
        return refuse(f"roll({shift!r}, axis={axis!r})", a, error)
    for n, i in zip(shifts.ravel(), axes.ravel(), strict=True):
        along = find_axis(f"roll(axis={axis!r})", a, i)
        a = Roll(int(n), along)(a)
    return a if axes.size else np.copy(a)


def resize(a: Any, new_shape: int | Sequence[int]) -> Any:
    """Fill another shape with the elements, over and over."""
    a = np.ravel(a)
    shape = tuple(np.atleast_1d(as_known(new_shape)).tolist())
    if any(n < 0 for n in shape):
        return refuse(f"resize({new_shape!r})", a, ValueError("all sizes must be 0 or more"))
    size = prod(shape)
    if not a.size:
        return np.zeros(shape, a.dtype)
    return own_elements(np.reshape(tile(a, -(-size // a.size))[:size], shape))


def broadcast_arrays(*args: Any, subok: bool = False) -> tuple[Any, ...]:
    """Give each in the shape that they have together."""
    arrays = as_tensors(args)
    shape = find_common_shape("broadcast_arrays", arrays)
    return tuple(x if x.shape == shape else np.broadcast_to(x, shape) for x in arrays)


def sliding_window_view(
    x: Any, window_shape: int | Sequence[int], axis: Axis = None, *, subok: bool = False, writeable: bool = False
) -> Any:
    """Give the windows of a shape at all places along axes: axes of the places, then those within a window.

    They are views of x, which see what is assigned to it later.
    """
    try:
        np.lib.stride_tricks.sliding_window_view(placeholder(x.shape), window_shape, axis)
    except (ValueError, TypeError) as error:
        return refuse(f"sliding_window_view({window_shape!r}, axis={axis!r})", x, error)
    sizes = np.atleast_1d(window_shape).tolist()
    over = range(x.ndim) if axis is None else np.atleast_1d(axis).tolist()
    axes = [find_axis("sliding_window_view", x, i) for i in over]
    for size, i in zip(sizes, axes, strict=True):
        x = np.moveaxis(WindowsView((size,), (1,), (1,))(np.moveaxis(x, i, -1)), -2, i)
    return x
