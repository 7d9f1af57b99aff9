"""Elements by cases that tables decide: what is written at places of arrays, and what is chosen where a mask is true.

{vⱼ if π(i) ≥ 0; wᵢⱼ otherwise}, with a table π of where it comes from; {x if π(i) = 1; 0 otherwise} with one of truth.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.notation.index.along import NoIndexForm, Table
from minigrad.notation.index.axes import align_axes
from minigrad.notation.index.choices import number_in, within
from minigrad.notation.index.conditions import Case, Condition, Labels
from minigrad.notation.index.lookups import spread_key
from minigrad.notation.index.position import AxisIndex, Lookup, Position, Step, label_of, position_of
from minigrad.notation.matrix import matrix_term
from minigrad.notation.term import write_term
from minigrad.notation.writers.text import TEXT
from minigrad.ops.arithmetic import Where
from minigrad.ops.indexing import Index, fill_template
from minigrad.ops.places.assignment import Assign, AssignAt, IsLast

Letter = Callable[[Table], str]
Array = np.ndarray[Any, Any]


def find_table_cases(node: Node, at: Labels, letter: Letter, name: Callable[[Node, Labels], Any]) -> list[Case] | None:
    """Say which element is written, or chosen, by which places; None of another operation.

    Raises ``NoIndexForm`` where no index says it.
    """
    op = node.op
    if isinstance(op, Assign):
        return _written(op.key, node, at, letter)
    if isinstance(op, AssignAt):
        key = _find_key(op.template, node.inputs[2:])
        return _written_somewhere(node, at, letter) if key is None else _written(key, node, at, letter)
    if isinstance(op, Where):
        return _chosen(node, at, letter, name)
    return None


def _find_key(template: tuple[Any, ...], indices: Sequence[Any]) -> tuple[Any, ...] | None:
    """Give an index whose operands are all known; None if one is not."""
    arrays = [Table.of(x).array for x in indices]
    return None if any(x is None for x in arrays) else fill_template(template, arrays)


def _look_up(table: Table, at: Sequence[AxisIndex], letter: Letter, least: int, end: int) -> Position:
    """Give what a table has at some labels as a position, of numbers from ``least`` on."""
    own = tuple(None if n == 1 else label for label, n in zip(at, table.shape, strict=True))
    settled = _settle(table, own)
    if isinstance(settled, Position):
        return settled
    table, own = settled
    if table.array is not None:
        least, end = int(table.array.min()), int(table.array.max()) + 1
    return Position((Step(1, Lookup(letter(table), own, table), end),), 0, (least, end))


def _settle(table: Table, at: Labels) -> tuple[Table, Labels] | Position:
    """Give a known table at known places as one of letters alone, or what goes on evenly as a place, 2j + 1."""
    places = [position_of(label, n) for label, n in zip(at, table.shape, strict=True)]
    letters = "".join(dict.fromkeys("".join(place.letters for place in places)))
    if table.array is None or all(label is None or isinstance(label, str) for label in at):
        return table, at
    found = [_values(place, letters) for place in places]
    if any(x is None for x in found):
        return table, at
    values = _take(table.array, found)
    if (values == values.flat[0]).all():
        return Position((), int(values.flat[0]))
    steps = np.unique(np.diff(values.ravel()))
    if len(letters) == len(steps) == 1:
        return Position((Step(int(steps[0]), letters, values.size),), int(values[0]))
    return Table(values), tuple(letters)


def _values(position: Position, letters: str) -> Any:
    """Give a position for all places of some letters, an axis each; None where data decides."""
    total: Any = np.full((1,) * len(letters), position.offset)
    for step in position.steps:
        inner = step.letter
        if isinstance(inner, str):
            value: Any = np.arange(step.size).reshape([-1 if c == inner else 1 for c in letters])
        elif isinstance(inner, Position):
            value = _values(inner, letters)
        else:
            table = inner.table.array
            at = [_values(position_of(label, n), letters) for label, n in zip(inner.at, inner.table.shape, strict=True)]
            value = None if table is None or any(x is None for x in at) else _take(table, at)
        if value is None:
            return None
        total = total + step.times * (value // step.per)
    return total


def _take(table: Array, places: Sequence[Any]) -> Array:
    """Take what a table has at places; where one is outside, which a condition says that it is not, what is nearest."""
    return table[tuple(np.clip(x, 0, n - 1) for x, n in zip(places, table.shape, strict=True))]


def _written(key: Any, node: Node, at: Labels, letter: Letter) -> list[Case]:
    """Give the cases of what is at places of arrays: what has been written last, or else what was there."""
    a, b = node.inputs[:2]
    shape = Index(key).shape(node.shape)
    if 0 in shape:
        return [Case((), a, at)]
    parts = spread_key(key, node.shape)
    if parts is None:
        raise NoIndexForm(repr(node))
    places = [part for part in parts if part is not None]
    arrays: dict[int, Array] = {}
    for i, part in enumerate(places):
        known = part.array if isinstance(part, Table) else np.array(part)
        if known is None:
            raise NoIndexForm(repr(node))
        if not isinstance(part, range):
            arrays[i] = known
    chosen = [i for i, part in enumerate(parts) if isinstance(part, Table | int)]
    together = chosen[-1] - chosen[0] == len(chosen) - 1
    first = chosen[0] if together else 0  # of the axes that arrays select, among those of the result
    count = np.broadcast_shapes(*(x.shape for x in arrays.values()))
    given = (1,) * (len(shape) - np.ndim(b)) + np.shape(b)
    seen = [d for d, n in enumerate(count) if n != 1 and given[first + d] != 1]
    found, own = _find_places(arrays, count, seen, node.shape, at, letter)
    labels: list[AxisIndex] = []
    axis = 0
    for part in parts:
        if part is None:
            labels.append(None)
            continue
        if isinstance(part, range):
            position = position_of(at[axis], node.shape[axis])
            whole = part == range(node.shape[axis])
            found += [] if whole else [(axis, condition) for condition in within(part, position)]
            labels.append(at[axis] if whole else number_in(part, position))
        axis += 1
    labels[first:first] = own
    written = align_axes(labels, np.shape(b)) if isinstance(b, Node) else ()
    conditions = tuple(condition for _, condition in sorted(found, key=itemgetter(0)))
    return [Case(conditions, b, written), Case((), a, at)]


def _find_places(
    arrays: dict[int, Array], count: tuple[int, ...], seen: list[int], into: tuple[int, ...], at: Labels, letter: Letter
) -> tuple[list[tuple[int, Condition]], list[AxisIndex]]:
    """Say when an element is at places of arrays, by axes, and which of the ``count`` that these select it is.

    A table an axis where each array runs along an axis of its own, or else one of all for each axis that is ``seen``.
    """
    conditions: list[tuple[int, Condition]] = []
    own: list[AxisIndex] = [None] * len(count)
    runs = {axis: [d + len(count) - x.ndim for d, n in enumerate(x.shape) if n != 1] for axis, x in arrays.items()}
    along = [d for run in runs.values() for d in run]
    if len(set(along)) == len(along) and all(len(run) <= 1 for run in runs.values()):
        for axis, x in arrays.items():
            if x.size == 1:
                place = int(x.ravel()[0])
                conditions.append((axis, Condition(position_of(at[axis], into[axis]), place, place + 1)))
                continue
            table = np.full(into[axis], -1)
            table[x.ravel()] = np.arange(x.size)  # of several at a place the last stays, as in NumPy
            position = _look_up(Table(table), [at[axis]], letter, -1, x.size)
            conditions.append((axis, Condition(position, 0, None)))
            own[runs[axis][0]] = label_of(position.inside(x.size), x.size)
        return conditions, own
    size = int(np.prod(count))
    numbers = np.full([into[axis] for axis in arrays], -1)
    numbers[tuple(arrays.values())] = np.arange(size).reshape(count)
    labels = [at[axis] for axis in arrays]
    for d in seen:
        table = np.where(numbers < 0, -1, np.unravel_index(np.maximum(numbers, 0), count)[d])
        position = _look_up(Table(table), labels, letter, -1, count[d])
        conditions += [] if conditions else [(min(arrays), Condition(position, 0, None))]
        own[d] = label_of(position.inside(count[d]), count[d])
    if not seen:
        conditions.append((min(arrays), Condition(_look_up(Table(numbers), labels, letter, -1, size), 0, None)))
    return conditions, own


def _written_somewhere(node: Node, at: Labels, letter: Letter) -> list[Case]:
    """Give the cases of what is written at places that depend on data, along the first axis alone."""
    a, b, *indices = node.inputs
    op = node.op
    assert isinstance(op, AssignAt)
    if op.template != (None,) or indices[0].ndim != 1:
        raise NoIndexForm(repr(node))
    (i,), n = indices, node.shape[0]
    last = AssignAt((None,))(np.full(n, -1), np.arange(i.shape[0]), i)
    named = write_term(matrix_term(i, {}), TEXT)
    position = _look_up(
        Table(None, last, f"has the last place in {named} of each number, or −1"), at[:1], letter, -1, i.size
    )
    own = align_axes((label_of(position.inside(i.size), i.size), *at[1:]), np.shape(b)) if isinstance(b, Node) else ()
    return [Case((Condition(position, 0, None),), b, own), Case((), a, at)]


def _chosen(node: Node, at: Labels, letter: Letter, name: Callable[[Node, Labels], Any]) -> list[Case] | None:
    """Give the cases of a choice by a mask that is known, or by which of several comes last to its place."""
    mask, a, b = node.inputs
    if not isinstance(mask, Node):
        return None
    table = _find_truth(mask)
    if table is None or name(mask, align_axes(at, mask.shape)) is not None:
        return None
    taken, left = (Case((), x, align_axes(at, x.shape) if isinstance(x, Node) else ()) for x in (a, b))
    truth = table.array
    if truth is not None and (truth == truth.flat[0]).all():
        return [taken if truth.flat[0] else left]
    labels = align_axes(at, table.shape)
    if truth is not None and 1 in truth.shape:
        labels = tuple(label for label, n in zip(labels, truth.shape, strict=True) if n != 1)
        table = Table(np.squeeze(truth))
    position = _look_up(table, labels, letter, 0, 2)
    return [taken._replace(conditions=(Condition(position, 1, 2),)), left]


def _find_truth(mask: Node) -> Table | None:
    """Give a mask as a table, without the axes along which it is the same; None of what is computed otherwise."""
    value = mask.value if mask.op is None and mask.dtype == np.bool_ else None
    if isinstance(mask.op, IsLast):
        key = _find_key(mask.op.template, mask.inputs)
        if key is None:
            return Table(None, mask)
        value = mask.op.forward(*(Table.of(x).array for x in mask.inputs))
    if value is None or not np.size(value):
        return None
    value = np.asarray(value)
    for axis in range(value.ndim):
        first = value.take([0], axis)
        value = first if (value == first).all() else value
    return Table.of(value)
