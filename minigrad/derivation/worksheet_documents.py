"""A worksheet as a document, for the learner with blanks or for the teacher with answers: text, Markdown, HTML."""

from __future__ import annotations

from collections.abc import Container, Iterator, Sequence
from html import escape
from typing import Any, NamedTuple

import numpy as np

from minigrad.derivation.documents import in_markdown
from minigrad.derivation.reasons.step_documents import mathml, table
from minigrad.derivation.remarks import say_fact
from minigrad.derivation.shown import Shown
from minigrad.derivation.wording import Said, in_language, say
from minigrad.notation.term import Term, write_term
from minigrad.notation.writers.ascii import ASCII
from minigrad.notation.writers.latex import LATEX
from minigrad.notation.writers.text import TEXT

MOST_NUMBERS = 48  # elements of an array that is written out

TITLE, GIVEN = say("Exercise"), say("Given")
FORWARD, BACK, BLANKS = say("The way to E"), say("The way back"), say("The way back: fill in the blanks")
ANSWERS = say("Answers")

STYLE = """
.minigrad-worksheet { color: inherit; line-height: 1.6; max-width: 52rem; }
.minigrad-worksheet .title { font-size: 1.25em; margin: 0 0 .6em; }
.minigrad-worksheet .part { font-size: 1em; margin: 1.2em 0 .3em; }
.minigrad-worksheet .given { display: flex; flex-wrap: wrap; gap: .6em 2em; align-items: center; }
.minigrad-worksheet .given > div { display: flex; gap: .5em; align-items: center; max-width: 100%; overflow-x: auto; }
.minigrad-worksheet table.matrix { border-collapse: collapse; position: relative; font-variant-numeric: tabular-nums;
  font-size: .9em; }
.minigrad-worksheet table.matrix::before, .minigrad-worksheet table.matrix::after { content: ""; position: absolute;
  inset-block: 0; width: .35em; border: 1.5px solid; }
.minigrad-worksheet table.matrix::before { left: 0; border-right: none; }
.minigrad-worksheet table.matrix::after { right: 0; border-left: none; }
.minigrad-worksheet table.matrix td { padding: .05em .5em; text-align: right; border: none; }
.minigrad-worksheet ol { list-style: none; margin: 0; padding: 0; }
.minigrad-worksheet li { padding: .45em 0; border-bottom: 1px solid color-mix(in srgb, currentColor 16%, transparent);
  overflow-x: auto; break-inside: avoid; }
.minigrad-worksheet .asked { font-weight: 600; }
.minigrad-worksheet .blank { display: inline-block; min-width: 16em; border-bottom: 1.5px solid; height: 1.5em;
  vertical-align: baseline; }
.minigrad-worksheet .note { font-size: .85em; opacity: .75; margin-inline-start: 1em; white-space: nowrap; }
.minigrad-worksheet code { font-size: .95em; }
.minigrad-worksheet summary { cursor: pointer; }
.minigrad-worksheet details > :is(table, code) { margin: .3em 0 .3em 1.4em; font-size: .95em; }
.minigrad-worksheet td.step { padding: .15em .5em .15em 0; }
""".strip()

PAGE = """
:root { color-scheme: light dark; }
body { font: 17px/1.6 system-ui, "DejaVu Sans", "Noto Sans CJK JP", sans-serif; margin: 2rem clamp(1rem, 5vw, 4rem); }
@media print { body { margin: 0; font-size: 11pt; } .minigrad-worksheet .blank { min-width: 20em; } }
""".strip()


class Item(NamedTuple):
    """One line of a sheet: the Terms that are equal, the question that it is, if it is one, and its number."""

    terms: list[Term]
    left: int
    question: Any = None
    number: int = 0


def to_text(sheet: Any, answers: bool | Container[str], notation: str) -> str:
    """Write a sheet as text; of the ``answers`` all, none, or those of some keys."""
    writer = ASCII if notation == "text" else TEXT
    forward, back = items(sheet, notation)
    lines = [_title(sheet, answers), "", _said(GIVEN, sheet)]
    for name, value in arrays(sheet):
        lines += [f"  {name:8} {_shape(value)}", *_rows(value)]
    lines += ["", _said(FORWARD, sheet)]
    lines += [f"  {' = '.join(write_term(term, writer) for term in item.terms)}" for item in forward]
    lines += ["", _said(BACK if answers is True else BLANKS, sheet)]
    for item in back:
        sides = [write_term(term, writer) for term in item.terms]
        if item.question is None:
            lines.append(f"       {' = '.join(sides)}")
            continue
        shown = _is_shown(item.question, answers)
        asked = f"  ({item.number})  {' = '.join(sides if shown else [*sides[: item.left], '_' * 20])}"
        lines.append(f"{asked}    {item.question.key}: {_shape(item.question.value)}")
        if shown:
            lines += [f"         {item.question.key} = {item.question.code}", *_rows(item.question.value)]
    return "\n".join([*lines, *_facts(sheet)])


def to_markdown(sheet: Any, answers: bool, notation: str) -> str:
    """Write a sheet in Markdown."""
    forward, back = items(sheet, notation)
    lines = [f"## {in_markdown(_title(sheet, answers))}", "", f"### {_said(GIVEN, sheet)}", ""]
    for name, value in arrays(sheet):
        lines.append(f"- `{name}`, {_shape(value)}")
        lines += ["", "  ```", *_rows(value, 2), "  ```", ""] if np.ndim(value) else []
    lines += ["", f"### {_said(FORWARD, sheet)}", ""]
    lines += [f"- ${' = '.join(write_term(term, LATEX) for term in item.terms)}$" for item in forward]
    lines += ["", f"### {_said(BACK if answers is True else BLANKS, sheet)}", ""]
    for item in back:
        sides = [write_term(term, LATEX) for term in item.terms]
        if item.question is None:
            lines.append(f"- ${' = '.join(sides)}$")
        elif answers:
            lines.append(f"- **({item.number})** ${' = '.join(sides)}$, `{item.question.key} = {item.question.code}`")
            lines += ["", "  ```", *_rows(item.question.value, 2), "  ```", ""]
        else:
            blank = " = ".join([*sides[: item.left], r"\underline{\hspace{6em}}"])
            lines.append(f"- **({item.number})** ${blank}$ (`{item.question.key}`, {_shape(item.question.value)})")
    return "\n".join([*lines, *(in_markdown(fact) for fact in _facts(sheet))])


def to_html(sheet: Any, answers: bool, notation: str) -> str:
    """Write a page of its own, which fetches nothing."""
    return (
        f'<!DOCTYPE html>\n<html lang="{sheet.lang}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n<link rel="icon" href="data:,">\n'
        f"<title>{escape(_title(sheet, answers))}</title>\n<style>{PAGE}</style>\n</head>\n<body>\n"
        f"<main>{fragment(sheet, answers, notation, level=1)}</main>\n</body>\n</html>\n"
    )


def fragment(
    sheet: Any, answers: bool | Container[str], notation: str, level: int = 2, about: str = ""
) -> str:  # fmt: skip
    """Write the sheet as a fragment of HTML, which a notebook shows; ``answers`` as for ``to_text``.

    Its title is a heading of a ``level``, below which stands what it is ``about``.
    """
    forward, back = items(sheet, notation)
    given = "".join(
        f"<div><span>{mathml([*_symbol(sheet, name)], '')}</span> = {_matrix(value)}"
        f'<span class="note">{escape(_shape(value))}</span></div>'
        for name, value in arrays(sheet)
    )
    ahead = "".join(f"<li>{mathml(item.terms)}</li>" for item in forward)
    rows = "".join(_html_item(item, answers, sheet.lang) for item in back)
    known = "".join(f"<p>{escape(fact)}</p>" for fact in _facts(sheet) if fact)
    return (
        f'<style>{STYLE}</style>\n<div class="minigrad-worksheet">\n'
        f'<h{level} class="title">{escape(_title(sheet, answers))}</h{level}>\n'
        f"{f'<p>{escape(about)}</p>' if about else ''}"
        f'{_part(GIVEN, sheet, level)}\n<div class="given">{given}</div>\n'
        f"{_part(FORWARD, sheet, level)}\n<ol>{ahead}</ol>\n"
        f"{_part(BACK if answers is True else BLANKS, sheet, level)}\n<ol>{rows}</ol>\n{known}</div>"
    )


def _is_shown(question: Any, answers: bool | Container[str]) -> bool:
    return answers if isinstance(answers, bool) else question.key in answers


def _html_item(item: Item, answers: bool | Container[str], lang: str) -> str:
    question = item.question
    if question is None:
        return f"<li>{mathml(item.terms)}</li>"
    note = f'<span class="note"><code>{escape(question.key)}</code>, {escape(_shape(question.value))}</span>'
    number = f'<span class="asked">({item.number})</span> '
    if not _is_shown(question, answers):
        return f'<li>{number}{mathml(item.terms[: item.left])} = <span class="blank"></span>{note}</li>'
    code = f"<code>{escape(question.key)} = {escape(question.code)}</code>"
    steps = [row._replace(words=in_language(row.words, lang)) for row in question.steps().rows()]
    inside = table(steps) + _matrix(question.value)
    return f"<li><details open><summary>{number}{mathml(item.terms)}{note}</summary>{code}{inside}</details></li>"


def items(sheet: Any, notation: str) -> tuple[list[Item], list[Item]]:
    """Give the lines of the way to E, and those of the way back."""
    source = sheet.source
    ahead = source.forward_lines
    written = Shown(source.equations, ahead, ahead[0].ways, False)
    terms = written.all(notation)
    asked = {question.symbol: (question, i) for i, question in enumerate(sheet.questions, 1)}
    back = []
    for line, equal in zip(source, terms[len(ahead) :], strict=True):
        left = len(dict.fromkeys([line.symbol, f"∂E/∂{line.of}"]))
        shown = equal[: left + 1]  # what a line only supposes is no answer
        question, number = asked.get(line.symbol, (None, 0))
        back.append(Item(shown, left, question, number))
    return [Item(equal, 1) for equal in terms[: len(ahead)]], back


def arrays(sheet: Any) -> Iterator[tuple[str, Any]]:
    """Give the inputs, which everything else is computed from."""
    for x in sheet.inputs:
        name = sheet.variable_of(x)
        yield name, sheet.given[name]


def _symbol(sheet: Any, name: str) -> Sequence[Term]:
    return [sheet.terms[name]]


def facts(sheet: Any) -> list[Said]:
    """Say which facts the answers need."""
    found = dict.fromkeys(fact for line in sheet.source for fact in line.facts)
    return [say("It is known that {fact}.", fact=say_fact(fact)) for fact in found]


def _facts(sheet: Any) -> list[str]:
    said = [_said(fact, sheet) for fact in facts(sheet)]
    return ["", *said] if said else []


def _title(sheet: Any, answers: Any) -> str:
    title = sheet.title or _said(TITLE, sheet)
    return f"{title}: {_said(ANSWERS, sheet)}" if answers is True else title


def _part(words: Said, sheet: Any, level: int) -> str:
    return f'<h{level + 1} class="part">{_said(words, sheet)}</h{level + 1}>'


def _said(words: Said, sheet: Any) -> str:
    return str(in_language(words, sheet.lang))


def _shape(value: Any) -> str:
    return " × ".join(map(str, np.shape(value))) or "1"


def _rows(value: Any, indent: int = 11) -> list[str]:
    """Write an array's numbers, one row a line, if it is not large."""
    if np.size(value) > MOST_NUMBERS:
        return []
    written = np.array2string(np.asarray(value), precision=4, suppress_small=True, max_line_width=110)
    return [f"{' ' * indent}{line}" for line in written.splitlines()]


def _matrix(value: Any) -> str:
    """Write an array as a table, if it is not large."""
    value = np.asarray(value)
    if value.size > MOST_NUMBERS or value.ndim > 2:
        return ""
    rows = np.atleast_2d(value)
    cells = "".join("<tr>" + "".join(f"<td>{x:.4g}</td>" for x in row) + "</tr>" for row in rows)
    return f'<table class="matrix"><tbody>{cells}</tbody></table>'.replace("-", "−")
