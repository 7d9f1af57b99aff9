"""Sums whose terms share a factor: c a + c b = c (a + b), an operation less for each term but one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import reduce
from operator import add as plus
from operator import mul
from typing import Any

from minigrad.graph.node import Node, ordered
from minigrad.graph.rewrite import rebuilt
from minigrad.ops.arithmetic import add, multiply, subtract

Term = tuple[int, list[Any]]  # a sign and the factors behind it

MOST = 32  # factors of a term worth looking at


def factored(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, in which what several terms of a sum are multiplied by multiplies the sum of them.

    That may be an array, or a number that is not known yet, such as a learning rate.
    """
    nodes = ordered(outputs)
    users = Counter(x for node in nodes for x in node.inputs if isinstance(x, Node))
    users.update(x for x in outputs if isinstance(x, Node))
    parts = {x for node in nodes if _is_sum(node) for x in node.inputs if _is_part(x, node, users)}
    becomes: dict[Node, Any] = {}
    for node in nodes:
        new = None
        if _is_sum(node) and node not in parts:
            terms = _terms(node, users, becomes)
            new = _sum(terms) if _most_common(terms) is not None else None
        fits = isinstance(new, Node) and (new.shape, new.dtype) == (node.shape, node.dtype)
        becomes[node] = new if fits else rebuilt(node, becomes)
    return [becomes[x] if isinstance(x, Node) else x for x in outputs]


def _is_sum(x: Any) -> bool:
    return isinstance(x, Node) and x.op in (add, subtract) and bool(x.shape) and x.dtype.kind == "f"


def _is_part(x: Any, root: Node, users: Counter[Node]) -> bool:
    """Say whether an operand is a sum for another's sake alone, and no smaller: its terms are then the other's."""
    return _is_sum(x) and users[x] == 1 and (x.shape, x.dtype) == (root.shape, root.dtype)


def _terms(root: Node, users: Counter[Node], becomes: dict[Node, Any]) -> list[Term]:
    """Take a sum apart, into terms of what the factors have become."""
    terms: list[Term] = []
    stack: list[tuple[int, Any]] = [(1, root)]
    while stack:
        sign, x = stack.pop()
        if x is root or _is_part(x, root, users):
            a, b = x.inputs
            stack += [(sign if x.op == add else -sign, b), (sign, a)]
        else:
            factors = _factors(x, users)
            terms.append((sign, [becomes.get(f, f) if isinstance(f, Node) else f for f in factors]))
    return terms


def _factors(x: Any, users: Counter[Node]) -> list[Any]:
    factors, stack, kind = [], [x], getattr(x, "dtype", None)
    while stack:
        x = stack.pop()
        if isinstance(x, Node) and x.op == multiply and users[x] == 1 and x.dtype == kind:
            stack += x.inputs[::-1]
        else:
            factors.append(x)
    return factors


def _most_common(terms: list[Term]) -> Node | None:
    """Find the factor that most terms have beside others, if there are two with it."""
    found: Counter[Node] = Counter()
    for _, factors in terms:
        if 1 < len(factors) <= MOST:
            found.update({x for x in factors if isinstance(x, Node) and (x.shape or x.value is None)})
    common, most = max(found.items(), key=lambda entry: entry[1], default=(None, 0))
    return common if most > 1 else None


def _drawn_out(common: Node, terms: list[Term]) -> list[Term]:
    """Make one term of those with a common factor."""
    shared, left = [], []
    for sign, factors in terms:
        place = next((i for i, x in enumerate(factors) if x is common), None) if 1 < len(factors) <= MOST else None
        if place is None:
            left.append((sign, factors))
        else:
            shared.append((sign, factors[:place] + factors[place + 1 :]))
    sign = 1 if any(sign > 0 for sign, _ in shared) else -1
    return [(sign, [common, _sum([(sign * s, factors) for s, factors in shared])]), *left]


def _sum(terms: list[Term]) -> Any:
    """Write terms as a sum, a positive one first if there is one."""
    while (common := _most_common(terms)) is not None:
        terms = _drawn_out(common, terms)
    ups, downs = ([_product(factors) for s, factors in terms if s == sign] for sign in (1, -1))
    return reduce(lambda total, x: total - x, downs, reduce(plus, ups)) if ups else -reduce(plus, downs)


def _product(factors: list[Any]) -> Any:
    """Write factors as a product, the smaller ones first: a number times a row is no work beside an array."""
    return reduce(mul, sorted(factors, key=lambda x: x.size if isinstance(x, Node) else 0))
