"""Whole numbers in indices, which go up or down evenly from turn to turn: the t of X[t], the t and n of X[t:n]."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compiler.passes.lower import AddAt
from minigrad.engine.node import Node
from minigrad.ops.base import Op
from minigrad.ops.indexing import Index, Scatter, gives_view
from minigrad.ops.places.assignment import Assign

WIDEST = 16  # of windows that overlap, each place in which is taken by itself


@dataclass(frozen=True)
class EvenKey:
    """An index whose numbers are first + t · step in turn t; ``parts`` has None where one of them stands."""

    parts: tuple[Any, ...]
    first: tuple[int, ...]
    step: tuple[int, ...]

    def at(self, t: int) -> tuple[Any, ...]:
        """Give the index in one turn."""
        return self.fill([n + t * s for n, s in zip(self.first, self.step, strict=True)])

    def fill(self, numbers: Sequence[Any]) -> tuple[Any, ...]:
        """Give the index with something in the place of its numbers."""
        left = iter(numbers)
        return tuple(
            slice(*(next(left) if end is None else end[0] for end in part[1])) if _is_slice(part)
            else next(left) if part is None else part[0]
            for part in self.parts
        )  # fmt: skip

    def from_turn(self, t: int, sign: int = 1) -> EvenKey:
        """Give the index that counts turns from another one on, and backwards with a ``sign`` of −1."""
        first = tuple(n + t * s for n, s in zip(self.first, self.step, strict=True))
        return EvenKey(self.parts, first, tuple(sign * s for s in self.step))


def part_key(key: Any) -> tuple[tuple[Any, ...], tuple[int, ...]]:
    """Part an index without arrays into what is fixed, and its whole numbers. A number below 0 counts from the end."""
    parts: list[Any] = []
    numbers: list[int] = []
    for part in key if isinstance(key, tuple) else (key,):
        if isinstance(part, slice):
            parts.append(("slice", (_part_end(part.start, numbers), _part_end(part.stop, numbers), (part.step,))))
        else:
            parts.append(_part_end(part, numbers))
    return tuple(parts), tuple(numbers)


def _part_end(x: Any, numbers: list[int]) -> Any:
    if isinstance(x, int | np.integer) and not isinstance(x, bool):
        numbers.append(int(x))
        return None
    return (x,)


def _is_slice(part: Any) -> bool:
    return isinstance(part, tuple) and len(part) == 2 and part[0] == "slice"


def find_even_key(keys: Sequence[Any], around: int) -> tuple[EvenKey, int, int] | None:
    """Give the index that others are turn after turn, counted from the first, and from where to where around one."""
    parted = [part_key(key) for key in keys]
    near = around + 1 if around + 1 < len(keys) else around - 1
    (parts, here), (_, there) = parted[around], parted[near]
    if len({p for p, _ in (parted[around], parted[near])}) > 1:
        return None
    step = tuple((b - a) * (near - around) for a, b in zip(here, there, strict=True))
    even = EvenKey(parts, tuple(n - around * s for n, s in zip(here, step, strict=True)), step)

    def fits(t: int) -> bool:
        wanted = tuple(n + t * s for n, s in zip(even.first, even.step, strict=True))
        return parted[t] == (parts, wanted) and all((n < 0) == (m < 0) for n, m in zip(wanted, here, strict=True))

    start, end = around, around + 1
    while start > 0 and fits(start - 1):
        start -= 1
    while end < len(keys) and fits(end):
        end += 1
    return even, start, end


def without_numbers(op: Op) -> Hashable:
    """Give what an operation is, but for the numbers in its index."""
    if isinstance(op, Index | AddAt | Assign) and gives_view(op.key):
        return type(op), getattr(op, "into", None), part_key(op.key)[0]
    return op


def is_read(node: Node) -> bool:
    """Say whether an operation looks at a part of an array."""
    return isinstance(node.op, Index) and not isinstance(node.op, Scatter) and gives_view(node.op.key)


def split_windows(key: EvenKey) -> list[tuple[EvenKey, int | None]]:
    """Give for an index with a slice that moves one for each place in it, with that; else itself."""
    n = 0
    for i, part in enumerate(key.parts):
        ends = [end is None for end in part[1]] if part is not None and len(part) == 2 else []
        moving = ends[:2] == [True, True] and key.step[n] == key.step[n + 1] != 0
        if moving and part[1][2] == (None,) and (key.first[n] < 0) == (key.first[n + 1] < 0):
            width = key.first[n + 1] - key.first[n]
            parts, step = (*key.parts[:i], None, *key.parts[i + 1 :]), key.step[: n + 1] + key.step[n + 2 :]
            firsts = ((*key.first[:n], key.first[n] + j, *key.first[n + 2 :]) for j in range(width))
            return [(EvenKey(parts, first, step), j) for j, first in enumerate(firsts)] if width <= WIDEST else []
        n += 1 if part is None else sum(ends)
    return [(key, None)]
