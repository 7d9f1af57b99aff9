"""Gradient descent, plain and with momentum: every element moves at one rate."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy import add, multiply, subtract

from minigrad.engine.arguments import with_usage
from minigrad.engine.tensor import Tensor
from minigrad.optim.base import Optimizer
from minigrad.optim.rows import Array, State


class SGD(Optimizer):
    """Gradient descent, stochastic when g is the gradient of a batch: w ← w − η g."""

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        subtract(w, multiply(g, eta, buf), out)


class Momentum(Optimizer):
    """Δw ← α Δw − η g;  w ← w + Δw, with α = `momentum` (Rumelhart, Hinton & Williams 1986)."""

    settings = ("lr", "momentum")
    limits: ClassVar = {"lr": np.inf, "momentum": 1}
    symbols: ClassVar = {"momentum": "α", "delta": "Δw"}

    @with_usage
    def __init__(self, params: Iterable[Tensor], lr: float = 0.01, momentum: float = 0.9) -> None:
        super().__init__(params, lr)
        self.momentum = momentum

    def _start(self, w: Array) -> State:
        return {"delta": np.zeros_like(w)}

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        delta = state["delta"]
        delta *= self.momentum
        delta -= multiply(g, eta, buf)
        add(w, delta, out)
