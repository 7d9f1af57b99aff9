"""The chain rule at one step of a computation: what each operand's gradient gets, as upstream × local derivative."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.graph import Graph
from minigrad.algebra.rewrite import substitute_nodes
from minigrad.algebra.simplify import simplify
from minigrad.engine.backward import pullback
from minigrad.engine.node import Node, Table, order_nodes, seed_node
from minigrad.notation.formula import text
from minigrad.ops.arithmetic import divide, multiply, negative
from minigrad.ops.indexing import Index, Scatter
from minigrad.ops.linalg import MatMul
from minigrad.ops.reduction import Softmax, Sum
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose, reversed_axes

_MOVES = (Sum, BroadcastTo, Cast, Index, Reshape, Scatter, Transpose)  # what only spreads, gathers or reorders g


@dataclass(frozen=True, eq=False)
class Term:
    """What one step adds to the gradient of an operand: an expression, and its two factors as text."""

    expression: Any
    upstream: str
    local: str
    left: bool = False  # does the local derivative stand to the left of the gradient, as in yᵀ δ?


def copied(nodes: Iterable[Node], symbols: Mapping[Node, str]) -> dict[Node, Any]:
    """Give the Nodes of a step again, in terms of operands that are called by their symbols."""
    table: Table = {}
    copies: dict[Node, Any] = {}
    for node in nodes:
        for x in (x for x in node.inputs if isinstance(x, Node) and x not in copies):
            number = x.value is not None and not x.ndim
            copies[x] = x if number else Node(name=symbols.get(x, "?"), shape=x.shape, dtype=x.dtype, table=table)
        inputs = tuple(copies[x] if isinstance(x, Node) else x for x in node.inputs)
        recorder = next(x for x in inputs if isinstance(x, Node))
        copies[node] = recorder.apply(node.op, inputs)  # type: ignore[arg-type]
    return copies


def terms(
    nodes: Sequence[Node], symbols: Mapping[Node, str], upstream: str | None, given: Iterable[SumsToOne] = ()
) -> dict[Node, Term]:
    """Pull the gradient called ``upstream`` back through the Nodes of a step; None stands for ∂E/∂E = 1.

    Values that have a symbol are called by it, the step's own among them: σ′ is (1 − Y) ⊙ Y.
    """
    copies = copied(nodes, symbols)
    output = copies[nodes[-1]]
    table = output.table
    g = Node(name=upstream, shape=output.shape, dtype=output.dtype, table=table)
    g = seed_node(output) if upstream is None else g
    inside = set(nodes)
    operands = [x for x in copies if x not in inside and copies[x].value is None]
    found = pullback(output, g)
    operands = [x for x in operands if copies[x] in found]
    called = [x for x in nodes if x in symbols and isinstance(copies[x], Node)]
    known = {copies[x].name: copies[x] for x in operands}
    facts = [fact for fact in given if fact.name in known]
    outputs = [*(found[copies[x]] for x in operands), *(copies[x] for x in called)]
    names = {known[fact.name]: _one_hot(known[fact.name].shape, fact.axis) for fact in facts}
    simple = simplify(Graph(outputs, names), facts).outputs
    ends = {
        end: Node(name=symbols[x], shape=x.shape, dtype=x.dtype, table=table)
        for x, end in zip(called, simple[len(operands) :], strict=True)
        if isinstance(end, Node) and end.op is not None
    }
    result = {}
    for x, expression in zip(operands, simple, strict=False):
        (expression,) = substitute_nodes([expression], ends)
        if upstream is None:
            result[x] = Term(expression, "1", bracketed(expression))
        else:
            result[x] = _factored(expression, g, nodes, symbols, x)
    return result


def write_formula(expression: Any) -> str:
    """Write a formula; a minus in front of a whole product or sum needs no brackets there: −t / y."""
    if isinstance(expression, Node) and expression.op == negative:
        (inner,) = expression.inputs
        if isinstance(inner, Node) and (inner.op in (multiply, divide) or isinstance(inner.op, Sum)):
            return f"−{text(inner)}"
    return text(expression)


def bracketed(expression: Any) -> str:
    """Write a factor, in brackets unless it is one symbol, a function, a transpose or itself a product."""
    formula = write_formula(expression)
    op = expression.op if isinstance(expression, Node) else None
    opens = op is not None and op.binds < 4 and op != multiply
    return f"({formula})" if opens or formula.startswith("−") else formula


def operations(expression: Any) -> int:
    """Count the operations of an expression."""
    return sum(node.op is not None for node in order_nodes([expression]))


def _one_hot(shape: tuple[int, ...], axis: int) -> Any:
    """Give an array that bears out the fact Σ = 1, which was checked against the data where it was declared."""
    values = np.zeros(shape)
    np.moveaxis(values, axis, 0)[:1] = 1
    return values


def _factored(expression: Any, g: Node, nodes: Sequence[Node], symbols: Mapping[Node, str], x: Node) -> Term:
    """Part an expression into g and what it is multiplied with; where that is no product, a local derivative ∂y/∂x."""
    matrix = Term(expression, str(g.name), _jacobian(nodes, symbols, x))
    factors: list[Any] = []
    sign, left, turned, upright, products, node = 1, False, False, True, 0, expression
    while node is not g:
        on_path = [i for i, part in enumerate(node.inputs) if part is g or _contains(part, g)]
        if len(on_path) != 1:
            return matrix
        (i,) = on_path
        other: Any = node.inputs[1 - i] if len(node.inputs) == 2 else None
        if node.op == multiply:
            factors.append(other)
        elif node.op == divide and i == 0:
            factors.append(1 / other)
        elif isinstance(node.op, MatMul) and len(node.inputs) == 2:
            products += 1
            left = (i == 1) != turned
            factors.append(_transposed(other) if turned else other)
        elif node.op == negative:
            sign = -sign
        elif node.op == reversed_axes:
            upright = not upright
            turned = turned if products else not turned  # only a transpose of the product itself swaps its sides
        elif not isinstance(node.op, _MOVES):
            return matrix
        node = node.inputs[i]
    if products and sum(np.ndim(factor) > 0 for factor in factors) > 1:
        return matrix
    upstream = f"({g.name})ᵀ" if products and not upright else str(g.name)
    if not factors:
        return Term(expression, upstream, "1" if sign > 0 else "(−1)")
    product = factors[0]
    for factor in factors[1:]:
        product = multiply(factor, product)
    return Term(expression, upstream, bracketed(product if sign > 0 else -product), left)


def _transposed(x: Any) -> Any:
    return x.inputs[0] if x.op == reversed_axes else x.T


def _contains(part: Any, g: Node) -> bool:
    return isinstance(part, Node) and any(node is g for node in order_nodes([part]))


def _jacobian(nodes: Sequence[Node], symbols: Mapping[Node, str], x: Node) -> str:
    """Write a local derivative that is a matrix: softmax's by its formula, another's as ∂y/∂x."""
    y = symbols[nodes[-1]]
    if len(nodes) == 1 and type(nodes[0].op) is Softmax:
        return f"(diag {y} − {y}ᵀ{y})"
    return f"∂{y}/∂{symbols.get(x, '?')}"
