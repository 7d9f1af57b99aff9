"""What a trace computes, one operation of NumPy after another, and how far rounding alone may move that."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigrad.algebra.graph import evaluate
from minigrad.compiler.passes.lower import is_view
from minigrad.compiler.record import Record
from minigrad.compiler.trace.repeated import write_out
from minigrad.engine.node import Node
from minigrad.ops.common.libraries import bring, on_host

RUNS = 4  # of rounding otherwise
MARGIN = 64  # how many times as far another order of operations may be away as those are


class Reference:
    """All that a call returns, updates and leaves behind, in this order, for given inputs.

    It is what the function itself computes, operation by operation, so that both are off by about as much where a
    result hangs on the last digits of what comes before. How much that is comes from the computation, too: it is
    repeated with every intermediate result moved by up to a unit in its last place (stochastic arithmetic, as in Vignes
    1993, A stochastic arithmetic for reliable scientific computation).
    """

    def __init__(self, record: Record, inputs: Mapping[Node, Any]) -> None:
        self.outputs = write_out(record.outputs)
        self.known = {seed: np.ones((), seed.dtype) for seed in record.seeds} | {
            x: on_host(value) for x, value in inputs.items()
        }
        self.values = self._compute()
        self.moved: list[list[Any]] = []

    def _compute(self, move: Callable[[Node, Any], Any] = lambda node, x: x) -> list[Any]:
        def each(node: Node, x: Any) -> Any:
            x = move(node, x)
            return x.item() if node.weak and isinstance(x, np.generic) else x  # a Python number leaves float32 be

        with np.errstate(all="ignore"):
            known = {node: each(node, x) for node, x in self.known.items()}
            return [np.array(x) for x in evaluate(self.outputs, known, each)]

    def find_wrong(self, number: int, found: Any) -> Any:
        """Say which elements of an output, as something else has found it, differ by more than rounding makes."""
        wanted, found = self.values[number], bring(found)
        if (wanted.shape, wanted.dtype) != (found.shape, found.dtype):
            return np.ones(1, bool)
        if np.array_equal(wanted, found, equal_nan=wanted.dtype.kind in "fc"):
            return np.zeros(wanted.shape, bool)
        if not self.moved:
            self.moved = [self._compute(_Moving(run)) for run in range(RUNS)]
        return _differ(wanted, found, [values[number] for values in self.moved])


class _Moving:
    """Moves every number that an operation gives by up to a unit in its last place."""

    def __init__(self, run: int) -> None:
        self.rng = np.random.default_rng(run)

    def __call__(self, node: Node, x: Any) -> Any:
        """Give a value moved; one that is another array's memory shares what became of that."""
        dtype = np.asarray(x).dtype
        if dtype.kind not in "fc" or (node.op is not None and is_view(node.op)):
            return x
        steps = np.finfo(dtype).eps * self.rng.uniform(-1, 1, np.shape(x))
        return np.asarray(x * (1 + steps)).astype(dtype)[()]


def _differ(wanted: Any, found: Any, moved: list[Any]) -> Any:
    """Say which elements differ by more than those that rounding has moved; infinities, NaN and truth if none has."""
    apart = ~((wanted == found) | ((wanted != wanted) & (found != found)))
    steady = np.all([(x == wanted) | ((x != x) & (wanted != wanted)) for x in moved], axis=0)
    if wanted.dtype.kind not in "fc":
        return apart & steady
    finite = np.isfinite(wanted)
    with np.errstate(all="ignore"):
        least = np.finfo(wanted.dtype).eps * np.max(np.abs(wanted), where=finite, initial=0)
        spread = np.max([np.where(np.isfinite(x), np.abs(x - wanted), np.inf) for x in moved], axis=0)
        near = np.abs(found - wanted) <= MARGIN * (spread + least)
    return apart & np.where(finite, ~near, steady)
