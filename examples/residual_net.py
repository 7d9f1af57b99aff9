"""A residual net: y = x + f(x) keeps the gradient alive through forty layers; without the sum it vanishes.

How much of ∂E/∂y of the last layer reaches the first is measured, and computed a second time from the product of the
layers' Jacobians, in plain NumPy.
"""

import numpy as np

from minigrad import Tensor, derive

rng = np.random.default_rng(0)
depth, width = 40, 8
weights = [Tensor(0.5 * rng.normal(size=(width, width)) / np.sqrt(width), requires_grad=True) for _ in range(depth)]
x = Tensor(rng.normal(size=(1, width)), requires_grad=True, name="x")


def run(residual):
    """Send x through all layers."""
    y = x
    for W in weights:
        f = np.tanh(y @ W)
        y = y + f if residual else f
    return y


def through(residual):
    """Give ‖∂E/∂x‖ / ‖∂E/∂y‖ for E = ½ Σ y², by the engine and by the product of Jacobians."""
    x.grad = None
    (0.5 * (run(residual) ** 2).sum()).backward()
    y, jacobian = x.data, np.eye(width)
    for W in weights:
        f = np.tanh(y @ W.data)
        jacobian = jacobian @ (W.data * (1 - f**2) + residual * np.eye(width))
        y = y + f if residual else f
    size = np.linalg.norm(y)
    return np.linalg.norm(x.grad.data) / size, np.linalg.norm(jacobian @ y.T) / size


for residual in (False, True):
    found, expected = through(residual)
    which = "with the sum   " if residual else "without the sum"
    print(f"{which} {found:.1e} of the gradient arrives; as the Jacobians say: {np.isclose(found, expected)}")

print()
print(
    derive(0.5 * (run(True) ** 2).sum(), names={f"W{i}": W for i, W in enumerate(weights, 1)})
)  # forty equal blocks are derived once
