"""The cases of `functions` as one writes them in NumPy, with the derivatives worked out on paper."""

import math
from typing import Any

import numpy as np

from benchmarks.workloads import Array, Start

RATE, BETA1, BETA2, EPSILON = 0.001, 0.9, 0.999, 1e-8


def rosenbrock_gradient(x: Array) -> Array:
    """Give 2 (x − 1) − 400 x (x₊ − x²) and, one place later, 200 (x₊ − x²)."""
    low = x[:-1]
    d = x[1:] - low * low
    g = np.empty_like(x)
    g[:-1] = 2 * (low - 1) - 400 * low * d
    g[-1] = 0
    g[1:] += 200 * d
    return g


def rosenbrock_hessian_times(x: Array, v: Array) -> Array:
    """Give H v, where H has 1200 x² − 400 x₊ + 2 and 200 on its diagonal, and −400 x beside it."""
    low, high, v_low, v_high = x[:-1], x[1:], v[:-1], v[1:]
    side = -400 * low
    Hv = np.empty_like(x)
    Hv[:-1] = (1200 * low * low - 400 * high + 2) * v_low + side * v_high
    Hv[-1] = 0
    Hv[1:] += side * v_low + 200 * v_high
    return Hv


def tanh_fifth(x: float) -> float:
    """Give (1 − y²) (16 − 120 y² + 120 y⁴), y = tanh(x)."""
    yy = math.tanh(x) ** 2
    return (1 - yy) * (16 - 120 * yy + 120 * yy * yy)


class Adam:
    """The δ step for two layers, and Adam's rule parameter by parameter."""

    def __init__(self, start: Start) -> None:
        self.X, self.T, self.parameters, self.t = start.X, start.T, start.parameters, 0
        self.m, self.v = ([np.zeros_like(p) for p in self.parameters] for _ in range(2))

    def __call__(self) -> Any:
        X, T = self.X, self.T
        W1, b1, W2, b2 = self.parameters

        y1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
        u2 = y1 @ W2 + b2
        z = np.exp(u2 - u2.max(axis=1, keepdims=True))
        y2 = z / z.sum(axis=1, keepdims=True)
        E = -(T * np.log(y2)).sum()

        δ2 = y2 - T
        δ1 = δ2 @ W2.T * (1 - y1) * y1
        gradients = X.T @ δ1, δ1.sum(axis=0), y1.T @ δ2, δ2.sum(axis=0)

        self.t += 1
        rate, correction = RATE / (1 - BETA1**self.t), 1 - BETA2**self.t
        for w, g, m, v in zip(self.parameters, gradients, self.m, self.v, strict=True):
            m *= BETA1
            m += (1 - BETA1) * g
            v *= BETA2
            v += (1 - BETA2) * g * g
            w -= rate * m / (np.sqrt(v / correction) + EPSILON)
        return E


class Logistic:
    """E = −Σ t log y + (1 − t) log(1 − y) over N, δ = (y − t)/N, ∂E/∂w = Xᵀ δ."""

    def __init__(self, X: Array, t: Array) -> None:
        self.X, self.t, self.w, self.b = X, t, np.zeros(X.shape[1]), 0.0

    def __call__(self) -> Any:
        X, t = self.X, self.t
        y = 1 / (1 + np.exp(-(X @ self.w + self.b)))
        E = -(t * np.log(y) + (1 - t) * np.log(1 - y)).mean()
        δ = (y - t) / len(t)
        self.w -= RATE * (X.T @ δ)
        self.b -= RATE * δ.sum()
        return E
