"""Which of SciPy's ufuncs work on operands, and by which operation; SciPy itself is never loaded from here."""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import numpy as np

# Ufuncs of ``scipy.special`` by the file of ``ops`` that has their operation, under the ufunc's own name; it is loaded
# when the first of them is called.
SPECIAL: dict[str, str] = {
    name: file
    for file, names in {
        "special.gammas": (
            *("gamma", "gammaln", "loggamma", "psi", "rgamma", "beta", "betaln", "gammainc", "gammaincc", "betainc"),
            *("gammasgn", "stdtr"),
        ),
        "special.errors": (
            *("erf", "erfc", "erfcx", "erfinv", "erfcinv", "dawsn", "ndtr", "ndtri", "log_ndtr", "ndtri_exp"),
        ),
        "special.bessel": (
            *("j0", "j1", "y0", "y1", "i0", "i1", "k0", "k1", "i0e", "i1e", "k0e", "k1e"),
            *("jv", "yv", "yn", "iv", "ive", "kv", "kn", "kve"),
        ),
        "special.entropies": (
            *("logit", "log_expit", "exp10", "cosm1", "xlogy", "xlog1py", "entr", "rel_entr", "kl_div"),
            *("exprel", "boxcox", "boxcox1p", "inv_boxcox", "inv_boxcox1p"),
        ),
        "elements.exponential": ("exp2", "expm1", "log1p"),
        "elementwise": ("cbrt", "expit"),
    }.items()
    for name in names
}
_OURS = {"expit": "sigmoid"}  # what has another name here


def find_special(ufunc: np.ufunc) -> Any:
    """Give the operation that a ufunc of ``scipy.special`` is for operands, None if it is none."""
    name = ufunc.__name__
    if name not in SPECIAL or getattr(sys.modules.get("scipy.special"), name, None) is not ufunc:
        return None
    return getattr(import_module(f"minigrad.ops.{SPECIAL[name]}"), _OURS.get(name, name))
