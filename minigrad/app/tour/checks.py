"""The engine beside the δ formulas derived by hand: the same gradients, and at what price."""

from __future__ import annotations

import statistics
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from minigrad import data, nn, optim
from minigrad.app.tour.problems import MODES, Array, Problem, Samples
from minigrad.engine.tensor import Tensor
from minigrad.ops.common.alphabet import to_subscript
from minigrad.textbook import Network

LIMIT = 1e-12
"""The largest difference that passes, relative to the largest element where that is more than 1."""

QUANTITIES = ("δ", "∂E/∂W", "∂E/∂b", "∂E/∂Y")
ROUNDS = 15
UPDATES = 50  # that one round takes at least, so that it is long beside the clock's own cost

Differences = list[dict[str, float]]
"""For each layer, layer 1 first, the largest difference of each of the QUANTITIES."""


@dataclass(frozen=True)
class Record:
    """The recorded loss E of a batch, and for each layer what enters it, Y, and its total input u = y W + b."""

    E: Tensor
    inputs: list[Tensor]
    totals: list[Tensor]
    layers: list[nn.Linear]


def record(problem: Problem, model: nn.MLP, X: Tensor, T: Array) -> Record:
    """Compute E layer by layer, with every quantity under the name that the textbook gives it."""
    y: Tensor = X
    inputs, totals, layers = [], [], []
    for layer in model.layers:
        if isinstance(layer, nn.Linear):
            inputs.append(y)
            layers.append(layer)
        y = layer(y)
        y.name = ("u" if layer is layers[-1] else "y") + to_subscript(len(layers))
        if layer is layers[-1]:
            totals.append(y)
    if y is not totals[-1]:
        y.name = "y"
    E = problem.loss(y, Tensor(T, name="t"))
    E.name = "E"
    return Record(E, inputs, totals, layers)


def differences(problem: Problem, models: Iterable[nn.MLP]) -> Differences:
    """Compare δ = ∂E/∂u, ∂E/∂W, ∂E/∂b and ∂E/∂Y of every layer with the textbook's, over all training samples.

    The textbook's network gets a copy of the weights. The difference of two arrays is max |a − b| / max(1, max |b|);
    over several models the largest counts. NaN counts as infinite.
    """
    X, T = problem.train
    found: Differences = [dict.fromkeys(QUANTITIES, 0.0) for _ in problem.sizes[1:]]
    for model in models:
        ours = record(problem, model, Tensor(X, requires_grad=True, name="x"), T)
        for t in (*ours.inputs, *ours.totals):
            t.retain_grad()
        for p in model.parameters():
            p.grad = None
        ours.E.backward()
        hand = by_hand(problem, model)
        hand.forward(X)
        wanted = hand.backward(T)
        for number, layer in enumerate(ours.layers):
            pairs: tuple[tuple[Tensor | None, Array], ...] = (
                (ours.totals[number], wanted.deltas[number]),
                (layer.W, wanted.weights[number]),
                (layer.b, wanted.biases[number]),
                (ours.inputs[number], wanted.inputs[number]),
            )
            for quantity, (ours_t, by_hand_t) in zip(QUANTITIES, pairs, strict=True):
                found[number][quantity] = max(found[number][quantity], _difference(ours_t, by_hand_t))
    return found


def by_hand(problem: Problem, model: nn.MLP) -> Network:
    """Give the textbook's network with a copy of the model's weights."""
    network = Network(problem.sizes, problem.kind)
    parameters = [p.data.copy() for p in model.parameters()]
    network.weights, network.biases = parameters[0::2], parameters[1::2]
    return network


def _difference(t: Tensor | None, b: Array) -> float:
    if t is None or t.grad is None or t.grad.shape != b.shape:
        return np.inf
    difference = np.abs(t.grad.data - b).max() / max(1, np.abs(b).max())
    return float(np.nan_to_num(difference, nan=np.inf))


@dataclass(frozen=True)
class Price:
    """The median time in seconds of one update in one mode: by the engine and by hand."""

    mode: str
    engine: float
    hand: float

    @property
    def ratio(self) -> float:
        """How many times as long the engine takes."""
        return self.engine / self.hand


def price(problem: Problem, seed: int) -> list[Price]:
    """Time gradient descent by the engine and by ``textbook.Network.step``, from the same weights, on the same batches.

    Both do the same: forward, E, every gradient, update. They take turns, so that both meet the same noise.
    """
    prices = []
    for (mode, size), lr in zip(MODES.items(), problem.rates["SGD"], strict=True):
        batches = list(data.batches(*problem.train, size, seed))
        batches *= max(1, UPDATES // len(batches))
        model = problem.model(seed)
        hand, rule = by_hand(problem, model), optim.SGD(model.parameters(), lr)
        engine_seconds, hand_seconds = [], []
        for _ in range(ROUNDS):
            engine_seconds.append(_engine_seconds(problem, model, rule, batches))
            hand_seconds.append(_hand_seconds(hand, batches, lr))
        medians = (statistics.median(seconds) / len(batches) for seconds in (engine_seconds, hand_seconds))
        prices.append(Price(mode, *medians))
    return prices


def _engine_seconds(problem: Problem, model: nn.MLP, rule: optim.Optimizer, batches: list[Samples]) -> float:
    started = time.perf_counter()
    for x, t in batches:
        rule.zero_grad()
        problem.loss(model(x), t).backward()
        rule.step()
    return time.perf_counter() - started


def _hand_seconds(network: Network, batches: list[Samples], lr: float) -> float:
    started = time.perf_counter()
    for x, t in batches:
        network.step(x, t, lr)
    return time.perf_counter() - started
