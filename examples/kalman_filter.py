"""A Kalman filter, differentiated through all of its steps: how noisy are the sensor and the road?

The likelihood of all measurements comes out of the filter step by step. It is compared with the same likelihood of one
Gaussian in as many dimensions as there are measurements, which knows of no filter, and its gradient with differences.
"""

import numpy as np
from scipy.optimize import minimize
from scipy.stats import multivariate_normal

from minigrad import grad, scipy_objective

rng = np.random.default_rng(0)
n, true = 60, np.array([0.5, 1.0])  # standard deviations: of a step of the walk, and of the sensor
seen = np.cumsum(true[0] * rng.normal(size=n)) + true[1] * rng.normal(size=n)


def loss(theta):
    """−log p(seen) of the logarithms of both: a walk xₜ = xₜ₋₁ + q, measured as xₜ + r."""
    q, r = np.exp(2 * theta)
    mean, variance, total = 0.0, 0.0, 0.0
    for z in seen:
        variance = variance + q  # predict
        spread = variance + r
        off = z - mean
        total = total + 0.5 * (np.log(2 * np.pi * spread) + off**2 / spread)
        gain = variance / spread  # correct
        mean = mean + gain * off
        variance = (1 - gain) * variance
    return total


def at_once(theta):
    """The same without a filter: cov(z_s, z_t) = q min(s, t) + r [s = t]."""
    q, r = np.exp(2 * theta)
    index = np.arange(1, n + 1)
    return -multivariate_normal(cov=q * np.minimum(index[:, None], index) + r * np.eye(n)).logpdf(seen)


start = np.log([1.0, 0.3])
print("the filter's likelihood is the Gaussian's:", np.isclose(loss(start), at_once(start), rtol=1e-9))
h = 1e-5
numeric = [(at_once(start + h * e) - at_once(start - h * e)) / (2 * h) for e in np.eye(2)]
print("so is its gradient:", np.allclose(grad(loss)(start), numeric, rtol=1e-5))

found = minimize(scipy_objective(loss), start, jac=True, method="BFGS")
walk, sensor = np.exp(found.x)
print(f"−log p: {loss(start):.1f} -> {found.fun:.1f}, of the true ones {loss(np.log(true)):.1f}")
print(f"walk {walk:.2f} (true: 0.5), sensor {sensor:.2f} (true: 1.0)")
