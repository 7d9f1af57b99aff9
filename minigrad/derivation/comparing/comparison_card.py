"""A comparison as a notebook shows it: where to look first, and each array with what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

from minigrad.derivation.wording import Said, in_language, join_and, say
from minigrad.notebook.cards import card, part, table


def comparison_html(said: str, rows: Iterable[Any], lang: str = "en") -> str:
    """Write a card of rows; ``said`` is the comparison's text, whose first paragraph says where to look."""
    rows = list(rows)
    right = sum(row.right for row in rows)
    equations = [in_language(row.equation, lang) for row in rows]
    cells = [
        (_judged(row, lang), escape(row.key), escape(equation), escape(in_language(_told(row), lang)))
        for row, equation in zip(rows, equations, strict=True)
    ]
    lines = said.partition("\n\n")[0].splitlines()
    look = "" if right == len(rows) else part("", "".join(f"<div>{escape(line)}</div>" for line in lines))
    title, all_right, array, due = (
        in_language(x, lang)
        for x in (
            say("Comparison"),
            say("{right} of {n} right", right=right, n=len(rows)),
            say("array"),
            say("should be"),
        )
    )
    body = part("", table(["", array, due, ""], cells, ("", "", "", "long")))
    return card(title, [all_right], look, body)


def _judged(row: Any, lang: str) -> str:
    """Write whether an array is right, for the eye and for the ear."""
    wrong = ("→", say("follows"), "") if row.follows else ("✗", say("wrong"), "bad")
    sign, word, kind = ("✓", say("right"), "good") if row.right else wrong
    return f'<span class="{kind}">{sign} {in_language(word, lang)}</span>'


def _told(row: Any) -> str | Said:
    if row.right:
        return ""
    said = say("follows from {others}", others=join_and(row.sources)) if row.follows else row.slip
    off = row.difference
    if off is None or not np.isfinite(off) or not row.at:
        return said
    return say("{said}, by {percent:.3g} % at {at}", said=said, percent=100 * off, at=list(row.at))
