"""Physics differentiated through time: with which velocity must a planet set out, to be across its sun half a year on?

The orbit is simulated, 400 steps of the leapfrog method, and Newton's method goes through the whole simulation by its
Jacobian. The answer is known: in a circle, v = √(GM / r) = 1. The slope of a second motion has a closed form.
"""

import numpy as np

from minigrad import grad, jacobian

half_year = np.pi  # with GM = r = 1
steps = 400
dt = half_year / steps


def pull(x):
    """Acceleration, −x / ‖x‖³."""
    return -x / np.sum(x**2) ** 1.5


def arrive(v, acceleration=pull, x=(1.0, 0.0)):
    """Where it is after half a year, when it sets out from x with velocity v."""
    x = np.array(x)
    v = v + 0.5 * dt * acceleration(x)
    for _ in range(steps):
        x = x + dt * v
        v = v + dt * acceleration(x)
    return x


v = np.array([0.1, 0.9])
for _ in range(6):
    off = arrive(v) - [-1.0, 0.0]
    print(f"v = ({v[0]: .6f}, {v[1]: .6f}), off by {np.linalg.norm(off):.1e}")
    v = v - np.linalg.solve(jacobian(arrive)(v), off)
print("it is the circle's velocity:", np.allclose(v, [0, 1], atol=1e-4))


def glide(v):
    """How far a puck gets that loses k = 0.3 of its velocity a second, v' = −k v: by hand x = v (1 − e^(−kt)) / k."""
    x = 0.0
    for _ in range(steps):
        x, v = x + dt * v * (1 - 0.15 * dt), v * (1 - 0.3 * dt + (0.3 * dt) ** 2 / 2)
    return x


print(f"∂x/∂v = {grad(glide)(3.0):.4f}  by hand: {(1 - np.exp(-0.3 * half_year)) / 0.3:.4f}")
