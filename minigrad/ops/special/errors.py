"""The error function, the normal distribution's Φ, and what is inverse, complementary or scaled of them."""

from __future__ import annotations

from math import pi, sqrt
from typing import Any

import numpy as np

from minigrad.extras import require
from minigrad.ops.base import Elementwise
from minigrad.ops.networks.activations import normal_cdf

special: Any = require("scipy.special", "native")

_TWO_OVER_ROOT_PI, _HALF_ROOT_PI = 2 / sqrt(pi), sqrt(pi) / 2
_ROOT_HALF, _ROOT_TWO_PI, _ROOT_HALF_PI = sqrt(0.5), sqrt(2 * pi), sqrt(pi / 2)

erf = Elementwise("erf", special.erf, lambda y, x: _TWO_OVER_ROOT_PI * np.exp(-(x**2)), text="erf({x})")
erfc = Elementwise("erfc", special.erfc, lambda y, x: -_TWO_OVER_ROOT_PI * np.exp(-(x**2)), text="erfc({x})")
erfcx = Elementwise("erfcx", special.erfcx, lambda y, x: 2 * x * y - _TWO_OVER_ROOT_PI, text="erfcx({x})")
erfinv = Elementwise("erfinv", special.erfinv, lambda y, x: _HALF_ROOT_PI * np.exp(y**2), text="erf⁻¹({x})")
erfcinv = Elementwise("erfcinv", special.erfcinv, lambda y, x: -_HALF_ROOT_PI * np.exp(y**2), text="erfc⁻¹({x})")
dawsn = Elementwise("dawsn", special.dawsn, lambda y, x: 1 - 2 * x * y, text="D({x})")
ndtr = Elementwise(
    "ndtr", special.ndtr, lambda y, x: np.exp(-(x**2) / 2) / _ROOT_TWO_PI, text="Φ({x})", definition=normal_cdf
)
ndtri = Elementwise("ndtri", special.ndtri, lambda y, x: _ROOT_TWO_PI * np.exp(y**2 / 2), text="Φ⁻¹({x})")
# φ(x) / Φ(x) and its inverse by erfcx, which neither vanishes in the lower tail nor loses digits there. The slope of
# the ratio is written with itself: by that of erfcx, which is infinite far up, it was NaN from x = 38 on.
mills = Elementwise(
    "mills",
    lambda x: 1 / (_ROOT_HALF_PI * special.erfcx(-_ROOT_HALF * x)),
    lambda y, x: -y * (x + y),
    text="φ({x}) / Φ({x})",
    binds=2,
    definition=lambda x: 1 / (_ROOT_HALF_PI * special.erfcx(-_ROOT_HALF * x)),
)
log_ndtr = Elementwise("log_ndtr", special.log_ndtr, lambda y, x: mills(x), text="logΦ({x})")
ndtri_exp = Elementwise(
    "ndtri_exp",
    special.ndtri_exp,
    lambda y, x: _ROOT_HALF_PI * special.erfcx(-_ROOT_HALF * y),
    text="Φ⁻¹(exp({x}))",
)
