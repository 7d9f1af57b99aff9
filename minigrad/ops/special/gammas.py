"""The gamma function Γ, the derivatives of its logarithm, the beta function B and what is incomplete of both."""

from __future__ import annotations

from math import factorial, pi
from typing import Any

import numpy as np

from minigrad.extras import require
from minigrad.ops.base import Elementwise
from minigrad.ops.families import Family
from minigrad.ops.special.unknown import no_closed_form

special: Any = require("scipy.special", "native")


class Polygamma(Family):
    """The derivative of an order of ψ, from 1 on: ψ⁽ⁿ⁾(x) = (−1)ⁿ⁺¹ n! ζ(n + 1, x), with Hurwitz's zeta function."""

    name = family = "ψ"
    example = (1,)

    def evaluate(self, x: Any) -> Any:
        """Give the value."""
        n = self.order
        return (-1) ** (n + 1) * factorial(n) * special.zeta(n + 1.0, x)


psi = Elementwise("ψ", special.psi, lambda y, x: Polygamma(1)(x), text="ψ({x})")
gamma = Elementwise("gamma", special.gamma, lambda y, x: y * psi(x), text="Γ({x})")
gammaln = Elementwise("gammaln", special.gammaln, lambda y, x: psi(x), text="logΓ({x})")
loggamma = Elementwise("loggamma", special.loggamma, lambda y, x: psi(x), text="logΓ({x})")
gammasgn = Elementwise("gammasgn", special.gammasgn, None, text="sign(Γ({x}))")
rgamma = Elementwise("rgamma", special.rgamma, lambda y, x: -y * psi(x), text="1 / Γ({x})", binds=2)
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
)
gammaincc = Elementwise(
    "gammaincc",
    special.gammaincc,
    no_closed_form("gammaincc", "shape a"),
    lambda y, a, b: -_gamma_density(a, b),
    text="Q({a}, {b})",
)
betainc = Elementwise(
    "betainc",
    special.betainc,
    no_closed_form("betainc", "shape a"),
    no_closed_form("betainc", "shape b"),
    lambda y, a, b, c: np.exp(special.xlogy(a - 1.0, c) + special.xlog1py(b - 1.0, -c) - special.betaln(a, b)),
    text="I({a}, {b}, {c})",
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
)
