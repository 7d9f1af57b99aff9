"""Slips in one of several parts that a gradient is the sum of: Σₜ Hₜ₋₁ᵀ δₜ with one δₜ that is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from minigrad.derivation.comparing.calculation import Calculation
from minigrad.derivation.comparing.slips.base import Slip, called, places_alone
from minigrad.derivation.comparing.slips.factors import usual_factors, with_wrong_sign
from minigrad.derivation.wording import say
from minigrad.engine.node import Node

_NEAR = 3  # places in the order of evaluation, as far as another gradient is sought in the place of one


def factor_before(way: Calculation, x: Node) -> Iterator[Slip]:
    """−∂E/∂y, ½ ∂E/∂y or 2 ∂E/∂y, from which ∂E/∂x and others went on, where more than that leads to x."""
    right = way.gradient(x)
    named = [y for y in way.tape.above(x)[:0:-1] if y in way.tape.names and y is not x]
    for y in named[: places_alone(way, x)]:
        doubled = way.with_gradient(y, 2 * way.gradient(y))
        share = doubled.gradient(x) - right
        if not _is_close(share, right):  # else it is a factor of the whole
            for c, says in _factors():
                value = right + (c - 1) * share
                yield Slip(say("{slip}, in {gradient}", slip=says, gradient=_gradient_of(y, way)), value)


def part_otherwise(way: Calculation, x: Node) -> Iterator[Slip]:
    """One part of a sum with another factor, or with another gradient than the one that is due."""
    near = _next_named(way, x)
    if len(near) < 2:
        return
    right = way.gradient(x)
    parts = {y: _part_through(way, x, y, way.gradient(y)) for y in near}
    if not _is_close(sum(parts.values()), right):
        return
    above = set(way.tape.above(x))
    row = [y for y in way.tape.nodes if y in way.tape.names and y in above]
    places = {y: i for i, y in enumerate(row)}
    for y in near[: places_alone(way, x)]:
        due = _gradient_of(y, way)
        for c, says in _factors():
            says = say("{slip}, in the part with {gradient}", slip=says, gradient=due)
            yield Slip(says, right + (c - 1) * parts[y])
        at = places[y]
        for z in row[max(0, at - _NEAR) : at + _NEAR + 1]:
            if z is not y and z.shape == y.shape:
                value = right - parts[y] + _part_through(way, x, y, way.gradient(z))
                yield Slip(say("{u} is used in place of {y}{more}", u=_gradient_of(z, way), y=due, more=""), value)


def _next_named(way: Calculation, x: Node) -> list[Node]:
    """Give the values with a symbol that x goes into first, whose gradients ∂E/∂x is computed from."""
    found: dict[Node, None] = {}
    seen, stack = {x}, [x]
    while stack:
        for y in way.tape.users.get(stack.pop(), []):
            if y in way.tape.names:
                found[y] = None
            elif y not in seen:
                seen.add(y)
                stack.append(y)
    return list(found)


def _part_through(way: Calculation, x: Node, y: Node, g: Any) -> Any:
    """Give what comes to x from g in the place of ∂E/∂y, by no other value with a symbol."""
    names = way.tape.names
    between = [z for z in way.tape.above(x) if z is y or z is x or z not in names]
    with np.errstate(all="ignore"):
        found = replace(way, given={}).walk(between, {y: g}).get(x, 0.0)
    return np.broadcast_to(found, x.shape)


def _factors() -> list[tuple[float, Any]]:
    """Give the numbers that one part may be multiplied by, and what is said of each."""
    usual = [(c, says) for c, says in usual_factors(((), ())).items() if says]
    return [(-1.0, with_wrong_sign(None)), *usual]


def _gradient_of(y: Node, way: Calculation) -> str:
    return f"∂E/∂{called(y, way)}"


def _is_close(a: Any, b: Any) -> bool:
    return bool(np.abs(np.subtract(a, b)).max(initial=0.0) <= 1e-9 * np.abs(b).max(initial=0.0))
