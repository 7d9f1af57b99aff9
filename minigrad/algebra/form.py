"""The form in which a textbook writes a formula: as many operations as before, in the order in which it is read."""

from __future__ import annotations

from collections.abc import Container, Sequence
from fractions import Fraction
from math import isclose, isfinite, sqrt
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.algebra.rewrite import Log, on, rewrite
from minigrad.algebra.rules.signs import sign_in_product, sign_in_sum
from minigrad.engine.node import Node, order_nodes
from minigrad.ops.arithmetic import add, divide, multiply
from minigrad.ops.linalg import matmul
from minigrad.ops.shaping import Transpose


def put_in_form(
    expressions: Sequence[Any], graph: Graph, gradients: Container[Node], log: Log | None = None
) -> list[Any]:
    """Rewrite simplified formulas of a graph as a textbook has them.

    ``gradients`` stand for ∂E/∂…; ``log`` gets what each rule did.
    """
    numbers = sorted({x.inputs[1] for x in graph.nodes if x.op == divide and isinstance(x.inputs[1], int | float)})
    reached: dict[Node, bool] = {}

    @on(multiply)
    def quotient_of_mean(node: Node) -> Any:
        """c x = x / N for c = 1/N, where E is divided by N or a multiple of it, as a mean is."""
        if node.op != multiply or not isinstance(node.inputs[0], int | float) or not node.inputs[0]:
            return None
        one_over, off = abs(1 / node.inputs[0]), _rounding(node)
        n = next((n for n in numbers if isclose(one_over, n, rel_tol=off)), None)
        if n is None and one_over > 2 and isclose(one_over, whole := round(one_over), rel_tol=off):
            n = whole if any(isclose(number % whole, 0, abs_tol=1e-9) for number in numbers) else None
        if n is None:
            return as_fraction(node)
        quotient = node.inputs[1] / n
        return quotient if node.inputs[0] > 0 else -quotient

    @on(add)
    def gradient_first(node: Node) -> Any:
        """λ W + Xᵀ δ = Xᵀ δ + λ W: what comes from the chain rule, and then the rest."""
        if node.op != add:
            return None
        a, b = node.inputs
        return b + a if _has(b, gradients, reached) and not _has(a, gradients, reached) else None

    rules = (quotient_of_mean, number_before_product, one_fraction, sign_in_product, sign_in_sum, gradient_first)
    return rewrite(expressions, rules, log)


@on(multiply)
def as_fraction(node: Node) -> Any:
    """c x = p x / q for c = p/q, where no six digits are c: a third of the sum of squares, not 0.333333 of it."""
    if node.op != multiply:
        return None
    (c, x), off = node.inputs, _rounding(node)
    if not isinstance(c, float) or not isfinite(c) or isclose(c, float(f"{c:g}"), rel_tol=off):
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
    """(c a) b = c (a b) and (c a)ᵀ = c aᵀ, for a number c; likewise for a / n."""
    if node.op != matmul and not isinstance(node.op, Transpose):
        return None
    for i, x in enumerate(node.inputs):
        match x:
            case Node(op, (c, a)) if op == multiply and isinstance(c, int | float):
                return c * node.apply(node.op, (*node.inputs[:i], a, *node.inputs[i + 1 :]))
            case Node(op, (a, n)) if op == divide and isinstance(n, int | float):
                return node.apply(node.op, (*node.inputs[:i], a, *node.inputs[i + 1 :])) / n
    return None


@on(multiply, divide)
def one_fraction(node: Node) -> Any:
    """a ⊙ (b / c) = a ⊙ b / c, (a / c) ⊙ b = a ⊙ b / c, and a / n / c = a / (n c) for a number n."""
    match node:
        case Node(op, (Node() as a, Node(inner, (b, c)))) if op == multiply and inner == divide and a.op != divide:
            return a * b / c
        case Node(op, (Node(inner, (a, c)), Node() as b)) if op == multiply and inner == divide:
            return a * b / c
        case Node(op, (Node(inner, (a, n)), Node() as c)) if op == inner == divide and isinstance(n, int | float):
            return a / (n * c)
    return None


def _has(x: Any, gradients: Container[Node], reached: dict[Node, bool]) -> bool:
    for node in order_nodes([x]) if x not in reached else ():
        if node not in reached:
            reached[node] = node in gradients or any(reached[y] for y in node.inputs if isinstance(y, Node))
    return isinstance(x, Node) and reached[x]
