"""From a wrong array to the slip in it: it is compared with what each usual slip would give."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from minigrad.derivation.comparing.calculation import Calculation
from minigrad.derivation.comparing.places import Place
from minigrad.derivation.comparing.rounding import Slack, is_close, largest
from minigrad.derivation.comparing.slips.base import Slip
from minigrad.derivation.comparing.slips.factors import usual_factors, with_wrong_sign
from minigrad.derivation.wording import Said, say


class Diagnosis(NamedTuple):
    """What is wrong, as a clause, and the calculation in which it was done, where that is known."""

    says: Said
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
            return Diagnosis(say("it holds NaN or infinity"))
        for way in reversed(ways):
            for found in self._explanations(way):
                return Diagnosis(found.says if way is ways[0] else _behind(found.says), found.way)
        value = self.place.value_in(ways[0])
        if (said := _numbers_alone(self.array, value, self.slack)) is not None:
            return Diagnosis(said)
        for way in reversed(ways):
            reshaped = self._in_another_shape(way)
            if reshaped is not None:
                return reshaped if way is ways[0] else Diagnosis(_behind(reshaped.says), reshaped.way)
        plain = _shape(self.array, value, self.slack) or self._any_factor(value)
        if plain:
            return Diagnosis(plain)
        for way in reversed(ways):
            for found in self.place.two_slips(way):
                if self._is(found.value):
                    return Diagnosis(found.says if way is ways[0] else _behind(found.says), found.way)
        return Diagnosis(say("it is no usual slip"))

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
                yield Slip(say("{first}, and {second}", first=slip.says, second=factor), None, slip.way)

    def _in_another_shape(self, way: Calculation) -> Diagnosis | None:
        """Name the slip in an array that is transposed besides, or not summed over its first axes."""
        there, wanted = np.shape(self.array), np.shape(self.place.value_in(way))
        extra = len(there) - len(wanted)
        if len(there) == 2 and there[::-1] == wanted != there:
            right, besides = self.array.T, say("it is transposed")
        elif extra > 0 and there[extra:] == wanted:
            axes = say("axis {axis}", axis=0) if extra == 1 else say("the first {n} axes", n=extra)
            right, besides = self.array.sum(axis=tuple(range(extra))), say("it is not summed over {axes}", axes=axes)
        else:
            return None
        for found in replace(self, array=right)._explanations(way):
            return Diagnosis(say("{first}, and {second}", first=found.says, second=besides), found.way)
        return None

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

    def _factor(self, value: Any) -> Said | None:
        """Name the number by which the array is value times it: a sign, a power of 2, or a number of samples."""
        c = self._multiple(value)
        if c is None:
            return None
        for number, says in reversed(usual_factors(self.sizes).items()):
            if (says or c < 0) and self._is(np.copysign(number, c) * value):
                return says if c > 0 else with_wrong_sign(says)
        return None

    def _any_factor(self, value: Any) -> Said | None:
        """Name any other such number; of one element it would say nothing."""
        c = self._multiple(value) if np.size(value) > 1 else None
        return say("it is {c:.6g} times what it should be", c=c) if c is not None else None


def _behind(says: Said) -> Said:
    return say("{slip}, besides what follows from the wrong ones before it", slip=says)


def _numbers_alone(array: Any, value: Any, slack: Slack) -> Said | None:
    """Say that the numbers are right, in another shape."""
    there, wanted = np.shape(array), np.shape(value)
    if there == wanted or np.size(array) != np.size(value) or not is_close(np.reshape(array, wanted), value, slack):
        return None
    return say("its numbers are right, in shape {there} instead of {wanted}", there=there, wanted=wanted)


def _shape(array: Any, value: Any, slack: Slack) -> Said | None:
    """Say what is wrong with a shape, and whether a sum is missing."""
    there, wanted = np.shape(array), np.shape(value)
    if there == wanted:
        return None
    extra = len(there) - len(wanted)
    if extra > 0 and is_close(np.sum(array, axis=tuple(range(extra))), value, slack):
        axes = say("axis {axis}", axis=0) if extra == 1 else say("the first {n} axes", n=extra)
        return say("it is not summed over {axes}", axes=axes)
    return say("its shape is {there}, and should be {wanted}", there=there, wanted=wanted)
