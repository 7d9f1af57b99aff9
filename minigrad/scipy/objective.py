"""A function as ``scipy.optimize.minimize`` wants it: value and gradient, and Hessian-vector products on request."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import with_usage
from minigrad.engine.transforms.functional import check_function, value_and_grad
from minigrad.engine.transforms.products import hvp


class Objective:
    """A function of a vector for ``scipy.optimize``; what follows the vector is passed on."""

    def __init__(self, f: Callable[..., Any]) -> None:
        self.f = f
        self._both = value_and_grad(f)

    def __call__(self, x: Any, *args: Any) -> tuple[float, np.ndarray[Any, Any]]:
        """Give the value and the gradient, as ``jac=True`` asks for."""
        value, gradient = self._both(np.asarray(x, np.float64), *args)
        return float(value), np.array(gradient, np.float64)

    def value(self, x: Any, *args: Any) -> float:
        """Give the value alone."""
        return float(self.f(np.asarray(x, np.float64), *args))

    def gradient(self, x: Any, *args: Any) -> np.ndarray[Any, Any]:
        """Give the gradient alone, for ``jac=``."""
        return self(x, *args)[1]

    def hessp(self, x: Any, p: Any, *args: Any) -> np.ndarray[Any, Any]:
        """Give the Hessian at x times a vector p, for ``hessp=``, at about twice the cost of a gradient."""
        x, p = np.asarray(x, np.float64), np.asarray(p, np.float64)
        return np.array(hvp(lambda v: self.f(v, *args), x, p), np.float64)


@with_usage
def scipy_objective(f: Callable[..., Any]) -> Objective:
    """Give f(x, *args), in NumPy's syntax, for ``minimize(objective, x0, jac=True, hessp=objective.hessp)``.

    It is called with a float64 vector and gives a number; ``objective.value`` and ``objective.gradient`` are the two
    apart. Raises ``TypeError`` if f is no function.

    >>> objective = scipy_objective(lambda x: ((x - 1) ** 2).sum())
    >>> objective(np.zeros(2))
    (2.0, array([-2., -2.]))
    >>> objective.hessp(np.zeros(2), np.array([1.0, 0.0]))
    array([2., 0.])
    """
    check_function("scipy_objective", f)
    return Objective(f)
