"""The least that a recorded chain can cost in Python: one object an operation, beside NumPy's own call.

The object has the slots of a record and nothing else happens: no check, no error, no choice of a rule. What grows with
the chain then is the garbage collector, which looks at every living object again and again, and the memory's caches.
"""

import gc
from time import perf_counter

import numpy as np

from benchmarks.chain import LONG, SHORT, g0, w, x0

COSTS = ("with the collector", "without it")


class Bare:
    """A result, what it was computed from, and when."""

    __slots__ = ("a", "b", "data", "op", "serial", "x", "z")


def forward(length: int) -> Bare:
    """Record a chain of products."""
    t = Bare()
    t.data, t.op = x0, None
    for serial in range(length):
        result = Bare()
        result.data = t.data * w
        result.op, result.a, result.b, result.x, result.z, result.serial = np.multiply, t, w, t.data, w, serial
        t = result
    return t


def backward(t: Bare) -> np.ndarray:
    """Walk it back to where it began."""
    g = g0
    while t.op is not None:
        g = g * t.z
        t = t.a
    return g


def seconds(length: int) -> float:
    """Give the seconds that an operation takes forward and backward; a short chain is repeated."""
    repeats, total = max(1, 40_000 // length), 0.0
    for _ in range(repeats):
        began = perf_counter()
        t = forward(length)
        backward(t)
        total += perf_counter() - began
        while t.op is not None:  # freed one by one, since the last would free all others in a recursion
            t = t.a
    return total / (length * repeats)


def growth(rounds: int) -> dict[str, float]:
    """Give the ratio of an operation in the long chain to one in the short chain, with the collector and without."""
    found: dict[str, list[float]] = {name: [] for name in COSTS}
    seconds(SHORT)
    for _ in range(rounds):
        for name in COSTS:
            if name == COSTS[1]:
                gc.disable()
            try:
                short = seconds(SHORT)
                found[name].append(seconds(LONG) / short)
            finally:
                gc.enable()
    return {name: float(np.median(values)) for name, values in found.items()}
