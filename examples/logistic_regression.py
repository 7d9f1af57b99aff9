"""Logistic regression with SciPy: minigrad gives the gradient and the Hessian's products, SciPy's optimizer the steps.

The result is compared with iteratively reweighted least squares, the statistician's way, in plain NumPy.
"""

import numpy as np
from scipy.optimize import minimize

from minigrad import data, scipy_objective

flowers, labels = data.iris()
two = labels > 0  # versicolor or virginica
X, *_ = data.standardize(flowers[two])
X = np.column_stack([np.ones(len(X)), X])
t = labels[two] - 1.0


def loss(w):
    """−Σ log p(t | x) + ½ ‖w‖² / 10, with log(1 + eᵘ) written so that nothing overflows."""
    u = X @ w
    return np.sum(np.logaddexp(0, u) - t * u) + 0.05 * np.sum(w**2)


objective = scipy_objective(loss)
start = np.zeros(X.shape[1])
found = minimize(objective, start, jac=True, hessp=objective.hessp, method="trust-ncg", options={"gtol": 1e-10})
print(f"trust-ncg: {found.nit} steps, loss {found.fun:.6f}")

w = start
for _ in range(20):  # weighted least squares, again and again: no derivative is computed by anybody
    p = 1 / (1 + np.exp(-X @ w))
    weight = p * (1 - p)
    z = X @ w + (t - p) / weight
    w = np.linalg.solve(X.T @ (weight[:, None] * X) + 0.1 * np.eye(len(w)), X.T @ (weight * z))
print("weights ", np.round(found.x, 4))
print("reweighted least squares finds the same:", np.allclose(found.x, w, atol=1e-6))
print(f"{np.mean((X @ found.x > 0) == (t == 1)):.0%} of the flowers are right")
