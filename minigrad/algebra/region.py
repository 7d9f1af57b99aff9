"""Region: the elementwise operations +, −, ⊙, /, sign and whole powers that reach one another, down to their atoms."""

from __future__ import annotations

from typing import Any

from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Power, add, divide, multiply, negative, subtract
from minigrad.ops.base import number_key
from minigrad.ops.elementwise import square

_ARITHMETIC = frozenset((add, subtract, multiply, divide, negative, square))


def is_arithmetic(node: Any) -> bool:
    """Say whether a Node belongs to a region: integers wrap, truth values' + is "or", and coefficients are real."""
    if type(node) is not Node or not (node.op in _ARITHMETIC or whole_power(node) is not None):
        return False
    return node.dtype.kind in "fc" and complex not in map(type, node.inputs)


def whole_power(node: Node) -> int | None:
    """Give n if the Node is xⁿ with a whole n."""
    if node.op is square:
        return 2
    if isinstance(node.op, Power) and isinstance(node.op.exponent, int):
        return node.op.exponent
    return None


def measure_region(expression: Any, most: int | None = None) -> int:
    """Count the operations of a region, down to its atoms, or to ``most``."""
    seen: set[int] = set()
    stack = [expression]
    while stack and len(seen) != most:
        node = stack.pop()
        if id(node) not in seen and is_arithmetic(node):
            seen.add(id(node))
            stack.extend(node.inputs)
    return len(seen)


class Regions:
    """What is known of the regions that have been looked at, for others that reach them or are alike.

    ``depths`` has for a root how many operations there are one on another, so many at least: of a long chain, whose
    regions reach into each other, they need not be counted anew for each. ``shortest`` has the outlines of regions that
    cannot be shortened: those of a thousand parameters are one.
    """

    def __init__(self) -> None:
        self.depths: dict[Node, int] = {}
        self.shortest: set[tuple[Any, ...]] = set()

    def measure_depth(self, root: Node) -> int:
        """Count the operations on the longest way through a region."""
        known, stack = self.depths, [root]
        while stack:
            node = stack[-1]
            inside = [x for x in node.inputs if is_arithmetic(x)] if node not in known else []
            missing = [x for x in inside if x not in known]
            stack += missing
            if not missing:
                stack.pop()
                known.setdefault(node, 1 + max((known[x] for x in inside), default=0))
        return known[root]


def outline_region(root: Node) -> tuple[Any, ...]:
    """Describe a region by its operations and by the kinds of its atoms, whichever these are."""
    places = {root: 0}
    rows: list[Any] = []
    stack = [root]
    while stack:
        node = stack.pop()
        rows += (node.shape, node.dtype)
        if not is_arithmetic(node):
            number = None if node.value is None or node.shape else number_key(node.value.item())
            rows.append((node.weak, number))
            continue
        rows.append(node.op)
        for x in node.inputs:
            if type(x) is not Node:
                rows.append(number_key(x))
                continue
            if x not in places:
                places[x] = len(places)
                stack.append(x)
            rows.append(places[x])
        if node.op is subtract and [type(x) for x in node.inputs] == [Node, Node]:  # which way round it is written
            rows.append(node.inputs[0].serial < node.inputs[1].serial)
    return tuple(rows)
