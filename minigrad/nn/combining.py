"""Layers made of others side by side: around them, or next to each other."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import shown
from minigrad.engine.messages.errors import ShapeError, describe
from minigrad.engine.tensor import Tensor
from minigrad.nn.base import Layer
from minigrad.nn.sequential import Composite

Join = Callable[[Sequence[Any]], Any]


class Residual(Composite):
    """y = x + f(x), where f is the layers one after another (He, Zhang, Ren & Sun 2016).

    The layers learn what to change in x. Raises ``ValueError`` where f(x) has another shape than x.
    """

    def __init__(self, *layers: Layer) -> None:
        self.take(*layers)

    def __call__(self, x: Any) -> Tensor:
        """Give y."""
        change = x
        for layer in self.layers:
            change = layer(change)
        if np.shape(change) != np.shape(x):
            raise ShapeError(
                f"{self!r}: the layers make {np.shape(change)} of {describe(x)}, whose shape is {np.shape(x)}, so that "
                f"they cannot be added. Let the last layer give what the first one takes."
            )
        return x + change


def join_columns(ys: Sequence[Any]) -> Any:
    """Put outputs side by side, along their last axis."""
    return np.concatenate(ys, axis=-1)


class Parallel(Composite):
    """y = join([f₁(x), f₂(x), …]): layers that all get the same x, each of which may be a `Sequential`.

    join  a function of the list of outputs; by default they are put side by side, along the last axis. ``sum`` adds
          them up, and ``lambda ys: np.concatenate(ys, axis=1)`` puts channels beside channels.
    """

    def __init__(self, *layers: Layer, join: Join = join_columns) -> None:
        if not layers:
            raise ValueError("Parallel: wanted one layer or more, as in Parallel(nn.Linear(2, 3), nn.Linear(2, 4))")
        if not callable(join):
            raise TypeError(f"Parallel: join must be a function of a list of outputs, such as sum, not {shown(join)}")
        self.take(*layers)
        self.join = join

    def __call__(self, x: Any) -> Tensor:
        """Give y."""
        return self.join([layer(x) for layer in self.layers])
