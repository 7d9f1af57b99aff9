"""The normal distribution of vectors: exp(−½ (x − μ)ᵀ Σ⁻¹ (x − μ)) / √((2π)ᵈ det Σ), by Cholesky's factor of Σ."""

from __future__ import annotations

from math import log, pi
from typing import Any

import numpy as np

from minigrad.ops.base import as_array


def logpdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    """Give the logarithm of the density of one vector (d,), or of many (…, d).

    ``cov`` is a matrix, a vector of variances or one variance. With ``allow_singular`` it need not have full rank: the
    density is that on its range, and 0 outside. Raises ``ValueError`` if it is not positive definite, and may not be.
    """
    x, cov = as_array(x), as_array(cov)
    size = _count_dimensions(x, mean, cov)
    mean = np.zeros(size) if mean is None else as_array(mean)
    x = np.expand_dims(x, -1) if size == 1 and x.shape[-1:] != (1,) else x
    deviations = x - mean
    rows, cov = np.reshape(deviations, (-1, size)), _as_matrix(cov, size)
    logarithms = _log_density_on_range(rows, cov) if allow_singular else _log_density(rows, cov)
    return np.reshape(logarithms, deviations.shape[:-1])


def pdf(x: Any, mean: Any = None, cov: Any = 1, allow_singular: bool = False) -> Any:
    """Give the density."""
    return np.exp(logpdf(x, mean, cov, allow_singular))


def entropy(mean: Any = None, cov: Any = 1) -> Any:
    """Give the differential entropy, ½ log det(2πe Σ)."""
    cov = as_array(cov)
    size = _count_dimensions(np.zeros(1), mean, cov)
    return size * (log(2 * pi) + 1) / 2 + np.linalg.slogdet(_as_matrix(cov, size))[1] / 2


def _log_density(rows: Any, cov: Any) -> Any:
    """Give it of deviations from the mean, by Cholesky's factor."""
    factor = np.linalg.cholesky(cov)
    whitened = np.linalg.solve(factor, rows.T)
    return -np.sum(whitened**2, axis=0) / 2 - np.sum(np.log(np.diagonal(factor))) - rows.shape[-1] * log(2 * pi) / 2


def _log_density_on_range(rows: Any, cov: Any) -> Any:
    """Give it by the eigenvectors of what is more than rounding: 10⁶ ε of the largest eigenvalue, as SciPy has it."""
    variances, axes = np.linalg.eigh(cov)
    least = 1e6 * np.finfo(variances.dtype).eps * np.max(abs(variances))
    kept = variances > least
    safe = np.where(kept, variances, 1)
    along = rows @ axes
    beside = np.sqrt(np.sum(np.where(kept, 0, along) ** 2, axis=-1))
    distances = np.sum(np.where(kept, along**2 / safe, 0), axis=-1)
    y = -distances / 2 - np.sum(np.log(safe)) / 2 - np.sum(kept) * log(2 * pi) / 2
    return np.where(beside < least, y, -np.inf)


def _as_matrix(cov: Any, size: int) -> Any:
    """Give a covariance as a matrix, of one variance or of a vector of them."""
    return cov if cov.ndim == 2 else cov * np.eye(size)


def _count_dimensions(x: Any, mean: Any, cov: Any) -> int:
    """Give the dimensions that the mean or the covariance says, or else those of one vector."""
    for given in (as_array(mean) if mean is not None else cov, cov):
        if given.ndim:
            return int(given.shape[-1])
    return int(x.shape[-1]) if x.ndim and mean is None else 1
