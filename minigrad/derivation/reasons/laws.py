"""Which changes of an expression a reader is told of, and in which words: an equation for each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from minigrad.algebra.numbers import number_of
from minigrad.algebra.polynomial import shorten_polynomial
from minigrad.algebra.region import is_arithmetic
from minigrad.algebra.rewrite import Change, Rule, substitute_nodes
from minigrad.algebra.rules.logarithms import exp_of_log, exp_of_log_softmax, log_of_exp, log_of_softmax
from minigrad.algebra.rules.shaping import transposed_product
from minigrad.algebra.rules.sums import sum_of_broadcast, sum_of_copies, sum_of_product, sum_over_copies
from minigrad.algebra.simplify import RULES
from minigrad.derivation.wording import say
from minigrad.engine.node import Node, Table, order_nodes
from minigrad.ops.arithmetic import add, divide, multiply, subtract

_TOLD = frozenset(
    (
        *(sum_of_product, sum_of_broadcast, sum_over_copies, sum_of_copies, transposed_product),
        *(log_of_softmax, exp_of_log_softmax, exp_of_log, log_of_exp),
    )
)
QUIET: tuple[Rule, ...] = tuple(rule for rule in RULES if rule not in _TOLD)

Laws = tuple[tuple[Any, Any], ...]  # equations, of letters or of the symbols themselves

_table: Table = {}
_a, _b, _c = (Node(name=name, shape=(2, 2), table=_table) for name in "abc")
_n, _x = Node(name="c", table=_table), Node(name="x", shape=(2,), table=_table)
CANCEL: Laws = ((_a * (_b / _a), _b),)
OPEN: Laws = ((_a * (_b + _c), _a * _b + _a * _c),)
_MOVE: Laws = (((_n * _x).sum(), _n * _x.sum()),)
_TURN: Laws = (((_a.T @ _b).T, _b.T @ _a),)
COLLECT = say("numbers and like factors together")


class Told(NamedTuple):
    """An expression after a change, and the change in words and by laws; none of either where it is bookkeeping."""

    expression: Any
    words: str = ""
    laws: Laws = ()


def retell(start: Any, log: Sequence[Change], end: Any) -> list[Told]:
    """Retell a log as what became of a whole expression, up to where it ends; if it never does, up to the last."""
    states: list[Told] = []
    last = 0
    expression = start
    for change in log:
        (after,) = substitute_nodes([expression], {change.before: change.after})
        if after is expression:
            continue
        expression = after
        states.append(_told(change, after))
        last = len(states) if expression is end else last
    return states[: last or None]


def _told(change: Change, after: Any) -> Told:
    """Say what a change did by the law of its rule, or by what became of what; nothing where it needs no telling."""
    if change.rule is shorten_polynomial:
        law = _law(change)
        return Told(after, laws=law) if law else Told(after, COLLECT)
    if change.rule is transposed_product:
        return Told(after, laws=_TURN)
    if change.rule is sum_of_product:  # a number in front of Σ needs none
        varies = all(isinstance(x, Node) for x in change.before.inputs[0].inputs)
        return Told(after, laws=_MOVE if varies else ())
    if change.rule in _TOLD or "fact" in vars(change.rule):
        number = number_of(change.after)
        return Told(after, laws=((change.before, change.after if number is None else number),))
    return Told(after)


def _law(change: Change) -> Laws:
    """Say by which law a sum of products changed: it has fewer fractions, or fewer sums as factors, or neither."""
    before, after = ([node for node in order_nodes([x]) if is_arithmetic(node)] for x in (change.before, change.after))
    if sum(x.op == divide for x in after) < sum(x.op == divide for x in before):
        return CANCEL
    return OPEN if _sums_inside(after) < _sums_inside(before) else ()


def _sums_inside(nodes: Sequence[Node]) -> int:
    """Count the sums that are factors of products."""
    factors = {x for node in nodes if node.op in (multiply, divide) for x in node.inputs if isinstance(x, Node)}
    return sum(x.op in (add, subtract) for x in factors)
