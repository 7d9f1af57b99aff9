"""What division leaves over, and its whole quotient, of floats: as NumPy has them of ∞, of 0 and of ends of the range.

numba's own ⌊−2 / ∞⌋ is −0 where NumPy's is −1, its ⌊∞ / 2⌋ is ∞ where that is NaN, and its remainder of 0 has no sign.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from minigrad.compiler.native.math import PLAIN
from minigrad.extras import require

numba: Any = require("numba", "native")


@numba.njit(**PLAIN)
def floored(a: Any, b: Any) -> Any:
    """⌊a / b⌋ from the remainder, which is exact where the quotient is not; of b = 0 the quotient."""
    if b == 0:
        return a / b
    left = np.fmod(a, b)
    quotient = (a - left) / b
    if left != 0 and (b < 0) != (left < 0):
        quotient -= 1
    if quotient == 0:
        return math.copysign(quotient, a / b)
    whole = np.floor(quotient)
    return whole + 1 if quotient - whole > 0.5 else whole


@numba.njit(**PLAIN)
def left_over(a: Any, b: Any) -> Any:
    """a − b ⌊a / b⌋, of b's sign."""
    left = np.fmod(a, b)
    if b == 0:
        return left
    if left == 0:
        return math.copysign(left, b)
    return left + b if (b < 0) != (left < 0) else left
