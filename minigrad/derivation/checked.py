"""What checking a derivation found: for each line how far it is from the engine and from finite differences."""

from __future__ import annotations

from html import escape
from typing import NamedTuple

from minigrad.notebook.cards import card, part, table
from minigrad.notebook.safety import html_or_text, text_or_reason

SMALL = 1e-6  # of a float64 line that is right; rounding in finite differences is a tenth of it


class Difference(NamedTuple):
    """How far a line's value is from the truth: ``difference`` is the larger of the two others, as a share of scale.

    ``engine`` compares with what ``backward`` computes, ``numeric`` with finite differences.
    """

    symbol: str
    difference: float
    engine: float
    numeric: float


class Check(list[Difference]):
    """The differences, one for each line, in order; printed as a table, with the first line that is not right."""

    @property
    def first(self) -> Difference | None:
        """The first line that differs by more than rounding of float64: where a wrong rule is."""
        return next((row for row in self if not row.difference <= SMALL), None)

    def __str__(self) -> str:
        wide = max([len(row.symbol) for row in self], default=0)
        rows = [f"{row.symbol.ljust(wide)}  {row.engine:9.1e}  {row.numeric:9.1e}  {_word(row)}" for row in self]
        head = f"{''.ljust(wide)}  {'engine':>9}  {'numeric':>9}"
        return "\n".join([head, *rows, self._verdict()])

    @text_or_reason
    def __repr__(self) -> str:
        return str(self)

    @html_or_text
    def _repr_html_(self) -> str | None:
        """Show the table in a notebook."""
        rows = [
            (escape(row.symbol), f"{row.engine:.1e}", f"{row.numeric:.1e}",
             f'<span class="{"good" if row.difference <= SMALL else "bad"}">{_word(row)}</span>')
            for row in self
        ]  # fmt: skip
        head = ["line", "from the engine’s", "from finite differences", ""]
        return card("Check", [self._verdict()], part("", table(head, rows, ("", "number", "number"))))

    def _verdict(self) -> str:
        first = self.first
        if first is None:
            return f"All {len(self)} lines agree."
        return f"{first.symbol} is the first that differs, by {first.difference:.1e}."


def _word(row: Difference) -> str:
    return "✓ agrees" if row.difference <= SMALL else "✗ differs"
