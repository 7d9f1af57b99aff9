"""What tests of training train on."""

import numpy as np

from minigrad.data import batches
from minigrad.nn import Linear

draws = np.random.default_rng(0)
X = draws.normal(size=(12, 3))
T = X @ [[1.0, -1.0], [2.0, 0.5], [0.0, 1.0]] + draws.normal(size=(12, 2))


def sum_of_squares(y, t):
    return 0.5 * ((y - t) ** 2).sum()


def line(seed=0):
    return Linear(3, 2, seed)


def by_hand(model, epochs, size, lr, mean=False, rng=None):
    """Linear regression by gradient descent; the per-sample loss of every epoch."""
    W, b, curve = model.W.data.copy(), model.b.data.copy(), []
    for _ in range(epochs):
        total = 0.0
        for x, t in batches(X, T, size, rng):
            delta = x @ W + b - t
            total += 0.5 * (delta**2).sum()
            eta = lr / len(x) if mean else lr
            W -= eta * x.T @ delta
            b -= eta * delta.sum(axis=0)
        curve.append(total / len(X))
    return W, b, curve
