"""Layers one after another, and what all layers that are put together from others share."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.tensor import Tensor
from minigrad.nn.base import Buffered, EvalMode, Layer, Numbered, Random, Speaking, Trainable, TrainMode, each_once


class Composite(Speaking):
    """A layer that is put together from ``layers``: it learns, draws and keeps what they do."""

    layers: tuple[Layer, ...]

    def take(self, *layers: Layer) -> None:
        """Take the layers, and number those that have parameters in order, from 1."""
        for i, layer in enumerate(layers):
            check_layer(type(self).__name__, f"layer {i}", layer)
        self.layers = layers
        learning = [layer for layer in self.leaves() if isinstance(layer, Trainable) and layer.parameters()]
        for n, layer in enumerate(each_once(learning), 1):
            if isinstance(layer, Numbered):
                layer.number(n)

    def leaves(self) -> Iterator[Layer]:
        """Give the layers that are not put together from others, in order."""
        for layer in self.layers:
            if isinstance(layer, Composite):
                yield from layer.leaves()
            else:
                yield layer

    def parameters(self) -> list[Tensor]:
        """Give the parameters of all layers, each once."""
        return each_once(p for layer in self.layers if isinstance(layer, Trainable) for p in layer.parameters())

    def generators(self) -> list[np.random.Generator]:
        """Give the random generators of all layers, each once."""
        return each_once(g for layer in self.layers if isinstance(layer, Random) for g in layer.generators())

    def buffers(self) -> list[Tensor]:
        """Give the buffers of all layers, each once."""
        return each_once(b for layer in self.layers if isinstance(layer, Buffered) for b in layer.buffers())

    @with_usage
    def train(self) -> None:
        """Set every layer that has the mode to training."""
        for layer in self.layers:
            if isinstance(layer, TrainMode):
                layer.train()

    @with_usage
    def eval(self) -> None:
        """Set every layer that has the mode to predicting."""
        for layer in self.layers:
            if isinstance(layer, EvalMode):
                layer.eval()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(_shown(layer) for layer in self.layers)})"


class Sequential(Composite):
    """The layers one after another, the first one first: `Sequential(Linear(2, 3), np.tanh, Linear(3, 1))`.

    The layers that have parameters are counted from 1, through nested Sequentials, to name W₁, b₁, W₂, …; a layer
    that is used twice shares its parameters between both places, and counts once.
    """

    def __init__(self, *layers: Layer) -> None:
        self.take(*layers)

    def __call__(self, x: Any) -> Tensor:
        """Pass x through the layers."""
        for layer in self.layers:
            x = layer(x)
        return x

    def flat(self) -> Iterator[Layer]:
        """Give the layers that x passes one after another, with those of nested Sequentials in their places."""
        for layer in self.layers:
            if isinstance(layer, Sequential):
                yield from layer.flat()
            else:
                yield layer


def _shown(layer: Layer) -> str:
    return getattr(layer, "__name__", None) or repr(layer)


def check_layer(called: str, place: str, layer: Any) -> None:
    """Raise ``TypeError`` unless this may be a layer."""
    if isinstance(layer, type):
        raise TypeError(f"{called}: {place} is the class {layer.__name__}; make one, with {layer.__name__}(…)")
    if not callable(layer):
        hint = "; give a callable, such as np.tanh"
        if isinstance(layer, str):
            hint = f"; write minigrad.{layer}, or another callable" if layer.isidentifier() else hint
        elif isinstance(layer, Iterable):
            hint = f"; write {called}(*layers)"
        raise TypeError(f"{called}: {place} is {shown(layer)}, not a callable{hint}")
