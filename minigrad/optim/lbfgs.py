"""L-BFGS, which learns the curvature of E from its own steps, for losses of all samples at once."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import check_count, check_number, shown, with_usage
from minigrad.engine.recording import tracer
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.inplace import replace_elements
from minigrad.ops.common.libraries import make_zeros
from minigrad.optim.base import Optimizer
from minigrad.optim.line_search import LineSearch
from minigrad.optim.rows import Array, State


class LBFGS(Optimizer):
    """w ← w + α p,  p = −H g: H is an inverse Hessian made of the last steps s = Δw and the changes y = Δg along them.

    With ρ = 1/(yᵀs), each pair makes H ← (1 − ρ s yᵀ) H (1 − ρ y sᵀ) + ρ s sᵀ, from H = (sᵀy / yᵀy) 1 of the last one;
    H itself is never made (Nocedal 1980; Nocedal & Wright 2006, algorithms 7.4 and 7.5). α, at first tried as ``lr``,
    is one that satisfies Wolfe's strong conditions (see ``line_search``).

    E is to be the same function at every call, so no mini-batches and no dropout. A step asks for E several times:

        def closure():
            optimizer.zero_grad()
            E = loss(model(X), T)
            E.backward()
            return E
        optimizer.step(closure)

    memory       how many steps are remembered
    c1, c2       of Wolfe's conditions, 0 < c1 < c2 < 1
    evaluations  how often a step may ask for E
    """

    memory = 10

    @with_usage
    def __init__(
        self,
        params: Iterable[Tensor],
        lr: float = 1.0,
        memory: int = 10,
        c1: float = 1e-4,
        c2: float = 0.9,
        evaluations: int = 25,
    ) -> None:
        self.memory = check_count("LBFGS", "memory", memory)
        self.evaluations = check_count("LBFGS", "evaluations", evaluations, 2)
        self.c2 = check_number("LBFGS", "c2", c2, below=1)
        self.c1 = check_number("LBFGS", "c1", c1, below=self.c2)
        super().__init__(params, lr)

    def _start(self, w: Array) -> State:
        many = (self.memory, *w.shape)
        return {"s": make_zeros(many, w), "y": make_zeros(many, w), "t": np.zeros((), np.int64)}

    def _move(self, w: Array, g: Array, eta: Array, buf: Array, state: State, out: Array) -> None:
        raise TypeError("LBFGS: its step is not one of w and g alone, but looks at E along a line: step(closure)")

    def step(self, closure: Callable[[], Any] | None = None) -> Any:  # type: ignore[override]
        """Go one step, and give E from before it. Raises ``TypeError`` without a closure, or in a compiled function."""
        if not callable(closure):
            raise TypeError(
                f"LBFGS.step: wanted a function that forgets the gradients, computes E, calls E.backward() and returns "
                f"E, to be called several times, not {shown(closure)}. Write optimizer.step(closure)"
            )
        if tracer() is not None:
            raise TypeError("LBFGS.step: how often it looks at E depends on what it sees; compile the closure instead")
        E = closure()
        w, g = self._join("w"), self._join("g")
        p = self._turn(g)
        slope = float(g @ p)
        if not slope < 0:  # at a minimum, or with E that is not a number
            return E
        first = self.lr if self._count() else self.lr * min(1.0, 1 / float(np.abs(g).sum()))

        def look(alpha: float) -> tuple[float, float]:
            self._put(w + alpha * p)
            value = _number_of(closure())
            return value, float(self._join("g") @ p)

        search = LineSearch(look, (0.0, _number_of(E), slope), self.c1, self.c2, self.evaluations)
        alpha = search.find(first)[0]
        if (self._join("w") != w + alpha * p).any():
            look(alpha)
        self._remember(alpha * p, self._join("g") - g)
        return E

    def _join(self, what: str) -> Array:
        """Give all parameters, or their gradients, as one vector; a gradient that is None is 0."""
        if what == "w":
            return np.concatenate([p.array.ravel() for p in self.params])
        self.check_ready()
        grads = [p.stored_grad for p in self.params]
        rows = zip(self.params, grads, strict=True)
        parts = [(np.zeros_like(p.array) if g is None else g.array).ravel() for p, g in rows]
        return np.concatenate(parts)

    def _put(self, w: Array) -> None:
        begin = 0
        for p in self.params:
            replace_elements(p, w[begin : begin + p.size].reshape(p.shape))
            begin += p.size
        self.follow_parameters()

    def _count(self) -> int:
        return int(self.states[0]["t"])

    def _turn(self, g: Array) -> Array:
        """Give p = −H g by two loops over the pairs (algorithm 7.4)."""
        many, t = self.memory, self._count()
        S, Y = (np.concatenate([x[name][:].reshape(many, -1) for x in self.states], axis=1) for name in "sy")
        order = [i % many for i in range(max(0, t - many), t)]
        q, kept = g.copy(), {}
        for i in reversed(order):
            kept[i] = (S[i] @ q) / (Y[i] @ S[i])
            q -= kept[i] * Y[i]
        if order:
            last = order[-1]
            q *= (S[last] @ Y[last]) / (Y[last] @ Y[last])
        for i in order:
            q += (kept[i] - (Y[i] @ q) / (Y[i] @ S[i])) * S[i]
        return -q

    def _remember(self, s: Array, y: Array) -> None:
        """Keep a pair in the place of the oldest, if it says of a curvature that it is positive."""
        if not float(s @ y) > np.finfo(s.dtype).eps * float(y @ y):
            return
        begin = 0
        for p, state in zip(self.params, self.states, strict=True):
            own, place = slice(begin, begin + p.size), int(state["t"]) % self.memory
            state["s"][place], state["y"][place] = s[own].reshape(p.shape), y[own].reshape(p.shape)
            state["t"] += 1
            begin += p.size


def _number_of(E: Any) -> float:
    return float(E.array if isinstance(E, Tensor) else E)
