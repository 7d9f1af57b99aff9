"""The same step, by hand at its best: no temporaries, few calls, every result in a buffer of its own."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy import add, divide, dot, exp, log, maximum, multiply, negative, subtract

from benchmarks.workloads import Array, Start

# Up to so many weights the bias is one more row of W. It saves two calls a layer, a third of the smallest network's
# step; in a large layer the odd size of the products costs 1 to 2 %, which is more.
JOINED = 4096

CHUNK = 32768  # elements updated at a time: η g stays in the L2 cache instead of going through memory


class Layer:
    """The buffers of one layer: a small one computes u = [y 1] [W; b], so that ∂E/∂b comes with ∂E/∂W."""

    def __init__(self, Wb: Array, dWb: Array, batch: int) -> None:
        inputs, outputs, dtype, joined = len(Wb) - 1, Wb.shape[1], Wb.dtype, Wb.size <= JOINED
        self.b: Array | None
        self.db: Array | None
        self.a = np.ones((batch, inputs + joined), dtype)  # [y 1], or y alone
        self.y = self.a[:, :inputs]
        self.u = np.empty((batch, outputs), dtype)  # overwritten by what is computed from it, in the end by δ
        self.scratch = np.empty((batch, inputs), dtype)
        self.W, self.b = (Wb, None) if joined else (Wb[:-1], Wb[-1])
        self.dW, self.db = (dWb, None) if joined else (dWb[:-1], dWb[-1])
        self.WT, self.aT = Wb[:-1].T, self.a.T
        self.parameters = [Wb[:-1], Wb[-1]]


class Optimized:
    """The δ formulas in buffers allocated once.

    - All parameters are views of one array, and all gradients of another: one update for the whole network.
    - A number is an array of 0 dimensions: NumPy would convert a float in every call.
    - E = Σ log Σₖ exp(uₖ − max u) − Σ t (u − max u) needs one logarithm a sample instead of one an output.
    - Sums go through BLAS, as products with ones.
    """

    def __init__(self, start: Start) -> None:
        T, dtype, batch = start.T, start.X.dtype, len(start.X)
        shapes = [(len(W) + 1, len(b)) for W, b in zip(start.weights, start.biases, strict=True)]
        ends = np.cumsum([0, *(rows * columns for rows, columns in shapes)])
        parameters, gradients = np.empty((2, ends[-1]), dtype)
        layers = self._layers = [
            Layer(parameters[i:j].reshape(shape), gradients[i:j].reshape(shape), batch)
            for (i, j), shape in zip(pairwise(ends), shapes, strict=True)
        ]
        for own, given in zip(self.parameters(), start.parameters, strict=True):
            own[...] = given
        first, last = layers[0], layers[-1]
        first.y[...] = start.X
        self._hidden = [(low.a, low.W, low.b, low.u, high.y) for low, high in pairwise(layers)]
        self._output = last.a, last.W, last.b, last.u
        self._back = [
            (high.u, high.aT, high.dW, high.db, high.WT, high.y, low.u, high.scratch) for low, high in pairwise(layers)
        ][::-1]
        self._first = first.u, first.aT, first.dW, first.db

        scratch = np.empty(min(CHUNK, parameters.size), dtype)
        chunks = [(parameters[i : i + CHUNK], gradients[i : i + CHUNK]) for i in range(0, parameters.size, CHUNK)]
        self._chunks = [(w, g, scratch[: w.size]) for w, g in chunks]
        self._one, self._lr = np.ones((), dtype), np.array(start.lr, dtype)
        self._T, self._flat_T, self._flat_u = T, T.ravel(), last.u.ravel()
        self._row = np.empty((batch, 1), dtype)  # the maximum, then the sum, of each sample
        self._flat_row = self._row.ravel()
        self._over_outputs, self._over_samples = np.ones(len(last.u.T), dtype), np.ones(batch, dtype)
        self._loss = self._cross_entropy if start.output == "softmax" else self._squared_error

    def parameters(self) -> list[Array]:
        return [p for layer in self._layers for p in layer.parameters]

    def __call__(self) -> Any:
        one, lr, over_samples = self._one, self._lr, self._over_samples
        for a, W, b, u, y in self._hidden:
            dot(a, W, u)
            if b is not None:
                add(u, b, u)
            negative(u, u)
            exp(u, u)
            add(u, one, u)
            divide(one, u, y)
        a, W, b, u = self._output
        dot(a, W, u)
        if b is not None:
            add(u, b, u)
        E = self._loss(u)
        for δ, aT, dW, db, WT, y, δ_below, scratch in self._back:
            dot(aT, δ, dW)
            if db is not None:
                dot(over_samples, δ, db)
            dot(δ, WT, δ_below)
            multiply(δ_below, y, δ_below)
            subtract(one, y, scratch)
            multiply(δ_below, scratch, δ_below)
        δ, aT, dW, db = self._first
        dot(aT, δ, dW)
        if db is not None:
            dot(over_samples, δ, db)
        for w, g, scratch in self._chunks:
            multiply(g, lr, scratch)
            subtract(w, scratch, w)
        return E

    def _squared_error(self, u: Array) -> Any:
        """Give E, and leave δ = y − t in u."""
        subtract(u, self._T, u)
        return 0.5 * dot(self._flat_u, self._flat_u)

    def _cross_entropy(self, u: Array) -> Any:
        """Give E, and leave δ = y − t in u."""
        row, flat = self._row, self._flat_row
        maximum.reduce(u, axis=1, out=row, keepdims=True)
        subtract(u, row, u)
        of_targets = dot(self._flat_T, self._flat_u)
        exp(u, u)
        dot(u, self._over_outputs, flat)
        divide(u, row, u)
        subtract(u, self._T, u)
        log(row, row)
        return dot(self._over_samples, flat) - of_targets
