"""Loops over time: W8, a recurrent network, W9, a Kalman filter's likelihood, W11, a pendulum by Runge and Kutta.

Each is a plain ``for``; a case gives the same computation in every column, as functions without arguments. By hand the
network goes back through time; the gradients of the others are derivatives along each parameter by a complex step
(Squire and Trapp 1998, Using complex variables to estimate derivatives of real functions), which are exact to rounding.
"""

from collections.abc import Callable
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.columns import BACKENDS, BASELINE
from benchmarks.timing import Figure, in_turns
from benchmarks.workloads import Array
from minigrad import Tensor, compile, optim, steps, value_and_grad

Columns = dict[str, Callable[[], Any]]
RATE = 1e-3
TINY = 1e-40  # a complex step


def draw_network(small: bool = False) -> tuple[list[Array], Array, Array]:
    """Draw W8, in float32: parameters Wx, Wh, b, V; 100 steps of a batch of 32, 16 wide; what is wanted at the end."""
    turns, samples, width, hidden = (12, 3, 2, 4) if small else (100, 32, 16, 64)
    rng = np.random.default_rng(0)
    shapes = [(width, hidden), (hidden, hidden), (hidden,), (hidden, 1)]
    parameters = [(rng.normal(size=shape) / np.sqrt(hidden)).astype(np.float32) for shape in shapes]
    X, T = rng.normal(size=(turns, samples, width)), rng.normal(size=(samples, 1))
    return parameters, X.astype(np.float32), T.astype(np.float32)


class ByHand:
    """Backpropagation through time."""

    def __init__(self, parameters: list[Array], X: Array, T: Array) -> None:
        self.parameters, self.X, self.T = [p.copy() for p in parameters], X, T

    def __call__(self) -> Any:
        Wx, Wh, b, V = self.parameters
        h = np.zeros((len(self.X) + 1, self.X.shape[1], len(Wh)), Wh.dtype)
        for t, x in enumerate(self.X):
            h[t + 1] = np.tanh(x @ Wx + h[t] @ Wh + b)
        error = h[-1] @ V - self.T
        dV = h[-1].T @ (2 / error.size * error)
        back, dWx, dWh, db = (2 / error.size * error) @ V.T, np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
        for t in reversed(range(len(self.X))):
            δ = back * (1 - h[t + 1] ** 2)
            dWx += self.X[t].T @ δ
            dWh += h[t].T @ δ
            db += δ.sum(axis=0)
            back = δ @ Wh.T
        for p, g in zip(self.parameters, (dWx, dWh, db, dV), strict=True):
            p -= np.float32(RATE) * g
        return (error**2).mean()


class Recurrent:
    """The network by minigrad, eager or as code."""

    def __init__(self, parameters: list[Array], X: Array, T: Array, backend: str | None = None) -> None:
        self.tensors = [Tensor(p.copy(), requires_grad=True) for p in parameters]
        self.rule = optim.SGD(self.tensors, RATE)
        self.call = partial(self.step if backend is None else compile(self.step, backend=backend), X, T)

    def step(self, X: Any, T: Any) -> Any:
        Wx, Wh, b, V = self.tensors
        h = np.zeros((X.shape[1], Wh.shape[0]), np.float32)
        for t in range(len(X)):
            h = np.tanh(X[t] @ Wx + h @ Wh + b)
        E = ((h @ V - T) ** 2).mean()
        self.rule.zero_grad()
        E.backward()
        self.rule.step()
        return E

    def __call__(self) -> Any:
        return self.call().item()


def recurrent(small: bool = False) -> Columns:
    drawn = draw_network(small)
    code: Columns = {name: Recurrent(*drawn, backend=backend) for name, backend in BACKENDS.items()}
    return {BASELINE: ByHand(*drawn), "minigrad": Recurrent(*drawn), **code}


def likelihood_in(np: Any) -> Callable[..., Any]:
    """Give the log-likelihood of observations by a Kalman filter of two states, written in NumPy or what is like it."""

    def likelihood(F: Any, q: Any, r: Any, Y: Any) -> Any:
        x, P, H, total = np.zeros(2), np.eye(2), np.array([[1.0, 0.0]]), 0.0
        for t in range(len(Y)):
            x, P, total = filter_one(np, H, F, q, r, x, P, total, Y[t])
        return total

    return likelihood


def filter_one(np: Any, H: Any, F: Any, q: Any, r: Any, x: Any, P: Any, total: Any, y: Any) -> tuple[Any, Any, Any]:
    """Predict, and correct by an observation."""
    x, P = F @ x, F @ P @ F.T + q * np.eye(2)
    S, error = H @ P @ H.T + r, y - H @ x
    K = P @ H.T / S
    total = total - 0.5 * (np.log(S[0, 0]) + error[0] ** 2 / S[0, 0])
    return x + K @ error, P - K @ H @ P, total


def draw_filter(small: bool = False) -> tuple[Array, float, float, Array]:
    """Give F, q, r and 100 observations of W9."""
    Y = np.random.default_rng(0).normal(size=(12 if small else 100, 1))
    return np.array([[1.0, 0.1], [0.0, 0.98]]), 0.1, 0.5, Y


def step_along(f: Callable[..., Any], *parameters: Any) -> tuple[Any, tuple[Any, ...]]:
    """Give f's value and its derivatives by all parameters, one complex step for each number of them."""
    found = []
    for i, p in enumerate(parameters):
        slope = np.zeros(np.shape(p))
        for place in np.ndindex(slope.shape):
            moved = np.array(p, complex)
            moved[place] += TINY * 1j
            slope[place] = f(*parameters[:i], moved, *parameters[i + 1 :]).imag / TINY
        found.append(slope)
    return f(*parameters), tuple(found)


def kalman(small: bool = False) -> Columns:
    F, q, r, Y = draw_filter(small)
    f = likelihood_in(np)
    by_hand = partial(step_along, lambda F, q, r: f(F, q, r, Y), F, q, r)
    return {BASELINE: by_hand} | _each(value_and_grad(f, (0, 1, 2)), F, q, r, Y)


def pendulum_in(np: Any, turns: int) -> Callable[..., Any]:
    """Give how far a damped pendulum is from a state after some steps of Runge and Kutta, by its g and damping c."""

    def distance(g: Any, c: Any) -> Any:
        state = 1.0 + 0 * g, 0 * c
        for _ in steps(turns):
            state = step_pendulum(np, g, c, *state)
        return (state[0] - 0.3) ** 2 + state[1] ** 2

    return distance


def step_pendulum(np: Any, g: Any, c: Any, a: Any, w: Any, dt: float = 0.01) -> tuple[Any, Any]:
    """Take one step of angle a and speed w."""
    slopes = [(w, -g * np.sin(a) - c * w)]
    for h in (dt / 2, dt / 2, dt):
        x, v = a + h * slopes[-1][0], w + h * slopes[-1][1]
        slopes.append((v, -g * np.sin(x) - c * v))
    (k1, l1), (k2, l2), (k3, l3), (k4, l4) = slopes
    return a + dt / 6 * (k1 + 2 * k2 + 2 * k3 + k4), w + dt / 6 * (l1 + 2 * l2 + 2 * l3 + l4)


def count_steps(small: bool = False) -> int:
    """Give the steps of W11."""
    return 12 if small else 1000


def pendulum(small: bool = False) -> Columns:
    f = pendulum_in(np, count_steps(small))
    return {BASELINE: partial(step_along, f, 9.81, 0.1)} | _each(value_and_grad(f, (0, 1)), 9.81, 0.1)


def _each(f: Callable[..., Any], *args: Any) -> Columns:
    """Give a function of the arguments, eager and compiled."""
    code: Columns = {name: partial(compile(f, backend=backend), *args) for name, backend in BACKENDS.items()}
    return {"minigrad": partial(f, *args)} | code


CASES: dict[str, Callable[..., Columns]] = {
    "W8: recurrent network, 100 steps": recurrent,
    "W9: Kalman filter, 100 steps": kalman,
    "W11: pendulum, 1 000 steps": pendulum,
}


def measure(rivals: list[str], seconds: float, rounds: int, shortest: float, rest: float) -> dict[str, Any]:
    """Measure each case in an interleaved run of all columns, rivals' among them."""
    found: dict[str, dict[str, Figure]] = {}
    for name, case in CASES.items():
        columns = case()
        for rival in ("torch", "jax", "casadi"):
            theirs = import_module(f"benchmarks.loops_{rival}").CASES if rival in rivals else {}
            columns |= {rival: theirs[name]()} if name in theirs else {}
        found[name] = in_turns(columns, BASELINE, seconds / 2, rounds, shortest, rest)
    return found
