"""Exponentials, logarithms and powers beyond ``exp``, ``log`` and ``power``."""

from __future__ import annotations

from math import log

import numpy as np

from minigrad.ops.base import Elementwise
from minigrad.ops.elements.slopes import share_of, zero

_LN2, _LN10 = log(2), log(10)

exp2 = Elementwise("exp2", np.exp2, lambda y, x: _LN2 * y, text="2^{x}", binds=4)
expm1 = Elementwise("expm1", np.expm1, lambda y, x: np.exp(x), text="exp({x}) − 1", binds=1)
log2 = Elementwise("log2", np.log2, lambda y, x: 1 / (_LN2 * x), text="log₂({x})")
log10 = Elementwise("log10", np.log10, lambda y, x: 1 / (_LN10 * x), text="log₁₀({x})")
log1p = Elementwise("log1p", np.log1p, lambda y, x: 1 / (1 + x), text="log(1 + {x})")
reciprocal = Elementwise("reciprocal", np.reciprocal, lambda y, x: -(y**2), text="1 / {x}", binds=2)

# Of two operands that are the same infinity each has the slope ½, as of any two that are equal.
logaddexp = Elementwise(
    "logaddexp",
    np.logaddexp,
    lambda y, a, b: share_of(a, b),
    lambda y, a, b: share_of(b, a),
    text="log(exp({a}) + exp({b}))",
)
logaddexp2 = Elementwise(
    "logaddexp2",
    np.logaddexp2,
    lambda y, a, b: share_of(_LN2 * a, _LN2 * b),
    lambda y, a, b: share_of(_LN2 * b, _LN2 * a),
    text="log₂(2^{a} + 2^{b})",
    floats=True,
)
# As ``power``, whose comment says what holds at 0; always in double precision, as NumPy has it.
float_power = Elementwise(
    "float_power",
    np.float_power,
    lambda y, a, b: b * np.float_power(a, np.where((a == 0) * (b == 0), 1, b - 1.0)),
    lambda y, a, b: y * np.log(np.where(a == 0, 1.0, a)),
    text="{a} ^ {b}",
    binds=4,
    floats=True,
)
ldexp = Elementwise("ldexp", np.ldexp, lambda y, x, i: np.ldexp(1.0, i), zero, text="{x} ⊙ 2^{i}", binds=2)
ldexp.letters = "xi"  # by a whole number
