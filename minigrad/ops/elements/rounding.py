"""Whole numbers near a number, which have slope 0 wherever they have one, and what division leaves over."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import Elementwise, one
from minigrad.ops.elements.slopes import zero

floor = Elementwise("floor", np.floor, None, text="⌊{x}⌋")
ceil = Elementwise("ceil", np.ceil, None, text="⌈{x}⌉")
trunc = Elementwise("trunc", np.trunc, None, text="trunc({x})")
rint = Elementwise("rint", np.rint, None, text="round({x})")
spacing = Elementwise("spacing", np.spacing, None, text="spacing({x})")
nextafter = Elementwise("nextafter", np.nextafter, one, zero, text="nextafter({a}, {b})")  # a and a last place more


def _exponent(x: Any) -> Any:
    return np.frexp(x)[1]


exponent = Elementwise("exponent", _exponent, None, text="exponent({x})", gives=np.intc)  # n of x = m 2ⁿ, ½ ≤ |m| < 1

floor_divide = Elementwise("floor_divide", np.floor_divide, None, None, text="⌊{a} / {b}⌋")
remainder = Elementwise("remainder", np.remainder, one, lambda y, a, b: -np.floor_divide(a, b), text="({a} mod {b})")
fmod = Elementwise("fmod", np.fmod, one, lambda y, a, b: -np.trunc(a / b), text="fmod({a}, {b})")
for _operator in (floor_divide, remainder):
    _operator.operator = True
