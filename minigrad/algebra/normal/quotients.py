"""Quotients of polynomials: two that are equal have one key, if what is common to above and below is a monomial.

Powers may be negative or broken, as those of exp(u) are. The atoms are numbers here; ``atoms`` knows what of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from math import isfinite
from typing import Any, NamedTuple

Monomial = frozenset[tuple[int, float]]  # (atom, power), each atom once
Polynomial = dict[Monomial, float]  # monomial -> coefficient
Key = tuple[frozenset[tuple[Monomial, float]], frozenset[tuple[Monomial, float]]]

UNIT: Monomial = frozenset()
ONE: Polynomial = {UNIT: 1.0}
MOST_TERMS = 64  # of a polynomial worth looking at


class TooLarge(ArithmeticError):
    """A polynomial of more terms than are worth looking at, or with a coefficient that is not finite."""


class Quotient(NamedTuple):
    """What stands above the line, and below it."""

    above: Polynomial
    below: Polynomial

    @property
    def key(self) -> Key:
        """Give what compares and hashes by value."""
        return frozenset(self.above.items()), frozenset(self.below.items())

    @property
    def atoms(self) -> set[int]:
        """Give the atoms that are in it."""
        return {atom for part in self for m in part for atom, _ in m}


def of_number(c: float) -> Quotient:
    """Give a number as a quotient. Raises ``TooLarge`` for ∞ and NaN, which obey no algebra."""
    if not isfinite(c):
        raise TooLarge
    return Quotient({UNIT: float(c)} if c else {}, ONE)


def of_atom(atom: int, power: float = 1.0) -> Quotient:
    """Give a power of an atom as a quotient."""
    return Quotient({frozenset([(atom, power)]): 1.0}, ONE)


def of_key(key: Key) -> Quotient:
    """Give the quotient that has a key."""
    return Quotient(dict(key[0]), dict(key[1]))


def multiply(a: Quotient, b: Quotient, fold: Callable[[Monomial], Monomial] = lambda m: m) -> Quotient:
    """a b. ``fold`` gives a monomial in which an atom is its own square the shape that it is kept in."""
    return _settled(_times(a.above, b.above, fold), _times(a.below, b.below, fold))


def inverse(a: Quotient) -> Quotient:
    """1 / a; of 0 it is none."""
    if not a.above:
        raise TooLarge
    return _settled(a.below, a.above)


def add(a: Quotient, b: Quotient, fold: Callable[[Monomial], Monomial] = lambda m: m) -> Quotient:
    """a + b, over one denominator."""
    if a.below == b.below:
        return _settled(_plus(a.above, b.above), a.below)
    above = _plus(_times(a.above, b.below, fold), _times(b.above, a.below, fold))
    return _settled(above, _times(a.below, b.below, fold))


def scale(a: Quotient, c: float) -> Quotient:
    """Give c a, for a number c."""
    return Quotient({m: c * n for m, n in a.above.items()} if c else {}, a.below)


def rounded(a: Quotient) -> Quotient:
    """Give the same with coefficients of twelve digits: 1 / √2 and √½ differ in the sixteenth."""
    return Quotient(*({m: float(f"{c:.12g}") for m, c in part.items()} for part in a))


def is_rounding(difference: Quotient, *of: Quotient) -> bool:
    """Say whether a difference of quotients is nothing but what rounding leaves of their coefficients."""
    size = max((abs(c) for a in of for part in a for c in part.values()), default=0.0)
    return all(abs(c) <= 1e-13 * size for c in difference.above.values())


def with_value(a: Quotient, atom: int, value: int) -> Quotient:
    """Put 0 or 1 in the place of an atom. Raises ``TooLarge`` where that is divided by."""

    def put(part: Polynomial) -> Polynomial:
        left = ((m, c) for m, c in part.items() if value or atom not in dict(m))
        return reduce(_plus, ({frozenset(factor for factor in m if factor[0] != atom): c} for m, c in left), {})

    return _settled(put(a.above), put(a.below))


def over(a: Quotient, m: Monomial) -> Quotient:
    """Give a / m, for a monomial m."""
    inverted = to_power(m, -1.0)
    return Quotient({product_of(n, inverted): c for n, c in a.above.items()}, a.below)


def product_of(a: Monomial, b: Monomial) -> Monomial:
    """Give the product of two monomials."""
    powers = dict(a)
    for atom, power in b:
        powers[atom] = powers.get(atom, 0.0) + power
    return frozenset((atom, power) for atom, power in powers.items() if power)


def common(monomials: Iterable[Monomial]) -> Monomial:
    """Give what divides all of some monomials: each atom with its lowest power, which may be negative."""
    all_powers = [dict(m) for m in monomials]
    atoms = dict.fromkeys(atom for powers in all_powers for atom in powers)
    lowest = {atom: min(powers.get(atom, 0.0) for powers in all_powers) for atom in atoms}
    return frozenset((atom, power) for atom, power in lowest.items() if power)


def to_power(a: Monomial, n: float) -> Monomial:
    """Give the nth power of a monomial."""
    return frozenset((atom, n * power) for atom, power in a)


def _plus(a: Polynomial, b: Polynomial) -> Polynomial:
    total = dict(a)
    for m, c in b.items():
        total[m] = total.get(m, 0.0) + c
    return {m: c for m, c in total.items() if c}


def _times(a: Polynomial, b: Polynomial, fold: Callable[[Monomial], Monomial]) -> Polynomial:
    if len(a) * len(b) > MOST_TERMS:
        raise TooLarge
    parts: Iterable[Polynomial] = ({fold(product_of(m, n)): c * d} for m, c in a.items() for n, d in b.items())
    return reduce(_plus, parts, {})


def _settled(above: Polynomial, below: Polynomial) -> Quotient:
    """Divide both by what is common to all terms below, and by the first coefficient there."""
    if not below or not all(map(isfinite, (*above.values(), *below.values()))):
        raise TooLarge
    shared = to_power(common(below), -1.0)
    first = below[min(below, key=rank)]
    above, below = ({product_of(m, shared): c / first for m, c in part.items()} for part in (above, below))
    if above.keys() == below.keys() and len(below) > 1:  # c a / a = c
        ratios = {above[m] / c for m, c in below.items()}
        if len(ratios) == 1:
            return of_number(ratios.pop())
    return Quotient(above, below)


def rank(m: Monomial) -> Any:
    """Give what monomials are sorted by."""
    return sorted(m)
