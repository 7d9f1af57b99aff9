"""Where batches come from: arrays, dealt anew for each epoch, or what gives batches each time it is gone through."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from typing import Any

import numpy as np

from minigrad.data import Array, batches
from minigrad.engine.messages.arguments import shown
from minigrad.training.arguments import KINDS, as_array, check_samples, kind_of

ROWS = 1000  # a validation set goes through the model in pieces of this size, to bound the memory of hidden layers

Batches = Iterator[tuple[Array, Array]]


class Arrays:
    """X and T in memory, or in a file that is mapped into it."""

    def __init__(self, X: Array, T: Array, batch_size: int | None) -> None:
        self.X, self.T, self.batch_size = X, T, batch_size

    def deal(self, rng: np.random.Generator | None) -> Batches:
        """Give the batches of one epoch, in order without a generator."""
        return batches(self.X, self.T, self.batch_size, rng)

    def first(self) -> tuple[Array, Array]:
        """Give samples of the shapes and kinds that all have."""
        return self.X, self.T

    @contextmanager
    def naming(self, number: int, epoch: int, *batch: Array) -> Iterator[None]:
        """Leave errors as they are: the batches of arrays are alike."""
        yield

    def __len__(self) -> int:
        return -(-len(self.X) // min(self.batch_size or len(self.X), len(self.X)))


class Loader:
    """What gives pairs (x, t) each time that it is gone through: a loader, or a function that makes a generator."""

    T = None

    def __init__(self, name: str, loader: Any) -> None:
        self.name, self.loader = name, loader
        self.fresh: Callable[[], Any] = (
            loader if callable(loader) and not hasattr(loader, "__iter__") else loader.__iter__
        )
        self.opened: Batches | None = None

    def first(self) -> tuple[Array, Array]:
        """Give the first batch, before it is dealt: the next epoch begins with it, nothing is dealt twice."""
        batches = self._go_through()
        batch = next(batches)
        self.opened = chain([batch], batches)
        return batch

    def deal(self, rng: np.random.Generator | None) -> Batches:
        """Give the batches of one epoch, as arrays; they are dealt as the loader deals them."""
        opened, self.opened = self.opened, None
        return self._go_through() if opened is None else opened

    @contextmanager
    def naming(self, number: int, epoch: int, *batch: Array) -> Iterator[None]:
        """Say in an error of the block which batch it came of: a loader may give one unlike the others at any time."""
        try:
            yield
        except KINDS as error:
            x, t = (part.shape for part in batch)
            raise kind_of(error)(
                f"fit: batch {number} of {self.name} in epoch {epoch}, x {x} and t {t}: {error}"
            ) from error

    def _go_through(self) -> Batches:
        made = self.fresh()
        if not hasattr(made, "__iter__"):
            raise TypeError(f"fit: {self.name}() gave {shown(made)}; wanted a generator of pairs (x, t)")
        number = 0
        for number, pair in enumerate(made, 1):
            yield self._as_pair(pair, number)
        if not number:
            raise ValueError(
                f"fit: {self.name} gave no batch; give what can be gone through once for each epoch, or a function "
                f"that makes a new generator each time"
            )

    def _as_pair(self, pair: Any, number: int) -> tuple[Array, Array]:
        which = f"batch {number} of {self.name}"
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TypeError(f"fit: {which} is {shown(pair)}; wanted a pair (x, t), arrays with a row for each sample")
        x, t = (as_array(which, letter, part) for letter, part in zip("xt", pair, strict=True))
        if not x.ndim or not t.ndim or len(x) != len(t) or not len(x):
            raise ValueError(f"fit: in {which}, x and t must hold the same samples; got shapes {x.shape}, {t.shape}")
        return x, t

    def __len__(self) -> int:
        """How many batches there are, or 0 where it does not say."""
        try:
            return len(self.loader)
        except TypeError:
            return 0


def find_source(name: str, samples: Any, batch_size: int | None) -> Arrays | Loader:
    """Read what data, or validation, are."""
    if _deals(samples):
        if batch_size is not None and name == "data":
            raise ValueError(f"fit: batch_size= deals arrays; {name} is {shown(samples)}, which gives batches itself")
        return Loader(name, samples)
    return Arrays(*check_samples(name, samples), batch_size)


def _deals(samples: Any) -> bool:
    """Say whether something gives batches anew each time, and is no array, table, pair or text."""
    if callable(samples) and not isinstance(samples, type) and not hasattr(samples, "__iter__"):
        return True
    plain = isinstance(samples, tuple | list | dict | str | bytes) or hasattr(samples, "__array__")
    return hasattr(samples, "__iter__") and not hasattr(samples, "__next__") and not plain
