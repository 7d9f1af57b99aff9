"""The lines of a derivation as equations of Terms, in matrix notation or by indices."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, NamedTuple, Protocol

from minigrad.algebra.graph import Graph
from minigrad.derivation.wording import Said, say
from minigrad.engine.node import Node
from minigrad.notation.index.along import NoIndexForm
from minigrad.notation.index.letters import Lettering
from minigrad.notation.index.lookups import Tables
from minigrad.notation.matrix import matrix_term
from minigrad.notation.term import Term, symbol_term

NOTATIONS = ("matrix", "index", "text")


HERE = "…"  # where a range stands in its words
FOR, SUM_OVER = say("for {range}", range=HERE), say("Σ over {range}", range=HERE)


class Range(NamedTuple):
    """Which of many is spoken of: ``words`` for t = ``first`` to ``last``, up or down."""

    words: Said
    letter: str
    first: int
    last: int


class Derived(Protocol):
    """What is needed of a derivation's line."""

    @property
    def symbol(self) -> str: ...  # noqa: D102
    @property
    def of(self) -> str: ...  # noqa: D102
    @property
    def node(self) -> Any: ...  # noqa: D102
    @property
    def target(self) -> Any: ...  # noqa: D102
    @property
    def ranges(self) -> Sequence[Range]: ...  # noqa: D102
    @property
    def supposing(self) -> Any: ...  # noqa: D102


class Written(Protocol):
    """What a document is written from: lines, and for each the Terms that are equal, as ``Equations`` gives them."""

    @property
    def lines(self) -> Sequence[Any]: ...  # noqa: D102
    def all(self, notation: str) -> list[list[Term]]: ...  # noqa: D102


class Equations:
    """The equations of a derivation: for each line the Terms that are equal, ``δ₂``, ``∂E/∂U₂`` and ``Y₂ − T``.

    The last may be one that the line only supposes to be equal. ``inputs`` are in the order of a function's arguments,
    ``tables`` the letters of arrays, if other lines of the derivation have some.
    """

    def __init__(
        self,
        lines: Sequence[Derived],
        graph: Graph,
        symbols: Mapping[Node, str],
        inputs: Sequence[Node],
        tables: Tables | None = None,
    ) -> None:
        self.lines, self.graph, self.symbols, self.inputs = list(lines), graph, symbols, inputs
        self._tables = tables

    def all(self, notation: str) -> list[list[Term]]:
        """Give every line. Raises ``ValueError`` for a notation that there is not."""
        if notation not in NOTATIONS:
            raise ValueError(f"notation: there are {', '.join(map(repr, NOTATIONS))}, not {notation!r}")
        one = self._index if notation == "index" else self._matrix
        return [one(i) for i in range(len(self.lines))]

    def known(self, i: int) -> dict[Node, str]:
        """Give the symbols that line i may use: of values, and of the gradients of the lines before it."""
        later = {line.symbol for line in self.lines[i:]}
        return {node: name for node, name in self.symbols.items() if name not in later}

    def _matrix(self, i: int) -> list[Term]:
        line = self.lines[i]
        left = dict.fromkeys([line.symbol, f"∂E/∂{line.of}"])
        return [*map(symbol_term, left), *(matrix_term(node, self.known(i)) for node in _right(line))]

    def _index(self, i: int) -> list[Term]:
        """Write a line by its elements, or, where an operation in it has no index form, as a whole."""
        line = self.lines[i]
        if not isinstance(line.node, Node):
            return self._matrix(i)
        names = self._lettering
        at = names.labels(line.target)
        try:
            formulas = [names.element(node, at, self.known(i)) for node in _right(line)]
        except NoIndexForm:
            return self._matrix(i)
        left = dict.fromkeys([line.symbol, f"∂E/∂{line.of}"])
        return [
            *(symbol_term(names.name(name, formulas[0][1])) for name in left),
            *(formula for formula, _ in formulas),
        ]

    @cached_property
    def _lettering(self) -> Lettering:
        lines = [line for line in self.lines if isinstance(line.node, Node)]
        names = dict(self.symbols)
        for line in lines:
            names.setdefault(line.target, line.of)
            names.setdefault(line.node, line.symbol)
        gradients = {Node(shape=line.target.shape): f"∂E/∂{line.of}" for line in lines}
        own = {Node(shape=line.target.shape): line.symbol for line in lines}
        same = [(line.target, line.node) for line in lines]
        same += [(line.target, node) for line, node in zip(lines, gradients, strict=True)]
        same += [(line.target, node) for line, node in zip(lines, own, strict=True)]
        learned = {line.target for line in lines}
        return Lettering(self.graph.nodes, names | gradients | own, same, learned=learned, tables=self._tables)


def _right(line: Derived) -> list[Any]:
    """Give a line's formula, and the one that it supposes, if any."""
    return [line.node, *([line.supposing.node] if line.supposing else [])]
