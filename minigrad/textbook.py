"""The textbook's networks: fully connected layers and their δ formulas, derived by hand, in plain NumPy.

Nothing here knows of the engine. It is the independent witness that the engine's gradients are compared with.

A layer takes y, one sample per row, and gives y' = f(u) with u = y W + b; W is (in, out), b is (out,).
Input i, hidden j, output k, and r for the units of the layer above j:

                  regression       classification
    hidden f      sigmoid          sigmoid
    output f      identity         softmax
    error E       ½ Σ (y − t)²     −Σ t log y
    output δ_k    y_k − t_k        y_k − t_k, since Σ_k t_k = 1

    hidden δ_j    (Σ_r δ_r w_jr) (1 − y_j) y_j
    every layer   ∂E/∂w_jk = y_j δ_k,   ∂E/∂b_k = δ_k,   ∂E/∂y_j = Σ_r δ_r w_jr

with δ = ∂E/∂u. E, ∂E/∂w and ∂E/∂b are summed over the batch, not averaged. Source: Rumelhart, Hinton & Williams
(1986), "Learning representations by back-propagating errors", Nature 323:533–536; for softmax with cross-entropy,
Bishop (2006), Pattern Recognition and Machine Learning, sections 5.2 and 5.3.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import index
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

Array = NDArray[np.floating[Any]]

SIGMA = 0.1
"""Standard deviation of the normal distribution, mean 0, that weights and biases start from."""


@dataclass(frozen=True)
class Gradients:
    """What one backward pass found, layer 1 first: item l of every list belongs to ``weights[l]`` of the network."""

    deltas: list[Array]
    """δ = ∂E/∂u, (samples, out)."""
    weights: list[Array]
    """∂E/∂W, (in, out)."""
    biases: list[Array]
    """∂E/∂b, (out,)."""
    inputs: list[Array]
    """∂E/∂y of what entered the layer, (samples, in); ``inputs[0]`` is ∂E/∂X."""


def sigmoid(u: Array) -> Array:
    """y = 1 / (1 + e^−u); written with e^−|u|, which cannot overflow."""
    u = _as_numbers("sigmoid", u)
    z = np.exp(-np.abs(u))
    y: Array = np.where(u >= 0, 1, z) / (1 + z)
    return y


def softmax(u: Array) -> Array:
    """y_k = e^u_k / Σ_k e^u_k over each row; the row's maximum is subtracted first, so that nothing overflows."""
    u = _as_numbers("softmax", u)
    if u.ndim != 2:
        raise ValueError(f"softmax: u must be (samples, classes), one sample a row, not {u.shape}")
    z = np.exp(u - u.max(axis=1, keepdims=True))
    y: Array = z / z.sum(axis=1, keepdims=True)
    return y


def _as_numbers(called: str, u: ArrayLike) -> Array:
    """Give an array of numbers, a list of them too."""
    array = np.asarray(u)
    if array.dtype.kind not in "biuf":
        raise TypeError(f"{called}: u must be an array of numbers, not {'None' if u is None else type(u).__name__}")
    return array


class Network:
    """A fully connected network of ``sizes`` (input, hidden …, output), such as (1, 3, 1) or (4, 25, 25, 3).

    Hidden layers are sigmoid. The output layer is the identity for ``problem="regression"`` and softmax for
    ``"classification"``. Weights and biases are drawn from a normal distribution with σ = ``SIGMA``; assign
    ``weights`` (W of each layer, layer 1 first) and ``biases`` to start elsewhere. ``rng`` is a Generator or a
    seed. X and T are brought to ``dtype``, and all arithmetic stays in it.

    ``inputs[l]`` and ``outputs[l]`` hold what entered and what left layer l + 1 in the last ``forward``; both are
    empty before the first one and after a ``step``, whose new weights they do not belong to.
    """

    def __init__(
        self,
        sizes: Sequence[int],
        problem: Literal["regression", "classification"] = "regression",
        rng: np.random.Generator | int | None = None,
        dtype: DTypeLike = np.float64,
    ) -> None:
        if problem not in ("regression", "classification"):
            raise ValueError(f"Network: problem must be 'regression' or 'classification', got {problem!r}")
        if not np.issubdtype(dtype, np.floating):
            raise TypeError(f"Network: dtype must be a floating type such as np.float64, got {np.dtype(dtype)}")
        self.sizes = _checked_sizes(sizes)
        self.problem = problem
        self.dtype = np.dtype(dtype)
        rng = np.random.default_rng(rng)
        shapes = list(zip(self.sizes[:-1], self.sizes[1:], strict=True))
        self.weights: list[Array] = [rng.normal(0, SIGMA, shape).astype(self.dtype) for shape in shapes]
        self.biases: list[Array] = [rng.normal(0, SIGMA, n).astype(self.dtype) for _, n in shapes]
        self.inputs: list[Array] = []
        self.outputs: list[Array] = []

    def forward(self, X: ArrayLike) -> Array:
        """Y = f(u), u = y W + b, layer by layer: X (samples, inputs) to Y (samples, outputs).

        The layers' inputs and outputs are kept for ``loss`` and ``backward``; X is kept as it is, not copied.
        """
        *hidden, last = zip(self.weights, self.biases, strict=True)
        inputs = [self._checked_input(X)]
        for W, b in hidden:
            inputs.append(sigmoid(inputs[-1] @ W + b))
        W, b = last
        U = inputs[-1] @ W + b
        Y = softmax(U) if self.problem == "classification" else U
        self.inputs, self.outputs = inputs, [*inputs[1:], Y]
        return Y

    def loss(self, T: ArrayLike) -> float:
        """E of the last ``forward`` against the targets T (samples, outputs), summed over outputs and batch.

        Regression: E = ½ Σ (y − t)². Classification: E = −Σ t log y with 0 log 0 = 0; where y has underflowed
        to 0 and t has not, E is inf and NumPy warns of it.
        """
        T = self._checked_target(T, "loss")
        Y = self.outputs[-1]
        if self.problem == "regression":
            return float(np.square(Y - T).sum() / 2)
        log_Y = np.log(Y, out=np.zeros_like(Y), where=T != 0)
        return -float((T * log_Y).sum())

    def backward(self, T: ArrayLike) -> Gradients:
        """The δ of every layer, and ∂E/∂W, ∂E/∂b, ∂E/∂y from it, for the last ``forward`` and its targets T."""
        T = self._checked_target(T, "backward")
        found = Gradients([], [], [], [])
        δ = self.outputs[-1] - T  # δ_k = y_k − t_k
        for layer in reversed(range(len(self.weights))):
            W, y = self.weights[layer], self.inputs[layer]
            grad_y = δ @ W.T  # ∂E/∂y_j = Σ_r δ_r w_jr
            found.deltas.insert(0, δ)
            found.weights.insert(0, y.T @ δ)  # ∂E/∂w_jk = y_j δ_k
            found.biases.insert(0, δ.sum(axis=0))  # ∂E/∂b_k = δ_k
            found.inputs.insert(0, grad_y)
            if layer > 0:
                δ = grad_y * (1 - y) * y  # δ_j = (Σ_r δ_r w_jr)(1 − y_j) y_j
        return found

    def step(self, X: ArrayLike, T: ArrayLike, lr: float) -> float:
        """One step of stochastic gradient descent, w ← w − η ∂E/∂w with η = ``lr``; E from before the step.

        The step makes new arrays: those in ``weights`` and ``biases`` before it are left as they were.
        """
        η = float(lr)
        if not 0 <= η < math.inf:
            raise ValueError(f"step: lr must be a finite number, 0 or more, got {lr!r}")
        self.forward(X)
        E = self.loss(T)
        found = self.backward(T)
        weights = [W - η * grad for W, grad in zip(self.weights, found.weights, strict=True)]
        biases = [b - η * grad for b, grad in zip(self.biases, found.biases, strict=True)]
        self.weights, self.biases = weights, biases
        self.inputs, self.outputs = [], []
        return E

    def _checked_input(self, X: ArrayLike) -> Array:
        X = _real(X, "forward: X")
        if X.ndim != 2 or X.shape[1] != self.sizes[0]:
            raise ValueError(f"forward: X must be (samples, {self.sizes[0]}), got {X.shape}; one sample per row")
        return X.astype(self.dtype, copy=False)

    def _checked_target(self, T: ArrayLike, caller: str) -> Array:
        if not self.outputs:
            raise RuntimeError(f"{caller}: nothing to work from; call forward(X) first, and again after a step")
        T = _real(T, f"{caller}: T")
        if T.shape != self.outputs[-1].shape:
            raise ValueError(
                f"{caller}: T must be {self.outputs[-1].shape} as the network's output is, got {T.shape}; "
                "one sample per row, one column per output"
            )
        T = T.astype(self.dtype, copy=False)
        if self.problem == "classification":
            # δ = y − t was derived with Σ t = 1; without that the formula is y Σ t − t, and δ would be wrong.
            sums_to_1 = np.abs(T.sum(axis=1) - 1) <= math.sqrt(np.finfo(self.dtype).eps)
            if not sums_to_1.all():
                row = int(sums_to_1.argmin())
                raise ValueError(
                    f"{caller}: each row of T must sum to 1 (δ = y − t needs it), row {row} is {T[row]}; "
                    "one-hot the labels, or divide each row by its sum"
                )
        return T


def _checked_sizes(sizes: Sequence[int]) -> tuple[int, ...]:
    wanted = f"Network: sizes must be two or more positive integers, input to output, got {sizes!r}"
    try:
        checked = tuple(index(n) for n in sizes)
    except TypeError:
        raise TypeError(wanted) from None
    if len(checked) < 2 or min(checked) < 1:
        raise ValueError(wanted)
    return checked


def _real(a: ArrayLike, name: str) -> NDArray[Any]:
    a = np.asarray(a)
    if a.dtype.kind not in "fiub":
        raise TypeError(f"{name} must hold real numbers, got dtype {a.dtype}")
    return a
