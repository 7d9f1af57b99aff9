"""Operations whose elements come from one of several places, as cases: xᵢ₋₂ if 2 ≤ i < 4, and 0 otherwise."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.notation.index.along import Looked, Moved, NoIndexForm
from minigrad.notation.index.axes import align_axes, key_places
from minigrad.notation.index.conditions import Case, Condition, Labels
from minigrad.notation.index.lookups import follow_key
from minigrad.notation.index.position import AxisIndex, Position, add_positions, label_of, position_of
from minigrad.ops.base import Shape
from minigrad.ops.cumulative import Shift
from minigrad.ops.indexing import Index, Scatter, is_basic
from minigrad.ops.places.assignment import Assign
from minigrad.ops.places.moving import Diag, Roll, Tril, Triu
from minigrad.ops.reduction import normalize_axis
from minigrad.ops.shaping import Concatenate, Stack


def find_cases(node: Node, at: Labels) -> list[Case] | None:
    """Say which element an operation takes from where, the last case being what is left; None if it is no choice.

    Raises ``NoIndexForm`` for an index that holds arrays.
    """
    op = node.op
    positions = [position_of(label, n) for label, n in zip(at, node.shape, strict=True)]
    if isinstance(op, Diag):
        return _diagonal(op, node, at, positions)
    if isinstance(op, Scatter):
        if not is_basic(op.key):
            return _evenly(op, node, positions)
        selected = _selected(op.key, node.shape, at, positions)
        return [_aligned(selected, node.inputs[0]), Case((), 0.0)]
    if isinstance(op, Assign):
        if not is_basic(op.key):
            return None
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
            conditions += within(place, position)
            labels.append(number_in(place, position))
    return Case(tuple(conditions), None, (*labels, *[None] * places.new[-1]))


def _evenly(op: Scatter, node: Node, positions: list[Position]) -> list[Case] | None:
    """Give the case that an element is at places that arrays name, which all go on evenly; None if some do not.

    An index of the input is that of the first axis that moves with it; what the others must be are conditions.
    """
    sizes = Index(op.key).shape(op.into)
    if 0 in sizes:
        return [Case((), 0.0)]
    labels = follow_key(op.key, op.into)
    if labels is None or any(isinstance(label, Looked) for label in labels):
        return None
    own: dict[int, AxisIndex] = {}
    conditions: list[Condition] = []
    for label, n, position in zip(labels, op.into, positions, strict=True):
        if label is None:
            continue
        if isinstance(label, Moved) and not label.parts:
            conditions.append(Condition(position, label.offset, label.offset + 1))
            continue
        step, axis, first = _part_of(label)
        place = range(first, first + step * sizes[axis], step)
        if axis in own:
            moved = position_of(own[axis], sizes[axis]).times(step).moved(first)
            conditions.append(Condition(add_positions([position, moved.times(-1)]), 0, 1))
            continue
        conditions += [] if place == range(n) else within(place, position)
        own[axis] = label_of(position, n) if place == range(n) else number_in(place, position)
    if any(n != 1 and axis not in own for axis, n in enumerate(sizes)):
        return None  # several come to one place
    taken = tuple(own.get(axis) for axis in range(len(sizes)))
    return [_aligned(Case(tuple(conditions), None, taken), node.inputs[0]), Case((), 0.0)]


def _part_of(label: Any) -> tuple[int, int, int]:
    """Give a place that goes on evenly as its step, the axis that it moves with, and its first."""
    if isinstance(label, int):
        return 1, label, 0
    ((step, axis, _),) = label.parts
    return step, axis, label.offset


def within(place: range, position: Position) -> Iterator[Condition]:
    """Give the conditions that a position is in a range."""
    ordered = place if place.step > 0 else place[::-1]
    yield Condition(position, ordered.start, ordered[-1] + 1 if len(ordered) else ordered.start, on_axis=True)
    if ordered.step > 1:
        yield Condition(position, ordered.start % ordered.step, None, ordered.step)


def number_in(place: range, position: Position) -> AxisIndex:
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


def is_weights(x: Node) -> bool:
    """Say whether something is an array of whole numbers that differ, which is part of an operation's rule."""
    known = x.op is None and x.name is None and x.value is not None and uniform_value(x) is None
    return known and np.ndim(x.value) > 0 and np.asarray(x.value).dtype.kind in "iu"


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
