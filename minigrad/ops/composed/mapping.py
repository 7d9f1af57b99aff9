"""A function applied to the lines of an array, or over one axis after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.ops.base import as_array
from minigrad.ops.composed.arguments import find_axis, refuse


def apply_along_axis(func1d: Callable[..., Any], axis: int, arr: Any, *args: Any, **kwargs: Any) -> Any:
    """Apply a function to each line along an axis, in whose place the axes of what it gives come."""
    axis = find_axis(f"apply_along_axis(axis={axis!r})", arr, axis)
    lines = np.moveaxis(arr, axis, -1)
    around = lines.shape[:-1]
    if 0 in around:
        return refuse("apply_along_axis", arr, ValueError("there are no lines to apply a function to"))
    values = [as_array(func1d(lines[i], *args, **kwargs)) for i in np.ndindex(around)]
    y = np.reshape(np.stack(values), (*around, *values[0].shape))
    own = range(len(around), y.ndim)
    return np.moveaxis(y, tuple(own), tuple(axis + i for i in range(len(own))))


def apply_over_axes(func: Callable[..., Any], a: Any, axes: int | Sequence[int]) -> Any:
    """Apply func(x, axis) for one axis after another; an axis that it takes away comes back with length 1."""
    for axis in np.atleast_1d(axes).tolist():
        along = find_axis(f"apply_over_axes({axes!r})", a, axis)
        y = func(a, along)
        a = y if y.ndim == a.ndim else np.expand_dims(y, along)
        if a.ndim != y.ndim and y.ndim + 1 != a.ndim:
            raise ValueError("apply_over_axes: the function takes away more than the axis that it is given")
    return a
