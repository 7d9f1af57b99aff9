"""Arrays of places by functions of indices: x[[1, 0, 4]] is x_{π(i)} with π = [1, 0, 4], and so is what is sorted.

What is added at such places is a sum over those that come to one: y_i = Σ_{r: π(r)=i} x_r.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.notation.index.along import Along, Label, Looked, Moved, NoIndexForm, Table
from minigrad.notation.index.position import AxisIndex, join_labels
from minigrad.notation.matrix import matrix_term
from minigrad.notation.symbols import Indexed, Symbol
from minigrad.notation.term import Term, symbol_term, write_term
from minigrad.notation.writers.text import TEXT
from minigrad.ops.base import Shape
from minigrad.ops.indexing import Gather, Index, Scatter, ScatterAt
from minigrad.ops.places.sorting import ArgSort, Partition, Reorder, Sort
from minigrad.ops.reduction import normalize_axis

LETTERS = "πρτφξψ"  # of tables; of what is sorted a book has π
NUMBERS = "κλμν"  # of numbers that are no places, but weights


class TableLetters:
    """The letter that stands for each table, the same in all lines of a derivation."""

    def __init__(self, letters: str = LETTERS) -> None:
        self._letters = letters
        self._of: dict[Table, str] = {}

    def letter(self, table: Table) -> str:
        """Give the letter. Raises ``NoIndexForm`` where there is none left."""
        if table not in self._of:
            if len(self._of) == len(self._letters):
                raise NoIndexForm("more tables than letters")
            self._of[table] = self._letters[len(self._of)]
        return self._of[table]

    def weigh(self, node: Node, at: Sequence[AxisIndex]) -> tuple[Term, Table]:
        """Give the symbol of an element of whole numbers that are weights, and their table."""
        table = Table.of(np.squeeze(np.asarray(node.value)))
        return symbol_term(Indexed(self.letter(table), None, join_labels(at))), table

    def say(self, tables: Iterable[Table], terms: Sequence[Term], names: Mapping[Node, Symbol]) -> list[str]:
        """Say what each letter stands for that is left in some formulas."""
        seen, stack = set[str](), list(terms)
        while stack:
            term = stack.pop()
            seen.update(term.template, *map(str, filter(None, (term.name,))))
            stack += term.parts.values()
        return [self._say_one(table, names) for table in dict.fromkeys(tables) if self._of[table] in seen]

    def _say_one(self, table: Table, names: Mapping[Node, Symbol]) -> str:
        """Say what a letter stands for: π = [1, 0, 4], π = argsort(x); of many places the first."""
        if table.said:
            return f"{self._of[table]} {table.said}"
        if table.array is None:
            written = write_term(matrix_term(table.node, names), TEXT)
        elif len(table) <= 8:
            written = str(table.array.tolist()).replace("-", "−")
        elif table.array.min() == -1 and 0 < (table.array >= 0).sum() <= 4:  # most places have nothing
            places = [tuple(at) for at in np.argwhere(table.array >= 0).tolist()]
            named = (f"{self._of[table]}({', '.join(map(str, at))}) = {table.array[at]}" for at in places)
            return ", ".join(named) + ", else −1"
        else:
            first = ", ".join(map(str, table.array.ravel()[:3])).replace("-", "−")
            written = f"[{first}, …] of shape {table.shape}"
        return f"{self._of[table]} = {written}"


class Tables:
    """The letters of all arrays that the lines of one derivation name: of places, and of weights."""

    def __init__(self) -> None:
        self._kinds = TableLetters(), TableLetters(NUMBERS)

    def __iter__(self) -> Iterator[TableLetters]:
        return iter(self._kinds)


def follow_lookup(node: Node) -> Along | None:
    """Follow the axes of what is taken from places, added at places, or put in order; None where no index says it."""
    op: Any = node.op
    out, (x, *operands) = node.shape, node.inputs
    given = np.shape(x)
    if isinstance(op, Reorder | Sort):
        (axis,) = normalize_axis(op.axis, len(out))
        own: tuple[Label, ...] = tuple(None if n == 1 else i for i, n in enumerate(out))
        for table in _orders(op, axis, node) if out[axis] != 1 else ():
            own = (*own[:axis], Looked(table, own, out[axis]), *own[axis + 1 :])
        return Along((own, *[None] * len(operands)))
    into = op.into if isinstance(op, Scatter | ScatterAt) else given
    key = op.filled(operands) if isinstance(op, Gather) else op.key
    labels = follow_key(key, into)
    if labels is None:
        return None
    if not isinstance(op, Scatter | ScatterAt):
        return Along((labels, *[None] * len(operands)))
    whole = (
        Index(key).shape(into) if isinstance(op, Scatter) else Gather(op.template).shape(into, *map(np.shape, operands))
    )
    along = _turn_round(labels, into, whole, given)
    return along._replace(inputs=(*along.inputs, *[None] * len(operands)))


def _orders(op: Any, axis: int, y: Node) -> list[Table]:
    """Give the tables that say, one after the other, from which place an element of an order comes.

    Of what is partitioned alone: from its rank in the result, that with this rank.
    """
    if isinstance(op, Reorder):
        return [Table.of(y.inputs[1])]
    order = ArgSort(axis)
    return [*([Table.of(order(order(y)))] if isinstance(op, Partition) else []), Table.of(order(y.inputs[0]))]


def follow_key(key: Any, shape: Shape) -> tuple[Label, ...] | None:
    """Give for each axis of what is indexed the label that it has by the axes of the result."""
    parts = spread_key(key, shape)
    if parts is None:
        return None
    tables = [part for part in parts if isinstance(part, Table)]
    dims = np.broadcast_shapes(*(table.shape for table in tables))
    chosen = [i for i, part in enumerate(parts) if isinstance(part, Table | int)]
    parted = chosen[-1] - chosen[0] != len(chosen) - 1  # NumPy puts what arrays select first, if a slice parts them
    at, first = (len(dims), 0) if parted else (0, None)
    labels: list[Label] = []
    for part in parts:
        n = shape[len(labels)] if part is not None else 1
        if isinstance(part, Table | int) and first is None:
            first, at = at, at + len(dims)
        if isinstance(part, Table):
            assert first is not None
            labels.append(None if n == 1 else _look_up(part, first + len(dims), n))
        elif isinstance(part, int):
            labels.append(None if n == 1 else Moved((), part, True))
        else:
            if part is not None:
                labels.append(
                    None if n == 1 else at if part == range(n) else Moved(((part.step, at, 1),), part.start, True)
                )
            at += 1
    return tuple(labels)


def spread_key(key: Any, shape: Shape) -> list[Any] | None:
    """Give what an index says of each axis: a range, one place, or a table of places; None stands for a new axis."""
    parts: list[Any] = []
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, bool | np.bool_):
            return None
        if isinstance(part, list | np.ndarray) and np.asarray(part).dtype == bool:
            parts += np.nonzero(np.asarray(part))
        else:
            parts.append(part)
    if not any(part is Ellipsis for part in parts):
        parts.append(Ellipsis)
    rest = len(shape) - sum(part is not None and part is not Ellipsis for part in parts)
    found: list[Any] = []
    axis = 0
    for part in parts:
        for own in [slice(None)] * rest if part is Ellipsis else [part]:
            if own is None:
                found.append(None)
                continue
            n = shape[axis]
            axis += 1
            if isinstance(own, slice):
                found.append(range(n)[own])
            elif isinstance(own, int | np.integer):
                found.append(int(own) % n)
            else:
                found.append(Table.of(own, n))
            if isinstance(found[-1], range | Table) and not len(found[-1]):
                return None
    return found


def _look_up(table: Table, end: int, n: int) -> Label:
    """Give the label of places on an axis of n: of what goes on evenly, with one axis, the place itself, 2i + 1."""
    axes = tuple(end - len(table.shape) + i if size != 1 else None for i, size in enumerate(table.shape))
    own = [axis for axis in axes if axis is not None]
    if table.array is not None:
        places = table.array.ravel()
        steps = np.unique(np.diff(places))
        if not len(steps) or (len(steps) == 1 and not steps[0]):
            return Moved((), int(places[0]), True)
        if len(own) == len(steps) == 1:
            first, step = int(places[0]), int(steps[0])
            whole = (first, step, len(places)) == (0, 1, n)
            return own[0] if whole else Moved(((step, own[0], 1),), first, True)
    return Looked(table, axes, n)


def _turn_round(labels: tuple[Label, ...], into: Shape, whole: Shape, given: Shape) -> Along:
    """Say of what is added at places what is added at one: where an axis is not given, a sum over those that are."""
    own: dict[Label, Label] = {}
    for axis, label in reversed(list(enumerate(labels))):
        if isinstance(label, int):
            own[label] = axis
    size = {f"r{i}": n for i, n in enumerate(whole)}
    for i, n in enumerate(whole):
        own.setdefault(i, None if n == 1 else f"r{i}")
    where = tuple(
        (_put(label, own), axis)
        for axis, label in enumerate(labels)
        if label is not None and not (isinstance(label, int) and own[label] == axis)
    )
    behind = range(len(whole) - len(given), len(whole))
    seen = tuple(None if n == 1 else own[i] for i, n in zip(behind, given, strict=True))
    bound = tuple(label for label in own.values() if isinstance(label, str))
    free = tuple((label, size[label], "rspq") for label in bound if label not in seen)
    return Along((seen,), tuple(sorted(bound)), free, where)


def _put(label: Label, own: dict[Label, Label]) -> Label:
    """Give a label in terms of others."""
    if isinstance(label, Moved):
        return label._replace(parts=tuple((times, _put(part, own), per) for times, part, per in label.parts))
    if isinstance(label, Looked):
        return label._replace(labels=tuple(_put(part, own) for part in label.labels))
    return own.get(label, label)
