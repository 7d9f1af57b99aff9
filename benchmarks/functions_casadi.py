"""A function of one number, and one of a thousand, of `functions` by CasADi."""

from collections.abc import Callable
from typing import Any

import casadi

from benchmarks.casadi_calls import Call
from benchmarks.functions import points


def fifth_derivative(small: bool = False) -> Callable[[], Any]:
    x = casadi.SX.sym("x")
    y = casadi.tanh(x)
    for _ in range(5):
        y = casadi.gradient(y, x)
    return Call([x], [y], 0.3)


def gradient_of_rosenbrock(small: bool = False) -> Callable[[], Any]:
    start, _ = points(small)
    x = casadi.SX.sym("x", len(start))
    value = casadi.sum1(100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2)
    return Call([x], [casadi.gradient(value, x)], start)


CASES: dict[str, Callable[..., Callable[[], Any]]] = {
    "tanh⁽⁵⁾ of a number": fifth_derivative,
    "Rosenbrock's gradient, 1000-d": gradient_of_rosenbrock,
}
