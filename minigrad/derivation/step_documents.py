"""The steps of lines as documents: text, LaTeX, Markdown, HTML with native MathML that opens where one asks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from minigrad.derivation.documents import in_ascii, in_latex
from minigrad.notation.term import Term, write
from minigrad.notation.writers.ascii import ASCII
from minigrad.notation.writers.latex import LATEX
from minigrad.notation.writers.mathml import MATHML
from minigrad.notation.writers.text import TEXT, Writer

Rows = Sequence[Any]  # the rows of one line, as ``Steps.rows`` gives them

STYLE = """
.minigrad-steps { color: inherit; line-height: 1.6; }
.minigrad-steps summary { cursor: pointer; padding-block: .35em; }
.minigrad-steps table { border-collapse: collapse; margin: .1em 0 .9em 1.1em; }
.minigrad-steps td { padding: .3em 0; vertical-align: baseline; }
.minigrad-steps td.left { text-align: end; white-space: nowrap; }
.minigrad-steps td.right { padding-inline: .45em 2.4em; }
.minigrad-steps td.by { font-size: .9em; opacity: .72; border-inline-start: 2px solid
  color-mix(in srgb, currentColor 15%, transparent); padding-inline-start: .9em; }
.minigrad-steps math { font-size: 1.1em; }
""".strip()


def to_text(rows: Rows, notation: str = "matrix") -> str:
    """Write one equation a step, the signs of equality below each other, and behind each by what it came."""
    writer = ASCII if notation == "text" else TEXT
    first = " = ".join(write(term, writer) for term in rows[0].left)
    indent = len(write(rows[0].left[0], writer))
    starts = [f"{first} = ", *[f"{' ' * indent} = "] * (len(rows) - 1)]
    equations = [start + write(row.right, writer) for start, row in zip(starts, rows, strict=True)]
    width = max(map(len, equations)) + 4
    reasons = [_reason(row, writer) for row in rows]
    return "\n".join(f"{x:{width}}{by}".rstrip() for x, by in zip(equations, reasons, strict=True))


def to_latex(lines: Sequence[Rows]) -> str:
    """Write an ``aligned`` environment of all lines' steps."""
    written = []
    for rows in lines:
        for row in rows:
            first, *others = [*(write(term, LATEX) for term in row.left), write(row.right, LATEX)]
            if not row.left:
                first, others = "", [first]
            written.append(f"  {first} &= {' = '.join(others)} && {_latex_reason(row)}".replace("   &", "  &"))
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(written), r"\end{aligned}"])


def to_markdown(lines: Sequence[Rows]) -> str:
    """Write a table with one step a row, and by what it came; mathematics between dollar signs."""
    table = ["| | by |", "|:--|:--|"]
    for rows in lines:
        for row in rows:
            left = " = ".join(write(term, LATEX) for term in row.left) or r"\quad"
            equations = [f"${_equation(terms, LATEX)}$" for terms in row.equations]
            reason = "; ".join(filter(None, [*equations, row.words.replace("|", r"\|")]))
            table.append(f"| ${left} = {write(row.right, LATEX)}$ | {reason} |")
    return "\n".join(table)


def to_html(lines: Sequence[Rows]) -> str:
    """Write each line with its last formula, and below it, where one opens it, the steps."""
    parts = "\n".join(details(rows) for rows in lines)
    return f'<style>{STYLE}</style>\n<div class="minigrad-steps">\n{parts}\n</div>'


def details(rows: Rows, summary: str | None = None) -> str:
    """Write one line that opens; ``summary`` is what is seen before, by default the equation of line and formula."""
    left = rows[0].left
    cells = "\n".join(
        f'<tr><td class="left">{mathml(left) if i == 0 else ""}</td>'
        f'<td class="right">{mathml([row.right], "=")}</td><td class="by">{_html_reason(row)}</td></tr>'
        for i, row in enumerate(rows)
    )
    seen = mathml([*left, rows[-1].right]) if summary is None else summary
    return f"<details><summary>{seen}</summary><table><tbody>\n{cells}\n</tbody></table></details>"


def mathml(terms: Sequence[Term], sign: str = "") -> str:
    """Write an equation as a ``math`` element, with its text for who cannot see it; a sign may stand before it."""
    spoken = escape(f"{sign} {_equation(terms, TEXT)}".strip(), quote=True)
    before = f"<mo>{escape(sign)}</mo>" if sign else ""
    inner = before + "<mo>=</mo>".join(f"<mrow>{write(term, MATHML)}</mrow>" for term in terms)
    return f'<math display="inline" alttext="{spoken}"><mstyle displaystyle="true">{inner}</mstyle></math>'


def _equation(terms: Sequence[Term], writer: Writer) -> str:
    return " = ".join(write(term, writer) for term in terms)


def _reason(row: Any, writer: Writer) -> str:
    words = in_ascii(row.words) if writer is ASCII else row.words
    return "; ".join(filter(None, [*(_equation(terms, writer) for terms in row.equations), words]))


def _latex_reason(row: Any) -> str:
    equations = [_equation(terms, LATEX) for terms in row.equations]
    return r"\text{; }".join(filter(None, [*equations, row.words and in_latex(row.words)]))


def _html_reason(row: Any) -> str:
    return "; ".join(filter(None, [*(mathml(terms) for terms in row.equations), escape(row.words)]))
