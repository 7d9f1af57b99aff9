"""Writers: how each format writes a symbol, a sign, a bracket, a power, a fraction, a sum. They place no brackets."""

from __future__ import annotations

import re
from html import escape
from typing import ClassVar

from minigrad.notation.symbols import GREEK, Indexed, Symbol, split_name
from minigrad.notation.template import PAIRS, ROOTS
from minigrad.ops.alphabet import LOWERED, RAISED

_FUNCTIONS = frozenset(
    ("exp", "log", "sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan", "max", "min", "det")
)
_BARE = re.compile(r"(\w|\\[a-zA-Z]+)(_(\w|\{\w+\}))?")  # a letter with an index, which can take a power as it is
_LOWERED_ONLY = re.compile(r"<msub>(?:(?!<msub>).)*</msub>")


class Writer:
    """Plain text in Unicode, as the Op's own template has it: ``δ₂ W₂ᵀ``, ``(1 − Y₁²) / 2``.

    ``linear``: everything stands on one line, so that a fraction and a power need the brackets that a bar and a
    raised position make needless.
    """

    linear = True

    def row(self, pieces: list[str]) -> str:
        """Write pieces side by side."""
        return "".join(pieces)

    def symbol(self, name: Symbol) -> str:
        """Write a name."""
        return str(name)

    def number(self, written: str) -> str:
        """Write a number."""
        return written

    def word(self, name: str) -> str:
        """Write the name of a function."""
        return name

    def sign(self, written: str) -> str:
        """Write a sign, with the spaces around it."""
        return written

    def beside(self, elementwise: bool) -> str:
        """Write what stands between two factors that stand side by side."""
        return " "

    def fence(self, opening: str, inside: str) -> str:
        """Write brackets around something."""
        return f"{opening}{inside}{PAIRS[opening]}"

    def call(self, inside: str) -> str:
        """Write what a function is called with."""
        return self.fence("(", inside)

    def root(self, sign: str, inside: str) -> str:
        """Write a root of the degree that its sign, √ or ∛, has."""
        return f"{sign}({inside})"

    def over(self, above: str, below: str) -> str:
        """Write a fraction."""
        return f"{above} / {below}"

    def raised(self, base: str, written: str, power: str) -> str:
        """Write a power: by raised characters as they are ``written``, or by a sign and a ``power``."""
        return f"{base}{written}{power}"

    def sum(self, written: str) -> str:
        """Write Σ and its index."""
        return written


class Ascii(Writer):
    """Plain text without Unicode, the way it would be typed: ``dE/dY1 * (1 - Y1^2)``, ``Y1.T @ delta2``."""

    _signs: ClassVar[dict[str, str]] = {
        "−": "-", "⊙": "*", "≥": ">=", "≤": "<=", "≠": "!=", "√": "sqrt", "∛": "cbrt", "½": "1/2 ", "…": "...",
        "⟨": "<", "⟩": ">", "‖": "||", "·": "*", "×": "x", "∈": "in", "∞": "inf", "∘": ".", "⌊": "floor(", "⌋": ")",
        "⌈": "ceil(", "⌉": ")",
    }  # fmt: skip

    def symbol(self, name: Symbol) -> str:
        """Write a name in ASCII: delta2, dE/dW1, H[t-1]."""
        if isinstance(name, Indexed):
            at = f"{name.at},{name.labels}" if name.labels else str(name.at)
            return f"{self.symbol(name.name)}[{at.replace('−', '-')}]"
        gradient, base, above, below = split_name(name)
        lowered = f"_{below.replace(',', '_')}" if below and not below.isdigit() else below
        return ("dE/d" if gradient else "") + self.word(base) + above + lowered

    def number(self, written: str) -> str:
        """Write a number with a hyphen for its minus."""
        return written.replace("−", "-").replace("½", "1/2 ")

    def word(self, name: str) -> str:
        """Write a name, its Greek letters spelled out; σ as a function is sigmoid."""
        spelled = "".join(GREEK.get(c, c) for c in name)
        return ("sigmoid" if name == "σ" else spelled).encode("ascii", "replace").decode()

    def sign(self, written: str) -> str:
        """Write a sign as a keyboard has it."""
        return "".join(self._signs.get(c, c) for c in written).encode("ascii", "replace").decode()

    def beside(self, elementwise: bool) -> str:
        """Write the sign of a product: of elements *, of matrices @, as in Python."""
        return " * " if elementwise else " @ "

    def fence(self, opening: str, inside: str) -> str:
        """Write brackets around something."""
        return f"{self.sign(opening)}{inside}{self.sign(PAIRS[opening])}"

    def root(self, sign: str, inside: str) -> str:
        """Write a root as the function."""
        return f"{self.sign(sign)}({inside})"

    def raised(self, base: str, written: str, power: str) -> str:
        """Write a power with ^, a transpose as .T."""
        if power:
            return f"{base}^{power}"
        if written == "ᵀ":
            return f"{base}.T"
        power = "".join(RAISED[c] for c in written).replace("−", "-").replace("ᵀ", "T")
        return f"{base}^{power}" if power.isdigit() else f"{base}^({power})"

    def sum(self, written: str) -> str:
        """Write sum, sum_n."""
        index = "".join(LOWERED[c] for c in written.strip()[1:])
        return f"sum_{index} " if index else "sum "


class Latex(Writer):
    """LaTeX for math mode, of commands that amsmath, MathJax and KaTeX all know."""

    linear = False
    _signs: ClassVar[dict[str, str]] = {
        "−": "-", "⊙": r"\odot", "≥": r"\ge", "≤": r"\le", "≠": r"\ne", "½": r"\tfrac{1}{2}", "…": r"\ldots",
        "·": r"\cdot", "×": r"\times", "∈": r"\in", "∞": r"\infty", "∘": r"\circ", "%": r"\%", "&": r"\&",
        "_": r"\_", "#": r"\#", "$": r"\$", "~": r"\sim", "∧": r"\wedge", "∨": r"\vee", "¬": r"\neg", "∂": r"\partial",
        "⊗": r"\otimes", "∗": r"\ast", "→": r"\to", "{": r"\{", "}": r"\}", "\\": r"\backslash",
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
            written += f"_{{{below}}}" if len(below) > 1 else f"_{below}"
        return rf"\frac{{\partial E}}{{\partial {written}}}" if gradient else written

    def _letters(self, base: str) -> str:
        if base in GREEK:
            return rf"\{GREEK[base]}"
        if len(base) == 1 and base.isalpha():
            return base
        return rf"\mathrm{{{''.join(self._escaped(c) for c in base)}}}"

    def _escaped(self, character: str) -> str:
        if character in GREEK:
            return rf"\{GREEK[character]} "
        return " " if character == " " else self._signs.get(character, character)

    def number(self, written: str) -> str:
        """Write a number; 1e-05 as 10 to a power."""
        mantissa, e, exponent = written.replace("−", "-").partition("e")
        if written[:1].isalpha():  # inf, nan, an array by its shape
            return rf"\mathrm{{{self._escape(written)}}}"
        return rf"{mantissa} \cdot 10^{{{int(exponent)}}}" if e else self._escape(mantissa)

    def _escape(self, written: str) -> str:
        return "".join(self._escaped(c) for c in written)

    def word(self, name: str) -> str:
        """Write the name of a function upright."""
        if name in GREEK:
            return rf"\{GREEK[name]}"
        return rf"\{name} " if name in _FUNCTIONS else rf"\operatorname{{{self._escape(name)}}}"

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

    def raised(self, base: str, written: str, power: str) -> str:
        """Write a power; base in a group of its own, since it may have a power already."""
        if not power:
            power = "".join({"ᵀ": r"\top", "⁻": "-"}.get(c) or RAISED[c] for c in written)
        return f"{base}^{{{power}}}" if _BARE.fullmatch(base) else f"{{{base}}}^{{{power}}}"

    def sum(self, written: str) -> str:
        r"""Write \sum and its index."""
        index = "".join(LOWERED[c] for c in written.strip()[1:])
        return rf"\sum_{{{index}}} " if index else r"\sum "


class MathML(Writer):
    """MathML Core, as browsers show it; each method gives one or several elements."""

    linear = False

    def symbol(self, name: Symbol) -> str:
        """Write a name with its indices; a gradient as a fraction."""
        gradient, base, above, below = split_name(name)
        written = self.word(base)
        lowered = "".join(map(self._small, re.findall(r"\d+|.", below)))
        if above:
            layer = f"<mrow><mo>(</mo><mn>{above}</mn><mo>)</mo></mrow>"
            written = f"<msubsup>{written}<mrow>{lowered}</mrow>{layer}</msubsup>"
        elif below:
            written = f"<msub>{written}<mrow>{lowered}</mrow></msub>"
        if not gradient:
            return written
        return f"<mfrac><mrow><mo>∂</mo><mi>E</mi></mrow><mrow><mo>∂</mo>{written}</mrow></mfrac>"

    def _small(self, part: str) -> str:
        """Write one part of an index: a letter, a number or a sign."""
        kind = "mi" if part.isalpha() else "mn" if part.isdigit() else "mo"
        return f"<{kind}>{part.replace('-', '−')}</{kind}>"

    def number(self, written: str) -> str:
        """Write a number."""
        if written.startswith("−"):
            return f"<mrow><mo>−</mo><mn>{escape(written[1:])}</mn></mrow>"
        return f"<mn>{escape(written)}</mn>"

    def word(self, name: str) -> str:
        """Write a name or the name of a function."""
        return f"<mi>{escape(name)}</mi>"

    def sign(self, written: str) -> str:
        """Write a sign."""
        return f"<mo>{escape(written.strip())}</mo>"

    def beside(self, elementwise: bool) -> str:
        """Write the product that is not seen."""
        return '<mo rspace="0.17em">&#x2062;</mo>'

    def fence(self, opening: str, inside: str) -> str:
        """Write brackets that grow with what they hold."""
        left, right = (f'<mo stretchy="true">{c}</mo>' for c in (opening, PAIRS[opening]))
        return f"<mrow>{left}{inside}{right}</mrow>"

    def call(self, inside: str) -> str:
        """Write what a function is called with, and that it is called."""
        return f"<mo>&#x2061;</mo>{self.fence('(', inside)}"

    def root(self, sign: str, inside: str) -> str:
        """Write a root, with its degree if that is not 2."""
        degree = ROOTS[sign]
        return f"<msqrt>{inside}</msqrt>" if degree == 2 else f"<mroot><mrow>{inside}</mrow><mn>{degree}</mn></mroot>"

    def over(self, above: str, below: str) -> str:
        """Write a fraction with a bar."""
        return f"<mfrac><mrow>{above}</mrow><mrow>{below}</mrow></mfrac>"

    def raised(self, base: str, written: str, power: str) -> str:
        """Write a power."""
        if not power:
            signs = {"⁻": "<mo>−</mo>", "ᵀ": "<mi>⊤</mi>"}
            power = "".join(signs.get(c) or f"<mn>{RAISED[c]}</mn>" for c in written)
        if _LOWERED_ONLY.fullmatch(base):  # Y₁ᵀ has one above the other
            return base.replace("msub>", "msubsup>").replace("</msubsup>", f"<mrow>{power}</mrow></msubsup>")
        return f"<msup><mrow>{base}</mrow><mrow>{power}</mrow></msup>"

    def sum(self, written: str) -> str:
        """Write Σ with its index below."""
        index = "".join(f"<mi>{LOWERED[c]}</mi>" for c in written.strip()[1:])
        return f"<munder><mo>∑</mo><mrow>{index}</mrow></munder>" if index else "<mo>∑</mo>"


TEXT, ASCII, LATEX, MATHML = Writer(), Ascii(), Latex(), MathML()
