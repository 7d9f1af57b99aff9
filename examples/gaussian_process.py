"""A Gaussian process whose length scale, height and noise are learned from the data, by the marginal likelihood.

log p(t) = −½ tᵀ K⁻¹ t − ½ log det K − (n / 2) log 2π. Its gradient by θ is, by hand, ½ tr((α αᵀ − K⁻¹) ∂K/∂θ) with
α = K⁻¹ t (Rasmussen & Williams, 2006, equation 5.9); here NumPy's Cholesky is differentiated as it stands.
"""

import numpy as np
from scipy.optimize import minimize

from minigrad import grad, scipy_objective

rng = np.random.default_rng(3)
x = np.sort(rng.uniform(0, 10, 80))
t = np.sin(x) + 0.2 * rng.normal(size=80)
squared = (x[:, None] - x) ** 2


def loss(theta):
    """−log p(t) of the logarithms of length scale, height and noise."""
    length, height, noise = np.exp(theta)
    K = height**2 * np.exp(-0.5 * squared / length**2) + noise**2 * np.eye(len(x))
    L = np.linalg.cholesky(K)
    white = np.linalg.solve(L, t)
    return 0.5 * white @ white + np.sum(np.log(np.diagonal(L))) + 0.5 * len(x) * np.log(2 * np.pi)


def by_hand(theta):
    """The gradient by the book's formula."""
    length, height, noise = np.exp(theta)
    smooth = height**2 * np.exp(-0.5 * squared / length**2)
    inverse = np.linalg.inv(smooth + noise**2 * np.eye(len(x)))
    alpha = inverse @ t
    slopes = smooth * squared / length**2, 2 * smooth, 2 * noise**2 * np.eye(len(x))
    return np.array([-0.5 * np.sum((np.outer(alpha, alpha) - inverse) * slope) for slope in slopes])


start = np.log([3.0, 0.5, 0.5])
print("the gradient is the one by hand:", np.allclose(grad(loss)(start), by_hand(start), rtol=1e-9))
found = minimize(scipy_objective(loss), start, jac=True, method="BFGS")
length, height, noise = np.exp(found.x)
print(f"−log p: {loss(start):.1f} -> {found.fun:.1f}")
print(f"length scale {length:.2f}, height {height:.2f}, noise {noise:.2f} (it was 0.2)")

new = np.array([2.5, 6.3])
cross = height**2 * np.exp(-0.5 * (new[:, None] - x) ** 2 / length**2)
K = height**2 * np.exp(-0.5 * squared / length**2) + noise**2 * np.eye(len(x))
print("off from sin(x) at new points:", np.round(np.abs(cross @ np.linalg.solve(K, t) - np.sin(new)), 2))
