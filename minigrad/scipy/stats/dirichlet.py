"""The Dirichlet distribution of shares that add up to 1: Π xₖ^(αₖ − 1) / B(α)."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import as_array
from minigrad.scipy import special


def logpdf(x: Any, alpha: Any) -> Any:
    """Give the logarithm of the density of shares (K,), or (K, N) of N samples; the last share may be left out."""
    x, alpha = as_array(x), as_array(alpha)
    if x.shape[0] == alpha.shape[0] - 1:
        x = np.concatenate([x, 1 - np.sum(x, axis=0, keepdims=True)])
    if alpha.ndim != 1 or x.shape[0] != alpha.shape[0]:
        raise ValueError(f"dirichlet: wanted as many shares as α has elements, not x:{x.shape} and alpha:{alpha.shape}")
    weighed = special.xlogy(np.reshape(alpha - 1.0, (-1,) + (1,) * (x.ndim - 1)), x)
    return np.sum(weighed, axis=0) - np.sum(special.gammaln(alpha)) + special.gammaln(np.sum(alpha))


def pdf(x: Any, alpha: Any) -> Any:
    """Give the density of shares."""
    return np.exp(logpdf(x, alpha))
