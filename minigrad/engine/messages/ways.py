"""How to go on after an operation's own arguments did not fit: an axis, an index, a shape, a dtype."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minigrad.ops.base import Op, Shape


def way_of_axes(op: Op, shape: Shape, reason: str) -> str:
    """Say which axes, which number of elements, or which dtypes there are."""
    if "data type" in reason or ("dtype" in reason and "astype" in repr(op)):
        return "Give a floating-point type, such as np.float32 or np.float64."
    if "not supported for the input types" in reason:
        return "It is for whole numbers and truth values: compare first, as in x > 0, or convert with .astype(int)."
    if "cannot reshape" in reason or "one unknown dimension" in reason:
        return f"There are {prod(shape)} elements; -1 stands for the length that is left."
    if "not equal to one" in reason:
        ones = [i for i, n in enumerate(shape) if n == 1]
        return f"Of length 1: axis {_listed(ones)}." if ones else "No axis has length 1."
    static = any(hasattr(op, name) for name in ("axis", "axes")) or repr(op).partition("(")[0] in _WITH_AXES
    if repr(op).startswith("expand_dims"):
        return f"The new axis may be 0 to {len(shape)}, or -1 for the last."
    if static and ("out of bounds" in reason or "axes" in reason or "interpreted as an integer" in reason):
        return f"{_axes(len(shape))}."
    if (static and "repeated axis" in reason) or "duplicate" in reason:
        return "Give each axis once."
    return ""


_WITH_AXES = ("swapaxes", "squeeze")


def _axes(n: int) -> str:
    """Say which axes an array of n has."""
    if n == 0:
        return "A scalar has no axes"
    return "There is axis 0 alone, or -1" if n == 1 else f"There are the axes {_listed(range(n))}, or -1 for the last"


def _listed(numbers: Any) -> str:
    *first, last = [*map(str, numbers)] or [""]
    return f"{', '.join(first)} and {last}" if first else last


def way_of_index(key: Any, shape: Shape) -> str:
    """Say which index there is."""
    parts = key if isinstance(key, tuple) else (key,)
    used = [x for x in parts if x is not None and x is not Ellipsis]
    masks = [np.shape(x) for x in used if np.asarray(x).dtype.kind == "b" and np.ndim(x)]
    if any(isinstance(x, str) for x in parts):
        return "Axes have no names: choose by number, a slice, or an array of numbers."
    if masks:
        return f"Give a mask of shape {shape}, or one of the leading axes."
    if any(not isinstance(x, slice) and np.asarray(x).dtype.kind in "fc" for x in used):
        return "Elements are counted by integers: convert it, with int(…) or .astype(int)."
    if len(used) > len(shape):
        axes = f"{len(shape)} {'axes' if len(shape) > 1 else 'axis'} to index, of lengths {shape}"
        return f"It has {axes}." if shape else "A scalar has no axes to index."
    if shape and not isinstance(key, tuple):
        return f"Give -{shape[0]} to {shape[0] - 1}." if shape[0] else "It is empty."
    return f"Each index counts from minus the length of its axis; the lengths are {shape}." if shape else ""
