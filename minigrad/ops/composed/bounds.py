"""Numbers kept within bounds, and infinities and NaN told from them."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import as_array, refuse_out
from minigrad.ops.common.dtypes import WHOLE, find_largest
from minigrad.ops.composed.arguments import promoted_by
from minigrad.ops.parts import is_complex
from minigrad.ops.shaping import astype

_MISSING: Any = object()


def clip(
    a: Any,
    a_min: Any = _MISSING,
    a_max: Any = _MISSING,
    out: None = None,
    *,
    min: Any = _MISSING,
    max: Any = _MISSING,
    dtype: Any = None,
    casting: Any = "same_kind",
) -> Any:
    """Give min(max(a, lowest), highest); a bound of None is none. A bound that is met takes half the gradient."""
    refuse_out(out)
    lowest, highest = _one_of(a_min, min, "min"), _one_of(a_max, max, "max")
    if dtype is not None:
        a, lowest, highest = (
            x if x is None else astype(as_array(x), dtype, copy=False, casting=casting) for x in (a, lowest, highest)
        )
    a = as_array(a)
    if a.dtype.kind in "iu":  # a bound that no such number is beyond is none
        ends = np.iinfo(a.dtype)
        lowest = None if type(lowest) is int and lowest < ends.min else lowest
        highest = None if type(highest) is int and highest > ends.max else highest
    if lowest is None and highest is None:
        return np.positive(a)
    if a.dtype in WHOLE and lowest is not None and highest is not None:  # NumPy brings all three into one kind first
        a = astype(a, np.result_type(*map(promoted_by, (a, lowest, highest))), copy=False)
    y = a if lowest is None else np.maximum(a, lowest)
    return y if highest is None else np.minimum(y, highest)


def _one_of(first: Any, second: Any, name: str) -> Any:
    """Give a bound, which NumPy has two names for."""
    if first is not _MISSING and second is not _MISSING:
        raise ValueError(f"clip: the bound is given twice, as a_{name}= and as {name}=; give one of them")
    found = second if first is _MISSING else first
    return None if found is _MISSING else found


def nan_to_num(x: Any, copy: bool = True, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    """Give numbers for what are none: their slope is 0, and that of all others 1. The infinities: the largest ones."""
    if not copy:
        x[...] = nan_to_num(x, True, nan, posinf, neginf)
        return x
    if x.dtype.kind == "c":
        return nan_to_num(x.real, True, nan, posinf, neginf) + 1j * nan_to_num(x.imag, True, nan, posinf, neginf)
    if x.dtype.kind != "f":
        return x
    largest = find_largest(x.dtype)
    y = np.where(np.isnan(x), nan, x)
    y = np.where(x == np.inf, largest if posinf is None else posinf, y)
    y = np.where(x == -np.inf, -largest if neginf is None else neginf, y)
    return y if y.dtype == x.dtype else astype(y, x.dtype)  # whatever kind of number is written there


def iscomplex(x: Any) -> Any:
    """Say where x has an imaginary part."""
    return np.not_equal(np.imag(x), 0)


def isreal(x: Any) -> Any:
    """Say where x has no imaginary part."""
    return np.equal(np.imag(x), 0)


def isposinf(x: Any, out: None = None) -> Any:
    """Say where x is +∞."""
    refuse_out(out)
    _refuse_complex(x)
    return np.equal(x, np.inf)


def isneginf(x: Any, out: None = None) -> Any:
    """Say where x is −∞."""
    refuse_out(out)
    _refuse_complex(x)
    return np.equal(x, -np.inf)


def _refuse_complex(x: Any) -> None:
    if is_complex(x):
        raise TypeError(
            f"the argument x is {x.dtype}, which has infinities of every angle; take those of x.real and of x.imag"
        )
