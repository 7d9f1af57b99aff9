"""What each usual slip would make of one gradient, as a table for whoever compares without this library."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

import numpy as np

from minigrad.derivation.comparing.calculation import Calculation, calculate
from minigrad.derivation.comparing.slips.base import Slip
from minigrad.derivation.comparing.slips.catalog import slips_in_gradient, two_slips_in_gradient
from minigrad.derivation.comparing.slips.factors import sizes_of, usual_factors, with_wrong_sign
from minigrad.derivation.comparing.slips.values import updated_straight
from minigrad.derivation.wording import Said, say
from minigrad.engine.node import Node

MOST_PAIRED = 100  # slips; of 280, in a recurrent network, all pairs would take 20 s and 1 MB for each question
_NONE = np.zeros((0, 0))  # in the place of an array that slips with an unknown number would be fitted to


class Answers(NamedTuple):
    """The wrong answers to one question: what is said of each, and its array.

    ``factors`` are numbers that the right one, or a wrong one, may be multiplied by besides. ``straight`` are those
    with an unknown η in them: (what is said with ``{eta}`` for it, the array that is added η times). ``pairs`` are what
    two slips at once give; where there are many, of the first and the last of each kind.
    """

    wrong: list[tuple[Said, Any]]
    factors: list[tuple[float, Said]]
    straight: list[tuple[Said, Any]]
    pairs: list[tuple[Said, Any]]


def tabulate_answers(way: Calculation, x: Node) -> Answers:
    """Give what each slip makes of ∂E/∂x, of those that give one array the first, and none that gives the right one."""
    right = way.gradient(x)
    wrong = _differing(slips_in_gradient(way, x, _NONE), right)
    pairs = _differing(two_slips_in_gradient(way, x, few=len(wrong) >= MOST_PAIRED), right)
    usual = usual_factors(sizes_of(way)).items()
    factors = [(c, says) for c, says in reversed(usual) if says]
    factors += [(-c, with_wrong_sign(says)) for c, says in reversed(usual)]
    straight = [
        (say("{W} was already updated, with η = {eta}", W=W, eta="{eta}"), slope)
        for W, slope in updated_straight(way, x)
    ]
    return Answers(
        list(wrong.values()),
        factors,
        straight,
        [pairs[key] for key in pairs if key not in wrong and _is_odd(pairs[key][1], right)],
    )


def _differing(slips: Iterable[Slip], right: Any) -> dict[Any, tuple[Said, Any]]:
    """Give what is said of each array that is not the right one, the first time that there is one, and the array."""
    found: dict[Any, tuple[Said, Any]] = {}
    for slip in slips:
        value = np.asarray(slip.value)
        if np.isfinite(value).all() and not _is_close(value, right):
            found.setdefault(_rounded(value), (slip.says, value))
    return found


def calculate_lines(graph: Any, named: Any, lines: Iterable[Any]) -> Calculation:
    """Give the calculation of a derivation's graph, in which the inputs that have a line are learned."""
    targets = (line.target for line in lines)
    return calculate(graph, named, [x for x in targets if isinstance(x, Node) and x.op is None])


def _is_odd(a: Any, right: Any) -> bool:
    """Say whether an array has the right shape and is no multiple of the right one, which would be said instead."""
    if a.shape != right.shape:
        return False
    scale = np.vdot(right, right)
    return not scale or a.size < 2 or not _is_close(np.vdot(a, right) / scale * right, a)


def _is_close(a: Any, b: Any) -> bool:
    return a.shape == b.shape and bool(np.abs(a - b).max(initial=0.0) <= 1e-9 * np.abs(b).max(initial=1e-3))


def _rounded(value: Any) -> tuple[Any, bytes]:
    """Give what two arrays have in common that are one but for rounding, nearly always."""
    scale = np.abs(value).max(initial=0.0) or 1.0
    digits = np.round(value * (1e8 / 10.0 ** np.ceil(np.log10(scale))))
    return value.shape, (digits + 0.0).tobytes()
