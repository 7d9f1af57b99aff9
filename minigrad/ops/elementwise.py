"""Functions of one variable, element by element."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from minigrad.ops.arithmetic import divide_or_zero, where
from minigrad.ops.base import Elementwise, as_floating, one
from minigrad.ops.parts import is_complex

identity = Elementwise("identity", np.positive, one, text="{x}")
identity.operator = True
exp = Elementwise("exp", np.exp, lambda y, x: y, text="exp({x})")
log = Elementwise("log", np.log, lambda y, x: 1 / x, text="log({x})")
sqrt = Elementwise("sqrt", np.sqrt, lambda y, x: 0.5 / y, text="√({x})")
# The square root of a sum of squares, whose gradient at 0, where it has a peak, is 0: a derivation reads it as √.
root = Elementwise(
    "root",
    lambda x: np.sqrt(x),
    lambda y, x: np.where(y == 0, 0, 0.5 / np.where(y == 0, 1, y)),
    text="√({x})",
    definition=np.sqrt,
)
root.opens = True
cbrt = Elementwise("cbrt", np.cbrt, lambda y, x: 1 / (3 * y**2), text="∛({x})")
square = Elementwise("square", np.square, lambda y, x: 2 * x, text="{x}²", binds=4)
# 1 − y² and y(1 − y) are the textbook's, and cost no second exponential. Where y is rounded to within ε of 1 they are
# right to ε absolutely, and relatively to ε / (1 − |y|) only: σ′(30) to 1 in 10³, and 0 from x = 37 on, where it is
# e⁻³⁷; the lower tail of σ, where y is small, is exact. σ(x) σ(−x) and 1 / cosh² x are so everywhere, at four times the
# time of the rule: write these where a tail's slope matters.
tanh = Elementwise(
    "tanh",
    np.tanh,
    lambda y, x: 1 - y**2,
    text="tanh({x})",
    definition=lambda x: (np.exp(x) - np.exp(-x)) / (np.exp(x) + np.exp(-x)),
)
# At 0 and at NaN, whose relu is NaN, the derivative is 0: as JAX has it. PyTorch has 1 at NaN.
relu = Elementwise(
    "relu",
    lambda x: np.maximum(x, 0),
    lambda y, x: x > 0,
    text="relu({x})",
    chooses=True,
    definition=lambda x: np.where(x > 0, x, 0),
)
sign = Elementwise("sign", np.sign, None, text="sign({x})")


def find_direction(z: Any) -> Any:
    """Give the sign of a complex z, z / |z|, which is not constant; of an infinite one it is as NumPy has it."""
    return where(np.isfinite(z), divide_or_zero(z, abs(z)), sign(z))


def _highest(kind: type[np.floating[Any]]) -> Any:
    return np.array(np.floor(np.log(np.finfo(kind).max)), kind)


def table_by_dtype(kinds: Iterable[type[Any]], make: Callable[[Any], Any]) -> dict[Any, Any]:
    """Give {dtype of a kind: make(kind)}; of kinds that are one dtype, as double and long double may be, the first."""
    table: dict[Any, Any] = {}
    for kind in kinds:
        table.setdefault(np.dtype(kind), make(kind))
    return table


# For each dtype the highest whole number x at which exp(x) is finite, and 1: as arrays of 0 dimensions, since
# converting a Python scalar costs a small array as much as the arithmetic itself.
_HIGHEST_AND_ONE: dict[Any, tuple[Any, Any]] = table_by_dtype(
    (np.float16, np.float32, np.float64, np.longdouble), lambda kind: (_highest(kind), np.array(1, kind))
)
_DOUBLE = _HIGHEST_AND_ONE[np.dtype(np.float64)]


def _sigmoid(x: Any) -> Any:
    """Give σ(x) = eˣ / (eˣ + 1) to full relative precision, with x held below the point where eˣ overflows."""
    dtype = getattr(x, "dtype", np.float64)
    highest, unit = _HIGHEST_AND_ONE.get(dtype, _DOUBLE)
    if type(x) is not np.ndarray or not x.ndim or dtype != highest.dtype:  # a scalar, integers, another library's
        y = np.exp(np.minimum(x, float(highest)))
        return y / (y + 1)
    y = np.minimum(x, highest)
    np.exp(y, y)
    return np.divide(y, np.add(y, unit), y)


def _unit(y: Any) -> Any:
    """Give the number 1, to an array as one of 0 dimensions: a small array is subtracted from that in half the time."""
    return _HIGHEST_AND_ONE.get(y.dtype, (1, 1))[1] if type(y) is np.ndarray else 1


sigmoid = Elementwise(
    "sigmoid",
    _sigmoid,
    lambda y, x: (_unit(y) - y) * y,
    text="σ({x})",
    definition=lambda x: 1 / (1 + np.exp(-x)),
)
# Where exp(−|x|) is lost beside 1 so is it in the value, which is that little; np.logaddexp is no operation yet.
softplus = Elementwise(
    "softplus",
    lambda x: np.log(1 + np.exp(x)) if is_complex(x) else np.maximum(x, 0) + np.log(1 + np.exp(-abs(as_floating(x)))),
    lambda y, x: sigmoid(x),
    text="softplus({x})",
    definition=lambda x: np.log(1 + np.exp(x)),
)
