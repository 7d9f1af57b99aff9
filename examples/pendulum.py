"""A pendulum is watched, and its length and friction are found, by differentiating through the simulation.

θ″ = −(g / l) sin θ − k θ′, in steps of Runge and Kutta's method of fourth order; E is the squared error of the angles,
and L-BFGS goes down its gradient. How well both can be known at all, the Jacobian says: the errors of the angles come
through (JᵀJ)⁻¹ (Gauss and Newton). Drawn to pendulum.png.
"""

import numpy as np
from matplotlib import pyplot

from minigrad import Tensor, jacobian, optim

g, dt, steps, noise = 9.81, 0.02, 250, 0.02
true = np.array([1.3, 0.25])  # l in m, k in 1/s


def slope(state, length, k):
    """d/dt of (θ, θ′)."""
    angle, speed = state
    return np.stack([speed, -(g / length) * np.sin(angle) - k * speed])


def swing(parameters):
    """The angles at all times, let go at 1.5 rad."""
    state, angles = np.array([1.5, 0.0]), []
    for _ in range(steps):
        a = slope(state, *parameters)
        b = slope(state + dt / 2 * a, *parameters)
        c = slope(state + dt / 2 * b, *parameters)
        d = slope(state + dt * c, *parameters)
        state = state + dt / 6 * (a + 2 * b + 2 * c + d)
        angles.append(state[0])
    return np.stack(angles)


seen = swing(true) + noise * np.random.default_rng(0).normal(size=steps)
found = Tensor([1.0, 0.0], requires_grad=True, name="parameters")
start = swing(found.data)
rule = optim.LBFGS([found])


def look():
    """E and its gradient, where the search stands."""
    rule.zero_grad()
    E = 0.5 * ((swing(found) - seen) ** 2).sum()
    E.backward()
    return E


for _ in range(12):
    rule.step(look)

J = jacobian(swing)(found.data)
spread = noise * np.sqrt(np.diag(np.linalg.inv(J.T @ J)))
print(f"l = {found.data[0]:.3f} ± {spread[0]:.3f} m, k = {found.data[1]:.3f} ± {spread[1]:.3f} / s")
print(f"both are within three of their errors: {(np.abs(found.data - true) < 3 * spread).all()}")
print(f"what is left is the noise: {abs(np.std(swing(found.data) - seen) - noise) < 0.1 * noise}")
pyplot.plot(seen, ".", start, "--", swing(found.data), "-")
pyplot.legend(["seen", "at first", "found"])
pyplot.savefig("pendulum.png")
