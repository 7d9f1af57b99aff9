"""The lines of a folded derivation as equations of Terms: each with names of its own, and sums over t."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

from minigrad.algebra.graph import Graph
from minigrad.derivation.equations import Equations
from minigrad.engine.node import Node, order_nodes
from minigrad.notation.index.along import NoIndexForm
from minigrad.notation.index.letters import Lettering
from minigrad.notation.matrix import matrix_term
from minigrad.notation.symbols import Symbol
from minigrad.notation.term import Term, add_terms, sum_term, symbol_term


class Summed(Protocol):
    """What is needed of a summand."""

    @property
    def node(self) -> Any: ...  # noqa: D102
    @property
    def names(self) -> Mapping[Node, Symbol]: ...  # noqa: D102
    @property
    def over(self) -> str: ...  # noqa: D102


def matrix_sum(parts: Sequence[Summed]) -> Term:
    """Give the Term of a sum of parts in matrix notation: Σₜ Hₜ₋₁ᵀ δₜ + λ W."""
    return add_terms([sum_term(matrix_term(part.node, part.names), part.over) for part in parts])


class FoldedEquations(Equations):
    """The equations of a folded derivation; ``same`` are pairs of Nodes whose axes are the same."""

    def __init__(
        self, lines: Sequence[Any], graph: Graph, symbols: Mapping[Node, str], same: Sequence[tuple[Node, Node]]
    ) -> None:
        super().__init__(lines, graph, symbols, ())
        self.same = same

    def _matrix(self, i: int) -> list[Term]:
        line: Any = self.lines[i]
        return [*map(symbol_term, line.left), matrix_sum(line.parts)]

    def _index(self, i: int) -> list[Term]:
        """Write a line by its elements, or, where an operation in it has no index form, as a whole."""
        line: Any = self.lines[i]
        names = self._lettering
        at = names.labels(line.target)
        terms = []
        labels = at
        try:
            for part in line.parts:
                (term,), labels = names.elements([part.node], at, part.names)
                terms.append(sum_term(term, part.over))
        except NoIndexForm:
            return self._matrix(i)
        return [*(symbol_term(names.name(name, labels)) for name in line.left), add_terms(terms)]

    @cached_property
    def _lettering(self) -> Lettering:
        lines: Any = self.lines
        names: dict[Node, Symbol] = {}
        same: list[tuple[Node, Node]] = []
        learned = set()
        for line in lines:
            learned.update(line.targets)
            for part in line.parts:
                names |= part.names
            for name in line.left:
                names[Node(shape=line.target.shape)] = name
                same.append((line.target, list(names)[-1]))
            same += [(line.target, part.node) for part in line.parts if isinstance(part.node, Node)]
        inside = order_nodes([part.node for line in lines for part in line.parts])
        return Lettering(self.graph.nodes, names, [*same, *self.same], inside, learned, self._tables)
