"""The step by minigrad.compile: the layers and losses of `engine.Layers`, turned into code."""

from functools import partial
from typing import Any

import numpy as np

from benchmarks.engine import Layers
from benchmarks.workloads import Array, Start
from minigrad import Tensor, compile


class Compiled(Layers):
    """Straight-line NumPy; its first call, which traces, is not measured."""

    backend = "numpy"

    def __init__(self, start: Start) -> None:
        super().__init__(start)

        def step(X: Array, T: Array) -> Tensor:
            E = self.loss(self.model(X), T)
            self.optimizer.zero_grad()
            E.backward()
            self.optimizer.step()
            return E

        self.step = compile(step, backend=self.backend)
        self.call = partial(self.step, self.X, self.T)

    def __call__(self) -> Any:
        return self.call()


class Native(Compiled):
    """Machine code."""

    backend = "native"


class Epochs(Native):
    """One call is an epoch of so many steps, in machine code; all batches of the data set are the same one."""

    def __init__(self, start: Start) -> None:
        super().__init__(start)
        self.steps = start.steps
        X, T = (np.tile(x, (self.steps, 1)) for x in (start.X, start.T))
        self.call = partial(self.step.epochs, X, T, len(start.X))

    def __call__(self) -> Any:
        return self.call()[0]
