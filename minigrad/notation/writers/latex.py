"""LaTeX."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import ClassVar

from minigrad.notation.symbols import GREEK, Symbol, split_name
from minigrad.notation.template import PAIRS, ROOTS
from minigrad.notation.writers.text import Writer, split_sum
from minigrad.ops.common.alphabet import HAT, RAISED, plain_index

_FUNCTIONS = frozenset(
    ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min", "det")
)
_SCRIPT = {"ℱ": r"\mathcal{F}"}


class Latex(Writer):
    """LaTeX for math mode, of commands that amsmath, MathJax and KaTeX all know."""

    linear = False
    _signs: ClassVar[dict[str, str]] = {
        "−": "-", "⊙": r"\odot", "≥": r"\ge", "≤": r"\le", "≠": r"\ne", "½": r"\tfrac{1}{2}", "…": r"\ldots",
        "·": r"\cdot", "×": r"\times", "∈": r"\in", "∞": r"\infty", "∘": r"\circ", "%": r"\%", "&": r"\&",
        "_": r"\_", "#": r"\#", "$": r"\$", "~": r"\sim", "∧": r"\wedge", "∨": r"\vee", "¬": r"\neg", "∂": r"\partial",
        "⊗": r"\otimes", "⊕": r"\oplus", "∗": r"\ast", "→": r"\to", "{": r"\{", "}": r"\}",
        "\\": r"\backslash", "′": "'", "⋆": r"\star", "Φ": r"\Phi", "φ": r"\varphi",
    }  # fmt: skip
    _in_names: ClassVar[dict[str, str]] = {  # what would be HTML, a cell, code or mathematics in Markdown or LaTeX
        "<": r"\lt ", ">": r"\gt ", "|": r"\vert ", "^": r"\hat{\ }", "`": r"\grave{\ }", "\\": r"\backslash ",
    }  # fmt: skip
    _brackets: ClassVar[dict[str, tuple[str, str]]] = {  # | itself would end a cell of a table in Markdown
        "⟨": (r"\langle", r"\rangle"), "‖": (r"\lVert", r"\rVert"), "|": (r"\lvert", r"\rvert"),
        "⌊": (r"\lfloor", r"\rfloor"), "⌈": (r"\lceil", r"\rceil"),
    }  # fmt: skip

    def row(self, pieces: list[str]) -> str:
        """Write pieces side by side; LaTeX sets the spaces, so that one between commands is enough."""
        return re.sub(r" +", " ", "".join(pieces)).strip()

    def symbol(self, name: Symbol) -> str:
        """Write a name: W_1, \\delta_2, \\frac{\\partial E}{\\partial W_1}."""
        gradient, base, above, below = split_name(name)
        written = self._letters(base)
        if above:
            written += f"^{{({above})}}"
        if below:
            written += f"_{{{self._index(below)}}}" if len(below) > 1 else f"_{below}"
        return rf"\frac{{\partial E}}{{\partial {written}}}" if gradient else written

    def _letters(self, base: str) -> str:
        if base in GREEK:
            return rf"\{GREEK[base]}"
        if len(base) == 1 and base.isalpha():
            return base
        if base[1:] == HAT:
            return rf"\hat{{{self._letters(base[0])}}}"
        if base[0] == "Δ" and len(base) == 2 and base[1].isalpha():
            return rf"\Delta {base[1]}"
        return rf"\mathrm{{{''.join(self._escaped(c) for c in base)}}}"

    def _escaped(self, character: str) -> str:
        if character in GREEK:
            return rf"\{GREEK[character]} "
        return " " if character == " " else self._in_names.get(character) or self._signs.get(character, character)

    def number(self, written: str) -> str:
        """Write a number; 1e-05 as 10 to a power."""
        mantissa, e, exponent = written.replace("−", "-").partition("e")
        if written[:1].isalpha():  # inf, nan, an array by its shape
            return rf"\mathrm{{{self._escape(written)}}}"
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else self._escape(mantissa)

    def _escape(self, written: str) -> str:
        return "".join(self._escaped(c) for c in written)

    def half(self) -> str:
        """Write ½ small, so that it stands in a line."""
        return r"\tfrac{1}{2}"

    def word(self, name: str) -> str:
        """Write the name of a function upright."""
        if name in GREEK:
            return rf"\{GREEK[name]}"
        if len(name) == 1:  # an index, or ℱ
            return _SCRIPT.get(name, name)
        _, bare, _, below = split_name(name)
        written = rf"\{bare}" if bare in _FUNCTIONS else rf"\operatorname{{{self._escape(bare)}}}"
        if below:
            return f"{written}_{{{below}}}"
        return f"{written} " if bare in _FUNCTIONS else written

    def sign(self, written: str) -> str:
        """Write a sign."""
        bare = written.strip()
        return f" {self._signs.get(bare, bare)} " if bare not in ("", ",", ":") else f"{bare} "

    def fence(self, opening: str, inside: str) -> str:
        """Write brackets that grow with what they hold."""
        left, right = self._brackets.get(opening, (opening, PAIRS[opening]))
        return rf"\left{left} {inside} \right{right}"

    def root(self, sign: str, inside: str) -> str:
        """Write a root, with its degree if that is not 2."""
        degree = ROOTS[sign]
        return rf"\sqrt{{{inside}}}" if degree == 2 else rf"\sqrt[{degree}]{{{inside}}}"

    def over(self, above: str, below: str) -> str:
        """Write a fraction with a bar."""
        return rf"\frac{{{above}}}{{{below}}}"

    def raised(self, base: str, written: str, power: str, name: Symbol | None = None) -> str:
        """Write a power; base in a group of its own, since it may have a power already."""
        if not power:
            power = "".join({"ᵀ": r"\top", "⁻": "-"}.get(c) or RAISED[c] for c in written)
        bare = self._is_letter(name) if name else len(base) == 1
        return f"{base}^{{{power}}}" if bare else f"{{{base}}}^{{{power}}}"

    def lowered(self, base: str, written: str) -> str:
        """Write an index; base in a group of its own, since it may have an index already."""
        return f"{base}_{{{plain_index(written)}}}" if len(base) == 1 else f"{{{base}}}_{{{plain_index(written)}}}"

    def _is_letter(self, name: Symbol) -> bool:
        """Say whether a symbol is one letter with nothing raised at it, so that it takes a power as it is."""
        gradient, base, above, _ = split_name(name)
        return not gradient and not above and (base in GREEK or (len(base) == 1 and base.isalpha()))

    def sum(self, written: str) -> str:
        r"""Write \sum, \prod, \max or \min, and its index."""
        sign, index = split_sum(written)
        sign = {"Σ": r"\sum", "∏": r"\prod"}.get(sign, rf"\{sign}")
        return rf"{sign}_{{{self._index(index)}}} " if index else f"{sign} "

    def cases(self, rows: Sequence[tuple[str, str]]) -> str:
        """Write cases below each other."""
        said = [rf"{value} & \text{{if }} {by}" if by else rf"{value} & \text{{otherwise}}" for value, by in rows]
        rows_below = r" \\ ".join(said)
        return rf"\begin{{cases}} {rows_below} \end{{cases}}"

    def _index(self, below: str) -> str:
        for sign, written in (("−", "-"), ("⌊", r"\lfloor "), ("⌋", r"\rfloor "), ("≤", r"\le "), (": ", r":\,")):
            below = below.replace(sign, written)
        return "".join(rf"\{GREEK[c]} " if c in GREEK else c for c in below)


LATEX = Latex()
