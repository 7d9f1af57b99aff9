"""What a step asks of workers, what they answer, and how answers are added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Ask:
    """What one step asks of a worker and of those below it in the tree: sums over blocks, by these parameters.

    ``numbers`` says of which blocks, for each worker that is asked; None: of all that it has. ``starts`` says, for a
    model that draws random numbers, at which row of all that are asked for each block begins, of ``rows`` in all.
    """

    values: Sequence[Any]  # of the parameters, then of the buffers
    numbers: Mapping[str, Sequence[int] | None]
    weighed: bool  # each block counts with its number of rows, since the loss is a mean over them
    states: Sequence[Any] = ()  # of the random generators
    starts: Mapping[int, int] = field(default_factory=dict)
    rows: int = 0

    def among(self, workers: Sequence[str]) -> Ask:
        """Give what is asked of some of the workers."""
        numbers = {worker: self.numbers[worker] for worker in workers if worker in self.numbers}
        return Ask(self.values, numbers, self.weighed, self.states, self.starts, self.rows)


@dataclass(frozen=True)
class Sums:
    """Sums over blocks: of E, of rows, of gradients (None of what has none), and of buffers, by rows."""

    E: float
    rows: int
    gradients: list[Any]
    buffers: list[Any] = field(default_factory=list)
    states: Sequence[
        Any
    ] = ()  # of the random generators behind all rows that were asked for: no sum, all have the same

    def __add__(self, other: Sums) -> Sums:
        if self.states != other.states:
            raise RuntimeError(
                "fit: blocks have drawn different amounts of random numbers; on a cluster a layer must draw as many "
                "for each row, or the same for all rows together"
            )
        gradients = [h if g is None else g if h is None else g + h for g, h in _pairs(self.gradients, other.gradients)]
        buffers = [b + c for b, c in _pairs(self.buffers, other.buffers)]
        return Sums(self.E + other.E, self.rows + other.rows, gradients, buffers, self.states)


def _pairs(a: Sequence[Any], b: Sequence[Any]) -> Any:
    return zip(a, b, strict=True)


@dataclass(frozen=True)
class Answer:
    """The sums of a worker and of those below it, whose blocks they count, and who of those did not answer."""

    done: list[int]
    sums: Sums | None  # None where nothing is done
    lost: dict[str, str] = field(default_factory=dict)  # why, for each worker
    error: Exception | None = None  # what the model or the loss raised


def add_in_pairs(parts: Sequence[Sums]) -> Sums:
    """Add up sums by a tree, neighbors first, so that rounding grows with the logarithm of their number."""
    row = list(parts)
    while len(row) > 1:
        pairs = [row[i] + row[i + 1] for i in range(0, len(row) - 1, 2)]
        row = pairs + row[2 * len(pairs) :]
    return row[0]


def join_answers(answers: Sequence[Answer], lost: Mapping[str, str]) -> Answer:
    """Give several answers as one."""
    for answer in answers:
        if answer.error is not None:
            return answer
    parts = [answer.sums for answer in answers if answer.sums is not None]
    done = [number for answer in answers for number in answer.done]
    gone = {worker: why for answer in answers for worker, why in answer.lost.items()}
    return Answer(done, add_in_pairs(parts) if parts else None, gone | dict(lost))


def mean_of(buffer: Any, total: Any, rows: int) -> Any:
    """Give the mean of what a buffer came to on all blocks, by rows, in its dtype."""
    mean = total / rows
    return np.rint(mean).astype(buffer.dtype) if buffer.dtype.kind in "iub" else mean.astype(buffer.dtype)
