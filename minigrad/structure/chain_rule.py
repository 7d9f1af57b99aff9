"""The chain rule at one step of a computation: what each operand's gradient gets, as upstream × local derivative."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.graph import Graph
from minigrad.algebra.numbers import number_of
from minigrad.algebra.rewrite import substitute_nodes
from minigrad.algebra.simplify import simplify
from minigrad.engine.backward import pullback
from minigrad.engine.node import Node, order_nodes, seed_node, table_of_living
from minigrad.notation.chain import partial
from minigrad.notation.matrix import matrix_term
from minigrad.notation.symbols import Symbol
from minigrad.notation.term import write_term
from minigrad.notation.writers.text import TEXT
from minigrad.ops.arithmetic import divide, multiply, negative
from minigrad.ops.base import Op, Shape
from minigrad.ops.indexing import Index, Scatter
from minigrad.ops.linalg import MatMul
from minigrad.ops.reduction import Softmax, Sum
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose, reversed_axes

_MOVES = (Sum, BroadcastTo, Cast, Index, Reshape, Scatter, Transpose)  # what only spreads, gathers or reorders g


class _Diagonal(Op):
    """Softmax's matrix of derivatives, diag y − yᵀ y, as it is written; nothing computes it."""

    name, letters, text, binds = "diagonal", "y", "(diag {y} − {y}ᵀ{y})", 5
    vjps = (None,)
    differentiable = False

    def shape(self, *shapes: Shape) -> Shape:
        """Give the axes of y twice."""
        return (*shapes[0], *shapes[0])


_diagonal = _Diagonal()


class Stand(NamedTuple):
    """What a leaf of an expression stands for: the value of a Node of the graph, or its gradient."""

    node: Node
    gradient: bool = False


@dataclass(frozen=True, eq=False)
class Contribution:
    """What one step adds to the gradient of an operand: an expression, and its two factors.

    ``upstream`` is the gradient before the step, and ``local`` what it is multiplied with; ``stands`` says what the
    leaves of all three stand for.
    """

    expression: Any
    upstream: Any
    local: Any
    stands: Mapping[Node, Stand]
    left: bool = False  # does the local derivative stand to the left of the gradient, as in yᵀ δ?


def copy_step(nodes: Iterable[Node], symbols: Mapping[Node, str]) -> dict[Node, Any]:
    """Give the Nodes of a step again, in terms of operands that are called by their symbols."""
    table = table_of_living()
    copies: dict[Node, Any] = {}
    for node in nodes:
        for x in (x for x in node.inputs if isinstance(x, Node) and x not in copies):
            number = x.value is not None and not x.ndim and x not in symbols
            copies[x] = x if number else Node(name=symbols.get(x, "?"), shape=x.shape, dtype=x.dtype, table=table)
        inputs = tuple(copies[x] if isinstance(x, Node) else x for x in node.inputs)
        recorder = next(x for x in inputs if isinstance(x, Node))
        copies[node] = recorder.apply(node.op, inputs)  # type: ignore[arg-type]
    return copies


def pull_back_step(
    nodes: Sequence[Node], symbols: Mapping[Node, str], upstream: str | None, given: Iterable[SumsToOne] = ()
) -> dict[Node, Contribution]:
    """Pull the gradient called ``upstream`` back through the Nodes of a step; None stands for ∂E/∂E = 1.

    Values that have a symbol are called by it, the step's own among them: σ′ is (1 − Y) ⊙ Y.
    """
    copies = copy_step(nodes, symbols)
    output = copies[nodes[-1]]
    table = output.table
    g = Node(name=upstream, shape=output.shape, dtype=output.dtype, table=table)
    stands = {leaf: Stand(x) for x, leaf in copies.items() if isinstance(leaf, Node) and leaf.op is None}
    stands[g] = Stand(nodes[-1], gradient=True)
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
    stands |= {ends[end]: Stand(x) for x, end in zip(called, simple[len(operands) :], strict=True) if end in ends}
    result = {}
    for x, expression in zip(operands, simple, strict=False):
        (expression,) = substitute_nodes([expression], ends)
        if upstream is None:
            number = number_of(expression)  # ∂E/∂v of E = Σ v is 1 everywhere
            expression = expression if number is None else number
            result[x] = Contribution(expression, 1.0, expression, stands)
        else:
            factors = _factored(expression, g, stands)
            result[x] = factors or Contribution(expression, g, _jacobian(nodes, copies, x, symbols, stands), stands)
    return result


def write_factor(expression: Any, names: Mapping[Node, Symbol] | None = None) -> str:
    """Write a factor, in brackets unless it is one symbol, a function, a transpose or itself a product."""
    if isinstance(expression, Node) and expression.op is None and expression.name:  # as most upstream gradients are
        return str((names or {}).get(expression, expression.name))
    formula = write_term(matrix_term(expression, names or {}), TEXT)
    op = expression.op if isinstance(expression, Node) else None
    opens = op is not None and op.binds < 4 and op != multiply
    return f"({formula})" if opens or formula.startswith("−") else formula


def count_operations(expression: Any) -> int:
    """Count the operations of an expression."""
    return sum(node.op is not None for node in order_nodes([expression]))


def _one_hot(shape: tuple[int, ...], axis: int) -> Any:
    """Give an array that bears out the fact Σ = 1, which was checked against the data where it was declared."""
    values = np.zeros(shape)
    np.moveaxis(values, axis, 0)[:1] = 1
    return values


def _factored(expression: Any, g: Node, stands: Mapping[Node, Stand]) -> Contribution | None:
    """Part an expression into g and what it is multiplied with; None where that is no product."""
    if not isinstance(expression, Node):  # g has vanished: 1 − t is 0 for t = 1
        return Contribution(expression, g, expression, stands)
    factors: list[Any] = []
    sign, left, turned, upright, products, node = 1, False, False, True, 0, expression
    while node is not g:
        on_path = [i for i, part in enumerate(node.inputs) if part is g or _contains(part, g)]
        if len(on_path) != 1:
            return None
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
            return None
        node = node.inputs[i]
    if products and sum(np.ndim(factor) > 0 for factor in factors) > 1:
        return None
    upstream = g.T if products and not upright else g
    if not factors:
        return Contribution(expression, upstream, float(sign), stands)
    product = factors[0]
    for factor in factors[1:]:
        product = multiply(factor, product)
    return Contribution(expression, upstream, product if sign > 0 else -product, stands, left)


def _jacobian(
    nodes: Sequence[Node], copies: Mapping[Node, Any], x: Node, symbols: Mapping[Node, str], stands: dict[Node, Stand]
) -> Node:
    """Give a local derivative that is a matrix: softmax's by its formula, another's as ∂y/∂x."""
    (*_, last), output = nodes, copies[nodes[-1]]
    y = Node(name=symbols[last], shape=output.shape, dtype=output.dtype, table=output.table)
    stands[y] = Stand(last)
    if len(nodes) == 1 and type(last.op) is Softmax:
        return y.apply(_diagonal, (y,))
    return y.apply(partial, (y, copies[x]))


def _transposed(x: Any) -> Any:
    return x.inputs[0] if x.op == reversed_axes else x.T


def _contains(part: Any, g: Node) -> bool:
    return isinstance(part, Node) and any(node is g for node in order_nodes([part]))
