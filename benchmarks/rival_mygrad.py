"""The step by MyGrad."""

from typing import Any

import mygrad as mg
from mygrad.nnet.activations import sigmoid, softmax

from benchmarks.workloads import Array, Start


class Step:
    """Expressions on its tensors, and the update in place."""

    def __init__(self, start: Start) -> None:
        self.tensors = [mg.tensor(p) for p in start.parameters]
        *self.hidden, self.last = zip(self.tensors[::2], self.tensors[1::2], strict=True)
        self.X, self.T, self.lr = start.X, start.T, start.lr
        self.softmax = start.output == "softmax"

    def parameters(self) -> list[Array]:
        return [p.data for p in self.tensors]

    def __call__(self) -> Any:
        y = self.X
        for W, b in self.hidden:
            y = sigmoid(y @ W + b)
        W, b = self.last
        u = y @ W + b
        E = -(self.T * mg.log(softmax(u))).sum() if self.softmax else 0.5 * ((u - self.T) ** 2).sum()
        E.backward()
        for p in self.tensors:
            p.data[...] -= self.lr * p.grad
        return E.data
