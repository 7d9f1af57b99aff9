"""Rounding: how far two correct calculations of one array may differ, and when two arrays are one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigrad.derivation.calculation import Calculation, Values, forward
from minigrad.engine.node import Node

_TIMES = 100  # a sum of many terms rounds more often than its terms do, and another order or formula differently


class Rounding:
    """How much rounding does to each value and gradient: the largest change, where every number is off by one part.

    All of the numbers on the way there and back are moved by a small part of themselves, three times in other
    directions, and what comes of it is measured: so what cancels is known to be noise, in a sum, a difference, or a
    chain of any operations. The move depends on the number alone, so that what is equal stays equal, and what is
    only chosen or compared is not moved again.
    """

    part = 2.0**-20

    def __init__(self, calculation: Calculation) -> None:
        tape = calculation.tape
        self._of_value: dict[Node, float] = {}
        self._of_gradient: dict[Node, float] = {}
        leaves = {x: value for x, value in calculation.values.items() if x.op is None}
        with np.errstate(all="ignore"):
            straight = calculation.walk(tape.nodes[::-1])
            for phase in (0.0, 1.0, 2.0):
                moved = _Moved(self.part, phase)
                values = forward(tape.nodes, {x: moved(value) for x, value in leaves.items()}, moved)
                back = replace(calculation, values=values, touch=moved).walk(tape.nodes[::-1])
                self._add(self._of_value, values, calculation.values)
                self._add(self._of_gradient, back, straight)

    def _add(self, spread: dict[Node, float], moved: Values, straight: Values) -> None:
        for x, value in moved.items():
            off = np.abs(np.subtract(value, straight[x], dtype=np.float64)) / self.part
            largest = float(np.max(off, initial=0.0, where=np.isfinite(off)))
            spread[x] = max(spread.get(x, 0.0), largest)

    def of_value(self, x: Node) -> float:
        """Give the change of x for a relative change of 1 of every number before it, to the first order."""
        return self._of_value.get(x, 0.0)

    def of_gradient(self, x: Node) -> float:
        """Give that of ∂E/∂x."""
        return self._of_gradient.get(x, 0.0)


@dataclass(frozen=True)
class _Moved:
    """Move each number of an array by up to a part of itself, which follows from its digits."""

    part: float
    phase: float

    def __call__(self, x: Any) -> Any:
        if np.asarray(x).dtype.kind != "f":
            return x
        digits, _ = np.frexp(x)
        return x * (1 + self.part * np.cos(digits * 7919 + self.phase))


def is_close(a: Any, b: Any, spread: float = 0.0) -> bool:
    """Say whether two arrays are one but for rounding: their own, and that of a result of this ``spread``."""
    if np.shape(a) != np.shape(b) or not (np.isfinite(a).all() and np.isfinite(b).all()):
        return False
    eps = max(precision(a), precision(b))
    off = float(np.max(np.abs(np.subtract(a, b, dtype=np.float64)), initial=0.0))
    return off <= max(max(1e-6, np.sqrt(eps)) * largest(b), noise(eps, spread))


def noise(eps: float, spread: float) -> float:
    """Give the size of a number that may be rounding alone."""
    return float(_TIMES * eps * spread)


def largest(x: Any) -> float:
    """Give the largest element, without its sign."""
    return float(np.max(np.abs(x), initial=0.0))


def precision(x: Any) -> float:
    """Give the relative step between the numbers that an array holds; float32's may be stored in float64."""
    x = np.asarray(x)
    if x.dtype.kind != "f":
        return 0.0
    with np.errstate(over="ignore"):
        narrow = x.dtype.itemsize > 4 and np.array_equal(x, x.astype(np.float32), equal_nan=True)
    return float(np.finfo(np.float32 if narrow else x.dtype).eps)
