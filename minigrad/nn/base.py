"""What a layer is: a callable of one batch, rows being samples; and what else it may have, which is used if it has it.

A callable without parameters, such as `np.tanh` or `minigrad.relu`, may sit between layers as it is. Each of these is
a Protocol: a layer of one's own need not inherit from anything.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, TypeVar, runtime_checkable

import numpy as np

from minigrad.engine.tensor import Tensor

Item = TypeVar("Item")


class Layer(Protocol):
    """A callable of one batch."""

    def __call__(self, x: Any, /) -> Any:
        """Give the outputs, one row for each sample."""


@runtime_checkable
class Trainable(Protocol):
    """A layer that learns."""

    def parameters(self) -> list[Tensor]:
        """Give what it learns, each once, in an order that does not change."""


@runtime_checkable
class Random(Protocol):
    """A layer that draws at random: a saved model goes on with the same draws."""

    def generators(self) -> list[np.random.Generator]:
        """Give the generators that it draws from."""


@runtime_checkable
class TrainMode(Protocol):
    """A layer that is told when training begins; it need not ask for the end."""

    def train(self) -> None:
        """From now on behave as in training."""


@runtime_checkable
class EvalMode(Protocol):
    """A layer that is told when predicting begins; it need not ask for the end."""

    def eval(self) -> None:
        """From now on behave as in predicting."""


@runtime_checkable
class Numbered(Protocol):
    """A layer whose parameters bear its number among the layers that learn: W₁, b₁."""

    def number(self, n: int) -> None:
        """Name the parameters by a number."""


def each_once(items: Iterable[Item]) -> list[Item]:
    """Give the items in order, each object once."""
    return list({id(item): item for item in items}.values())
