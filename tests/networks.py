"""Networks that several tests derive, draw or compare: a loss, and the facts that are given with it."""

import numpy as np

from minigrad import Tensor, losses, nn, sigmoid, softmax, sums_to_one


def mlp(sizes=(4, 5, 3), rows=5, output="softmax", **kwargs):
    rng = np.random.default_rng(1)
    X = Tensor(rng.normal(size=(rows, sizes[0])), name="X")
    T = Tensor(np.eye(sizes[-1])[np.arange(rows) % sizes[-1]], name="T")
    loss = losses.cross_entropy if output == "softmax" else losses.squared_error
    return loss(nn.MLP(sizes, output=output, rng=0, **kwargs)(X), T), [sums_to_one(T)]


def gate_residual_and_tied():
    rng = np.random.default_rng(0)
    X, T = (Tensor(rng.normal(size=(5, 4)), name=name) for name in "XT")
    V, G = (Tensor(rng.normal(size=(4, 4)), requires_grad=True, name=name) for name in "VG")
    h = np.tanh(X @ V) * sigmoid(X @ G)
    return losses.squared_error(X + np.tanh(h @ V), T) + 0.05 * (V**2).sum(), []


def attention():
    rng = np.random.default_rng(0)
    X, T = (Tensor(rng.normal(size=(5, 4)), name=name) for name in "XT")
    Q, K, V = (Tensor(rng.normal(size=(4, 4)), requires_grad=True, name=f"W_{name}") for name in "qkv")
    return losses.squared_error(softmax((X @ Q) @ (X @ K).T / 2) @ (X @ V), T), []


def layer_normalization():
    rng = np.random.default_rng(0)
    X, T = (Tensor(rng.normal(size=(5, 4)), name=name) for name in "XT")
    W = Tensor(rng.normal(size=(4, 4)), requires_grad=True, name="W")
    gain = Tensor(rng.normal(size=4), requires_grad=True, name="gain")
    u = X @ W
    centered = u - u.mean(axis=1, keepdims=True)
    y = gain * centered / np.sqrt((centered**2).mean(axis=1, keepdims=True) + 1e-5)
    return losses.squared_error(y, T), []


NETWORKS = [
    *(lambda n=n: mlp((4,) * n + (3,)) for n in (1, 2, 3, 6)),
    lambda: mlp(hidden="tanh", output="identity"),
    lambda: mlp(hidden="relu", rows=1),
    gate_residual_and_tied,
    attention,
    layer_normalization,
]


def parameter(values, name):
    return Tensor(values, requires_grad=True, name=name)


def textbook():
    """The two-layer network of the target picture."""
    x, t = Tensor([[0.5, -1.0]], name="x"), Tensor([[0.0, 1.0]], name="t")
    W1, b1 = parameter([[0.4, -0.3, 0.8], [0.1, 0.6, -0.5]], "W1"), parameter([[0.1, 0.0, -0.2]], "b1")
    W2, b2 = parameter([[0.7, -0.6], [-0.2, 0.9], [0.5, -0.4]], "W2"), parameter([[0.0, 0.1]], "b2")
    y = softmax(sigmoid(x @ W1 + b1) @ W2 + b2)
    return losses.cross_entropy(y, t), t
