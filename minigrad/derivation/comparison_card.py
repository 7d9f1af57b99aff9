"""A comparison as a notebook shows it: where to look first, and each array with what became of it."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import Any

import numpy as np

from minigrad.notebook.cards import card, part, table


def comparison_html(said: str, rows: Iterable[Any]) -> str:
    """Write a card of rows; ``said`` is the comparison's text, whose first paragraph says where to look."""
    rows = list(rows)
    right = sum(row.right for row in rows)
    cells = [(_judged(row), escape(row.key), escape(row.equation), _told(row)) for row in rows]
    lines = said.partition("\n\n")[0].splitlines()
    look = "" if right == len(rows) else part("", "".join(f"<div>{escape(line)}</div>" for line in lines))
    body = part("", table(["", "array", "should be", ""], cells, ("", "", "", "long")))
    return card("Comparison", [f"{right} of {len(rows)} right"], look, body)


def _judged(row: Any) -> str:
    """Write whether an array is right, for the eye and for the ear."""
    wrong = ("→", "follows", "") if row.follows else ("✗", "wrong", "bad")
    sign, word, kind = ("✓", "right", "good") if row.right else wrong
    return f'<span class="{kind}">{sign} {word}</span>'


def _told(row: Any) -> str:
    if row.right:
        return ""
    said = f"follows from {' and '.join(row.sources)}" if row.follows else row.slip
    off = row.difference
    by = f", by {100 * off:.3g} % at {list(row.at)}" if off is not None and np.isfinite(off) and row.at else ""
    return escape(f"{said}{by}")
