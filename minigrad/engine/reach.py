"""Reach: which elements a gradient comes to on its way back, and which of them choices have ignored.

A gradient of 0 has two meanings to an infinite slope. Of an element that a choice ignored (where, an index, max …)
nothing goes on: 0 · ∞ is 0. What has become 0 by itself, as the slope of log(1 + u) has at u = exp(800), tells nothing
of the product, which is NaN, as it is where nothing was chosen.
"""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

import numpy as np

from minigrad.ops.arithmetic import Where
from minigrad.ops.indexing import Index, Scatter, ScatterAt
from minigrad.ops.reduction import Sum
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose

MOVES = (Sum, Reshape, Transpose, BroadcastTo, Cast, Scatter, ScatterAt)  # which add up and move, and cancel nothing

Found = (
    Any  # True for all elements, an array of truth values, or None: as far as is known, those whose gradient is not 0
)


class Reach:
    """Where the gradients come to of a walk from an output, back to what was made ``since``.

    It is asked for few results, the latest first, and for none where all slopes are finite. ``unbroadcast`` adds up
    over the axes along which an operand was broadcast.
    """

    def __init__(self, output: Any, since: int, unbroadcast: Callable[..., Any]) -> None:
        self.kind, self.since, self.unbroadcast = type(output), since, unbroadcast
        self.waiting: dict[int, tuple[Any, Found]] = {output.serial: (output, True)}
        self.queue = [-output.serial]

    def find(self, t: Any) -> Found:
        """Say which elements of a result of the walk a gradient comes to."""
        while self.queue and -self.queue[0] > t.serial:
            y, some = self.waiting.pop(-heappop(self.queue))
            found = _as_all(some)
            for i, x in enumerate(y.inputs if y.op is not None else ()):
                if isinstance(x, self.kind) and x.serial >= self.since and y.op.vjps[i]:
                    self._add(x, self._go_back(y, i, found))
        return _as_all(self.waiting[t.serial][1]) if t.serial in self.waiting else None

    def _add(self, x: Any, found: Found) -> None:
        """Note one more way to an operand."""
        if x.serial not in self.waiting:
            heappush(self.queue, -x.serial)
            self.waiting[x.serial] = (x, found)
            return
        before = self.waiting[x.serial][1]
        both = True if before is True or found is True else None if before is None or found is None else before | found
        self.waiting[x.serial] = (x, both)

    def _go_back(self, y: Any, i: int, found: Found) -> Found:
        """Say which elements of input i the gradient of y comes to, from those of y that it comes to."""
        op, values = y.op, y.values
        if found is None or (isinstance(op, Index) and op.key is Ellipsis):  # by which a gradient of zeros is marked
            return None
        if isinstance(op, Where):
            chosen = np.not_equal(values[0], 0)
            return self._fit(chosen if i == 1 else np.logical_not(chosen), found, y, values[i])
        if op.derivatives is not None and op.chooses:
            return self._fit(np.not_equal(op.derivatives[i](y.array, *values), 0), found, y, values[i])
        if op.derivatives is not None:
            return found if found is True else self._fit(found, True, y, values[i])
        if not (op.chooses or isinstance(op, MOVES)):
            return True if found is True else None
        g = np.ones_like(y.array) if found is True else found * np.ones_like(y.array)
        moved = op.split(values)[i](op, g, y.array) if op.splits else op.vjps[i](op, g, y.array, *values)
        return np.not_equal(moved if moved.shape == values[i].shape else self.unbroadcast(moved, values[i].shape), 0)

    def _fit(self, chosen: Any, found: Found, y: Any, value: Any) -> Found:
        """Give what is both chosen and found, of y, for an operand that may have been broadcast."""
        both = chosen if found is True else chosen & found
        if np.shape(both) != y.shape:
            both = np.broadcast_to(both, y.shape)
        return both if value.shape == y.shape else np.not_equal(self.unbroadcast(both * 1.0, value.shape), 0)


def _as_all(found: Found) -> Found:
    """Give True for an array that names all elements: a product of matrices, too, comes to all from these alone."""
    return True if isinstance(found, np.ndarray) and found.all() else found
