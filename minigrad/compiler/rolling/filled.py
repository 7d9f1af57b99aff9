"""What all turns of a loop assign to one array, each at an index that goes on evenly, is assigned at once: H[t] = h."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from minigrad.algebra.rewrite import rebuild_node
from minigrad.compiler.passes.places import Places, are_apart, count_places, find_places, write_places
from minigrad.engine.node import Node, count_uses, order_nodes
from minigrad.ops.indexing import Index
from minigrad.ops.places.assignment import Assign
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose

LEAST = 8  # turns that are worth it


class Write(NamedTuple):
    """What is assigned to some places: element ``i`` of ``source``, or a ``source`` itself, whose ``i`` is None."""

    places: Places
    source: Any
    i: int | None

    @property
    def numbers(self) -> tuple[int, ...]:
        """The places of the axes along which it is one alone."""
        return tuple(x for x in self.places if isinstance(x, int))

    @property
    def family(self) -> tuple[range | None, ...]:
        """Its places, but for these."""
        return tuple(x if isinstance(x, range) else None for x in self.places)


def merge_assigned(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, bit for bit, in which what is assigned to many parts of one array is so once."""
    nodes = order_nodes(outputs)
    if sum(isinstance(x.op, Assign) for x in nodes) < LEAST:
        return list(outputs)
    users = count_uses(nodes, outputs)
    inner = {x.inputs[0] for x in nodes if _is_write(x) and _is_write(x.inputs[0]) and users[x.inputs[0]] == 1}
    becomes: dict[Node, Any] = {}
    for node in nodes:
        new = _merge(node, inner, becomes) if _is_write(node) and node not in inner else None
        new = new if new is not None else rebuild_node(node, becomes)
        if new is not node:
            becomes[node] = new
    return [becomes.get(x, x) if isinstance(x, Node) else x for x in outputs]


def _is_write(x: Any) -> bool:
    alike = isinstance(x, Node) and isinstance(x.op, Assign) and isinstance(x.inputs[0], Node)
    return alike and bool(x.shape) and find_places(x.op.key, x.shape) is not None


def _merge(root: Node, inner: set[Node], becomes: dict[Node, Any]) -> Any:
    """Give an array that has been assigned to in fewer steps; None if there are none to spare."""
    writes: list[Write] = []
    seen: set[Places] = set()
    count, x = 0, root
    while x is root or x in inner:
        places = find_places(x.op.key, x.shape)  # type: ignore[union-attr]
        assert places is not None
        if places not in seen:  # else something later comes to the same places
            writes.append(_read_write(places, becomes.get(x.inputs[1], x.inputs[1])))
        seen.add(places)
        count, x = count + 1, x.inputs[0]
    total = becomes.get(x, x)
    merged = [made for part in reversed(list(_find_apart(writes))) for made in _merge_writes(part)]
    if len(merged) == count:
        return None
    for places, value in merged:
        total = _assign(total, places, value)
    return total


def _read_write(places: Places, value: Any) -> Write:
    """See whether what is assigned is an element of an array."""
    place = value.op.key if isinstance(value, Node) and type(value.op) is Index else None
    place = place[0] if isinstance(place, tuple) and len(place) == 1 else place
    return Write(places, value.inputs[0], place) if type(place) is int and place >= 0 else Write(places, value, None)


def _find_apart(writes: Sequence[Write]) -> Iterator[list[Write]]:
    """Part writes, the last first, into those that may come in any order, since no two are to the same elements."""
    part: list[Write] = []
    taken: dict[Any, list[Side]] = {}  # of a family, what there is along each axis
    for write in writes:
        others = [sides for family, sides in taken.items() if family != write.family]
        if not all(any(side.misses(x) for x, side in zip(write.places, sides, strict=True)) for sides in others):
            yield part
            part, taken = [], {}
        part.append(write)
        sides = taken.setdefault(write.family, [Side(set(), set()) for _ in write.places])
        for place, side in zip(write.places, sides, strict=True):
            side.add(place)
    yield part


class Side(NamedTuple):
    """What several writes name along one axis."""

    numbers: set[int]
    ranges: set[range]

    def add(self, place: int | range) -> None:
        """Take in what one more names."""
        if isinstance(place, int):
            self.numbers.add(place)
        else:
            self.ranges.add(place)

    def misses(self, place: int | range) -> bool:
        """Say whether none of it is named by another."""
        met = place in self.numbers if isinstance(place, int) else any(n in place for n in self.numbers)
        return not met and all(are_apart((place,), (x,)) for x in self.ranges)


def _merge_writes(writes: Sequence[Write]) -> Iterator[tuple[Places, Any]]:
    """Give what is assigned, and to which places."""
    groups: dict[Any, list[Write]] = {}
    for write in writes:
        same = id(write.source) if isinstance(write.source, Node) else (type(write.source), repr(write.source))
        groups.setdefault((write.family, same, write.i is None), []).append(write)
    for group in groups.values():
        for run in _find_runs(group):
            made = _assign_at_once(run) if len(run) >= LEAST else None
            if made is not None:
                yield made
            else:
                yield from ((x.places, x.source if x.i is None else Index((x.i,))(x.source)) for x in run)


def _find_runs(group: Sequence[Write]) -> Iterator[list[Write]]:
    """Part writes into those whose elements and whose places go on evenly."""
    numbers = sorted((x.numbers if x.i is None else (x.i, *x.numbers), n) for n, x in enumerate(group))
    start = 0
    while start < len(numbers):
        end, step = start + 1, None
        while end < len(numbers):
            new = tuple(b - a for a, b in zip(numbers[end - 1][0], numbers[end][0], strict=True))
            if step is not None and new != step:
                break
            end, step = end + 1, new
        yield [group[n] for _, n in numbers[start:end]]
        start = end


def _assign_at_once(run: Sequence[Write]) -> tuple[Places, Any] | None:
    """Give the places of a run, and what goes there; None if they go on along more than one axis."""
    first, second, last = run[0], run[1], run[-1]
    moving = [axis for axis, (a, b) in enumerate(zip(first.places, second.places, strict=True)) if a != b]
    if len(moving) != 1:
        return None
    (axis,) = moving
    start, then, end = (x.places[axis] for x in (first, second, last))
    assert isinstance(start, int)
    assert isinstance(then, int)
    assert isinstance(end, int)
    step = then - start
    along = range(start, end + (1 if step > 0 else -1), step)
    places = (*first.places[:axis], along, *first.places[axis + 1 :])
    behind = sum(isinstance(x, range) for x in first.places[:axis])
    shape = count_places(first.places)
    if first.i is None or second.i == first.i:
        value = first.source if first.i is None else Index((first.i,))(first.source)
        if isinstance(value, Node) and value.shape:
            value = value if value.shape == shape else BroadcastTo(shape)(value)
            value = Reshape((*shape[:behind], 1, *shape[behind:]))(value)
        return places, value
    assert second.i is not None
    assert last.i is not None
    value = Index((slice(first.i, last.i + 1, second.i - first.i),))(first.source)
    value = Reshape((len(run), *(1,) * (len(shape) + 1 - value.ndim), *value.shape[1:]))(value)
    order = (*range(1, behind + 1), 0, *range(behind + 1, value.ndim))
    return places, Transpose(order)(value) if behind else value


def _assign(x: Any, places: Places, value: Any) -> Any:
    """Assign a value to some places of an array; to all of them, and it is the array."""
    if isinstance(value, Node):
        value = Cast(x.dtype)(value) if value.dtype != x.dtype else value
        shape = count_places(places)
        value = BroadcastTo(shape)(value) if value.shape != shape else value
        if all(isinstance(p, range) and p == range(n) for p, n in zip(places, x.shape, strict=True)):
            return value
    return Assign(write_places(places))(x, value)
