"""Sums whose terms share a factor: c a + c b = c (a + b), an operation less for each term but one."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import reduce
from heapq import heappop, heappush
from operator import add as plus
from operator import mul
from typing import Any

from minigrad.algebra.rewrite import rebuild_node
from minigrad.engine.node import Node, count_uses, order_nodes
from minigrad.ops.arithmetic import add, multiply, subtract

Term = tuple[int, list[Any]]  # a sign and the factors behind it

MOST = 32  # factors of a term worth looking at


def factor_sums(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, in which what several terms of a sum are multiplied by multiplies the sum of them.

    That may be an array, or a number that is not known yet, such as a learning rate.
    """
    nodes = order_nodes(outputs)
    users = count_uses(nodes, outputs)
    parts = {x for node in nodes if _is_sum(node) for x in node.inputs if _is_part(x, node, users)}
    becomes: dict[Node, Any] = {}
    for node in nodes:
        new = None
        if _is_sum(node) and node not in parts:
            terms = _terms(node, users, becomes)
            fewer = _shared(terms)
            new = _sum(fewer) if fewer is not terms else None
        fits = isinstance(new, Node) and (new.shape, new.dtype) == (node.shape, node.dtype)
        made = new if fits else rebuild_node(node, becomes) if becomes else node
        if made is not node:
            becomes[node] = made
    return [becomes.get(x, x) if isinstance(x, Node) else x for x in outputs]


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
        if isinstance(x, Node) and x.op == multiply and users[x] == 1 and _of_one_kind(x, kind):
            stack += x.inputs[::-1]
        else:
            factors.append(x)
    return factors


def _of_one_kind(product: Node, kind: Any) -> bool:
    """Say whether a product and its factors have one dtype: integers that met one another first would wrap."""
    return all(x.dtype == kind for x in (product, *product.inputs) if isinstance(x, Node))


def _shared(terms: list[Term]) -> list[Term]:
    """Make one term of those that share a factor, and again; the very same terms if none do.

    What most terms share goes first. Who has which factor is kept up to date rather than looked for anew each time:
    10⁴ terms with a factor in common to each pair are 5 000 rounds.
    """
    shares = _Shares(terms)
    while (common := shares.find_most_shared()) is not None:
        found = [(sign, _without(factors, common)) for sign, factors in shares.take(common)]
        sign = 1 if any(s > 0 for s, _ in found) else -1
        shares.put((sign, [common, _sum(_shared([(sign * s, factors) for s, factors in found]))]))
    return shares.left() if shares.first < 0 else terms


class _Shares:
    """The terms of a sum, from the latest made to the last, and at which places each of their factors stands."""

    def __init__(self, terms: list[Term]) -> None:
        self.terms: dict[int, Term] = {}
        self.places: dict[Node, dict[int, int]] = {}  # factor -> the terms that have it, each with its place in there
        self.queue: list[tuple[int, int, int]] = []  # of each factor: −how many have it, the first of them, its place
        self.first = 0
        for number, term in enumerate(terms):
            self.add(number, term)
        for factor in self.places:
            self.rank(factor)

    def add(self, number: int, term: Term) -> None:
        """Take in a term."""
        self.terms[number] = term
        for place, factor in enumerate(_sharable(term[1])):
            self.places.setdefault(factor, {})[number] = place

    def rank(self, factor: Node) -> None:
        """Queue a factor, if several terms have it, by how many they are now."""
        places = self.places[factor]
        if len(places) > 1:
            first = min(places)
            heappush(self.queue, (-len(places), first, places[first]))

    def find_most_shared(self) -> Node | None:
        """Give the factor that most terms have, of several the one that stands first; None if all have their own."""
        while self.queue:
            most, first, place = heappop(self.queue)
            if first in self.terms:
                factor = tuple(_sharable(self.terms[first][1]))[place]
                if len(self.places[factor]) == -most and min(self.places[factor]) == first:
                    return factor  # else others have been taken since it was queued, and it was queued anew
        return None

    def take(self, common: Node) -> list[Term]:
        """Take out the terms that have a factor, in their order."""
        taken = [(number, self.terms.pop(number)) for number in sorted(self.places[common])]
        touched: dict[Node, None] = {}
        for number, (_, factors) in taken:
            for factor in _sharable(factors):
                del self.places[factor][number]
                touched[factor] = None
        for factor in touched:
            self.rank(factor)
        return [term for _, term in taken]

    def put(self, term: Term) -> None:
        """Put a term before all others."""
        self.first -= 1
        self.add(self.first, term)
        for factor in _sharable(term[1]):
            self.rank(factor)

    def left(self) -> list[Term]:
        """Give the terms, in their order."""
        return [self.terms[number] for number in sorted(self.terms)]


def _without(factors: list[Any], common: Node) -> list[Any]:
    place = next(i for i, x in enumerate(factors) if x is common)
    return factors[:place] + factors[place + 1 :]


def _sharable(factors: list[Any]) -> dict[Node, None]:
    """Give the factors that a term has beside others, but for known numbers, in their order."""
    if not 1 < len(factors) <= MOST:
        return {}
    return dict.fromkeys(x for x in factors if isinstance(x, Node) and (x.shape or x.value is None))


def _sum(terms: list[Term]) -> Any:
    """Write terms as a sum, a positive one first if there is one."""
    ups, downs = ([_product(factors) for s, factors in terms if s == sign] for sign in (1, -1))
    return reduce(lambda total, x: total - x, downs, reduce(plus, ups)) if ups else -reduce(plus, downs)


def _product(factors: list[Any]) -> Any:
    """Write factors as a product, the smaller ones first: a number times a row is no work beside an array."""
    return reduce(mul, sorted(factors, key=lambda x: x.size if isinstance(x, Node) else 0))
