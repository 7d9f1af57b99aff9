"""The way forward as lines: U₁ = X W₁ + b₁, Y₁ = σ(U₁), …, E."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne
from minigrad.derivation.equations import Range
from minigrad.derivation.reasons.steps import Steps
from minigrad.derivation.reasons.ways import Ways
from minigrad.derivation.remarks import FORWARD
from minigrad.engine.node import Node
from minigrad.notation.formula import text


@dataclass(frozen=True, eq=False)
class ForwardLine:
    """One formula of the forward pass, ``symbol = formula``; ``value`` is that of ``target``, a Node of the graph."""

    symbol: str
    formula: str
    value: Any
    target: Node
    atom: Node
    ways: Ways
    facts: tuple[SumsToOne, ...] = ()
    step: str = FORWARD
    supposing: None = None
    ranges: tuple[Range, ...] = ()
    lang: str = "en"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the value."""
        return tuple(np.shape(self.value))

    @property
    def names(self) -> list[str]:
        """The symbol, and the total input's where the output is that: Y₂ = U₂ = Y₁ W₂ + b₂."""
        total = self.ways.total.get(self.atom)
        return [self.symbol] if total is None else [self.symbol, self.ways.names[total]]

    def steps(self) -> Steps:
        """Give the way from what was computed to the formula, one equation a step, each with the rule that made it."""
        return Steps(self, self.ways.forward(self.atom), self.ways, self.lang)

    def check_steps(self) -> list[float]:
        """Give for each step how far its value is from the line's, as a share of scale."""
        return self.steps().check()

    def __str__(self) -> str:
        return " = ".join([*self.names, self.formula])


def forward_lines(ways: Ways, lang: str = "en") -> list[ForwardLine]:
    """Give a line for each value that has a symbol, in the order of evaluation, and for E."""
    names = ways.names
    return [
        ForwardLine(names[atom], text(formula, names), ways.values[atom], ways.target[atom], atom, ways, lang=lang)
        for atom, formula in ways.definitions.items()
    ]
