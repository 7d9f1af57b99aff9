"""The step by HIPS autograd."""

from typing import Any

import autograd.numpy as np
from autograd import value_and_grad

from benchmarks.workloads import Array, Start


class Step:
    """value_and_grad of the loss, and the update in place."""

    def __init__(self, start: Start) -> None:
        self.params, self.X, self.T, self.lr = start.parameters, start.X, start.T, start.lr
        self.value_and_grad = value_and_grad(self.cross_entropy if start.output == "softmax" else self.squared_error)

    def parameters(self) -> list[Array]:
        return self.params

    def __call__(self) -> Any:
        E, grads = self.value_and_grad(self.params)
        for p, g in zip(self.params, grads, strict=True):
            p -= self.lr * g
        return E

    def logits(self, params: Any) -> Any:
        y = self.X
        for i in range(0, len(params) - 2, 2):
            y = 1 / (1 + np.exp(-(y @ params[i] + params[i + 1])))
        return y @ params[-2] + params[-1]

    def squared_error(self, params: Any) -> Any:
        return 0.5 * np.sum((self.logits(params) - self.T) ** 2)

    def cross_entropy(self, params: Any) -> Any:
        u = self.logits(params)
        z = np.exp(u - np.max(u, axis=1, keepdims=True))
        return -np.sum(self.T * np.log(z / np.sum(z, axis=1, keepdims=True)))
