"""Rows that no loop needs to compute turn by turn: all turns are computed at once, along an axis in front."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from typing import Any

from minigrad.compiler.rolling.body import Stacked, Whole
from minigrad.compiler.rolling.keys import EvenKey, split_windows
from minigrad.compiler.rolling.own import gather_own
from minigrad.compiler.rolling.planning import Plan
from minigrad.compiler.rolling.rows import Row
from minigrad.engine.node import Node
from minigrad.ops.base import Op
from minigrad.ops.indexing import Index
from minigrad.ops.reduction import normalize_axis
from minigrad.ops.shaping import Concatenate, Reshape, Stack, Transpose

RUN = 4  # parts that lie evenly beside others, from which on they are seen as one
Making = Callable[[Any], Any]


def find_needs(wanted: Stacked, plan: Plan) -> Iterator[Any]:
    """Give the operands that a stack is made of."""
    for stack in order_stacks(wanted, plan, ()):
        yield from (part[0] for part in _parts(stack, plan) if isinstance(part, tuple))


def order_stacks(wanted: Stacked, plan: Plan, made: Container[Stacked]) -> list[Stacked]:
    """Give the stacks that one is computed from, and itself, each once and after its own; but those that are made."""
    found: dict[Stacked, None] = {}
    waiting = [(wanted, False)]
    while waiting:
        stack, done = waiting.pop()
        if done:
            found[stack] = None
        elif stack not in found and stack not in made:
            waiting.append((stack, True))
            waiting += [(part, False) for part in _parts(stack, plan) if isinstance(part, Stacked)]
    return list(found)


def find_stacks(plan: Plan, units: Iterable[Any]) -> list[Stacked]:
    """Give the rows whose operations are there one by one, though no loop needs them turn by turn, as stacks."""
    alone = set(units)
    found = []
    extents: dict[Row, tuple[int, int]] = {}
    for row in plan.rows:
        start, end = extents[row] = _find_extent(row, plan, extents)
        if row in plan.taken or row.waits or row.is_read or end - start < plan.least:
            continue
        op = row.like.op
        if (
            op is not None
            and type(op).batch is not Op.batch
            and sum(x in alone for x in row.nodes[start:end]) >= plan.least
        ):
            found.append(Stacked(row, start, 1, end - start))
    return found


def _find_extent(row: Row, plan: Plan, known: Mapping[Row, tuple[int, int]]) -> tuple[int, int]:
    """Give the places in a row that are wired as in the middle, and what they take, too, where that is stacked."""
    start, end = row.start, row.end
    for slot in row.slots:
        start, end = max(start, slot.start), min(end, slot.end)
        group = plan.taken.get(slot.row) if slot.row is not None else None
        if slot.row is not None and group is not None:
            ends = [group.index(slot.row, t) for t in (group.low + (slot.row in group.begun), group.high)]
            start, end = max(start, min(ends) - slot.ahead), min(end, max(ends) + 1 - slot.ahead)
        elif slot.row is not None and not slot.row.waits:
            low, high = known.get(slot.row, (0, 0))
            start, end = max(start, low - slot.ahead), min(end, high - slot.ahead)
    return start, end


def stack_rows(wanted: Stacked, plan: Plan, make: Making) -> Node:
    """Compute some elements of a row at once; ``make`` gives what an operand, or another stack, has become."""
    parts = _parts(wanted, plan)
    if wanted.row.is_read and wanted.row not in plan.taken:
        ((whole, key),) = parts
        return take_parts(make(whole), key, wanted.count)
    made = []
    for part in parts:
        if isinstance(part, Stacked):
            made.append(make(part))
        elif isinstance(part, tuple):
            operand, key = part
            x = make(operand)
            if not key:  # a number that is Python's stays one: beside float32 an axis would make a float64 of it
                x = x if key == () or x.weak else Reshape((1, *x.shape))(x)
            made.append(take_parts(x, key, wanted.count) if key else x)
        else:
            made.append(part)
    if wanted.row in plan.taken:
        return made[0]
    assert wanted.row.like.op is not None
    return wanted.row.like.op.batch(*made)


def _parts(wanted: Stacked, plan: Plan) -> list[Any]:
    """Give the parts of a stack: numbers, other stacks, and operands with what is taken of them.

    That is an index, of each turn; () for an operand that lies side by side already; None for one that is the same.
    """
    row = wanted.row
    group = plan.taken.get(row)
    if group is not None:
        first = group.sign * wanted.first + group.shift[row] - group.low
        return [(Whole(group, row), EvenKey((None,), (first,), (group.sign * wanted.step,)))]
    if row.is_read:
        assert row.key is not None
        return [(row.slots[0].same, row.key.from_turn(wanted.first, wanted.step))]
    return [_part(wanted, row, place, plan) for place in range(len(row.slots))]


def _part(wanted: Stacked, row: Row, place: int, plan: Plan) -> Any:
    slot = row.slots[place]
    if slot.row is not None and (slot.row in plan.taken or not slot.row.waits):
        return Stacked(slot.row, wanted.first + slot.ahead, wanted.step, wanted.count)
    if slot.same is not None:
        return (slot.same, None) if isinstance(slot.same, Node) else slot.same
    nodes = [row.nodes[wanted.first + wanted.step * t] for t in range(wanted.count)]
    return gather_own(nodes, place, row.like.op), ()


def take_parts(x: Node, key: EvenKey, count: int) -> Node:
    """Give the parts of an array that an index names in each turn, side by side along an axis in front."""
    windows = split_windows(key)
    if len(windows) > 1 or any(place is not None for _, place in windows):
        keys = [even for even, _ in windows]
        moving = [i for i, step in enumerate(keys[0].step) if step]
        found = find_place(keys[0], moving[0]) if len(moving) == 1 else None
        if found is not None:
            return Stack(found[1] + 1)(*(take_parts(x, even, count) for even in keys))
    moving = [i for i, step in enumerate(key.step) if step]
    place = find_place(key, moving[0]) if len(moving) == 1 else None
    if place is None:
        return Stack()(*(Index(key.at(t))(x) for t in range(count)))
    axis, behind = place
    first, step = key.first[moving[0]] % x.shape[axis], key.step[moving[0]]
    last = first + step * (count - 1)
    stop = last + (1 if step > 0 else -1)
    numbers: list[Any] = list(key.first)
    numbers[moving[0]] = slice(first, stop if stop >= 0 else None, step)
    seen = Index(key.fill(numbers))(x)
    return seen if not behind else Transpose((behind, *(i for i in range(seen.ndim) if i != behind)))(seen)


def see_stack(node: Node) -> Node:
    """Give a stack of parts that lie evenly in one array, as what all turns of a loop give does, as a view of that.

    Where some of them do, as those of all turns but the first, that is joined with the others; so are parts joined.
    """
    op, inputs = node.op, node.inputs
    assert isinstance(op, Concatenate)
    if not all(isinstance(x, Node) and inputs[0].is_alike(x) and x.dtype == node.dtype for x in inputs):
        return node
    (axis,) = normalize_axis(op.axis, node.ndim)
    pieces: list[Node] = []
    for start, end, step in _find_even_runs([_find_part(x) for x in inputs]):
        parts = inputs[start:end]
        if step:
            pieces.append(_see_run(parts, step, axis, op.adds_axis))
        else:
            pieces += [_add_axis(x, axis) for x in parts] if op.adds_axis else parts
    if len(pieces) == len(inputs):
        return node
    return pieces[0] if len(pieces) == 1 else Concatenate(axis)(*pieces)


def _find_part(x: Node) -> tuple[Node, int] | None:
    """Give the array that something is a part of, along its first axis, and which."""
    if type(x.op) is not Index:
        return None
    key = x.op.key
    place = key[0] if isinstance(key, tuple) and len(key) == 1 else key
    return (x.inputs[0], place) if type(place) is int and place >= 0 else None


def _find_even_runs(parts: Sequence[tuple[Node, int] | None]) -> Iterator[tuple[int, int, int]]:
    """Give from where to where parts lie evenly, and how far apart; 0 where those are too few to be seen as one."""
    start, n = 0, len(parts)
    while start < n:
        end, step, part = start + 1, 0, parts[start]
        while end < n and part is not None and (near := parts[end]) is not None and near[0] is part[0]:
            ahead = near[1] - part[1]
            if not ahead or (step and ahead != step):
                break
            end, step, part = end + 1, ahead, near
        long = end - start >= RUN or (end - start == n > 1)
        yield start, end, step if long else 0
        start = end


def _see_run(parts: Sequence[Node], step: int, axis: int, adds_axis: bool) -> Node:
    """Give parts that lie evenly in one array as a view, which is joined along an axis."""
    (whole, first), n, like = _find_part(parts[0]) or (parts[0], 0), len(parts), parts[0]  # it is a part
    last = first + step * (n - 1)
    stop = last + (1 if step > 0 else -1)
    seen: Node = Index((slice(first, stop if stop >= 0 else None, step),))(whole)
    seen = Transpose((*range(1, axis + 1), 0, *range(axis + 1, like.ndim + 1)))(seen) if axis else seen
    if adds_axis:
        return seen
    shape = like.shape
    return Reshape((*shape[:axis], n * shape[axis], *shape[axis + 1 :]))(seen)


def _add_axis(x: Node, axis: int) -> Node:
    return Reshape((*x.shape[:axis], 1, *x.shape[axis:]))(x)


def moves_alone(key: EvenKey) -> bool:
    """Say whether one number of an index moves, and names one place along an axis: all turns' parts are a slice."""
    moving = [i for i, step in enumerate(key.step) if step]
    return len(moving) == 1 and find_place(key, moving[0]) is not None


def find_place(key: EvenKey, number: int) -> tuple[int, int] | None:
    """Give the axis of an array that a number of an index is for, and which one that is of what is seen of it.

    None where it is the end of a slice, or an ellipsis comes before.
    """
    axis = seen = found = 0
    for part in key.parts:
        if part is None:
            if found == number:
                return axis, seen
            found, axis = found + 1, axis + 1
        elif part == (None,):
            seen += 1
        elif len(part) == 2:
            found += sum(end is None for end in part[1])
            axis, seen = axis + 1, seen + 1
            if found > number:
                return None
        else:
            return None
    return None
