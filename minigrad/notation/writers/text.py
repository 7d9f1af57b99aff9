"""Plain text in Unicode, and what every writer can write."""

from __future__ import annotations

from collections.abc import Sequence

from minigrad.notation.symbols import Symbol
from minigrad.notation.template import PAIRS
from minigrad.ops.common.alphabet import plain_index


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

    def half(self) -> str:
        """Write the number 0.5 as a textbook does before a sum."""
        return "½"

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

    def partial(self, above: str, below: str) -> str:
        """Write the derivative of one thing by another."""
        d = self.sign("∂").lstrip()
        return f"{d}{above}/{d}{below}" if self.linear else self.over(d + above, d + below)

    def over(self, above: str, below: str) -> str:
        """Write a fraction."""
        return f"{above} / {below}"

    def raised(self, base: str, written: str, power: str, name: Symbol | None = None) -> str:
        """Write a power: by raised characters as they are ``written``, or by a sign and a ``power``.

        ``name`` is the symbol that ``base`` is, if it is one.
        """
        return f"{base}{written}{power}"

    def lowered(self, base: str, written: str) -> str:
        """Write an index by lowered characters, as they are ``written``."""
        return f"{base}{written}"

    def sum(self, written: str) -> str:
        """Write Σ, ∏, max or min, and its index."""
        return written

    def cases(self, rows: Sequence[tuple[str, str]]) -> str:
        """Write what holds in which case: {x if i = 1; y otherwise}. The last has no condition."""
        said = [f"{value} if {condition}" if condition else f"{value} otherwise" for value, condition in rows]
        return f"{{{'; '.join(said)}}}"


def split_sum(written: str) -> tuple[str, str]:
    """Give the sign or word of a sum and its index in ordinary letters: Σₙ is Σ and n, max_{pq} is max and pq."""
    sign = next(sign for sign in ("Σ", "∏", "max", "min") if written.startswith(sign))
    return sign, plain_index(written[len(sign) :].strip())


TEXT = Writer()
