"""The smallest whole backend: it evaluates the expressions of a step one after another, each by its own forward."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from minigrad.algebra.graph import evaluate
from minigrad.compiler.backend import Backend, Call, Draft, Program
from minigrad.compiler.numpy.backend import NumpyBackend
from minigrad.compiler.trace.sources import Argument, Draw, Gradient, Setting
from minigrad.engine.node import Node


class EvaluatedProgram(Program):
    """A step as what it returns and what its inputs become."""

    def __init__(self, draft: Draft) -> None:
        self.returned, self.updates = draft.returned, draft.updates
        self.source = "\n".join(map(repr, [*draft.plan.first, *draft.plan.second]))
        comes = {x: isinstance(source, Argument | Setting | Gradient) for x, source in draft.inputs.items()}
        self.bound, self.passed = [x for x in comes if not comes[x]], [x for x in comes if comes[x]]
        self.call = Call("step({})", [f"r[{i}]" for i in range(len(self.returned))])

    def make_step(self, arrays: Sequence[Any]) -> Callable[..., list[Any]]:
        """Give a function of what is passed, which gives the results and writes the updates."""

        def step(*passed: Any) -> list[Any]:
            known = dict(zip([*self.bound, *self.passed], [*arrays, *passed], strict=True))
            known.update({x: rng.random(x.shape) for x, rng in known.items() if isinstance(rng, np.random.Generator)})
            values = evaluate([*self.returned, *self.updates.values()], known)
            for x, new in zip(self.updates, values[len(self.returned) :], strict=True):
                known[x][...] = new
            return values[: len(self.returned)]

        return step

    def hold_draw(self, draw: Draw) -> np.random.Generator:
        """Give the generator: each call draws from it."""
        return draw.rng

    def find_misfit(self, arrays: Sequence[Any]) -> str:
        """Refuse parameters in one memory: what one update writes there, the next one would write over."""
        known = dict(zip(self.bound, arrays, strict=True))
        shared = any(np.may_share_memory(known[x], known[y]) for x, y in combinations(self.updates, 2))
        return "parameters that share memory" if shared else ""


class EvaluatingBackend(Backend):
    """Refuses no operation; NumPy's backend has the steps whose arrays do not fit."""

    name, fallback = "evaluating", NumpyBackend()

    def fit(self, outputs: Sequence[Any]) -> list[Any]:
        """Give them as they are."""
        return list(outputs)

    def draws_in(self, product: Node) -> bool:
        """Say no: nothing is written where it lies but at the end."""
        return False

    def write(self, draft: Draft) -> EvaluatedProgram:
        """Keep the expressions."""
        return EvaluatedProgram(draft)
