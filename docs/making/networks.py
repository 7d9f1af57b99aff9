"""The networks of the chapter, their losses, and the trainings that it measures."""

from __future__ import annotations

from functools import cache
from statistics import median
from typing import Any, NamedTuple

import numpy as np

from minigrad import Tensor, data, fit, losses, nn, optim, sigmoid, softmax, sums_to_one
from minigrad.training import History

SIZES = (2, 3, 2)  # inputs i, hidden units j, outputs k
SAMPLES = 4
MODES = {"batch": None, "mini-batch": 8, "online": 1}
RATES = {"batch": 0.01, "mini-batch": 0.05, "online": 0.1}  # E is a sum over a batch: the larger that, the smaller η
EPOCHS = 150


def make_loss(problem: str, samples: int = 0) -> Tensor:
    """Record the loss of y = f(σ(y W₁ + b₁) W₂ + b₂): of one sample, whose values are vectors, or of several, in rows.

    problem  "regression" with the identity for f, "classification" with softmax, "general" with σ
    """
    rng = np.random.default_rng(0)
    rows = (samples,) if samples else ()

    def parameter(name: str, *shape: int) -> Tensor:
        return Tensor(rng.normal(size=shape), requires_grad=True, name=name)

    inputs, hidden, outputs = SIZES
    y = Tensor(rng.normal(size=(*rows, inputs)), requires_grad=True, name="Y0")
    y = sigmoid(y @ parameter("W1", inputs, hidden) + parameter("b1", hidden))
    u = y @ parameter("W2", hidden, outputs) + parameter("b2", outputs)
    if problem == "classification":
        return losses.cross_entropy(softmax(u), make_targets(samples))
    t = Tensor(rng.normal(size=(*rows, outputs)), name="T" if samples else "t")
    return losses.squared_error(u if problem == "regression" else sigmoid(u), t)


def make_targets(samples: int) -> Any:
    """Give targets of which each is 1 in one place and 0 elsewhere."""
    one_hot = data.one_hot(np.arange(max(samples, 1)) % SIZES[-1], SIZES[-1])
    return Tensor(one_hot, name="T") if samples else Tensor(one_hot[0].copy(), name="t")


def given_facts(loss: Tensor) -> tuple[Any, ...]:
    """Declare that the targets sum to 1, where they are a vector; rows of ``one_hot`` say so themselves."""
    return tuple(sums_to_one(t) for t in loss.inputs[0].inputs if isinstance(t, Tensor) and t.name == "t")


def make_neuron(loss: str) -> tuple[Tensor, Tensor]:
    """Record the loss of one linear neuron, y = Σᵢ wᵢ xᵢ, and give it with w: ½ (y − t)² or −½ y²."""
    rng = np.random.default_rng(0)
    x = Tensor(rng.normal(size=3), name="x")
    w = Tensor(rng.normal(size=3), requires_grad=True, name="w")
    y = w @ x
    y.name = "y"
    return losses.squared_error(y, Tensor(1.0, name="t")) if loss == "delta" else -0.5 * y**2, w


class Training(NamedTuple):
    """One training: its network, its samples, and the course that it took."""

    model: nn.MLP
    train: tuple[Any, Any]
    test: tuple[Any, Any]
    history: History

    def final(self, which: str) -> float:
        """Give E per sample, of those to learn from or of the others, after the last epoch."""
        X, T = self.train if which == "train" else self.test
        return float(losses.squared_error(self.model(X), T).data) / len(X)


@cache
def train_mode(mode: str) -> Training:
    """Train a 1-3-1 network on half of a sine curve's samples by gradient descent, in one of three ways."""
    X, T, X_test, T_test = data.split(*data.sine(128), test=0.5, rng=0)
    model = nn.MLP((1, 3, 1), hidden="sigmoid", output="identity", rng=0, init=nn.xavier)
    rule = optim.SGD(model.parameters(), lr=RATES[mode])
    history = fit(
        model, losses.squared_error, rule, (X, T), EPOCHS, MODES[mode],
        validation=(X_test, T_test), progress=False, rng=0,
    )  # fmt: skip
    return Training(model, (X, T), (X_test, T_test), history)


def measure_epoch(training: Training) -> float:
    """Give the time of an epoch in seconds: the middle one of all."""
    return median(training.history.seconds)


@cache
def train_by_heart() -> Training:
    """Train a network that is far too large for ten noisy samples, which it learns by heart."""
    X, T, X_test, T_test = data.split(*data.sine(20, noise=0.3, rng=1), test=0.5, rng=2)
    model = nn.MLP((1, 40, 1), hidden="tanh", output="identity", rng=0, init=nn.xavier)
    rule = optim.Adam(model.parameters(), lr=0.05)
    history = fit(
        model, losses.squared_error, rule, (X, T), 3000, validation=(X_test, T_test), progress=False, rng=0,
    )  # fmt: skip
    return Training(model, (X, T), (X_test, T_test), history)


RULES: dict[str, dict[str, float]] = {
    "SGD": {"lr": 0.95},
    "Momentum": {"lr": 0.1, "momentum": 0.9},
    "AdaGrad": {"lr": 1.5},
    "RMSProp": {"lr": 0.5, "rho": 0.9},
    "Adam": {"lr": 0.5},
}
STEPS = 30


def make_valley() -> tuple[Any, Tensor, Tensor]:
    """Give a long valley, E = w₁²/20 + w₂², as a function, and the place where every rule begins."""
    w1 = Tensor(-7.0, requires_grad=True, name="w1")
    w2 = Tensor(2.0, requires_grad=True, name="w2")
    return lambda: w1**2 / 20 + w2**2, w1, w2


def make_rule(name: str, params: list[Tensor]) -> optim.Optimizer:
    """Give a rule with the settings that the chapter has for it."""
    rule: optim.Optimizer = getattr(optim, name)(params, **RULES[name])
    return rule
