"""The engine itself: a chain of operations so small that only the bookkeeping counts.

The operations are x * w and x + b in turns, on 10 elements in float64; x alone requires a gradient. w = 1 and b = 0
keep the numbers ordinary however long the chain is, where another w would drive them into denormal numbers, which are
slow. NumPy alone does what is left when the engine is taken away: the same two calls forward, and g * w backward.
"""

import tracemalloc
from time import perf_counter
from typing import Any

import numpy as np

from benchmarks.workloads import Array
from minigrad import Tensor

SHORT, LONG, TRACED = 10**3, 10**6, 10**5
OPERATIONS = 2  # in one turn of the chain
COSTS = ("forward", "backward", "freeing", "numpy_forward", "numpy_backward")

x0, w, b, g0 = np.linspace(-1, 1, 10), np.ones(10), np.zeros(10), np.ones(10)


def chain(x: Any, turns: int) -> Any:
    """Apply the two operations, over and over."""
    for _ in range(turns):
        x = x * w
        x = x + b
    return x


def numpy_backward(g: Array, turns: int) -> Array:
    """Carry g = ∂E/∂(last x) back to ∂E/∂(first x)."""
    for _ in range(turns):
        g = g * w
    return g


def measure(rounds: int) -> dict[str, Any]:
    """Give the seconds that an operation takes in a short and in a long chain, and two ratios.

    Both lengths, and minigrad and NumPy, take turns in every round; ratios are taken within a round. All figures are
    medians over the rounds. ``relative`` is forward / NumPy alone at both lengths, ``growth`` that of forward and
    backward together from the short chain to the long one.
    """
    _costs(SHORT)
    costs = np.array([[_costs(length) for length in (SHORT, LONG)] for _ in range(rounds)])  # (rounds, lengths, COSTS)
    short, long = (dict(zip(COSTS, values, strict=True)) for values in np.median(costs, axis=0).tolist())
    both_ways = costs[:, :, COSTS.index("forward")] + costs[:, :, COSTS.index("backward")]
    relative = costs[:, :, COSTS.index("forward")] / costs[:, :, COSTS.index("numpy_forward")]
    return {
        "short": short,
        "long": long,
        "relative": np.median(relative, axis=0).tolist(),
        "growth": float(np.median(both_ways[:, 1] / both_ways[:, 0])),
    }


def _costs(length: int) -> Array:
    """Give the seconds of each of COSTS an operation; a short chain is repeated, to last long enough."""
    turns, repeats = length // OPERATIONS, max(1, 40_000 // length)
    times = [[*_minigrad_times(turns), *_numpy_times(turns)] for _ in range(repeats)]
    total: Array = np.sum(times, axis=0)
    return total / (turns * OPERATIONS * repeats)


def _minigrad_times(turns: int) -> tuple[float, float, float]:
    x = Tensor(x0, requires_grad=True)
    began = perf_counter()
    y = chain(x, turns)
    forward_done = perf_counter()
    y.backward(g0)
    backward_done = perf_counter()
    del y
    return forward_done - began, backward_done - forward_done, perf_counter() - backward_done


def _numpy_times(turns: int) -> tuple[float, float]:
    began = perf_counter()
    chain(x0, turns)
    forward_done = perf_counter()
    numpy_backward(g0, turns)
    return forward_done - began, perf_counter() - forward_done


def bytes_per_operation(length: int = TRACED) -> float:
    """Give the memory that a recorded operation holds, its result's 80 bytes of elements included."""
    turns = length // OPERATIONS
    x = Tensor(x0, requires_grad=True)
    tracemalloc.start()
    try:
        before, _ = tracemalloc.get_traced_memory()
        y = chain(x, turns)
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    del y
    return (after - before) / (turns * OPERATIONS)
