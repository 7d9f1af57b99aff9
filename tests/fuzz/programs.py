"""Programs: leaves and lines that can be run, eagerly or as code, and printed."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad import Tensor, optim

RULES: tuple[Callable[[Any], Any], ...] = (
    lambda params: optim.SGD(params, lr=0.05),
    lambda params: optim.Momentum(params, lr=0.05),
    lambda params: optim.Adam(params, lr=0.05),
)

STEPS = {"float64": 1e-14, "float32": 4e-7}  # what rounding may make of a number of size 1


@dataclass(frozen=True, eq=False)
class Leaf:
    """A value that is given: by an array, a Tensor or a number among the arguments, or a parameter that is captured."""

    array: Any
    kind: str
    layout: str = "plain"


@dataclass(frozen=True, eq=False)
class Line:
    """A value that is computed from leaves and earlier lines."""

    call: Callable[..., Any]
    inputs: tuple[Leaf | Line, ...]
    text: str


@dataclass(frozen=True, eq=False)
class Program:
    """Leaves and lines, in order; the loss adds up the ``ends``; ``rule`` is the optimizer's, if there is one.

    ``alias`` makes the argument of one number a view of the parameter of another. If ``rough``, by a seed of that
    number each gradient is moved in its last places before the rule sees it: Adam makes a step of size η of what
    rounding leaves of a sum of 0.
    """

    leaves: tuple[Leaf, ...]
    lines: tuple[Line, ...]
    ends: tuple[Line, ...]
    rule: int | None = None
    dtype: Any = np.float64
    alias: tuple[int, int] | None = None
    rough: int = 0

    def __str__(self) -> str:
        """Write the program as code that can be read."""
        names: dict[Any, str] = {}
        rows = []
        for i, leaf in enumerate(self.leaves):
            names[leaf] = f"{leaf.kind[0]}{i}"
            array = np.array2string(leaf.array, separator=", ", threshold=30).replace("\n", "")
            rows.append(f"{names[leaf]} = {leaf.kind} {leaf.array.dtype} {leaf.array.shape} {leaf.layout}: {array}")
        for i, line in enumerate(self.lines):
            names[line] = f"v{i}"
            rows.append(f"v{i} = " + line.text.format(*(names[x] for x in line.inputs)))
        rows.append("loss = " + " + ".join(f"({names[x]} * {names[x]}).sum() / 2" for x in self.ends))
        if self.rule is not None:
            rows.append(f"loss.backward(); {type(RULES[self.rule]([Tensor(1.0, requires_grad=True)])).__name__}.step()")
        if self.alias is not None:
            rows.append("leaf {} is a view of leaf {}".format(*self.alias))
        return "\n".join(rows)


class Instance:
    """A program with Tensors of its own: ``f(*arguments)`` is what is run as it is and as code."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.slots = [leaf for leaf in program.leaves if leaf.kind != "parameter"]
        self.values: dict[Leaf, Any] = {}
        for leaf in program.leaves:
            array = leaf.array.item() if leaf.kind == "number" else laid_out(leaf.array, leaf.layout)
            takes = leaf.kind not in ("argument", "number")
            self.values[leaf] = Tensor(array, requires_grad=True) if takes else array
        self.watched = [t for t in self.values.values() if isinstance(t, Tensor)]
        self.params: list[Tensor] = [self.values[leaf] for leaf in program.leaves if leaf.kind == "parameter"]
        self.given = [self.values[leaf] for leaf in self.slots]
        trained = [p for p in self.params if p.dtype.kind == "f"]
        self.optimizer = RULES[program.rule](trained) if program.rule is not None and trained else None
        states = self.optimizer.states if self.optimizer else []
        self.started = [{name: value.copy() for name, value in state.items()} for state in states]

    def restart(self) -> None:
        """Make everything what it was in the beginning: the Tensors and the optimizer stay the same objects."""
        for leaf, value in self.values.items():
            if isinstance(value, Tensor):
                value.data, value.grad = laid_out(leaf.array, leaf.layout), None
            elif leaf.kind == "argument":
                self.values[leaf] = laid_out(leaf.array, leaf.layout)
        self.given = [self.values[leaf] for leaf in self.slots]
        for state, started in zip(self.optimizer.states if self.optimizer else (), self.started, strict=True):
            for name, value in started.items():
                state[name][...] = value

    @property
    def arguments(self) -> list[Any]:
        """The arguments; one of them may look at a parameter's memory, where that lies now."""
        if self.program.alias is None:
            return self.given
        (argument, parameter), leaves = self.program.alias, self.program.leaves
        view = self.values[leaves[parameter]].data.T if leaves[argument].array.ndim > 1 else None
        array = (
            self.values[leaves[parameter]].data if view is None or view.shape != leaves[argument].array.shape else view
        )
        position = [leaf for leaf in leaves if leaf.kind != "parameter"].index(leaves[argument])
        return [*self.given[:position], array, *self.given[position + 1 :]]

    def compute_lines(self, arguments: Iterable[Any]) -> dict[Leaf | Line, Any]:
        """Give what every leaf and every line is."""
        known: dict[Any, Any] = {leaf: self.values[leaf] for leaf in self.program.leaves if leaf.kind == "parameter"}
        known.update(zip(self.slots, arguments, strict=True))
        for line in self.program.lines:
            known[line] = line.call(*(known[x] for x in line.inputs))
        return known

    def f(self, *arguments: Any) -> Any:
        """Compute the loss, its gradients and, with a rule, the new parameters."""
        for p in self.params:
            p.grad = None
        known = self.compute_lines(arguments)
        loss: Any = 0.0
        for end in self.program.ends:
            loss = loss + (known[end] * known[end]).sum() * 0.5
        loss.backward()
        grads = [p.grad for p in self.params]
        whole = [x for x in map(known.get, self.program.lines) if getattr(x, "dtype", loss.dtype).kind in "biu"]
        last = known[self.program.ends[-1]]
        if self.optimizer is not None:
            last = last * 1.0  # it may look at a parameter's memory, which the step changes
        if self.optimizer is not None:
            if self.program.rough:
                move_gradients(self.params, self.program.rough)
            self.optimizer.step()
        return loss, last, *grads, *whole

    def outcome(self, call: Callable[..., Any]) -> list[Any]:
        """Run a function, ``f`` or its code, twice, with other arguments the second time; give all that it leaves."""
        found = []
        for turn in range(2):
            if turn:
                self.given = [turned(x) for x in self.given]
                for t in self.watched:
                    t.grad = None
            found += [_plain(x) for x in call(*self.arguments)]
            found += [_plain(x.grad) for x in self.arguments if isinstance(x, Tensor)]
            found += [p.data.copy() for p in self.params]
        return found


def move_gradients(params: Iterable[Tensor], seed: int) -> None:
    """Move every gradient by what rounding may make of the terms that it is a sum of, which are of size 1 or larger."""
    rng = np.random.default_rng(seed - 1)
    for p in params:
        if p.grad is not None:
            g = p.grad.data
            step = STEPS.get(g.dtype.name, 0) * (1 + np.abs(g)) * rng.uniform(-1, 1, g.shape)
            p.grad = Tensor(np.asarray(np.where(np.isfinite(g), g + step, g), g.dtype))


def _plain(x: Any) -> Any:
    return None if x is None else np.array(x.data if isinstance(x, Tensor) else x)


def turned(x: Any) -> Any:
    """Give an argument with its elements in another order, still in its domain."""
    if isinstance(x, Tensor):
        return Tensor(np.roll(x.data, 1).copy(), requires_grad=True)
    return x if isinstance(x, float) else np.roll(x, 1)


def laid_out(array: Any, layout: str) -> Any:
    """Give a copy of an array that lies in memory in some way."""
    if layout == "fortran":
        return np.array(array, order="F", copy=True)
    if layout == "strided" and array.ndim:
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]
    if layout == "reversed" and array.ndim:
        return array[::-1].copy()[::-1]
    copy = array.copy()
    copy.flags.writeable = layout != "read-only"
    return copy
