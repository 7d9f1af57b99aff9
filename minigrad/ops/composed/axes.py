"""Axes and the order along them: reversed, turned, moved, and added where there are too few."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.ops.base import placeholder
from minigrad.ops.composed.arguments import as_tensors, refuse
from minigrad.ops.places.moving import Flip
from minigrad.ops.reduction import Axis, normalize_axis


def flip(m: Any, axis: Axis = None) -> Any:
    """Reverse the order along axes (None: along all)."""
    try:
        axes = normalize_axis(axis, m.ndim)
    except (ValueError, TypeError) as error:
        return refuse(f"flip(axis={axis!r})", m, error)
    return Flip(tuple(slice(None, None, -1 if i in axes else None) for i in range(m.ndim)))(m)


def flipud(m: Any) -> Any:
    """Reverse the order along the first axis."""
    return flip(m, 0)


def fliplr(m: Any) -> Any:
    """Reverse the order along the second axis."""
    return flip(m, 1)


def rot90(m: Any, k: int = 1, axes: tuple[int, int] = (0, 1)) -> Any:
    """Turn the plane of two axes by k quarters, from the first axis towards the second."""
    try:
        np.rot90(placeholder(m.shape), k, axes)
    except (ValueError, TypeError) as error:
        return refuse(f"rot90(k={k!r}, axes={axes!r})", m, error)
    first, second = axes
    return (
        lambda: m,
        lambda: np.swapaxes(flip(m, second), first, second),
        lambda: flip(m, (first, second)),
        lambda: flip(np.swapaxes(m, first, second), second),
    )[k % 4]()


def swapaxes(a: Any, axis1: int, axis2: int) -> Any:
    """Exchange two axes."""
    axes = list(range(a.ndim))
    try:
        (i,), (j,) = normalize_axis(axis1, a.ndim), normalize_axis(axis2, a.ndim)
    except (ValueError, TypeError) as error:
        return refuse(f"swapaxes(axis1={axis1!r}, axis2={axis2!r})", a, error)
    axes[i], axes[j] = axes[j], axes[i]
    return np.transpose(a, axes) if i != j else a


def moveaxis(a: Any, source: int | Sequence[int], destination: int | Sequence[int]) -> Any:
    """Move axes to other places; the others stay in order."""
    return _transposed(a, f"moveaxis({source!r}, {destination!r})", lambda x: np.moveaxis(x, source, destination))


def rollaxis(a: Any, axis: int, start: int = 0) -> Any:
    """Move an axis back until it lies before ``start``."""
    return _transposed(a, f"rollaxis({axis!r}, {start!r})", lambda x: np.rollaxis(x, axis, start))


def matrix_transpose(x: Any, /) -> Any:
    """Exchange the last two axes."""
    return _transposed(x, "matrix_transpose", np.matrix_transpose)


def _transposed(x: Any, called: str, rearrange: Callable[..., Any]) -> Any:
    """Permute the axes as NumPy's function does: what it makes of an array whose axes have their number as length."""
    try:
        order = tuple(n - 1 for n in rearrange(placeholder(tuple(range(1, x.ndim + 1)))).shape)
    except (ValueError, TypeError) as error:
        return refuse(called, x, error)
    return x if order == tuple(range(x.ndim)) else np.transpose(x, order)


def atleast_1d(*arys: Any) -> Any:
    """Give each as an array of one axis or more."""
    return _each(arys, np.atleast_1d)


def atleast_2d(*arys: Any) -> Any:
    """Give each as an array of two axes or more; a vector becomes a row."""
    return _each(arys, np.atleast_2d)


def atleast_3d(*arys: Any) -> Any:
    """Give each as an array of three axes or more; a vector of n elements becomes 1 × n × 1, a matrix m × n × 1."""
    return _each(arys, np.atleast_3d)


def _each(xs: Sequence[Any], extend: Callable[..., Any]) -> Any:
    """Reshape each to what NumPy's function gives: a Tensor for one, a tuple for several."""
    arrays = as_tensors(xs)
    shapes = [extend(placeholder(x.shape)).shape for x in arrays]
    extended = [x if x.shape == shape else np.reshape(x, shape) for x, shape in zip(arrays, shapes, strict=True)]
    return extended[0] if len(extended) == 1 else tuple(extended)
