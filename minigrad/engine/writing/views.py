"""Which tensors look at the memory of which: what is assigned to elements of one of them is seen by the others.

``x[:2]``, ``x.T`` and ``x.reshape(…)`` are views, as NumPy's are. Who is a view of what is noted, weakly, as they are
made.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from weakref import ref

import numpy as np

from minigrad.engine.recording import note_holder
from minigrad.engine.writing.watch import owner_of
from minigrad.ops.base import Op
from minigrad.ops.common.late import Late
from minigrad.ops.common.libraries import is_other
from minigrad.ops.indexing import Index
from minigrad.ops.shaping import Reshape

assignment = Late("minigrad.ops.places.assignment")
overwriting = Late("minigrad.engine.writing.overwriting")


def note_view(op: Op, base: Any, y: Any) -> None:
    """Note that y = op(base) may look at the memory of base."""
    if isinstance(y.array, np.generic):
        return
    if y.op is None and not y.serial:  # of truth values there may be written what they were computed from
        if y.has_data and not _shares(op, base, y):
            return
        note_base(y, base, op)
        note_holder()
    rows = getattr(base, "shown", None)
    if rows is None:
        rows = base.shown = []
    elif len(rows) >= 32 and not len(rows) & (len(rows) - 1):  # a power of two: look who still lives
        rows[:] = [row for row in rows if row[0]() is not None]
    rows.append((ref(y), op))


def note_base(y: Any, base: Any, op: Op) -> None:
    """Note what a view without a record is a view of, where a record would have its operands and itself."""
    y._a, y._b = base, op


def find_base(y: Any) -> tuple[Any, Op] | None:
    """Give what a tensor is a view of, and by which operation; None if it has memory of its own."""
    op, base = y.op, None
    if op is not None:
        base = y._a[0] if op.views and y._b is None else None
    elif isinstance(getattr(y, "_b", None), Op):
        base, op = y._a, y._b
    return (base, op) if base is not None and op is not None and _shares(op, base, y) else None


def find_views(base: Any) -> Iterator[tuple[Any, Op, Any]]:
    """Give the views of a tensor that live, and those of these: (view, operation, of what), what they are of before."""
    stack = [base]
    while stack:
        x = stack.pop()
        rows: Any = getattr(x, "shown", ())
        found = [(y, row) for row in rows if (y := row[0]()) is not None and _looks_at(y, x, row[1])]
        if len(found) < len(rows):  # what has read x before it was assigned to looks at it no more
            rows[:] = [row for _, row in found]
        for y, (_, op) in found:
            yield y, op, x
            stack.append(y)


def _looks_at(y: Any, base: Any, op: Op) -> bool:
    found = find_base(y)
    return found is not None and found[0] is base and found[1] == op


def _shares(op: Op, base: Any, y: Any) -> bool:
    """Say whether y = op(base) is a view: of arrays the memory says so, of what stands for arrays the operation."""
    a, b = y.array, base.array
    if isinstance(a, np.ndarray) and isinstance(b, np.ndarray):
        return a.base is b or owner_of(a) is owner_of(b)
    if isinstance(a, np.generic) or isinstance(b, np.generic):
        return False
    if is_other(a) or is_other(b):  # of which that is so whose library says so, as CuPy does
        return _memory_of(a) is _memory_of(b)
    if isinstance(b, overwriting.Overwritten):
        return False  # a view would look at what has been written there, not at what was there before
    made = b.op is not None or b.level
    if not base.shape and made and not isinstance(b.op, assignment.Assign) and find_base(base) is None:
        return False  # what an operation gives without axes is a scalar to NumPy, and no array
    if isinstance(op, Index):
        parts = op.key if isinstance(op.key, tuple) else (op.key,)
        return op.shows and (bool(y.shape) or any(part is Ellipsis for part in parts))
    if isinstance(op, Reshape):
        lying = _lay_out(base)
        return owner_of(op.forward(lying)) is owner_of(lying)
    return True


def _memory_of(array: Any) -> Any:
    """Give the array of another library that owns the memory which one looks at; itself if it says nothing of that."""
    while (base := getattr(array, "base", None)) is not None:
        array = base
    return array


def _lay_out(x: Any) -> Any:
    """Give an array that lies in memory as what x stands for does."""
    ops = []
    while (found := find_base(x)) is not None:
        x, op = found
        ops.append(op)
    lay_out = None if x.level else getattr(x, "lay_out", None)  # of an array that is not kept, nobody knows
    array = np.empty(x.shape, np.bool_) if lay_out is None else lay_out()
    for op in ops[::-1]:
        array = op.forward(array)
    return array
