"""What is shown of a derivation: its lines, before them the forward formulas if asked for, and their general forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.derivation.equations import Equations
from minigrad.derivation.forward import ForwardLine
from minigrad.derivation.reasons.steps import StepRow
from minigrad.derivation.reasons.symbol_terms import SymbolTerms
from minigrad.derivation.reasons.ways import Ways
from minigrad.notation.term import Term


class Shown:
    """The equations of a derivation with what else was asked for; written as ``Equations`` are."""

    def __init__(self, equations: Equations, forward: Sequence[ForwardLine], ways: Ways, general: bool) -> None:
        self._equations, self._forward, self._ways = equations, list(forward), ways
        found = [(line.target, ways.general(line.target)) for line in equations.lines if general]
        self._general = {x: form for x, form in found if form is not None}
        formulas = [ways.formula[x] for x in self._general]
        definitions = [ways.definitions[line.atom] for line in forward]
        self._terms = SymbolTerms(ways, [*self._general.values(), *formulas, *definitions])

    @property
    def lines(self) -> list[Any]:
        """The forward lines that are shown, and those of the gradients."""
        return [*self._forward, *self._equations.lines]

    def all(self, notation: str) -> list[list[Term]]:
        """Give the Terms of every line that are equal. Raises ``ValueError`` for a notation that there is not."""
        formulas = self._ways.definitions
        forward = [self._terms.equal(x.names, x.target, [formulas[x.atom]], notation) for x in self._forward]
        pairs = zip(self._equations.lines, self._equations.all(notation), strict=True)
        return [*forward, *(self._with_general(line, terms, notation) for line, terms in pairs)]

    def _with_general(self, line: Any, terms: list[Term], notation: str) -> list[Term]:
        """Put the general form before the formula, δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ ∂Y₁/∂U₁ = …"""
        if line.target not in self._general:
            return terms
        both = [self._general[line.target], self._ways.formula[line.target]]
        written = self._terms.equal(line.names, line.target, both, notation)
        return [*written, *terms[len(written) - 1 :]]

    def steps(self, notation: str) -> list[list[StepRow]]:
        """Give the steps of every line."""
        ways = [line.steps() for line in self.lines]
        puts = [side for steps in ways for step in steps for pair in step.equations for side in pair]
        terms = SymbolTerms(self._ways, [*(step.expression for steps in ways for step in steps), *puts])
        return [steps.rows(notation, terms) for steps in ways]
