"""The multilayer perceptron, and the activations that have names."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import import_module
from itertools import pairwise

import numpy as np
from numpy.typing import DTypeLike

from minigrad.engine.messages.arguments import check_count, check_flag, check_generator, shown, with_usage
from minigrad.nn.base import Layer
from minigrad.nn.init import Initializer, Rng, he, xavier
from minigrad.nn.linear import Linear
from minigrad.nn.sequential import Sequential
from minigrad.ops.elementwise import relu, sigmoid, tanh
from minigrad.ops.reduction import softmax

ACTIVATIONS: dict[str, Layer] = {"sigmoid": sigmoid, "tanh": tanh, "relu": relu, "softmax": softmax}
LATE = ("gelu", "silu", "softplus", "elu", "leaky_relu", "logsigmoid")  # whose file is loaded for the first of them


class MLP(Sequential):
    """A multilayer perceptron: `MLP([784, 100, 10])` is Linear, sigmoid, Linear, softmax.

    sizes    units of the input, of each hidden layer, and of the output layer
    hidden   "sigmoid", "tanh", "relu", "gelu", "silu", "softplus", "elu", "leaky_relu", "logsigmoid", or any callable,
             after each hidden layer
    output   "softmax", "identity" (none), another of those names, or any callable, after the last layer
    init     draws the weights; by default `he` where "relu" follows, `xavier` elsewhere
    """

    @with_usage
    def __init__(
        self,
        sizes: Sequence[int],
        hidden: str | Layer = "sigmoid",
        output: str | Layer = "softmax",
        rng: Rng = None,
        init: Initializer | None = None,
        bias: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> None:
        if isinstance(sizes, np.ndarray):
            sizes = sizes.tolist()
        if not isinstance(sizes, Sequence) or isinstance(sizes, str) or len(sizes) < 2:
            alone = "; the sizes are one list" if isinstance(sizes, int) else ""
            raise ValueError(
                f"MLP: sizes needs an input and an output at least, such as [2, 3, 1], not {sizes!r}{alone}"
            )
        for i, size in enumerate(sizes):
            check_count("MLP", f"sizes[{i}]", size)
        rng, bias = check_generator("MLP", rng), check_flag("MLP", "bias", bias)
        between, final = _activation("hidden", hidden), _activation("output", output)
        last = len(sizes) - 2
        layers: list[Layer] = []
        for i, (inputs, outputs) in enumerate(pairwise(sizes)):
            activation = final if i == last else between
            draw = init or (he if activation is relu else xavier)
            layers.append(Linear(inputs, outputs, rng, draw, bias, dtype))
            if activation is not None:
                layers.append(activation)
        super().__init__(*layers)


def _activation(name: str, given: str | Layer) -> Layer | None:
    if callable(given):
        return given
    if given == "identity":
        return None
    if not isinstance(given, str):
        raise TypeError(f"MLP: {name} must be one activation, such as 'tanh' or np.tanh, not {shown(given)}")
    if given in LATE:
        late: Layer = getattr(import_module("minigrad.ops.networks.activations"), given)
        return late
    if given not in ACTIVATIONS:
        known = [*ACTIVATIONS, *LATE, "identity"]
        raise ValueError(f"MLP: {name}: no activation is called {given!r}; give a callable, or one of {known}")
    return ACTIVATIONS[given]
