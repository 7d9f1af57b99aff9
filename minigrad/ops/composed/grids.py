"""Numbers from one end to another, and grids of them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import Recorder, as_array
from minigrad.ops.common.dtypes import dtype_of
from minigrad.ops.composed.arguments import as_tensors, has_zero, is_number, promoted_by
from minigrad.ops.composed.places import own_elements
from minigrad.ops.elements.between import in_a_row


def linspace(
    start: Any,
    stop: Any,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: Any = None,
    axis: int = 0,
    *,
    device: Any = None,
) -> Any:
    """Give ``num`` numbers at equal distances, (1 − t) start + t stop, along a new axis."""
    start, stop, t = _steps(start, stop, num, endpoint)
    y = _finish(in_a_row(start, stop, t) if endpoint else start + (stop - start) * t, dtype, axis)
    parts = num - 1 if endpoint else num
    return (y, (stop - start) / parts if parts > 0 else np.nan) if retstep else y


def logspace(
    start: Any, stop: Any, num: int = 50, endpoint: bool = True, base: Any = 10.0, dtype: Any = None, axis: int = 0
) -> Any:
    """Give powers of a base, or of each of several, whose exponents lie at equal distances."""
    exponents = linspace(start, stop, num, endpoint)
    if np.ndim(base) > exponents.ndim - 1:
        exponents = np.reshape(exponents, (num, *(1,) * (np.ndim(base) - exponents.ndim + 1), *exponents.shape[1:]))
    return _finish((as_array(base) if np.ndim(base) else base) ** exponents, dtype, axis)


def geomspace(start: Any, stop: Any, num: int = 50, endpoint: bool = True, dtype: Any = None, axis: int = 0) -> Any:
    """Give ``num`` numbers, each the same multiple of the one before: start (stop / start)ᵗ.

    By logarithms, as NumPy's are, of what is turned so that the first is positive.
    """
    for end in (start, stop):
        if has_zero(end):
            raise ValueError("geomspace: an end is 0, and no multiple of it is another number")
    start, stop = (as_array(x) for x in (start, stop))
    start, stop, t = _steps(start, stop, num, endpoint, np.float64)
    turned = np.sign(start)
    y = turned * 10.0 ** in_a_row(np.log10(start / turned), np.log10(stop / turned), t)
    y = np.where(t == 0, start, y)
    return _finish(np.where(t == 1, stop, y) if endpoint and num > 1 else y, dtype, axis)


def _steps(start: Any, stop: Any, num: int, endpoint: bool, least: Any = 1.0) -> tuple[Any, Any, Any]:
    """Give the ends in the dtype that they are to have together, numbers as they are; and t, on an axis in front.

    It goes from 0 to 1, or to the last before it.
    """
    kind = np.result_type(*map(promoted_by, (start, stop)), least)
    start, stop = (x if is_number(x) or dtype_of(x) == kind else as_array(x).astype(kind) for x in (start, stop))
    end = kind.type(1).real if kind.char in "gG" else 1.0  # NumPy computes in the precision of the ends
    t = np.linspace(end - end, end, num, endpoint, dtype=kind)
    return start, stop, np.reshape(t, (-1, *(1,) * max(np.ndim(start), np.ndim(stop))))


def _finish(y: Any, dtype: Any, axis: int) -> Any:
    """Move the new axis to its place, and give the dtype that is wanted."""
    if dtype is not None and np.dtype(dtype).kind not in "fc":
        raise TypeError(f"the argument dtype={dtype!r} rounds, and no gradient flows through whole numbers")
    y = y if axis == 0 else np.moveaxis(y, 0, axis)
    return y if dtype is None or y.dtype == dtype else y.astype(dtype)


def meshgrid(*xi: Any, copy: bool = True, sparse: bool = False, indexing: str = "xy") -> tuple[Any, ...]:
    """Give the coordinates of a grid, each as an array of all of its axes; ``sparse``: of length 1 along the others."""
    if indexing not in ("xy", "ij"):
        raise ValueError(f"meshgrid: indexing must be 'xy' or 'ij', not {indexing!r}")
    n = len(xi)
    order = [1, 0, *range(2, n)] if indexing == "xy" and n > 1 else list(range(n))
    lines = [
        np.reshape(x, [-1 if axis == i else 1 for axis in range(n)]) for x, i in zip(as_tensors(xi), order, strict=True)
    ]
    grid = lines if sparse else np.broadcast_arrays(*lines)
    return tuple(map(own_elements, grid)) if copy else tuple(grid)


def ix_(*args: Any) -> tuple[Any, ...]:
    """Give indices of one axis as those of a grid: x[ix_(i, j)] has the rows i and the columns j."""
    indices = [as_array(x) for x in args]
    for x in indices:
        if x.ndim != 1:
            raise ValueError(f"ix_: wanted indices of one axis, not of shape {x.shape}")
    plain = [np.nonzero(x)[0] if x.dtype == np.bool_ else x for x in indices]
    return tuple(np.reshape(x, [-1 if i == k else 1 for k in range(len(plain))]) for i, x in enumerate(plain))


def full_like(
    a: Any,
    fill_value: Any,
    dtype: Any = None,
    order: str = "K",
    subok: bool = True,
    shape: Any = None,
    *,
    device: Any = None,
) -> Any:
    """Give an array of a's shape and dtype, or those said, full of a value."""
    dtype = np.dtype(a.dtype if dtype is None else dtype)
    number = isinstance(fill_value, int | float | complex)  # of which NumPy knows whether the dtype has it
    value: Any = fill_value if number else as_array(fill_value)
    shape = a.shape if shape is None else shape
    if isinstance(fill_value, Recorder):
        return own_elements(np.broadcast_to(value if value.dtype == dtype else value.astype(dtype), shape))
    return a.as_constant(np.full(shape, value, dtype))
