"""Numbers rounded, and numbers split: into a whole part and a rest, into digits and an exponent."""

from __future__ import annotations

from operator import index
from typing import Any

import numpy as np

from minigrad.ops.base import refuse_out
from minigrad.ops.common.dtypes import WHOLE
from minigrad.ops.elements.rounding import exponent


def round(a: Any, decimals: int = 0, out: None = None) -> Any:
    """Give the nearest number of so many decimals, of two as near the even one; its slope is 0."""
    refuse_out(out)
    try:
        decimals = index(decimals)
    except TypeError as error:
        raise TypeError(f"round: decimals must be an integer, not {decimals!r}; write np.round(x, 2)") from error
    if decimals and a.dtype == np.bool_:
        raise TypeError(f"truth values have no {decimals} decimals, nor has NumPy's np.round of them")
    if decimals >= 0:
        if a.dtype in WHOLE:
            return a.astype(np.float16) if a.dtype == np.bool_ else a  # truth values are float16 to NumPy's rounding
        scale = 10.0**decimals
        return np.rint(a * scale) / scale if decimals else np.rint(a)
    y = np.rint(a / (scale := 10.0**-decimals)) * scale
    return y.astype(a.dtype) if a.dtype in WHOLE else y


def around(a: Any, decimals: int = 0, out: None = None) -> Any:
    """Round, by NumPy's other name."""
    return round(a, decimals, out)


def fix(x: Any, out: None = None) -> Any:
    """Round toward 0; its slope is 0."""
    refuse_out(out)
    return np.trunc(x)


def divmod(x1: Any, x2: Any) -> tuple[Any, Any]:
    """Give the whole quotient q = ⌊a / b⌋, whose slope is 0, and what it leaves over, a − q b."""
    return np.floor_divide(x1, x2), np.remainder(x1, x2)


def modf(x: Any) -> tuple[Any, Any]:
    """Give the part behind the point, whose slope is 1, and the whole part, whose slope is 0; both of x's sign."""
    if x.dtype in WHOLE:
        x = x.astype(np.modf.resolve_dtypes((x.dtype, None, None))[-1])
    rest = np.where(np.isinf(x), np.copysign(0.0, x), np.fmod(x, 1.0))
    return rest, np.trunc(x)


def frexp(x: Any) -> tuple[Any, Any]:
    """Give m and n of x = m 2ⁿ with ½ ≤ |m| < 1; n is a constant, so that ∂m/∂x = 2⁻ⁿ."""
    n = exponent(x)
    return np.ldexp(x, -n), n
