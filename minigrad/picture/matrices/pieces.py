"""An equation -> what is drawn of it: matrices with their shapes, and the signs between them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np

from minigrad.engine.node import Node, order_nodes
from minigrad.notation.matrix import matrix_term, outer_product
from minigrad.notation.symbols import Symbol
from minigrad.notation.term import Term, needs_brackets, write_term
from minigrad.notation.writers.text import TEXT
from minigrad.ops.arithmetic import add, divide, multiply, negative, subtract
from minigrad.ops.base import Elementwise
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import Softmax, Sum
from minigrad.ops.shaping import BroadcastTo, Cast

_JOINED = (add, subtract, multiply, divide, matmul)


class Axis(NamedTuple):
    """An axis that runs through the equations: a number for its color, and its letter, if it has one."""

    number: int
    letter: str = ""


@dataclass(frozen=True)
class Sign:
    """What stands between matrices: +, ⊙, Σₙ, σ(."""

    text: str


@dataclass(frozen=True)
class Matrix:
    """A rectangle of rows × columns; ``stack`` is what comes before these two, ``spread`` in how many rows it is used.

    ``axes`` are those of its rows and columns. ``kind`` is data, parameter, value or gradient.
    """

    label: str
    rows: int
    columns: int
    kind: str = "value"
    axes: tuple[Axis | None, Axis | None] = (None, None)
    stack: tuple[int, ...] = ()
    spread: int = 1

    @property
    def size(self) -> str:
        """The shape as text: 4 × 3."""
        return " × ".join(map(str, (*self.stack, self.rows, self.columns)))


Piece = Sign | Matrix


@dataclass(frozen=True)
class Drawn:
    """An equation to be drawn: the matrix on the left, and what it is equal to."""

    left: Matrix
    right: tuple[Piece, ...]

    @property
    def text(self) -> str:
        """The equation as it reads."""
        return f"{self.left.label} = {read_pieces(self.right)}"


class Equation(NamedTuple):
    """The symbols that are equal to an expression of symbols, and that expression."""

    symbols: Sequence[Symbol]
    about: Node
    expression: Any


class Cutter:
    """Takes expressions apart at sums and products; whatever else there is, is one matrix with its formula above it."""

    def __init__(
        self,
        names: Mapping[Node, Symbol],
        axes: Callable[[Node], Sequence[Axis | None]],
        kind: Callable[[Node], str],
    ) -> None:
        self.names, self.axes, self.kind = names, axes, kind

    def cut(self, equation: Equation) -> Drawn:
        """Give an equation as pieces."""
        about, expression = equation.about, equation.expression
        standing = isinstance(expression, Node) and expression.op == matmul and np.ndim(expression.inputs[1]) == 1
        label = " = ".join(map(str, equation.symbols))
        left = self._matrix(about, label, "gradient" if label[0] in "δ∂" else "value", standing)
        return Drawn(left, tuple(self._pieces(expression, matrix_term(expression, self.names), "row")))

    def _pieces(self, x: Any, term: Term, standing: str) -> list[Piece]:
        """Give the pieces of an expression that is written as this Term; a vector ``standing`` as row or column."""
        if not isinstance(x, Node) or not x.ndim:
            return [Sign(write_term(term, TEXT))]
        if isinstance(x.op, BroadcastTo | Cast) and x not in self.names:
            return self._pieces(x.inputs[0], term, standing)
        parts = list(term.parts)
        if x in self.names or x.op is None or len(parts) != len(x.inputs):
            return [self._matrix(x, write_term(term, TEXT), self.kind(x), standing == "column")]
        if x.op in _JOINED and len(parts) == 2 and not _turns_second(term):
            return self._joined(x, term)
        if x.op == negative or (isinstance(x.op, Sum) and x.op.axis is not None and not needs(term, 0)):
            return _signed(term.template.split("{")[0].strip(), self._part(x, term, 0, standing))
        called = re.fullmatch(r"(\w+)\(\{\w\}\)", term.template)
        if called and isinstance(x.op, Elementwise | Softmax):
            inner = term.parts[parts[0]]
            return [Sign(f"{called[1]}("), *self._pieces(x.inputs[0], inner, standing), Sign(")")]
        return [self._matrix(x, write_term(term, TEXT), self._kind(x), standing == "column")]

    def _kind(self, x: Node) -> str:
        """Give the kind of all that an expression is made of, Wᵀ that of W; a value if they differ."""
        kinds = {self.kind(leaf) for leaf in order_nodes([x]) if leaf in self.names or leaf.op is None}
        return kinds.pop() if len(kinds) == 1 else "value"

    def _joined(self, x: Node, term: Term) -> list[Piece]:
        outer = outer_product(x)
        between = re.sub(r"\{\w\}", "", term.template).strip()
        a = self._part(x, term, 0, "row")
        b = self._part(x, term, 1, "column" if x.op == matmul else "row")
        if x.op != matmul and not outer:
            a, b = (_spread(pieces, x.shape) for pieces in (a, b))
        return [*a, *([Sign(between)] if between else []), *b]

    def _part(self, x: Node, term: Term, i: int, standing: str) -> list[Piece]:
        """Give an operand, as one matrix where it stands in brackets."""
        operand, part = x.inputs[i], term.parts[list(term.parts)[i]]
        if not needs(term, i):
            return self._pieces(operand, part, standing)
        written = f"({write_term(part, TEXT)})"
        if not isinstance(operand, Node) or not operand.ndim:
            return [Sign(written)]
        return [self._matrix(operand, written, self._kind(operand), standing == "column")]

    def _matrix(self, x: Node, label: str, kind: str, standing: bool = False) -> Matrix:
        shape, axes = tuple(x.shape), tuple(self.axes(x))
        if len(shape) == 1:
            shape, axes = ((*shape, 1), (*axes, None)) if standing else ((1, *shape), (None, *axes))
        return Matrix(label, shape[-2], shape[-1], kind, (axes[-2], axes[-1]), shape[:-2])


def _signed(sign: str, pieces: list[Piece]) -> list[Piece]:
    """Put a sign before pieces: −Σₖ is one."""
    first, *others = pieces
    return [Sign(sign + first.text), *others] if isinstance(first, Sign) else [Sign(sign), *pieces]


def needs(term: Term, i: int) -> bool:
    """Say whether an operand stands in brackets."""
    letter = list(term.parts)[i]
    return needs_brackets(term, letter, i, term.parts[letter])


def _turns_second(term: Term) -> bool:
    return not re.fullmatch(r"\{\w\}[^{}]*\{\w\}", term.template)


def _spread(pieces: list[Piece], shape: tuple[int, ...]) -> list[Piece]:
    """Say of a row that meets each of several rows in how many it is used."""
    row = pieces[0]
    if len(pieces) == 1 and isinstance(row, Matrix) and row.rows == 1 and len(shape) > 1 and shape[-2] > 1:
        return [replace(row, spread=shape[-2])]
    return pieces


def read_pieces(pieces: Sequence[Piece]) -> str:
    """Write pieces as the formula that they are."""
    words = [piece.label if isinstance(piece, Matrix) else piece.text for piece in pieces]
    return re.sub(r"\( | \)", lambda match: match[0].strip(), " ".join(words))
