"""Masks that are one number up to a diagonal and another beyond it: written as such, they need no matrix either."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Where, less_equal

EXACT = 1 << 24  # up to which float32 has all whole numbers


@dataclass(frozen=True, eq=False)
class Mask:
    """``inside`` where a column is at most what its row has in ``rows``, else ``outside``; ``columns`` counts."""

    rows: Node
    columns: Node
    inside: Any
    outside: Any

    def see(self, rows: Node, columns: Node) -> Mask:
        """Give the mask of other rows and columns."""
        return replace(self, rows=rows, columns=columns)

    def write(self) -> Node:
        """Give the mask as an expression."""
        within = less_equal(self.columns, self.rows)
        if self.inside.dtype.kind == "b":
            return within if self.inside else np.logical_not(within)
        table = self.rows.table
        pair = (Node(value=x, dtype=x.dtype, table=table) for x in (self.inside, self.outside))
        return within.apply(Where(), (within, *pair))


def find_masks(nodes: Sequence[Node], shape: tuple[int, int]) -> dict[Node, Mask]:
    """Give the masks among the operands of operations, which are known."""
    given = dict.fromkeys(x for node in nodes for x in node.inputs if isinstance(x, Node) and x.value is not None)
    found = {x: find_mask(x) for x in given if x.shape == shape}
    return {x: mask for x, mask in found.items() if mask is not None}


def find_mask(x: Node) -> Mask | None:
    """Give a mask for an array that is one: the same along each diagonal, with one change from there to there."""
    value, (rows, columns) = x.value, x.shape
    line = np.concatenate([value[::-1, 0], value[0, 1:]])  # by column − row
    changes = np.flatnonzero(line[1:] != line[:-1])
    if len(changes) != 1 or max(x.shape) >= EXACT or not np.array_equal(value[1:, 1:], value[:-1, :-1]):
        return None
    dtype = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
    last = np.arange(rows, dtype=dtype)[:, None] + dtype.type(changes[0] - (rows - 1))
    count = np.arange(columns, dtype=dtype)[None]
    ends, numbers = (Node(shape=a.shape, dtype=a.dtype, table=x.table, value=a) for a in (last, count))
    return Mask(ends, numbers, line[0], line[-1])
