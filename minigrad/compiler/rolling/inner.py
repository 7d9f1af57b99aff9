"""Loops in loops: what a turn does over and over is a loop of it, and the turns around keep what it gives as one array.

The turns of the outer loop are found first, each with all that the inner one does in it; so its way back reads what all
of these have kept, and is a loop in a loop as well.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from minigrad.algebra.rewrite import rebuild_node, substitute_nodes
from minigrad.compiler.rolling.keys import EvenKey
from minigrad.compiler.rolling.loop import Body, Kept, Loop, Read, place_parts
from minigrad.compiler.rolling.planning import LEAST
from minigrad.compiler.rolling.roll import roll_loops
from minigrad.compiler.rolling.stacking import find_place
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.indexing import Index
from minigrad.ops.shaping import Reshape


def roll_bodies(outputs: Sequence[Any], exact: bool) -> list[Any]:
    """Give equal outputs, bit for bit if they are to be ``exact``, in whose loops what repeats is a loop."""
    becomes: dict[Node, Any] = {}
    parts: dict[Node, dict[int, Any]] = {}  # a block -> what there is in the place of what begins at an element
    seen: dict[Node, Any] = {}  # a part of a block, in one row -> as an array
    for node in order_nodes(outputs):
        x = node.inputs[0] if node.inputs else None
        if x in parts and isinstance(node.op, Index):
            part = seen[node] = parts[x][node.op.key[0].start]
            becomes[node] = Reshape(node.shape)(part)
        elif x in seen and isinstance(node.op, Reshape):
            part = seen[x]
            becomes[node] = part if part.shape == node.shape else Reshape(node.shape)(part)
        else:
            new = rebuild_node(node, becomes)
            made = _roll_body(new, exact) if isinstance(new, Node) and isinstance(new.op, Loop) else None
            if made is not None:
                new, parts[node] = made
            if new is not node:
                becomes[node] = new
    return [becomes.get(x, x) if isinstance(x, Node) else x for x in outputs]


def _roll_body(loop: Node, exact: bool) -> tuple[Node, dict[int, Any]] | None:
    """Give a loop whose turns are loops, and what is now in the place of what it kept; None where nothing repeats."""
    assert isinstance(loop.op, Loop)
    if len(loop.op.body.nodes) < LEAST:
        return None
    body, operands = merge_reads(loop.op.body, loop.inputs)
    values = roll_loops(body.values, exact)
    if not any(isinstance(x.op, Loop) for x in order_nodes(values)):
        return None
    body = body.replace_values(roll_bodies(values, exact))
    body, places = merge_kept(body)
    body, operands = leave_unread(body, operands)
    block = Node(Loop(body), operands, shape=(body.size,), dtype=body.dtype, table=loop.table)
    found = {}
    for old, (new, i) in zip(loop.op.body.kept, places, strict=True):
        part = Index((slice(new.start, new.start + new.size(body.count)),))(block)
        part = Reshape((body.count, *new.shape) if new.each else new.shape or (1,))(part)
        found[old.start] = part if i is None else Index((slice(None), i))(part)
    return block, found


def leave_unread(body: Body, operands: Sequence[Any]) -> tuple[Body, tuple[Any, ...]]:
    """Give a body without what it does not read, and the operands that it takes then."""
    used = set(order_nodes(body.values))
    reads = [x for x in body.reads if x.node in used]
    numbers: dict[int, int] = {}
    for i in [*(i for x in reads for i in (x.operand, *x.each)), *(x.operand for x in body.states)]:
        numbers.setdefault(i, len(numbers))
    fewer = [replace(x, operand=numbers[x.operand], each=tuple(numbers[i] for i in x.each)) for x in reads]
    states = [replace(x, operand=numbers[x.operand]) for x in body.states]
    return replace(body, reads=tuple(fewer), states=tuple(states)), tuple(operands[i] for i in numbers)


# what is read


class Place(NamedTuple):
    """What is read of an array, with one whole number of its index apart, which is the same in all turns."""

    whole: Node
    key: EvenKey
    number: int

    @property
    def rest(self) -> tuple[Any, ...]:
        """All but that number."""
        first = (*self.key.first[: self.number], *self.key.first[self.number + 1 :])
        return self.whole, self.key.parts, first, self.key.step, self.number

    @property
    def at(self) -> int:
        """That number."""
        return self.key.first[self.number]


def merge_reads(body: Body, operands: Sequence[Any]) -> tuple[Body, Sequence[Any]]:
    """Give an equal body that reads parts of an array, which lie evenly in it, as one array; and its operands."""
    groups: dict[Any, list[tuple[Place, Read]]] = {}
    for read in body.reads:
        for place in _list_places(read, operands[read.operand]):
            groups.setdefault(place.rest, []).append((place, read))
    becomes: dict[Node, Any] = {}
    made: list[Read] = []
    places = list(operands)
    for group in sorted(groups.values(), key=len, reverse=True):
        left = sorted((place.at, n) for n, (place, read) in enumerate(group) if read.node not in becomes)
        for run in _find_runs(left):
            new, parts = _read_run([group[n] for _, n in run], len(places))
            places.append(group[0][0].whole)
            made.append(new)
            becomes |= parts
    if not made:
        return body, operands
    reads = (*(x for x in body.reads if x.node not in becomes), *made)
    return replace(body.replace_values(substitute_nodes(body.values, becomes)), reads=reads), places


def _list_places(read: Read, operand: Any) -> Iterator[Place]:
    """Give the ways to see what is read as one of several parts of an array."""
    key = read.key
    if key is None or read.each or not isinstance(operand, Node) or min(key.first, default=0) < 0:
        return
    if key.parts == (None,) and type(operand.op) is Index and isinstance(operand.op.key, tuple):
        before, *inside = operand.op.key
        if (
            type(before) is slice
            and before == slice(None)
            and len(inside) == 1
            and type(inside[0]) is int
            and inside[0] >= 0
        ):
            yield Place(operand.inputs[0], EvenKey((None, None), (*key.first, inside[0]), (*key.step, 0)), 1)
    number = 0
    for part in key.parts:
        if part is None and not key.step[number] and find_place(key, number) is not None:
            yield Place(operand, key, number)
        number += 1 if part is None else sum(end is None for end in part[1]) if len(part) == 2 else 0


def _find_runs(places: Sequence[tuple[int, int]]) -> Iterator[Sequence[tuple[int, int]]]:
    """Give those among places that follow one another evenly, and are enough; each comes with a number."""
    start = 0
    while start < len(places):
        end = min(start + 2, len(places))
        while end < len(places) and places[end][0] - places[end - 1][0] == places[start + 1][0] - places[start][0]:
            end += 1
        if end - start >= LEAST and places[start + 1][0] > places[start][0]:
            yield places[start:end]
        start = max(end - 1, start + 1) if end - start < LEAST else end


def _read_run(run: Sequence[tuple[Place, Read]], operand: int) -> tuple[Read, dict[Node, Any]]:
    """Give an input that is several others, and these as parts of it."""
    (_, key, number), like = run[0][0], run[0][1].node
    found = find_place(key, number)
    assert found is not None
    axis, at = found[1], [place.at for place, _ in run]
    places = [i for i, part in enumerate(key.parts) if part is None]
    starts = [sum(_count_numbers(x) for x in key.parts[:i]) for i in places]
    place = places[starts.index(number)]
    along = ("slice", ((at[0],), (at[-1] + 1,), (at[1] - at[0],)))
    rest = run[0][0].rest
    step = (*key.step[:number], *key.step[number + 1 :])
    merged = EvenKey((*key.parts[:place], along, *key.parts[place + 1 :]), rest[2], step)
    shape = (*like.shape[:axis], len(run), *like.shape[axis:])
    node = Node(shape=shape, dtype=like.dtype, table=like.table)
    parts = {read.node: Index((*(slice(None),) * axis, i))(node) for i, (_, read) in enumerate(run)}
    return Read(node, operand, merged), parts


def _count_numbers(part: Any) -> int:
    """Count the whole numbers that stand in a part of an index."""
    return 1 if part is None else sum(end is None for end in part[1]) if len(part) == 2 else 0


# what is kept


def merge_kept(body: Body) -> tuple[Body, list[tuple[Kept, int | None]]]:
    """Give a body that keeps parts of an array, which follow one another in it, as one array.

    And for all that was kept where it is now: the row, if it is one of several.
    """
    rows: dict[Node, dict[int, Kept]] = {}
    for part in body.kept:
        x = part.value
        if (
            part.each
            and isinstance(x, Node)
            and type(x.op) is Index
            and len(x.op.key) == 1
            and type(x.op.key[0]) is int
        ):
            rows.setdefault(x.inputs[0], {})[x.op.key[0]] = part
    merged: dict[Kept, tuple[Node, int]] = {}
    wholes: dict[Node, tuple[int, int]] = {}
    for whole, found in rows.items():
        low, high = min(found), max(found)
        if low >= 0 and high - low + 1 == len(found) >= LEAST:
            wholes[whole] = low, high + 1
            merged |= {part: (whole, i - low) for i, part in found.items()}
    left = [x for x in body.kept if x not in merged]
    parts: list[tuple[Any, tuple[int, ...], bool]] = [(x.value, x.shape, x.each) for x in left]
    for whole, (low, high) in wholes.items():
        seen = whole if high - low == whole.shape[0] else Index((slice(low, high),))(whole)
        parts.append((seen, seen.shape, True))
    kept, size = place_parts(parts, body.count, body.dtype)
    homes = dict(zip(wholes, kept[len(left) :], strict=True))
    stay = dict(zip(left, kept, strict=False))
    places: list[tuple[Kept, int | None]] = []
    for part in body.kept:
        home = merged.get(part)
        places.append((stay[part], None) if home is None else (homes[home[0]], home[1]))
    return replace(body, kept=tuple(kept), size=size), places
