"""The form of what is computed on the way to E: the user's own terms, in the user's own order.

A gradient is shortened as far as it goes. A value is what the user wrote, and a reader looks for that: numbers are put
together and in front, zeros and doubled signs left out, and no term is moved, opened or joined with another.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import isclose
from typing import Any

from minigrad.algebra import form, form_choices
from minigrad.algebra.numbers import in_shape_of, number_of, same_arithmetic
from minigrad.algebra.rewrite import Log, Rule, on, rewrite
from minigrad.algebra.rules import choices, constants, identities, shaping, signs, sums
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, divide, multiply, negative
from minigrad.ops.reduction import Sum


@on(add)
def add_negative_behind(node: Node) -> Any:
    """a + (−b) = a − b."""
    match node.inputs:
        case (a, Node(op, (b,)) as x) if op == negative and same_arithmetic(x, node):
            return a - b
    return None


@on(Sum)
def number_before_sum(node: Node) -> Any:
    """Σ c x = c Σ x, for a number c, and so for x / c."""
    match node:
        case Node(Sum() as op, (Node(inner, (a, b)) as x,)) if same_arithmetic(x, node) and x.size:
            if inner == multiply and number_of(a) is not None and same_arithmetic(b, node):
                return in_shape_of(number_of(a) * node.apply(op, (b,)), node)
            if inner == divide and number_of(b) is not None and same_arithmetic(a, node):
                return in_shape_of(node.apply(op, (a,)) / number_of(b), node)
    return None


def _share(c: Any, n: Any, a: Node) -> Any:
    """Give c a / n, for numbers c and n, as a quotient where that has a whole number: half of a fifth is a tenth."""
    whole = round(abs(n / c)) if c else 0
    if not whole or not isclose(abs(n / c), whole, rel_tol=1e-12):
        return (c / n) * a
    return a / whole if n / c > 0 else -(a / whole)


@on(multiply)
def number_times_quotient(node: Node) -> Any:
    """c (a / n) = a / m, for numbers c and n; (c / n) a where m = n / c is not whole."""
    match node.inputs:
        case (c, Node(op, (Node() as a, n)) as x) if op == divide and x.dtype.kind == "f" and same_arithmetic(a, node):
            if number_of(c) is not None and number_of(n):
                return in_shape_of(_share(number_of(c), number_of(n), a), node)
    return None


@on(divide)
def quotient_of_multiple(node: Node) -> Any:
    """c a / n = a / m, for numbers c and n; (c / n) a where m = n / c is not whole."""
    match node.inputs:
        case (Node(op, (c, Node() as a)) as x, n) if op == multiply and x.dtype.kind == "f" and a.dtype == x.dtype:
            if number_of(c) is not None and number_of(n):
                return in_shape_of(_share(number_of(c), number_of(n), a), node)
    return None


_RULES: tuple[Rule, ...] = (
    constants.compute_constant,
    shaping.transpose_twice,
    shaping.leave_unchanged,
    shaping.reshape_twice,
    constants.move_copies,
    choices.choose_copies,
    constants.broadcast_operand,
    identities.add_zero,
    identities.subtract_zero,
    identities.divide_by_one,
    identities.multiply_by_one,
    identities.subtract_from_zero,
    identities.multiply_by_zero,
    signs.two_signs,
    add_negative_behind,
    signs.subtract_negative,
    signs.negative_number,
    signs.sign_in_product,
    signs.minus_one_times,
    signs.sign_of_multiple,
    signs.number_first,
    signs.number_times_multiple,
    number_times_quotient,
    quotient_of_multiple,
    sums.axes_of_sum,
    sums.sum_of_copies,
    sums.sum_of_one,
    sums.sum_of_sum,
    sums.sum_of_broadcast,
    sums.sum_over_copies,
    number_before_sum,
)


def put_values_in_form(expressions: Sequence[Any], numbers: Sequence[float], log: Log | None = None) -> list[Any]:
    """Rewrite formulas of values of a graph that divides by these numbers; ``log`` gets what each rule did."""
    short = rewrite(expressions, _RULES, log)
    rules = (
        form.quotient_of_mean(numbers),
        form.as_fraction,
        form.number_before_product,
        form.number_before_factor,
        signs.number_times_multiple,
        form.number_times_fraction,
        form.fraction_before_product,
        form.one_denominator,
        form.squared_denominator,
        form_choices.one_choice,
        form_choices.choose_between,
        form_choices.choice_of_choices,
        signs.sign_in_product,
        add_negative_behind,
        signs.subtract_negative,
    )
    return rewrite(short, rules, log)
