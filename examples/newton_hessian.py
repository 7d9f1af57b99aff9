"""Newton's method by `hessian`: the point deepest inside a polygon, where −Σ log(distance to each side) is least.

Near the end the number of right digits doubles with each step, as theory has it. The result is checked by hand: there
the sides' pulls, each 1 / distance, are in balance.
"""

import numpy as np

from minigrad import grad, hessian

angles = np.array([0.1, 1.2, 2.0, 3.3, 4.4, 5.6])  # of the six sides, whose normals are A
A = np.stack([np.cos(angles), np.sin(angles)], axis=1)
b = np.array([1.0, 2.0, 1.5, 1.0, 3.0, 1.2])


def barrier(x):
    """F(x) = −Σ log(bᵢ − aᵢ x), infinite on the polygon's sides."""
    return -np.sum(np.log(b - A @ x))


x = np.array([0.55, 0.5])
steps = []
for _ in range(8):
    step = np.linalg.solve(hessian(barrier)(x), grad(barrier)(x))
    decrement = np.sqrt(grad(barrier)(x) @ step)
    x = x - step / (1 + decrement if decrement > 0.25 else 1)  # damped while it is far, or it would leave the polygon
    steps.append(np.linalg.norm(step))
    print(f"step of length {steps[-1]:.1e}")

pulls = A / (b - A @ x)[:, None]
print("center", np.round(x, 6), "with the pulls in balance:", np.linalg.norm(pulls.sum(axis=0)) < 1e-12)
by_hand = pulls.T @ pulls  # ∇²F = Σ aᵢ aᵢᵀ / (bᵢ − aᵢ x)²
print("the Hessian is the one by hand:", np.allclose(hessian(barrier)(x), by_hand, rtol=1e-12))
