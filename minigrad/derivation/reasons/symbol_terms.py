"""Expressions of symbols as Terms: the forward formulas, the general forms and the steps, in each notation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import Any

from minigrad.algebra.rewrite import substitute_nodes
from minigrad.derivation.reasons.ways import Ways
from minigrad.engine.node import Node, order_nodes
from minigrad.notation.index.along import NoIndexForm
from minigrad.notation.index.letters import Lettering
from minigrad.notation.matrix import matrix_term
from minigrad.notation.term import Term, symbol_term
from minigrad.ops.linalg import matmul

NOTATIONS = ("matrix", "index", "text")


class SymbolTerms:
    """Writes what is equal; ``expressions`` are all that will be written, so that their indices have letters."""

    def __init__(self, ways: Ways, expressions: Iterable[Any]) -> None:
        self.ways, self._expressions = ways, list(expressions)

    def equal(self, names: Sequence[str], about: Node, expressions: Sequence[Any], notation: str) -> list[Term]:
        """Give names of what stands for a Node of the graph, and then expressions of it, as Terms.

        By indices, where each of them has such a form, and else as a whole. Raises ``ValueError`` for a notation that
        there is not.
        """
        if notation not in NOTATIONS:
            raise ValueError(f"notation: there are {', '.join(map(repr, NOTATIONS))}, not {notation!r}")
        if notation == "index":
            try:
                return self._by_index(names, about, expressions)
            except NoIndexForm:
                pass
        return [*map(symbol_term, names), *(matrix_term(x, self.ways.names) for x in expressions)]

    def equation(self, a: Any, b: Any, notation: str) -> list[Term]:
        """Give a symbol and the expression that it stands for, or both sides of a law."""
        if a in self.ways.names:
            return self.equal([self.ways.names[a]], self.ways.target[a], [b], notation)
        return self.equal([], a, [a, b], notation)

    def _by_index(self, names: Sequence[str], about: Node, expressions: Sequence[Any]) -> list[Term]:
        written = substitute_nodes(expressions, self._sums)
        terms, labels = self._letters.elements(written, self._letters.labels(about), self.ways.names)
        loss = about is self.ways.plan.graph.outputs[0]
        return [*(symbol_term(x if loss else self._letters.name(x, labels)) for x in names), *terms]

    @cached_property
    def _sums(self) -> dict[Node, Any]:
        """The gradients without a letter of their own that are one Σ, which is written out: Σᵣ δᵣ wⱼᵣ."""
        pairs = ((g, self.ways.formula.get(x)) for x, g in self.ways.gradient.items())
        named = self.ways.names
        return {
            g: formula
            for g, formula in pairs
            if isinstance(formula, Node) and formula.op == matmul and named[g].startswith("∂E/∂")
        }

    @cached_property
    def _letters(self) -> Lettering:
        ways, plan = self.ways, self.ways.plan
        of = {x: f"∂E/∂{plan.called(x)}" for x in ways.gradient}
        also = {Node(shape=x.shape): (x, name) for x, name in of.items()}
        names = plan.symbols | ways.names | {node: name for node, (_, name) in also.items()}
        same = [(x, node) for node, x in ways.target.items()] + [(x, node) for node, (x, _) in also.items()]
        same += [(x, definition) for y, definition in ways.definitions.items() if (x := ways.target[y]).shape]
        same += [(x, formula) for x, formula in ways.formula.items() if isinstance(formula, Node)]
        same = [(x, y) for x, y in same if isinstance(y, Node)]
        inside = order_nodes([*self._expressions, *substitute_nodes(self._expressions, self._sums)])
        return Lettering(plan.graph.nodes, names, same, inside, plan.wanted, self.ways.tables)
