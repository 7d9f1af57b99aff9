"""What the gallery shows of training, by ``minigrad.plot``, on paper of a theme."""

from typing import Any

import numpy as np

from minigrad import data, fit, losses, nn, optim, plot


def curves(theme: str) -> Any:
    """Learning curves of the irises."""
    X, labels = data.iris()
    X, T = data.standardize(X)[0], data.one_hot(labels, 3)
    X, T, X_test, T_test = data.split(X, T, test=0.5, rng=0)
    model = nn.MLP(
        (4, 10, 3), hidden="sigmoid", output="softmax", init=nn.xavier, rng=0
    )  # fmt: skip
    adam = optim.Adam(model.parameters(), lr=0.02)
    history = fit(
        model, losses.cross_entropy, adam, (X, T), epochs=40, batch_size=8,
        validation=(X_test, T_test), progress=False, rng=0,
    )  # fmt: skip
    return history.plot(theme=theme)


def regions(theme: str) -> Any:
    """What a network of one hidden layer makes of two regions parted by a curve."""
    X, labels = data.two_regions(200, rng=0)
    model = nn.MLP((2, 16, 2), hidden="tanh", output="softmax", rng=0)
    adam = optim.Adam(model.parameters(), lr=0.02)
    T = data.one_hot(labels, 2)
    fit(
        model, losses.cross_entropy, adam, (X, T), epochs=100, batch_size=20,
        progress=False, rng=0,
    )  # fmt: skip
    return plot.decision_regions(model, X, labels, theme=theme)


def vanishing(theme: str) -> Any:
    """How large δ is in each layer: with σ in six layers, little arrives at the first."""
    X, T = data.sine(64)
    sizes = (1, 8, 8, 8, 8, 8, 1)
    model = nn.MLP(sizes, hidden="sigmoid", output="identity", init=nn.xavier, rng=0)
    deltas = plot.measure_deltas(model, losses.squared_error, X, T)
    return plot.gradient_flow({"at first": deltas}, theme=theme)


def valley(theme: str) -> Any:
    """Two rules on one landscape."""
    from minigrad import Tensor

    w1 = Tensor(-1.5, requires_grad=True, name="w1")
    w2 = Tensor(1.8, requires_grad=True, name="w2")
    rules = [optim.SGD([w1, w2], lr=0.08), optim.Momentum([w1, w2], lr=0.02, momentum=0.9)]
    return plot.landscape(
        lambda: 0.1 * (w1 - 1) ** 2 + (w2 - np.sin(w1)) ** 2, w1, w2, rules, theme=theme
    )  # fmt: skip
