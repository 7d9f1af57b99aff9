"""The algebra: one rule, one equation.

A rule takes a Node and gives an equal expression, or None where it does not apply. Rules only go downhill: towards
fewer operations, or as many in a settled order. Cancelling changes values at singular points, where the raw expression
is ∞ − ∞ or 0 · ∞: y ⊙ (t / y) is NaN at y = 0 and t after cancelling, which is its limit. That is how the gradient of
cross-entropy becomes exact at logits where softmax underflows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import prod
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne, check_fact
from minigrad.algebra.graph import Graph
from minigrad.algebra.polynomial import is_arithmetic, shorten_polynomial
from minigrad.algebra.rewrite import Log, Rule, on, rebuild_node, rewrite
from minigrad.algebra.rules.numbers import copies_moved, negative_number
from minigrad.algebra.rules.signs import (
    common_number,
    double_sign,
    in_shape_of,
    number_in_front,
    number_of,
    sign_in_product,
    sign_in_sum,
)
from minigrad.algebra.rules.sums import (
    axes_of_sum,
    sum_of_broadcast,
    sum_of_copies,
    sum_of_nothing,
    sum_of_one,
    sum_of_product,
    sum_of_sum,
    sum_of_transpose,
)
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.arithmetic import add, divide, multiply, subtract
from minigrad.ops.base import Elementwise
from minigrad.ops.elementwise import exp, identity, log
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import LogSoftmax, Softmax, Sum, log_softmax, normalize_axis, softmax
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose


def simplify(graph: Graph, given: Iterable[SumsToOne] = (), log: Log | None = None) -> Graph:
    """Give an equal graph with no more operations, by the rules of this module, to a fixed point.

    ``given`` holds facts such as ``sums_to_one(t)``; each is checked against the traced values. ``log`` gets what
    each rule did. Raises ``ValueError`` for a fact that they contradict, or about something that is no input.
    """
    rules = [*RULES, *(_rule_of(fact, check_fact(fact, graph)) for fact in given)]
    best, seen = graph, [graph]
    short: dict[Node, Any] = {}
    outputs = rewrite(graph.outputs, rules, log)
    while True:
        regions = _regions_shortened(outputs, short, log)
        outputs = outputs if _same(regions, outputs) else rewrite(regions, rules, log)
        shorter = Graph(outputs, graph.values)
        if len(shorter) > len(best):
            return best
        again = next((i for i, one in enumerate(seen) if _same(one.outputs, outputs)), None)
        if again is not None:  # of forms that lead to each other, the one that was written first
            return min(seen[again:], key=_serials)
        seen = [*seen, shorter] if len(shorter) == len(best) else [shorter]
        best = shorter


def _same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return all(x is y or (Node not in (type(x), type(y)) and x == y) for x, y in zip(a, b, strict=True))


def _serials(graph: Graph) -> list[int]:
    return [x.serial for x in graph.outputs if isinstance(x, Node)]


def _regions_shortened(outputs: Sequence[Any], short: dict[Node, Any], log: Log | None = None) -> list[Any]:
    """Shorten each maximal elementwise region, from the inputs to the outputs; ``short`` keeps what was found."""
    nodes = order_nodes(outputs)
    arithmetic = {node for node in nodes if is_arithmetic(node)}
    inside = {x for node in arithmetic for x in node.inputs if x in arithmetic}
    used_outside = {x for node in nodes if node not in arithmetic for x in node.inputs if isinstance(x, Node)}
    used_outside |= {x for x in outputs if isinstance(x, Node)}
    becomes: dict[Node, Any] = {}
    for node in nodes:
        new = rebuild_node(node, becomes)
        if is_arithmetic(new) and (node not in inside or node in used_outside):
            if new not in short:
                short[new] = shorten_polynomial(new, log)
            new = short[new]
        becomes[node] = new
    return [becomes[x] if isinstance(x, Node) else x for x in outputs]


def constants(node: Node) -> Any:
    """f(2, 3) is computed where it is finite; a sum of a number that was broadcast is that of all its copies."""
    numbers = [number_of(x) for x in node.inputs]
    if node.op is None or any(x is None for x in numbers) or (node.shape and not isinstance(node.op, Elementwise)):
        return None
    shapes = [() if node.shape else np.shape(x) for x in node.inputs]
    with np.errstate(all="ignore"):  # 0 / 0 is left to whoever evaluates the graph, and warned of there
        value = node.op.forward(*(np.broadcast_to(np.float64(n), s) for n, s in zip(numbers, shapes, strict=True)))
    return in_shape_of(value.item(), node) if np.isfinite(value) else None


def broadcast_operand(node: Node) -> Any:
    """broadcast_to(c) ⊙ t = c ⊙ t, where t has the shape already; likewise for every elementwise operation."""
    if not isinstance(node.op, Elementwise):
        return None
    inner = [x.inputs[0] if isinstance(x, Node) and isinstance(x.op, BroadcastTo) else x for x in node.inputs]
    if all(x is y for x, y in zip(inner, node.inputs, strict=True)):
        return None
    numbers = [x if number_of(x) is None or np.shape(x) else number_of(x) for x in inner]
    if not any(isinstance(x, Node) for x in numbers):
        return None
    return in_shape_of(node.apply(node.op, tuple(numbers)), node)


@on(add, subtract, multiply, divide)
def zero_and_one(node: Node) -> Any:
    """x + 0 = x, x − 0 = x, 0 − x = −x, 1 x = x, x / 1 = x, 0 x = 0."""
    match node:
        case Node(op, (a, b)) if op in (add, subtract, multiply, divide):
            m, n = number_of(a), number_of(b)
        case _:
            return None
    if (op == add and n == 0) or (op == subtract and n == 0) or (op in (multiply, divide) and n == 1):
        return in_shape_of(a, node)
    if (op == add and m == 0) or (op == multiply and m == 1):
        return in_shape_of(b, node)
    if op == subtract and m == 0 and getattr(b, "dtype", None) != np.bool_:
        return in_shape_of(-b, node)
    if op == multiply and 0 in (m, n):
        return in_shape_of(0.0, node)
    return None


@on(add)
def twice(node: Node) -> Any:
    """x + x = 2 x."""
    return 2 * node.inputs[0] if node.op == add and node.inputs[0] is node.inputs[1] else None


@on(multiply)
def quotient(node: Node) -> Any:
    """a ⊙ (1 / b) = a / b and (1 / b) ⊙ a = a / b."""
    if node.op != multiply:
        return None
    for a, b in (node.inputs, node.inputs[::-1]):
        if isinstance(b, Node) and b.op == divide and number_of(b.inputs[0]) == 1:
            return in_shape_of(a / b.inputs[1], node)
    return None


@on(Transpose, Reshape, BroadcastTo, Cast, identity)
def double_shaping(node: Node) -> Any:
    """(xᵀ)ᵀ = x; a reshape, broadcast or cast that changes nothing is left out; two in a row are one."""
    if not isinstance(node.op, Transpose | Reshape | BroadcastTo | Cast) and node.op != identity:
        return None
    (x,) = node.inputs
    if not isinstance(x, Node):
        return None
    inner = x.inputs[0] if x.op is not None else None
    if isinstance(node.op, Transpose):
        if isinstance(x.op, Transpose) and isinstance(inner, Node) and x.op.inverse() == node.op.axes:
            return inner
        return None
    if x.shape == node.shape and x.dtype == node.dtype:
        return x
    if type(x.op) is type(node.op) and isinstance(node.op, Reshape | BroadcastTo):
        return node.apply(node.op, (inner,))
    return None


@on(Transpose)
def transposed_product(node: Node) -> Any:
    """(aᵀ b)ᵀ = bᵀ a and (a bᵀ)ᵀ = b aᵀ, where one of the factors is a transpose already."""
    match node:
        case Node(Transpose() as op, (Node(product, (a, b)),)) if product == matmul:
            pass
        case _:
            return None
    if not (np.ndim(a) == np.ndim(b) == 2 or (np.ndim(a) == np.ndim(b) and _swaps_last(op, np.ndim(a)))):
        return None
    if not any(isinstance(x, Node) and x.op == op for x in (a, b)):
        return None
    return op(b) @ op(a)


def _swaps_last(op: Transpose, ndim: int) -> bool:
    return op.axes is not None and tuple(i % ndim for i in op.axes) == (*range(ndim - 2), ndim - 1, ndim - 2)


@on(log)
def log_of_softmax(node: Node) -> Any:
    """log(softmax(u)) = log_softmax(u), which does not underflow."""
    match node:
        case Node(op, (Node(Softmax() as inner, (u,)),)) if op == log and not isinstance(inner, LogSoftmax):
            return log_softmax(u, inner.axis)
    return None


@on(exp, log)
def exp_of_log(node: Node) -> Any:
    """exp(log_softmax(u)) = softmax(u), exp(log(x)) = x and log(exp(x)) = x."""
    match node:
        case Node(op, (Node(LogSoftmax() as inner, (u,)),)) if op == exp:
            return softmax(u, inner.axis)
        case Node(op, (Node(inner, (x,)),)) if (op == exp and inner == log) or (op == log and inner == exp):
            return x
    return None


RULES: tuple[Rule, ...] = (
    constants,
    double_shaping,
    copies_moved,
    broadcast_operand,
    zero_and_one,
    double_sign,
    sign_in_sum,
    negative_number,
    sign_in_product,
    common_number,
    number_in_front,
    twice,
    quotient,
    transposed_product,
    axes_of_sum,
    sum_of_nothing,
    sum_of_copies,
    sum_of_one,
    sum_of_product,
    sum_of_sum,
    sum_of_transpose,
    sum_of_broadcast,
    log_of_softmax,
    exp_of_log,
)


def _rule_of(fact: SumsToOne, t: Node) -> Rule:
    """Give the rule Σ t = 1 for one input."""

    @on(Sum)
    def sum_is_one(node: Node) -> Any:
        if not isinstance(node.op, Sum) or node.inputs[0] is not t:
            return None
        axes = normalize_axis(node.op.axis, t.ndim)
        (axis,) = normalize_axis(fact.axis, t.ndim)
        if axis not in axes:
            return None
        return in_shape_of(float(prod(t.shape[i] for i in axes if i != axis)), node)

    sum_is_one.__doc__ = str(fact)
    sum_is_one.__dict__["fact"] = fact
    return sum_is_one
