"""The step as the textbook has it, written the plain way: the column that all others are measured against."""

from typing import Any

import numpy as np

from benchmarks.workloads import Array, Start


class Manual:
    """The δ formulas in plain NumPy, for two or three layers."""

    def __init__(self, start: Start) -> None:
        self.X, self.T, self.lr, self._parameters = start.X, start.T, start.lr, start.parameters
        self._step = {
            (2, "identity"): self._two_layers_regression,
            (2, "softmax"): self._two_layers_classification,
            (3, "softmax"): self._three_layers_classification,
        }[len(start.weights), start.output]

    def __call__(self) -> Any:
        return self._step()

    def parameters(self) -> list[Array]:
        return self._parameters

    def _two_layers_regression(self) -> Any:
        X, T, lr = self.X, self.T, self.lr
        W1, b1, W2, b2 = self._parameters

        y1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
        y2 = y1 @ W2 + b2
        E = 0.5 * ((y2 - T) ** 2).sum()

        δ2 = y2 - T
        δ1 = δ2 @ W2.T * (1 - y1) * y1
        dW2, db2 = y1.T @ δ2, δ2.sum(axis=0)
        dW1, db1 = X.T @ δ1, δ1.sum(axis=0)

        W2 -= lr * dW2
        b2 -= lr * db2
        W1 -= lr * dW1
        b1 -= lr * db1
        return E

    def _two_layers_classification(self) -> Any:
        X, T, lr = self.X, self.T, self.lr
        W1, b1, W2, b2 = self._parameters

        y1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
        u2 = y1 @ W2 + b2
        z = np.exp(u2 - u2.max(axis=1, keepdims=True))
        y2 = z / z.sum(axis=1, keepdims=True)
        E = -(T * np.log(y2)).sum()

        δ2 = y2 - T
        δ1 = δ2 @ W2.T * (1 - y1) * y1
        dW2, db2 = y1.T @ δ2, δ2.sum(axis=0)
        dW1, db1 = X.T @ δ1, δ1.sum(axis=0)

        W2 -= lr * dW2
        b2 -= lr * db2
        W1 -= lr * dW1
        b1 -= lr * db1
        return E

    def _three_layers_classification(self) -> Any:
        X, T, lr = self.X, self.T, self.lr
        W1, b1, W2, b2, W3, b3 = self._parameters

        y1 = 1 / (1 + np.exp(-(X @ W1 + b1)))
        y2 = 1 / (1 + np.exp(-(y1 @ W2 + b2)))
        u3 = y2 @ W3 + b3
        z = np.exp(u3 - u3.max(axis=1, keepdims=True))
        y3 = z / z.sum(axis=1, keepdims=True)
        E = -(T * np.log(y3)).sum()

        δ3 = y3 - T
        δ2 = δ3 @ W3.T * (1 - y2) * y2
        δ1 = δ2 @ W2.T * (1 - y1) * y1
        dW3, db3 = y2.T @ δ3, δ3.sum(axis=0)
        dW2, db2 = y1.T @ δ2, δ2.sum(axis=0)
        dW1, db1 = X.T @ δ1, δ1.sum(axis=0)

        W3 -= lr * dW3
        b3 -= lr * db3
        W2 -= lr * dW2
        b2 -= lr * db2
        W1 -= lr * dW1
        b1 -= lr * db1
        return E
