"""What a slip is: what is said of it, the array that it gives, and the calculation in which it was made."""

from __future__ import annotations

from typing import Any, NamedTuple

from minigrad.derivation.comparing.calculation import Calculation
from minigrad.derivation.wording import Said, say
from minigrad.engine.node import Node
from minigrad.notation.formula import text

FARTHEST = 24  # how many places of one slip are tried, the nearest first
_VISITS = 2000  # of how many operations in all the ways back consist on which one slip is tried, place by place


class Slip(NamedTuple):
    """What was done, as the end of a sentence, and the array that it gives; ``way`` is the calculation that does so."""

    says: Said
    value: Any
    way: Calculation | None = None


def places_alone(way: Calculation, x: Node) -> int:
    """Give in how many places by themselves a slip is tried: fewer, the longer the way back to x is."""
    return max(1, min(FARTHEST, _VISITS // len(way.tape.above(x))))


def slip_in(way: Calculation, x: Node, says: Said) -> Slip:
    """Give the slip by which ∂E/∂x is what a changed calculation gives."""
    return Slip(says, way.gradient(x), way)


def slip_in_value(way: Calculation, x: Node, says: Said) -> Slip:
    """Give that by which x itself is."""
    return Slip(says, way.values[x], way)


def formula_of(x: Node, way: Calculation) -> str:
    """Write how x is computed, by the symbols of what it is computed from."""
    return _write(x, way, expand=x)


def equation_of(x: Node, way: Calculation) -> str:
    """Write x as its symbol, if it has one, and how it is computed."""
    return f"{way.tape.names[x]} = {formula_of(x, way)}" if x in way.tape.names else formula_of(x, way)


def called(x: Node, way: Calculation) -> str:
    """Write x by its symbol, or how it is computed if it has none."""
    return _write(x, way)


def _write(x: Node, way: Calculation, expand: Node | None = None) -> str:
    known, key = way.tape.written, (x, expand)
    if key not in known:
        known[key] = text(x, way.tape.names, expand=expand)
    return known[key]


def operands(y: Node, way: Calculation) -> list[Any]:
    """Give the values of what an operation is applied to."""
    return [way.values[x] if isinstance(x, Node) else x for x in y.inputs]


def more_like_it(n: int) -> str:
    """Say that one of n was named, and that there are more."""
    return say(" and {n} more like it", n=n - 1) if n > 1 else ""
