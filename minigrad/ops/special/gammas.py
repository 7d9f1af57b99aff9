"""The gamma function Γ, the derivatives of its logarithm, the beta function B and what is incomplete of both."""

from __future__ import annotations

from functools import cache
from math import factorial, pi
from typing import Any

import numpy as np

from minigrad.extras import require
from minigrad.ops.base import Elementwise
from minigrad.ops.common.dtypes import dtype_of
from minigrad.ops.elements.families import Family
from minigrad.ops.special.unknown import no_closed_form

special: Any = require("scipy.special", "native")


class Polygamma(Family):
    """The derivative of an order of ψ, from 1 on: ψ⁽ⁿ⁾(x) = (−1)ⁿ⁺¹ n! ζ(n + 1, x), with Hurwitz's zeta function."""

    name = family = "ψ"
    example = (1,)

    def evaluate(self, x: Any) -> Any:
        """Give the value."""
        n = self.order
        if dtype_of(x).kind == "c":
            left = x.real < 0.5
            value = (-1) ** (n + 1) * factorial(n) * _complex_zeta(n + 1, np.where(left, 1 - x, x))
            reflected = (-1) ** n * value - pi * _cot_derivative(n, np.where(left, x, 0.5))  # NIST DLMF 5.15.6
            return np.where(left, reflected, value)
        return (-1) ** (n + 1) * factorial(n) * special.zeta(n + 1.0, x)


def _complex_zeta(s: int, x: Any) -> Any:
    """Give Hurwitz's ζ(s, x) = Σₖ (x + k)⁻ˢ of complex numbers that have positive real parts; SciPy's is real.

    The first N = 15 terms are added, and those behind them by Euler's and Maclaurin's sum, NIST DLMF 25.11.28: with
    a = x + N, a¹⁻ˢ/(s − 1) + a⁻ˢ/2 + Σⱼ B₂ⱼ/(2j)! s(s + 1)…(s + 2j − 2) a¹⁻ˢ⁻²ʲ.
    """
    a = x + 15
    total = sum((x + k) ** -s for k in range(15)) + a ** (1 - s) / (s - 1) + a**-s / 2
    rising = s / a ** (s + 1)
    for j, bernoulli in enumerate(_BERNOULLI, start=1):
        total = total + bernoulli / factorial(2 * j) * rising
        rising = rising * ((s + 2 * j - 1) * (s + 2 * j)) / a**2
    return total


def _cot_derivative(n: int, x: Any) -> Any:
    """Give the nth derivative of cot(πx), from 1 on: a polynomial of c = cot(πx) over sin²(πx), since c′ = −π(1 + c²).

    Both by w = exp(2πix), which does not overflow above the real axis; below it all are the conjugate.
    """
    below = x.imag < 0
    z = 2j * pi * np.where(below, np.conj(x), x)
    less = np.expm1(z)  # w − 1
    c, p = 1j * (less + 2) / less, -4 * np.exp(z) / less**2
    factor = _cot_factor(n)
    p = p * sum((k * c**power for power, k in enumerate(factor[1:], start=1)), factor[0])
    return np.where(below, np.conj(p), p)


@cache
def _cot_factor(n: int) -> tuple[float, ...]:
    """Give the coefficients of that polynomial, of the lowest power first."""
    p = np.array([1.0, 0.0])
    for _ in range(n):
        factor = -pi * np.polyder(p)
        p = np.polymul(factor, [1.0, 0.0, 1.0])
    return tuple(factor[::-1].tolist())


# B₂, B₄, …: with |a| ≥ 15 the next would add less than 10⁻¹⁶ of the sum to the first derivatives of ψ
_BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)


psi = Elementwise("ψ", special.psi, lambda y, x: Polygamma(1)(x), text="ψ({x})")
gamma = Elementwise("gamma", special.gamma, lambda y, x: y * psi(x), text="Γ({x})")
gammaln = Elementwise("gammaln", special.gammaln, lambda y, x: psi(x), text="logΓ({x})")
loggamma = Elementwise("loggamma", special.loggamma, lambda y, x: psi(x), text="logΓ({x})")
gammasgn = Elementwise("gammasgn", special.gammasgn, None, text="sign(Γ({x}))")


def _slope_of_rgamma(y: Any, x: Any) -> Any:
    """Give −ψ(x) / Γ(x), below ½ by their reflections: at 0, −1, … ψ is infinite, and the slope (−1)ˣ (−x)!."""
    left = np.real(x) < 0.5
    right = np.where(left, 1 - x, x)
    return np.where(left, gamma(right) * np.cos(pi * x), 0) - y * psi(right)  # NIST DLMF 5.5.3 and 5.5.4


rgamma = Elementwise("rgamma", special.rgamma, _slope_of_rgamma, text="1 / Γ({x})", binds=2)
beta = Elementwise(
    "beta",
    special.beta,
    lambda y, a, b: y * (psi(a) - psi(a + b)),
    lambda y, a, b: y * (psi(b) - psi(a + b)),
    text="B({a}, {b})",
)
betaln = Elementwise(
    "betaln",
    special.betaln,
    lambda y, a, b: psi(a) - psi(a + b),
    lambda y, a, b: psi(b) - psi(a + b),
    text="logB({a}, {b})",
)


def _gamma_density(a: Any, x: Any) -> Any:
    """Give xᵃ⁻¹ e⁻ˣ / Γ(a), by its logarithm, since its factors overflow."""
    return np.exp(special.xlogy(a - 1.0, x) - x - special.gammaln(a))


gammainc = Elementwise(
    "gammainc",
    special.gammainc,
    no_closed_form("gammainc", "shape a"),
    lambda y, a, b: _gamma_density(a, b),
    text="P({a}, {b})",
    floats=True,
)
gammaincc = Elementwise(
    "gammaincc",
    special.gammaincc,
    no_closed_form("gammaincc", "shape a"),
    lambda y, a, b: -_gamma_density(a, b),
    text="Q({a}, {b})",
    floats=True,
)
betainc = Elementwise(
    "betainc",
    special.betainc,
    no_closed_form("betainc", "shape a"),
    no_closed_form("betainc", "shape b"),
    lambda y, a, b, c: np.exp(special.xlogy(a - 1.0, c) + special.xlog1py(b - 1.0, -c) - special.betaln(a, b)),
    text="I({a}, {b}, {c})",
    floats=True,
)


def _t_density(n: Any, t: Any) -> Any:
    """Give Student's density, Γ((n + 1)/2) / (Γ(n/2) √(nπ)) (1 + t²/n)^(−(n + 1)/2)."""
    scale = special.gammaln((n + 1.0) / 2) - special.gammaln(n / 2.0) - np.log(n * pi) / 2
    return np.exp(scale - special.xlog1py((n + 1.0) / 2, t**2 / n))


stdtr = Elementwise(
    "stdtr",
    special.stdtr,
    no_closed_form("stdtr", "degrees of freedom"),
    lambda y, a, b: _t_density(a, b),
    text="F({a}, {b})",
    floats=True,
)
