"""Region: the elementwise operations +, −, ⊙, /, sign and whole powers that reach one another, down to their atoms."""

from __future__ import annotations

from typing import Any

from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Power, add, divide, multiply, negative, subtract
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


def measure_depth(root: Node, known: dict[Node, int]) -> int:
    """Count the operations on the longest way through a region; ``known`` are the counts of other roots, and gets more.

    There are at least so many operations in it: of a long chain, whose regions reach into each other, they need not be
    counted anew for each.
    """
    stack = [root]
    while stack:
        node = stack[-1]
        inside = [x for x in node.inputs if is_arithmetic(x)] if node not in known else []
        missing = [x for x in inside if x not in known]
        stack += missing
        if not missing:
            stack.pop()
            known.setdefault(node, 1 + max((known[x] for x in inside), default=0))
    return known[root]
