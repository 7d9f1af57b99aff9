"""What has been assigned to a part of an array is read where it was made: H[t] is h after H[t] = h.

So a recurrence that is kept in an array that it fills, and reads again, is one of values; and what is left of the array
is written all at once. The way back is the same: the gradient of H[t] is read, and then set to 0.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from heapq import merge
from typing import Any

from minigrad.algebra.rewrite import constant_like, rebuild_node
from minigrad.compiler.passes.lower import AddAt
from minigrad.compiler.passes.places import Places, are_apart, count_places, find_places, find_within, write_places
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.arithmetic import add
from minigrad.ops.indexing import Index, Scatter
from minigrad.ops.places.assignment import Assign
from minigrad.ops.shaping import BroadcastTo, Cast

MOST = 64  # writes that may be to what is read, looked at one by one


def read_assigned(outputs: Sequence[Any], exact: bool) -> list[Any]:
    """Give equal outputs, bit for bit if they are to be ``exact``, in which no part is read that was just written."""
    nodes = order_nodes(outputs)
    if not any(isinstance(x.op, Assign) for x in nodes):
        return list(outputs)
    writes, becomes = Writes(exact), dict[Node, Any]()
    for node in nodes:
        new = rebuild_node(node, becomes)
        if isinstance(new, Node):
            writes.note(new)
            found = writes.read(new) if type(new.op) is Index else None
            new = new if found is None else found
        if new is not node:
            becomes[node] = new
    return [becomes.get(x, x) if isinstance(x, Node) else x for x in outputs]


class Path:
    """Writes to one array, one after the other, from ``start`` on; and which of them may name a place of an axis."""

    def __init__(self, start: Any) -> None:
        self.start = start
        self.nodes: list[Node] = []
        self.places: list[Places] = []
        self.assigned: list[int] = []  # how many assignments there are up to each; the others are sums
        self.at: dict[tuple[int, int], list[int]] = {}  # an axis and a place -> the writes to that place alone
        self.loose: dict[int, list[int]] = {}  # an axis -> the writes to several places along it

    def append(self, node: Node, places: Places) -> None:
        """Note a further write."""
        i = len(self.nodes)
        self.nodes.append(node)
        self.places.append(places)
        self.assigned.append((self.assigned[-1] if i else 0) + isinstance(node.op, Assign))
        for axis, place in enumerate(places):
            known = self.at.setdefault((axis, place), []) if isinstance(place, int) else self.loose.setdefault(axis, [])
            known.append(i)

    def list_writes(self, before: int, wanted: Places) -> Iterator[int]:
        """Give the writes, from the last but those after ``before`` on back, that may be to some places."""
        ways = []
        for axis, place in enumerate(wanted):
            if isinstance(place, int):
                found = (self.at.get((axis, place), []), self.loose.get(axis, []))
                ways.append([x[: bisect_right(x, before)] for x in found])
        if not ways:
            return iter(range(before, -1, -1))
        best = min(ways, key=lambda way: sum(map(len, way)))
        return merge(*(reversed(x) for x in best), reverse=True)


class Writes:
    """All writes to arrays in a step, as far as they are looked through."""

    def __init__(self, exact: bool) -> None:
        self.exact = exact
        self.home: dict[Node, tuple[Path, int]] = {}

    def note(self, node: Node) -> None:
        """Note an operation, if it writes to a part of what another gives."""
        if not (isinstance(node.op, Assign | AddAt) and isinstance(node.inputs[0], Node) and node.shape):
            return
        places = find_places(node.op.key, node.shape)
        if places is None or node.inputs[0].dtype != node.dtype:
            return
        before = node.inputs[0]
        path, i = self.home.get(before, (None, -1))
        if path is None or i != len(path.nodes) - 1:
            path = Path(before)
        path.append(node, places)
        self.home[node] = path, len(path.nodes) - 1

    def read(self, node: Node) -> Any:
        """Give what is read of an array that was written to, from what was written; None where that is not known."""
        (x,) = node.inputs
        assert isinstance(node.op, Index)
        wanted = find_places(node.op.key, x.shape) if isinstance(x, Node) and x in self.home else None
        if wanted is None:
            return None
        sums: list[Any] = []
        found, looked = self.look(x, wanted, sums)
        if not looked or count_places(wanted) != node.shape:
            return None
        for term in reversed(sums):
            found = term if found is None else add(found, term)
        return _fill(0.0, node) if found is None else found

    def look(self, x: Any, wanted: Places, sums: list[Any]) -> tuple[Any, bool]:
        """Give some places of an array, None for 0, without what sums add to them, the last first; and whether an
        assignment has been looked through.
        """  # fmt: skip
        left, looked = MOST, False
        while x in self.home:
            path, i = self.home[x]
            for j in path.list_writes(i, wanted):
                write, apart = path.nodes[j], are_apart(path.places[j], wanted)
                left -= apart
                if apart and left:
                    continue
                looked = looked or path.assigned[i] > path.assigned[j]
                key = None if apart else find_within(path.places[j], wanted)
                if key is None:
                    return _take(write, wanted), looked
                part = None if self.is_zero(write) else _find_written(write, path.places[j], key)
                if isinstance(write.op, Assign):
                    return part, True
                sums.append(part)
            looked = looked or path.assigned[i] > 0
            x = path.start
        if type(x.op) is Scatter and not self.exact and (places := find_places(x.op.key, x.shape)) is not None:
            key = find_within(places, wanted)
            if key is not None or are_apart(places, wanted):
                return None if key is None else _find_written(x, places, key), looked
        return _take(x, wanted), looked

    def is_zero(self, write: Node) -> bool:
        """Say whether an operation assigns 0, which adds nothing to a sum, but for the sign of a −0."""
        value = write.inputs[-1]
        return not self.exact and isinstance(write.op, Assign) and not isinstance(value, Node) and value == 0


def _find_written(write: Node, places: Places, key: tuple[Any, ...]) -> Any:
    """Give a part of what an operation writes to some places, as an array of the dtype of what it writes to."""
    value = write.inputs[-1]
    shape = count_places(places)
    if not isinstance(value, Node):
        return _fill(value, Node(shape=_shape_of(shape, key), dtype=write.dtype, table=write.table))
    if value.dtype != write.dtype or value.weak:
        value = Cast(write.dtype)(value)
    if value.shape != shape:
        value = BroadcastTo(shape)(value)
    whole = all(isinstance(part, slice) and part.step == 1 for part in key) and _shape_of(shape, key) == shape
    return value if whole else Index(key)(value)


def _shape_of(shape: Sequence[int], key: tuple[Any, ...]) -> tuple[int, ...]:
    return tuple(len(range(*part.indices(n))) for part, n in zip(key, shape, strict=True) if isinstance(part, slice))


def _fill(number: Any, like: Node) -> Node:
    """Give an array that a number fills."""
    one = constant_like(number, like)
    return BroadcastTo(like.shape)(one) if like.shape else one


def _take(x: Node, wanted: Places) -> Any:
    """Give some places of an array; of one that a number fills, as many of that."""
    shape, full = count_places(wanted), x.inputs[0] if isinstance(x.op, BroadcastTo) else None
    if isinstance(full, Node) and not full.shape and shape:
        return BroadcastTo(shape)(full)
    return Index(write_places(wanted))(x)
