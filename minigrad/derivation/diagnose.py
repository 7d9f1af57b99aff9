"""From a wrong array to the slip in it: it is compared with what each usual slip would give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minigrad.derivation.calculation import Calculation
from minigrad.derivation.places import Place
from minigrad.derivation.rounding import Slack, is_close, largest
from minigrad.derivation.slips.base import Slip
from minigrad.ops.arithmetic import divide

_BEHIND = ", besides what follows from the wrong ones before it"


class Diagnosis(NamedTuple):
    """What is wrong, as a clause, and the calculation in which it was done, where that is known."""

    says: str
    way: Calculation | None = None


@dataclass(frozen=True)
class Case:
    """An array that is wrong: what it should be, and how much of that may be rounding (``slack``)."""

    place: Place
    array: Any
    slack: Slack
    sizes: tuple[Sequence[int], Sequence[int]]

    def diagnose(self, ways: Sequence[Calculation]) -> Diagnosis:
        """Name the slip, or, where it is no usual one, how the array differs.

        The first of ``ways`` is the right one, the last has the arrays that were given before this one in it.
        """
        if not np.isfinite(self.array).all():
            return Diagnosis("it holds NaN or infinity")
        for way in reversed(ways):
            for found in self._explanations(way):
                return Diagnosis(found.says + ("" if way is ways[0] else _BEHIND), found.way)
        value = self.place.value_in(ways[0])
        plain = _shape(self.array, value, self.slack) or self._any_factor(value)
        if plain:
            return Diagnosis(plain)
        for way in reversed(ways):
            for found in self.place.two_slips(way):
                if self._is(found.value):
                    return Diagnosis(found.says + ("" if way is ways[0] else _BEHIND), found.way)
        return Diagnosis("it is no usual slip")

    def _explanations(self, way: Calculation) -> Iterator[Slip]:
        """Give what reproduces the array: a factor, a slip, or a slip and a factor; the simplest first."""
        value = self.place.value_in(way)
        plain = self._factor(value)
        if plain:
            yield Slip(plain, None)
        slips: list[Slip] = []
        for slip in self.place.slips(way, self.array):
            if self._is(slip.value) and not self._same(slip.value, value):
                yield slip
            slips.append(slip)
        for slip in slips:
            factor = self._factor(slip.value)
            if factor and not self._same(slip.value, value):
                yield Slip(f"{slip.says}, and {factor}", None, slip.way)

    def _is(self, value: Any) -> bool:
        return is_close(self.array, value, self.slack)

    def _same(self, a: Any, b: Any) -> bool:
        return is_close(a, b, self.slack)

    def _multiple(self, value: Any) -> float | None:
        """Give the c for which the array is c times a value; None where there is none, or the value may be rounding."""
        if np.shape(self.array) != np.shape(value) or not np.isfinite(value).all() or np.iscomplexobj(value):
            return None
        if largest(value) <= 2 * self.slack.noise:
            return None
        c = float(np.vdot(self.array, value)) / float(np.vdot(value, value))
        return c if c and self._is(c * value) else None

    def _factor(self, value: Any) -> str:
        """Name the number by which the array is value times it: a sign, a power of 2, or a number of samples."""
        c = self._multiple(value)
        if c is None:
            return ""
        divisors, batch = self.sizes
        usual = {1.0: "", 2.0: "a factor ½ is missing", 0.5: "there is a factor ½ too many"}
        usual = {**{1.0 / n: f"it is divided by {n}, and E is not, which is a sum" for n in batch if n > 2}, **usual}
        usual |= {1.0 / n: f"1/N is there twice, as of a mean instead of a sum, N = {n}" for n in divisors}
        usual |= {float(n): f"1/N is missing, N = {n}" for n in divisors}
        for number, says in reversed(usual.items()):
            if (says or c < 0) and self._is(np.copysign(number, c) * value):
                return " and ".join(filter(None, ("the sign is wrong" if c < 0 else "", says)))
        return ""

    def _any_factor(self, value: Any) -> str:
        """Name any other such number; of one element it would say nothing."""
        c = self._multiple(value) if np.size(value) > 1 else None
        return f"it is {c:.6g} times what it should be" if c is not None else ""


def sizes_of(way: Calculation) -> tuple[list[int], list[int]]:
    """Give each N that E is divided by, a mean's, and the numbers of samples that there may be."""
    nodes = way.tape.nodes
    divisors = [x.inputs[1] for x in nodes if x.op == divide and not x.shape]
    batch = {n for x in nodes if x.op is None and x.value is None and x.ndim > 1 for n in x.shape[:-1]}
    return sorted({int(n) for n in divisors if isinstance(n, int | float) and n == int(n) > 1}), sorted(batch)


def _shape(array: Any, value: Any, slack: Slack) -> str:
    """Say what is wrong with a shape, and whether the numbers are right in another."""
    there, wanted = np.shape(array), np.shape(value)
    if there == wanted:
        return ""
    if np.size(array) == np.size(value) and is_close(np.reshape(array, wanted), value, slack):
        return f"its numbers are right, in shape {there} instead of {wanted}"
    extra = len(there) - len(wanted)
    if extra > 0 and is_close(np.sum(array, axis=tuple(range(extra))), value, slack):
        return f"it is not summed over {'axis 0' if extra == 1 else f'the first {extra} axes'}"
    return f"its shape is {there}, and should be {wanted}"
