"""Differences of neighbors, and what is made of them: derivatives and integrals of sampled functions, interpolation."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import as_array, as_floating
from minigrad.ops.composed.arguments import find_values
from minigrad.ops.composed.reductions import cast
from minigrad.ops.cumulative import slice_along
from minigrad.ops.indexing import Gather
from minigrad.ops.parts import is_complex
from minigrad.ops.places.sorting import ArgSort, SearchSorted
from minigrad.ops.shaping import astype


def diff(a: Any, n: int = 1, axis: int = -1, prepend: Any = None, append: Any = None) -> Any:
    """Give the differences of neighbors along an axis, n times over."""
    if n < 0:
        raise ValueError(f"order must be non-negative but got {n!r}")
    a = as_array(a)
    if not a.ndim:
        raise ValueError("diff requires input that is at least one dimensional")
    ends = [_as_part(x, a, axis) for x in (prepend, append)]
    if n and not all(x is None for x in ends):
        a = np.concatenate([x for x in (ends[0], a, ends[1]) if x is not None], axis)
    for _ in range(n):
        after, before = a[slice_along(axis, a, 1, None)], a[slice_along(axis, a, None, -1)]
        a = after != before if a.dtype == np.bool_ else after - before
    return a


def _as_part(x: Any, a: Any, axis: int) -> Any:
    """Give what stands at an end as an array, a number as one that is repeated."""
    if x is None:
        return None
    x = as_array(x)
    return x if x.ndim else np.broadcast_to(x, a[slice_along(axis, a, 0, 1)].shape)


def ediff1d(ary: Any, to_end: Any = None, to_begin: Any = None) -> Any:
    """Give the differences of neighbors among all elements in a row, and numbers before and behind them."""
    ary = as_array(ary)
    for name, x in (("to_begin", to_begin), ("to_end", to_end)):
        if x is not None and not np.can_cast(as_array(x).dtype, ary.dtype, "same_kind"):
            raise TypeError(f"ediff1d: dtype of {name}= must be that of the array, or one of its kind")
    parts = (to_begin, np.diff(np.ravel(ary)), to_end)
    return np.concatenate([cast(np.ravel(as_array(x)), ary.dtype) for x in parts if x is not None])


def trapezoid(y: Any, x: Any = None, dx: Any = 1.0, axis: int = -1) -> Any:
    """Integrate along an axis by trapezoids, Σ (xₙ₊₁ − xₙ) (yₙ + yₙ₊₁) / 2."""
    y = as_array(y)
    if x is not None:
        x = as_array(x)
        dx = np.diff(x) if x.ndim == 1 else np.diff(x, axis=axis)
        dx = np.reshape(dx, _along(axis, y, -1)) if x.ndim == 1 else dx
    return (dx * (y[slice_along(axis, y, 1, None)] + y[slice_along(axis, y, None, -1)]) / 2.0).sum(axis)


def _along(axis: int, x: Any, n: int) -> tuple[int, ...]:
    """Give the shape of numbers along an axis of x, with those before and behind it of length 1."""
    at = axis % x.ndim
    return (1,) * at + (n,) + (1,) * (x.ndim - at - 1)


def gradient(f: Any, *varargs: Any, axis: Any = None, edge_order: int = 1) -> Any:
    """Give the derivatives of a sampled function along axes, as parabolas through three neighbors have them.

    ``varargs`` are the distance between two samples, one for all axes or one for each, or the places of all along an
    axis. At the ends it is that of a line, or, of ``edge_order`` 2, of a parabola too.
    """
    f = as_floating(as_array(f))
    axes = range(f.ndim) if axis is None else np.lib.array_utils.normalize_axis_tuple(axis, f.ndim)
    if len(varargs) not in (0, 1, len(axes)) or (len(varargs) == 1 < len(axes) and np.ndim(varargs[0])):
        raise TypeError("invalid number of arguments")
    if edge_order > 2:
        raise ValueError("'edge_order' greater than 2 not supported")
    spacings = varargs if len(varargs) == len(axes) else (varargs or (1.0,)) * len(axes)
    found = tuple(_differentiate(f, spacing, at, edge_order) for spacing, at in zip(spacings, axes, strict=True))
    return found[0] if len(found) == 1 else found


def _differentiate(f: Any, spacing: Any, axis: int, edge_order: int) -> Any:
    """Give the derivative along one axis, from the slopes of the lines between neighbors."""
    n = f.shape[axis]
    if n < edge_order + 1:
        raise ValueError(f"gradient: wanted {edge_order + 1} or more elements along axis {axis}, not {n}")
    if np.shape(spacing) not in ((), (n,)):
        raise ValueError(f"gradient: wanted a distance, or {n} places along axis {axis}, not shape {np.shape(spacing)}")
    places = as_floating(as_array(spacing)) if np.ndim(spacing) else None  # differences of small integers would wrap
    steps = spacing if places is None else np.reshape(np.diff(places), _along(axis, f, -1))
    slopes = np.diff(f, axis=axis) / steps
    before, after = slice_along(axis, f, None, -1), slice_along(axis, f, 1, None)
    if np.ndim(spacing):
        inside = (steps[after] * slopes[before] + steps[before] * slopes[after]) / (steps[before] + steps[after])
    else:
        inside = (slopes[before] + slopes[after]) / 2
    ends = slice_along(axis, f, 0, 1), slice_along(axis, f, -1, None)
    first, last = (slopes[end] for end in ends)
    if edge_order == 2:  # the slope between two places is a parabola's mean slope at the two
        first, last = (2 * slope - inside[end] for slope, end in zip((first, last), ends, strict=True))
    return cast(np.concatenate([first, inside, last], axis), f.dtype)


def interp(x: Any, xp: Any, fp: Any, left: Any = None, right: Any = None, period: float | None = None) -> Any:
    """Interpolate between points (xp, fp), of ascending xp, by lines; beyond them give the end's value, or another.

    It computes in double precision, as NumPy's does.
    """
    x, xp, fp = (as_floating(as_array(part)) for part in (x, xp, fp))
    kind = np.complex128 if is_complex(fp) else np.float64
    x, xp, fp = (astype(part, to, casting="safe") for part, to in ((x, np.float64), (xp, np.float64), (fp, kind)))
    if xp.ndim != 1 or xp.shape != fp.shape:
        raise ValueError(f"interp: xp and fp must be vectors of one length, not of shapes {xp.shape} and {fp.shape}")
    if not xp.shape[0]:
        raise ValueError("interp: there is no point to interpolate between")
    if period is not None:
        if period == 0:
            raise ValueError("period must be a non-zero value")
        x, xp, fp = _repeat(x, xp, fp, abs(period))
        left = right = None
    if xp.shape[0] == 1:
        inside = fp[0] + 0.0 * x
    else:
        i = np.minimum(np.maximum(SearchSorted("right")(xp, x) - 1, 0), xp.shape[0] - 2)
        x0, x1, f0, f1 = (Gather((None,))(part, j) for part in (xp, fp) for j in (i, i + 1))
        finite = all(known is not None and np.isfinite(known).all() for known in map(find_values, (xp, fp)))
        inside = f0 + (f1 - f0) / (x1 - x0) * (x - x0) if finite else _between(x, x0, x1, f0, f1)
    below = np.where(x < xp[0], fp[0] if left is None else left, inside)
    return np.where(x > xp[-1], fp[-1] if right is None else right, below)


def _between(x: Any, x0: Any, x1: Any, f0: Any, f1: Any) -> Any:
    """Give the height at x of the line from one point to another, whose ends may be infinite.

    As NumPy has it, that is the first of f₀ + s (x − x₀), f₁ + s (x − x₁) and f₀ = f₁ that is not NaN, of a complex
    height part by part.
    """
    if is_complex(f0):
        return _between(x, x0, x1, f0.real, f1.real) + 1j * _between(x, x0, x1, f0.imag, f1.imag)
    slope = (f1 - f0) / (x1 - x0)
    y, from_end = f0 + slope * (x - x0), f1 + slope * (x - x1)
    from_end = np.where(np.isnan(from_end) & (f0 == f1), f0, from_end)
    return np.where(x == x0, f0, np.where(x == x1, f1, np.where(np.isnan(y) & (x == x), from_end, y)))


def _repeat(x: Any, xp: Any, fp: Any, period: float) -> tuple[Any, Any, Any]:
    """Bring all into one period, in order, and the last and first point before and behind it."""
    x, xp = (part - period * np.floor(part / period) for part in (x, xp))
    order = ArgSort(0)(xp)
    xp, fp = Gather((None,))(xp, order), Gather((None,))(fp, order)
    return (
        x,
        np.concatenate([xp[-1:] - period, xp, xp[:1] + period]),
        np.concatenate([fp[-1:], fp, fp[:1]]),
    )
