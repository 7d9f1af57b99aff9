"""Rules by moments, as Adam is: with a look ahead, with less noise at first, by the largest gradient, without η."""

from collections.abc import Iterable
from typing import Any, ClassVar

import numpy as np
from numpy import absolute, add, divide, greater, maximum, multiply, sqrt, subtract

from minigrad.engine.messages.arguments import check_number, with_usage
from minigrad.engine.tensor import Tensor
from minigrad.optim.adaptive import Adam, move_average, take_root
from minigrad.optim.base import Optimizer
from minigrad.optim.rows import Array, State


class NAdam(Adam):
    """Adam with Nesterov's look ahead (Dozat 2016, by one β₁ for all steps); m and v are Adam's.

    w ← w − η m̄ / (√v̂ + ε),  m̄ = β₁ m/(1 − β₁ᵗ⁺¹) + (1 − β₁) g/(1 − β₁ᵗ),  v̂ = v/(1 − β₂ᵗ)
    """

    writes_last = False

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        m, v, t = state["m"], state["v"], state["t"]
        t += 1
        move_average(m, self.beta1, g, buf)
        move_average(v, self.beta2, multiply(g, g, buf), buf)
        before, now, later = self.beta1, 1 - self.beta1 ** t.item(), 1 - self.beta1 ** (t.item() + 1)
        divide(m, self._root(v, t, buf), buf)
        subtract(w, multiply(buf, self.lr * before / later, buf), out)
        divide(g, self._root(v, t, buf), buf)  # again: a second scratch space would cost more than the root
        out -= multiply(buf, self.lr * (1 - before) / now, buf)

    def _root(self, v: Array, t: Array, buf: Array) -> Array:
        return take_root(divide(v, 1 - self.beta2 ** t.item(), buf), self.eps, buf)


class RAdam(Adam):
    """Adam whose rates, of which few gradients tell at first, are let in as these tell enough (Liu et al. 2020).

    w ← w − η m̂ r / (√v̂ + ε) where ρ = ρ∞ − 2 t β₂ᵗ/(1 − β₂ᵗ) > 4, else w ← w − η m̂, with Adam's m̂ and v̂,
    ρ∞ = 2/(1 − β₂) − 1 and r² = (ρ − 4) (ρ − 2) ρ∞ / ((ρ∞ − 4) (ρ∞ − 2) ρ). β₂ must be above 0.6, where ρ∞ is 4.
    """

    symbols: ClassVar = {"rho": "ρ"}

    @with_usage
    def __init__(
        self, params: Iterable[Tensor], lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        super().__init__(params, lr, beta1, beta2, eps)

    def __setattr__(self, name: str, value: Any) -> None:
        if name == "beta2":
            _check_memory(value)
        super().__setattr__(name, value)

    def _check_setting(self, name: str, value: Any) -> None:
        super()._check_setting(name, value)
        if name == "beta2":
            _check_memory(value)

    def _start(self, w: Array) -> State:
        return {**super()._start(w), "rho": np.zeros(()), "r": np.zeros(())}

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        m, v, t, rho, r = state["m"], state["v"], state["t"], state["rho"], state["r"]
        t += 1
        move_average(m, self.beta1, g, buf)
        move_average(v, self.beta2, multiply(g, g, buf), buf)
        second, most = self.beta2 ** t.item(), 2 / (1 - self.beta2) - 1
        rho[...] = most - 2 * t.item() * second / (1 - second)
        r[...] = sqrt(maximum(rho - 4, 0) * (rho - 2) * most / ((most - 4) * (most - 2) * rho))
        divide(r.item(), take_root(divide(v, 1 - second, buf), self.eps, buf), buf)
        buf += 1 - greater(rho.item(), 4)
        multiply(buf, m, buf)
        subtract(w, multiply(buf, self.lr / (1 - self.beta1 ** t.item()), buf), out)


def _check_memory(beta2: Any) -> None:
    """Raise ``ValueError`` for a β₂ by which the variance of the rates is never known."""
    if check_number("RAdam", "beta2", beta2, 1) <= 0.6:
        raise ValueError(f"RAdam: beta2 must be above 0.6, not {beta2!r}: below, no rate is let in; take Adam for it")


class Adamax(Adam):
    """Adam by the largest gradient in the place of a root mean square (Kingma & Ba 2015, algorithm 2).

    m ← β₁ m + (1 − β₁) g;  u ← max(β₂ u, |g| + ε);  w ← w − η m̂ / u,  m̂ = m/(1 − β₁ᵗ)

    The paper is without ε, which is for a gradient that is 0 from the start.
    """

    @with_usage
    def __init__(
        self, params: Iterable[Tensor], lr: float = 0.002, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        super().__init__(params, lr, beta1, beta2, eps)

    def _start(self, w: Array) -> State:
        return {"m": np.zeros_like(w), "u": np.zeros_like(w), "t": np.zeros((), np.int64)}

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        m, u, t = state["m"], state["u"], state["t"]
        t += 1
        move_average(m, self.beta1, g, buf)
        u *= self.beta2
        maximum(u, add(absolute(g, buf), self.eps, buf), out=u)
        divide(m, u, buf)
        subtract(w, multiply(buf, self.lr / (1 - self.beta1 ** t.item()), buf), out)


class Adadelta(Optimizer):
    """A rate for each element from the size of its own steps so far (Zeiler 2012, algorithm 1, whose η is 1).

    h ← ρ h + (1 − ρ) g²;  Δw ← √((d + ε) / (h + ε)) g;  d ← ρ d + (1 − ρ) Δw²;  w ← w − η Δw. As in the paper, and in
    no other rule here, ε stands below the roots: without it, nothing would begin to move.
    """

    settings = ("lr", "rho", "eps")
    limits: ClassVar = {"lr": np.inf, "rho": 1, "eps": np.inf}
    symbols: ClassVar = {"rho": "ρ", "eps": "ε", "delta": "Δw"}

    @with_usage
    def __init__(self, params: Iterable[Tensor], lr: float = 1.0, rho: float = 0.9, eps: float = 1e-6) -> None:
        super().__init__(params, lr)
        self.rho = rho
        self.eps = eps

    def _start(self, w: Array) -> State:
        return {"h": np.zeros_like(w), "d": np.zeros_like(w), "delta": np.zeros_like(w)}

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        h, d, delta = state["h"], state["d"], state["delta"]
        move_average(h, self.rho, multiply(g, g, buf), buf)
        divide(add(d, self.eps, delta), add(h, self.eps, buf), delta)
        multiply(sqrt(delta, delta), g, delta)
        move_average(d, self.rho, multiply(delta, delta, buf), buf)
        subtract(w, multiply(delta, eta, buf), out)
