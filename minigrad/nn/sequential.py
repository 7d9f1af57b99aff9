"""Layers one after another."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from minigrad.engine.tensor import Tensor
from minigrad.nn.base import EvalMode, Layer, Numbered, Random, Trainable, TrainMode, each_once


class Sequential:
    """The layers one after another, the first one first: `Sequential(Linear(2, 3), np.tanh, Linear(3, 1))`.

    The layers that have parameters are counted from 1, through nested Sequentials, to name W₁, b₁, W₂, …; a layer
    that is used twice shares its parameters between both places, and counts once.
    """

    def __init__(self, *layers: Layer) -> None:
        for i, layer in enumerate(layers):
            if not callable(layer):
                hint = "; write Sequential(*layers)" if isinstance(layer, Sequence) else ""
                raise TypeError(f"Sequential: layer {i} is {type(layer).__name__}, not a callable{hint}")
        self.layers = layers
        learning = [layer for layer in self.flat() if isinstance(layer, Trainable) and layer.parameters()]
        for n, layer in enumerate(each_once(learning), 1):
            if isinstance(layer, Numbered):
                layer.number(n)

    def __call__(self, x: Any) -> Any:
        """Pass x through the layers."""
        for layer in self.layers:
            x = layer(x)
        return x

    def flat(self) -> Iterator[Layer]:
        """Give the layers, with those of nested Sequentials in their places."""
        for layer in self.layers:
            if isinstance(layer, Sequential):
                yield from layer.flat()
            else:
                yield layer

    def parameters(self) -> list[Tensor]:
        """Give the parameters of all layers, each once."""
        return each_once(p for layer in self.layers if isinstance(layer, Trainable) for p in layer.parameters())

    def generators(self) -> list[np.random.Generator]:
        """Give the random generators of all layers, each once."""
        return each_once(g for layer in self.layers if isinstance(layer, Random) for g in layer.generators())

    def train(self) -> None:
        """Set every layer that has the mode to training."""
        for layer in self.layers:
            if isinstance(layer, TrainMode):
                layer.train()

    def eval(self) -> None:
        """Set every layer that has the mode to predicting."""
        for layer in self.layers:
            if isinstance(layer, EvalMode):
                layer.eval()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(_shown(layer) for layer in self.layers)})"


def _shown(layer: Layer) -> str:
    return getattr(layer, "__name__", None) or repr(layer)
