"""Gradient descent, plain and with momentum: every element moves at one rate."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy import add, multiply, sign, subtract

from minigrad.engine.messages.arguments import with_usage
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


class Nesterov(Momentum):
    """Δw ← α Δw − η g;  w ← w + α Δw − η g: momentum, whose step looks ahead (Nesterov 1983).

    w is where the gradient is taken, at the end of the step that is still to come, as Sutskever et al. (2013) write the
    rule; by its own Δw, as Bengio, Boulanger-Lewandowski & Pascanu (2013, eq. 7) put it.
    """

    writes_last = False

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        delta = state["delta"]
        delta *= self.momentum
        delta -= multiply(g, eta, buf)
        subtract(w, buf, out)
        out += multiply(delta, self.momentum, buf)


class Lion(Optimizer):
    """w ← w − η (sign(c) + λ w), c = β₁ m + (1 − β₁) g;  m ← β₂ m + (1 − β₂) g   (Chen et al. 2023, algorithm 2).

    Every element moves by η, and decays as in AdamW; c is computed as g + β₁ (m − g), for which no more memory is
    needed.
    """

    settings = ("lr", "beta1", "beta2", "weight_decay")
    limits: ClassVar = {"lr": np.inf, "beta1": 1, "beta2": 1, "weight_decay": np.inf}
    symbols: ClassVar = {"beta1": "β₁", "beta2": "β₂", "weight_decay": "λ"}
    writes_last = False

    @with_usage
    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 0.0001,
        beta1: float = 0.9,
        beta2: float = 0.99,
        weight_decay: float = 0.0,
    ) -> None:
        super().__init__(params, lr)
        self.beta1 = beta1
        self.beta2 = beta2
        self.weight_decay = weight_decay

    def _start(self, w: Array) -> State:
        return {"m": np.zeros_like(w)}

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        m = state["m"]
        multiply(w, 1 - self.lr * self.weight_decay, out)
        multiply(subtract(m, g, buf), self.beta1, buf)
        buf += g
        out -= multiply(sign(buf, buf), eta, buf)
        m *= self.beta2
        m += multiply(g, 1 - self.beta2, buf)
