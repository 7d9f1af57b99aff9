"""The form in which a textbook writes a formula: as many operations as before, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from fractions import Fraction
from math import isclose, isfinite, sqrt
from typing import Any

import numpy as np

from minigrad.algebra.form_choices import choice_of_choices, choose_between, one_choice, sign_of_truth
from minigrad.algebra.form_parts import parts_together
from minigrad.algebra.graph import Graph
from minigrad.algebra.rewrite import Log, Rule, on, replace_operand, rewrite
from minigrad.algebra.rules import signs
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, divide, multiply
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import Sum
from minigrad.ops.shaping import Transpose


def put_in_form(
    expressions: Sequence[Any], graph: Graph, gradients: Container[Node], log: Log | None = None
) -> list[Any]:
    """Rewrite simplified formulas of a graph as a textbook has them.

    ``gradients`` stand for ∂E/∂…; ``log`` gets what each rule did.
    """
    return rewrite(expressions, form_rules(find_divisors(graph), gradients), log)


def find_divisors(graph: Graph) -> list[float]:
    """Give the numbers that a graph divides by, as the N of a mean."""
    return sorted({x.inputs[1] for x in graph.nodes if x.op == divide and isinstance(x.inputs[1], int | float)})


def form_rules(numbers: Sequence[float], gradients: Container[Node]) -> tuple[Rule, ...]:
    """Give the rules of the form, for a graph that divides by these numbers and these gradients in its formulas."""
    return (
        quotient_of_mean(numbers),
        as_fraction,
        number_before_product,
        number_before_factor,
        signs.number_times_multiple,
        number_times_fraction,
        fraction_before_product,
        factor_above_fraction,
        fraction_times_factor,
        one_denominator,
        squared_denominator,
        one_choice,
        choose_between,
        choice_of_choices,
        sign_of_truth,
        signs.sign_in_product,
        signs.add_negative,
        signs.subtract_negative,
        signs.subtract_from_negative,
        signs.add_negative_multiple,
        signs.subtract_negative_multiple,
        parts_together,
        gradient_first(gradients),
    )


def quotient_of_mean(numbers: Sequence[float]) -> Rule:
    """Give the rule c x = x / N for the N that a mean divides by."""

    @on(multiply)
    def rule(node: Node) -> Any:
        """c x = x / N, for c = 1/N, where E is divided by N or a multiple of it, as a mean is."""
        c, x = node.inputs
        if not isinstance(c, int | float) or not c or (c == 0.5 and isinstance(x.op, Sum)):  # ½ Σ
            return None
        one_over, off = abs(1 / c), _rounding(node)
        n = next((n for n in numbers if isclose(one_over, n, rel_tol=off)), None)
        if n is None and one_over > 2 and isclose(one_over, whole := round(one_over), rel_tol=off):
            n = whole if any(isclose(number % whole, 0, abs_tol=1e-9) for number in numbers) else None
        if n is None:
            return None
        return x / n if c > 0 else -(x / n)

    return rule


def gradient_first(gradients: Container[Node]) -> Rule:
    """Give the rule that writes what comes from the chain rule, and then the rest."""
    reached: dict[Node, bool] = {}

    @on(add)
    def rule(node: Node) -> Any:
        """λ W + Xᵀ δ = Xᵀ δ + λ W, where δ is a gradient and nothing in front of it has one."""
        a, b = node.inputs
        return b + a if _has(b, gradients, reached) and not _has(a, gradients, reached) else None

    return rule


@on(multiply)
def as_fraction(node: Node) -> Any:
    """c x = p x / q, for c = p/q, where no six digits are c: a third of the sum of squares, not 0.333333 of it."""
    (c, x), off = node.inputs, _rounding(node)
    if not isinstance(c, float) or not isfinite(c) or isclose(c, float(f"{c:g}"), rel_tol=off):
        return None
    if x.dtype.kind != "f":  # p x would be computed in integers
        return None
    fraction = Fraction(c).limit_denominator(round(0.03 / sqrt(off)))  # with a larger one, any number is a fraction
    if fraction.numerator == 0 or not isclose(c, fraction, rel_tol=off):
        return None
    p, q = abs(fraction.numerator), fraction.denominator
    quotient = (x if p == 1 else p * x) / q
    return quotient if c > 0 else -quotient


def _rounding(node: Node) -> float:
    """Say by how much a number that was computed in a Node's dtype may be off, as a share of it."""
    return 8 * float(np.finfo(node.dtype).eps) if node.dtype.kind == "f" else 1e-12


@on(matmul, Transpose)
def number_before_product(node: Node) -> Any:
    """(c a) b = c a b, for a number c, on either side, and so for ᵀ."""
    for i, x in enumerate(node.inputs):
        match x:
            case Node(op, (int() | float() as c, a)) if op == multiply:
                return _if_alike(replace_operand(node, i, a), node, lambda product: c * product)
    return None


@on(multiply)
def number_before_factor(node: Node) -> Any:
    """a ⊙ c b = c a ⊙ b, for a number c."""
    match node.inputs:
        case (Node() as a, Node(op, (int() | float() as c, Node() as b))) if op == multiply:
            return _if_alike(a * b, node, lambda product: c * product)
    return None


@on(multiply)
def number_times_fraction(node: Node) -> Any:
    """2 (3 a / b) = 6 a / b, for numbers."""
    match node.inputs:
        case (int() | float() as c, Node(quotient, (Node(product, (int() | float() as d, a)), b))) if (
            quotient == divide and product == multiply and node.dtype.kind == "f"
        ):
            return _if_alike(a if c * d == 1 else (c * d) * a, node, lambda above: above / b)
    return None


@on(matmul, Transpose)
def fraction_before_product(node: Node) -> Any:
    """(a / n) b = a b / n, for a number n, on either side, and so for ᵀ."""
    for i, x in enumerate(node.inputs):
        match x:
            case Node(op, (a, int() | float() as n)) if op == divide:
                return _if_alike(replace_operand(node, i, a), node, lambda product: product / n)
    return None


@on(multiply)
def factor_above_fraction(node: Node) -> Any:
    """a ⊙ (b / c) = a ⊙ b / c, where a is no fraction itself."""
    match node.inputs:
        case (Node() as a, Node(op, (b, c))) if op == divide != a.op:
            return _if_alike(a * b if isinstance(b, Node) else b * a, node, lambda product: product / c)
    return None


@on(multiply)
def fraction_times_factor(node: Node) -> Any:
    """a / c ⊙ b = a ⊙ b / c."""
    match node.inputs:
        case (Node(op, (a, c)), Node() as b) if op == divide:
            return _if_alike(a * b, node, lambda product: product / c)
    return None


@on(divide)
def one_denominator(node: Node) -> Any:
    """a / n / c = a / (n c), for a number n."""
    match node.inputs:
        case (Node(op, (a, int() | float() as n)), Node() as c) if op == divide:
            return _if_alike(n * c, node, lambda product: a / product)
    return None


@on(divide)
def squared_denominator(node: Node) -> Any:
    """a / b / b = a / b²."""
    match node.inputs:
        case (Node(op, (a, b)), Node() as c) if op == divide and b is c:
            return _if_alike(b**2, node, lambda squared: a / squared)
    return None


def _if_alike(part: Any, node: Node, whole: Callable[[Any], Any]) -> Any:
    """Give a whole made of a part, unless that would be computed in another dtype: of integers, say, that wrap."""
    return whole(part) if getattr(part, "dtype", None) == node.dtype else None


def _has(x: Any, gradients: Container[Node], reached: dict[Node, bool]) -> bool:
    stack = [x] if isinstance(x, Node) else []
    while stack:
        node = stack[-1]
        left = [y for y in node.inputs if isinstance(y, Node) and y not in reached]
        if left:
            stack += left
        else:
            reached[node] = node in gradients or any(reached[y] for y in node.inputs if isinstance(y, Node))
            stack.pop()
    return isinstance(x, Node) and reached[x]
