"""Functions whose derivatives are a family of their own, each the derivative of the one before: sinc and i0."""

from __future__ import annotations

from functools import cache
from math import factorial, pi
from typing import Any

import numpy as np

from minigrad.ops.base import Elementwise
from minigrad.ops.common.libraries import alike


class Family(Elementwise):
    """The derivative of an order of a function, whose own is the next: f⁽ⁿ⁾′ = f⁽ⁿ⁺¹⁾."""

    fields, example = ("order",), (0,)
    family: str

    def __init__(self, order: int) -> None:
        self.order = order
        name = self.family + "′" * order
        super().__init__(name, self.evaluate, lambda y, x: type(self)(order + 1)(x), text=f"{name}({{x}})")

    def evaluate(self, x: Any) -> Any:
        """Give the value, in NumPy's syntax."""
        raise NotImplementedError(f"{type(self).__name__} must define evaluate(x)")


class Sinc(Family):
    """The derivative of an order of sinc(x) = sin(πx) / (πx), which is smooth at 0, too.

    It is f⁽ⁿ⁾ = (πⁿ⁻¹ sin(πx + nπ/2) − n f⁽ⁿ⁻¹⁾) / x, as n derivatives of x f = sin(πx) / π give it; and where that
    cancels, within |x| < 1, Taylor's series.
    """

    name = family = "sinc"

    def evaluate(self, x: Any) -> Any:
        """Give the value."""
        if self.order == 0:
            return np.where(x == 0, 1, np.sin(pi * x) / np.where(x == 0, 1, pi * x))
        near = abs(x) < 1
        far = np.where(near, 1, x)
        value = np.sin(pi * far) / (pi * far)
        for n in range(1, self.order + 1):
            value = (pi ** (n - 1) * np.sin(pi * far + n * pi / 2) - n * value) / far
        inside = np.where(near, x, 0)
        square, series = inside * inside, 0 * inside
        for c in _taylor(self.order):
            series = series * square + c
        return np.where(near, series * inside if self.order % 2 else series, value)


@cache
def _taylor(order: int) -> tuple[float, ...]:
    """Give the coefficients of the nth derivative of Σ (−1)ᵏ (πx)²ᵏ / (2k + 1)!, the highest power first."""
    first = order + order % 2
    return tuple(
        (-1) ** (power // 2) * pi**power / (power + 1) * (1 / factorial(power - order))
        for power in range(first + 34, first - 2, -2)
    )


class I0(Family):
    """The derivative of an order of the modified Bessel function I₀(x) = (1/π) ∫ exp(x cos θ) dθ over 0 … π.

    The integrand of the nth has a factor cosⁿ θ. It is periodic and smooth, so that the sum over evenly spread points
    is exact to the last digits as long as |x| < 700, where the value overflows.
    """

    name = family = "i0"

    def evaluate(self, x: Any) -> Any:
        """Give the value."""
        cosines = _COSINES.astype(x.dtype) if getattr(x, "dtype", _COSINES.dtype).kind == "f" else _COSINES
        cosines = alike(cosines, x)
        x = np.clip(x, -800.0, 800.0)  # infinite from 714 on; farther out it would be ∞ times 0
        size = abs(x * cosines.dtype.type(1))
        powers = np.exp(x[..., None] * cosines - size[..., None])
        return np.exp(size) * np.mean(cosines**self.order * powers, axis=-1)


_COSINES = np.cos(pi * (np.arange(120) + 0.5) / 120)
sinc, i0 = Sinc(0), I0(0)
