"""Whole epochs of a compiled step, the batches dealt as ``data.batches`` deals them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from operator import index
from typing import Any

import numpy as np

from minigrad.compiler.calls.entry import write_test
from minigrad.compiler.calls.results import Output
from minigrad.compiler.calls.watched import Holding, Watched
from minigrad.compiler.refusals import Refusal, Unsupported
from minigrad.compiler.trace.sources import Argument, Data, Draw, NumberOutside
from minigrad.compiler.variant import Variant
from minigrad.data import Array, Rng, batches
from minigrad.engine.recording import records_left
from minigrad.engine.tensor import Tensor
from minigrad.ops.common.libraries import bring, is_other

PATIENCE = 0.05  # seconds that native code runs before Python looks whether Ctrl-C was pressed


def run_in_python(
    step: Callable[[Any, Any], Any], X: Array, T: Array, size: int | None, epochs: int, rng: Rng
) -> Array:
    """Call the step for each batch; give the losses, (epochs, batches); those on a GPU come after each epoch."""
    rng = None if rng is None else np.random.default_rng(rng)
    losses = []
    for _ in range(epochs):
        found = [_value(step(x, t)) for x, t in batches(X, T, size, rng)]
        losses.append([float(bring(E)) for E in found])
    return np.array(losses, np.float64).reshape(epochs, -(-len(X) // min(len(X), size or len(X))))


def _value(E: Any) -> Any:
    if np.shape(E) != ():
        raise TypeError("epochs: the step must return its loss, one number")
    return E.array if isinstance(E, Tensor) else E


def _never() -> bool:
    return False


class EpochLoop:
    """The loop over the batches of one size, in the backend's own code."""

    def __init__(self, variant: Variant, x: Array, t: Array) -> None:
        record = variant.record
        alone = len(record.returned) == 1 and all(gradient is None for _, gradient in record.grads)
        plain = alone and isinstance(record.result, Output) and not np.shape(record.returned[0])
        passed = all(isinstance(source, Argument | NumberOutside) for source in variant.passed)
        doubtful = record.shown or any(isinstance(source, Draw) for source in variant.bound)
        if not plain or not passed or doubtful:
            raise Unsupported("a step that does more than return a loss and update parameters")
        self.variant, self.x, self.t = variant, x, t
        self.batch = (x, t, x.reshape(len(x), -1), t.reshape(len(x), -1))
        self.lock, self.watched = threading.Lock(), Watched(record)
        self.at_once = 1  # batches between two looks for Ctrl-C
        self.arrays: list[Any] = []
        self.step: Any = None
        self.test: Callable[[], bool] = _never
        names = [
            "xt"[source.position] if isinstance(source, Argument) else f"a{i}"
            for i, source in enumerate(variant.passed)
        ]
        self.tensors = [source.tensor for source in variant.bound if isinstance(source, Data)]
        self.held = Holding()
        self.loop = variant.program.write_epochs(names)
        self.settings = [source for source in variant.passed if isinstance(source, NumberOutside)]

    def __call__(self, X: Array, T: Array, order: Array, losses: Array) -> None:
        """Train on the batches of an order, as many as there is room for losses; Ctrl-C ends it between two."""
        with self.lock:
            self._run(X, T, order, losses)

    def holds(self) -> bool:
        """Say whether what the trace depended on is still so."""
        return self.test() or self.variant.holds([self.x, self.t])

    def is_bound(self) -> bool:
        """Say whether the step computes with the arrays that parameters have, and nobody else holds those."""
        if self.step is not None and records_left() != self.watched.seen.cell_contents:
            self.watched.look()
        if self.step is None or self.test():
            return self.step is not None
        pairs = zip(self.variant.bound, self.arrays, strict=True)
        return all(self.variant.array(source) is x for source, x in pairs)

    def _run(self, X: Array, T: Array, order: Array, losses: Array) -> None:
        while not self.is_bound():
            self.watched.check_apart()
            self.watched.settle()
            self.arrays, self.step, self.test = [], None, _never
            self.held.let_go()
            with self.held.counting(self.tensors):
                self.arrays = [self.variant.array(source) for source in self.variant.bound]
                self.step = self.variant.program.make_step(self.arrays)
                record, bound = self.variant.record, self.variant.bound
                self.test = write_test(record, [self.x, self.t], bound, self.arrays, self.watched)
            self.watched.look()
        size, start = len(self.x), 0
        while start < len(losses):
            part = losses[start : start + self.at_once]
            began = time.perf_counter()
            values = [float(source.read([])) for source in self.settings]
            rows = order[start * size : (start + len(part)) * size]
            self.loop(self.step, X, T, rows, *self.batch, part, *values)
            start += len(part)
            if time.perf_counter() - began < PATIENCE / 2:
                self.at_once *= 2
        for tensor, gradient in self.variant.record.grads:
            if gradient is None and isinstance(tensor, Tensor):
                tensor.stored_grad = None


class EpochLoops:
    """The loops of a compiled function, one for each kind of batches."""

    def __init__(self) -> None:
        self.loops: dict[Any, EpochLoop] = {}

    def run_checked(
        self, step: Any, find: Any, X: Any, T: Any, size: int | None, epochs: int, rng: Rng
    ) -> tuple[Array, list[Refusal]]:
        """Run the loop, or call the step where there is no ``find`` or no such loop; give losses, and why not."""
        X, T = (x if is_other(x) else np.asarray(x) for x in (X, T))
        batches(X, T, size)  # which checks them
        if index(epochs) < 0:
            raise ValueError(f"epochs: epochs must be 0 or more, not {epochs}")
        refused: list[Refusal] = []
        if find is not None:
            try:
                return self.run(find, X, T, min(len(X), size or len(X)), epochs, rng), []
            except Unsupported as error:
                refused = error.refusals
        return run_in_python(step, X, T, size, epochs, rng), refused

    def run(self, find: Callable[[Any, Any], Variant], X: Array, T: Array, size: int, epochs: int, rng: Rng) -> Array:
        """Run the step that ``find`` gives for some arguments on every batch of every epoch; give the losses."""
        n = len(X)
        loops = [self.loop_for(find, X, T, rows) for rows in (size, n % size) if rows]
        rng = None if rng is None else np.random.default_rng(rng)
        X2, T2 = (view_rows(x) for x in (X, T))
        losses = np.empty((epochs, -(-n // size)))
        for row in losses:
            order, whole = deal_rows(n, size, rng), n // size
            loops[0](X2, T2, order, row[:whole])
            if whole < len(row):
                loops[1](X2, T2, order[whole * size :], row[whole:])
        return losses

    def loop_for(self, find: Callable[[Any, Any], Variant], X: Array, T: Array, rows: int) -> EpochLoop:
        """Give the loop for batches of one size."""
        key = (rows, X.shape[1:], X.dtype, T.shape[1:], T.dtype)
        loop = self.loops.get(key)
        if loop is None or not loop.holds():
            x, t = (np.zeros((rows, *a.shape[1:]), a.dtype) for a in (X, T))
            loop = self.loops[key] = EpochLoop(find((x, t), {}), x, t)
        return loop


def view_rows(x: Array) -> Array:
    """Give samples as the rows of a matrix whose elements lie in order."""
    rows = x if x.ndim == 2 else x.reshape(len(x), -1)
    return rows if rows.flags.carray else np.require(rows, requirements=["C", "A", "W"])


def deal_rows(n: int, size: int, rng: Any) -> Array:
    """Give the rows of one epoch in the order in which ``data.batches`` deals them: sorted within each batch."""
    if rng is None or size >= n:
        return np.arange(n)
    order: Array = rng.permutation(n)
    whole = n - n % size
    order[:whole].reshape(-1, size).sort(axis=1)
    order[whole:].sort()
    return order
