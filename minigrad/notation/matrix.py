"""Matrix notation: an expression as operations on whole arrays, ``Y₁ᵀ δ₂``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.notation.keys import write_key
from minigrad.notation.symbols import Symbol
from minigrad.notation.term import Term, number, symbol
from minigrad.ops.arithmetic import multiply
from minigrad.ops.base import Op
from minigrad.ops.reduction import Sum, normalize_axis
from minigrad.ops.shaping import Reshape


def matrix_term(expression: Any, names: Mapping[Node, Symbol], expand: Node | None = None) -> Term:
    """Give the Term of an expression; a Node in ``names`` is a symbol, unless it is the one to ``expand``."""
    return build_term(expression, names, expand, _term)


def build_term(
    expression: Any, names: Mapping[Node, Symbol], expand: Node | None, term: Callable[[Any, list[Term]], Term]
) -> Term:
    """Put an expression's Term together, each part by ``term(node, terms of its operands)``."""
    terms: dict[int, Term] = {}
    stack = [expression]
    while stack:  # operands first, without recursion
        node = stack[-1]
        if isinstance(node, Node) and node in names and node is not expand:
            terms[id(node)] = symbol(names[node])
            stack.pop()
            continue
        inputs = node.inputs if isinstance(node, Node) else ()
        missing = [x for x in inputs if id(x) not in terms]
        stack.extend(missing)
        if not missing:
            terms[id(node)] = term(node, [terms[id(x)] for x in inputs])
            stack.pop()
    return terms[id(expression)]


def _term(node: Any, parts: list[Term]) -> Term:
    if not isinstance(node, Node):
        return number(write_number(node))
    op = node.op
    if op is None:
        return symbol(node.name) if node.name else number("?" if node.value is None else write_number(node.value))
    letters = list(op.letters)
    parts = [_element(op, x) or part for x, part in zip(node.inputs, parts, strict=True)]
    template = _template(node)
    if len(parts) != len(letters):  # an operation of however many inputs
        letters = [f"x{i}" for i in range(len(parts))]
        template = f"{op.name}({', '.join(f'{{{letter}}}' for letter in letters)})"
    for field in op.fields:
        template = template.replace(f"{{{field}}}", write_key(getattr(op, field), _field, code=False))
    return Term(template, dict(zip(letters, parts, strict=True)), op.binds, op.name)


def _template(node: Node) -> str:
    """Give the operation's text, as its operands have it written: 2 x, not 2 ⊙ x; Σₙ over the rows; x as a column."""
    op, x = node.op, node.inputs[0]
    assert isinstance(op, Op)
    if op == multiply and not isinstance(x, Node):
        return "{a} {b}"
    if isinstance(op, Sum) and x.ndim == 2 and op.axis is not None:
        axes = normalize_axis(op.axis, 2)
        if len(axes) == 1 and op.keepdims <= (axes == (1,)):
            return ("Σₖ " if axes == (1,) else "Σₙ ") + "{x}"
    if isinstance(op, Reshape) and x.ndim == 1 and len(node.shape) == 2 and 1 in node.shape:
        return "{x}" if node.shape[1] == 1 else "{x}ᵀ"  # a vector is a column, so that x δᵀ is an outer product
    return op.text


def _element(op: Op, x: Any) -> Term | None:
    """Give tₖ for a sum of an input T over its columns, which is one over the elements of a row."""
    name = x.name if isinstance(x, Node) and isinstance(op, Sum) and _over_columns(op, x) else None
    return symbol(f"{name.lower()}ₖ") if name and len(name) == 1 and name.isupper() else None


def _over_columns(op: Sum, x: Node) -> bool:
    return x.ndim == 2 and op.axis is not None and normalize_axis(op.axis, 2) == (1,)


def _field(value: Any) -> str:
    return write_number(value) if isinstance(value, np.ndarray) else str(value)


def write_number(x: Any) -> str:
    """Write a number with a proper minus sign, and an array by its shape."""
    if np.ndim(x):
        return f"array{np.shape(x)}"
    return f"{x:g}".replace("-", "−")
