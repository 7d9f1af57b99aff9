"""Arithmetic with two operands, powers, comparisons, and the choice between two values."""

from __future__ import annotations

from functools import lru_cache
from math import isclose, isfinite
from typing import Any

import numpy as np

from minigrad.ops.base import Elementwise, Op, Rule, Shape, minus_one, number_key, one
from minigrad.ops.common.alphabet import to_superscript
from minigrad.ops.common.dtypes import as_precise
from minigrad.ops.common.lanes import align_lanes
from minigrad.ops.common.late import Late
from minigrad.ops.parts import conjugate, is_complex

fractions = Late("fractions")


def _reciprocal(b: Any) -> Any:
    """Give 1 / b; of a Python number, which 1 / 0 is an error for, as NumPy computes it, and as such a number again."""
    return np.divide(1, b).item() if type(b) in (bool, int, float, complex) and b == 0 else 1 / b


add = Elementwise("add", np.add, one, one, text="{a} + {b}", binds=1)
subtract = Elementwise("subtract", np.subtract, one, minus_one, text="{a} − {b}", binds=1)
multiply = Elementwise("multiply", np.multiply, lambda y, a, b: b, lambda y, a, b: a, text="{a} ⊙ {b}", binds=2)
divide = Elementwise(
    "divide",
    np.divide,
    lambda y, a, b: _reciprocal(as_precise(b, y)),
    lambda y, a, b: -y / b,
    text="{a} / {b}",
    binds=2,
)
divide_or_zero: Elementwise = Elementwise(
    "divide_or_zero",
    lambda a, b: np.where(b == 0, 0, a / np.where(b == 0, 1, b)),  # a quotient whose limit is taken to be 0
    lambda y, a, b: divide_or_zero(1, b),
    lambda y, a, b: -divide_or_zero(y, b),
    text="{a} / {b}",
    binds=2,
    chooses=True,
)
negative = Elementwise("negative", np.negative, minus_one, text="−{x}", binds=3)


def _slope_of_size(y: Any, x: Any) -> Any:
    """Give sign x, and of a complex x = |x| exp(iφ), by the convention of ``parts``, exp(−iφ) = x̄ / |x|; 0 at 0."""
    return conjugate(x) / np.where(y == 0, 1, y) if is_complex(x) else np.sign(x)


absolute = Elementwise("absolute", np.absolute, _slope_of_size, text="|{x}|")


def _half_at_ties(a: Any, b: Any) -> Any:
    """Give 1 where a > b, ½ where they tie, else 0: the subgradient that favours neither operand.

    The value at a NaN is NaN, as NumPy's is, and the derivative 0, as JAX's is (PyTorch's is 1): no choice was made.
    """
    return (a > b) + 0.5 * (a == b)


maximum = Elementwise(
    "maximum",
    np.maximum,
    lambda y, a, b: _half_at_ties(a, b),
    lambda y, a, b: _half_at_ties(b, a),
    text="maximum({a}, {b})",
    chooses=True,
)
minimum = Elementwise(
    "minimum",
    np.minimum,
    lambda y, a, b: _half_at_ties(b, a),
    lambda y, a, b: _half_at_ties(a, b),
    text="minimum({a}, {b})",
    chooses=True,
)


def _log_of_base(y: Any, a: Any) -> Any:
    """Give ln a, which of a < 0 to a complex power is complex, and 0 at 0."""
    base = as_precise(np.where(a == 0, 1.0, a), y)
    return np.log(base + 0j if is_complex(y) else base)


# ∂(aᵇ)/∂b = y ln a is 0 at a = 0 for b > 0, which the logarithm alone would make NaN; and 0⁰ has slope 0, not 0 · 0⁻¹.
# Elsewhere b stays in the exponent at b = 0 too: ∂²(aᵇ)/∂a∂b is 1/a there. 1.0, since 0 − 1 of a uint8
# is 255, and its logarithm a float16.
power = Elementwise(
    "power",
    np.power,
    lambda y, a, b: b * a ** np.where((a == 0) * (b == 0), 1, as_precise(b, y) - 1.0),
    lambda y, a, b: y * _log_of_base(y, a),
    text="{a} ^ {b}",
    binds=4,
)
for _operator in (add, subtract, multiply, divide, negative, absolute, power):
    _operator.operator = True


class Power(Elementwise):
    """A power with a constant exponent: y = xⁿ, ∂y/∂x = n xⁿ⁻¹."""

    name, fields, example, operator = "power", ("exponent",), (3,), True

    def _key(self) -> tuple[Any, ...]:
        return number_key(self.exponent)  # x² of integers are integers, x^2.0 are not

    def __init__(self, exponent: float) -> None:
        n = self.exponent = exponent
        text, binds = ("√({x})", 5) if n == 0.5 else (f"{{x}}{_superscript(n)}", 4)
        forward = _take_root if n == 0.5 else lambda x: _raise(x, n)
        super().__init__("power", forward, _derivative(n), text=text, binds=binds)


def _raise(x: Any, n: float) -> Any:
    """Give xⁿ; of a Python number, whose own power is complex or an error, as NumPy computes it, and such a number."""
    return np.power(x, n).item() if type(x) in (int, float) else x**n


def _take_root(x: Any) -> Any:
    """Give √x, which is what x ** 0.5 is for NumPy's arrays; of a scalar it would make (−∞) ** 0.5 = ∞ and not NaN."""
    return np.sqrt(x) if isinstance(x, np.inexact) else _raise(x, 0.5)


def _derivative(n: float) -> Rule:
    """Give n xⁿ⁻¹, without the powers 0⁻¹ and x¹ that it names for n = 0 and n = 2."""
    if n == 0:
        return lambda y, x: 0
    if n == 1:
        return one
    return (lambda y, x: n * x) if n == 2 else (lambda y, x: n * x ** (n - 1))


raised = lru_cache(maxsize=256, typed=True)(Power)  # building an Op costs several times the power itself


def _superscript(n: float) -> str:
    """Write an exponent: raised if it is whole, as a fraction if it is one of small numbers, and else by its digits."""
    if isinstance(n, int) or (isinstance(n, float) and n.is_integer()):
        return to_superscript(int(n))
    if isinstance(n, complex) or not isfinite(n):
        return f" ^ {n}"
    fraction = fractions.Fraction(n).limit_denominator(12)
    written = f"({fraction})" if isclose(n, fraction, rel_tol=1e-12) else f"{n:g}"
    return f" ^ {written}".replace("-", "−")


greater = Elementwise("greater", np.greater, None, None, text="{a} > {b}", binds=0, gives=np.bool_)
greater_equal = Elementwise("greater_equal", np.greater_equal, None, None, text="{a} ≥ {b}", binds=0, gives=np.bool_)
less = Elementwise("less", np.less, None, None, text="{a} < {b}", binds=0, gives=np.bool_)
less_equal = Elementwise("less_equal", np.less_equal, None, None, text="{a} ≤ {b}", binds=0, gives=np.bool_)
equal = Elementwise("equal", np.equal, None, None, text="{a} = {b}", binds=0, gives=np.bool_)
not_equal = Elementwise("not_equal", np.not_equal, None, None, text="{a} ≠ {b}", binds=0, gives=np.bool_)


class Where(Op):
    """A choice, element by element: y = a where c holds, else b.

    The rule selects instead of multiplying by 0, so that a NaN on its way to one branch cannot reach the other.
    """

    name, letters, text, broadcasts, chooses = "where", "cab", "where({c}, {a}, {b})", True, True
    vjps = (
        None,
        lambda op, g, y, c, a, b: np.where(c, g, 0),
        lambda op, g, y, c, a, b: np.where(c, 0, g),
    )

    def forward(self, c: Any, a: Any, b: Any) -> Any:
        """Choose from a or b by c."""
        return np.where(c, a, b)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the three, broadcast together."""
        return np.broadcast_shapes(*shapes)

    def batch(self, *inputs: Any) -> Any:
        """Choose in all lanes."""
        return self(*align_lanes(inputs))

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype that a and b promote to."""
        return np.result_type(*dtypes[1:])


where = Where()
