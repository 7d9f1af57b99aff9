"""Holder: what one worker has of a training, an actor of Dask's."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from minigrad.cluster.blocks import Block, Pair
from minigrad.engine.inplace import replace_elements

Sums = tuple[float, int, list[Any]]  # of E over blocks, of their rows, of the gradients; None of what has none


class Holder:
    """A model, the gradients of its loss, as code if that is wanted, and the blocks of rows that are its share.

    ``keep`` says whether blocks stay in memory once they are read; otherwise each is read anew in each step, and given
    back before the next.
    """

    def __init__(self, model: Any, loss: Callable[..., Any], backend: str | None, keep: bool) -> None:
        self.params, self.keep = model.parameters(), keep
        self.blocks: dict[int, Block] = {}
        self.read: dict[int, Pair] = {}

        def backpropagate(x: Any, t: Any) -> Any:
            for p in self.params:
                p.grad = None
            E = loss(model(x), t)
            E.backward()
            return E

        if backend is not None:
            compiled: Any = import_module("minigrad.compiler.api").compile
            backpropagate = compiled(backpropagate, backend=backend)
        self.backpropagate = backpropagate

    def take(self, blocks: dict[int, Block]) -> int:
        """Have these blocks from now on, and no others; give how many."""
        self.blocks = blocks
        self.read = {number: pair for number, pair in self.read.items() if number in blocks}
        return len(blocks)

    def step(self, values: Sequence[Any], numbers: Sequence[int], weighed: bool) -> tuple[str, Any]:
        """Give ("sums", …) over some blocks by these parameters, or ("error", what the model or the loss raised).

        ``weighed``: each block counts with its number of rows, since the loss is a mean over them.
        """
        try:
            for p, value in zip(self.params, values, strict=True):
                replace_elements(p, value)
            return "sums", self._add_up(numbers, weighed)
        except Exception as error:  # a user's own: what Dask raises, then, is of a worker that is lost
            return "error", error

    def _add_up(self, numbers: Sequence[int], weighed: bool) -> Sums:
        total, rows = 0.0, 0
        sums: list[Any] = [None] * len(self.params)
        for number in numbers:
            E, count = self._go_through(number)
            weight = count if weighed else 1
            total, rows = total + weight * E, rows + count
            for i, p in enumerate(self.params):
                if p.grad is not None:
                    g = weight * p.grad.data
                    sums[i] = g if sums[i] is None else sums[i] + g
        return total, rows, sums

    def _go_through(self, number: int) -> tuple[float, int]:
        """Leave the gradients of one block in the parameters; nothing else of it is held when the next one is read."""
        x, t = self._read_block(number)
        return float(self.backpropagate(x, t).item()), len(x)

    def _read_block(self, number: int) -> Pair:
        if number in self.read:
            return self.read[number]
        pair = self.blocks[number].load()
        if self.keep:
            self.read[number] = pair
        return pair


def describe_worker(dask_worker: Any) -> dict[str, Any]:
    """Say what a worker runs, and how much memory it may take."""
    versions = {"Python": platform.python_version(), "NumPy": np.__version__}
    memory = getattr(getattr(dask_worker, "memory_manager", None), "memory_limit", None)
    package: Any = sys.modules[__name__.partition(".")[0]]
    return versions | {"minigrad": package.__version__, "memory": memory}
