"""A derivation as a document: text, LaTeX, Markdown, HTML with native MathML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from typing import Any

from minigrad.derivation.equations import HERE, Range, Written
from minigrad.derivation.remarks import write_facts
from minigrad.derivation.wording import in_language, say
from minigrad.notation.symbols import GREEK
from minigrad.notation.term import Term, write_term
from minigrad.notation.writers.ascii import ASCII
from minigrad.notation.writers.latex import LATEX
from minigrad.notation.writers.mathml import MATHML
from minigrad.notation.writers.text import TEXT, Writer
from minigrad.ops.common.alphabet import LOWERED

STYLE = """
.minigrad-derivation { overflow-x: auto; color: inherit; }
.minigrad-derivation table { border-collapse: collapse; line-height: 1.7; }
.minigrad-derivation caption { text-align: start; font-weight: 600; padding-block: .3em; }
.minigrad-derivation :is(th, td) { text-align: start; vertical-align: middle; padding: .1em 1.2em .1em 0;
  border-bottom: 1px solid color-mix(in srgb, currentColor 18%, transparent); }
.minigrad-derivation thead th { font-size: .85em; font-weight: 600; opacity: .75; }
.minigrad-derivation .equation { padding-block: .4em; }
.minigrad-derivation td:not(:first-child) { font-size: .9em; opacity: .85; }
.minigrad-derivation tr:has(details[open]) > td { vertical-align: baseline; }
.minigrad-derivation math { font-size: 1.1em; }
.minigrad-derivation summary { cursor: pointer; width: fit-content; }
.minigrad-derivation summary > math { margin-inline-start: .25em; }
.minigrad-derivation details > table { margin: .35em 0 .7em 1.2em; }
.minigrad-derivation details td.step { border: none; padding: .3em 0; vertical-align: baseline; font-size: 1em;
  opacity: 1; white-space: nowrap; }
.minigrad-derivation details td.left { text-align: end; }
.minigrad-derivation details td.right { padding-inline: .4em 2.2em; }
.minigrad-derivation details td.by { font-size: .92em; opacity: .75; padding-inline-start: 1em;
  border-inline-start: 2px solid color-mix(in srgb, currentColor 22%, transparent); }
""".strip()


_JAPANESE = (
    r"[\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]"  # letters and signs of full width, which are words, not formulas
)
SHAPE, BY = say("shape"), say("by")


def to_text(equations: Written, notation: str = "matrix") -> str:
    """Write one equation a line, with the fact that it needs behind it; ``notation="text"`` is ASCII alone."""
    writer = ASCII if notation == "text" else TEXT
    lines = []
    for line, terms in zip(equations.lines, equations.all(notation), strict=True):
        said = write_facts(line.facts, terms, line.lang)
        reason = write_ranges(line.ranges, lang=line.lang) + (f"    ({said})" if said else "")
        lines.append(_equation(line, terms, writer, reason))
    return "\n".join(lines)


def to_latex(equations: Written, notation: str = "matrix") -> str:
    """Write an ``aligned`` environment, for math mode of LaTeX, MathJax or KaTeX."""
    rows = []
    for line, terms in zip(equations.lines, equations.all(notation), strict=True):
        known = write_facts(line.facts, terms, line.lang)
        said = [write_ranges(line.ranges, LATEX, line.lang), in_latex(f"({known})") if known else ""]
        reason = " && ".join(["", *filter(None, said)])
        rows.append("  " + _equation(line, terms, LATEX).replace(" = ", " &= ", 1) + reason)
    return "\n".join([r"\begin{aligned}", " \\\\\n".join(rows), r"\end{aligned}"])


def to_markdown(equations: Written, notation: str = "matrix", lang: str = "en") -> str:
    """Write a table with one equation a row, its shape and what it came by; mathematics between dollar signs."""
    rows = [f"| | {in_language(SHAPE, lang)} | {in_language(BY, lang)} |", "|:--|:--|:--|"]
    for line, terms in zip(equations.lines, equations.all(notation), strict=True):
        rows.append(f"| ${_equation(line, terms, LATEX)}$ | {_shape(line)} | {in_markdown(_reasons(line, terms))} |")
    return "\n".join(rows)


def to_mathml(equations: Written, notation: str = "matrix") -> list[str]:
    """Write each equation as a ``math`` element, with its text for who cannot see it."""
    written = []
    for line, terms, said in zip(
        equations.lines, equations.all(notation), list_spoken(equations, notation), strict=True
    ):
        spoken = escape(said, quote=True)
        equation = "<mo>=</mo>".join(f"<mrow>{write_term(term, MATHML)}</mrow>" for term in terms)
        equation += f"<mtext>&nbsp;{escape(_supposed(line))}</mtext>" if line.supposing else ""
        written.append(
            f'<math display="inline" alttext="{spoken}"><mstyle displaystyle="true">{equation}</mstyle></math>'
        )
    return written


def list_spoken(equations: Written, notation: str = "matrix") -> list[str]:
    """Give each equation as the text that stands for it where it is not seen."""
    return [_equation(*pair, TEXT) for pair in zip(equations.lines, equations.all(notation), strict=True)]


def to_html(
    equations: Written, notation: str = "matrix", caption: str = "", inside: Sequence[str] = (), lang: str = "en"
) -> str:
    """Write a table as a fragment of HTML that needs nothing else: MathML, which browsers show and screen readers read.

    The columns are the equation, the shape of the gradient, and the step and the fact by which it came. ``inside`` has
    for each line what is seen below its equation when that is opened.
    """
    written = to_mathml(equations, notation)
    spoken = list_spoken(equations, notation)
    cells = [opening(*parts) for parts in zip(written, inside or [""] * len(written), spoken, strict=True)]
    rows = [
        f'<tr><td><div class="equation">{cell}</div></td>'
        f"<td>{escape(_shape(line))}</td><td>{escape(_reasons(line, terms))}</td></tr>"
        for line, terms, cell in zip(equations.lines, equations.all(notation), cells, strict=True)
    ]
    title, *heads = (in_language(x, lang) for x in (say("Derivation"), say("equation"), SHAPE, BY))
    said = escape(caption or title)
    head = "".join(f'<th scope="col">{x[:1].upper()}{x[1:]}</th>' for x in heads)
    return (
        f"<style>{STYLE}</style>\n"
        f'<div class="minigrad-derivation" tabindex="0" role="group" aria-label="{said}">'
        f"<table>\n<caption>{said}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(rows) + "\n</tbody>\n</table></div>"
    )


def opening(seen: str, inside: str, spoken: str) -> str:
    """Write something that opens on what is inside, if there is anything; a formula alone would give it no name."""
    named = f'<summary aria-label="{escape(spoken, quote=True)}">{seen}</summary>'
    return f"<details>{named}{inside}</details>" if inside else seen


def write_ranges(ranges: Sequence[Range], writer: Writer = TEXT, lang: str = "en") -> str:
    """Say which of many a line is for: ``  for t = 4 … 1``."""
    around = [in_language(x.words, lang).partition(HERE) for x in ranges]
    if writer is LATEX:
        ends = (
            rf"{in_latex(before)} {x.letter} = {x.first}, \ldots, {x.last}" + (after and f" {in_latex(after)}")
            for x, (before, _, after) in zip(ranges, around, strict=True)
        )
        return r", \ ".join(ends)
    said = ", ".join(
        f"{before}{x.letter} = {x.first} … {x.last}{after}"
        for x, (before, _, after) in zip(ranges, around, strict=True)
    )
    return f"  {said}" if said else ""


def _equation(line: Any, terms: Sequence[Term], writer: Writer, reason: str = "") -> str:
    """Write what is equal side by side, a reason behind it, and then what is equal only if a fact holds."""
    sides = [write_term(term, writer) for term in terms]
    supposed = f" = {sides.pop()}" if line.supposing else ""
    words = _supposed(line) if line.supposing else ""
    if writer is LATEX:
        return f"{' = '.join(sides)}{supposed}" + (rf" \quad {in_latex(words)}" if words else "")
    written = f" {words}" if words else ""
    if writer is ASCII:
        reason, written = in_ascii(reason), in_ascii(written)
    return f"{' = '.join(sides)}{reason}{supposed}{written}"


def _shape(line: Any) -> str:
    return " × ".join(map(str, line.shape)) or in_language(say("scalar"), line.lang)


def _supposed(line: Any) -> str:
    return str(in_language(line.supposing.reason, line.lang))


def _reasons(line: Any, terms: Sequence[Term]) -> str:
    """Say by which step and which facts a line came."""
    step = str(in_language(getattr(line, "step", "") or "", line.lang))
    ranges = write_ranges(line.ranges, lang=line.lang).strip()
    return "; ".join(filter(None, (ranges, step, write_facts(line.facts, terms, line.lang))))


def in_ascii(written: str) -> str:
    """Write a sentence without Unicode, its signs as a keyboard has them."""
    words = written.replace("Σ", "sum").replace("ᵀ", ".T")
    return "".join(c if c.isascii() or re.match(_JAPANESE, c) else ASCII.sign(c) for c in words)


# What is no letter in the text of LaTeX and of Markdown, where < would begin HTML, | end a cell
_LATEX_TEXT = {c: "\\" + c for c in "_%&#${}"} | {
    c: rf"}}{sign}\text{{"
    for c, sign in {"\\": r"\backslash ", "~": r"\sim ", "^": r"\hat{\ }", "`": r"\grave{\ }", "<": r"\lt ",
                    ">": r"\gt ", "|": r"\vert "}.items()
}  # fmt: skip


def _latex_words(piece: str) -> str:
    return rf"\text{{{''.join(_LATEX_TEXT.get(c, c) for c in piece)}}}"


def in_markdown(words: str) -> str:
    """Write a sentence in a cell of a table."""
    return re.sub(r"([\\`$|])", r"\\\1", escape(words, quote=False))


def in_latex(written: str) -> str:
    """Write a sentence between formulas: words as text, and the signs in it as mathematics."""
    pieces = re.split(rf"((?:(?!{_JAPANESE})[^\x00-\x7f])+)", written)
    signs = {letter: rf"\{word}" for letter, word in GREEK.items()} | {"Σ": r"\Sigma", "ᵀ": r"^{\top}"}
    signs |= {small: f"_{large}" for small, large in LOWERED.items()}
    return "".join(
        " ".join(signs.get(c) or LATEX.sign(c).strip() for c in piece) if i % 2 else _latex_words(piece)
        for i, piece in enumerate(pieces)
        if piece
    )
