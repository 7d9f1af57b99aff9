"""The form in which a textbook writes what is given by cases: one choice, and truth values as factors with a sign."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minigrad.algebra.numbers import number_of
from minigrad.algebra.rewrite import on
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, divide, multiply, negative, subtract, where
from minigrad.ops.elements.logic import invert, logical_not


@on(add)
def one_choice(node: Node) -> Any:
    """where(c, a, 0) + where(c, 0, a) ⊙ x = a ⊙ where(c, 1, x), the gradient of a function that is given by cases."""
    for first, second in (node.inputs, node.inputs[::-1]):
        if not isinstance(second, Node) or second.op != multiply:
            continue
        for other, x in (second.inputs, second.inputs[::-1]):
            match first, other:
                case Node(op, (c, a, int() | float() as m)), Node(other_op, (d, int() | float() as n, b)):
                    if op == other_op == where and c is d and a is b and m == n == 0:
                        return a * where(c, 1, x)
    return None


@on(add, subtract)
def choose_between(node: Node) -> Any:
    """c ⊙ a + where(c, 0, 1) ⊙ b = where(c, a, b), of truth values c, and so for a difference, and a sum before it."""
    before, first = None, node.inputs[0]
    made = _chosen(node, *node.inputs)
    if made is None and isinstance(first, Node) and first.op in (add, subtract):
        before, first = first.inputs
        made = _chosen(node, -first if node.inputs[0].op == subtract else first, node.inputs[1])
        made = None if made is None else before + made
    return made if made is not None and made.shape == node.shape and made.dtype == node.dtype else None


def _chosen(node: Node, *terms: Any) -> Any:
    """Give where(c, a, b) for what is chosen of two terms, which a Node adds or subtracts; None of others."""
    first, second = map(_part_choice, terms)
    if node.dtype.kind != "f" or first is None or second is None or first[0] is not second[0] or first[1] == second[1]:
        return None
    if not (_has_sign(first[2]) and _has_sign(second[2])):
        return None
    c, chosen, x = first
    y = second[2] if node.op == add else _negated(second[2])
    return where(c, x, y) if chosen else where(c, y, x)


@on(where)
def choice_of_choices(node: Node) -> Any:
    """where(c, where(d, 0, a), where(d, 0, b)) = where(d, 0, where(c, a, b)), and so for where(d, a, 0)."""
    c, a, b = node.inputs
    first, second = _part_choice(a), _part_choice(b)
    if first is None or second is None or first[0] is not second[0] or first[1] != second[1] or first[0] is c:
        return None
    inner = where(c, first[2], second[2])
    made = where(first[0], inner, 0) if first[1] else where(first[0], 0, inner)
    return made if made.shape == node.shape and made.dtype == node.dtype else None


def _part_choice(x: Any) -> tuple[Node, bool, Any] | None:
    """Give c, whether x is 0 where c is false (and not where it is true), and what it is elsewhere; or None."""
    match x:
        case Node(op, (c, a, b)) if op == where:
            zeros = [not isinstance(part, Node) and part == 0 for part in (a, b)]
            branch = a if zeros[1] else b
            return (c, zeros[1], branch) if any(zeros) != all(zeros) and _has_sign(branch) else None
        case Node(op, (a,)) if op == negative:
            return _with_branch(a, _negated)
        case Node(op, (Node() as a, b)) if op == divide:
            if a.dtype.kind == "b" and _has_sign(b):
                return a, True, 1 / b if isinstance(b, Node) else 1.0 / b
            return _with_branch(a, lambda branch: branch / b)
        case Node(op, (a, b)) if op == multiply:
            for part, rest in ((a, b), (b, a)):
                if isinstance(part, Node) and part.dtype.kind == "b" and _has_sign(rest):
                    other = _opposite(part)
                    return (part, True, rest) if other is None else (other, False, rest)
                if (other := _opposite(part)) is not None and _has_sign(rest):
                    return other, False, rest
                found = _with_branch(part, partial(_times, rest))
                if found is not None:
                    return found
    return None


def _opposite(x: Any) -> Node | None:
    """Give c for 1 − c and for ¬c, of truth values c."""
    match x:
        case Node(op, (one, Node() as c)) if op == subtract and number_of(one) == 1 and c.dtype.kind == "b":
            return c
        case Node(op, (Node() as c,)) if op in (invert, logical_not) and c.dtype.kind == "b":
            return c
    return None


def _with_branch(x: Any, change: Callable[[Any], Any]) -> tuple[Node, bool, Any] | None:
    found = _part_choice(x)
    return None if found is None else (*found[:2], change(found[2]))


def _has_sign(x: Any) -> bool:
    """Say whether −x is what it is of real numbers: of unsigned integers it wraps."""
    return not isinstance(x, Node) or x.dtype.kind == "f"


def _times(rest: Any, branch: Any) -> Any:
    """Give a product, a number before the rest."""
    if isinstance(branch, Node):
        return rest * branch
    return rest if branch == 1 else branch * rest


def _negated(x: Any) -> Any:
    match x:
        case Node(op, (Node(inner, _) as a, b)) if op == divide and inner == subtract and np.ndim(b) == 0:
            return _negated(a) / b
    return x.inputs[1] - x.inputs[0] if isinstance(x, Node) and x.op == subtract else -x


@on(multiply, divide)
def sign_of_truth(node: Node) -> Any:
    """−1 c ⊙ x = −(c ⊙ x), for truth values c, which have no sign, and an x that has, and so for /."""
    match node.inputs:
        case (Node(op, (n, Node() as c)), Node() as x) if op == multiply and number_of(n) == -1:
            if c.dtype.kind == "b" and x.dtype == node.dtype and x.dtype.kind in "fc":
                return -(c * x if node.op == multiply else c / x)
    return None
