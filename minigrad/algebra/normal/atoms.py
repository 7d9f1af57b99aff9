"""Atoms: what the polynomials of a normal form are made of, each one number, with what it is of and its shape.

Axes are counted from the last, −1, as broadcasting aligns them; an atom without some in front has length 1 there.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minigrad.algebra.normal.quotients import ONE, Key, Monomial, Polynomial, Quotient, of_atom, of_key
from minigrad.ops.base import Shape

Axes = tuple[int, ...]
_QUOTIENTS = ("log", "step", "exp of quotient", "root", "normal")  # kinds whose parts are a quotient's key


class Atoms:
    """The atoms of a graph's forms. ``keys`` are (kind, parts); ``kinds`` has those of an atom, all the way down."""

    def __init__(self) -> None:
        self._numbers: dict[Any, int] = {}
        self._keys: list[tuple[str, Any]] = []
        self._shapes: list[Shape] = []
        self._kinds: list[frozenset[str]] = []

    def number(self, kind: str, parts: Any, shape: Shape, inside: frozenset[str] = frozenset()) -> int:
        """Give the number of an atom; of equal ones the same."""
        key = (kind, parts)
        if key not in self._numbers:
            self._numbers[key] = len(self._keys)
            self._keys.append(key)
            self._shapes.append(shape)
            self._kinds.append(inside | {kind})
        return self._numbers[key]

    def made(self, kind: str, a: Quotient) -> Quotient:
        """Give an atom of a quotient, such as its logarithm, as a quotient."""
        return of_atom(self.number(kind, a.key, self.shape(a), self.kinds(a)))

    def exponential(self, m: Monomial) -> int:
        """Give the number of exp(m)."""
        a = Quotient({m: 1.0}, ONE)
        return self.number("exp", m, self.shape(a), self.kinds(a))

    def reduced(self, kind: str, a: Quotient, axes: Axes) -> Quotient:
        """Give a sum or an extreme over axes, which are kept with length 1."""
        shape = self.shape(a)
        kept = tuple(1 if i - len(shape) in axes else n for i, n in enumerate(shape))
        return of_atom(self.number(kind, (axes, a.key), kept, self.kinds(a)))

    def kind(self, atom: int) -> str:
        """Say what an atom is: "operand", "exp", "log", "sum", …"""
        return self._keys[atom][0]

    def parts(self, atom: int) -> Any:
        """Give what an atom is made of."""
        return self._keys[atom][1]

    def kinds(self, a: Quotient) -> frozenset[str]:
        """Say which kinds of atoms a quotient is made of, all the way down."""
        return frozenset().union(*(self._kinds[atom] for atom in a.atoms))

    def shape(self, a: Quotient) -> Shape:
        """Give the shape of a quotient of atoms."""
        return np.broadcast_shapes(*(self._shapes[atom] for atom in a.atoms))

    def varies(self, atom: int, axes: Axes) -> bool:
        """Say whether an atom is not the same all along some axes."""
        shape = self._shapes[atom]
        return any(-i <= len(shape) and shape[i] != 1 for i in axes)

    def is_positive(self, part: Polynomial) -> bool:
        """Say whether a polynomial is a sum of products of exponentials, and of sums over axes of such."""
        return all(c > 0 and all(self._is_positive(atom) for atom, _ in m) for m, c in part.items())

    def _is_positive(self, atom: int) -> bool:
        kind, parts = self._keys[atom]
        return kind == "exp" or (kind == "sum" and all(map(self.is_positive, of_key(parts[1]))))

    def fold(self, m: Monomial) -> Monomial:
        """[d > 0]ⁿ = [d > 0]."""
        steps = {atom for atom, power in m if power > 1 and self.kind(atom) == "step"}
        return frozenset((atom, 1.0 if atom in steps else power) for atom, power in m) if steps else m

    def without_axes(self, a: Quotient, axes: Axes, ndim: int) -> Quotient:
        """Remove axes of length 1 from what has ``ndim``; those in front make no difference to broadcasting."""
        return self._moved(a, "without", _behind(axes, ndim))

    def with_axes(self, a: Quotient, axes: Axes, ndim: int) -> Quotient:
        """Add axes of length 1, so that there are ``ndim``; likewise."""
        return self._moved(a, "with", _behind(axes, ndim))

    def _moved(self, a: Quotient, move: str, axes: Axes) -> Quotient:
        if not axes:
            return a
        return Quotient(*({self._moved_monomial(m, move, axes): c for m, c in part.items()} for part in a))

    def _moved_monomial(self, m: Monomial, move: str, axes: Axes) -> Monomial:
        return frozenset((self._moved_atom(atom, move, axes), power) for atom, power in m)

    def _moved_atom(self, atom: int, move: str, axes: Axes) -> int:
        """Move the axes of what an atom is made of; what was moved there and back is as it was."""
        (kind, parts), shape, kinds = self._keys[atom], self._shapes[atom], self._kinds[atom]
        if prod(shape) == 1 or all(-i > len(shape) for i in axes):
            return atom
        moved: Any
        if kind == "exp":
            moved = self._moved_monomial(parts, move, axes)
        elif kind in _QUOTIENTS:
            key: Key = self._moved(of_key(parts), move, axes).key
            moved = key
        elif kind == ("without" if move == "with" else "with") and parts[0] == axes:
            return int(parts[1])
        else:
            kind, moved = move, (axes, atom)
        return self.number(kind, moved, _moved_shape(shape, move, axes), kinds)


def _behind(axes: Axes, ndim: int) -> Axes:
    """Leave out the axes that stand in front of all others."""
    left = sorted(axes)
    while left and left[0] == -ndim:
        left, ndim = left[1:], ndim - 1
    return tuple(left)


def _moved_shape(shape: Shape, move: str, axes: Axes) -> Shape:
    if move == "without":
        return tuple(n for i, n in enumerate(shape) if i - len(shape) not in axes)
    parts = list(shape)
    for i in sorted(axes, reverse=True):
        if -i <= len(parts) + 1:
            parts.insert(len(parts) + 1 + i, 1)
    return tuple(parts)
