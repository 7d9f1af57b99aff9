"""What an operation that was written by hand may be applied to: the parts of an expression, and their opposites."""

from __future__ import annotations

from typing import Any

from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, divide, multiply, negative, subtract
from minigrad.ops.elementwise import exp
from minigrad.ops.linalg import matmul


def find_operands(inside: list[Node]) -> list[Node]:
    """Give what an operation may be applied to: parts of what is written, and the opposites of exponents.

    But truth values: they have no opposite, and 1 / (1 + exp(−u)) is nothing of theirs.
    """
    numbers = [x for x in inside if x.dtype.kind != "b"]
    exponents = dict.fromkeys(x.inputs[0] for x in inside if x.op == exp and isinstance(x.inputs[0], Node))
    opposites = (_opposite(x) for x in exponents if x.dtype.kind != "b")
    return [*numbers, *(x for x in opposites if isinstance(x, Node))]


def _opposite(x: Any) -> Any:
    """Give −x, without a sign where x has one: x for −x, b − a for a − b, x W + b for (−x) W − b."""
    if not isinstance(x, Node):
        return -x
    if x.op == negative:
        return x.inputs[0]
    if x.op == subtract:
        a, b = x.inputs
        return _opposite(a) + b if has_sign(a) else b - a
    if x.op == add and has_sign(x.inputs[0]):
        a, b = x.inputs
        return _opposite(a) - b
    if x.op in (multiply, divide, matmul):
        for i, part in enumerate(x.inputs):
            if has_sign(part):
                return x.apply(x.op, (*x.inputs[:i], _opposite(part), *x.inputs[i + 1 :]))
    return -x


def has_sign(x: Any) -> bool:
    """Say whether a minus stands before an expression, or before one of its factors."""
    while isinstance(x, Node) and x.op in (multiply, divide, matmul):
        signs = [part for part in x.inputs if not isinstance(part, Node) or part.op is not None]
        x = next((part for part in signs if not isinstance(part, Node) or part.op == negative), x.inputs[0])
    return x.op == negative if isinstance(x, Node) else not isinstance(x, complex) and x < 0
