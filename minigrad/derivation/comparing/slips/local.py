"""Slips of one function's derivative: it is missing, another's, taken at another place, or its diagonal alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache, partial
from math import prod
from typing import Any

import numpy as np

from minigrad.derivation.comparing.calculation import Calculation
from minigrad.derivation.comparing.slips.base import Slip, called, formula_of, more_like_it, places_alone, slip_in
from minigrad.derivation.comparing.slips.functions import Function, function_arguments, functions
from minigrad.derivation.wording import Said, say
from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.notation.ops_table import operations
from minigrad.ops.arithmetic import divide, multiply
from minigrad.ops.base import Elementwise, Op, Rule
from minigrad.ops.reduction import normalize_axis

_WIDEST = 256  # up to how many outputs of a softmax the diagonal of its Jacobian is taken


def derivative_missing(way: Calculation, x: Node) -> Iterator[Slip]:
    """∂E/∂u = ∂E/∂y in place of ∂E/∂y ⊙ f′(u)."""
    for group in functions(way, x):
        changed = way.with_bridges({f.y: (f.u, lambda g: g) for f in group})
        yield slip_in(changed, x, _missing(group, way))


def derivative_twice(way: Calculation, x: Node) -> Iterator[Slip]:
    """f′ once more: (y − t) ⊙ y (1 − y) where the loss's own derivative had left y − t; of softmax, its diagonal."""
    for group in functions(way, x):
        if any(f.scales or not f.is_one_operation or f.y.ndim == 0 for f in group):
            continue
        if all(isinstance(f.y.op, Elementwise) or _mixes(f, way) for f in group):
            back = {f.y: (f.u, partial(_back_twice, f, way, _diagonal_of(f, way))) for f in group}
            yield slip_in(
                way.with_bridges(back), x, say("f′ is there twice, the derivative of {f}", f=_written(group, way))
            )


def _back_twice(f: Function, way: Calculation, slope: Any, g: Any) -> Any:
    """Give what goes back from y to u of ∂E/∂y = g, times f′ once more."""
    return _through(f, way, g) * slope


def _through(f: Function, way: Calculation, g: Any) -> Any:
    """Give what goes back from y to u of ∂E/∂y = g."""
    return next(share for x, share in way.shares(f.y, g) if x is f.u)


def _diagonal_of(f: Function, way: Calculation) -> Any:
    """Give ∂yₖ/∂uₖ, of one operation."""
    with np.errstate(all="ignore"):
        return _diagonal(f, way) if _mixes(f, way) else _through(f, way, np.ones(f.y.shape))


def diagonal_alone(way: Calculation, x: Node) -> Iterator[Slip]:
    """∂E/∂uₖ = ∂E/∂yₖ ∂yₖ/∂uₖ, without the other outputs of a softmax: y (1 − y) ⊙ ∂E/∂y."""
    for group in functions(way, x):
        if any(_mixes(f, way) for f in group):
            back = {f.y: (f.u, partial(np.multiply, _diagonal(f, way))) for f in group if _mixes(f, way)}
            says = say("only the diagonal of the Jacobian of {f} is there, ∂yₖ/∂uₖ", f=_written(group, way))
            yield slip_in(way.with_bridges(back), x, says)


def derivative_along_another_axis(way: Calculation, x: Node) -> Iterator[Slip]:
    """y ⊙ (g − Σ g ⊙ y) with the sum over another axis than softmax's, and the like."""
    for y in way.tape.above(x)[-places_alone(way, x) - 1 : -1]:
        if y.op is None or getattr(y.inputs[0], "shape", ()) != y.shape or len(y.inputs) > 1:
            continue
        fields = {name: getattr(y.op, name) for name in y.op.fields}
        if isinstance(fields.get("axis"), int):
            for axis in {*range(y.ndim)} - {fields["axis"] % y.ndim}:
                other = type(y.op)(**{**fields, "axis": axis})
                says = say("the derivative of {f} is taken along axis {axis}", f=formula_of(y, way), axis=axis)
                yield slip_in(way.with_rules({(y, 0): _as_of(other)}), x, says)


def _as_of(other: Op) -> Rule:
    """Give the rule of another operation, in the place of the one that is there."""
    rule = other.vjps[0]
    assert rule is not None
    return lambda op, g, *values: rule(other, g, *values)


def derivative_elsewhere(way: Calculation, x: Node) -> Iterator[Slip]:
    """f′ of y where that of u is due, or a formula in y that is given u."""
    for group in functions(way, x):
        if any(f.scales or not f.is_one_operation for f in group):
            continue
        u, y = called(group[0].u, way), called(group[0].y, way)
        taken = {f.y: {f.y: way.values[f.u]} for f in group}
        says = say("{u} is taken for {y} in f′, the derivative of {f}", u=u, y=y, f=_written(group, way))
        yield slip_in(_seen(way, taken), x, says)
        with np.errstate(all="ignore"):
            again = {f.y: {f.u: way.values[f.y], f.y: _again(f, way)} for f in group}
        says = say("f′ is taken at {y} instead of {u}, the derivative of {f}", u=u, y=y, f=_written(group, way))
        yield slip_in(_seen(way, again), x, says)


def derivative_of_another(way: Calculation, x: Node) -> Iterator[Slip]:
    """The derivative of another function, from the table of operations: of what y is, or of what h(u) would be."""
    for group in functions(way, x):
        if any(f.scales or np.iscomplexobj(way.values[f.u]) for f in group):
            continue
        for h, derivative in function_table():
            if h == group[0].y.op:
                continue
            for of_y in (True, False):
                with np.errstate(all="ignore"):
                    back = {f.y: (f.u, partial(np.multiply, _slope(h, derivative, f, way, of_y))) for f in group}
                formula = _slope_formula(h, derivative, group[0], way, of_y)
                says = say(
                    "f′ is that of {other}, {formula}, and should be that of {f}",
                    other=h.name, formula=formula, f=_written(group, way),
                )  # fmt: skip
                yield slip_in(way.with_bridges(back), x, says)


def argument_for_value(way: Calculation, x: Node) -> Iterator[Slip]:
    """U where Y is due: ∂E/∂W = Uᵀ δ instead of Yᵀ δ, on the way back in one place, or wherever Y stands."""
    above = set(way.tape.above(x))
    for group in _with_values(way, x):
        u, y = called(group[0].u, way), called(group[0].y, way)
        more = more_like_it(len(group))
        used = {user: f for f in group for user in way.tape.users.get(f.y, []) if user in above}
        if used:
            seen = {user: {f.y: way.values[f.u]} for user, f in used.items()}
            yield slip_in(_seen(way, seen), x, say("{u} is used in place of {y}{more}", u=u, y=y, more=more))
        if used and any(f.y in above for f in group):
            changed = way.with_held({f.y: way.values[f.u] for f in group})
            says = say("{u} is used in place of {y}{more}, in f′ too", u=u, y=y, more=more)
            yield slip_in(changed, x, says)


def _with_values(way: Calculation, x: Node) -> list[list[Function]]:
    """Give all functions of one argument whose operands are results, in groups: on the way to x, or beside it."""
    kinds: dict[Any, list[Function]] = {}
    for y in way.tape.nodes:
        for u in function_arguments(y, way):
            f = Function(y, u)
            if u.op is not None and not f.scales:
                kinds.setdefault((y.op, f.is_one_operation), []).append(f)
    groups = [group for group in kinds.values() if len(group) > 1]
    return [*([f] for group in kinds.values() for f in group[-places_alone(way, x) :]), *groups]


def _seen(way: Calculation, changed: dict[Node, dict[Node, Any]]) -> Calculation:
    for y, values in changed.items():
        way = way.with_seen(y, values)
    return way


def _again(f: Function, way: Calculation) -> Any:
    """Give f(y), f applied a second time."""
    op, values = f.y.op, [way.values[x] if isinstance(x, Node) else x for x in f.y.inputs]
    assert op is not None
    return op.forward(*(way.values[f.y] if x is f.u else v for x, v in zip(f.y.inputs, values, strict=True)))


_NAMED = ("arithmetic", "elementwise", "trigonometric", "exponential", "activations")  # files of ``ops``


@cache
def function_table() -> Sequence[tuple[Elementwise, Rule]]:
    """Give the functions of one real argument that are no multiple of it, with their derivatives.

    Only those that have names in books: what there is for rules alone, such as 1 − x², nobody takes for another.
    """
    found = [
        op
        for op in operations()
        if isinstance(op, Elementwise) and len(op.letters) == 1 and op.__module__.rpartition(".")[2] in _NAMED
    ]
    table = [(op, rule) for op in found for rule in op.derivatives or () if rule is not None]
    return [(op, rule) for op, rule in table if isinstance(rule(Node(name="y"), Node(name="x")), Node)]


def _slope(h: Elementwise, derivative: Rule, f: Function, way: Calculation, of_y: bool) -> Any:
    u = way.values[f.u]
    return derivative(way.values[f.y] if of_y else h.forward(u), u)


def _slope_formula(h: Elementwise, derivative: Rule, f: Function, way: Calculation, of_y: bool) -> str:
    return text(derivative(f.y if of_y else h(f.u), f.u), way.tape.names)


def _mixes(f: Function, way: Calculation) -> bool:
    """Say whether an output depends on other arguments than its own, as those of softmax do."""
    if isinstance(f.y.op, Elementwise) or not f.y.ndim:
        return False
    return prod(f.y.shape[axis] for axis in _axes(f.y)) <= _WIDEST


def _axes(y: Node) -> tuple[int, ...]:
    """Give the axes along which the outputs of an operation depend on each other's arguments."""
    return normalize_axis(getattr(y.op, "axis", -1), y.ndim)


def _diagonal(f: Function, way: Calculation) -> Any:
    """Give ∂yₖ/∂uₖ for each k of the axis, or axes, from the way back of each output by itself."""
    axes = _axes(f.y)
    between = [y for y in way.tape.above(f.u) if y.serial <= f.y.serial]
    result = np.zeros(f.y.shape)
    for k in np.ndindex(*(f.y.shape[axis] for axis in axes)):
        seed = np.zeros(f.y.shape)
        at: list[Any] = [slice(None)] * f.y.ndim
        for axis, place in zip(axes, k, strict=True):
            at[axis] = place
        seed[tuple(at)] = 1
        with np.errstate(all="ignore"):
            result[tuple(at)] = way.walk(between, {f.y: seed})[f.u][tuple(at)]
    return result


def _written(group: Sequence[Function], way: Calculation) -> str:
    if len(group) == 1:
        return formula_of(group[0].y, way)
    return say("{f}{more}", f=formula_of(group[0].y, way), more=more_like_it(len(group)))


def _missing(group: Sequence[Function], way: Calculation) -> Said:
    y, written = group[0].y, _written(group, way)
    number = next((x for x in y.inputs if isinstance(x, int | float)), None)
    if not group[0].scales:
        return say("f′ is missing, the derivative of {f}", f=written)
    if y.op == divide and y.inputs[1] is number:
        return say("the division by {number:g} in {f} is missing", number=number, f=written)
    if y.op == multiply and number is not None:
        return say("the factor {number:g} in {f} is missing", number=number, f=written)
    return say("f′ is missing, the derivative of {f}", f=written)
