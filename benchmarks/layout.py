"""Figures as words, and rows as a Markdown table."""

from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.columns import BASELINE

Row = Sequence[str]


def cell(figure: dict[str, Any], name: str) -> str:
    """Give the time and, but for the baseline, the ratio with its quartiles."""
    if name == BASELINE:
        return duration(figure["seconds"])
    low, high = figure["quartiles"]
    places = 2 if figure["ratio"] >= 0.1 else 4
    return f"{duration(figure['seconds'])}, {figure['ratio']:.{places}f}× ({low:.{places}f}–{high:.{places}f})"


def verdict(figure: float, target: float) -> str:
    """Say whether a figure is at most its target."""
    return "met" if figure <= target else "missed"


def duration(seconds: float) -> str:
    """Give a time in a unit that leaves it readable: `12.3 µs`, `4.56 ms`."""
    scale, unit = next(((s, u) for s, u in ((1, "s"), (1e-3, "ms"), (1e-6, "µs")) if seconds >= s), (1e-9, "ns"))
    return f"{seconds / scale:.3g} {unit}" if seconds < 1000 * scale else f"{seconds / scale:.0f} {unit}"


def table(heading: Row, rows: Iterable[Row]) -> str:
    """Lay out a Markdown table."""
    lines = [heading, ["---"] * len(heading), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
