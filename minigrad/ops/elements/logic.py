"""Truth values, bits, and divisors of whole numbers: what has no derivative."""

from __future__ import annotations

import numpy as np

from minigrad.ops.base import Elementwise

isfinite = Elementwise("isfinite", np.isfinite, None, text="isfinite({x})", gives=np.bool_)
isnan = Elementwise("isnan", np.isnan, None, text="isnan({x})", gives=np.bool_)
isinf = Elementwise("isinf", np.isinf, None, text="isinf({x})", gives=np.bool_)
logical_not = Elementwise("logical_not", np.logical_not, None, text="¬{x}", binds=3, gives=np.bool_)
logical_and = Elementwise("logical_and", np.logical_and, None, None, text="({a} ∧ {b})", gives=np.bool_)
logical_or = Elementwise("logical_or", np.logical_or, None, None, text="({a} ∨ {b})", gives=np.bool_)
logical_xor = Elementwise("logical_xor", np.logical_xor, None, None, text="({a} ⊕ {b})", gives=np.bool_)
invert = Elementwise("invert", np.invert, None, text="¬{x}", binds=3)
bitwise_and = Elementwise("bitwise_and", np.bitwise_and, None, None, text="({a} ∧ {b})")
bitwise_or = Elementwise("bitwise_or", np.bitwise_or, None, None, text="({a} ∨ {b})")
bitwise_xor = Elementwise("bitwise_xor", np.bitwise_xor, None, None, text="({a} ⊕ {b})")
bitwise_count = Elementwise("bitwise_count", np.bitwise_count, None, text="bitwise_count({x})")
left_shift = Elementwise("left_shift", np.left_shift, None, None, text="left_shift({a}, {b})")
right_shift = Elementwise("right_shift", np.right_shift, None, None, text="right_shift({a}, {b})")
for _operator in (bitwise_and, bitwise_or, bitwise_xor, left_shift, right_shift):
    _operator.operator = True
gcd = Elementwise("gcd", np.gcd, None, None, text="gcd({a}, {b})")
lcm = Elementwise("lcm", np.lcm, None, None, text="lcm({a}, {b})")
