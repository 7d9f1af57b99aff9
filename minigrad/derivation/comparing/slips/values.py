"""Slips of numbers: a term or a function forgotten on the way to E, a weight that was already updated."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any

import numpy as np

from minigrad.derivation.comparing.calculation import Calculation, Values
from minigrad.derivation.comparing.rounding import largest
from minigrad.derivation.comparing.slips.base import (
    FARTHEST,
    Slip,
    called,
    equation_of,
    formula_of,
    more_like_it,
    operands,
    places_alone,
    slip_in,
    slip_in_value,
)
from minigrad.derivation.comparing.slips.functions import argument
from minigrad.derivation.comparing.slips.local import function_table
from minigrad.derivation.wording import Said, say
from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.ops.arithmetic import add, divide, multiply
from minigrad.ops.linalg import matmul

_FEWEST = 3  # elements from which one unknown number can be told from a coincidence
_FARTHER = (1000, 300, 3000, 100)  # thousandths of the weights, from where η is sought too
_STEPS = 12  # of Newton's method for η, which is exact after one where a gradient is linear in it


def term_forgotten(way: Calculation, x: Node) -> Iterator[Slip]:
    """Y and all after it computed without a bias, or another term; or in one place of the way back alone."""
    above = set(way.tape.above(x))
    most = places_alone(way, x)
    for says, changed in ways_without_a_term(way, most):
        yield slip_in(changed, x, says)
        fed = []
        for y in way.tape.nodes:
            values = {z: changed.values[z] for z in (y, *y.inputs) if isinstance(z, Node)}
            if y.op and y in above and any(value is not way.values[z] for z, value in values.items()):
                fed.append((y, values))
        yield from (slip_in(way.with_seen(y, values), x, says) for y, values in fed[:most])


def function_forgotten(way: Calculation, x: Node) -> Iterator[Slip]:
    """Y = U in place of Y = f(U), on the way to E and back."""
    for says, changed in ways_without_a_function(way, places_alone(way, x)):
        yield slip_in(changed, x, says)


def weight_updated(way: Calculation, x: Node, array: Any) -> Iterator[Slip]:
    """W − η ∂E/∂W where W is due: the step was taken before the way back was over, with an η that is found."""
    yield from _updated(way, array, way.tape.learned, way.with_held, _gradient_of(x))


def updated_straight(way: Calculation, x: Node) -> Iterator[tuple[str, Any]]:
    """Give each weight W of which ∂E/∂x is a straight line in η, where W − η ∂E/∂W stands for it; and the slope."""
    before = way.gradient(x)
    for w in way.tape.learned[:FARTHEST] if np.size(before) >= _FEWEST else ():
        h = _scale(way, {w: way.gradient(w)}, [w])
        once, far = (way.with_held({w: way.values[w] - t * way.gradient(w)}).gradient(x) for t in (h, 1000 * h))
        slope = (far - before) / (1000 * h) if h else far
        off = largest(before + h * slope - once)
        if h and off <= 1e-9 * largest(h * slope) + 1e-13 * largest(before) and not _only_scales(slope, before):
            yield called(w, way), slope


def weight_updated_before(way: Calculation, y: Node, array: Any) -> Iterator[Slip]:
    """W − η ∂E/∂W where W is due, on the way to E: the value is the one after the step."""
    below = [w for w in way.tape.learned if y in set(way.tape.above(w))]
    yield from _updated(way, array, below, way.with_values, lambda changed: changed.values[y])


def _gradient_of(x: Node) -> Callable[[Calculation], Any]:
    return lambda changed: changed.gradient(x)


def _updated(
    way: Calculation,
    array: Any,
    weights: Sequence[Node],
    change: Callable[[Values], Calculation],
    result: Callable[[Calculation], Any],
) -> Iterator[Slip]:
    """Find the η for one weight after another, and for all of them, with which the result is the array."""
    before = result(way)
    if np.shape(array) != np.shape(before) or np.size(array) < _FEWEST:
        return
    steps = {w: way.given[w] if w in way.given else way.gradient(w) for w in weights[:FARTHEST]}
    alone = [[w] for w in steps if not np.array_equal(result(change({w: way.values[w] - steps[w]})), before)]
    for some in [*alone, *([[w for (w,) in alone]] if len(alone) > 1 else [])]:

        def after(eta: float, some: Sequence[Node] = some) -> Calculation:
            return change({w: way.values[w] - eta * steps[w] for w in some})

        def computed(eta: float, after: Callable[[float], Calculation] = after) -> Any:
            return result(after(eta))

        h = _scale(way, steps, some)
        eta = _fitted(array, computed, h, [0.0, *(times * h for times in _FARTHER if len(some) > 1)])
        if eta is not None:
            *all_but_last, last = (called(w, way) for w in some)
            says = say("{W} was already updated, with η = {eta:.4g}", W=last, eta=eta)
            if all_but_last:
                others = ", ".join(all_but_last)
                says = say("{W} and {V} were already updated, with η = {eta:.4g}", W=others, V=last, eta=eta)
            yield Slip(says, result(after(eta)), after(eta))


def _scale(way: Calculation, steps: Values, some: Sequence[Node]) -> float:
    """Give an η that changes the weights by a thousandth, where it can be told."""
    sizes = [(largest(way.values[w]), largest(steps[w])) for w in some]
    return min((1e-3 * (w or 1) / step for w, step in sizes if step), default=0.0)


def _fitted(array: Any, result: Callable[[float], Any], h: float, starts: Sequence[float]) -> float | None:
    """Find η > 0; None where it changes nothing, or only by a common factor, or no η gives the array."""
    start = result(0.0)
    slope = result(h) - start
    if not h or _only_scales(slope, start):
        return None
    for first in starts:  # of one weight it is most often a straight line in η; of several, it is none
        eta = _solved(array, result, first, h)
        if eta is not None and eta > 0:
            return eta
    return None


def _only_scales(slope: Any, start: Any) -> bool:
    """Say whether η changes nothing, or only a common factor, which may be any other slip."""
    return bool(np.vdot(slope, start) ** 2 >= (1 - 1e-9) * np.vdot(slope, slope) * np.vdot(start, start))


def _solved(array: Any, result: Callable[[float], Any], eta: float, h: float) -> float | None:
    """Solve result(η) = array by Gauss's and Newton's method."""
    for _ in range(_STEPS):
        there = result(eta)
        slope = (result(eta + h) - there) / h
        square = float(np.vdot(slope, slope))
        off = array - there
        if not np.isfinite(square) or not square or not np.isfinite(off).all():
            return None
        if float(np.vdot(off, off)) <= 1e-24 * float(np.vdot(array, array)):
            return eta
        move = float(np.vdot(slope, off)) / square
        eta += move
        if abs(move) <= 1e-12 * abs(eta):
            break
    return eta if largest(array - result(eta)) <= 1e-3 * largest(array) else None


def value_slips(way: Calculation, y: Node) -> Iterator[Slip]:
    """Give what each slip makes of a value y on the way to E."""
    value = way.values[y]
    if np.ndim(value) > 1:
        yield Slip(say("it is transposed"), np.transpose(value))
    for says, changed in _ways_to(way, y):
        if changed.values[y] is not value:
            yield slip_in_value(changed, y, says)


def _ways_to(way: Calculation, y: Node) -> Iterator[tuple[Said, Calculation]]:
    yield from ways_without_a_function(way, FARTHEST)
    yield from ways_without_a_term(way, FARTHEST)
    below = [x for x in way.tape.nodes if x.op and y in set(way.tape.above(x))]
    for x in below[-FARTHEST:]:
        yield from _with_another_function(way, x)
        yield from _along_another_axis(way, x)
        yield from _with_a_transpose(way, x)


def _with_another_function(way: Calculation, y: Node) -> Iterator[tuple[Said, Calculation]]:
    """Give the ways in which y = h(u) in place of f(u), from the table of operations; there and back."""
    u = argument(y)
    if u is None or y.op in (multiply, divide):
        return
    for h, derivative in function_table():
        if h != y.op:
            with np.errstate(all="ignore"):
                value = h.forward(way.values[u])
                slope = derivative(value, way.values[u])
            there = text(h(u), way.tape.names)
            says = say("{there} stands where {due} is due", there=there, due=formula_of(y, way))
            yield says, way.with_values({y: value}).with_bridges({y: (u, partial(np.multiply, slope))})


def _along_another_axis(way: Calculation, y: Node) -> Iterator[tuple[Said, Calculation]]:
    """Give the ways in which an operation along an axis goes along another one, or all."""
    assert y.op is not None
    if "axis" not in y.op.fields or len(y.inputs) != 1:
        return
    (x,) = y.inputs
    for axis in (*range(np.ndim(x)), None):
        try:
            op = type(y.op)(**{name: axis if name == "axis" else getattr(y.op, name) for name in y.op.fields})
            value = op.forward(way.values[x])
        except (ValueError, TypeError):
            continue
        if np.shape(value) == y.shape:
            there = say("all axes") if axis is None else say("axis {axis}", axis=axis)
            yield say("{it} is taken over {axes}", it=formula_of(y, way), axes=there), way.with_values({y: value})


def _with_a_transpose(way: Calculation, y: Node) -> Iterator[tuple[Said, Calculation]]:
    """Give the ways in which one factor of a product of matrices is transposed."""
    if y.op != matmul:
        return
    a, b = operands(y, way)
    for x, factors in ((y.inputs[0], (np.transpose(a), b)), (y.inputs[1], (a, np.transpose(b)))):
        if np.ndim(a) == np.ndim(b) == 2 and factors[0].shape[1] == factors[1].shape[0]:
            value = factors[0] @ factors[1]
            if value.shape == y.shape:
                says = say("{factor} is transposed in {product}", factor=called(x, way), product=formula_of(y, way))
                yield says, way.with_values({y: value})


def ways_without_a_term(way: Calculation, most: int) -> Iterator[tuple[Said, Calculation]]:
    """Give the calculations in which a term of a sum is forgotten; of what is added again and again, each time.

    Of terms that are results, and of the places of one, the first ``most`` are tried.
    """
    terms: dict[Node, list[tuple[Node, Any]]] = {}
    for y in way.tape.nodes:
        if y.op == add:
            for term, rest in (y.inputs, y.inputs[::-1]):
                if isinstance(term, Node) and isinstance(rest, Node) and rest.shape == y.shape:
                    terms.setdefault(term, []).append((y, rest))
    results = [term for term in terms if term.op is not None][most:]
    for term in results:
        del terms[term]
    for term, places in terms.items():
        for some in [places, *([place] for place in places[:most])] if len(places) > 1 else [places]:
            more = more_like_it(len(some))
            changed = way.with_values({})
            for y, rest in some:  # in order: what was changed before is in the later ones
                changed = changed.with_values({y: changed.values[rest]})
            equation = equation_of(some[0][0], way)
            yield say("{term} is forgotten in {sum}{more}", term=called(term, way), sum=equation, more=more), changed


def ways_without_a_function(way: Calculation, most: int) -> Iterator[tuple[Said, Calculation]]:
    """Give the calculations in which a function of one argument is forgotten, of the first ``most``."""
    found = [(y, u) for y in way.tape.nodes if (u := argument(y)) is not None and y.op not in (multiply, divide)]
    for y, u in found[:most]:
        says = say("it is computed with {u} in place of {y}", u=called(u, way), y=formula_of(y, way))
        yield says, way.with_values({y: way.values[u]})
