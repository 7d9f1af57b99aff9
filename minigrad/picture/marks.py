"""The marks that a picture is made of, as SVG: paper, boxes and letters."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from minigrad.picture.layout.shapes import Rect
from minigrad.picture.look import Look
from minigrad.picture.style import Run


def paper(look: Look) -> str:
    """Write the paper that the whole picture is on."""
    return f'<rect width="100%" height="100%" fill="{look.paper}"/>'


def rounded(rect: Rect, radius: float, line: str, tint: str, border: float = 1.0) -> str:
    """Write a rectangle with round corners."""
    return (
        f'<rect x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.w:.1f}" height="{rect.h:.1f}" rx="{radius:g}" '
        f'fill="{tint}" stroke="{line}" stroke-width="{border:g}"/>'
    )


def text(
    runs: Sequence[Run], x: float, y: float, size: float, font: str, color: str, anchor: str = "start",
    halo: str = "",
) -> str:  # fmt: skip
    """Write a line of text; spaces are no-break ones, which no viewer drops."""
    spans = []
    for run in runs:
        look = ' font-weight="bold"' * run.bold + ' font-style="italic"' * run.italic
        look += f' fill="{run.color}"' if run.color else ""
        letters = escape(run.text).replace(" ", "\u00a0")
        spans.append(f"<tspan{look}>{letters}</tspan>" if look else letters)
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    under = f' paint-order="stroke" stroke="{halo}" stroke-width="3" stroke-opacity=".8"' if halo else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{font}" font-size="{size:g}" fill="{color}"{place}{under}>'
        f"{''.join(spans)}</text>"
    )
