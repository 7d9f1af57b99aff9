"""How a line came, to be read: its steps in each notation and format, and the check of each against numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property, reduce
from typing import Any, NamedTuple, Protocol

import numpy as np

from minigrad.algebra.graph import evaluate
from minigrad.derivation.directions import draw_direction, find_reach, stays_symmetric, sum_along, to_double
from minigrad.derivation.reasons import step_documents
from minigrad.derivation.reasons.symbol_terms import SymbolTerms
from minigrad.derivation.reasons.ways import Step, Ways
from minigrad.derivation.wording import in_language, join_words, say
from minigrad.engine.node import Node, order_nodes
from minigrad.notation.chain import Chain
from minigrad.notation.term import Term, find_notes
from minigrad.notebook.safety import html_or_text, text_or_reason
from minigrad.ops.arithmetic import add


class Stepped(Protocol):
    """What is needed of a line to tell how it came."""

    @property
    def names(self) -> Sequence[str]: ...  # noqa: D102
    @property
    def value(self) -> Any: ...  # noqa: D102
    @property
    def target(self) -> Any: ...  # noqa: D102


class StepRow(NamedTuple):
    """One equation of Terms, and by which equations and words it came; only the first has something on the left."""

    left: list[Term]
    right: Term
    equations: list[list[Term]]
    words: str


class Steps(Sequence[Step]):
    """The steps to one line, each equal to it; the last is its formula. They print as one equation a step."""

    def __init__(self, line: Stepped, steps: Sequence[Step], ways: Ways, lang: str = "en") -> None:
        self.line, self._steps, self._ways, self.lang = line, tuple(steps), ways, lang

    def __getitem__(self, i: Any) -> Any:
        return self._steps[i]

    def __len__(self) -> int:
        return len(self._steps)

    def __str__(self) -> str:
        return self.to_text()

    @text_or_reason
    def __repr__(self) -> str:
        return str(self)

    @cached_property
    def _terms(self) -> SymbolTerms:
        puts = [side for step in self for equation in step.equations for side in equation]
        return SymbolTerms(self._ways, [*(step.expression for step in self), *puts])

    def rows(self, notation: str = "matrix", terms: SymbolTerms | None = None) -> list[StepRow]:
        """Give the steps as Terms. Raises ``ValueError`` for a notation that there is not; so do the formats."""
        terms = terms or self._terms
        names = self.line.names
        written = terms.equal(names, self.line.target, [step.expression for step in self], notation)
        left, rights = written[: len(names)], written[len(names) :]
        return [
            StepRow(
                [] if i else left,
                right,
                [terms.equation(*pair, notation) for pair in step.equations],
                in_language(reduce(join_words, map(say, find_notes([right])), step.rule), self.lang),
            )
            for i, (step, right) in enumerate(zip(self, rights, strict=True))
        ]

    def to_text(self, notation: str = "matrix") -> str:
        """Write one equation a step, below each other, and by what each came: in ASCII if ``notation="text"``."""
        return step_documents.to_text(self.rows(notation), notation)

    def to_latex(self, notation: str = "matrix") -> str:
        """Write an ``aligned`` environment, for math mode of LaTeX, MathJax or KaTeX."""
        return step_documents.to_latex([self.rows(notation)])

    def to_markdown(self, notation: str = "matrix") -> str:
        """Write a table in Markdown, the equations between dollar signs."""
        return step_documents.to_markdown([self.rows(notation)], self.lang)

    def to_html(self, notation: str = "matrix") -> str:
        """Write a fragment of HTML, with native MathML; the line alone is seen until it is opened."""
        return step_documents.to_html([self.rows(notation)])

    @html_or_text
    def _repr_html_(self) -> str | None:
        return self.to_html()

    def check(self) -> list[float]:
        """Give for each step how far its value is from the line's, as a share of scale; 1e-6 is rounding.

        A step with a product of the chain rule is compared with finite differences of the values that it is about,
        along two random directions. What is not finite is left out, ∞ − ∞ and 0 · ∞, which cancelling mends; a step
        of which nothing is left is NaN.
        """
        with np.errstate(all="ignore"):
            return [self._difference(step) for step in self]

    def _difference(self, step: Step) -> float:
        wanted = np.asarray(to_double(self.line.value))
        if any(isinstance(node.op, Chain) for node in order_nodes([step.expression])):
            return self._slopes(step.expression, wanted)
        value = np.broadcast_to(evaluate([step.expression], self._ways.values)[0], wanted.shape)
        finite = np.isfinite(value)
        if wanted.size and not finite.any():
            return float("nan")
        scale = 1 + float(np.max(np.abs(wanted), initial=0.0))
        return float(np.max(np.abs(value - wanted), initial=0.0, where=finite)) / scale

    def _slopes(self, expression: Any, wanted: Any) -> float:
        """Compare ⟨line, d⟩ with the sum of what each term of a sum says that E changes by along d."""
        known, rng = self._ways.values, np.random.default_rng(0)
        atom = self._ways.cut.atom[self.line.target]
        h, share = find_reach(known[atom])
        symmetric = stays_symmetric(self._ways.cut.graph, known[atom])
        found = []
        for _ in range(2):
            d = draw_direction(rng, wanted, symmetric) * share
            slope = sum(self._slope(term, atom, h, d) for term in _terms_of_sum(expression))
            off = abs(sum_along(wanted, d) - slope)
            found.append(off / (1 + float(np.abs(wanted * d).sum())))
        return float(np.max(found))

    def _slope(self, term: Any, atom: Node, h: float, d: Any) -> float:
        """Give ⟨term, d⟩, for ∂E/∂y · ∂y/∂x by the difference of y where x moves by h along d."""
        known = self._ways.values
        if not (isinstance(term, Node) and isinstance(term.op, Chain)):
            return sum_along(evaluate([term], known)[0], d)
        g, partial = term.inputs
        definition = self._ways.recorded(partial.inputs[0])
        x = known[atom]
        ends = [evaluate([definition], {**known, atom: x + sign * h * d})[0] for sign in (1, -1)]
        return sum_along(known[g], ends[0] - ends[1]) / (2 * h)


@dataclass(frozen=True, eq=False)
class _About:
    """What steps are about that belong to no line."""

    names: list[str]
    value: Any
    target: Node


def find_steps(ways: Ways, target: Node, forward: bool = False, lang: str = "en") -> Steps:
    """Give the way to ∂E/∂target, or, ``forward``, to the formula of the target, whether or not that has a line.

    Raises ``ValueError`` where there is no formula: for a Node without a symbol, and for an input.
    """
    atom = ways.E if target is ways.plan.graph.outputs[0] else ways.cut.atom[target]
    if forward and atom in ways.definitions:
        names = [ways.names[x] for x in (atom, ways.total.get(atom)) if x is not None]
        return Steps(_About(names, ways.values[atom], target), ways.forward(atom), ways, lang)
    if forward or target not in ways.formula:
        raise ValueError(f"steps: {ways.names.get(atom, 'this')} has no formula that there is a way to")
    g = ways.gradient[target]
    names = list(dict.fromkeys([ways.names[g], f"∂E/∂{ways.plan.called(target)}"]))
    return Steps(_About(names, ways.values[g], target), ways.steps(target), ways, lang)


def _terms_of_sum(expression: Any) -> list[Any]:
    """Give what is added up at the top of an expression."""
    terms: list[Any] = []
    waiting = [expression]
    while waiting:
        x = waiting.pop()
        if isinstance(x, Node) and x.op == add:
            waiting.extend(x.inputs)
        else:
            terms.append(x)
    return terms
