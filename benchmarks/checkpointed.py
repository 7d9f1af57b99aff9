"""The memory of W8's value and gradient over thousands of steps, with a checkpoint around each √T of them.

Beyond what the function is given: minigrad's by ``tracemalloc``, at its peak, JAX's as its compiler states it, of a
``scan`` over checkpointed scans.
"""

import tracemalloc
from collections.abc import Sequence
from importlib import import_module
from math import isqrt
from typing import Any

import numpy as np

from benchmarks.loops import draw_network
from benchmarks.workloads import Array
from minigrad import Tensor, checkpoint

OURS, JAX = "minigrad", "jax"
LENGTHS = 2_500, 10_000


def draw_long(turns: int) -> tuple[list[Array], Array, Array]:
    """Draw W8 for so many steps: its parameters, the sequence, and what is wanted at the end."""
    parameters, X, T = draw_network()
    return parameters, np.random.default_rng(1).normal(size=(turns, *X.shape[1:])).astype(X.dtype), T


class Recurrent:
    """Value and gradients by parts of √T steps; with ``parts=False`` at once, which keeps all."""

    def __init__(self, parameters: list[Array], X: Array, T: Array, parts: bool = True) -> None:
        self.tensors, self.X, self.T = [Tensor(p.copy(), requires_grad=True) for p in parameters], X, T
        self.part = checkpoint(self.turns) if parts else self.turns

    def turns(self, h: Any, X: Any) -> Any:
        Wx, Wh, b, _ = self.tensors
        for x in X:
            h = np.tanh(x @ Wx + h @ Wh + b)
        return h

    def __call__(self) -> tuple[float, list[Array]]:
        h: Any = np.zeros((self.X.shape[1], self.tensors[1].shape[0]), self.X.dtype)
        for begin in range(0, len(self.X), isqrt(len(self.X))):
            h = self.part(h, self.X[begin : begin + isqrt(len(self.X))])
        E = ((h @ self.tensors[3] - self.T) ** 2).mean()
        E.backward()
        found = [p.grad.data for p in self.tensors if p.grad is not None]
        for p in self.tensors:
            p.grad = None
        return E.item(), found


def peak_of(call: Any) -> int:
    """Give the most bytes that a call holds at once beyond what there was before."""
    call()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    call()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak - before


def measure(rivals: Sequence[str]) -> dict[str, dict[str, int]]:
    """Give the bytes of each, by the number of steps."""
    found = {OURS: {str(turns): peak_of(Recurrent(*draw_long(turns))) for turns in LENGTHS}}
    if JAX in rivals:
        needs = import_module("benchmarks.checkpointed_jax").bytes_of
        found[JAX] = {str(turns): needs(*draw_long(turns)) for turns in LENGTHS}
    return found
