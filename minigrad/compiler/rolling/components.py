"""Strongly connected components of a graph, after R. Tarjan, Depth-first search and linear graph algorithms, 1972."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

T = TypeVar("T")


def find_components(items: Sequence[T], leads_to: Mapping[T, Sequence[T]]) -> list[list[T]]:
    """Part items into those that lead to each other; what a part leads to comes before it. Without recursion."""
    number: dict[T, int] = {}
    lowest: dict[T, int] = {}
    open_items: dict[T, None] = {}
    parts: list[list[T]] = []
    for start in items:
        work = [] if start in number else [(start, iter(leads_to[start]))]
        while work:
            x, rest = work[-1]
            if x not in number:
                number[x] = lowest[x] = len(number)
                open_items[x] = None
            y = next(rest, None)
            if y is not None:
                if y not in number:
                    work.append((y, iter(leads_to[y])))
                elif y in open_items:
                    lowest[x] = min(lowest[x], number[y])
                continue
            work.pop()
            if work:
                above = work[-1][0]
                lowest[above] = min(lowest[above], lowest[x])
            if lowest[x] == number[x]:
                part: list[T] = []
                while not part or part[-1] is not x:
                    part.append(open_items.popitem()[0])
                parts.append(part[::-1])
    return parts
