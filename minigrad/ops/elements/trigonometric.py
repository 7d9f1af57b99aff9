"""Trigonometric and hyperbolic functions, their inverses, and angles; tanh is an activation, among ``elementwise``."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np

from minigrad.ops.arithmetic import divide_or_zero
from minigrad.ops.base import Elementwise
from minigrad.ops.elements.slopes import one_minus_square
from minigrad.ops.parts import is_complex


def _adjacent(y: Any, x: Any, of_angle: Any) -> Any:
    """Give √(1 − x²), of complex numbers by the angle: on the cuts, beyond −1 and 1, 1 − x² has lost on which side."""
    return of_angle(y) if is_complex(x) else np.sqrt(one_minus_square(x))


def _opposite(y: Any, x: Any) -> Any:
    """Give √(x² − 1), of complex numbers by the hyperbolic angle, as above."""
    return np.sinh(y) if is_complex(x) else np.sqrt(x - 1) * np.sqrt(x + 1)


sin = Elementwise("sin", np.sin, lambda y, x: np.cos(x), text="sin({x})")
cos = Elementwise("cos", np.cos, lambda y, x: -np.sin(x), text="cos({x})")
tan = Elementwise("tan", np.tan, lambda y, x: 1 + y**2, text="tan({x})")
arcsin = Elementwise("arcsin", np.arcsin, lambda y, x: 1 / _adjacent(y, x, np.cos), text="arcsin({x})")
arccos = Elementwise("arccos", np.arccos, lambda y, x: -1 / _adjacent(y, x, np.sin), text="arccos({x})")
arctan = Elementwise("arctan", np.arctan, lambda y, x: 1 / (1 + x**2), text="arctan({x})")
sinh = Elementwise("sinh", np.sinh, lambda y, x: np.cosh(x), text="sinh({x})")
cosh = Elementwise("cosh", np.cosh, lambda y, x: np.sinh(x), text="cosh({x})")
arcsinh = Elementwise("arcsinh", np.arcsinh, lambda y, x: 1 / np.sqrt(x**2 + 1), text="arcsinh({x})")
arccosh = Elementwise("arccosh", np.arccosh, lambda y, x: 1 / _opposite(y, x), text="arccosh({x})")
arctanh = Elementwise("arctanh", np.arctanh, lambda y, x: 1 / one_minus_square(x), text="arctanh({x})")


def _in_degrees(y: Any, x: Any) -> float:
    return 180 / pi


def _in_radians(y: Any, x: Any) -> float:
    return pi / 180


# Two of each, since NumPy has two of each: its ufuncs are different objects, of one value.
degrees = Elementwise("degrees", np.degrees, _in_degrees, text="180 {x} / π", binds=2)
rad2deg = Elementwise("rad2deg", np.rad2deg, _in_degrees, text="180 {x} / π", binds=2)
radians = Elementwise("radians", np.radians, _in_radians, text="π {x} / 180", binds=2)
deg2rad = Elementwise("deg2rad", np.deg2rad, _in_radians, text="π {x} / 180", binds=2)

# At the origin neither has a slope: their gradient is 0 there, as that of a norm is.
hypot = Elementwise(
    "hypot",
    np.hypot,
    lambda y, a, b: divide_or_zero(a, y),
    lambda y, a, b: divide_or_zero(b, y),
    text="√({a}² + {b}²)",
)
arctan2 = Elementwise(
    "arctan2",
    np.arctan2,
    lambda y, a, b: divide_or_zero(b, a**2 + b**2),
    lambda y, a, b: -divide_or_zero(a, a**2 + b**2),
    text="arctan2({a}, {b})",
    floats=True,
)
