"""``scipy.special`` for tensors: what is several operations is written here, all else is SciPy's own function."""

from __future__ import annotations

from math import log, pi
from operator import index
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import with_usage
from minigrad.engine.transforms.products import stop_gradient
from minigrad.extras import require
from minigrad.ops import reduction
from minigrad.ops.base import as_array
from minigrad.ops.special.gammas import Polygamma
from minigrad.ops.special.lambert import LambertW

_scipy: Any = require("scipy.special", "native")


def __getattr__(name: str) -> Any:
    return getattr(_scipy, name)


@with_usage
def polygamma(n: int, x: Any) -> Any:
    """Give ψ⁽ⁿ⁾(x), the derivative of an order of ψ; n is one whole number."""
    try:
        order = index(n)
    except TypeError:
        raise TypeError(
            f"polygamma: wanted one whole number as the order n, not {n!r}; call it once an order"
        ) from None
    if order < 0:
        raise ValueError(f"polygamma: wanted an order n of 0 or more, not {order}")
    return Polygamma(order)(as_array(x)) if order else _scipy.psi(x)


@with_usage
def lambertw(z: Any, k: int = 0, tol: float = 1e-8) -> Any:
    """Give the branch k of Lambert's W, the y of y eʸ = z, as complex numbers; k and tol are numbers."""
    return LambertW(index(k), float(tol))(as_array(z))


@with_usage
def multigammaln(a: Any, d: int) -> Any:
    """Give the logarithm of the gamma function of d dimensions, d (d − 1)/4 log π + Σⱼ log Γ(a + (1 − j)/2)."""
    d = index(d)
    return d * (d - 1) / 4 * log(pi) + sum(_scipy.gammaln(a + (1 - j) / 2) for j in range(1, d + 1))


@with_usage
def logsumexp(a: Any, axis: Any = None, b: Any = None, keepdims: bool = False, return_sign: bool = False) -> Any:
    """Give log |Σ b exp(a)| over ``axis``, and with ``return_sign`` the sum's sign; it does not overflow."""
    a = as_array(a)
    if b is None:
        y = reduction.log_sum_exp(a, axis, keepdims)
        return (y, np.sign(np.exp(stop_gradient(y)))) if return_sign else y
    b = as_array(b)
    weighed = np.where(b == 0, -np.inf, a)
    highest = np.max(stop_gradient(weighed), axis=axis, keepdims=True)
    highest = np.where(np.isfinite(highest), highest, 0)
    total = np.sum(b * np.exp(weighed - highest), axis=axis, keepdims=keepdims)
    size = np.log(abs(total) if return_sign else total)
    y = size + (highest if keepdims else np.reshape(highest, np.shape(total)))
    return (y, np.sign(total)) if return_sign else y


@with_usage
def softmax(x: Any, axis: Any = None) -> Any:
    """Give exp(x) / Σ exp(x), the sum over ``axis``, which is all of them by default."""
    x = as_array(x)
    return reduction.softmax(x, axis) if isinstance(axis, int) else np.exp(log_softmax(x, axis))


@with_usage
def log_softmax(x: Any, axis: Any = None) -> Any:
    """Give x − log Σ exp(x), the sum over ``axis``, which is all of them by default."""
    x = as_array(x)
    if isinstance(axis, int):
        return reduction.log_softmax(x, axis)
    return x - reduction.log_sum_exp(x, axis, keepdims=True)
