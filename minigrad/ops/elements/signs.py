"""Signs of numbers, the larger of two that may be no numbers, and steps."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import Elementwise
from minigrad.ops.elements.slopes import zero

fabs = Elementwise("fabs", np.fabs, lambda y, x: np.sign(x), text="|{x}|")
signbit = Elementwise("signbit", np.signbit, None, text="signbit({x})", gives=np.bool_)
copysign = Elementwise(
    "copysign", np.copysign, lambda y, a, b: np.sign(a) * np.copysign(1.0, b), zero, text="copysign({a}, {b})"
)
heaviside = Elementwise(
    "heaviside", np.heaviside, zero, lambda y, a, b: a == 0, text="heaviside({a}, {b})", chooses=True
)


def _present(a: Any, b: Any, larger: Any) -> Any:
    """Give 1 where a is the one chosen of a and b: ``larger``, or the only number; ½ where they tie, else 0."""
    return larger + 0.5 * (a == b) + (a == a) * np.isnan(b)


fmax = Elementwise(
    "fmax",
    np.fmax,
    lambda y, a, b: _present(a, b, a > b),
    lambda y, a, b: _present(b, a, b > a),
    text="fmax({a}, {b})",
    chooses=True,
)
fmin = Elementwise(
    "fmin",
    np.fmin,
    lambda y, a, b: _present(a, b, a < b),
    lambda y, a, b: _present(b, a, b < a),
    text="fmin({a}, {b})",
    chooses=True,
)
