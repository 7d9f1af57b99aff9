"""How the time to compile grows with the program: each kind of one, with its gradient, at several sizes.

`python -m benchmarks.growing [KIND …]` prints the processor's seconds from a function to its first result, and how much
more an operation costs in the largest program than in the smallest. Operations are those that the function applies, of
which ``np.var`` is several; the trace holds those of the gradient and of the optimizer beside them, two to ten times as
many in all. So there are two prices: of 10⁴ operations of the function, with their gradients and updates, and of 10⁴
that the trace holds, whatever they are for. What Adam does to each of many parameters is one of those, not 17.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from time import process_time
from typing import Any, ClassVar, NamedTuple
from unittest import mock

import numpy as np

from minigrad import Tensor, compile, nn, optim, softmax, value_and_grad
from minigrad.compiler import record
from minigrad.compiler.trace.traced import Traced
from minigrad.compiler.trace.tracer import Tracer
from minigrad.ops.base import Op

SIZES = 2_500, 5_000, 10_000
PROBE = 12  # parts of a program that tells how many operations a part has

W, b, γ = np.eye(4) * 0.9, np.full(4, 0.1), np.full(4, 1.1)
EMBED = np.linspace(-1, 1, 16).reshape(4, 4)

Program = tuple[Callable[..., Any], tuple[Any, ...]]  # a function to compile, and its arguments


def chain(step: Callable[[Any, Any, int], Any]) -> Callable[[int], Program]:
    """Give the program that computes y = step(x, y, i) for i = 0 … n − 1, from y = x, and the gradient of Σ y."""

    def program(n: int) -> Program:
        def f(x: Any) -> Any:
            y = x
            for i in range(n):
                y = step(x, y, i)
            return np.sum(y)

        return value_and_grad(f), (np.linspace(-0.5, 0.6, 12).reshape(3, 4),)

    return program


def training(layer: Callable[[Any, list[Tensor]], Any], rule: Callable[..., Any]) -> Callable[[int], Program]:
    """Give the training step of n layers of a W and a b each, by one rule of optimization."""

    def program(n: int) -> Program:
        layers = [[Tensor(W.copy(), requires_grad=True), Tensor(b.copy(), requires_grad=True)] for _ in range(n)]
        optimizer = rule([w for parameters in layers for w in parameters], lr=0.01)

        def step(X: Any, T: Any) -> Any:
            for parameters in layers:
                X = layer(X, parameters)
            E = np.mean((X - T) ** 2)
            optimizer.zero_grad()
            E.backward()
            optimizer.step()
            return E

        return step, (np.linspace(-1, 1, 24).reshape(6, 4), np.zeros((6, 4)))

    return program


def dense(X: Any, parameters: list[Tensor]) -> Any:
    """Give tanh(X W + b)."""
    w, c = parameters
    return np.tanh(X @ w + c)


def normalized(n: int) -> Program:
    """Give the training step of n layer norms, each with an activation."""
    layers = [nn.LayerNorm(4) for _ in range(n)]
    optimizer = optim.SGD([p for layer in layers for p in layer.parameters()], lr=0.01)

    def step(X: Any) -> Any:
        for layer in layers:
            X = np.tanh(layer(X))
        E = np.sum(X**2)
        optimizer.zero_grad()
        E.backward()
        optimizer.step()
        return E

    return step, (np.linspace(-1, 1, 24).reshape(6, 4),)


def recurrent(n: int) -> Program:
    """Give the training step of a recurrent network over n steps of a sequence."""
    weights = [Tensor(w.copy(), requires_grad=True) for w in (W, EMBED, b)]
    optimizer = optim.SGD(weights, lr=0.01)
    U, V, c = weights

    def step(X: Any) -> Any:
        h = np.zeros((2, 4))
        for t in range(n):
            h = np.tanh(X[t] @ V + h @ U + c)
        E = np.sum(h**2)
        optimizer.zero_grad()
        E.backward()
        optimizer.step()
        return E

    return step, (np.linspace(-1, 1, n * 8).reshape(n, 2, 4),)


def normalize_by_hand(x: Any, y: Any, i: int) -> Any:
    """Normalize rows by NumPy's mean and var."""
    return (y - np.mean(y, -1, keepdims=True)) / np.sqrt(np.var(y, -1, keepdims=True) + 1e-5) * γ + b


def join_parts(x: Any, y: Any, i: int) -> Any:
    """Take y apart, and put it together again."""
    rows = np.stack([y[0] * 0.5, np.sin(y[1]), y[i % 3]])
    return np.concatenate([rows[:, 1:], rows[:, :1]], axis=1) + x


def attend(x: Any, y: Any, i: int) -> Any:
    """Mix the rows of y, each by its likeness to the others."""
    return softmax(np.einsum("ij,kj->ik", y @ W, y)) @ y + x


KINDS: dict[str, Callable[[int], Program]] = {
    "elementwise": chain(lambda x, y, i: np.sin(y) * x + 0.5),
    "numbers": chain(lambda x, y, i: y * 1.01 - x),
    "sums of squares": chain(lambda x, y, i: y * 0.9 + np.sum(np.sin(y) ** 2) / 99),
    "softmax": chain(lambda x, y, i: softmax(y) + x),
    "choices": chain(lambda x, y, i: np.where(y > 0.2, np.maximum(y, x) * 0.9, np.clip(x, -0.4, 0.4))),
    "var": chain(lambda x, y, i: y / (1 + np.var(y, axis=0)) + np.std(x + y)),
    "cumsum": chain(lambda x, y, i: np.cumsum(y, axis=1) * 0.3 + x),
    "einsum": chain(lambda x, y, i: np.einsum("ij,jk->ik", y, W) + np.einsum("ij,ij->i", x, y)[:, None]),
    "attention": chain(attend),
    "layer norms by hand": chain(normalize_by_hand),
    "parts": chain(join_parts),
    "MLP": training(dense, optim.SGD),
    "Adam": training(dense, optim.Adam),
    "LayerNorm": normalized,
    "RNN": recurrent,
}


class Cost(NamedTuple):
    """What a program's first call cost: of ``operations`` that the function applies, and ``traced`` ones in all."""

    operations: int
    traced: int
    seconds: float

    @property
    def of_many(self) -> float:
        """Seconds for 10⁴ operations of the function."""
        return 1e4 * self.seconds / self.operations

    @property
    def of_many_traced(self) -> float:
        """Seconds for 10⁴ operations of the code: of the function, the gradient and the update."""
        return 1e4 * self.seconds / self.traced


class CountingTable(dict[Any, Any]):
    """A table of expressions that counts the operations which it gets: it is emptied when they have become code."""

    operations = 0

    def __setitem__(self, key: Any, node: Any) -> None:
        self.operations += node.op is not None
        super().__setitem__(key, node)


class Counting(Tracer):
    """A tracer that counts what it writes down; ``latest`` is the last one that was made."""

    latest: ClassVar[Counting]

    def __init__(self) -> None:
        super().__init__()
        self.operations, self.table = 0, CountingTable()
        Counting.latest = self

    def apply(self, op: Op, inputs: tuple[Any, ...]) -> Traced:
        """Count an operation, and write it down."""
        self.operations += 1
        return super().apply(op, inputs)

    @property
    def traced(self) -> int:
        """How many operations there are with those of the gradient and the update, equal ones counted once."""
        assert isinstance(self.table, CountingTable)
        return self.table.operations


def first_call(program: Program, backend: str = "numpy") -> Cost:
    """Trace a program, write its code and run it once."""
    f, arguments = program
    with mock.patch.object(record, "Tracer", Counting):
        began = process_time()
        compile(f, backend=backend)(*arguments)
        seconds = process_time() - began
    tracer = Counting.latest
    return Cost(tracer.operations, tracer.traced, seconds)


def measure_kind(kind: str) -> list[Cost]:
    """Measure programs of one kind, of about as many operations as SIZES says."""
    program = KINDS[kind]
    few, more = (first_call(program(n)).operations for n in (PROBE, 2 * PROBE))
    return [first_call(program(max(1, round(size * PROBE / (more - few))))) for size in SIZES]


def main(kinds: list[str]) -> None:
    """Print a line for each kind."""
    print(f"{'':22}" + "".join(f"{size:>9} op" for size in SIZES) + "   growth   for 10⁴   traced   for 10⁴ of them")
    for kind in kinds or KINDS:
        with np.errstate(all="ignore"):  # what a deep program without a scale of its own computes does not matter here
            costs = measure_kind(kind)
        times = "".join(f"{cost.seconds:10.2f} s" for cost in costs)
        growth, last = costs[-1].of_many / costs[0].of_many, costs[-1]
        print(
            f"{kind:22}{times}{growth:8.2f}×{last.of_many:9.2f} s{last.traced:9}{last.of_many_traced:16.2f} s",
            flush=True,
        )


if __name__ == "__main__":
    main(sys.argv[1:])
