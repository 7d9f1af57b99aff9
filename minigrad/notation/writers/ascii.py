"""Plain text in ASCII."""

from __future__ import annotations

from typing import ClassVar

from minigrad.notation.symbols import GREEK, Indexed, Symbol, split_name
from minigrad.notation.template import PAIRS
from minigrad.notation.writers.text import Writer, split_sum
from minigrad.ops.common.alphabet import HAT, RAISED, plain_digits, plain_index

_SCRIPT = {"ℱ": "F", HAT: "_hat"}


class Ascii(Writer):
    """Plain text without Unicode, the way it would be typed: ``dE/dY1 * (1 - Y1^2)``, ``Y1.T @ delta2``."""

    _signs: ClassVar[dict[str, str]] = {
        "−": "-", "⊙": "*", "≥": ">=", "≤": "<=", "≠": "!=", "√": "sqrt", "∛": "cbrt", "½": "1/2 ", "…": "...",
        "⟨": "<", "⟩": ">", "‖": "||", "·": ".", "×": "x", "∈": "in", "∞": "inf", "∘": ".", "⌊": "floor(", "⌋": ")",
        "⌈": "ceil(", "⌉": ")", "∂": "d", "∧": "&", "∨": "|", "¬": "~", "⊕": "^", "′": "'", "∗": "conv", "⋆": "corr",
    }  # fmt: skip

    def symbol(self, name: Symbol) -> str:
        """Write a name in ASCII: delta2, dE/dW1, H[t-1]."""
        if isinstance(name, Indexed) and (name.at or not name.labels.isalnum()):
            return f"{self.symbol(name.name)}[{self._index(name.below)}]"
        gradient, base, above, below = split_name(name)
        lowered = f"_{below.replace(',', '_')}" if below and not below.isdigit() else below
        return ("dE/d" if gradient else "") + self.word(base) + above + lowered

    def number(self, written: str) -> str:
        """Write a number with a hyphen for its minus."""
        return written.replace("−", "-").replace("½", "1/2 ")

    def half(self) -> str:
        """Write ½ as a number."""
        return "0.5"

    def word(self, name: str) -> str:
        """Write a name, its Greek letters spelled out; σ as a function is sigmoid."""
        spelled = "".join(GREEK.get(c) or _SCRIPT.get(c, c) for c in plain_digits(name))
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

    def raised(self, base: str, written: str, power: str, name: Symbol | None = None) -> str:
        """Write a power with ^, a transpose as .T."""
        if power:
            return f"{base}^{power}"
        if written == "ᵀ":
            return f"{base}.T"
        power = "".join(RAISED[c] for c in written).replace("−", "-").replace("ᵀ", "T")
        return f"{base}^{power}" if power.isalnum() else f"{base}^({power})"

    def lowered(self, base: str, written: str) -> str:
        """Write an index behind a _."""
        return f"{base}_{plain_index(written)}"

    def sum(self, written: str) -> str:
        """Write sum, sum_n, prod_n, max_pq."""
        sign, index = split_sum(written)
        name = {"Σ": "sum", "∏": "prod"}.get(sign, sign)
        index = f"{{{self._index(index)}}}" if ":" in index else index
        return f"{name}_{index} " if index else f"{name} "

    def _index(self, below: str) -> str:
        return "".join(GREEK.get(c) or self._signs.get(c, c) for c in below)


ASCII = Ascii()
