"""The update rules: each class is its formula, computed in place.

g = ∂E/∂w is the gradient and η the learning rate `lr`; powers and roots are elementwise. Where a rule divides by a
root, ε stands outside it, as √h + ε, and every running value (Δw, h, m, v) starts at 0.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy import divide, multiply, sqrt
from numpy.typing import NDArray

from minigrad.engine.recording import tracer
from minigrad.engine.tensor import Tensor

Array = NDArray[Any]
State = dict[str, Array]


@dataclass(slots=True, eq=False)
class _Row:
    """One parameter and what its update needs: its array, η, scratch space, and the rule's running values.

    η is an array of w's dtype, since NumPy converts a float anew in every call, a tenth of the time of a small step;
    the scratch space spares a fresh temporary, which costs page faults where w is large, and the parameters share it,
    so that it stays in the cache.
    """

    param: Tensor
    w: Array
    eta: Array
    buf: Array
    state: State


class Optimizer:
    """Update `params` from their gradients; a subclass says its rule in `_update`.

    params  tensors of a floating dtype with requires_grad=True, each once; their arrays are written in place
    lr      η, not negative; may be set anew between steps, as every other setting may

    A parameter whose gradient is None is passed over: neither it nor its running values move.
    """

    settings: ClassVar[tuple[str, ...]] = ("lr",)
    lr: float

    def __init__(self, params: Iterable[Tensor], lr: float) -> None:
        self.params = _checked(params)
        self._rows = [
            _Row(p, p.data, np.empty((), p.dtype), buf, self._start(p.data))
            for p, buf in zip(self.params, _scratch(self.params), strict=True)
        ]
        self.lr = lr

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; η is checked, and goes to every parameter. As a property it would take longer to read."""
        if name == "lr":
            value = _within("lr", value, np.inf)
            for row in self._rows:
                row.eta[...] = value
        super().__setattr__(name, value)

    @property
    def states(self) -> list[State]:
        """The running values of each parameter, by name: the arrays themselves, in which the rule keeps them."""
        return [row.state for row in self._rows]

    def _start(self, w: Array) -> State:
        """Give the running values of one parameter, by name, before its first step."""
        return {}

    def _update(self, w: Array, g: Array, eta: Array, buf: Array, state: State) -> None:
        """Write the new w, and the new running values, in place."""
        raise NotImplementedError(f"{type(self).__name__} must define _update(w, g, eta, buf, state)")

    def write_update(self, settings: Mapping[str, Any], w: Any, g: Any, buf: Any, state: dict[str, Any]) -> None:
        """Apply the rule once, by other settings, to arrays or what computes in place as they do.

        That is how a compiler reads it. w is the parameter, g its gradient, buf scratch space of their shape, state
        the parameter's running values.
        """
        rule = object.__new__(type(self))
        rule.__dict__.update(self.__dict__ | dict(settings))
        rule._update(w, g, settings["lr"], buf, state)

    def step(self) -> None:
        """Update every parameter that has a gradient; all are checked before the first is changed."""
        tracing = tracer()
        if tracing is not None:
            tracing.step(self)
            return
        ready = []
        for row in self._rows:
            grad = row.param.stored_grad  # past the property: a tenth of a small update
            if grad is None:
                continue
            g = grad.data
            if row.param.data is not row.w or g.shape != row.w.shape:
                self._recheck(row, g)
            ready.append((row.w, g, row.eta, row.buf, row.state))
        if not ready:
            raise RuntimeError(f"{type(self).__name__}.step: no parameter has a gradient; call backward() first")
        update = self._update
        for w, g, eta, buf, state in ready:
            update(w, g, eta, buf, state)

    def zero_grad(self) -> None:
        """Forget the gradients, so that the next backward() starts from nothing."""
        tracing = tracer()
        if tracing is not None:
            for p in self.params:
                tracing.forget(p)
            return
        for p in self.params:
            p.stored_grad = None

    def state_dict(self) -> dict[str, Any]:
        """Give the rule's name, its settings and a copy of the running values: all that the next step depends on."""
        return {
            "rule": type(self).__name__,
            "settings": {name: float(getattr(self, name)) for name in self.settings},
            "state": [{name: value.copy() for name, value in row.state.items()} for row in self._rows],
        }

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; ValueError, with nothing changed, if it belongs to another optimiser."""
        if saved["rule"] != type(self).__name__ or set(saved["settings"]) != set(self.settings):
            raise ValueError(f"the state is of {saved['rule']} with {list(saved['settings'])}, not of {self!r}")
        settings = {name: float(saved["settings"][name]) for name in self.settings}
        if len(saved["state"]) != len(self.params):
            raise ValueError(f"the state is of {len(saved['state'])} parameters, {self!r} has {len(self.params)}")
        for i, (row, state) in enumerate(zip(self._rows, saved["state"], strict=True)):
            came, wanted = ({k: (a.shape, a.dtype.name) for k, a in s.items()} for s in (state, row.state))
            if came != wanted:
                raise ValueError(f"{self!r} keeps {wanted} for {_label(row.param, i)}, the state has {came}")
        for name, value in settings.items():  # lr comes first, and is the one that may be refused
            setattr(self, name, value)
        for row, state in zip(self._rows, saved["state"], strict=True):
            for name, value in state.items():
                row.state[name][...] = value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={getattr(self, name)!r}' for name in self.settings)})"

    def _recheck(self, row: _Row, g: Array) -> None:
        """Follow a parameter to the array that the user has put in the place of the old one, if it fits."""
        label, w = _label(row.param, self._rows.index(row)), row.param.data
        if w.shape != row.w.shape or w.dtype != row.w.dtype:
            raise ValueError(
                f"step: {label} is now {w.dtype} {w.shape}, but was {row.w.dtype} {row.w.shape} when "
                f"{type(self).__name__} was made; make a new optimiser for the new array"
            )
        if g.shape != w.shape:
            raise ValueError(f"step: the gradient of {label} has shape {g.shape}, not the parameter's {w.shape}")
        row.w = w


class SGD(Optimizer):
    """Gradient descent, stochastic when g is the gradient of a batch: w ← w − η g."""

    def _update(self, w: Array, g: Array, eta: Array, buf: Array, state: State) -> None:
        w -= multiply(g, eta, buf)


class Momentum(Optimizer):
    """Δw ← α Δw − η g;  w ← w + Δw, with α = `momentum` (Rumelhart, Hinton & Williams 1986)."""

    settings = ("lr", "momentum")

    def __init__(self, params: Iterable[Tensor], lr: float = 0.01, momentum: float = 0.9) -> None:
        super().__init__(params, lr)
        self.momentum = _within("momentum", momentum, 1)

    def _start(self, w: Array) -> State:
        return {"delta": np.zeros_like(w)}

    def _update(self, w: Array, g: Array, eta: Array, buf: Array, state: State) -> None:
        delta = state["delta"]
        delta *= self.momentum
        delta -= multiply(g, eta, buf)
        w += delta


class AdaGrad(Optimizer):
    """h ← h + g²;  w ← w − η g / (√h + ε)   (Duchi, Hazan & Singer 2011)."""

    settings = ("lr", "eps")

    def __init__(self, params: Iterable[Tensor], lr: float = 0.01, eps: float = 1e-8) -> None:
        super().__init__(params, lr)
        self.eps = _within("eps", eps, np.inf)

    def _start(self, w: Array) -> State:
        return {"h": np.zeros_like(w)}

    def _update(self, w: Array, g: Array, eta: Array, buf: Array, state: State) -> None:
        h = state["h"]
        h += multiply(g, g, buf)
        divide(g, _root(h, self.eps, buf), buf)
        w -= multiply(buf, eta, buf)


class RMSProp(Optimizer):
    """h ← ρ h + (1 − ρ) g²;  w ← w − η g / (√h + ε)   (Tieleman & Hinton 2012)."""

    settings = ("lr", "rho", "eps")

    def __init__(self, params: Iterable[Tensor], lr: float = 0.01, rho: float = 0.9, eps: float = 1e-8) -> None:
        super().__init__(params, lr)
        self.rho = _within("rho", rho, 1)
        self.eps = _within("eps", eps, np.inf)

    def _start(self, w: Array) -> State:
        return {"h": np.zeros_like(w)}

    def _update(self, w: Array, g: Array, eta: Array, buf: Array, state: State) -> None:
        h = state["h"]
        _average(h, self.rho, multiply(g, g, buf), buf)
        divide(g, _root(h, self.eps, buf), buf)
        w -= multiply(buf, eta, buf)


class Adam(Optimizer):
    """Adaptive moments (Kingma & Ba 2015, algorithm 1); t counts the parameter's own updates.

    m ← β₁ m + (1 − β₁) g;  v ← β₂ v + (1 − β₂) g²;  w ← w − η m̂ / (√v̂ + ε),  m̂ = m/(1 − β₁ᵗ),  v̂ = v/(1 − β₂ᵗ)
    """

    settings: ClassVar[tuple[str, ...]] = ("lr", "beta1", "beta2", "eps")

    def __init__(
        self, params: Iterable[Tensor], lr: float = 0.001, beta1: float = 0.9, beta2: float = 0.999, eps: float = 1e-8
    ) -> None:
        super().__init__(params, lr)
        self.beta1 = _within("beta1", beta1, 1)
        self.beta2 = _within("beta2", beta2, 1)
        self.eps = _within("eps", eps, np.inf)

    def _start(self, w: Array) -> State:
        return {"m": np.zeros_like(w), "v": np.zeros_like(w), "t": np.zeros((), np.int64)}

    def _update(self, w: Array, g: Array, eta: Array, buf: Array, state: State) -> None:
        m, v, t = state["m"], state["v"], state["t"]
        t += 1
        _average(m, self.beta1, g, buf)
        _average(v, self.beta2, multiply(g, g, buf), buf)
        v_hat = divide(v, 1 - self.beta2 ** t.item(), buf)
        divide(m, _root(v_hat, self.eps, buf), buf)
        w -= multiply(buf, self.lr / (1 - self.beta1 ** t.item()), buf)


class AdamW(Adam):
    """Adam with weight decay kept out of the gradient (Loshchilov & Hutter 2019): w ← w − η λ w, then Adam's rule.

    λ = `weight_decay` is multiplied by η, as in PyTorch; the λ of the paper is this product.
    """

    settings = (*Adam.settings, "weight_decay")

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
        self.weight_decay = _within("weight_decay", weight_decay, np.inf)

    def _update(self, w: Array, g: Array, eta: Array, buf: Array, state: State) -> None:
        w *= 1 - self.lr * self.weight_decay
        super()._update(w, g, eta, buf, state)


def _scratch(params: list[Tensor]) -> Iterator[Array]:
    """Give each parameter scratch space of its shape and dtype, all of them in the same memory."""
    memory = np.empty(max(p.data.nbytes for p in params), np.uint8)
    for p in params:
        yield memory[: p.data.nbytes].view(p.dtype).reshape(p.shape)


def _average(running: Array, keep: float, new: Array, buf: Array) -> None:
    """Move the running average one step: running ← keep·running + (1 − keep)·new."""
    running *= keep
    running += multiply(new, 1 - keep, buf)


def _root(h: Array, eps: float, buf: Array) -> Array:
    """Give √h + ε, in `buf`."""
    sqrt(h, buf)
    buf += eps
    return buf


def _within(name: str, value: float, below: float) -> float:
    """Give the setting as a float, if 0 ≤ value < below."""
    if not 0 <= value < below:
        wanted = "a finite number, 0 or more" if below == np.inf else f"at least 0 and less than {below}"
        raise ValueError(f"{name} must be {wanted}, not {value!r}")
    return float(value)


def _checked(params: Iterable[Tensor]) -> list[Tensor]:
    """Give the parameters as a list, or say which of them cannot be trained and why."""
    if isinstance(params, Tensor):
        raise TypeError("params must be a list of Tensors, not one Tensor; write [w]")
    if not isinstance(params, Iterable):
        raise TypeError(f"params must be a list of Tensors, not {type(params).__name__}; write model.parameters()")
    params = list(params)
    if not params:
        raise ValueError("params is empty: there is nothing to train")
    seen: set[int] = set()
    for i, p in enumerate(params):
        if not isinstance(p, Tensor):
            raise TypeError(f"params[{i}] is {type(p).__name__}, not a Tensor; write Tensor(data, requires_grad=True)")
        if p.dtype.kind != "f":
            raise TypeError(f"{_label(p, i)} is {p.dtype}; only floating-point parameters can be trained")
        if p.op is not None:
            raise ValueError(f"{_label(p, i)} is the result of an operation; give the tensors it was computed from")
        if not p.requires_grad:
            raise ValueError(f"{_label(p, i)} does not require a gradient; make it with requires_grad=True")
        if not getattr(getattr(p.data, "flags", None), "writeable", True):
            raise ValueError(f"{_label(p, i)} has a read-only array, and is to be updated in place; give it a copy")
        if id(p) in seen:
            raise ValueError(f"{_label(p, i)} is in params twice and would be updated twice; give it once")
        seen.add(id(p))
    return params


def _label(p: Tensor, i: int) -> str:
    """Name the parameter for an error."""
    return f"params[{i}]" if p.name is None else f"params[{i}] ({p.name})"
