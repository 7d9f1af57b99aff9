"""A network in NumPy's syntax and types, by ``numpy`` and by ``minigrad.numpy``: mypy reads both as they stand."""

from __future__ import annotations

import numpy
import numpy.typing as npt

import minigrad.numpy as np
from minigrad import Tensor, no_grad

Array = npt.NDArray[numpy.float64]
rng = numpy.random.default_rng(0)
X: Array = rng.normal(size=(20, 3))
T: Array = numpy.eye(2)[rng.integers(2, size=20)]


def make_weights() -> list[Tensor]:
    draw = numpy.random.default_rng(1)
    return [Tensor(draw.normal(size=shape), requires_grad=True) for shape in ((3, 5), (5,), (5, 2))]


def find_loss(x: Array, w: list[Tensor]) -> Tensor:
    scores = np.tanh(x @ w[0] + w[1]) @ w[2]
    powers = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    y: Tensor = powers / powers.sum(axis=1, keepdims=True)
    return -np.sum(T * np.log(y)) / len(x) + 1e-3 * (np.sum(w[0] ** 2) + np.linalg.norm(w[2]))


def find_loss_by_numpy(x: Array, w: list[Tensor]) -> Tensor:
    scores = numpy.tanh(x @ w[0] + w[1]) @ w[2]
    powers = numpy.exp(scores - numpy.max(scores, axis=1, keepdims=True))
    y: Tensor = powers / powers.sum(axis=1, keepdims=True)
    return -numpy.sum(T * numpy.log(y)) / len(x) + 1e-3 * (numpy.sum(w[0] ** 2) + numpy.linalg.norm(w[2]))


def test_both_train_alike() -> None:
    losses: list[float] = []
    for find in (find_loss, find_loss_by_numpy):
        weights = make_weights()
        for _ in range(20):
            find(X, weights).backward()
            with no_grad():
                for w in weights:
                    assert w.grad is not None
                    w -= 0.1 * w.grad
                    w.grad = None
        losses.append(find(X, weights).item())
    assert losses[0] == losses[1] < find_loss(X, make_weights()).item()
