"""Rounding: how far two correct calculations of one array may differ, and when two arrays are one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from minigrad.derivation.comparing.calculation import Calculation, Values, forward
from minigrad.engine.node import Node

_TIMES = 100  # a sum of many terms rounds more often than its terms do, and another order or formula differently


class Slack(NamedTuple):
    """How far a result may be off by rounding.

    ``spread`` is its change for a relative change of 1 of every number before it, to the first order, and ``eps`` the
    relative step of the coarsest numbers that either side was computed with.
    """

    spread: float = 0.0
    eps: float = 0.0

    @property
    def noise(self) -> float:
        """The size of a number that may be rounding alone."""
        return _TIMES * self.eps * self.spread

    def for_array(self, array: Any) -> Slack:
        """Give the slack for an array that may be less precise than the others."""
        return Slack(self.spread, max(self.eps, precision(array)))


class Rounding:
    """How much rounding does to each value and gradient: the largest change, where every number is off by one part.

    All of the numbers on the way there and back are moved by a small part of themselves, three times in other
    directions, and what comes of it is measured: so what cancels is known to be noise, in a sum, a difference, or a
    chain of any operations. The move depends on the number alone, so that what is equal stays equal, and what is
    only chosen or compared is not moved again. ``arrays`` are those that are compared: they come from one program, so
    the coarsest dtype among them is that of all.
    """

    part = 2.0**-20

    def __init__(self, calculation: Calculation, arrays: Iterable[Any] = ()) -> None:
        tape = calculation.tape
        kinds = [x.dtype for x in (*tape.nodes, *arrays) if x.dtype.kind in "fc"]
        self._eps = max((float(np.finfo(kind).eps) for kind in kinds), default=0.0)
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
            off = _apart(value, straight[x]) / self.part
            largest = float(np.max(off, initial=0.0, where=np.isfinite(off)))
            spread[x] = max(spread.get(x, 0.0), largest)

    def of_value(self, x: Node) -> Slack:
        """Give how far a value may be off."""
        return Slack(self._of_value.get(x, 0.0), self._eps)

    def of_gradient(self, x: Node) -> Slack:
        """Give how far ∂E/∂x may be off."""
        return Slack(self._of_gradient.get(x, 0.0), self._eps)


@dataclass(frozen=True)
class _Moved:
    """Move each number of an array by up to a part of itself, which follows from its digits."""

    part: float
    phase: float

    def __call__(self, x: Any) -> Any:
        if np.asarray(x).dtype.kind not in "fc":
            return x
        digits, _ = np.frexp(np.real(x) + np.imag(x))
        return x * (1 + self.part * np.cos(digits * 7919 + self.phase))


def is_close(a: Any, b: Any, slack: Slack) -> bool:
    """Say whether two arrays are one but for rounding: a millionth of the largest element, √ε, or the slack."""
    if np.shape(a) != np.shape(b):
        return False
    finite = np.isfinite(a) & np.isfinite(b)
    if not finite.all() and not np.array_equal(np.where(finite, 0, a), np.where(finite, 0, b), equal_nan=True):
        return False
    with np.errstate(invalid="ignore"):
        off = _apart(a, b)
    most = max(max(1e-6, slack.eps**0.5) * largest(np.where(finite, b, 0)), slack.noise)
    return bool(np.max(off, initial=0.0, where=finite) <= most)


def _apart(a: Any, b: Any) -> Any:
    return np.abs(np.subtract(a, b, dtype=np.result_type(a, b, np.float64)))


def largest(x: Any) -> float:
    """Give the largest element, without its sign."""
    return float(np.max(np.abs(x), initial=0.0))


def precision(x: Any) -> float:
    """Give the relative step between the numbers that an array holds; float32's may be stored in float64."""
    x = np.asarray(x)
    if x.dtype.kind not in "fc":
        return 0.0
    single = {"f": np.float32, "c": np.complex64}[x.dtype.kind]
    with np.errstate(over="ignore"):
        narrow = x.dtype.itemsize > np.dtype(single).itemsize and np.array_equal(x, x.astype(single), equal_nan=True)
    return float(np.finfo(single if narrow else x.dtype).eps)
