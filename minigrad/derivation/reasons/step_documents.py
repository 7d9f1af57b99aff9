"""The steps of lines as documents: text, LaTeX, Markdown, HTML with native MathML that opens where one asks."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from minigrad.derivation.documents import BY, STYLE, in_ascii, in_latex, in_markdown, opening
from minigrad.derivation.wording import in_language
from minigrad.notation.term import Term, write_term
from minigrad.notation.writers.ascii import ASCII
from minigrad.notation.writers.latex import LATEX
from minigrad.notation.writers.mathml import MATHML
from minigrad.notation.writers.text import TEXT, Writer

_WIDE = 100  # an equation of more characters has its reason just behind it, not in a column

Rows = Sequence[Any]  # the rows of one line, as ``Steps.rows`` gives them


def to_text(rows: Rows, notation: str = "matrix") -> str:
    """Write one equation a step, the signs of equality below each other, and behind each by what it came."""
    writer = ASCII if notation == "text" else TEXT
    first = " = ".join(write_term(term, writer) for term in rows[0].left)
    indent = len(write_term(rows[0].left[0], writer))
    starts = [f"{first} = ", *[f"{' ' * indent} = "] * (len(rows) - 1)]
    equations = [start + write_term(row.right, writer) for start, row in zip(starts, rows, strict=True)]
    width = max((len(x) for x in equations if len(x) <= _WIDE), default=0) + 4
    reasons = [_reason(row, writer) for row in rows]
    return "\n".join(
        f"{x.ljust(max(width, len(x) + 4))}{by}".rstrip() for x, by in zip(equations, reasons, strict=True)
    )


def to_latex(lines: Sequence[Rows]) -> str:
    """Write an ``aligned`` environment of all lines' steps, those of one line closer to each other than to the next."""
    blocks = [" \\\\\n".join(_latex_row(row) for row in rows) for rows in lines if rows]
    return "\n".join([r"\begin{aligned}", " \\\\[1ex]\n".join(blocks), r"\end{aligned}"])


def _latex_row(row: Any) -> str:
    first, *others = [write_term(term, LATEX) for term in row.left] or [""]
    right = " = ".join([*others, write_term(row.right, LATEX)])
    return f"  {first} &= {right} && {_latex_reason(row)}"


def to_markdown(lines: Sequence[Rows], lang: str = "en") -> str:
    """Write a table with one step a row, and by what it came; mathematics between dollar signs."""
    table = [f"| | {in_language(BY, lang)} |", "|:--|:--|"]
    for rows in lines:
        for row in rows:
            left = " = ".join(write_term(term, LATEX) for term in row.left) or r"\quad"
            equations = [f"${_equation(terms, LATEX)}$" for terms in row.equations]
            reason = "; ".join(filter(None, [*equations, in_markdown(row.words)]))
            table.append(f"| ${left} = {write_term(row.right, LATEX)}$ | {reason} |")
    return "\n".join(table)


def to_html(lines: Sequence[Rows]) -> str:
    """Write each line with its formula, and below it, where one opens it, the steps."""
    whole = [[*rows[0].left, rows[-1].right] for rows in lines]
    parts = "\n".join(
        opening(mathml(terms), table(rows), _equation(terms, TEXT)) for terms, rows in zip(whole, lines, strict=True)
    )
    return f'<style>{STYLE}</style>\n<div class="minigrad-derivation">\n{parts}\n</div>'


def table(rows: Rows) -> str:
    """Write the steps of one line as a table: what is on the left, the equal expressions, by what each came.

    Nothing where they say no more than the line, as those of U = X W + b.
    """
    if len(rows) < 2 and not any(row.equations for row in rows):
        return ""
    cells = "\n".join(
        f'<tr><td class="step left">{mathml(row.left) if row.left else ""}</td>'
        f'<td class="step right">{mathml([row.right], "=")}</td><td class="step by">{_html_reason(row)}</td></tr>'
        for row in rows
    )
    return f"<table><tbody>\n{cells}\n</tbody></table>"


def mathml(terms: Sequence[Term], sign: str = "") -> str:
    """Write an equation as a ``math`` element, with its text for who cannot see it; a sign may stand before it."""
    spoken = escape(f"{sign} {_equation(terms, TEXT)}".strip(), quote=True)
    before = f"<mo>{escape(sign)}</mo>" if sign else ""
    inner = before + "<mo>=</mo>".join(f"<mrow>{write_term(term, MATHML)}</mrow>" for term in terms)
    return f'<math display="inline" alttext="{spoken}"><mstyle displaystyle="true">{inner}</mstyle></math>'


def _equation(terms: Sequence[Term], writer: Writer) -> str:
    return " = ".join(write_term(term, writer) for term in terms)


def _reason(row: Any, writer: Writer) -> str:
    words = in_ascii(row.words) if writer is ASCII else row.words
    return "; ".join(filter(None, [*(_equation(terms, writer) for terms in row.equations), words]))


def _latex_reason(row: Any) -> str:
    equations = [_equation(terms, LATEX) for terms in row.equations]
    return r"\text{; }".join(filter(None, [*equations, row.words and in_latex(row.words)]))


def _html_reason(row: Any) -> str:
    return "; ".join(filter(None, [*(mathml(terms) for terms in row.equations), escape(row.words)]))
