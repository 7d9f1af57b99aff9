"""Which expressions say the same of another t: compared Node by Node, and put together in runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from minigrad.engine.node import Node


def alike_expressions(one: Any, other: Any, matches: Callable[[Node, Any], bool | None]) -> bool:
    """Say whether two expressions are the same operations; of two leaves ``matches`` says it, None of what is none."""
    seen: set[tuple[int, int]] = set()
    stack = [(one, other)]
    while stack:
        a, b = stack.pop()
        if not isinstance(a, Node) or not isinstance(b, Node):
            if type(a) is not type(b) or a != b:
                return False
        elif (id(a), id(b)) not in seen:
            seen.add((id(a), id(b)))
            matched = matches(a, b)
            if matched is False or (matched is None and not _same_operation(a, b)):
                return False
            if matched is None:
                stack.extend(zip(a.inputs, b.inputs, strict=True))
    return True


def _same_operation(a: Node, b: Node) -> bool:
    """Compare operations, and constants by their elements."""
    if a.op is None or b.op is None:
        same = a.op is b.op and a.shape == b.shape and a.dtype == b.dtype
        return same and (a is b or np.array_equal(a.value, b.value, equal_nan=a.dtype.kind == "f"))
    return a.op == b.op and len(a.inputs) == len(b.inputs)


def find_runs(indices: Sequence[int], alike: Callable[[int, int], bool]) -> list[tuple[int, tuple[int, ...]]]:
    """Part indices, which go up, into runs that say the same: (the one in the middle, all of them), in order."""
    found: list[tuple[int, tuple[int, ...]]] = []
    waiting = [tuple(indices)]
    while waiting:
        part = waiting.pop()
        if not part:
            continue
        middle = len(part) // 2
        start, end = middle, middle + 1
        while start > 0 and part[start - 1] == part[start] - 1 and alike(part[middle], part[start - 1]):
            start -= 1
        while end < len(part) and part[end] == part[end - 1] + 1 and alike(part[middle], part[end]):
            end += 1
        found.append((part[middle], part[start:end]))
        waiting += [part[:start], part[end:]]
    return sorted(found, key=lambda run: run[1])
