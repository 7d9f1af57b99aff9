"""The normal distribution of vectors: exp(−½ (x − μ)ᵀ Σ⁻¹ (x − μ)) / √((2π)ᵈ det Σ), by Cholesky's factor of Σ."""

from __future__ import annotations

from math import log, pi
from typing import Any

import numpy as np

from minigrad.ops.base import as_array


def logpdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    """Give the logarithm of the density of one vector (d,), or of many (…, d).

    ``cov`` is a matrix, a vector of variances or one variance. A singular one is refused: its density has no gradient.
    """
    if allow_singular:
        raise TypeError("multivariate_normal: 'allow_singular' does not work here; give a covariance of full rank")
    x, cov = as_array(x), as_array(cov)
    size = _count_dimensions(x, mean, cov)
    mean = np.zeros(size) if mean is None else as_array(mean)
    cov = cov if cov.ndim == 2 else cov * np.eye(size)
    x = np.expand_dims(x, -1) if size == 1 and x.shape[-1:] != (1,) else x
    factor = np.linalg.cholesky(cov)
    deviations = x - mean
    whitened = np.linalg.solve(factor, np.reshape(deviations, (-1, size)).T)
    distances = np.reshape(np.sum(whitened**2, axis=0), deviations.shape[:-1])
    return -distances / 2 - np.sum(np.log(np.diagonal(factor))) - size * log(2 * pi) / 2


def pdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    """Give the density."""
    return np.exp(logpdf(x, mean, cov, allow_singular))


def _count_dimensions(x: Any, mean: Any, cov: Any) -> int:
    """Give the dimensions that the mean or the covariance says, or else those of one vector."""
    for given in (as_array(mean) if mean is not None else cov, cov):
        if given.ndim:
            return int(given.shape[-1])
    return int(x.shape[-1]) if x.ndim and mean is None else 1
