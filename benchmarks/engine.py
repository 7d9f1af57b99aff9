"""The step by minigrad: as its users write it, with layers and losses, and as expressions in NumPy's syntax."""

from typing import Any

import numpy as np

from benchmarks.workloads import Array, Start
from minigrad import Tensor, losses, nn, optim, sigmoid, softmax


class Layers:
    """nn.MLP, a loss and optim.SGD; the softmax is left to the loss, as losses.py recommends."""

    def __init__(self, start: Start) -> None:
        sizes = [start.X.shape[1], *map(len, start.biases)]
        self.model = nn.MLP(sizes, output="identity", rng=0, dtype=start.X.dtype)
        for p, value in zip(self.model.parameters(), start.parameters, strict=True):
            p.data[...] = value
        self.loss = losses.softmax_cross_entropy if start.output == "softmax" else losses.squared_error
        self.optimizer = optim.SGD(self.model.parameters(), start.lr)
        self.X, self.T = start.X, start.T

    def parameters(self) -> list[Array]:
        return [p.data for p in self.model.parameters()]

    def __call__(self) -> Any:
        E = self.loss(self.model(self.X), self.T)
        self.optimizer.zero_grad()
        E.backward()
        self.optimizer.step()
        return E.item()


class Expressions:
    """The formulas themselves, on Tensors."""

    def __init__(self, start: Start) -> None:
        self.tensors = [Tensor(p, requires_grad=True) for p in start.parameters]
        *self.hidden, self.last = zip(self.tensors[::2], self.tensors[1::2], strict=True)
        self.loss = self.cross_entropy if start.output == "softmax" else self.squared_error
        self.optimizer = optim.SGD(self.tensors, start.lr)
        self.X, self.T = start.X, start.T

    def parameters(self) -> list[Array]:
        return [p.data for p in self.tensors]

    def __call__(self) -> Any:
        y: Any = self.X
        for W, b in self.hidden:
            y = sigmoid(y @ W + b)
        W, b = self.last
        E = self.loss(y @ W + b)
        self.optimizer.zero_grad()
        E.backward()
        self.optimizer.step()
        return E.item()

    def squared_error(self, u: Any) -> Any:
        return 0.5 * ((u - self.T) ** 2).sum()

    def cross_entropy(self, u: Any) -> Any:
        return -(self.T * np.log(softmax(u))).sum()
