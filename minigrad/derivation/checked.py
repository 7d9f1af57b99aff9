"""What checking a derivation found: for each line how far it is from the engine and from finite differences."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import NamedTuple

from minigrad.derivation.wording import count_cells, in_language, say
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

    def __init__(self, rows: Iterable[Difference] = (), lang: str = "en") -> None:
        super().__init__(rows)
        self.lang = lang

    @property
    def first(self) -> Difference | None:
        """The first line that differs by more than rounding of float64: where a wrong rule is."""
        return next((row for row in self if not row.difference <= SMALL), None)

    def __str__(self) -> str:
        wide = max([len(row.symbol) for row in self], default=0)
        rows = [f"{row.symbol.ljust(wide)}  {row.engine:9.1e}  {row.numeric:9.1e}  {self._word(row)}" for row in self]
        heads = (in_language(x, self.lang) for x in (say("engine"), say("numeric")))
        head = "  ".join([" " * wide, *(" " * (9 - count_cells(x)) + x for x in heads)])
        return "\n".join([head, *rows, self._verdict()])

    @text_or_reason
    def __repr__(self) -> str:
        return str(self)

    @html_or_text
    def _repr_html_(self) -> str | None:
        """Show the table in a notebook."""
        rows = [
            (escape(row.symbol), f"{row.engine:.1e}", f"{row.numeric:.1e}",
             f'<span class="{"good" if row.difference <= SMALL else "bad"}">{self._word(row)}</span>')
            for row in self
        ]  # fmt: skip
        heads = (say("line"), say("from the engine’s"), say("from finite differences"), say("Check"))
        *head, title = (in_language(x, self.lang) for x in heads)
        return card(title, [self._verdict()], part("", table([*head, ""], rows, ("", "number", "number"))))

    def _verdict(self) -> str:
        first = self.first
        said = say("All {n} lines agree.", n=len(self))
        if first is not None:
            off = first.difference
            said = say("{symbol} is the first that differs, by {off:.1e}.", symbol=first.symbol, off=off)
        return str(in_language(said, self.lang))

    def _word(self, row: Difference) -> str:
        return str(in_language(say("✓ agrees") if row.difference <= SMALL else say("✗ differs"), self.lang))
