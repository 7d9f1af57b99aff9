"""Networks that are no MLPs: W6, a convolutional one, and W7, a block of a transformer; the step is as in W1–W5.

A case is what every column starts from, and says which loss compares the output with T.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.columns import BACKENDS, BASELINE
from benchmarks.timing import Figure, in_turns
from benchmarks.workloads import Array
from minigrad import Tensor, compile, losses, nn, optim, relu

Step = Callable[[], Any]
HEADS = 4  # of W7


@dataclass(frozen=True)
class Start:
    """A network's parameters, in the order of its layers, and a batch X with what is wanted of it, T."""

    name: str
    parameters: list[Array]
    X: Array
    T: Array
    lr: float

    def copies(self) -> list[Array]:
        """Give the parameters as copies: every column trains its own."""
        return [p.copy() for p in self.parameters]


class Layers:
    """The network of a case by minigrad's layers, with its parameters, loss and optimizer."""

    def __init__(self, start: Start) -> None:
        self.model, self.loss = MODELS[start.name](start)
        for p, value in zip(self.model.parameters(), start.copies(), strict=True):
            p.data[...] = value
        self.optimizer = optim.SGD(self.model.parameters(), start.lr)
        self.call: Step = partial(self.step, start.X, start.T)

    def step(self, X: Array, T: Array) -> Tensor:
        E = self.loss(self.model(X), T)
        self.optimizer.zero_grad()
        E.backward()
        self.optimizer.step()
        return E

    def parameters(self) -> list[Array]:
        return [p.data for p in self.model.parameters()]

    def __call__(self) -> Any:
        return self.call().item()


class Compiled(Layers):
    """Its step as code."""

    def __init__(self, start: Start, backend: str) -> None:
        super().__init__(start)
        self.call = partial(compile(self.step, backend=backend), start.X, start.T)

    def __call__(self) -> Any:
        return self.call()


def make_cnn(start: Start) -> Any:
    """Give the convolutional network: two times a convolution 3 × 3, relu and the largest of 2 × 2; a linear layer."""
    (first, second, last), dtype = start.parameters[::2], start.X.dtype
    convolutions = [nn.Conv2d(W.shape[1], W.shape[0], 3, rng=0, dtype=dtype) for W in (first, second)]
    layers = [layer for conv in convolutions for layer in (conv, relu, nn.MaxPool2d(2))]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(*last.shape, rng=0, dtype=dtype))
    return model, losses.softmax_cross_entropy


def make_block(start: Start) -> Any:
    """Give the block: causal attention and an mlp four times as wide, each behind a normalization."""
    block = nn.TransformerBlock(start.X.shape[-1], HEADS, causal=True, rng=0, dtype=start.X.dtype)
    return block, losses.squared_error


MODELS = {"W6": make_cnn, "W7": make_block}


def start_cnn(small: bool = False) -> Start:
    """Draw W6, in float32: 64 images of 28 × 28, 16 and 32 kernels, 10 classes."""
    samples, size, kernels = (3, 12, (2, 3)) if small else (64, 28, (16, 32))
    rng = np.random.default_rng(0)
    left = ((size - 2) // 2 - 2) // 2
    shapes = [(kernels[0], 1, 3, 3), (kernels[0],), (kernels[1], kernels[0], 3, 3), (kernels[1],)]
    shapes += [(kernels[1] * left**2, 10), (10,)]
    T = np.eye(10, dtype=np.float32)[rng.integers(10, size=samples)]
    return _draw("W6", shapes, (samples, 1, size, size), T, rng)


def start_block(small: bool = False) -> Start:
    """Draw W7, in float32: 16 sequences of 64 steps, 128 wide."""
    samples, steps, d = (2, 5, 8) if small else (16, 64, 128)
    rng = np.random.default_rng(0)
    attention = [(d, d)] * 4 + [(d,)] * 4
    shapes = [(d,), (d,), *attention, (d,), (d,), (d, 4 * d), (4 * d,), (4 * d, d), (d,)]
    T = rng.normal(size=(samples, steps, d)).astype(np.float32)
    return _draw("W7", shapes, (samples, steps, d), T, rng)


def _draw(name: str, shapes: list[tuple[int, ...]], size: tuple[int, ...], T: Array, rng: np.random.Generator) -> Start:
    scales = [np.sqrt(1 / (np.prod(shape[1:]) if len(shape) > 2 else shape[0])) for shape in shapes]
    parameters = [rng.normal(0, scale, shape).astype(np.float32) for scale, shape in zip(scales, shapes, strict=True)]
    return Start(name, parameters, rng.normal(size=size).astype(np.float32), T, 1e-4 / size[0])


STARTS: dict[str, Callable[..., Start]] = {
    "W6: convolutions, 64 × 28 × 28": start_cnn,
    "W7: transformer block, 16 × 64 × 128": start_block,
}


def columns(start: Start) -> dict[str, Any]:
    """Give the step by hand, by minigrad eager, and by its compiled code."""
    by_hand = import_module("benchmarks.networks_byhand").STEPS[start.name]
    return {BASELINE: by_hand(start), "minigrad": Layers(start)} | {
        name: Compiled(start, backend) for name, backend in BACKENDS.items()
    }


def measure(rivals: list[str], seconds: float, rounds: int, shortest: float, rest: float) -> dict[str, Any]:
    """Measure each case in an interleaved run of all columns, rivals' among them, with a rest between the columns."""
    found: dict[str, dict[str, Figure]] = {}
    for name, make in STARTS.items():
        start = make()
        every = columns(start)
        for rival in ("torch", "jax"):
            if rival in rivals:
                every[rival] = import_module(f"benchmarks.networks_{rival}").STEPS[start.name](start)
        found[name] = in_turns(every, BASELINE, seconds, rounds, shortest, rest)
    return found
