"""Rows of the table for operations on each element: (operation, call, how a ``Sample`` of it differs from others)."""

from __future__ import annotations

from collections.abc import Callable
from math import erfc
from typing import Any

import numpy as np

from minigrad.ops import arithmetic, elementwise, parts
from minigrad.ops.base import Elementwise
from minigrad.ops.elements import exponential, logic, rounding, signs, slopes, trigonometric
from minigrad.ops.networks import activations


def _normal_cdf(x: Any) -> Any:
    return (0.5 * np.vectorize(erfc, otypes=[float])(-x / np.sqrt(2))).astype(x.dtype)


Row = tuple[Elementwise, Callable[..., Any], dict[str, Any]]

POSITIVE: dict[str, Any] = {"low": 0.5, "high": 2.5}
NEGATIVE: dict[str, Any] = {"low": -2.5, "high": -0.5}
UNARY: list[Row] = [
    (arithmetic.negative, np.negative, {}),
    (arithmetic.absolute, np.absolute, {}),
    (elementwise.identity, elementwise.identity, {"reference": np.positive}),
    (elementwise.exp, np.exp, {}),
    (elementwise.log, np.log, POSITIVE),
    (elementwise.sqrt, np.sqrt, POSITIVE),
    (elementwise.root, elementwise.root, POSITIVE | {"reference": np.sqrt}),
    (elementwise.cbrt, np.cbrt, NEGATIVE),
    (elementwise.square, np.square, {}),
    (trigonometric.sin, np.sin, {}),
    (trigonometric.cos, np.cos, {}),
    (elementwise.tanh, np.tanh, {}),
    (elementwise.sigmoid, elementwise.sigmoid, {"reference": lambda x: 1 / (1 + np.exp(-x))}),
    (elementwise.relu, elementwise.relu, {"reference": lambda x: np.where(x > 0, x, x * 0)}),
    (elementwise.softplus, elementwise.softplus, {"reference": lambda x: np.log(1 + np.exp(x))}),
    (elementwise.sign, np.sign, {}),
    (parts.real, np.real, {}),
    (parts.imag, np.imag, {}),
    (parts.conj, np.conj, {}),
    (parts.angle_of, np.angle, {}),
]
BINARY: list[Row] = [
    (arithmetic.add, np.add, {}),
    (arithmetic.subtract, np.subtract, {}),
    (arithmetic.multiply, np.multiply, {}),
    (arithmetic.divide, np.divide, POSITIVE),
    (arithmetic.divide_or_zero, arithmetic.divide_or_zero, POSITIVE | {"reference": np.divide}),
    (arithmetic.power, np.power, POSITIVE),
    (arithmetic.maximum, np.maximum, {}),
    (arithmetic.minimum, np.minimum, {}),
    (arithmetic.greater, np.greater, {}),
    (arithmetic.greater_equal, np.greater_equal, {}),
    (arithmetic.less, np.less, {}),
    (arithmetic.less_equal, np.less_equal, {}),
    (arithmetic.equal, np.equal, {}),
    (arithmetic.not_equal, np.not_equal, {}),
]
INSIDE: dict[str, Any] = {"low": -0.9, "high": 0.9}
# Of one or two inputs, and of fewer shapes: what shapes there are makes no difference to one more function.
MORE: list[Row] = [
    (trigonometric.tan, np.tan, INSIDE),
    (trigonometric.arcsin, np.arcsin, INSIDE),
    (trigonometric.arccos, np.arccos, INSIDE),
    (trigonometric.arctan, np.arctan, {}),
    (trigonometric.arctan2, np.arctan2, {}),
    (trigonometric.hypot, np.hypot, {}),
    (trigonometric.sinh, np.sinh, {}),
    (trigonometric.cosh, np.cosh, {}),
    (trigonometric.arcsinh, np.arcsinh, {}),
    (trigonometric.arccosh, np.arccosh, {"low": 1.5, "high": 4.0}),
    (trigonometric.arctanh, np.arctanh, INSIDE),
    (trigonometric.degrees, np.degrees, {}),
    (trigonometric.rad2deg, np.rad2deg, {}),
    (trigonometric.radians, np.radians, {}),
    (trigonometric.deg2rad, np.deg2rad, {}),
    (exponential.exp2, np.exp2, {}),
    (exponential.expm1, np.expm1, {}),
    (exponential.log2, np.log2, POSITIVE),
    (exponential.log10, np.log10, POSITIVE),
    (exponential.log1p, np.log1p, INSIDE),
    (exponential.logaddexp, np.logaddexp, {}),
    (exponential.logaddexp2, np.logaddexp2, {}),
    (exponential.reciprocal, np.reciprocal, POSITIVE),
    (exponential.float_power, np.float_power, POSITIVE),
    (exponential.ldexp, lambda x: np.ldexp(x, np.array([[1], [-2]])), {"note": "by whole numbers"}),
    (rounding.floor, np.floor, {}),
    (rounding.ceil, np.ceil, {}),
    (rounding.trunc, np.trunc, {}),
    (rounding.rint, np.rint, {}),
    (rounding.spacing, np.spacing, {}),
    (rounding.nextafter, np.nextafter, {}),
    (rounding.exponent, lambda x: np.frexp(x)[1], {}),
    (rounding.floor_divide, np.floor_divide, POSITIVE),
    (rounding.remainder, np.remainder, {"low": 0.7, "high": 4.0}),
    (rounding.fmod, np.fmod, {"low": -4.0, "high": 4.0}),
    (signs.fabs, np.fabs, {}),
    (signs.signbit, np.signbit, {}),
    (signs.copysign, np.copysign, {}),
    (signs.heaviside, np.heaviside, {}),
    (signs.fmax, np.fmax, {}),
    (signs.fmin, np.fmin, {}),
    (logic.isfinite, np.isfinite, {}),
    (logic.isnan, np.isnan, {}),
    (logic.isinf, np.isinf, {}),
    (logic.logical_not, np.logical_not, {}),
    (logic.logical_and, np.logical_and, {}),
    (logic.logical_or, np.logical_or, {}),
    (logic.logical_xor, np.logical_xor, {}),
    (logic.invert, lambda x: ~(x > 0), {}),
    (logic.bitwise_and, lambda a, b: (a > 0) & (b > 0), {}),
    (logic.bitwise_or, lambda a, b: (a > 0) | (b > 0), {}),
    (logic.bitwise_xor, lambda a, b: (a > 0) ^ (b > 0), {}),
    (logic.bitwise_count, lambda x: np.bitwise_count(np.sign(x).astype(int)), {}),
    (logic.left_shift, lambda a, b: np.sign(a).astype(int) << (b > 0), {}),
    (logic.right_shift, lambda a, b: np.sign(a).astype(int) >> (b > 0), {}),
    (logic.gcd, lambda a, b: np.gcd(np.rint(a).astype(int), np.rint(b).astype(int)), {}),
    (logic.lcm, lambda a, b: np.lcm(np.rint(a).astype(int), np.rint(b).astype(int)), {}),
    (activations.normal_pdf, activations.normal_pdf, {"reference": lambda x: np.exp(-(x**2) / 2) / (2 * np.pi) ** 0.5}),
    (activations.normal_cdf, activations.normal_cdf, {"reference": _normal_cdf}),
    (activations.gelu_of_normal, activations.gelu, {"reference": lambda x: x * _normal_cdf(x)}),
    (activations.silu, activations.silu, {"reference": lambda x: x / (1 + np.exp(-x))}),
    (activations.logsigmoid, activations.logsigmoid, {"reference": lambda x: -np.log(1 + np.exp(-x))}),
    (slopes.one_minus_square, slopes.one_minus_square, {"reference": lambda x: (1 - x) * (1 + x)}),
    (slopes.share, slopes.share, {"reference": lambda a, b: 1 / (1 + np.exp(b - a))}),
]
