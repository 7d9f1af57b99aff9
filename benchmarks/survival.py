"""A Weibull model of accelerated failure times: its likelihood in NumPy's syntax, and its derivatives by hand.

Subject i has the time tᵢ, dᵢ = 1 if it died then and 0 if it was lost from sight, and covariates xᵢ; λ = exp(xᵀβ) and
ρ = exp(κ): with η = xᵀβ, r = log t − η and z = exp(ρr) the loss is E = −Σ (d (κ − η + (ρ − 1) r) − z) / n.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.workloads import Array

COVARIATES = 4  # the first is 1


def make_study(n: int) -> tuple[Array, ...]:
    """Give parameters to begin with, log t, d and the covariates of so many subjects, a third of them censored."""
    rng = np.random.default_rng(0)
    x = np.column_stack([np.ones(n), rng.normal(size=(n, COVARIATES - 1))])
    log_time = x @ [1.0, 0.5, -0.5, 0.2] + rng.gumbel(size=n) / 1.5
    return rng.normal(size=COVARIATES + 1) / 4, log_time, (rng.random(n) < 0.7).astype(float), x


def loss_in(numpy: Any) -> Callable[..., Any]:
    """Give E as a function of (β, κ), log t, d and the covariates, in the syntax of a module like NumPy."""

    def loss(p: Any, log_time: Any, died: Any, x: Any) -> Any:
        eta, rho = numpy.dot(x, p[:-1]), numpy.exp(p[-1])
        r = log_time - eta
        return -numpy.sum(died * (p[-1] - eta + (rho - 1) * r) - numpy.exp(rho * r)) / len(x)

    return loss


def value_and_gradient(p: Array, log_time: Array, died: Array, x: Array) -> tuple[Any, Array]:
    """Give E, and ∂E/∂β = Σ ρ (d − z) x / n with ∂E/∂κ = −Σ (d (1 + ρr) − ρr z) / n behind it."""
    eta, rho = x @ p[:-1], np.exp(p[-1])
    r = log_time - eta
    s = rho * r
    z = np.exp(s)
    E = -(died * (p[-1] - eta + s - r) - z).sum() / len(x)
    return E, np.append(x.T @ (rho * (died - z)), (s * z - died * (1 + s)).sum()) / len(x)


def hessian(p: Array, log_time: Array, died: Array, x: Array) -> Array:
    """Give Σ ρ² z x xᵀ / n, beside it Σ ρ (d − z − ρr z) x / n, and in the corner Σ (ρr z (1 + ρr) − d ρr) / n."""
    rho = np.exp(p[-1])
    s = rho * (log_time - x @ p[:-1])
    z = np.exp(s)
    H = np.empty((len(p), len(p)))
    H[:-1, :-1] = x.T * (rho**2 * z) @ x
    H[-1, :-1] = H[:-1, -1] = x.T @ (rho * (died - z - s * z))
    H[-1, -1] = (s * z * (1 + s) - died * s).sum()
    return H / len(x)
