"""Maximal elementwise regions as sums of products: distribute, cancel, and only then open what is left.

A region is made of +, −, ⊙, /, sign and whole powers; what it stands on, its atoms, are all other Nodes. A sum that is
a factor, such as (1 − y), is a single factor like an atom, until opening it is known to pay: opened at once, y(1 − y)
could no longer cancel 1/(1 − y).
"""

from __future__ import annotations

from collections.abc import Iterable
from math import prod
from typing import Any

import numpy as np

from minigrad.algebra.numbers import is_in_range
from minigrad.algebra.region import Regions, is_arithmetic, measure_region, outline_region, whole_power
from minigrad.algebra.rewrite import Change, Log, constant_like
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import add, divide, multiply, negative, subtract
from minigrad.ops.shaping import broadcast_to

Factors = dict[Node, int]  # factor -> power, in order of appearance
Term = tuple[float, Factors]  # coefficient, factors

_FLOAT = np.dtype(np.float64)
_EXACT = 2**53  # below it a float that is whole is an integer to the last digit
_SUMS = (add, subtract)
_MOST_POWER = 3  # in which a product is opened: factors of 1e±100 (in float32 1e±12) stay in range
_MOST_TERMS = 32  # of a sum of products worth looking at
MOST_OPERATIONS = 128  # of a region worth it: the regions of a long chain reach into each other, to the chain's end


def shorten_polynomial(root: Node, log: Log | None = None, regions: Regions | None = None) -> Any:
    """Give an expression equal to a region's root with strictly fewer operations, or the root itself.

    ``regions`` is what is known of others.
    """
    regions = regions or Regions()
    if regions.measure_depth(root) > MOST_OPERATIONS:
        return root
    best, least = root, measure_region(root, MOST_OPERATIONS + 1)
    if least > MOST_OPERATIONS or (outline := outline_region(root)) in regions.shortest:
        return root
    try:
        products = _canceled(_terms(root))
        canceled, opened = _collected(products), _collected(_opened(products))
    except OverflowError:
        return root
    for candidate in (canceled, opened):
        if len(candidate) > _MOST_TERMS or _least_size(candidate) >= least:
            continue
        if not all(is_in_range(c, root.dtype) for c, _ in candidate):
            continue
        expression = _written(candidate)
        if not root.size and isinstance(expression, Node) and expression.size:
            continue  # what nobody asks for, and which might warn
        expression = _shaped(expression, root)
        length = measure_region(expression) + (candidate is opened and root.op == negative)  # −(a + b) stays that
        if length < least and (not isinstance(expression, Node) or expression.dtype == root.dtype):
            best, least = expression, length
    if best is root:
        regions.shortest.add(outline)
    elif log is not None:
        half = _shaped(_written(canceled), root)
        half = half if getattr(half, "dtype", None) == root.dtype and len(canceled) <= _MOST_TERMS else root
        log += [Change(x, y, shorten_polynomial) for x, y in ((root, half), (half, best)) if x is not y]
    return best


def _least_size(terms: list[Term]) -> int:
    """Say below how many operations a sum of products cannot be written: most need not be, to see that they are long.

    One addition less than there are terms, and an operation for each that is more than a factor.
    """
    products = [
        factors
        for coefficient, factors in terms
        if any(x.dtype.kind in "fc" for x in factors) and (abs(coefficient), *factors.values()) != (1, 1)
    ]
    return len(terms) - 1 + len(products)


def _terms(expression: Any) -> list[Term]:
    """Split an expression at its outermost + and −, and each part into its factors."""
    terms: list[Term] = []
    stack: list[tuple[float, Any]] = [(1.0, expression)]
    while stack:
        sign, node = stack.pop()
        if is_arithmetic(node) and node.op in _SUMS:
            a, b = node.inputs
            stack.append((-sign if node.op == subtract else sign, b))
            stack.append((sign, a))
        elif is_arithmetic(node) and node.op == negative:
            stack.append((-sign, node.inputs[0]))
        else:
            coefficient, factors = _factors(node)
            terms.append((sign * coefficient, factors))
    return terms


def _factors(expression: Any) -> Term:
    """Split a product into its coefficient and the powers of its factors, sums among them kept whole."""
    coefficient = 1.0
    factors: Factors = {}
    stack: list[tuple[int, Any]] = [(1, expression)]
    while stack:
        power, node = stack.pop()
        number = _number(node)
        if number is not None:
            if number == 0 and power < 0:
                return 1.0, {expression: 1}  # a division by zero stays as it is
            coefficient = _multiplied(coefficient, _raised(number, power))
        elif not is_arithmetic(node):
            factors[node] = factors.get(node, 0) + power
        elif node.op == multiply:
            stack += [(power, node.inputs[1]), (power, node.inputs[0])]
        elif node.op == divide:
            stack += [(-power, node.inputs[1]), (power, node.inputs[0])]
        elif node.op == negative:
            coefficient *= (-1.0) ** power
            stack.append((power, node.inputs[0]))
        elif (n := whole_power(node)) is not None and not _overflows(node.inputs[0], power * n):
            stack.append((power * n, node.inputs[0]))
        else:
            sign, node = _oriented(node)
            coefficient *= float(sign) ** power
            factors[node] = factors.get(node, 0) + power
    return coefficient, {node: power for node, power in factors.items() if power}


def _overflows(base: Node, power: int) -> bool:
    """Say whether factors of a power could overflow that it does not itself: (x m)²⁰⁰ is 0 for m = 0, and x²⁰⁰ is ∞."""
    return base.op in (multiply, divide) and abs(power) > _MOST_POWER


def _oriented(node: Node) -> tuple[int, Node]:
    """Give a difference as ±(a − b), one way round for both a − b and b − a, so that 1 − y cancels against y − 1."""
    if node.op != subtract or not is_arithmetic(node):
        return 1, node
    a, b = node.inputs
    straight = isinstance(b, Node) and (not isinstance(a, Node) or a.serial < b.serial)
    turned = None if straight else b - a
    return (-1, turned) if isinstance(turned, Node) else (1, node)  # x − x turned is the number 0


def _number(x: Any) -> float | None:
    """Give the number that an expression is, if it is one."""
    if not isinstance(x, Node):
        return float(x)
    return float(x.value) if x.value is not None and not x.shape and x.dtype.kind != "c" else None


def _times(a: Term, b: Term) -> Term:
    factors = dict(a[1])
    for node, power in b[1].items():
        factors[node] = factors.get(node, 0) + power
    return _multiplied(a[0], b[0]), {node: power for node, power in factors.items() if power}


def _multiplied(a: float, b: float) -> float:
    """Give a b; raise ``OverflowError``, as Python's powers do, where floats have no such number but ∞ or 0."""
    if 0 in (a, b) or is_in_range(a * b, _FLOAT):
        return a * b
    raise OverflowError(f"{a} · {b}")


def _raised(a: float, n: int) -> float:
    """Give aⁿ; raise ``OverflowError`` where that is too large or too small."""
    power = a**n
    if power or not a:
        return power
    raise OverflowError(f"{a} to the {n}")


def _distributed(term: Term, total: Node) -> list[Term]:
    """Multiply out one sum that is a factor of a term, once."""
    rest = (term[0], {node: power - (node is total) for node, power in term[1].items()})
    rest = (rest[0], {node: power for node, power in rest[1].items() if power})
    return [_times(rest, part) for part in _terms(total)]


def _canceled(terms: Iterable[Term]) -> list[Term]:
    """Multiply out those sums in whose terms a denominator cancels against the rest of the product."""
    done: list[Term] = []
    waiting = list(terms)[::-1]
    while waiting and len(done) + len(waiting) <= _MOST_TERMS:
        term = waiting.pop()
        total = next((node for node in _sums(term) if _cancels(term[1], node)), None)
        if total is None:
            done.append(term)
        else:
            waiting.extend(_distributed(term, total)[::-1])
    return done + waiting[::-1]


def _cancels(factors: Factors, total: Node) -> bool:
    return any(
        power < 0 and factors.get(node, 0) > (node is total)
        for _, part in _terms(total)
        for node, power in part.items()
    )


def _opened(terms: Iterable[Term]) -> list[Term]:
    """Multiply out every sum, but no product of two: (a − b) (a + b) is small where of a² − b² rounding is left."""
    done: list[Term] = []
    waiting = list(terms)[::-1]
    while waiting and len(done) + len(waiting) <= _MOST_TERMS:
        term = waiting.pop()
        sums = _sums(term)
        total = sums[0] if len(sums) == 1 and term[1][sums[0]] == 1 else None
        if total is None:
            done.append(term)
        else:
            waiting.extend(_distributed(term, total)[::-1])
    return done + waiting[::-1]


def _sums(term: Term) -> list[Node]:
    return [node for node, power in term[1].items() if power > 0 and node.op in _SUMS and is_arithmetic(node)]


def _collected(terms: Iterable[Term]) -> list[Term]:
    """Add up the terms that have the same factors."""
    total: dict[frozenset[tuple[Node, int]], Term] = {}
    for coefficient, factors in terms:
        key = frozenset(factors.items())
        before = total.get(key, (0.0, factors))
        total[key] = (before[0] + coefficient, before[1])
    return [term for term in total.values() if term[0]]


def _written(terms: list[Term]) -> Any:
    """Write a sum of products, a positive term first if there is one."""
    if not terms:
        return 0.0
    ordered = sorted(terms, key=lambda term: term[0] < 0)
    expression = _product(ordered[0])
    for coefficient, factors in ordered[1:]:
        part = _product((abs(coefficient), factors))
        expression = expression + part if coefficient > 0 else expression - part
    return expression


def _product(term: Term) -> Any:
    coefficient, factors = term
    odd = (node for node, power in factors.items() if node.op == subtract and power % 2)
    turned = next(filter(is_arithmetic, odd), None)
    if coefficient < 0 and turned is not None:  # −(a − b) x = (b − a) x
        a, b = turned.inputs
        return _product((-coefficient, {b - a if node is turned else node: power for node, power in factors.items()}))
    above = [x for node, power in factors.items() for x in _power(node, power)]
    below = [x for node, power in factors.items() for x in _power(node, -power)]
    above.sort(key=_is_integer)  # which would wrap, one by another; after a float they do not
    size = int(coefficient) if abs(coefficient) < _EXACT and float(coefficient).is_integer() else coefficient
    if abs(size) != 1 or not above or (_is_integer(above[-1]) and not any(x.dtype.kind in "fc" for x in above)):
        above.insert(0, float(abs(size)) if above and _is_integer(above[-1]) else abs(size))
    expression = prod(above[1:], start=above[0])
    for node in below:
        expression = expression / node
    if isinstance(expression, Node) and expression.dtype.kind == "b":
        expression = 1.0 * expression  # truth values add up as numbers here, and NumPy has no sign for them
    return -expression if coefficient < 0 else expression


def _power(node: Node, power: int) -> list[Any]:
    """Give the factors that a power is written as: of integers, which it would make wrap, each one, and mⁿ = m."""
    if power < 1:
        return []
    if node.dtype.kind == "b":
        return [node]
    if power == 1 or _is_integer(node):
        return [node] * power
    return [node**power]


def _is_integer(x: Any) -> bool:
    return isinstance(x, Node) and x.dtype.kind in "iu"


def _shaped(expression: Any, like: Node) -> Any:
    """Broadcast to the shape of the original, where what was canceled was the larger operand."""
    if getattr(expression, "shape", ()) == like.shape:
        return expression
    return broadcast_to(expression if isinstance(expression, Node) else constant_like(expression, like), like.shape)
