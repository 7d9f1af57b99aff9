"""Several optimizers as one: groups of parameters, each with a rule, a learning rate and a decay of its own."""

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from typing import Any

from minigrad.engine.messages.arguments import check_number, shown
from minigrad.engine.messages.errors import name_or
from minigrad.engine.recording import tracer
from minigrad.engine.tensor import Tensor
from minigrad.optim.base import Optimizer
from minigrad.optim.rows import State, States


class Groups:
    """Let each optimizer update its own parameters: ``Groups(SGD(first, lr=0.1), AdamW(others, lr=0.001))``.

    It is taken where an optimizer is: in a loop, by ``fit``, ``save`` and ``load``, by schedules of the learning rate.
    ``lr`` is that of the first group; set anew, it takes the others along, so that their ratios stay. A group none of
    whose parameters has a gradient is passed over. Groups by one rule may be dicts, too, of params and settings:
    ``SGD([{"params": first, "lr": 0.1}, {"params": others}], lr=0.01)`` is such Groups.
    """

    def __init__(self, *optimizers: Optimizer) -> None:
        if not optimizers:
            raise ValueError(
                "Groups: give an optimizer for each group, Groups(SGD(first, lr=0.1), SGD(others, lr=0.01))"
            )
        for i, optimizer in enumerate(optimizers):
            if not isinstance(optimizer, Optimizer):
                which = f"the class {optimizer.__name__}" if isinstance(optimizer, type) else shown(optimizer)
                raise TypeError(f"Groups: group {i} must be an optimizer, such as SGD(first, lr=0.1), not {which}")
        self.groups = optimizers
        self._ratios: list[float] | None = None  # of the learning rates, to the first; remembered where that is 0
        self.params: tuple[Tensor, ...] = tuple(p for optimizer in optimizers for p in optimizer.params)
        seen: set[int] = set()
        for p in self.params:
            if id(p) in seen:
                raise ValueError(f"Groups: {name_or(p, 'a tensor')} is in two groups and would be updated twice")
            seen.add(id(p))

    @property
    def lr(self) -> float:
        """η of the first group."""
        return self.groups[0].lr

    @lr.setter
    def lr(self, value: float) -> None:
        first = check_number("Groups", "lr", value)
        if self.lr:
            self._ratios = [optimizer.lr / self.lr for optimizer in self.groups]
        if self._ratios is None:
            raise ValueError(
                "Groups: the first group's lr is 0, and nothing tells the others'; set lr of each of .groups"
            )
        for optimizer, ratio in zip(self.groups, self._ratios, strict=True):
            optimizer.lr = first * ratio

    @property
    def states(self) -> list[State]:
        """The running values of each parameter, by name, in the order of ``params``."""
        return States(state for optimizer in self.groups for state in optimizer.states)

    def step(self) -> None:
        """Update every parameter that has a gradient."""
        ready = [optimizer for optimizer in self.groups if any(p.grad is not None for p in optimizer.params)]
        if not ready:
            raise RuntimeError("Groups.step: no parameter has a gradient; call backward() first")
        for optimizer in ready if tracer() is None else ():  # all, before the first is changed
            optimizer.check_ready()
        for optimizer in ready:
            optimizer.step()

    def zero_grad(self) -> None:
        """Forget the gradients of all groups."""
        for optimizer in self.groups:
            optimizer.zero_grad()

    def state_dict(self) -> dict[str, Any]:
        """Give all that the next step depends on; settings are called by the number of their group: ``0.lr``."""
        saved = [optimizer.state_dict() for optimizer in self.groups]
        return {
            "rule": " + ".join(state["rule"] for state in saved),
            "settings": {f"{i}.{name}": x for i, state in enumerate(saved) for name, x in state["settings"].items()},
            "state": [row for state in saved for row in state["state"]],
        }

    def check_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Raise ValueError if what `state_dict` gave is of other groups."""
        for optimizer, state in zip(self.groups, self._part(saved), strict=True):
            optimizer.check_state_dict(state)

    def load_state_dict(self, saved: Mapping[str, Any]) -> None:
        """Take over what `state_dict` gave; ValueError, with nothing changed, if it is of other groups."""
        self.check_state_dict(saved)
        for optimizer, state in zip(self.groups, self._part(saved), strict=True):
            optimizer.load_state_dict(state)

    def _part(self, saved: Mapping[str, Any]) -> list[dict[str, Any]]:
        """Give what was saved of each group."""
        rules, rows = str(saved["rule"]).split(" + "), list(saved["state"])
        if len(rules) != len(self.groups) or len(rows) != len(self.params):
            raise ValueError(
                f"the state is of {saved['rule']}, {len(rows)} parameters, not of {self!r} with {len(self.params)}"
            )
        parts, start = [], 0
        for i, (rule, optimizer) in enumerate(zip(rules, self.groups, strict=True)):
            settings = {x.partition(".")[2]: value for x, value in saved["settings"].items() if x.startswith(f"{i}.")}
            end = start + len(optimizer.params)
            parts.append({"rule": rule, "settings": settings, "state": rows[start:end]})
            start = end
        return parts

    def __repr__(self) -> str:
        return f"Groups({', '.join(map(repr, self.groups))})"


@Optimizer.take_groups
def group_by_dicts(
    rule: type[Optimizer], given: Sequence[Any], more: tuple[Any, ...], options: dict[str, Any]
) -> Groups:
    """Give the Groups of dicts with "params" and settings; what one does not say is as for all, or by default."""
    called, names = rule.__name__, list(inspect.signature(rule.__init__).parameters)[2:]  # after self and params
    shared = dict(zip(names, more, strict=False)) | options
    for i, group in enumerate(given):
        if not isinstance(group, Mapping) or "params" not in group:
            raise TypeError(
                f'{called}: where one of the params is a dict, each is one with "params" in it, and params[{i}] is '
                f'{shown(group)}. Write {called}([{{"params": first.parameters(), "lr": 0.1}}, …])'
            )
        for name in group.keys() - {"params", *names}:
            raise TypeError(f"{called}: params[{i}] sets {name!r}; a group may set {', '.join(names)}")
    return Groups(*(rule(x["params"], **shared | {k: v for k, v in x.items() if k != "params"}) for x in given))
