"""Numbers that several terms have as a factor, taken out: η y Σ t − η t is η (y Σ t − t), a call of NumPy less."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from minigrad.compiler.numpy.fit import SMALL
from minigrad.compiler.passes.lower import rewrite_nodes
from minigrad.engine.node import Node, count_uses, order_nodes
from minigrad.ops.arithmetic import add, multiply, subtract


def take_out(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, up to rounding, in which small sums and differences are multiplied by a number once."""
    uses = count_uses(order_nodes(outputs), outputs)

    def multiply_once(node: Node) -> Any:
        if node.op not in (add, subtract) or not 1 < node.size <= SMALL or node.dtype.kind != "f":
            return None
        a, b = node.inputs
        k = _find_number(b, node, uses)
        if k is None:
            return None
        a, b = _without(a, k, node, uses), _without(b, k, node, uses)
        return None if a is None or b is None else node.apply(multiply, (k, node.apply(node.op, (a, b))))

    return rewrite_nodes(outputs, multiply_once)


def _find_number(x: Any, total: Node, uses: Counter[Node]) -> Node | None:
    """Give the number that x is a multiple of, if it is one and only the total reads it."""
    if not isinstance(x, Node) or x.op != multiply or uses[x] != 1 or x.dtype != total.dtype:
        return None
    return next((k for k in x.inputs if isinstance(k, Node) and not k.shape), None)


def _without(x: Any, k: Node, total: Node, uses: Counter[Node]) -> Any:
    """Give x / k where k is a factor of x, or of a factor of it that nothing else reads; None otherwise."""
    if not isinstance(x, Node) or x.op != multiply or uses[x] != 1 or x.dtype != total.dtype:
        return None
    a, b = x.inputs
    if a is k or b is k:
        rest = b if a is k else a  # which computes in as many digits as the total
        return rest if getattr(rest, "dtype", None) == total.dtype else None
    for one, other in ((a, b), (b, a)):
        found = _without(one, k, total, uses)
        if found is not None:
            return x.apply(multiply, (found, other) if one is a else (other, found))
    return None
