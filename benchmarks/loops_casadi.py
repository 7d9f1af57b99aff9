"""W9 and W11 by CasADi: every operation on a number by itself, which is what suits two states best."""

from collections.abc import Callable
from typing import Any

import casadi

from benchmarks.casadi_calls import Numpy, value_and_gradient
from benchmarks.loops import count_steps, draw_filter, filter_one, pendulum_in


def kalman(small: bool = False) -> Callable[[], Any]:
    *parameters, Y = draw_filter(small)
    H = casadi.DM([[1.0, 0.0]])

    def likelihood(F: Any, q: Any, r: Any) -> Any:
        x, P, total = casadi.SX.zeros(2, 1), casadi.SX.eye(2), 0.0
        for y in Y:
            x, P, total = filter_one(Numpy, H, F, q, r, x, P, total, float(y[0]))
        return total

    return value_and_gradient(likelihood, *parameters)


def pendulum(small: bool = False) -> Callable[[], Any]:
    return value_and_gradient(pendulum_in(Numpy, count_steps(small)), 9.81, 0.1)


CASES: dict[str, Callable[..., Callable[[], Any]]] = {
    "W9: Kalman filter, 100 steps": kalman,
    "W11: pendulum, 1 000 steps": pendulum,
}
