"""How much memory the record of a result holds: by operation, and by line where that is known."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.engine.debugging.lines import find_line
from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.watch import owner_of
from minigrad.notebook.safety import text_or_reason


@dataclass(frozen=True, slots=True)
class MemoryRow:
    """The bytes that results of one operation, in one line of the user's, hold: ``count`` arrays of their own."""

    operation: str
    line: str
    count: int
    bytes: int


@dataclass(frozen=True, slots=True, repr=False)
class MemoryReport:
    """What a record holds, by operation and line, the most bytes first; printed, a table."""

    rows: tuple[MemoryRow, ...]

    @property
    def bytes(self) -> int:
        """The bytes of all arrays, each counted once."""
        return sum(row.bytes for row in self.rows)

    def __str__(self) -> str:
        table = [("bytes", "arrays", "operation", "line" if any(row.line for row in self.rows) else "")]
        table += [(f"{row.bytes:,}", str(row.count), row.operation, row.line) for row in self.rows]
        table.append((f"{self.bytes:,}", str(sum(row.count for row in self.rows)), "all", ""))
        widths = [max(map(len, column)) for column in zip(*table, strict=True)]
        aligned = (str.rjust, str.rjust, str.ljust, str.ljust)
        lines = ([f(cell, n) for f, cell, n in zip(aligned, row, widths, strict=True)] for row in table)
        hint = [] if table[0][-1] else ["What is computed within minigrad.debug() has its line, too."]
        return "\n".join(["  ".join(line).rstrip() for line in lines] + hint)

    __repr__ = text_or_reason(__str__)


@with_usage
def memory_report(E: Tensor) -> MemoryReport:
    """Say what the record of E holds until it is dropped: bytes by operation and by line, each array counted once.

    An array that is a view is counted as the one that owns its memory, with the operation that made it; what no
    operation made is "data". The lines are those of what was computed within ``debug()``.

    Raises ``TypeError`` for what is no Tensor.

    >>> w = Tensor(np.ones(1000), requires_grad=True)
    >>> memory_report(np.exp(w).sum()).bytes
    16008
    """
    if not isinstance(E, Tensor):
        raise TypeError(f"memory_report: wanted a Tensor, not {shown(E)}; give a loss, E, as backward() has one.")
    found: dict[int, tuple[int, str, str]] = {}
    for array, operation, line in _list_arrays(E):
        owner = owner_of(array)
        found.setdefault(id(owner), (int(owner.nbytes), operation, line))
    sums: dict[tuple[str, str], tuple[int, int]] = {}
    for size, operation, line in found.values():
        count, total = sums.get((operation, line), (0, 0))
        sums[operation, line] = count + 1, total + size
    rows = (MemoryRow(operation, line, count, total) for (operation, line), (count, total) in sums.items())
    return MemoryReport(tuple(sorted(rows, key=lambda row: -row.bytes)))


def _list_arrays(E: Tensor) -> Iterator[tuple[Any, str, str]]:
    """Give every array of a record with the operation that made it and its line, the oldest first."""
    seen, stack = {id(E): E}, [E]
    while stack:
        for x in stack.pop().inputs:
            if isinstance(x, Tensor) and id(x) not in seen:
                seen[id(x)] = x
                stack.append(x)
    for t in sorted(seen.values(), key=lambda t: t.serial):
        line = find_line(t)
        for value in t.values:  # of a leaf that has other data now, those of then
            if isinstance(value, np.ndarray):
                yield value, "data", ""
        yield t.array, "data" if t.op is None else t.op.name, (line.place or "") if line is not None else ""
