"""Choices between numbers, by ``np.where``."""

from __future__ import annotations

from math import isfinite
from typing import Any

from minigrad.algebra.numbers import in_shape_of, number_of
from minigrad.algebra.rewrite import on, replace_operand, substitute_nodes
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import (
    add,
    greater,
    greater_equal,
    less,
    less_equal,
    maximum,
    minimum,
    multiply,
    subtract,
    where,
)
from minigrad.ops.base import Elementwise
from minigrad.ops.shaping import BroadcastTo

_BELOW, _ABOVE = (less, less_equal), (greater, greater_equal)


@on(where)
def choose_copies(node: Node) -> Any:
    """where(c, broadcast_to(s), x) = where(c, s, x), where the others have the shape already; likewise for s and x."""
    for i, x in enumerate(node.inputs):
        if i and isinstance(x, Node) and isinstance(x.op, BroadcastTo):
            made = replace_operand(node, i, x.inputs[0] if number_of(x) is None else number_of(x))
            return made if made.shape == node.shape else None
    return None


@on(where)
def choose_number(node: Node) -> Any:
    """where(c, n, 0) = n c, for a finite number n that is not 1."""
    c, a, b = node.inputs
    if node.dtype.kind != "f" or isinstance(a, Node) or isinstance(b, Node) or b != 0 or a == 1 or not isfinite(a):
        return None
    return in_shape_of(float(a) * c, node)


@on(multiply)
def chosen_within(node: Node) -> Any:
    """f(minimum(a, b)) ⊙ (a < b) = f(a) ⊙ (a < b), of functions of elements, and so for a maximum, ≤, > and ≥."""
    for i, condition in enumerate(node.inputs):
        x = node.inputs[1 - i]
        if isinstance(condition, Node) and isinstance(x, Node) and condition.op in (*_BELOW, *_ABOVE):
            a, b = condition.inputs
            low, high = (a, b) if condition.op in _BELOW else (b, a)
            becomes = {y: low if _is_bound(y, minimum) else high for y in _bounds(x, node) if _are(y.inputs, a, b)}
            if becomes:
                (inner,) = substitute_nodes([x], becomes)
                made = replace_operand(node, 1 - i, inner)
                return made if made.shape == node.shape else None
    return None


def _bounds(x: Node, node: Node) -> list[Node]:
    """Give the bounds, minimum(a, b) and maximum(a, b), that only functions of elements are applied to."""
    found: list[Node] = []
    seen, stack = {x}, [x]
    while stack:
        y = stack.pop()
        if y.shape != node.shape or not isinstance(y.op, Elementwise) or y.dtype.kind not in "fb":
            continue
        if _is_bound(y, minimum) or _is_bound(y, maximum):
            found.append(y)
        new = {z for z in y.inputs if isinstance(z, Node)} - seen
        seen |= new
        stack.extend(new)
    return found


def _is_bound(x: Node, op: Elementwise) -> bool:
    """Say whether this is the smaller of two, or the larger; where they never tie, its own derivative is another's."""
    return x.op is not None and x.op.name == op.name


def _are(inputs: tuple[Any, ...], a: Any, b: Any) -> bool:
    """Say whether these are the operands, in either order."""
    return any(
        all(
            x is y or (number_of(x) is not None and number_of(x) == number_of(y))
            for x, y in zip(inputs, pair, strict=True)
        )
        for pair in ((a, b), (b, a))
    )


@on(add)
def smaller_of_two(node: Node) -> Any:
    """b + (a − b) ⊙ (a < b) = minimum(a, b), on either side, of real numbers."""
    for b, x in (node.inputs, node.inputs[::-1]):
        match x:
            case Node(op, (p, q)) if op == multiply and node.dtype.kind == "f" and x.shape == node.shape:
                for difference, condition in ((p, q), (q, p)):
                    match difference, condition:
                        case Node(inner, (a, c)), Node(compared, (d, e)) if inner == subtract and compared in _BELOW:
                            if d is a and _are((c, c), b, b) and _are((e, e), b, b):
                                return in_shape_of(minimum(a, b), node)
    return None


@on(multiply)
def multiply_by_choice(node: Node) -> Any:
    """x ⊙ where(c, 1, 0) = x ⊙ c, and so for a number x, and the other way round."""
    for x, y in (node.inputs, node.inputs[::-1]):
        match y:
            case Node(op, (c, int() | float() as a, int() | float() as b)) if op == where and (a, b) == (1, 0):
                if node.dtype.kind != "f":
                    return None
                return in_shape_of((x if isinstance(x, Node) else float(x)) * c, node)
    return None
