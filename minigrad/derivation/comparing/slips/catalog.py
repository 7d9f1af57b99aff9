"""All slips, in the order in which they are tried: of those that give one array, the first is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from minigrad.derivation.comparing.calculation import Calculation
from minigrad.derivation.comparing.slips.base import Slip
from minigrad.derivation.comparing.slips.local import (
    argument_for_value,
    derivative_along_another_axis,
    derivative_elsewhere,
    derivative_missing,
    derivative_of_another,
    derivative_twice,
    diagonal_alone,
)
from minigrad.derivation.comparing.slips.neighbors import neighbor_for_value
from minigrad.derivation.comparing.slips.parts import factor_before, part_otherwise
from minigrad.derivation.comparing.slips.sums import (
    gradient_transposed,
    not_summed,
    not_transposed,
    summed_otherwise,
    transposed,
)
from minigrad.derivation.comparing.slips.uses import assigned, cut_off, indexed_once, one_sample, use_missing
from minigrad.derivation.comparing.slips.values import (
    function_forgotten,
    term_forgotten,
    value_slips,
    weight_updated,
    weight_updated_before,
)
from minigrad.derivation.wording import say
from minigrad.engine.node import Node

_LONGEST = 24  # operations on the way back; with more, the pairs of slips are too many
_MOST_VISITED = 150_000  # operations for the pairs of one gradient, 4 μs each; all of 30 steps would be a million
Family = Callable[[Calculation, Node], Iterator[Slip]]

IN_A_GRADIENT: tuple[Family, ...] = (
    *(transposed, derivative_missing, cut_off, use_missing, assigned, indexed_once),
    *(summed_otherwise, not_transposed, gradient_transposed, not_summed, one_sample),
    *(diagonal_alone, derivative_along_another_axis, derivative_elsewhere, argument_for_value, derivative_of_another),
    *(term_forgotten, function_forgotten, neighbor_for_value, derivative_twice, factor_before, part_otherwise),
)

# Of two slips at once: those that change values stand before the others, and those of many kinds are left out.
IN_PAIRS: tuple[Family, ...] = (
    *(term_forgotten, function_forgotten, not_transposed, use_missing, assigned, indexed_once),
    *(derivative_missing, diagonal_alone, derivative_elsewhere, argument_for_value, transposed, summed_otherwise),
)


def slips_in_gradient(way: Calculation, x: Node, array: Any) -> Iterator[Slip]:
    """Give what each slip makes of ∂E/∂x."""
    for family in IN_A_GRADIENT:
        yield from family(way, x)
    yield from weight_updated(way, x, array)


def two_slips_in_gradient(way: Calculation, x: Node, few: bool = False) -> Iterator[Slip]:
    """Give what two slips at once make of ∂E/∂x, where trying all pairs takes no longer than a moment.

    ``few`` leaves out those in places of the middle: of each kind there are the first, and the last, in all places.
    They come before the others, so that of several that give one array those are named that a table of few has, too.
    """
    if len(way.tape.above(x)) > _LONGEST:
        return
    if not few:
        yield from two_slips_in_gradient(way, x, few=True)
    end = way.tape.visited + _MOST_VISITED
    for first in _differing(way, x, few):
        if first.way is not None and way.tape.visited < end:
            for second in _differing(first.way, x, few, later=True):
                says = say("{first}, and {second}", first=first.says, second=second.says)
                yield Slip(says, second.value, second.way)


def _differing(way: Calculation, x: Node, few: bool = False, later: bool = False) -> Iterator[Slip]:
    """Give the slips of which each gives another array; what is cut off stands before the ``later`` ones."""
    seen = {way.gradient(x).tobytes()}
    families = (list(family(way, x)) for family in (IN_PAIRS if later else (cut_off, *IN_PAIRS)))
    for slip in (slip for found in families for slip in (found[:1] + found[1:][-1:] if few else found)):
        digits = np.asarray(slip.value).tobytes()
        if digits not in seen:
            seen.add(digits)
            yield slip


def slips_in_value(way: Calculation, y: Node, array: Any) -> Iterator[Slip]:
    """Give what each slip makes of y, a value on the way to E."""
    yield from value_slips(way, y)
    yield from weight_updated_before(way, y, array)
