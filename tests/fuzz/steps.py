"""Random training steps: losses, gradients that are taken, kept, scaled and cleared, and updates, in any order.

Between calls gradients, rates and parameters are set by hand. After each call the parameters and the running values
of both rules must be those of the same steps made eagerly.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad import Tensor, no_grad, optim
from tests.fuzz.states import find_difference, plain

RULES = (optim.SGD, optim.Momentum, optim.Adam, optim.RMSProp)
X = np.array([1.0, 2.0, 3.0])
LOSSES: tuple[Callable[..., Any], ...] = (
    lambda w, v, x: (w * w * x).sum(),
    lambda w, v, x: ((w * x - v) ** 2).sum() * 0.1,
    lambda w, v, x: (w**3).sum() * 0.01,
    lambda w, v, x: (np.tanh(w) * v).sum(),
    lambda w, v, x: (v * v * x).mean(),
    lambda w, v, x: (w.detach() * v * x).sum(),
    lambda w, v, x: ((w * v)[1:] ** 2).sum() * 0.1,
)


class Steps:
    """Two parameters, two rules that share one, and a step of random actions."""

    def __init__(self, seed: int) -> None:
        rng = np.random.default_rng(seed)
        self.w = Tensor(X * 0.3, requires_grad=True, name="w")
        self.v = Tensor(X[::-1] * 0.2, requires_grad=True, name="v")
        self.first = RULES[rng.integers(len(RULES))]([self.w, self.v], lr=0.05)
        self.second = RULES[rng.integers(len(RULES))]([self.w], lr=0.02)
        self.actions = [list(ACTIONS)[rng.integers(len(ACTIONS))] for _ in range(rng.integers(3, 9))]
        self.losses = [LOSSES[rng.integers(len(LOSSES))] for _ in self.actions]

    def step(self, x: Any) -> list[Any]:
        """Make all of it."""
        values = [(self.w * x).sum() * 0.1]
        for name, loss in zip(self.actions, self.losses, strict=True):
            ACTIONS[name](self, values, lambda loss=loss: loss(self.w, self.v, x))
        return values[1:]

    def state(self) -> list[Any]:
        """Give what a call leaves, but gradients, of which one from zero_grad() to step() leaves none."""
        states = [*self.first.states, *self.second.states]
        return [plain(self.w), plain(self.v), *(np.array(x) for state in states for x in state.values())]

    def update(self, rule: Any) -> None:
        """Make an update where there is a gradient."""
        if any(p.grad is not None for p in rule.params):
            rule.step()

    def change(self, name: str, how: Callable[[Any], Any]) -> None:
        """Set the gradient of a parameter anew, where there is one."""
        p = getattr(self, name)
        if p.grad is not None:
            p.grad = how(p.grad)

    def move(self) -> None:
        """Update w by hand."""
        if self.w.grad is not None:
            with no_grad():
                self.w.data = self.w.data - 0.01 * self.w.grad


ACTIONS: dict[str, Callable[[Steps, list[Any], Callable[[], Any]], Any]] = {
    "a loss": lambda s, values, loss: values.append(loss()),
    "another loss": lambda s, values, loss: values.append(loss()),
    "backward": lambda s, values, loss: values[-1].backward(),
    "backward again": lambda s, values, loss: values[-1].backward(),
    "backward of the first": lambda s, values, loss: values[0].backward(create_graph=True),
    "backward, which is forgotten": lambda s, values, loss: loss().backward(),
    "zero_grad of both": lambda s, values, loss: s.first.zero_grad(),
    "zero_grad of w": lambda s, values, loss: s.second.zero_grad(),
    "v has no gradient": lambda s, values, loss: setattr(s.v, "grad", None),
    "the first rule": lambda s, values, loss: s.update(s.first),
    "the second rule": lambda s, values, loss: s.update(s.second),
    "w's gradient is halved": lambda s, values, loss: s.change("w", lambda g: g * 0.5),
    "v's gradient is clipped": lambda s, values, loss: s.change("v", lambda g: np.clip(g, -0.1, 0.1)),
    "decay": lambda s, values, loss: s.change("w", lambda g: g + 0.1 * s.w.detach()),
    "by hand": lambda s, values, loss: s.move(),
    "v shrinks": lambda s, values, loss: setattr(s.v, "data", s.v.data * 0.9),
}


def check_steps(seed: int, wraps: dict[str, Callable[..., Any]], calls: int = 5) -> str | None:
    """Give the actions of a seed after which code is not where the same steps are eagerly; None if it always was."""
    eager, worlds = Steps(seed), {name: Steps(seed) for name in wraps}
    code = {name: wraps[name](world.step) for name, world in worlds.items()}
    rng = np.random.default_rng(seed + 1)
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i in range(calls):
            way, rate, x = int(rng.integers(6)), float(rng.random()), X * float(rng.random())
            for world in (eager, *worlds.values()):
                _change(world, way, rate)
            wanted = _call(eager.step, x)
            for name, world in worlds.items():
                if find_difference(wanted, _call(code[name], x)) or find_difference(eager.state(), world.state()):
                    return f"seed {seed}, {name}, call {i} of {eager.actions}"
            if isinstance(wanted, str):
                break
    return None


def _change(world: Steps, way: int, rate: float) -> None:
    if way == 0:
        world.w.grad = Tensor(X * 0.1)
    elif way == 1:
        world.v.grad = None
    elif way == 2:
        world.first.lr = 0.05 * rate
    elif way == 3:
        world.w.data = world.w.data * 0.9
    elif way == 4:
        world.w.grad = world.v.grad = None


def _call(step: Callable[..., Any], x: Any) -> Any:
    try:
        return plain(step(x))
    except Exception as error:
        return type(error).__name__
