"""The lines of an update rule's formula, to be written as text, LaTeX and MathML, and compared with its steps."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any, NamedTuple

import numpy as np

from minigrad.algebra.graph import evaluate
from minigrad.engine.node import Node
from minigrad.notation.matrix import build_term, term_of_number
from minigrad.notation.term import Term, symbol_term, write_term
from minigrad.notation.writers.ascii import ASCII
from minigrad.notation.writers.latex import LATEX
from minigrad.notation.writers.mathml import MATHML
from minigrad.notation.writers.text import TEXT, Writer
from minigrad.notebook.safety import html_or_text, text_or_reason
from minigrad.ops.arithmetic import multiply, power
from minigrad.ops.common.alphabet import RAISED

_RAISED_LETTERS: Mapping[Any, str] = {large: small for small, large in RAISED.items() if large.islower()}
STEPS = 4  # of a check


class UpdateLine(NamedTuple):
    """One line, ``left ← right`` of a value that the step changes, or ``left = right`` of what has its own name."""

    left: Node
    sign: str
    right: Any


@dataclass(frozen=True, eq=False, repr=False)
class UpdateFormula:
    """An update rule as lines, in the order in which they hold; it prints as text.

    ``symbols`` has the Nodes of the lines: settings and running values by their names in the code, those after the step
    as ``"new h"``. ``call`` is the rule's own code, ``given`` the settings that were put in.
    """

    lines: tuple[UpdateLine, ...]
    symbols: Mapping[str, Node]
    call: Any
    given: Mapping[str, float]

    def __str__(self) -> str:
        return self.to_text()

    __repr__ = text_or_reason(__str__)

    def to_text(self, notation: str = "matrix") -> str:
        """Write one line each, in ASCII if ``notation="text"``."""
        if notation not in ("matrix", "text"):
            raise ValueError(f"notation: there are 'matrix', 'text', not {notation!r}")
        writer, arrow = (ASCII, "<-") if notation == "text" else (TEXT, "←")
        return "\n".join(" ".join(_sides(line, writer, arrow)) for line in self.lines)

    def to_latex(self) -> str:
        r"""Write an ``aligned`` environment, or of one line just that, for math mode of LaTeX, MathJax or KaTeX."""
        rows = [_sides(line, LATEX, r"\leftarrow") for line in self.lines]
        if len(rows) == 1:
            return " ".join(rows[0])
        body = " \\\\\n".join(f"  {left} &{sign} {right}" for left, sign, right in rows)
        return f"\\begin{{aligned}}\n{body}\n\\end{{aligned}}"

    def to_mathml(self) -> list[str]:
        """Write each line by itself as a ``math`` element, with its text for who cannot see it."""
        written = []
        for line, spoken in zip(self.lines, self.to_text().split("\n"), strict=True):
            left, sign, right = _sides(line, MATHML, "←")
            inner = f"<mrow>{left}</mrow><mo>{sign}</mo><mrow>{right}</mrow>"
            written.append(
                f'<math display="inline" alttext="{escape(spoken, quote=True)}">'
                f'<mstyle displaystyle="true">{inner}</mstyle></math>'
            )
        return written

    @html_or_text
    def _repr_html_(self) -> str | None:
        return "".join(f'<div style="margin-block: .45em">{line}</div>' for line in self.to_mathml())

    def check(self) -> float:
        """Give the largest difference between these lines and the rule's own steps, as a share of scale.

        Both take four steps from the same random w, by the same gradients and settings; 1e-12 is rounding.
        """
        rng, worst, symbols = np.random.default_rng(0), 0.0, self.symbols
        settings = {name: self.given.get(name, rng.uniform(0.1, 0.9)) for name in self.call.cls.settings}
        known: dict[Node, Any] = {symbols[name]: x for name, x in settings.items() if name in symbols}
        w = rng.normal(size=symbols["w"].shape)
        state = self.call.start(settings, w)
        for _ in range(STEPS):
            g = rng.normal(size=w.shape)
            known |= {symbols["w"]: w.copy(), symbols["g"]: g, symbols["∂E/∂w"]: g}
            known |= {symbols[name]: x.copy() for name, x in state.items()}
            self.call.move(settings, w, g, np.empty_like(w), state)
            true = {symbols[f"new {name}"]: x for name, x in state.items()} | {symbols["w"]: w}
            for line in self.lines:
                (found,) = evaluate([line.right], known)
                if line.sign == "←":
                    off = float(np.max(np.abs(found - true[line.left])))
                    worst = max(worst, off / (1 + float(np.max(np.abs(true[line.left])))))
                if line.left is not symbols["w"]:  # a line below it is about what was before
                    known[line.left] = found
        return worst


def _sides(line: UpdateLine, writer: Writer, arrow: str) -> tuple[str, str, str]:
    left, right = (write_term(build_term(x, {}, None, _term), writer) for x in (line.left, line.right))
    return left, arrow if line.sign == "←" else "=", right


def _term(node: Any, parts: list[Term]) -> Term:
    """Write an operation as a textbook does, which has no sign for a product of elements."""
    if not isinstance(node, Node):
        return term_of_number(node)
    if node.op is None:
        return symbol_term(node.name or "?")
    text = "{a} {b}" if node.op == multiply else node.op.text
    if node.op == power and parts[1].name in _RAISED_LETTERS:
        return Term(f"{{a}}{_RAISED_LETTERS[parts[1].name]}", {"a": parts[0]}, power.binds, power.name)
    return Term(text, dict(zip(node.op.letters, parts, strict=True)), node.op.binds, node.op.name)
