"""x log y and the entropies made of it, logistic functions, and powers as Box and Cox have them."""

from __future__ import annotations

from math import factorial, log
from typing import Any

import numpy as np

from minigrad.extras import require
from minigrad.ops.base import Elementwise
from minigrad.ops.elements.families import Family
from minigrad.ops.elementwise import sigmoid

special: Any = require("scipy.special", "native")

logit = Elementwise("logit", special.logit, lambda y, x: 1 / (x * (1 - x)), text="logit({x})")
log_expit = Elementwise("log_expit", special.log_expit, lambda y, x: sigmoid(-x), text="logσ({x})")
exp10 = Elementwise("exp10", special.exp10, lambda y, x: log(10) * y, text="10^{x}", binds=4)
cosm1 = Elementwise("cosm1", special.cosm1, lambda y, x: -np.sin(x), text="cos({x}) − 1", binds=1)


def _nonzero(a: Any, b: Any) -> Any:
    """Give b, but 1 where both are 0: the functions below are 0 there, and so is their slope."""
    if type(a) in (int, float) and a != 0:
        return b
    return np.where((a == 0) * (b == 0), 1, b)


xlogy = Elementwise(
    "xlogy",
    special.xlogy,
    lambda y, a, b: np.log(_nonzero(a, b)),
    lambda y, a, b: a / _nonzero(a, b),
    text="{a} log({b})",
    binds=2,
    floats=True,
)
xlog1py = Elementwise(
    "xlog1py",
    special.xlog1py,
    lambda y, a, b: np.log(_nonzero(a, 1 + b)),
    lambda y, a, b: a / _nonzero(a, 1 + b),
    text="{a} log(1 + {b})",
    binds=2,
    floats=True,
)
entr = Elementwise("entr", special.entr, lambda y, x: -np.log(x) - 1, text="entr({x})")
rel_entr = Elementwise(
    "rel_entr",
    special.rel_entr,
    lambda y, a, b: np.log(a / _nonzero(a, b)) + 1,
    lambda y, a, b: -a / _nonzero(a, b),
    text="rel_entr({a}, {b})",
    floats=True,
)
kl_div = Elementwise(
    "kl_div",
    special.kl_div,
    lambda y, a, b: np.log(a / _nonzero(a, b)),
    lambda y, a, b: 1 - a / _nonzero(a, b),
    text="kl_div({a}, {b})",
    floats=True,
)


class SlopeOfExprel(Family):
    """The derivative of an order of exprel(x) = (eˣ − 1) / x = ∫ eˣᵗ dt over 0 … 1: ₁F₁(n + 1; n + 2; x) / (n + 1)."""

    name = family = "exprel"
    example = (1,)

    def evaluate(self, x: Any) -> Any:
        """Give the value."""
        n = self.order
        # eˣ overflows long before 800, and SciPy does not come to an end with 10¹⁶, infinity or the like
        return special.hyp1f1(n + 1.0, n + 2.0, np.minimum(x, 800.0)) / (n + 1)


slope_of_exprel = SlopeOfExprel(1)
exprel = Elementwise("exprel", special.exprel, lambda y, x: slope_of_exprel(x), text="exprel({x})")
# (xᵖ − 1) / p is log(x) exprel(p log x), whose rules hold at p = 0, too.
boxcox = Elementwise(
    "boxcox",
    special.boxcox,
    lambda y, a, b: a ** (b - 1.0),
    lambda y, a, b: np.log(a) ** 2 * slope_of_exprel(b * np.log(a)),
    text="boxcox({a}, {b})",
    floats=True,
)
boxcox1p = Elementwise(
    "boxcox1p",
    special.boxcox1p,
    lambda y, a, b: (1 + a) ** (b - 1.0),
    lambda y, a, b: np.log1p(a) ** 2 * slope_of_exprel(b * np.log1p(a)),
    text="boxcox1p({a}, {b})",
    floats=True,
)


class SlopeOfLog1prel(Family):
    """The derivative of an order of log(1 + x) / x: (−1)ⁿ n! ₂F₁(n + 1, n + 1; n + 2; −x) / (n + 1)."""

    name = family = "log1prel"
    example = (1,)

    def evaluate(self, x: Any) -> Any:
        """Give the value."""
        n = self.order
        return (-1) ** n * factorial(n) / (n + 1) * special.hyp2f1(n + 1.0, n + 1.0, n + 2.0, -x)


# (1 + px)^(1/p) is exp(x log1prel(px)), for the same reason.
slope_of_log1prel = SlopeOfLog1prel(1)
inv_boxcox = Elementwise(
    "inv_boxcox",
    special.inv_boxcox,
    lambda y, a, b: y / (1 + a * b),
    lambda y, a, b: y * a**2 * slope_of_log1prel(a * b),
    text="boxcox⁻¹({a}, {b})",
    floats=True,
)
inv_boxcox1p = Elementwise(
    "inv_boxcox1p",
    special.inv_boxcox1p,
    lambda y, a, b: (1 + y) / (1 + a * b),
    lambda y, a, b: (1 + y) * a**2 * slope_of_log1prel(a * b),
    text="boxcox1p⁻¹({a}, {b})",
    floats=True,
)
