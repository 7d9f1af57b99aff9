"""Which expressions of a derivation say the same of another t: compared Node by Node, each leaf moved along its row."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.algebra.rewrite import substitute_nodes
from minigrad.derivation.cut import Cut
from minigrad.engine.node import Node, order_nodes
from minigrad.structure.rows import Indexing


class Correspondence:
    """The leaves of a cut graph's expressions, and what each becomes some segments on.

    ``values`` gives the Node of the graph that a leaf stands for, ``gradients`` that whose gradient it stands for.
    """

    def __init__(self, cut: Cut, indexing: Indexing, gradient: Mapping[Node, Node]) -> None:
        self.cut, self.indexing, self.gradient = cut, indexing, gradient
        self.values = {a: x for x, a in cut.atom.items() if isinstance(a, Node) and a.op is None}
        self.gradients = {g: x for x, g in gradient.items()}

    def move(self, leaf: Node, shift: int) -> Any:
        """Give what a leaf becomes so many segments on; None if there is none there."""
        x = self.gradients.get(leaf)
        node = self.indexing.move(self.values[leaf] if x is None else x, shift)
        if node is None:
            return None
        return self.cut.atom[node] if x is None else self.gradient.get(node)

    def moved(self, expression: Any, shift: int) -> Any:
        """Give an expression so many segments on."""
        return substitute_nodes([expression], {x: self.move(x, shift) for x in self.leaves(expression)})[0]

    def leaves(self, expression: Any) -> list[Node]:
        """Give the symbols of values and gradients in an expression."""
        return [x for x in order_nodes([expression]) if x in self.values or x in self.gradients]

    def alike(self, one: Any, other: Any, shift: int) -> bool:
        """Say whether an expression is another one, so many segments on, operation by operation."""
        seen: set[tuple[int, int]] = set()
        stack = [(one, other)]
        while stack:
            a, b = stack.pop()
            if not isinstance(a, Node) or not isinstance(b, Node):
                if type(a) is not type(b) or a != b:
                    return False
            elif (id(a), id(b)) not in seen:
                seen.add((id(a), id(b)))
                if a in self.values or a in self.gradients:
                    if self.move(a, shift) is not b:
                        return False
                elif not self._same_operation(a, b):
                    return False
                else:
                    stack.extend(zip(a.inputs, b.inputs, strict=True))
        return True

    def _same_operation(self, a: Node, b: Node) -> bool:
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
