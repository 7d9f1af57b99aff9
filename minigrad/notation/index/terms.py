"""Index notation: an expression as what it is for each element, ``Σₙ yₙⱼ δₙₖ``, from the operations' axes alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.notation.chain import Chain
from minigrad.notation.index.axes import Along, follow_axes, is_fixed
from minigrad.notation.matrix import term_of_number
from minigrad.notation.term import Term, before_sum, needs_brackets
from minigrad.ops.alphabet import to_subscript, to_superscript
from minigrad.ops.arithmetic import absolute, add, divide, multiply, raised, subtract
from minigrad.ops.base import Op
from minigrad.ops.cumulative import Prod
from minigrad.ops.einsum import Einsum
from minigrad.ops.elementwise import identity, sqrt, square
from minigrad.ops.indexing import Index
from minigrad.ops.linalg import matmul
from minigrad.ops.norms import Norm
from minigrad.ops.reduction import LogSoftmax, LogSumExp, Softmax, Sum, normalize_axis
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose

Labels = tuple[str | None, ...]  # the index of each axis; None where an axis of length 1 has none
Name = Callable[[Node, Labels], "Term | None"]  # a Node and its indices -> the symbol it has, if it has one
Bound = Callable[[Node, int, frozenset[str]], str]  # an axis to sum over and the indices in use -> an index for it
_Key = tuple[int, Labels, frozenset[str]]


class NoIndexForm(Exception):
    """An operation that rearranges elements in a way that no index says."""


def index_term(expression: Any, labels: Labels, name: Name, bound: Bound) -> Term:
    """Give the Term of one element of an expression, that at ``labels``. Raises ``NoIndexForm``."""
    done: dict[_Key, Term] = {}
    start = (expression, labels, frozenset(label for label in labels if label))
    stack = [start]
    while stack:  # operands first, without recursion
        node, at, used = stack[-1]
        key = (id(node), at, used)
        if key in done:
            stack.pop()
            continue
        simple = _simple(node, at, name)
        if simple is not None:
            done[key] = simple
            stack.pop()
            continue
        needed, build = _operands(node, at, used, bound)
        missing = [part for part in needed if (id(part[0]), part[1], part[2]) not in done]
        if missing:
            stack.extend(missing)
        else:
            done[key] = build([done[id(x), its, scope] for x, its, scope in needed])
            stack.pop()
    return done[id(expression), start[1], start[2]]


def _simple(node: Any, at: Labels, name: Name) -> Term | None:
    """Give a number or a symbol; None for what has operands of its own."""
    if not isinstance(node, Node):
        return term_of_number(node)
    symbol = name(node, at)
    if symbol is not None:
        return symbol
    if node.op is None:
        if node.value is None or np.size(node.value) != 1:
            raise NoIndexForm(repr(node))
        return term_of_number(np.asarray(node.value).item())
    return None


_Needed = list[tuple[Any, Labels, frozenset[str]]]


def _operands(
    node: Node, at: Labels, used: frozenset[str], bound: Bound
) -> tuple[_Needed, Callable[[list[Term]], Term]]:
    """Say which elements of which operands a Node needs for its element, and how its Term is built from theirs."""
    op, follows = node.op, follow_axes(node)
    if op is None or follows is None:
        raise NoIndexForm(repr(node))
    if isinstance(op, Softmax):
        return _softmax(node, at, used, bound)
    given: dict[Any, str | None] = dict(enumerate(at))
    scope = used
    given |= {label: label[1:] for labels in follows.inputs for label in labels if is_fixed(label)}
    for label in follows.bound:
        x, axis = _place(node, follows, label)
        given[label] = letter = None if x.shape[axis] == 1 else bound(x, axis, scope)
        scope |= {letter} if letter else set()
    needed: _Needed = [
        (x, tuple(given.get(label) if label is not None else None for label in labels), scope)
        for x, labels in zip(node.inputs, follows.inputs, strict=True)
    ]
    over = "".join(given[label] or "" for label in follows.bound)
    return needed, lambda parts: _built(op, _vector_first(node, parts), over)


def _vector_first(node: Node, parts: list[Term]) -> list[Term]:
    """Put the factors of matrix times vector in a book's order: Σᵣ δᵣ wⱼᵣ."""
    turned = node.op == matmul and np.ndim(node.inputs[1]) == 1 < np.ndim(node.inputs[0])
    return parts[::-1] if turned else parts


def _place(node: Node, follows: Along, label: str) -> tuple[Node, int]:
    pairs = zip(node.inputs, follows.inputs, strict=True)
    return next((x, labels.index(label)) for x, labels in pairs if label in labels)


def _built(op: Op, parts: list[Term], over: str) -> Term:
    if op == matmul:
        return _sum(_product(*parts), over)
    if isinstance(op, Chain):
        between = " · " if parts[0].kind == "symbol" else " "
        return _sum(Term(f"{{g}}{between}{{j}}", dict(zip("gj", parts, strict=True)), op.binds, op.name), over)
    if isinstance(op, Sum):
        return _sum(parts[0], over)
    if isinstance(op, Prod):
        return Term(f"∏{to_subscript(over)} {{x}}", {"x": parts[0]}, Prod.binds, "prod") if over else parts[0]
    if isinstance(op, LogSumExp):
        total = _sum(Term("exp({x})", {"x": parts[0]}, kind="exp"), over)
        return Term("log({x})", {"x": total}, kind="log")
    if isinstance(op, Einsum):
        return _sum(reduce(_product, parts), over)
    if isinstance(op, Norm):
        return _norm(op, parts[0], over)
    if op == multiply:
        return _product(*parts)
    if isinstance(op, BroadcastTo | Cast) or op == identity or isinstance(op, Transpose):
        return parts[0]
    if isinstance(op, Reshape | Index):
        return parts[0]
    return Term(op.text, dict(zip(op.letters, parts, strict=True)), op.binds, op.name)


def _norm(op: Norm, x: Term, over: str) -> Term:
    """Write a norm by what it is: √(Σᵢ xᵢ²), (Σᵢ |xᵢ|³)^(1/3)."""
    inner, outer = (square, sqrt) if op.ord == 2 else (raised(op.ord), raised(1 / op.ord))
    size = x if op.ord == 2 else Term(absolute.text, {"x": x}, kind="absolute")
    total = _sum(Term(inner.text, {"x": size}, inner.binds, inner.name), over)
    return Term(outer.text, {"x": total}, outer.binds, outer.name)


def _product(a: Term, b: Term) -> Term:
    """Write factors side by side, with a space where no bracket parts them: yⱼ δₖ, but (1 − yⱼ)yⱼ; a number first."""
    if a.kind != "number" and b.kind == "multiply" and b.parts["a"].kind == "number":
        return _product(b.parts["a"], _product(a, b.parts["b"]))
    term = Term("{a} {b}", {"a": before_sum(a, b), "b": b}, multiply.binds, "multiply")
    if needs_brackets(term, "b", 1, b) or _closed(term, "a", 0, a):
        term.template = "{a}{b}"
    return term


def _closed(term: Term, letter: str, position: int, x: Term) -> bool:
    """Say whether an operand ends with a bracket."""
    while not needs_brackets(term, letter, position, x):
        if x.kind != "multiply":
            return False
        term, letter, position, x = x, "b", 1, x.parts["b"]
    return True


def _sum(x: Term, over: str) -> Term:
    """Write Σ over some indices; over those of length 1 there is none."""
    if not over:
        return x
    return Term(f"Σ{to_subscript(over)} {{x}}", {"x": x}, Sum.binds, "sum")


def _softmax(
    node: Node, at: Labels, used: frozenset[str], bound: Bound
) -> tuple[_Needed, Callable[[list[Term]], Term]]:
    """Write softmax by what it is: exp(uₖ) / Σᵣ exp(uᵣ), and its logarithm uₖ − log Σᵣ exp(uᵣ)."""
    op = node.op
    assert isinstance(op, Softmax)
    (axis,) = normalize_axis(op.axis, node.ndim)
    letter = None if node.shape[axis] == 1 else bound(node.inputs[0], axis, used)
    others = (*at[:axis], letter, *at[axis + 1 :])
    scope = used | {letter} if letter else used
    needed: _Needed = [(node.inputs[0], at, used), (node.inputs[0], others, scope)]

    def build(parts: list[Term]) -> Term:
        one, other = (Term("exp({x})", {"x": part}, kind="exp") for part in parts)
        total = _sum(other, letter or "")
        if isinstance(op, LogSoftmax):
            return Term(
                subtract.text, {"a": parts[0], "b": Term("log({x})", {"x": total}, kind="log")}, add.binds, "subtract"
            )
        return Term(divide.text, {"a": one, "b": total}, divide.binds, "divide")

    return needed, build


def with_layer(base: str, layer: str) -> str:
    """Give a name with the number of its layer: δ, "2" → δ⁽²⁾."""
    return base + ("⁽" + to_superscript(layer) + "⁾" if layer else "")
