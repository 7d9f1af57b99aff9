"""The loops of a region: one over each axis of a batch, and in those over blocks of rows, of so many at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.blocking.masks import Mask, find_masks
from minigrad.compiler.blocking.passing import Passing, cut_axis, drop_axis, follow_axis
from minigrad.compiler.blocking.skipping import Reach, find_reach, follow_columns
from minigrad.compiler.passes.lower import AddAt, copy_array
from minigrad.compiler.rolling.keys import EvenKey, part_key
from minigrad.compiler.rolling.loop import Body, Kept, Loop, Read, State, place_parts
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add
from minigrad.ops.indexing import Index, Scatter
from minigrad.ops.reduction import Sum
from minigrad.ops.shaping import BroadcastTo, Cast, Concatenate, Reshape, Transpose

# Shares of the rows, each with as many columns as a mask lets them look at: of causal ones two have three quarters of
# all, and four five eighths. Each is compiled: of 1 024 rows two took 3.3 s and then 108 ms a step, four 5.9 s and 98.
FEW_SHARES, MOST_SHARES, ROWS_OF_A_SHARE = 2, 4, 1024
ALIGNED = 16  # columns
ELEMENTS = 1 << 18  # of a block: a megabyte of float32, three or four of which are in use at once
FEWEST, MOST = 16, 256  # rows of a block


@dataclass(frozen=True, eq=False)
class Part:
    """Operations in order that are computed in blocks, what is ``wanted`` of them, and the products they begin with.

    ``reach`` says which columns matter in each row, if not all do; ``masks`` are operands that blocks have as formulas.
    """

    nodes: tuple[Node, ...]
    wanted: tuple[Node, ...]
    starts: tuple[Node, ...]
    reach: Reach | None = None
    masks: Mapping[Node, Mask] = field(default_factory=dict)

    def clone(self, turn: _Turn) -> Part:
        """Give the part that these operations have become."""
        nodes, wanted, starts = (tuple(turn.made[x] for x in group) for group in (self.nodes, self.wanted, self.starts))
        return Part(nodes, wanted, starts, self.reach, turn.masks)

    def with_masks(self) -> Part:
        """Give the part with what is known of its masks."""
        rows, columns = self.starts[0].shape[-2:]
        masks = find_masks(self.nodes, (rows, columns))
        return replace(self, reach=find_reach(self.nodes, self.starts), masks=masks)


@dataclass(frozen=True)
class Stretch:
    """Rows of one axis: ``count`` blocks of ``size`` from ``first`` on; a size of 0 is one row without an axis."""

    first: int
    size: int
    count: int

    @property
    def key(self) -> slice | int:
        """The index of the first block."""
        return slice(self.first, self.first + self.size) if self.size else self.first

    def even_key(self, axis: int) -> EvenKey:
        """Give the index of the block of each turn."""
        parts, numbers = part_key((slice(None),) * axis + (self.key,))
        return EvenKey(parts, numbers, (self.size or 1,) * len(numbers))


def can_compute(part: Part) -> bool:
    """Say whether a part's rows can be followed through it."""
    return bool(part.starts) and follow_axis(part.nodes, {x: x.ndim - 2 for x in part.starts}) is not None


def compute_part(part: Part) -> list[Node]:
    """Give what is wanted of a part, computed in loops."""
    start = part.starts[0]
    axis = start.ndim - 2
    passings = follow_axis(part.nodes, dict.fromkeys(part.starts, 0)) if axis else None
    if passings is not None:
        return compute_stretch(part, passings, Stretch(0, 0, start.shape[0]), compute_part)
    stretches = cut_rows(part)
    each = [compute_rows(part, stretch) for stretch in stretches]
    return [_join(x, pieces) for x, *pieces in zip(part.wanted, *each, strict=True)]


def cut_rows(part: Part) -> list[Stretch]:
    """Give the blocks of a matrix's rows, in shares that look at other columns, and those that are left."""
    *batch, rows, columns = part.starts[0].shape
    size = min(max(ELEMENTS // (prod(batch) * columns), FEWEST), MOST) // FEWEST * FEWEST
    count, left = divmod(rows, size)
    wanted = min(max(rows // ROWS_OF_A_SHARE, FEW_SHARES), MOST_SHARES) if part.reach is not None else 1
    shares = min(wanted, count)
    ends = [count * i // shares for i in range(shares + 1)]
    blocks = [Stretch(first * size, size, end - first) for first, end in pairwise(ends)]
    return [x for x in (*blocks, Stretch(count * size, left, 1)) if x.count and x.size]


@dataclass(frozen=True)
class Piece:
    """What a stretch of rows gives of something that is wanted: its rows of it, or else what they sum up to.

    ``axis`` is the one of the rows, and ``key`` says which part of the whole sum it is, if not all.
    """

    value: Node
    axis: int | None
    key: tuple[slice, ...] = ()


def compute_rows(part: Part, stretch: Stretch) -> list[Piece]:
    """Give what is wanted of a part for a stretch of rows, of which some columns alone may matter."""
    columns = part.starts[0].shape[-1]
    low, high = 0, columns
    if part.reach is not None:
        low, high = part.reach.of_rows(stretch.first, stretch.first + stretch.size * stretch.count)
        low, high = low // ALIGNED * ALIGNED, min(-(-high // ALIGNED) * ALIGNED, columns)
    keys: dict[int, tuple[slice, ...]] = {}
    if (low, high) != (0, columns):
        passings = follow_columns(part.nodes, part.starts)
        assert passings is not None, "there is no reach without"
        axes = [passings[x].result for x in part.wanted]
        keys = {i: (slice(None),) * axis + (slice(low, high),) for i, axis in enumerate(axes) if axis is not None}
        cut = Stretch(low, high - low, 1)
        part = part.clone(_Turn(part, passings, cut, lambda x, axis: _take(x, axis, cut.key)))
    rows = follow_axis(part.nodes, {x: x.ndim - 2 for x in part.starts})
    assert rows is not None, "rows were followed before"
    values = compute_stretch(part, rows, stretch, lambda inner: list(inner.wanted))
    return [
        Piece(value, rows[x].result, keys.get(i, ()))
        for i, (x, value) in enumerate(zip(part.wanted, values, strict=True))
    ]


def _join(x: Node, pieces: Sequence[Piece]) -> Node:
    """Put the rows of all stretches together, or add up what each has summed."""
    values, axis = tuple(piece.value for piece in pieces), pieces[0].axis
    if axis is not None:
        return values[0] if len(values) == 1 else values[0].apply(Concatenate(axis), values)
    first, *others = sorted(pieces, key=lambda piece: -piece.value.size)
    total = Scatter(first.key, x.shape)(first.value) if first.key else first.value
    for piece in others:
        total = total.apply(AddAt(piece.key) if piece.key else add, (total, piece.value))
    return total


def compute_stretch(
    part: Part, passings: Mapping[Node, Passing], stretch: Stretch, compute: Callable[[Part], list[Node]]
) -> list[Node]:
    """Give what is wanted of a part for a stretch of an axis; ``compute`` what it is in one turn."""
    if stretch.count == 1 and stretch.size:
        return compute(part.clone(_Turn(part, passings, stretch, lambda x, axis: _take(x, axis, stretch.key))))
    return _LoopMaker(part, passings, stretch, compute).make()


def _take(x: Node, axis: int | None, key: slice | int) -> Node:
    """Give the part of an operand that a turn needs: all of it, if it is the same for all rows."""
    if axis is None:
        return x
    if x.shape[axis] == 1:
        return x if isinstance(key, slice) else Index((slice(None),) * axis + (0,))(x)
    return Index((slice(None),) * axis + (key,))(x)


class _Turn:
    """The operations of a part for one block of rows; ``read`` gives what that is of an operand from elsewhere."""

    def __init__(
        self, part: Part, passings: Mapping[Node, Passing], stretch: Stretch, read: Callable[[Node, int | None], Node]
    ) -> None:
        self.part, self.passings, self.stretch, self.read = part, passings, stretch, read
        self.made: dict[Node, Node] = {}  # what each operation becomes
        self.masks: dict[Node, Mask] = {}
        self.read_masks: dict[tuple[Node, int | None], Node] = {}
        for node in part.nodes:
            self.write(node)

    def write(self, node: Node) -> None:
        """Write one operation."""
        passing = self.passings[node]
        inputs = tuple(
            x if not isinstance(x, Node) else self.made[x] if x in self.made else self.find(x, axis)
            for x, axis in zip(node.inputs, passing.operands, strict=True)
        )
        like = next(x for x in inputs if isinstance(x, Node))
        op = self.fit(node, passing)
        self.made[node] = like if isinstance(op, Sum) and op.axis == () else like.apply(op, inputs)

    def find(self, x: Node, axis: int | None) -> Node:
        """Give what there is of an operand from elsewhere; of a mask a stand-in, until its rows are known."""
        mask = self.part.masks.get(x)
        if mask is None:
            return self.read(x, axis)
        if (x, axis) not in self.read_masks:
            rows, columns = self.read(mask.rows, 0 if axis == 0 else None), self.read(mask.columns, axis or None)
            seen = mask.see(rows, columns)
            node = seen.write() if axis == 0 else Node(shape=(rows.shape[0], columns.shape[1]), dtype=x.dtype)
            self.read_masks[x, axis] = node
            self.masks |= {node: seen} if axis != 0 else {}
        return self.read_masks[x, axis]

    def fit(self, node: Node, passing: Passing) -> Any:
        """Give the operation for a block."""
        assert node.op is not None
        axis, ndim = passing.operands[0], getattr(node.inputs[0], "ndim", 0)
        if self.stretch.size:
            return cut_axis(node.op, passing.result, self.stretch.size)
        return node.op if axis is None else drop_axis(node.op, axis, passing.result, ndim)


class _LoopMaker:
    """Makes the loop over a stretch of an axis, a turn of which may have loops itself."""

    def __init__(
        self, part: Part, passings: Mapping[Node, Passing], stretch: Stretch, compute: Callable[[Part], list[Node]]
    ) -> None:
        self.part, self.passings, self.stretch, self.compute = part, passings, stretch, compute
        self.table: dict[Any, Node] = {}
        self.operands: dict[Node, int] = {}
        self.reads: dict[tuple[Node, EvenKey | None], Read] = {}

    def make(self) -> list[Node]:
        """Give what is wanted."""
        part, count = self.part, self.stretch.count
        values = self.compute(part.clone(_Turn(part, self.passings, self.stretch, self.read)))
        dtype = np.result_type(*(x.dtype for x in part.wanted))
        states, kept = [], []
        for x, value in zip(part.wanted, values, strict=True):
            if self.passings[x].result is None:
                state = Node(shape=value.shape, dtype=value.dtype, table=self.table)
                value = value.apply(add, (state, value))
                states.append(State(state, self.number(_zeros(x, value)), value))
            kept.append((_cast(value, dtype), value.shape, self.passings[x].result is not None))
        places, size = place_parts(kept, count, dtype)
        body = Body(count, tuple(self.reads.values()), tuple(states), tuple(places), size, dtype)
        table = part.nodes[0].table
        block = Node(Loop(body), tuple(self.operands), shape=(size,), dtype=dtype, table=table)
        return [self.see(block, x, place) for x, place in zip(part.wanted, places, strict=True)]

    def see(self, block: Node, x: Node, place: Kept) -> Node:
        """Give what the block has of something that is wanted, as that is."""
        count, axis = self.stretch.count, self.passings[x].result
        seen = Index((slice(place.start, place.start + place.size(count)),))(block)
        seen = Reshape((count, *place.shape) if place.each else place.shape)(seen)
        if axis is not None and axis:
            ahead = [*range(1, axis + 1), 0, *range(axis + 1, seen.ndim)]
            seen = Transpose(tuple(ahead))(seen)
        if axis is not None and self.stretch.size:
            shape = (*x.shape[:axis], count * self.stretch.size, *x.shape[axis + 1 :])
            seen = Reshape(shape)(copy_array(seen) if axis else seen)
        return _cast(seen if axis is not None else Reshape(x.shape)(seen), x.dtype)

    def read(self, x: Node, axis: int | None) -> Node:
        """Give the input of a turn that is a part of an operand."""
        if axis is not None and x.shape[axis] == 1:
            x, axis = _take(x, axis, self.stretch.key), None
        key = None if axis is None else self.stretch.even_key(axis)
        if (x, key) not in self.reads:
            shape = x.shape if key is None else Index(key.at(0)).shape(x.shape)
            node = Node(shape=shape, dtype=x.dtype, table=self.table, weak=x.weak)
            self.reads[x, key] = Read(node, self.number(x), key)
        return self.reads[x, key].node

    def number(self, x: Node) -> int:
        """Number an operand."""
        return self.operands.setdefault(x, len(self.operands))


def _zeros(x: Node, value: Node) -> Node:
    """Give what a sum starts from."""
    zero = Node(value=np.zeros((), value.dtype), dtype=value.dtype, table=x.table)
    return BroadcastTo(value.shape)(zero) if value.shape else zero


def _cast(x: Node, dtype: Any) -> Node:
    return x if x.dtype == dtype else Cast(dtype)(x)
