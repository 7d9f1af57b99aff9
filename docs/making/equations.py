"""Equations as HTML, in both notations at once; the page's switch shows one of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape
from pathlib import Path
from typing import Any

from minigrad.derivation.lines import Derivation
from minigrad.derivation.reasons.step_documents import mathml, table
from minigrad.derivation.reasons.steps import StepRow
from minigrad.derivation.wording import LANGUAGES, translate
from minigrad.engine.node import Node
from minigrad.notation.index.terms import index_term
from minigrad.notation.matrix import matrix_term
from minigrad.notation.symbols import Indexed
from minigrad.notation.term import Term, symbol_term
from minigrad.ops.base import Elementwise

NOTATIONS = ("matrix", "index")
HERE = Path(__file__).parent
SWITCH = {
    "en": ("Notation", "matrix", "index", "∂E/∂W₂ = Y₁ᵀ δ₂", "∂E/∂wⱼₖ = yⱼ δₖ"),
    "ja": ("表記", "行列", "添字", "∂E/∂W₂ = Y₁ᵀ δ₂", "∂E/∂wⱼₖ = yⱼ δₖ"),
}
FACT = {"en": "since", "ja": "ここで"}


def write_switch(lang: str) -> str:
    """Give the switch between the notations, with what makes it work: the choice is kept in the page's address."""
    title, *names = SWITCH[lang]
    buttons = "".join(
        f'<button type="button" data-notation="{key}" aria-pressed="{"true" if key == "matrix" else "false"}">'
        f"{name}<small>{example}</small></button>"
        for key, name, example in zip(NOTATIONS, names, names[2:], strict=False)
    )
    style, script = ((HERE / name).read_text("utf-8") for name in ("chapter.css", "notation.js"))
    without = "<noscript><style>.by.index{display:block}</style></noscript>"
    return (
        f"<style>\n{style}</style>{without}"
        f'<div class="notation-switch" role="group" aria-label="{title}"><span>{title}</span>{buttons}</div>'
        f"<script>\n{script}</script>"
    )


def write_both(matrix: str, index: str) -> str:
    """Give what stands in matrix notation and what does by index, of which the page shows one."""
    if matrix == index:
        return matrix
    return f'<div class="by matrix">{matrix}</div><div class="by index">{index}</div>'


def write_equations(equations: Iterable[str], says: Sequence[str] = ()) -> str:
    """Give ``math`` elements below each other, each with a remark behind it if there are any."""
    rows = [
        f'<div class="line">{equation}{f"<span>{said}</span>" if said else ""}</div>'
        for equation, said in zip(equations, [*says, *[""] * 99], strict=False)
    ]
    return f'<div class="equations">{"".join(rows)}</div>'


class Lines:
    """The lines of two derivations of one network: of a batch, in matrix notation, and of one sample, by index."""

    def __init__(self, batch: Derivation, sample: Derivation) -> None:
        self.derivations = dict(zip(NOTATIONS, (batch, sample), strict=True))

    def find(self, notation: str, symbols: Sequence[str]) -> list[Any]:
        """Give the lines of these symbols, by default all of the way back."""
        derivation = self.derivations[notation]
        lines = [*derivation.forward_lines, *derivation]
        by_symbol = {name: line for line in lines for name in line.names}
        return [by_symbol[symbol] for symbol in symbols] or list(derivation)

    def write(self, *symbols: str, lang: str = "en", steps: bool = True) -> str:
        """Give lines in both notations; each opens on its steps."""
        return write_both(*(self._block(self.find(each, symbols), each, lang, steps) for each in NOTATIONS))

    def write_first_step(self, *symbols: str) -> str:
        """Give the chain rule that lines begin with, before any derivative is put in."""
        return write_both(
            *(
                write_equations(_equation(line.steps().rows(notation)[0]) for line in self.find(notation, symbols))
                for notation in NOTATIONS
            )
        )

    def _block(self, lines: Sequence[Any], notation: str, lang: str, steps: bool) -> str:
        return f'<div class="equations">{"".join(self._line(line, notation, lang, steps) for line in lines)}</div>'

    def _line(self, line: Any, notation: str, lang: str, steps: bool) -> str:
        rows = [row._replace(words=translate(row.words, LANGUAGES[lang])) for row in line.steps().rows(notation)]
        seen = mathml([*rows[0].left, rows[-1].right])
        because = "; ".join(f"Σ {fact.name} = 1" if fact.axis == -1 else str(fact) for fact in line.facts)
        said = f"<span>{FACT[lang]} {escape(because)}</span>" if because else ""
        if notation == "matrix" and line.shape:
            said += f"<span>{' × '.join(map(str, line.shape))}</span>"
        inside = table(rows) if steps else ""
        if not inside:
            return f'<div class="line">{seen}{said}</div>'
        return f'<details class="line"><summary>{seen}{said}</summary><div class="steps">{inside}</div></details>'


def _equation(row: StepRow) -> str:
    return mathml([*row.left, row.right])


def write_local_derivative(op: Elementwise) -> str:
    """Give y = f(u), how f is defined, and ∂y/∂u as the operation's own rule says it, in both notations."""
    table: dict[Any, Node] = {}
    u, y = (Node(name=name, shape=(3,), table=table) for name in ("U", "Y"))
    slope = op.derivatives[0](y, u)  # type: ignore[index, misc]
    values = [op(u), *([op.definition(u)] if op.definition else [])]
    matrix = [
        mathml([symbol_term("Y"), *(matrix_term(value, {}) for value in values)]),
        mathml([_partial(symbol_term("Y"), symbol_term("U")), matrix_term(slope, {})]),
    ]
    of = {u: symbol_term(Indexed("u", None, "j")), y: symbol_term(Indexed("y", None, "j"))}

    def write_index(x: Any) -> Term:
        return index_term(x, ("j",), lambda node, at: of.get(node), lambda *never: "r")

    index = [mathml([of[y], *map(write_index, values)]), mathml([_partial(of[y], of[u]), write_index(slope)])]
    return write_both(write_equations(matrix), write_equations(index))


def _partial(y: Term, x: Term) -> Term:
    return Term("∂{y}/∂{x}", {"y": y, "x": x}, kind="partial")
