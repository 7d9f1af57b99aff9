"""Matrix factorization: 40 people, 30 films, two hidden tastes, and most of the marks never given.

R ≈ P Qᵀ is found from the marks that there are. With all marks known the best loss is known, too: the squares of the
singular values that are left out (Eckart & Young, 1936).
"""

import numpy as np
from scipy.optimize import minimize

from minigrad import scipy_objective

rng = np.random.default_rng(0)
people, films, tastes = 40, 30, 2
marks = rng.normal(size=(people, tastes)) @ rng.normal(size=(tastes, films)) + 0.1 * rng.normal(size=(people, films))


def factorize(known):
    """Give P Qᵀ that comes nearest to the known marks, and Σ (R − P Qᵀ)² over them."""

    def loss(both):
        P, Q = both[: people * tastes].reshape(people, tastes), both[people * tastes :].reshape(films, tastes)
        return np.sum(np.where(known, marks - P @ Q.T, 0.0) ** 2)

    start = rng.normal(size=(people + films) * tastes)
    found = minimize(scipy_objective(loss), start, jac=True, method="L-BFGS-B", options={"maxiter": 3000})
    P, Q = found.x[: people * tastes].reshape(people, tastes), found.x[people * tastes :].reshape(films, tastes)
    return P @ Q.T, found.fun


product, loss = factorize(np.full(marks.shape, True))
left_out = np.sum(np.linalg.svd(marks, compute_uv=False)[tastes:] ** 2)
print(f"all marks: loss {loss:.4f}, the singular values left out {left_out:.4f}")

known = rng.random(marks.shape) < 0.4
product, _ = factorize(known)
off = np.sqrt(np.mean((product - marks)[~known] ** 2))
guess = np.sqrt(np.mean((marks[known].mean() - marks[~known]) ** 2))
print(
    f"{known.mean():.0%} of the marks: the others are off by {off:.2f}, guessed by the mean they are off by {guess:.2f}"
)
print("the hidden marks are found:", off < 0.2 * guess)
