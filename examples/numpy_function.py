"""A NumPy function differentiated as it stands: no other array language, and derivatives of any order.

The function is Rosenbrock's valley; its minimum lies at (1, 1, …), and Newton's method is there in a few steps.
"""

import numpy as np

from minigrad import grad, value_and_grad


def rosenbrock(x):
    """Σ 100 (xᵢ₊₁ − xᵢ²)² + (1 − xᵢ)², plain NumPy."""
    return np.sum(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)


start = np.array([-0.5, 0.8, 1.2])
value, gradient = value_and_grad(rosenbrock)(start)
print("value   ", value)
print("gradient", gradient)

h = 1e-6  # the same by central differences
numeric = [(rosenbrock(start + h * e) - rosenbrock(start - h * e)) / (2 * h) for e in np.eye(3)]
print("numeric ", np.array(numeric))


def hessian(x):
    """One row for each element of the gradient, which is a function like any other."""
    return np.stack([grad(lambda z, i=i: grad(rosenbrock)(z)[i])(x) for i in range(x.size)])


x = start
for _ in range(20):
    x = x - np.linalg.solve(hessian(x), grad(rosenbrock)(x))
print("minimum ", np.round(x, 6))

print("tanh‴(0.3) =", grad(grad(grad(np.tanh)))(0.3))
y = np.tanh(0.3)
print("by hand    =", (1 - y**2) * (6 * y**2 - 2))
