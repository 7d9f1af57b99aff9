"""The floor under every column: the matrix products of the step and nothing else."""

from typing import Any

import numpy as np

from benchmarks.workloads import Array, Start


class Products:
    """y W forward, yᵀ δ and δ Wᵀ backward, written into arrays made once: all three for each layer but the first.

    The first needs no δ Wᵀ. What y and δ hold makes no difference to the time, so that no product waits for another's
    result; the weights stay as they are.
    """

    def __init__(self, start: Start) -> None:
        forward, backward = [], []
        y = start.X
        for i, W in enumerate(start.weights):
            u, δ = y @ W, np.full((len(y), W.shape[1]), 0.1, y.dtype)
            forward.append((y, W, u))
            back = [(y.T, δ, np.empty_like(W))] + [(δ, W.T, np.empty_like(y))] * (i > 0)
            backward[:0] = back
            y = np.tanh(u)
        self.calls: list[tuple[Array, Array, Array]] = forward + backward

    def __call__(self) -> Any:
        for a, b, out in self.calls:
            np.dot(a, b, out)
