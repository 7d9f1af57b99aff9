"""One layer whose activation is written by hand, and the same by our own operation."""

import numpy as np

from minigrad import Tensor
from minigrad.data import one_hot

RNG = np.random.default_rng(0)
X, LABELS, TARGETS = RNG.normal(size=(4, 3)), one_hot([0, 1, 0, 1], 2), RNG.normal(size=(4, 2))
W, B = RNG.normal(size=(3, 2)), RNG.normal(size=2)


def network(activation, loss, targets=TARGETS):
    """Give the loss of one layer, X W₁ + b₁ and then what is to be recognized."""
    W1, b1 = Tensor(W, requires_grad=True, name="W1"), Tensor(B, requires_grad=True, name="b1")
    return loss(activation(Tensor(X, name="X") @ W1 + b1), Tensor(targets, name="T"))


def softmax_less_maximum(u):
    e = np.exp(u - u.max(axis=-1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


SIGMOIDS = [
    lambda u: 1 / (1 + np.exp(-u)),
    lambda u: 1.0 / (np.exp(-u) + 1.0),
    lambda u: (1 + np.exp(-u)) ** -1,
    lambda u: np.reciprocal(1 + np.exp(-u)),
    lambda u: np.exp(u) / (1 + np.exp(u)),
    lambda u: np.exp(u) * (1 / (np.exp(u) + 1)),
    lambda u: 1 - 1 / (1 + np.exp(u)),
    lambda u: 1 / (1 + 1 / np.exp(u)),
    lambda u: 0.5 * 2 / (1 + np.exp(0 - u)),
    lambda u: np.where(u >= 0, 1 / (1 + np.exp(-abs(u))), np.exp(-abs(u)) / (1 + np.exp(-abs(u)))),
    lambda u: np.where(u > 0, 1 / (1 + np.exp(-u)), np.exp(u) / (1 + np.exp(u))),
]
RELUS = [
    lambda u: np.maximum(u, 0),
    lambda u: np.maximum(0, u),
    lambda u: (u + abs(u)) / 2,
    lambda u: u - np.minimum(u, 0),
    lambda u: -np.minimum(0, -u),
    lambda u: np.where(u > 0, u, 0),
    lambda u: np.where(u >= 0, u, 0.0),
    lambda u: np.where(u < 0, 0, u),
    lambda u: np.where(u > 0, u, 0 * u),
    lambda u: u * (u > 0),
    lambda u: (u >= 0) * u,
    lambda u: u * (u > 0).astype(np.float64),
    lambda u: u * np.where(u > 0, 1, 0),
    lambda u: u * (1.0 * (u > 0)),
]
