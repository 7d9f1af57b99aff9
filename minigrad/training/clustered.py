"""fit on a cluster: blocks of rows in the place of batches, whose gradients come from workers."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import zip_longest
from typing import Any

import numpy as np

from minigrad.cluster.blocks import Rows, choose_size, find_rows
from minigrad.cluster.crew import Crew
from minigrad.cluster.draws import ADVANCING
from minigrad.cluster.holder import Holder
from minigrad.cluster.messages import mean_of
from minigrad.cluster.workers import check_workers
from minigrad.engine.messages.arguments import shown
from minigrad.engine.recording import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.inplace import replace_elements
from minigrad.training.history import Measured
from minigrad.training.modes import switch

FEW = 8  # rows that are looked at here


class Blocks:
    """What ``fit`` deals in the place of batches: the numbers of some blocks, and of how many rows they are."""

    T = np.zeros(0)  # targets stay on the workers

    def __init__(self, crew: Crew, rows: Rows, together: int | None, model: Any, sums: bool) -> None:
        self.crew, self.rows, self.params, self.sums = crew, rows, model.parameters(), sums
        self.buffers, self.generators = (list(getattr(model, name, list)()) for name in ("buffers", "generators"))
        self.together = together or len(crew.blocks)
        self.meter = BlockMeter(sums)

    def first(self) -> Any:
        """Read the first rows."""
        return self.rows.first(FEW)

    def deal(self, rng: np.random.Generator | None) -> Iterator[tuple[list[int], int]]:
        """Give the blocks of one epoch, each once: as many at a time as a batch has, or all.

        Of those that each worker had at first as many are in each batch, so that all have as much to do.
        """
        self.crew.follow_workers()
        blocks = self.crew.blocks
        lanes = [np.arange(lane, len(blocks), self.together) for lane in range(self.together)]
        if rng is not None and len(self) > 1:
            lanes = [rng.permutation(lane) for lane in lanes]
        for batch in zip_longest(*lanes):
            chosen = [int(number) for number in batch if number is not None]
            yield chosen, sum(blocks[number].rows for number in chosen)

    def backpropagate(self, numbers: list[int], rows: int) -> tuple[None, Tensor]:
        """Leave the gradients of some blocks in the parameters, and give their loss.

        Buffers become the mean, by rows, of what they came to on each block. Generators go on from where all rows have
        drawn what they need.
        """
        values = [p.data for p in (*self.params, *self.buffers)]
        starts, states = {}, [g.bit_generator.state for g in self.generators]
        if states:
            ends = np.cumsum([0, *(self.crew.blocks[number].rows for number in numbers)]).tolist()
            starts = dict(zip(numbers, ends, strict=False))
        sums = self.crew.add_up(values, numbers, not self.sums, states, starts)
        if sums.rows != rows:
            raise RuntimeError(f"fit: {sums.rows} rows were added up, and {rows} asked for; has the data changed?")
        share = 1.0 if self.sums else 1 / rows
        for p, g in zip(self.params, sums.gradients, strict=True):
            p.grad = None if g is None else Tensor((g * share).astype(p.dtype))
        for b, total in zip(self.buffers, sums.buffers, strict=True):
            replace_elements(b, mean_of(b.array, total, rows))
        for g, state in zip(self.generators, sums.states, strict=True):
            g.bit_generator.state = state
        return None, Tensor(sums.E * share)

    @contextmanager
    def naming(self, number: int, epoch: int, *batch: Any) -> Iterator[None]:
        """Leave errors as they are: blocks are alike."""
        yield

    def __len__(self) -> int:
        return -(-len(self.crew.blocks) // self.together)


class BlockMeter:
    """Measures the loss, which is all that comes from workers besides gradients."""

    one_hot, truth, threshold = False, False, None

    def __init__(self, sums: bool) -> None:
        self.sums, self.total, self.rows = sums, 0.0, 0
        self.metrics: dict[str, Any] = {}

    def add(self, E: float, y: None, rows: int) -> None:
        """Take in the loss of some rows."""
        self.rows += rows
        self.total += E if self.sums else E * rows

    def read(self) -> Measured:
        """Give the loss per sample since the last reading."""
        result = Measured(self.total / self.rows, None, {})
        self.total, self.rows = 0.0, 0
        return result


def gather_crew(
    client: Any, model: Any, loss: Any, data: Any, batch_size: int | None, compile: bool | str, **other: Any
) -> Blocks:
    """Put a training on a cluster's workers, and give the blocks that are dealt to them.

    The first rows go through model and loss here, so that what does not fit is an error before anything is sent.
    ``other`` are arguments of ``fit`` that need what stays on the workers.
    """
    if not all(hasattr(client, name) for name in ("submit", "run", "nthreads")):
        raise TypeError(f"fit: client must be a distributed.Client, not {shown(client)}; write Client('tcp://…')")
    if getattr(client, "asynchronous", False):
        raise ValueError("fit: the client is asynchronous, and fit waits; make one by Client('tcp://…') and no more")
    for name in (name for name, value in other.items() if value is not None):
        raise ValueError(f"fit: {name} needs outputs and targets, which stay on the workers; leave it out with client=")
    for g in getattr(model, "generators", list)():
        if not isinstance(g.bit_generator, ADVANCING):
            raise ValueError(
                f"fit: a layer draws by {type(g.bit_generator).__name__}, which workers cannot move on to the rows of "
                f"their blocks. Make it with rng=np.random.default_rng(0)"
            )
    rows = find_rows(data)
    sums = _is_sum(model, loss, rows)
    limits = check_workers(client)
    size = choose_size(rows, batch_size, limits)
    backend = None if not compile else "numpy" if compile is True else compile
    crew = Crew(client, rows.cut(size), partial(Holder, model, loss, backend), limits)
    together = None if batch_size is None else len(limits) * -(-batch_size // (size * len(limits)))
    return Blocks(crew, rows, together, model, sums)


def _is_sum(model: Any, loss: Any, rows: Rows) -> bool:
    """Say whether a loss of rows twice is twice the loss; nothing is drawn, and no average moved, by the question."""
    x, t = rows.first(FEW)
    buffers, generators = (list(getattr(model, name, list)()) for name in ("buffers", "generators"))
    kept, states = [b.array.copy() for b in buffers], [g.bit_generator.state for g in generators]
    switch(model, "eval")
    try:
        with no_grad():
            y = model(x)
            if not isinstance(y, Tensor):
                raise TypeError(f"fit: the model must return a Tensor, not {shown(y)}; compute with its parameters")
            once = loss(y, t).item()
            twice = loss(Tensor(np.concatenate([y.data, y.data])), np.concatenate([t, t])).item()
    finally:
        for b, elements in zip(buffers, kept, strict=True):
            replace_elements(b, elements)
        for g, state in zip(generators, states, strict=True):
            g.bit_generator.state = state
    return bool(abs(twice - 2 * once) < 0.01 * abs(once))
