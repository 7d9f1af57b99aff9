"""The three problems of the tour, and how each of them is trained."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from minigrad import data, losses, nn, optim

Array = NDArray[Any]
Samples = tuple[Array, Array]

MODES: dict[str, int | None] = {"batch": None, "mini-batch": 8, "online": 1}
"""How many samples make one update: all of them, eight, one."""

OPTIMIZERS: dict[str, type[optim.Optimizer]] = {
    rule.__name__: rule for rule in (optim.SGD, optim.Momentum, optim.AdaGrad, optim.RMSProp, optim.Adam, optim.AdamW)
}

QUICK = 10
"""A quick tour trains for one in so many epochs."""


@dataclass(frozen=True)
class Problem:
    """One network, its samples, and for each mode of learning how long and with which learning rates it is trained.

    ``mean`` and ``std`` are those by which X was standardised. ``epochs`` and the rates are per mode, in the order of
    ``MODES``: an epoch of online learning makes many more updates than one of batch learning and takes longer, so it
    gets fewer of them. E is summed over a batch, so the larger the batch, the smaller the rate.
    """

    key: str
    title: str
    sizes: tuple[int, ...]
    kind: Literal["regression", "classification"]
    train: Samples
    test: Samples
    mean: Array
    std: Array
    inputs: tuple[str, ...]
    classes: tuple[str, ...]
    epochs: tuple[int, int, int]
    rates: dict[str, tuple[float, float, float]]
    init: nn.init.Initializer | None = None

    @property
    def loss(self) -> Callable[[Any, Any], Any]:
        """E: squared error for regression, the literal cross-entropy for classification."""
        return losses.squared_error if self.kind == "regression" else losses.cross_entropy

    @property
    def layout(self) -> str:
        """The sizes as the textbook writes them, such as 4-25-25-3."""
        return "-".join(map(str, self.sizes))

    def model(self, seed: int) -> nn.MLP:
        """Give the network with its first weights: sigmoid layers, and the output that the kind of problem needs."""
        output = "identity" if self.kind == "regression" else "softmax"
        return nn.MLP(self.sizes, hidden="sigmoid", output=output, rng=seed, init=self.init)


def problems(seed: int) -> tuple[Problem, ...]:
    """Give the three problems; the seed draws their samples and parts these into halves, to learn from and to test."""
    rng = np.random.default_rng(seed)
    return _sine(rng), _two_regions(rng), _iris(rng)


def _sine(rng: np.random.Generator) -> Problem:
    X, T = data.sine(128)
    return Problem(
        "sine", "A sine curve", (1, 3, 1), "regression", *_halves(X, T, rng), inputs=("x",), classes=(),
        epochs=(2000, 400, 150),
        rates={
            "SGD":      (0.010, 0.050, 0.100),
            "Momentum": (0.005, 0.010, 0.020),
            "AdaGrad":  (0.500, 0.500, 0.500),
            "RMSProp":  (0.010, 0.010, 0.010),
            "Adam":     (0.030, 0.030, 0.010),
            "AdamW":    (0.030, 0.030, 0.010),
        },
    )  # fmt: skip


def _two_regions(rng: np.random.Generator) -> Problem:
    X, labels = data.two_regions(300, rng)
    return Problem(
        "regions", "A plane with two regions", (2, 8, 2), "classification",
        *_halves(X, data.one_hot(labels, 2), rng), inputs=("x₁", "x₂"), classes=("below the curve", "above it"),
        epochs=(1200, 150, 50),
        rates={
            "SGD":      (0.030, 0.100, 0.200),
            "Momentum": (0.006, 0.020, 0.030),
            "AdaGrad":  (1.000, 1.000, 1.000),
            "RMSProp":  (0.030, 0.030, 0.020),
            "Adam":     (0.100, 0.050, 0.030),
            "AdamW":    (0.100, 0.050, 0.030),
        },
        init=nn.normal(2.0),  # steep sigmoids: from Xavier's weights the boundary stays a straight line for long
    )  # fmt: skip


def _iris(rng: np.random.Generator) -> Problem:
    X, labels = data.iris()
    return Problem(
        "iris", "Fisher’s irises", (4, 25, 25, 3), "classification",
        *_halves(X, data.one_hot(labels, 3), rng, standardize=True),
        inputs=data.IRIS_FEATURES, classes=data.IRIS_CLASSES,
        epochs=(400, 100, 30),
        rates={
            "SGD":      (0.010, 0.030, 0.050),
            "Momentum": (0.001, 0.003, 0.010),
            "AdaGrad":  (0.050, 0.100, 0.100),
            "RMSProp":  (0.002, 0.003, 0.003),
            "Adam":     (0.003, 0.003, 0.003),
            "AdamW":    (0.003, 0.003, 0.003),
        },
    )  # fmt: skip


def _halves(
    X: Array, T: Array, rng: np.random.Generator, standardize: bool = False
) -> tuple[Samples, Samples, Array, Array]:
    """Give the samples to learn from and those to test with, and the mean and std by which X was standardised."""
    X_train, T_train, X_test, T_test = data.split(X, T, test=0.5, rng=rng)
    mean, std = np.zeros(X.shape[1]), np.ones(X.shape[1])
    if standardize:  # by the statistics of the training half: the test half must teach nothing
        X_train, mean, std = data.standardize(X_train)
        X_test, _, _ = data.standardize(X_test, mean, std)
    return (X_train, T_train), (X_test, T_test), mean, std
