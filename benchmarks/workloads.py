"""The five training steps, and what every column of the comparison starts from."""

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = NDArray[Any]
Output = Literal["identity", "softmax"]


MOST_STEPS, MOST_ELEMENTS = 1000, 1 << 22  # of a call that makes many steps: how many, and elements of all their X


@dataclass(frozen=True)
class Start:
    """A network and a batch: X (samples, inputs), T (samples, outputs), W (in, out) and b (out,) of each layer.

    Hidden layers are sigmoid. An "identity" output layer has E = ½ Σ (y − t)², a "softmax" one E = −Σ t log y, with
    Σ t = 1 in every row; both are summed over the batch.
    """

    output: Output
    X: Array
    T: Array
    weights: list[Array]
    biases: list[Array]
    lr: float

    @property
    def parameters(self) -> list[Array]:
        """W₁, b₁, W₂, b₂, …, as copies: every column trains its own."""
        return [p.copy() for layer in zip(self.weights, self.biases, strict=True) for p in layer]

    @property
    def steps(self) -> int:
        """How many steps a call makes, where one makes many, each on a batch that lies in memory of its own."""
        return max(1, min(MOST_STEPS, MOST_ELEMENTS // self.X.size))


class Column(Protocol):
    """One way to train: a call is a whole step (forward, E, all ∂E/∂W and ∂E/∂b, w ← w − η ∂E/∂w) and gives E."""

    def __init__(self, start: Start) -> None: ...

    def __call__(self) -> Any: ...

    def parameters(self) -> list[Array]:
        """Give W₁, b₁, W₂, b₂, … as they are now."""
        ...


@dataclass(frozen=True)
class Workload:
    """A network, its batch, the threads that BLAS may use, and how many times the manual step minigrad may take."""

    name: str
    sizes: tuple[int, ...]
    output: Output
    batch: int
    target: float
    threads: int = 2

    def start(self, dtype: DTypeLike, rng: np.random.Generator | int = 0, lr: float = 0.01) -> Start:
        """Draw X, T and the weights; `lr` is divided by the batch, since E is a sum.

        So small a rate keeps the network close to its start for the whole measurement, whatever a column's speed.
        """
        rng = np.random.default_rng(rng)
        inputs, outputs = self.sizes[0], self.sizes[-1]
        labels = rng.integers(outputs, size=self.batch)
        T = np.eye(outputs)[labels] if self.output == "softmax" else rng.normal(size=(self.batch, outputs))
        return Start(
            self.output,
            rng.normal(size=(self.batch, inputs)).astype(dtype),
            T.astype(dtype),
            [rng.normal(0, np.sqrt(2 / (m + n)), (m, n)).astype(dtype) for m, n in pairwise(self.sizes)],
            [rng.normal(0, 0.1, n).astype(dtype) for n in self.sizes[1:]],
            lr / self.batch,
        )

    def small(self) -> "Workload":
        """Give a network of the same layers that is quick to check: at most 7 units a layer, 5 samples."""
        return replace(self, sizes=tuple(min(n, 7 - i) for i, n in enumerate(self.sizes)), batch=min(self.batch, 5))

    def __str__(self) -> str:
        return f"{self.name}: {'-'.join(map(str, self.sizes))}, batch {self.batch}"


WORKLOADS = {
    w.name: w
    for w in (
        Workload("W1", (1, 3, 1), "identity", 1, target=1.7),
        Workload("W2", (4, 25, 25, 3), "softmax", 8, target=1.6),
        Workload("W3", (784, 128, 10), "softmax", 64, target=1.10, threads=1),
        Workload("W4", (784, 512, 512, 10), "softmax", 256, target=1.05),
        Workload("W5", (2048, 2048, 2048, 1000), "softmax", 512, target=1.02),
    )
}
DTYPES = ("float32", "float64")
