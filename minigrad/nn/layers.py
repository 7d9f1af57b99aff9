"""Layers: a layer is a callable of one batch, rows being samples, with `parameters()`, a list of Tensors.

A callable without parameters, such as `np.tanh` or `minigrad.relu`, may sit between layers as it is. A layer that
behaves differently in training has `train()` and `eval()`; one that draws at random has `generators()`, so that a
saved model goes on with the same draws. `Sequential` hands all of these on to its layers.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from operator import index
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from minigrad.engine.recording import random, setting
from minigrad.engine.tensor import Tensor
from minigrad.nn.init import Initializer, Rng, he, xavier
from minigrad.ops.alphabet import lower
from minigrad.ops.elementwise import relu, sigmoid, tanh
from minigrad.ops.linalg import affine
from minigrad.ops.reduction import softmax

Layer = Callable[[Any], Any]

ACTIVATIONS: dict[str, Layer] = {"sigmoid": sigmoid, "tanh": tanh, "relu": relu, "softmax": softmax}


class Linear:
    """u = x W + b: x (samples, inputs), W (inputs, outputs), b (outputs,), u (samples, outputs).

    `init` draws W from `rng`; b starts at 0, and is None with bias=False. The parameters are named W and b, and
    W₁, b₁ in the first layer of a `Sequential`; a name of your own stays.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        rng: Rng = None,
        init: Initializer = xavier,
        bias: bool = True,
        dtype: DTypeLike = np.float64,
    ) -> None:
        inputs, outputs = _size("inputs", inputs), _size("outputs", outputs)
        if np.dtype(dtype).kind != "f":
            raise TypeError(f"Linear: dtype must be a floating-point type, not {np.dtype(dtype)}")
        self.W = Tensor(init((inputs, outputs), rng, dtype), requires_grad=True, name="W")
        self.b = Tensor(np.zeros(outputs, dtype), requires_grad=True, name="b") if bias else None
        self._subscript = ""

    def __call__(self, x: Any) -> Any:
        """Give u."""
        if self.b is None:
            return x @ self.W
        return affine(x, self.W, self.b)

    def parameters(self) -> list[Tensor]:
        """Give W and, if there is one, b."""
        return [self.W] if self.b is None else [self.W, self.b]

    def number(self, n: int) -> None:
        """Name the parameters Wₙ and bₙ, unless they bear a name of the user's."""
        subscript = lower(n)
        for letter, p in zip("Wb", self.parameters(), strict=False):
            if p.name == letter + self._subscript:
                p.name = letter + subscript
        self._subscript = subscript

    def __repr__(self) -> str:
        inputs, outputs = self.W.shape
        return f"Linear({inputs}, {outputs}{'' if self.b is not None else ', bias=False'})"


class Dropout:
    """Drop each input with probability `rate` in training and divide the rest by 1 − rate; else pass all on.

    The division keeps the expected value as it is, so nothing is left to scale when predicting ("inverted" dropout;
    Srivastava, Hinton, Krizhevsky, Sutskever & Salakhutdinov 2014). A new layer is in training; `eval()` ends that.
    """

    def __init__(self, rate: float, rng: Rng = None) -> None:
        if not 0 <= rate < 1:
            raise ValueError(f"Dropout: rate is the share that is dropped, at least 0 and less than 1, not {rate!r}")
        self.rate = float(rate)
        self.rng = np.random.default_rng(rng)
        self.training = True

    def __call__(self, x: Any) -> Any:
        """Give x, in training with its dropped elements at 0."""
        rate = setting(self, "rate")
        if not setting(self, "training") or rate == 0:
            return x
        kept = random(self.rng, x.shape) >= rate
        return x * (kept.astype(np.result_type(x.dtype, 1.0)) * (1 / (1 - rate)))

    def parameters(self) -> list[Tensor]:
        """Give none: dropout learns nothing."""
        return []

    def generators(self) -> list[np.random.Generator]:
        """Give the generator of the masks."""
        return [self.rng]

    def train(self) -> None:
        """From now on drop inputs."""
        self.training = True

    def eval(self) -> None:
        """From now on pass every input on."""
        self.training = False

    def __repr__(self) -> str:
        return f"Dropout({self.rate})"


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
        learning = [layer for layer in self.flat() if hasattr(layer, "parameters") and layer.parameters()]
        for n, layer in enumerate(_once(learning), 1):
            if hasattr(layer, "number"):
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
        return _once([p for layer in self.layers if hasattr(layer, "parameters") for p in layer.parameters()])

    def generators(self) -> list[np.random.Generator]:
        """Give the random generators of all layers, each once."""
        return _once([g for layer in self.layers if hasattr(layer, "generators") for g in layer.generators()])

    def train(self) -> None:
        """Set every layer to training."""
        for layer in self.layers:
            if hasattr(layer, "train"):
                layer.train()

    def eval(self) -> None:
        """Set every layer to predicting."""
        for layer in self.layers:
            if hasattr(layer, "eval"):
                layer.eval()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(_shown(layer) for layer in self.layers)})"


class MLP(Sequential):
    """A multilayer perceptron: `MLP([784, 100, 10])` is Linear, sigmoid, Linear, softmax.

    sizes    units of the input, of each hidden layer, and of the output layer
    hidden   "sigmoid", "tanh", "relu", or any callable, after each hidden layer
    output   "softmax", "identity" (none), another of those names, or any callable, after the last layer
    init     draws the weights; by default `he` where "relu" follows, `xavier` elsewhere
    """

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
        if not isinstance(sizes, Sequence) or len(sizes) < 2:
            raise ValueError(f"MLP: sizes needs an input and an output at least, such as [2, 3, 1], not {sizes!r}")
        rng = np.random.default_rng(rng)
        last = len(sizes) - 2
        layers: list[Layer] = []
        for i, (inputs, outputs) in enumerate(pairwise(sizes)):
            activation = _activation(output if i == last else hidden)
            draw = init or (he if activation is relu else xavier)
            layers.append(Linear(inputs, outputs, rng, draw, bias, dtype))
            if activation is not None:
                layers.append(activation)
        super().__init__(*layers)


def _activation(given: str | Layer) -> Layer | None:
    if callable(given):
        return given
    if given == "identity":
        return None
    if given not in ACTIVATIONS:
        raise ValueError(f"no activation is called {given!r}; give a callable, or one of {[*ACTIVATIONS, 'identity']}")
    return ACTIVATIONS[given]


def _size(name: str, value: int) -> int:
    if index(value) < 1:
        raise ValueError(f"Linear: {name} must be 1 or more, not {value!r}")
    return index(value)


def _once(items: list[Any]) -> list[Any]:
    """Give the items in order, each object once."""
    return list({id(item): item for item in items}.values())


def _shown(layer: Layer) -> str:
    return getattr(layer, "__name__", None) or repr(layer)
