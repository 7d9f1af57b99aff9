"""Rules that divide by a running root mean square: every element moves at a rate of its own."""

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy import divide, multiply, sqrt, subtract

from minigrad.engine.messages.arguments import with_usage
from minigrad.engine.tensor import Tensor
from minigrad.optim.base import Optimizer
from minigrad.optim.rows import Array, State


class AdaGrad(Optimizer):
    """h ← h + g²;  w ← w − η g / (√h + ε)   (Duchi, Hazan & Singer 2011)."""

    settings = ("lr", "eps")
    limits: ClassVar = {"lr": np.inf, "eps": np.inf}
    symbols: ClassVar = {"eps": "ε"}

    @with_usage
    def __init__(self, params: Iterable[Tensor], lr: float = 0.01, eps: float = 1e-8) -> None:
        super().__init__(params, lr)
        self.eps = eps

    def _start(self, w: Array) -> State:
        return {"h": np.zeros_like(w)}

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        h = state["h"]
        h += multiply(g, g, buf)
        divide(g, take_root(h, self.eps, buf), buf)
        subtract(w, multiply(buf, eta, buf), out)


class RMSProp(Optimizer):
    """h ← ρ h + (1 − ρ) g²;  w ← w − η g / (√h + ε)   (Tieleman & Hinton 2012)."""

    settings = ("lr", "rho", "eps")
    limits: ClassVar = {"lr": np.inf, "rho": 1, "eps": np.inf}
    symbols: ClassVar = {"rho": "ρ", "eps": "ε"}

    @with_usage
    def __init__(self, params: Iterable[Tensor], lr: float = 0.01, rho: float = 0.9, eps: float = 1e-8) -> None:
        super().__init__(params, lr)
        self.rho = rho
        self.eps = eps

    def _start(self, w: Array) -> State:
        return {"h": np.zeros_like(w)}

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        h = state["h"]
        move_average(h, self.rho, multiply(g, g, buf), buf)
        divide(g, take_root(h, self.eps, buf), buf)
        subtract(w, multiply(buf, eta, buf), out)


class Adam(Optimizer):
    """Adaptive moments (Kingma & Ba 2015, algorithm 1); t counts the parameter's own updates.

    m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  w ← w − η m̂ / (√v̂ + ε),  m̂ = m/(1 − β₁ᵗ),  v̂ = v/(1 − β₂ᵗ)
    """

    settings: ClassVar[tuple[str, ...]] = ("lr", "beta1", "beta2", "eps")
    limits: ClassVar = {"lr": np.inf, "beta1": 1, "beta2": 1, "eps": np.inf}
    symbols: ClassVar = {"beta1": "β₁", "beta2": "β₂", "eps": "ε"}

    @with_usage
    def __init__(
        self, params: Iterable[Tensor], lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        super().__init__(params, lr)
        self.beta1 = beta1
        self.beta2 = beta2
        self.eps = eps

    def _start(self, w: Array) -> State:
        return {"m": np.zeros_like(w), "v": np.zeros_like(w), "t": np.zeros((), np.int64)}

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        m, v, t = state["m"], state["v"], state["t"]
        t += 1
        move_average(m, self.beta1, g, buf)
        move_average(v, self.beta2, multiply(g, g, buf), buf)
        v_hat = divide(v, 1 - self.beta2 ** t.item(), buf)
        divide(m, take_root(v_hat, self.eps, buf), buf)
        subtract(w, multiply(buf, self.lr / (1 - self.beta1 ** t.item()), buf), out)


class AdamW(Adam):
    """Adam with weight decay kept out of the gradient (Loshchilov & Hutter 2019): w ← w − η λ w, then Adam's rule.

    λ = `weight_decay` is multiplied by η, as in PyTorch; the λ of the paper is this product.
    """

    settings = (*Adam.settings, "weight_decay")
    limits: ClassVar = {**Adam.limits, "weight_decay": np.inf}
    symbols: ClassVar = {"weight_decay": "λ"}
    writes_last = False

    @with_usage
    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 0.001,
        beta1: float = 0.9,
        beta2: float = 0.999,
        eps: float = 1e-8,
        weight_decay: float = 0.01,
    ) -> None:
        super().__init__(params, lr, beta1, beta2, eps)
        self.weight_decay = weight_decay

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        multiply(w, 1 - self.lr * self.weight_decay, out)
        super()._move(out, g, eta, buf, state, out)


def move_average(running: Array, keep: float, new: Array, buf: Array) -> None:
    """Move the running average one step: running ← keep·running + (1 − keep)·new."""
    running *= keep
    running += multiply(new, 1 - keep, buf)


def take_root(h: Array, eps: float, buf: Array) -> Array:
    """Give √h + ε, in `buf`."""
    sqrt(h, buf)
    buf += eps
    return buf
