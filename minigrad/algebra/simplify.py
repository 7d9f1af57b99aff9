"""Simplifying: the rules, one equation each, and what shortens sums of products, in turn and to a fixed point.

Cancelling changes values at singular points, where the raw expression is ∞ − ∞ or 0 · ∞: y ⊙ (t / y) is NaN at y = 0
and t after cancelling, which is its limit. That is how the gradient of cross-entropy becomes exact at logits where
softmax underflows.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import wraps
from typing import Any

from minigrad.algebra.facts import SumsToOne, check_fact, check_facts
from minigrad.algebra.graph import Graph
from minigrad.algebra.polynomial import shorten_polynomial
from minigrad.algebra.region import Regions, is_arithmetic
from minigrad.algebra.rewrite import Log, NormalForms, Rewriting, Rule, rebuild_node
from minigrad.algebra.rules import choices, constants, identities, logarithms, parts, shaping, signs, sums
from minigrad.algebra.rules.facts import rule_of_fact
from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.node import Node, order_nodes

RULES: tuple[Rule, ...] = (
    constants.compute_constant,
    shaping.transpose_twice,
    shaping.leave_unchanged,
    shaping.reshape_twice,
    shaping.number_before_reshape,
    shaping.reshape_below,
    constants.move_copies,
    choices.choose_copies,
    choices.choose_number,
    choices.multiply_by_choice,
    choices.chosen_within,
    choices.smaller_of_two,
    constants.broadcast_operand,
    identities.add_zero,
    identities.subtract_zero,
    identities.divide_by_one,
    identities.multiply_by_one,
    identities.subtract_from_zero,
    identities.multiply_by_zero,
    signs.sign_of_difference,
    signs.sign_of_factor,
    signs.two_signs,
    signs.add_negative,
    signs.subtract_negative,
    signs.subtract_from_negative,
    signs.add_negative_multiple,
    signs.subtract_negative_multiple,
    signs.negative_number,
    signs.sign_in_product,
    signs.minus_one_times,
    signs.common_number,
    signs.sign_of_multiple,
    signs.number_first,
    signs.number_times_multiple,
    identities.add_to_itself,
    identities.multiply_by_reciprocal,
    identities.norm_times_direction,
    identities.sign_over_size,
    identities.square_of_size,
    shaping.transposed_product,
    parts.part_of_real,
    parts.conjugate_twice,
    sums.axes_of_sum,
    sums.sum_of_copies,
    sums.sum_of_one,
    sums.sum_of_product,
    sums.sum_of_sum,
    sums.sum_of_transpose,
    sums.sum_of_deviations,
    sums.sum_over_copies,
    sums.sum_of_broadcast,
    logarithms.log_of_softmax,
    logarithms.exp_of_log_softmax,
    logarithms.exp_of_log,
    logarithms.log_of_exp,
    logarithms.tangent_of_quotient,
)


def _of_reals(rule: Rule) -> Rule:
    """Give a rule for real numbers alone: of complex ones (∞ + 0i) 1 is ∞ + NaN i."""

    @wraps(rule)
    def bounded(node: Node) -> Any:
        return None if node.dtype.kind == "c" else rule(node)

    return bounded


# Those that keep a value bit for bit, ∞, NaN and −0 too. x + 0 = x does not: −0 + 0 is 0.
EXACT_RULES: tuple[Rule, ...] = (
    shaping.transpose_twice,
    shaping.leave_unchanged,
    shaping.reshape_twice,
    constants.move_copies,
    choices.choose_copies,
    constants.broadcast_operand,
    _of_reals(identities.divide_by_one),
    _of_reals(identities.multiply_by_one),
    signs.two_signs,
    signs.add_negative,
    signs.subtract_negative,
    _of_reals(signs.minus_one_times),
    sums.axes_of_sum,
    sums.sum_of_one,
)


# Passes after which a simplification is carried through all layers in one, where a pass for each layer takes n² time.
# A textbook's lines are done by then, and they cancel before they use a fact: y ⊙ Σₖ tₖ − t, and then y − t.
BY_STEPS = 3


class Findings:
    """What simplifying by some facts has found, for other expressions of the same Nodes: it need not be found again."""

    def __init__(self) -> None:
        self.normal: NormalForms = {}
        self.short: dict[Node, Any] = {}  # an elementwise region's root -> the shortest that it may become
        self.regions = Regions()


@with_usage
def simplify(
    graph: Graph, given: Iterable[SumsToOne] = (), log: Log | None = None, findings: Findings | None = None
) -> Graph:
    """Give an equal graph with no more operations, by ``RULES``, to a fixed point.

    ``given`` holds facts such as ``sums_to_one(t)``; each is checked against the traced values. ``log`` gets what
    each rule did. ``findings`` are those of an earlier call with the same facts, if there was one.
    Raises ``ValueError`` for a fact that the values contradict, or about something that is no input.
    """
    if not isinstance(graph, Graph):
        raise TypeError(f"simplify: wanted a Graph, as trace gives one, not {shown(graph)}; write simplify(trace(…))")
    rules = [*RULES, *(rule_of_fact(fact, check_fact(fact, graph)) for fact in check_facts(given))]
    best, seen = graph, [graph]
    findings = findings or Findings()
    rewriting = Rewriting(rules, log, findings.normal)
    outputs = rewriting.rewrite(graph.outputs)
    by_rules, passes = Graph(outputs, graph.values), 0
    while True:
        regions = _regions_shortened(outputs, findings, rewriting, at_once=passes >= BY_STEPS)
        outputs, passes = rewriting.rewrite(regions), passes + 1
        shorter = Graph(outputs, graph.values)
        if len(shorter) > len(best):
            return by_rules if best is graph and len(by_rules) <= len(graph) else best
        again = next((i for i, one in enumerate(seen) if _same(one.outputs, outputs)), None)
        if again is not None:  # of forms that lead to each other, the one that was written first
            return min(seen[again:], key=_serials)
        seen = [*seen, shorter] if len(shorter) == len(best) else [shorter]
        best = shorter


def _same(a: Sequence[Any], b: Sequence[Any]) -> bool:
    return all(x is y or (Node not in (type(x), type(y)) and x == y) for x, y in zip(a, b, strict=True))


def _serials(graph: Graph) -> list[int]:
    return [x.serial for x in graph.outputs if isinstance(x, Node)]


def _regions_shortened(outputs: Sequence[Any], findings: Findings, rewriting: Rewriting, at_once: bool) -> list[Any]:
    """Shorten each maximal elementwise region, from the inputs to the outputs; ``findings`` keep what was found.

    ``at_once`` brings what has changed to normal form before the regions that build on it are looked at.
    """
    nodes, short = order_nodes(outputs), findings.short
    arithmetic = {node for node in nodes if is_arithmetic(node)}
    inside = {x for node in arithmetic for x in node.inputs if x in arithmetic}
    used_outside = {x for node in nodes if node not in arithmetic for x in node.inputs if isinstance(x, Node)}
    used_outside |= {x for x in outputs if isinstance(x, Node)}
    becomes: dict[Node, Any] = {}
    for node in nodes:
        new = rebuild_node(node, becomes)
        (new,) = rewriting.rewrite([new]) if at_once else [new]
        if is_arithmetic(new) and (node not in inside or node in used_outside):
            if new not in short:
                short[new] = shorten_polynomial(new, rewriting.log, findings.regions)
            new = short[new]
            (new,) = rewriting.rewrite([new]) if at_once else [new]
        becomes[node] = new
    return [becomes[x] if isinstance(x, Node) else x for x in outputs]
