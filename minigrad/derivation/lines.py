"""Derivation: the lines that derive() writes, and the check of each against finite differences and the engine."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.derivation import documents
from minigrad.derivation.as_numpy import to_numpy
from minigrad.derivation.checked import Check, Difference
from minigrad.derivation.cut import Cut
from minigrad.derivation.directions import slope_off
from minigrad.derivation.equations import Equations, Written
from minigrad.derivation.forward import ForwardLine, forward_lines
from minigrad.derivation.line import Line
from minigrad.derivation.reasons import step_documents
from minigrad.derivation.reasons.steps import StepRow
from minigrad.derivation.reasons.ways import Ways
from minigrad.derivation.shown import Shown
from minigrad.derivation.wording import check_language
from minigrad.derivation.worksheet import Worksheet
from minigrad.engine.backward import pullback
from minigrad.engine.messages.absent import absent
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor
from minigrad.notation.symbols import pretty_name
from minigrad.notebook.safety import html_or_text, text_or_reason
from minigrad.ops.common.libraries import bring
from minigrad.ops.common.unit import make_one

OPENING = 40  # lines of a derivation whose steps a notebook shows, too: those of 40 take 0.1 s to find


class Derivation(Sequence[Line]):
    """The lines of a derivation, from the loss back to the inputs; each refers to symbols of the lines before it.

    ``graph`` is the loss as it was traced, its inputs in the order in which ``to_numpy`` takes them. ``symbols`` maps
    the Nodes that have a symbol to it: inputs, U and Y of the layers, named tensors, and the gradients of the lines,
    which only later lines may use. ``forward`` has the way there, (symbol, Node) in order, E last: U₁ = X W₁ + b₁,
    Y₁ = σ(U₁), …
    """

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        raise absent("'Derivation' object", name, {}, dir(self))

    def __init__(
        self,
        lines: Sequence[Line],
        graph: Graph,
        symbols: dict[Node, str],
        forward: Sequence[tuple[str, Any]],
        inputs: Sequence[Node],
        cut: Cut,
        loss: Tensor,
        nodes: Mapping[Tensor, Any],
        ways: Ways,
    ) -> None:
        self._lines, self.graph, self.symbols, self.forward = tuple(lines), graph, symbols, tuple(forward)
        self._inputs, self._cut, self._loss, self._nodes, self._ways = inputs, cut, loss, nodes, ways
        self._general, self._with_forward, self.lang = False, False, "en"

    def __copy__(self) -> Derivation:
        other = object.__new__(type(self))
        vars(other).update(vars(self))
        return other

    def __deepcopy__(self, memo: Any) -> Derivation:
        return copy(self)  # it tells of the tensors of one loss, and of no copies of them

    def __reduce__(self) -> Any:
        raise TypeError(
            "a Derivation holds the record of its loss, which stays in its process, and cannot be pickled. Keep its "
            "text, str(derivation) or derivation.to_latex(), its code, derivation.to_numpy(), or derivation.graph"
        )

    name_indexed: Callable[[], Mapping[Node, tuple[str, ...]]] = dict  # what repeats is called by an index: H₆, δ₆

    @property
    def named(self) -> dict[Node, str]:
        """What the Nodes of ``graph`` itself are called that have a symbol: its inputs and results, but E."""
        names = {x: pretty_name(name) for name, x in self.graph.inputs.items()}
        atoms = self._cut.atom.items()
        return names | {x: str(atom.name) for x, atom in atoms if atom in self._cut.definitions}

    def __getitem__(self, i: Any) -> Any:
        return self._lines[i]

    def __len__(self) -> int:
        return len(self._lines)

    def __str__(self) -> str:
        return self.to_text()

    @text_or_reason
    def __repr__(self) -> str:
        return str(self)

    def showing(self, *, general: bool = False, forward: bool = False, lang: str = "en") -> Derivation:
        """Give the same derivation, with the general form of each line, after the forward formulas, in a language."""
        other = copy(self)
        for kept in ("_shown", "_ahead", "equations", "forward_lines"):
            vars(other).pop(kept, None)
        other._general, other._with_forward, other.lang = general, forward, check_language("showing", lang)
        other._lines = tuple(replace(line, lang=lang) for line in self._lines)
        return other

    @cached_property
    def forward_lines(self) -> list[ForwardLine]:
        """The way forward as lines: U₁ = X W₁ + b₁, Y₁ = σ(U₁), …, E."""
        return forward_lines(self._ways, self.lang)

    @property
    def inputs(self) -> Sequence[Node]:
        """The inputs of ``graph``, in the order in which ``to_numpy`` takes them."""
        return self._inputs

    @cached_property
    def equations(self) -> Equations:
        """The lines as equations of Terms."""
        return Equations(self._lines, self.graph, self.symbols, self._inputs, self._ways.tables)

    @cached_property
    def _ahead(self) -> list[Any]:
        """The lines of the way forward that are shown: all, or those that say what v₁ is."""
        invented = self._ways.plan.reading.invented
        return [line for line in self.forward_lines if self._with_forward or line.target in invented]

    @cached_property
    def _shown(self) -> Shown:
        return Shown(self.equations, self._ahead, self._ways, self._general)

    def _told(self, notation: str) -> list[list[StepRow]]:
        return self._shown.steps(notation)

    @property
    def _written(self) -> Written:
        return self._shown if self._ahead or self._general else self.equations

    def to_text(self, notation: str = "matrix", steps: bool = False) -> str:
        """Write one equation a line: in ``"matrix"`` notation, by ``"index"`` as a book does, or in ASCII (``"text"``).

        With ``steps`` each line is written as the way to it, one equation a step, each with the rule that made it.
        Raises ``ValueError`` for another notation; so do the other formats.
        """
        if steps:
            return "\n\n".join(step_documents.to_text(rows, notation) for rows in self._told(notation) if rows)
        plain = notation == "matrix" and not (self._ahead or self._general)
        return "\n".join(map(str, self)) if plain else documents.to_text(self._written, notation)

    def to_latex(self, notation: str = "matrix", steps: bool = False) -> str:
        """Write an ``aligned`` environment, for math mode of LaTeX, MathJax or KaTeX."""
        if steps:
            return step_documents.to_latex(self._told(notation))
        return documents.to_latex(self._written, notation)

    def to_markdown(self, notation: str = "matrix", steps: bool = False) -> str:
        """Write a table in Markdown, the equations between dollar signs."""
        if steps:
            return step_documents.to_markdown(self._told(notation), self.lang)
        return documents.to_markdown(self._written, notation, self.lang)

    def to_html(self, notation: str = "matrix", steps: bool = False) -> str:
        """Write a table as a self-contained fragment of HTML, with native MathML; each line opens on its steps."""
        inside = [step_documents.table(rows) for rows in self._told(notation)] if steps else []
        return documents.to_html(self._written, notation, inside=inside, lang=self.lang)

    def to_mathml(self, notation: str = "matrix") -> list[str]:
        """Write each equation by itself as a ``math`` element, for a page of one's own."""
        return documents.to_mathml(self._written, notation)

    def to_spoken(self, notation: str = "matrix") -> list[str]:
        """Give each equation as the text that stands for it where it is not seen: as the name of a button, say."""
        return documents.list_spoken(self._written, notation)

    def to_numpy(self, name: str = "loss_and_gradients") -> str:
        """Write the hand-derived code: the source of a NumPy function that gives E and a dictionary of gradients.

        It takes the data first, then the parameters in the order of their use, which is that of the dictionary too,
        and last the targets, which are what the loss alone needs.
        """
        return to_numpy(self.equations, self.forward[-1][1], name)

    @html_or_text
    def _repr_latex_(self) -> str | None:
        """Show LaTeX in a notebook that shows no HTML."""
        return f"$\\displaystyle {self.to_latex()}$"

    @html_or_text
    def _repr_html_(self) -> str | None:
        """Show the table in a notebook; each line opens on its steps, unless there are many lines."""
        return self.to_html(steps=len(self) <= OPENING)

    def exercise(self, blanks: Any = None, *, seed: Any = 0, title: str = "", lang: str = "") -> Worksheet:
        """Give the way back with blanks, as a worksheet for a learner, whose answers it checks, and an answer sheet.

        ``blanks`` is how many lines are left blank, chosen by ``seed``, or the symbols of those that are, ``["dW2"]``;
        by default all. ``lang`` is ``"en"`` or ``"ja"``, by default the derivation's. Raises ``ValueError`` for a line
        that there is not.
        """
        english = self if self.lang == "en" else self.showing()  # which the sheet says in its own language
        return Worksheet(english, bring(self._loss.array), blanks, seed, title, lang or self.lang)

    def check(self) -> Check:
        """Compare each line's value with the engine's gradient and with finite differences of E.

        The numeric gradient is that of what the line is about, intermediates included: its value is moved to both
        sides along two random directions, and E computed from there. Since a line is made of those before it, a wrong
        rule shows at the first line whose difference is not small (1e-6 for float64), and that is the line it is in.
        """
        engine = self._engine()
        return Check((self._difference(line, engine) for line in self), self.lang)

    def _difference(self, line: Line, engine: Mapping[Node, Any]) -> Difference:
        value = np.asarray(line.value, np.result_type(line.value, np.float64))
        scale = 1 + float(np.max(np.abs(value), initial=0.0))
        by_engine = 0.0
        if line.target in engine:
            by_engine = _largest(value - engine[line.target]) / scale
        numeric = slope_off(self._cut, line.target, value)
        return Difference(line.symbol, max(by_engine, numeric), by_engine, numeric)

    def _engine(self) -> dict[Node, Any]:
        """Run the engine's own backward pass over the record, keeping the gradients of what has a line."""
        targets = self._targets()
        keep = {t for t, node in self._nodes.items() if isinstance(node, Node) and node in targets}
        found = pullback(self._loss, make_one(self._loss.array), keep=keep)
        total: dict[Node, Any] = {}
        for t, g in found.items():
            if t in keep:  # two tensors may be one expression
                total[self._nodes[t]] = total.get(self._nodes[t], 0.0) + bring(g)
        return total

    def _targets(self) -> set[Node]:
        return {line.target for line in self}


def _largest(x: Any) -> float:
    return float(np.max(np.abs(x), initial=0.0))
