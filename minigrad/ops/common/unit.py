"""∂E/∂E = 1, which every walk back from a scalar E begins with: two arrays, known by their identity."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.common.libraries import is_other

# As an array: multiplying an array by one of 0 dimensions takes two thirds of the time that a scalar takes.
_ONE64, _ONE32 = np.ones((), np.float64), np.ones((), np.float32)
_ONE: dict[Any, Any] = {one.dtype.type: one for one in (_ONE64, _ONE32)}
for _one in _ONE.values():
    _one.flags.writeable = False


def find_one(array: Any) -> Any:
    """Give ∂E/∂E as an array for the scalar E that NumPy has computed, or None if that is not a plain one."""
    return _ONE.get(type(array))


def make_one(array: Any) -> Any:
    """Give ∂E/∂E as an array of the library, and the dtype, of one without axes that holds E."""
    return np.ones_like(array) if is_other(array) else _ONE.get(array.dtype.type, array.dtype.type(1))


def scale_new(g: Any, x: Any) -> Any:
    """Give g x for an x that a rule has just made: where g is ∂E/∂E, x itself, and a small step is 0.4 µs shorter."""
    return x if g is _ONE64 or g is _ONE32 else g * x


def scale_negative(g: Any, x: Any) -> Any:
    """Give −g x: by one operation where g is ∂E/∂E."""
    return -x if g is _ONE64 or g is _ONE32 else -g * x
