"""Versions: what a tensor was before elements of it were assigned to, for the records that had read it by then.

A record holds its operands, and the arrays that it read from them. Whoever holds another array than an operand has by
now has read an earlier version; the walk back, and all that shows a graph, go on with that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from sys import getrefcount
from typing import Any
from weakref import ref

from minigrad.engine.writing.watch import COUNTS, VARIABLE


class _History:
    """The versions of a tensor, by the arrays that they had, and the one of a variable that its gradient belongs to."""

    __slots__ = ("by_array", "first", "limit")

    def __init__(self) -> None:
        self.first: Any = None
        self.by_array: dict[int, Any] = {}
        self.limit = 2

    def keep(self, old: Any) -> None:
        """Keep a version; let go of those whose arrays nobody holds, when there are twice as many as there were."""
        self.by_array[id(old.array)] = old
        if len(self.by_array) > self.limit and COUNTS:
            self.by_array = {key: old for key, old in self.by_array.items() if getrefcount(old.array) > 2}
            self.limit = max(2, 2 * len(self.by_array))


assigned: dict[int, ref[Any]] = {}  # the tensors that have a history: while there are none, nobody has to look


def keep_version(t: Any, old: Any, read: bool) -> None:
    """Remember what a tensor was, if that was a variable, or if it has been ``read`` by a record."""
    variable = getattr(old, "born", None) == VARIABLE
    if not (read or variable):
        return
    if not hasattr(t, "history"):
        key = id(t)
        assigned[key] = ref(t, lambda dead: assigned.pop(key, None))
        t.history = _History()
    if variable:
        t.history.first, t.born = old, -1
    if read:
        t.history.keep(old)


def find_version(x: Any, value: Any) -> Any:
    """Give what an operand was when a record read a value from it."""
    if id(x) not in assigned or x.array is value:
        return x
    return x.history.by_array.get(id(value), x)


def find_first(t: Any) -> Any:
    """Give what a variable was before anything was assigned to it."""
    first = t.history.first if id(t) in assigned else None
    return t if first is None else first


def forget_versions(tensors: Iterable[Any]) -> None:
    """Let go of what tensors were."""
    for t in tensors:
        if assigned.pop(id(t), None) is not None:
            del t.history


def replace_operands(t: Any, find: Callable[[Any, Any], Any]) -> None:
    """Put ``find(operand, value)`` in the place of each operand of a record."""
    if t.op is None:
        return
    if t._b is None:
        t._a = tuple([find(x, value) for x, value in zip(t._a, t._x, strict=True)])
    else:
        t._a, t._b = find(t._a, t._x), find(t._b, t._z)


def settle(output: Any) -> None:
    """Let the records that a result was computed by have for operands what these were when they were read."""
    redirect([output], lambda t: replace_operands(t, find_version))


def redirect(outputs: list[Any], change: Callable[[Any], None], since: int = 1) -> None:
    """Change all records made since then that outputs were computed by; without recursion."""
    stack = [t for t in outputs if getattr(t, "serial", 0) >= since]
    seen = set(map(id, stack))
    while stack:
        t = stack.pop()
        if t.op is None:
            continue
        change(t)
        for x in t._a if t._b is None else (t._a, t._b):
            if getattr(x, "serial", 0) >= since and id(x) not in seen:
                seen.add(id(x))
                stack.append(x)
