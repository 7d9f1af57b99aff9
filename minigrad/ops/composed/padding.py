"""An array made longer at the ends of its axes, in all of the ways that NumPy's pad knows."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minigrad.ops.base import as_array, placeholder
from minigrad.ops.composed.arguments import index_along, refuse
from minigrad.ops.composed.grids import linspace
from minigrad.ops.composed.places import pick
from minigrad.ops.indexing import Scatter

Pair = tuple[Any, Any]  # one for what comes before, one for what comes after


def pad(array: Any, pad_width: Any, mode: Any = "constant", **kwargs: Any) -> Any:
    """Make axes longer at both ends; axis after axis, so that the corners come from what was added before."""
    x = as_array(array)
    called = f"pad({pad_width!r}, mode={mode!r})"
    if callable(mode):
        raise TypeError("pad: a function as mode writes into arrays. Join what you want at the ends by np.concatenate")
    if mode not in _MODES:
        return refuse(called, x, ValueError(f"mode {mode!r} is none of {', '.join(_MODES)}"))
    if mode in ("linear_ramp", "mean", "median") and x.dtype.kind in "biu":
        raise TypeError(f"the argument mode={mode!r} rounds whole numbers, through which no gradient flows")
    try:
        shape = np.pad(placeholder(x.shape), pad_width, "empty").shape
    except (ValueError, TypeError) as error:
        return refuse(called, x, error)
    if isinstance(pad_width, dict):
        pad_width = [pad_width.get(i, pad_width.get(i - x.ndim, 0)) for i in range(x.ndim)]
        pad_width = [width if isinstance(width, tuple) else (width, width) for width in pad_width]
    unknown = set(kwargs) - set(_OPTIONS.get(mode, ()))
    if unknown:
        known = ", ".join(_OPTIONS.get(mode, ())) or "none"
        return refuse(called, x, ValueError(f"mode {mode!r} has no argument {', '.join(unknown)}; it has {known}"))
    widths = [(int(before), int(after)) for before, after in _as_pairs(pad_width, x.ndim)]
    if mode in ("constant", "empty") and not kwargs:
        inner = zip(widths, x.shape, strict=True)
        return Scatter(tuple(slice(before, before + n) for (before, _), n in inner), shape)(x)
    options = {name: _as_pairs(value, x.ndim) for name, value in kwargs.items()}
    for axis, pair in enumerate(widths):
        if any(pair):
            if not x.shape[axis] and _MODES[mode] is not _constant:
                return refuse(called, x, ValueError(f"axis {axis} is empty, so that a constant alone can be put there"))
            sides = _MODES[mode](x, axis, pair, **{name: pairs[axis] for name, pairs in options.items()})
            x = _put_around(x, axis, pair, sides)
    return x


def _as_pairs(x: Any, ndim: int) -> list[Any]:
    """Give a pair for each axis: from one value, from one pair, or from a pair each; Tensors may be among them."""
    leaves: list[Any] = []

    def number(x: Any) -> Any:
        if np.ndim(x) if hasattr(x, "shape") else isinstance(x, list | tuple):
            return [number(part) for part in x]
        leaves.append(x)
        return len(leaves) - 1

    numbers = np.array(number(x))
    if numbers.size < 3 and numbers.shape != (2, 1):
        numbers = numbers.ravel()
    return [[leaves[i] for i in row] for row in np.broadcast_to(numbers, (ndim, 2))]


def _put_around(x: Any, axis: int, widths: Pair, sides: Pair) -> Any:
    """Join what a mode gives, of length 1 or as long as wanted, to both ends of an axis."""
    parts = []
    for n, side in zip(widths, sides, strict=True):
        shape = (*x.shape[:axis], n, *x.shape[axis + 1 :])
        side = side if side.shape == shape else np.broadcast_to(side, shape)
        parts.append(side if side.dtype == x.dtype else side.astype(x.dtype))
    before, after = ([part] if n else [] for part, n in zip(parts, widths, strict=True))
    return np.concatenate([*before, x, *after], axis)


def _constant(x: Any, axis: int, widths: Pair, constant_values: Pair = (0, 0)) -> Pair:
    before, after = constant_values
    return as_array(before), as_array(after)


def _edge(x: Any, axis: int, widths: Pair) -> Pair:
    return x[index_along(axis, slice(0, 1))], x[index_along(axis, slice(x.shape[axis] - 1, None))]


def _linear_ramp(x: Any, axis: int, widths: Pair, end_values: Pair = (0, 0)) -> Pair:
    """Rise evenly from an end value, at the very end, to the edge, of which it would be the next."""
    ramps = [
        linspace(end, np.squeeze(edge, axis), n, endpoint=False, dtype=x.dtype, axis=axis)
        for edge, end, n in zip(_edge(x, axis, widths), end_values, widths, strict=True)
    ]
    return ramps[0], ramps[1][index_along(axis, slice(None, None, -1))]


def _statistic(f: Callable[..., Any], x: Any, axis: int, widths: Pair, stat_length: Pair = (None, None)) -> Pair:
    """Reduce what lies nearest to an end, as much of it as ``stat_length`` says."""
    n = x.shape[axis]
    before, after = (n if m is None else min(int(m), n) for m in stat_length)
    first = f(x[index_along(axis, slice(0, before))], axis=axis, keepdims=True)
    if before == after == n:
        return first, first
    return first, f(x[index_along(axis, slice(n - after, n))], axis=axis, keepdims=True)


def _mirror(mode: Any, x: Any, axis: int, widths: Pair, reflect_type: Pair = ("even", "even")) -> Pair:
    """Go on with the elements that lie the other way, or, if odd, with those turned around the end."""
    n = x.shape[axis]
    first, last = slice(0, widths[0]), slice(widths[0] + n, None)
    if reflect_type[0] == "odd":
        rows = np.pad(np.eye(n), (widths, (0, 0)), mode, reflect_type="odd")
        return _combine(rows[first], x, axis), _combine(rows[last], x, axis)
    places = np.pad(np.arange(n), widths, mode)
    return pick(x, places[first], axis), pick(x, places[last], axis)


def _combine(rows: Any, x: Any, axis: int) -> Any:
    """Give the few elements of x that each row names, with its factors, added up; of others no NaN comes in.

    NumPy makes the rows of the unit vectors. One with fewer elements than another has half of its first one twice.
    """
    named = [np.flatnonzero(row) for row in rows]
    width = max(map(len, named), default=0)
    places = np.array([[*own, *[own[0]] * (width - len(own))] for own in named], np.intp).reshape(len(rows), width)
    shares = np.array([(own == own[:, None]).sum(0) for own in places]).reshape(places.shape)
    factors = np.take_along_axis(rows, places, 1) / shares
    if x.dtype.kind in "biu":  # which are whole, and never NaN
        factors = np.where(shares > 1, np.arange(width) == 0, 1) * np.take_along_axis(rows, places, 1).astype(x.dtype)
    shape = (-1, *(1,) * (x.ndim - axis - 1))
    parts = (pick(x, places[:, k], axis) * factors[:, k].reshape(shape).astype(x.dtype) for k in range(width))
    return sum(parts, start=np.zeros((), x.dtype))


# What can be said besides, of each mode that has more to be said.
_OPTIONS = {
    "constant": ("constant_values",),
    "linear_ramp": ("end_values",),
    **dict.fromkeys(("maximum", "minimum", "mean", "median"), ("stat_length",)),
    **dict.fromkeys(("reflect", "symmetric"), ("reflect_type",)),
}

_MODES: dict[str, Callable[..., Pair]] = {
    "constant": _constant,
    "empty": _constant,
    "edge": _edge,
    "linear_ramp": _linear_ramp,
    "maximum": partial(_statistic, np.max),
    "minimum": partial(_statistic, np.min),
    "mean": partial(_statistic, np.mean),
    "median": partial(_statistic, np.median),
    "reflect": partial(_mirror, "reflect"),
    "symmetric": partial(_mirror, "symmetric"),
    "wrap": partial(_mirror, "wrap"),
}
