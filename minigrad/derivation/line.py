"""Line: one line of a derivation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.algebra.facts import SumsToOne
from minigrad.derivation.equations import Range
from minigrad.derivation.reasons.steps import Steps
from minigrad.derivation.reasons.ways import Ways
from minigrad.derivation.remarks import Supposing, write_facts
from minigrad.derivation.wording import in_language
from minigrad.notebook.safety import text_or_reason


@dataclass(frozen=True, eq=False, repr=False)
class Line:
    """One line of a derivation, ``symbol = ∂E/∂of = formula``.

    ``symbol`` is ∂E/∂of itself where the gradient has no symbol of its own. ``node`` is the formula as an expression
    of the graph's inputs (or a number), ``value`` what it is, in the shape of ``target``, the Node that E is
    differentiated by. ``facts`` are those that the formula needs, ``step`` says by which step it came; ``supposing``
    is the formula that it would have by facts that nobody declared. ``lang`` is the language of what is said beside it.
    """

    symbol: str
    of: str
    formula: str
    node: Any
    value: Any
    facts: tuple[SumsToOne, ...] = ()
    step: str = ""
    target: Any = None
    supposing: Supposing | None = None
    ways: Ways | None = None
    lang: str = "en"

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the gradient, which is that of what it belongs to."""
        return tuple(np.shape(self.value))

    @property
    def ranges(self) -> tuple[Range, ...]:
        """Which of many the line is for; nothing of a line for one alone."""
        return ()

    @property
    def names(self) -> list[str]:
        """The symbol, and ∂E/∂of where that is another."""
        return list(dict.fromkeys([self.symbol, f"∂E/∂{self.of}"]))

    def steps(self) -> Steps:
        """Give the way from the chain rule to the formula, one equation a step, each with the rule that made it.

        >>> from minigrad import Tensor, derive
        >>> x = Tensor([1.0, 2.0], requires_grad=True, name="x")
        >>> print(derive((x * x).sum())[0].steps())
        ∂E/∂x = 2 x    E = Σ x²
        """
        if self.ways is None:
            raise ValueError(f"steps: how {self.symbol} came is not known; only the lines that derive wrote know it")
        return Steps(self, self.ways.steps(self.target), self.ways, self.lang)

    def check_steps(self) -> list[float]:
        """Give for each step how far its value is from the line's, as a share of scale."""
        return self.steps().check()

    def __str__(self) -> str:
        gradient = f"∂E/∂{self.of}"
        middle = "" if self.symbol == gradient else f" = {gradient}"
        reason = f"    ({write_facts(self.facts, lang=self.lang)})" if self.facts else ""
        supposed = in_language(self.supposing.reason, self.lang) if self.supposing else ""
        shorter = f" = {self.supposing.formula} {supposed}" if self.supposing else ""
        return f"{self.symbol}{middle} = {self.formula}{reason}{shorter}"

    @text_or_reason
    def __repr__(self) -> str:
        return str(self)
