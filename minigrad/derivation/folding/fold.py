"""From the formulas of a graph that repeats to lines: what each is called there, and its values for every t."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne
from minigrad.algebra.graph import evaluate
from minigrad.algebra.rewrite import substitute_nodes
from minigrad.derivation.cut import Cut
from minigrad.derivation.folding.definitions import find_definitions
from minigrad.derivation.folding.folded import FoldedDerivation, FoldedLine, Summand
from minigrad.derivation.folding.folded_equations import matrix_sum
from minigrad.derivation.folding.recurrence import Formula, Part, Recurrence
from minigrad.derivation.lines import Derivation
from minigrad.derivation.reasons.ways import Ways
from minigrad.derivation.remarks import FORWARD, say_step
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor
from minigrad.notation.symbols import Symbol
from minigrad.notation.term import write_term
from minigrad.notation.writers.text import TEXT
from minigrad.ops.shaping import Stack
from minigrad.structure.plan import Plan
from minigrad.structure.rows import IndexedNames, Indexing, Origin


def fold_derivation(
    plan: Plan, indexing: Indexing, given: Sequence[SumsToOne], loss: Tensor, nodes: Mapping[Tensor, Any],
    unfold: Callable[[], Derivation], ways: Callable[[], Ways],
) -> FoldedDerivation:  # fmt: skip
    """Write a derivation in which what repeats is one line for all t; ``ways`` has the steps to each of those lines."""
    constants = {x for x in indexing.place if x.op is None and x.value is not None}
    cut = Cut(plan.graph, plan.symbols, constants)
    return _Writer(plan, cut, indexing, given, ways).derivation(loss, nodes, unfold)


class _Writer:
    """Formulas by symbols -> lines, each with the names of what is in it and its values."""

    def __init__(
        self, plan: Plan, cut: Cut, indexing: Indexing, given: Sequence[SumsToOne], ways: Callable[[], Ways]
    ) -> None:
        self.plan, self.cut, self.indexing, self.ways = plan, cut, indexing, ways
        self.names = IndexedNames(plan.reading, indexing)
        self.recurrence = Recurrence(plan, cut, indexing, given)
        self.same = self.recurrence.same
        self.known = {x: x.value for x in plan.graph.nodes if x.value is not None} | cut.values()

    def derivation(
        self, loss: Tensor, nodes: Mapping[Tensor, Any], unfold: Callable[[], Derivation]
    ) -> FoldedDerivation:
        formulas = self.recurrence.formulas()
        self._evaluate(formulas)
        lines = [self._line(formula) for formula in formulas]
        ahead = [self._forward_line(formula) for formula in find_definitions(self.recurrence)]
        same = [*self.same.gradients.items(), *((part, x) for part, (_, x) in self.same.parts.items())]
        return FoldedDerivation(lines, ahead, self.plan, self.cut, loss, nodes, same, unfold)

    def _evaluate(self, formulas: Sequence[Formula]) -> None:
        """Compute the gradients that formulas are for, one t after the other, as each needs those after it."""
        of = {x: (formula, shift) for formula in formulas for x, shift in self._instances(formula)}
        leaves = {id(part): self.same.leaves(part.node) for formula in formulas for part in formula.parts}
        for x in self.recurrence.targets:
            if x in of:
                formula, shift = of[x]
                value: Any = 0.0
                for part in formula.parts:
                    for i in self.recurrence.shifts(part) if part.indices else [shift]:
                        known = {leaf: self.known[self.same.move(leaf, i)] for leaf in leaves[id(part)]}
                        value = value + evaluate([part.node], known)[0]
                self.known[self.recurrence.gradient[x]] = np.broadcast_to(value, x.shape)
                for i, y in enumerate(x.inputs if x in self.indexing.joined else ()):
                    if (x, y) in self.same.part:
                        self.known[self.same.part[x, y]] = np.take(np.broadcast_to(value, x.shape), i, _axis(x))

    def _instances(self, formula: Formula) -> list[tuple[Node, int]]:
        return list(zip(self.recurrence.members(formula), self.recurrence.shifts(formula), strict=True))

    def _line(self, formula: Formula) -> FoldedLine:
        """Give the line of a gradient, δₜ = ∂E/∂Uₜ = …"""
        x, origin = formula.target, formula.origin
        left = tuple(dict.fromkeys([self.names.gradient(x, origin), self.names.gradient(x, origin, own=False)]))
        values = [self.known[self.recurrence.gradient[y]] for y in self.recurrence.members(formula)]
        names = {y: self.names.value(y, origin) for y in self.plan.symbols}
        return self._any_line(formula, left, values, say_step(self.plan, x, names))

    def _forward_line(self, formula: Formula) -> FoldedLine:
        """Give the line of a value, Hₜ = …, or of E."""
        x, origin = formula.target, formula.origin
        if x is self.plan.graph.outputs[0]:
            (value,) = evaluate([self.cut.output], self.known)
            return self._any_line(formula, ("E",), [value], FORWARD)
        total = self.indexing.name(x, origin, "total") or self.plan.reading.totals.get(x)
        left = (self.names.value(x, origin), *([] if total is None else [total]))
        if x.op is None:  # C₀ = H₀ = 0: one constant may begin several rows
            left = self.indexing.starts(x)
        values = [self.known[self.cut.atom[y]] for y in self.recurrence.members(formula)]
        return self._any_line(formula, left, values, FORWARD)

    def _any_line(self, formula: Formula, left: tuple[Symbol, ...], values: Sequence[Any], step: str) -> FoldedLine:
        parts = tuple(self._summand(part, formula.origin) for part in formula.parts)
        facts = tuple(SumsToOne(self._fact_name(fact, formula), fact.axis) for fact in formula.facts)
        return FoldedLine(
            str(left[0]), str(left[-1]).removeprefix("∂E/∂"), write_term(matrix_sum(parts), TEXT), parts[0].node,
            np.stack(values) if formula.indices else values[0], facts, step, formula.target, parts=parts, left=left,
            letter=formula.origin[0] if formula.origin else "", indices=formula.indices,
            sums=self._partial_sums(formula), targets=tuple(self.recurrence.members(formula)), whole=self.ways,
        )  # fmt: skip

    def _summand(self, part: Part, origin: Origin | None) -> Summand:
        """Give a part by the graph's own Nodes and the gradients, with the names of both."""
        origin = part.origin if part.indices else origin
        leaves = self.same.leaves(part.node)
        becomes = {leaf: self.same.values[leaf] for leaf in leaves if leaf in self.same.values}
        (node,) = substitute_nodes([part.node], becomes)
        names: dict[Node, Symbol] = {x: self.names.value(x, origin) for x in becomes.values()}
        names |= {g: self.names.gradient(self.same.gradients[g], origin) for g in leaves if g in self.same.gradients}
        names |= {g: self.names.part(*self.same.parts[g], origin) for g in leaves if g in self.same.parts}
        return Summand(node, names, part.origin[0] if part.indices and part.origin else "")

    def _fact_name(self, fact: SumsToOne, formula: Formula) -> str:
        """Call what a fact is about as the line does."""
        for leaf in (x for part in formula.parts for x in self.same.leaves(part.node)):
            if leaf.name == fact.name and leaf in self.same.values:
                return str(self.names.value(self.same.values[leaf], formula.origin))
        return fact.name

    def _partial_sums(self, formula: Formula) -> tuple[tuple[str, int, int], ...]:
        """Give the sums over fewer than all that a row has."""
        found = []
        for part in formula.parts:
            if part.origin and part.indices:
                rows = [row for row in self.indexing.rows if row.letter == part.origin[0] and row.delta]
                every = {row.first + i for row in rows for i in range(len(row.nodes))}
                if not every <= set(part.indices):
                    found.append((part.origin[0], part.indices[0], part.indices[-1]))
        return tuple(found)


def _axis(joined: Node) -> int:
    """Give the axis that a stack has besides those of what is in it."""
    assert isinstance(joined.op, Stack)
    return joined.op.axis
