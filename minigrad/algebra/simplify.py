"""Simplifying: the rules, one equation each, and what shortens sums of products, in turn and to a fixed point.

Cancelling changes values at singular points, where the raw expression is ∞ − ∞ or 0 · ∞: y ⊙ (t / y) is NaN at y = 0
and t after cancelling, which is its limit. That is how the gradient of cross-entropy becomes exact at logits where
softmax underflows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minigrad.algebra.facts import SumsToOne, check_fact
from minigrad.algebra.graph import Graph
from minigrad.algebra.polynomial import is_arithmetic, shorten_polynomial
from minigrad.algebra.rewrite import Log, Rule, rebuild_node, rewrite
from minigrad.algebra.rules.constants import broadcast_operand, constants, copies_moved
from minigrad.algebra.rules.facts import rule_of_fact
from minigrad.algebra.rules.identities import quotient, twice, zero_and_one
from minigrad.algebra.rules.logarithms import exp_of_log, log_of_softmax
from minigrad.algebra.rules.shaping import double_shaping, transposed_product
from minigrad.algebra.rules.signs import (
    common_number,
    double_sign,
    negative_number,
    number_in_front,
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


def simplify(graph: Graph, given: Iterable[SumsToOne] = (), log: Log | None = None) -> Graph:
    """Give an equal graph with no more operations, by ``RULES``, to a fixed point.

    ``given`` holds facts such as ``sums_to_one(t)``; each is checked against the traced values. ``log`` gets what
    each rule did. Raises ``ValueError`` for a fact that they contradict, or about something that is no input.
    """
    rules = [*RULES, *(rule_of_fact(fact, check_fact(fact, graph)) for fact in given)]
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
