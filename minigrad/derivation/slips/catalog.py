"""All slips, in the order in which they are tried: of those that give one array, the first is named."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from minigrad.derivation.calculation import Calculation
from minigrad.derivation.slips.base import Slip
from minigrad.derivation.slips.local import (
    argument_for_value,
    derivative_elsewhere,
    derivative_missing,
    derivative_of_another,
    diagonal_alone,
)
from minigrad.derivation.slips.sums import not_summed, not_transposed, summed_otherwise, transposed
from minigrad.derivation.slips.uses import assigned, cut_off, indexed_once, one_sample, use_missing
from minigrad.derivation.slips.values import (
    function_forgotten,
    term_forgotten,
    value_slips,
    weight_updated,
    weight_updated_before,
)
from minigrad.engine.node import Node

Family = Callable[[Calculation, Node], Iterator[Slip]]

IN_A_GRADIENT: tuple[Family, ...] = (
    *(transposed, derivative_missing, cut_off, use_missing, assigned, indexed_once),
    *(summed_otherwise, not_transposed, not_summed, one_sample),
    *(diagonal_alone, derivative_elsewhere, argument_for_value, derivative_of_another),
    *(term_forgotten, function_forgotten),
)


def slips_in_gradient(way: Calculation, x: Node, array: Any) -> Iterator[Slip]:
    """Give what each slip makes of ∂E/∂x."""
    for family in IN_A_GRADIENT:
        yield from family(way, x)
    yield from weight_updated(way, x, array)


def slips_in_value(way: Calculation, y: Node, array: Any) -> Iterator[Slip]:
    """Give what each slip makes of y, a value on the way to E."""
    yield from value_slips(way, y)
    yield from weight_updated_before(way, y, array)
