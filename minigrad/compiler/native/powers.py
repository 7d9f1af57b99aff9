"""Powers, tanh, and what stays exact where eˣ or 1 + x would lose what counts: in lines that the compiler vectorizes.

NumPy's own run on vectors where the processor has AVX-512; the C library's, one number after another, take 8 to 30 ns
each. Needs the extra ``native``.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.compiler.native.math import (
    HIGH64,
    LOW64,
    PLAIN,
    artanh64,
    bits64,
    exp64,
    float64,
    log64,
    part64,
    taylor64,
)  # fmt: skip
from minigrad.extras import require

numba: Any = require("numba", "native")

LN2 = math.log(2)


@numba.njit(**PLAIN)
def log1p_64(x: Any) -> Any:
    """Ln (1 + x) = ln u + (x − (u − 1)) / u, where u is 1 + x as it is rounded, and the second part what that lost."""
    u = 1.0 + x
    y = log64(u) + (x - (u - 1.0)) / u
    y = y if 0 < u < np.inf else log64(u)
    return x if u == 1 else y  # −0, too


@numba.njit(**PLAIN)
def expm1_64(x: Any) -> Any:
    """Eˣ − 1, and near 0, where that would cancel, Taylor's series; as in exp64."""
    z = x * x
    near = x + 0.5 * z * taylor64(x, z)
    y = near if abs(x) < 0.35 else exp64(x) - 1.0
    return x if x == 0 else y


@numba.njit(**PLAIN)
def tanh64(x: Any) -> Any:
    """Tanh x = (1 − e⁻²ˣ) / (1 + e⁻²ˣ), and Taylor's series near 0, where that would cancel; odd, so by |x|."""
    z = x * x
    small = x * (1 - z * (1 / 3 - z * (2 / 15 - z * (17 / 315 - z * (62 / 2835 - z * (1382 / 155925))))))
    e = exp64(-2 * abs(x))
    large = math.copysign((1 - e) / (1 + e), x)
    return small if z < 0.0025 else large


@numba.njit(**PLAIN)
def logaddexp64(a: Any, b: Any) -> Any:
    """Ln (eᵃ + eᵇ) = max + ln (1 + e to the minus |a − b|); of two that are equal, ∞ too, a + ln 2."""
    y = (a if a > b else b) + log1p_64(exp64(-abs(a - b)))
    return a + LN2 if a == b else y


@numba.njit(**PLAIN)
def power64(x: Any, y: Any) -> Any:
    """|x|ʸ = exp(y ln |x|), with ln |x| and its product with y in two parts each, since exp multiplies their errors.

    ln |x| = n ln 2 + f − ½ f² + s (½ f² + R), as in log64, of which all but the last term are added up without loss:
    y ln |x| is off by its own 5e-18th, so that even e⁷⁰⁰ is right to 4e-15. What is below 0 has whole powers alone.
    """
    size = abs(x)
    n, f = part64(size)
    s = f / (2.0 + f)
    head = _head(f)
    half, more = 0.5 * head * head, 0.5 * (f - head) * (f + head)
    whole = n * HIGH64
    sum_ = whole + f
    first = sum_ - half
    rest = (s * (0.5 * f * f + artanh64(s * s)) + n * LOW64) - more
    rest = rest + (f - (sum_ - whole)) + ((sum_ - first) - half)
    head, power = _head(first), _head(y)
    tail = (first - head) + rest
    large, small = power * head, power * tail + (y - power) * (head + tail)
    exponent = large + small
    lost = (large - exponent) + small
    usual = 0 < size < np.inf and abs(y) < 1e300
    result = exp64(exponent if usual else y * (np.inf if size > 1 else -np.inf if size < 1 else 0.0))
    result = result + result * lost if usual and result < np.inf else result
    odd = np.floor(0.5 * y) * 2.0 != y and np.floor(y) == y
    result = math.copysign(result, x) if odd else result
    result = np.nan if -np.inf < x < 0 and np.floor(y) != y else result
    result = x + y if x != x or y != y else result
    return 1.0 if y == 0 or x == 1 or (size == 1 and abs(y) == np.inf) else result


@numba.njit(**PLAIN)
def _head(x: Any) -> Any:
    """Give a number with half of its digits: the product of two such is exact."""
    return float64(bits64(x) & -134217728)
