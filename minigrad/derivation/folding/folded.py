"""The lines of a derivation in which what repeats is written once, with an index: δₜ, for t = T … 1."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.derivation import documents
from minigrad.derivation.checked import Difference
from minigrad.derivation.cut import Cut
from minigrad.derivation.directions import draw_direction, find_reach, sum_along, to_double
from minigrad.derivation.equations import FOR, SUM_OVER, Range
from minigrad.derivation.folding.folded_equations import FoldedEquations
from minigrad.derivation.line import Line
from minigrad.derivation.lines import Derivation
from minigrad.derivation.reasons.steps import StepRow, Steps, find_steps
from minigrad.derivation.reasons.ways import Ways
from minigrad.derivation.remarks import FORWARD, write_facts
from minigrad.derivation.worksheet import Worksheet
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor
from minigrad.notation.symbols import Symbol
from minigrad.structure.plan import Plan
from minigrad.structure.reading import order_inputs


@dataclass(frozen=True, eq=False)
class Summand:
    """A part of a line's formula: an expression of the graph's Nodes and earlier gradients, and what these are called.

    ``over`` is the letter of the index that it is summed over, as in Σₜ; "" for a part that is no such sum.
    """

    node: Any
    names: Mapping[Node, Symbol]
    over: str = ""


@dataclass(frozen=True, eq=False, repr=False)
class FoldedLine(Line):
    """A line of a folded derivation, which may stand for many: δₜ = …, for t from ``first`` down to ``last``.

    ``targets`` are the Nodes that it gives the gradients of, in the order of the index, and ``value`` has those of all
    of them, stacked in that order; of a line that stands for one alone it is that one's. ``formula`` is the sum of
    ``parts``; ``left`` are the gradient's symbols. ``node`` is the first part's expression, written for one index.
    """

    parts: tuple[Summand, ...] = ()
    left: tuple[Symbol, ...] = ()
    letter: str = ""
    indices: tuple[int, ...] = ()
    sums: tuple[tuple[str, int, int], ...] = ()
    targets: tuple[Node, ...] = ()
    whole: Callable[[], Ways] | None = None

    @property
    def ranges(self) -> tuple[Range, ...]:
        """The indices that the line is for, backward from the last, and those of each sum that leaves some out."""
        along = self.indices if self.step == FORWARD else self.indices[::-1]
        found = [Range(FOR, self.letter, along[0], along[-1])] if along else []
        return (*found, *(Range(SUM_OVER, letter, first, last) for letter, first, last in self.sums))

    def steps(self) -> Steps:
        """Give the way to this line, for the target in the middle: δ₃ of a line δₜ for t = 1 … 6."""
        assert self.whole is not None
        return find_steps(self.whole(), self.target, forward=self.step == FORWARD, lang=self.lang)

    @property
    def names(self) -> list[str]:
        """The gradient's symbols, as text."""
        return list(map(str, self.left))

    def __str__(self) -> str:
        reason = f"    ({write_facts(self.facts, lang=self.lang)})" if self.facts else ""
        ranges = documents.write_ranges(self.ranges, lang=self.lang)
        return f"{' = '.join(map(str, self.left))} = {self.formula}{ranges}{reason}"


class FoldedDerivation(Derivation):
    """A derivation whose lines stand for many where the graph repeats; ``unfolded`` is the one that writes all of it.

    ``symbols`` and ``forward`` are those of one t: Hₜ = tanh(Uₜ). ``to_numpy`` is the unfolded one's.
    """

    def __init__(
        self,
        lines: Sequence[FoldedLine],
        ahead: Sequence[FoldedLine],
        plan: Plan,
        cut: Cut,
        loss: Tensor,
        nodes: Mapping[Tensor, Any],
        same: Sequence[tuple[Node, Node]],
        unfold: Callable[[], Derivation],
    ) -> None:
        self._lines, self._cut, self._loss, self._nodes = tuple(lines), cut, loss, nodes
        self._inputs = inputs = order_inputs(plan.reading)
        self.graph = Graph(plan.graph.outputs, {x: plan.values[x] for x in inputs if x in plan.values})
        self._every_ahead, self._same, self._unfold = list(ahead), same, unfold
        self._invented = plan.reading.invented
        self.symbols = {x: str(name) for line in lines for part in line.parts for x, name in part.names.items()}
        self.forward = (*((line.symbol, line.target) for line in ahead),)
        self._general, self._with_forward, self.lang = False, False, "en"

    @cached_property
    def unfolded(self) -> Derivation:
        """The same derivation with all of its lines written out."""
        return self._unfold()

    @cached_property
    def forward_lines(self) -> list[Any]:
        """The way forward as lines, one for all t: Uₜ = Xₜ Wx + Hₜ₋₁ Wh, Hₜ = tanh(Uₜ), E."""
        return [replace(line, lang=self.lang) for line in self._every_ahead]

    @cached_property
    def _ahead(self) -> list[Any]:
        return [line for line in self.forward_lines if self._with_forward or line.target in self._invented]

    @property
    def _written(self) -> FoldedEquations:
        lines = [*self._ahead, *self._lines]
        return FoldedEquations(lines, self.graph, self.symbols, self._same)

    def _told(self, notation: str) -> list[list[StepRow]]:
        """Give the steps to each line, for one t; none to one that says of an input what it is, H₀ = 0."""
        lines = [*self._ahead, *self._lines]
        return [line.steps().rows(notation) if line.step != FORWARD or line.target.op else [] for line in lines]

    def to_text(self, notation: str = "matrix", steps: bool = False) -> str:
        """Write one equation a line, as any derivation; with ``steps``, the way to each for one t."""
        return super().to_text(notation, steps) if steps else documents.to_text(self._written, notation)

    def exercise(self, blanks: Any = None, *, seed: Any = 0, title: str = "", lang: str = "") -> Worksheet:
        """Give a worksheet of all lines, written out."""
        return self.unfolded.exercise(blanks, seed=seed, title=title, lang=lang or self.lang)

    def to_numpy(self, name: str = "loss_and_gradients") -> str:
        """Write the hand-derived code of all steps: the source of a NumPy function that gives E and its gradients."""
        return self.unfolded.to_numpy(name)

    def _difference(self, line: Line, engine: Mapping[Node, Any]) -> Difference:
        """Compare a line's values with the engine's, every t, and with the slope of E as all of them move at once."""
        assert isinstance(line, FoldedLine)
        values = np.asarray(line.value, np.result_type(line.value, np.float64))
        values = values if line.indices else values[None]
        worst = 0.0
        for value, target in zip(values, line.targets, strict=True):
            if target in engine:
                scale = 1 + float(np.max(np.abs(value), initial=0.0))
                worst = max(worst, float(np.max(np.abs(value - engine[target]), initial=0.0)) / scale)
        numeric = self._slopes(line.targets, values)
        return Difference(line.symbol, max(worst, numeric), worst, numeric)

    def _targets(self) -> set[Node]:
        return {x for line in self._lines for x in getattr(line, "targets", ())}

    def _slopes(self, targets: Sequence[Node], gradients: Any) -> float:
        """Give the largest difference of Σₜ ⟨gradient, d⟩ from the slope of E along d, added to all targets at once."""
        cut, worst, rng = self._cut, 0.0, np.random.default_rng(0)
        before = self._values
        atoms = [cut.atom[x] for x in targets]
        h = max(find_reach(before[atom])[0] for atom in atoms)
        shares = [find_reach(before[atom])[1] for atom in atoms]
        for _ in range(2):
            moves = [draw_direction(rng, g) * share for g, share in zip(gradients, shares, strict=True)]
            ends = [
                cut.moved_loss({atom: sign * h * d for atom, d in zip(atoms, moves, strict=True)}, before)
                for sign in (1, -1)
            ]
            slope = float(ends[0] - ends[1]) / (2 * h)
            pairs = list(zip(gradients, moves, strict=True))
            total = sum(sum_along(g, d) for g, d in pairs)
            worst = max(worst, abs(total - slope) / (1 + sum(float(np.abs(g * d).sum()) for g, d in pairs)))
        return worst

    @cached_property
    def _values(self) -> dict[Node, Any]:
        return {x: to_double(value) for x, value in self._cut.values().items()}
