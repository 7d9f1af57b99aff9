"""Operations whose elements come from one of several places, as cases: xᵢ₋₂ if 2 ≤ i < 4, and 0 otherwise."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

import numpy as np

from minigrad.engine.node import Node
from minigrad.notation.index.along import NoIndexForm
from minigrad.notation.index.axes import align_axes, key_places
from minigrad.notation.index.position import AxisIndex, Position, add_positions, label_of, position_of
from minigrad.notation.term import Term, add_terms, number_term, same_terms, symbol_term
from minigrad.ops.arithmetic import multiply, subtract
from minigrad.ops.base import Shape
from minigrad.ops.cumulative import Shift
from minigrad.ops.indexing import Scatter
from minigrad.ops.places.assignment import Assign
from minigrad.ops.places.moving import Diag, Roll, Tril, Triu
from minigrad.ops.reduction import normalize_axis
from minigrad.ops.shaping import Concatenate, Stack

Labels = tuple[AxisIndex, ...]  # the index of each axis; None where an axis of length 1 has none


class Condition(NamedTuple):
    """``least`` ≤ position < ``end``, either of which may be None; with ``step``, position mod step = least."""

    position: Position
    least: int | None
    end: int | None
    step: int = 1
    on_axis: bool = False  # whether that is to say that the index of what is taken is one of its axis


class Case(NamedTuple):
    """What an element is where all of some conditions hold: that of a Node at some labels, or a number."""

    conditions: tuple[Condition, ...]
    node: Any
    labels: Labels = ()


def find_cases(node: Node, at: Labels) -> list[Case] | None:
    """Say which element an operation takes from where, the last case being what is left; None if it is no choice.

    Raises ``NoIndexForm`` for an index that holds arrays.
    """
    op = node.op
    positions = [position_of(label, n) for label, n in zip(at, node.shape, strict=True)]
    if isinstance(op, Diag):
        return _diagonal(op, node, at, positions)
    if isinstance(op, Scatter):
        selected = _selected(op.key, node.shape, at, positions)
        return [_aligned(selected, node.inputs[0]), Case((), 0.0)]
    if isinstance(op, Assign):
        selected = _selected(op.key, node.shape, at, positions)
        return [_aligned(selected, node.inputs[1]), Case((), node.inputs[0], at)]
    if isinstance(op, Concatenate):
        return list(_joined(op, node, at, positions))
    if isinstance(op, Tril):
        rows, columns = positions[-2:]
        low, high = (columns, rows) if isinstance(op, Triu) else (rows, columns)
        k = op.k if isinstance(op, Triu) else -op.k
        below = Condition(add_positions([low, high.times(-1)]), k, None)
        return [Case((below,), node.inputs[0], at), Case((), 0.0)]
    if isinstance(op, Roll | Shift):
        return _moved(op, node.inputs[0], at, positions)
    return None


def _diagonal(op: Diag, node: Node, at: Labels, positions: list[Position]) -> list[Case]:
    _, rows, columns = op.key
    if not len(rows):
        return [Case((), 0.0)]
    row, column = positions[-2:]
    on = Condition(add_positions([column, row.times(-1)]), int(columns[0] - rows[0]), int(columns[0] - rows[0]) + 1)
    place = row.moved(-int(rows[0])).inside(len(rows))
    return [Case((on,), node.inputs[0], (*at[:-2], label_of(place, len(rows)))), Case((), 0.0)]


def _selected(key: Any, shape: Shape, at: Labels, positions: list[Position]) -> Case:
    """Give the case that an element is one of those that an index names, with its labels among them."""
    places = key_places(key, shape)
    if places is None:
        raise NoIndexForm("an index of arrays")
    conditions: list[Condition] = []
    labels: list[AxisIndex] = []
    for place, new, n, label, position in zip(places.axes, places.new, shape, at, positions, strict=False):
        labels += [None] * new
        if isinstance(place, int):
            conditions.append(Condition(position, place, place + 1))
        elif place == range(n):
            labels.append(label)
        else:
            conditions += _within(place, position)
            labels.append(_number(place, position))
    return Case(tuple(conditions), None, (*labels, *[None] * places.new[-1]))


def _within(place: range, position: Position) -> Iterator[Condition]:
    ordered = place if place.step > 0 else place[::-1]
    yield Condition(position, ordered.start, ordered[-1] + 1 if len(ordered) else ordered.start, on_axis=True)
    if ordered.step > 1:
        yield Condition(position, ordered.start % ordered.step, None, ordered.step)


def _number(place: range, position: Position) -> AxisIndex:
    """Give the number of a place in a range."""
    if not len(place):
        return None
    size = abs(place.step)
    whole = position.divided(size)
    found = whole.moved(-(place.start // size)) if place.step > 0 else whole.times(-1).moved(place.start // size)
    return None if len(place) == 1 else label_of(found.inside(len(place)), len(place))


def _aligned(case: Case, x: Any) -> Case:
    """Put what is selected from there: a number, or an array that is broadcast."""
    if not isinstance(x, Node):
        return case._replace(node=x, labels=())
    return case._replace(node=x, labels=align_axes(case.labels, x.shape))


def _joined(op: Concatenate, node: Node, at: Labels, positions: list[Position]) -> Iterator[Case]:
    """Give the case of each part of a whole; what is one number everywhere comes last, and is what is left."""
    (axis,) = normalize_axis(op.axis, node.ndim)
    position = positions[axis]
    cases = []
    for x, place in zip(node.inputs, op.places(node.inputs), strict=True):
        if isinstance(op, Stack):
            assert isinstance(place, int)
            cases.append(Case((Condition(position, place, place + 1),), x, (*at[:axis], *at[axis + 1 :])))
            continue
        assert isinstance(place, slice)
        n = place.stop - place.start
        inside = position.moved(-place.start).inside(n)
        label = None if n == 1 else label_of(inside, n)
        where = Condition(position, place.start, place.stop, on_axis=True)
        cases.append(Case((where,), x, (*at[:axis], label, *at[axis + 1 :])))
    numbers = {value for case in cases if (value := uniform_value(case.node)) is not None}
    if len(numbers) == 1:
        yield from (case for case in cases if uniform_value(case.node) is None)
        yield Case((), numbers.pop())
    else:
        yield from cases[:-1]
        yield cases[-1]._replace(conditions=())


def uniform_value(x: Any) -> float | None:
    """Give the number that all elements of a constant are; None where they differ, and of what is no constant."""
    if not isinstance(x, Node):
        return x if np.ndim(x) == 0 else None
    if x.op is not None or x.value is None or not np.size(x.value):
        return None
    value = np.asarray(x.value)
    first = value.flat[0]
    return first.item() if (value == first).all() else None


def _moved(op: Roll | Shift, x: Node, at: Labels, positions: list[Position]) -> list[Case]:
    (axis,) = normalize_axis(op.axis, x.ndim)
    n, position = x.shape[axis], positions[axis]

    def taken(by: int, least: int, end: int) -> Case:
        label = label_of(position.moved(-by).inside(n), n)
        where = Condition(position, least, end, on_axis=isinstance(op, Shift))
        return Case((where,), x, (*at[:axis], label, *at[axis + 1 :]))

    if isinstance(op, Shift):
        first = max(op.by, 0)
        return [taken(op.by, first, n + min(op.by, 0)), Case((), op.fill)]
    shift = op.shift % max(n, 1)
    return [taken(shift, shift, n), taken(shift - n, 0, shift)._replace(conditions=())]


def decide_cases(cases: Iterable[Case]) -> list[Case]:
    """Leave out what is known of where the letters run: conditions that always hold, cases that never come."""
    decided = []
    for case in cases:
        kept = [_shortened(condition) for condition in case.conditions]
        if any(condition is None for condition in kept):
            continue
        conditions = tuple(x for x in kept if x is not None and (x.least is not None or x.end is not None))
        decided.append(case._replace(conditions=conditions))
        if not conditions:
            break
    return decided


def _shortened(condition: Condition) -> Condition | None:
    """Drop the sides of a condition that always hold; give None for one that never does."""
    if condition.step > 1:
        return condition
    low, high = condition.position.reach()
    least = low if condition.least is None else max(condition.least, low)
    end = high if condition.end is None else min(condition.end, high)
    if end <= least:
        return None
    if end - least == 1 < high - low:
        return condition._replace(least=least, end=end)
    return condition._replace(least=None if least == low else least, end=None if end == high else end)


def cases_term(cases: list[Case], values: list[Term], inside: bool) -> Term:
    """Write an element by cases; one alone, which always holds, as it is.

    The kind is ``inside`` where the only question is whether an index that is seen is on its axis, else ``cases``.
    """
    if len(cases) == 1:
        return values[0]
    parts: dict[str, Term] = {}
    for i, (case, value) in enumerate(zip(cases, values, strict=True)):
        parts[f"x{i}"] = value
        if case.conditions:
            parts[f"c{i}"] = _both([condition_term(x) for x in case.conditions])
    inside &= len(cases) == 2
    inner = parts["x0"]
    if inside and inner.kind == "inside" and same_terms(inner.parts["x1"], parts["x1"]):
        parts = {"x0": inner.parts["x0"], "c0": _both([inner.parts["c0"], parts["c0"]]), "x1": parts["x1"]}
    return Term("", parts, kind="inside" if inside else "cases")


def _both(conditions: list[Term]) -> Term:
    """Write conditions that hold together."""
    if len(conditions) == 1:
        return conditions[0]
    parts = {f"c{k}": x for k, x in enumerate(conditions)}
    return Term(", ".join(f"{{{letter}}}" for letter in parts), parts, 0, "both")


def condition_term(condition: Condition) -> Term:
    """Write a condition: 2 ≤ i < 4, i = 1, i ≥ j, i mod 2 = 0."""
    if condition.step > 1:
        numbers = {"k": number_term(str(condition.step)), "b": number_term(str(condition.least))}
        return Term("{x} mod {k} = {b}", {"x": position_term(condition.position), **numbers}, 0, "congruent")
    steps, offset = condition.position.steps, condition.position.offset
    least = None if condition.least is None else condition.least - offset
    end = None if condition.end is None else condition.end - offset
    if all(step.times < 0 for step in steps):  # −i ≥ −2 is i < 3
        least, end = (None if bound is None else 1 - bound for bound in (end, least))
        steps = tuple(step._replace(times=-step.times) for step in steps)
    left = position_term(Position(tuple(step for step in steps if step.times > 0)))
    right = Position(tuple(step._replace(times=-step.times) for step in steps if step.times < 0))
    a, b = (None if bound is None else position_term(right.moved(bound)) for bound in (least, end))
    if a is None or b is None:
        return Term("{x} < {b}", {"x": left, "b": b}, 0, "below") if b else _from(left, a)
    if least is not None and end == least + 1:
        return Term("{x} = {a}", {"x": left, "a": a}, 0, "at")
    return Term("{a} ≤ {x} < {b}", {"a": a, "x": left, "b": b}, 0, "between")


def _from(x: Term, a: Term | None) -> Term:
    assert a is not None
    return Term("{x} ≥ {a}", {"x": x, "a": a}, 0, "from")


def position_term(position: Position) -> Term:
    """Write a position as an expression of its letters."""
    terms = []
    for step in position.steps:
        inner = step.letter
        letter = position_term(inner) if isinstance(inner, Position) else symbol_term(inner)
        if step.per > 1:
            letter = Term("⌊{x} / {k}⌋", {"x": letter, "k": number_term(str(step.per))}, kind="floored")
        if step.times != 1:
            letter = Term("{a} {b}", {"a": number_term(str(step.times)), "b": letter}, multiply.binds, "multiply")
        terms.append(letter)
    if position.offset > 0 or not terms:
        terms.append(number_term(str(position.offset).replace("-", "−")))
    total = add_terms(terms)
    if position.offset < 0 and position.steps:
        number = number_term(str(-position.offset))
        return Term(subtract.text, {"a": total, "b": number}, subtract.binds, "subtract")
    return total
