"""MathML."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape

from minigrad.notation.symbols import Symbol, split_name
from minigrad.notation.template import PAIRS, ROOTS
from minigrad.notation.writers.text import Writer, split_sum
from minigrad.ops.common.alphabet import HAT, RAISED, plain_index


class MathML(Writer):
    """MathML Core, as browsers show it; each method gives one or several elements."""

    linear = False

    def symbol(self, name: Symbol) -> str:
        """Write a name with its indices; a gradient as a fraction."""
        gradient, base, above, below = split_name(name)
        written = self.word(base)
        lowered = self._lowered(below)
        if above:
            layer = f"<mrow><mo>(</mo><mn>{above}</mn><mo>)</mo></mrow>"
            written = f"<msubsup>{written}<mrow>{lowered}</mrow>{layer}</msubsup>"
        elif below:
            written = f"<msub>{written}<mrow>{lowered}</mrow></msub>"
        if not gradient:
            return written
        return f"<mfrac><mrow><mo>∂</mo><mi>E</mi></mrow><mrow><mo>∂</mo>{written}</mrow></mfrac>"

    def _lowered(self, below: str) -> str:
        """Write an index: letters, numbers and signs."""
        parts = re.findall(r"\d+|.", below)
        kinds = ["mi" if part.isalpha() else "mn" if part.isdigit() else "mo" for part in parts]
        written = [escape(part.replace("-", "−")) for part in parts]
        return "".join(f"<{kind}>{part}</{kind}>" for kind, part in zip(kinds, written, strict=True))

    def number(self, written: str) -> str:
        """Write a number."""
        if written.startswith("−"):
            return f"<mrow><mo>−</mo><mn>{escape(written[1:])}</mn></mrow>"
        return f"<mn>{escape(written)}</mn>"

    def half(self) -> str:
        """Write ½ as a fraction."""
        return "<mfrac><mn>1</mn><mn>2</mn></mfrac>"

    def word(self, name: str) -> str:
        """Write a name or the name of a function: log₂ with its base below, m̂ with its hat above, Δw as two letters."""
        if name[1:] == HAT:
            return f'<mover><mi>{escape(name[0])}</mi><mo stretchy="false">\u02c6</mo></mover>'
        if name[0] == "Δ" and len(name) == 2:
            return f"<mrow><mi>Δ</mi><mi>{escape(name[1])}</mi></mrow>"
        _, bare, _, below = split_name(name)
        written = f"<mi>{escape(bare)}</mi>"
        return f"<msub>{written}<mn>{below}</mn></msub>" if below.isdigit() else f"<mi>{escape(name)}</mi>"

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

    def raised(self, base: str, written: str, power: str, name: Symbol | None = None) -> str:
        """Write a power."""
        if not power:
            signs = {"⁻": "<mo>−</mo>", "⁺": "<mo>+</mo>", "ᵀ": "<mi>⊤</mi>", "ᵗ": "<mi>t</mi>"}
            power = "".join(signs.get(c) or f"<mn>{RAISED[c]}</mn>" for c in written)
        gradient, letter, above, below = split_name(name or "")
        if below and not above and not gradient:  # Y₁ᵀ has one above the other
            return f"<msubsup>{self.word(letter)}<mrow>{self._lowered(below)}</mrow><mrow>{power}</mrow></msubsup>"
        return f"<msup><mrow>{base}</mrow><mrow>{power}</mrow></msup>"

    def lowered(self, base: str, written: str) -> str:
        """Write an index."""
        return f"<msub><mrow>{base}</mrow><mrow>{self._lowered(plain_index(written))}</mrow></msub>"

    def sum(self, written: str) -> str:
        """Write Σ, ∏, max or min with its index below."""
        sign, index = split_sum(written)
        sign = "∑" if sign == "Σ" else sign
        below = self._lowered(index)
        return f"<munder><mo>{sign}</mo><mrow>{below}</mrow></munder>" if below else f"<mo>{sign}</mo>"

    def cases(self, rows: Sequence[tuple[str, str]]) -> str:
        """Write cases below each other, behind one bracket."""
        said = [(value, f"<mtext>if&#160;</mtext>{by}" if by else "<mtext>otherwise</mtext>") for value, by in rows]
        cell = '<mtd style="text-align: left">'
        lines = "".join(f"<mtr>{cell}{value}</mtd>{cell}{by}</mtd></mtr>" for value, by in said)
        return f'<mrow><mo stretchy="true">{{</mo><mtable displaystyle="true">{lines}</mtable></mrow>'


MATHML = MathML()
