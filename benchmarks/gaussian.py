"""A Gaussian process: the negative logarithm of its marginal likelihood, and the gradient by its three settings.

K = σ² exp(−½ |xᵢ − xⱼ|² / ℓ²) + η² I with θ = (ln σ², ln ℓ, ln η²), and E = ½ tᵀ K⁻¹ t + ½ ln det K, for n samples
(C. Rasmussen and C. Williams, *Gaussian Processes for Machine Learning*, 2006, 2.30 and 5.9).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workloads import Array

Solve = Callable[[Any, Any], Any]


def make_samples(n: int) -> tuple[Array, Array, Array]:
    """Draw settings, inputs (n, 2) and targets (n,)."""
    rng = np.random.default_rng(0)
    X = rng.uniform(-3, 3, (n, 2))
    return np.array([0.1, 0.2, -1.5]), X, np.sin(X[:, 0]) + 0.1 * rng.normal(size=n)


def loss_in(xp: Any, solve: Solve) -> Callable[..., Any]:
    """Give E(θ, X, t) in the operations of an array library, with its way to solve a triangle's equations."""

    def loss(theta: Any, X: Any, t: Any) -> Any:
        d = X[:, None] - X
        kernel = xp.exp(-0.5 * (d * d).sum(-1) * xp.exp(-2 * theta[1]))
        L = xp.linalg.cholesky(xp.exp(theta[0]) * kernel + xp.exp(theta[2]) * xp.eye(len(t)))
        a = solve(L, t)
        return 0.5 * (a * a).sum() + xp.log(xp.diagonal(L)).sum()

    return loss


def value_and_gradient(theta: Array, X: Array, t: Array) -> tuple[Any, Array]:
    """Give E and ∂E/∂θ = ½ Σ W ∂K/∂θ with W = K⁻¹ − α αᵀ and α = K⁻¹ t."""
    signal, near, noise = np.exp(theta[0]), np.exp(-2 * theta[1]), np.exp(theta[2])
    d = X[:, None] - X
    far = (d * d).sum(-1) * near
    kernel = signal * np.exp(-0.5 * far)
    K = kernel + noise * np.eye(len(t))
    L, inverse = np.linalg.cholesky(K), np.linalg.inv(K)
    α = inverse @ t
    W = inverse - np.outer(α, α)
    E = 0.5 * (t @ α) + np.log(np.diagonal(L)).sum()
    WK = W * kernel
    return E, 0.5 * np.array([WK.sum(), (WK * far).sum(), noise * np.trace(W)])
