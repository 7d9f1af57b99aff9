"""The legend of a picture of our own layout: what each color and each line means, in as many rows as it needs."""

from __future__ import annotations

from minigrad.picture import style
from minigrad.picture.layout.measure import width
from minigrad.picture.layout.shapes import Rect
from minigrad.picture.marks import rounded, text
from minigrad.picture.setting import Setting
from minigrad.picture.style import Run

SIZE, ROW, SPACE = 11.0, 24.0, 18.0  # of its letters; of a row; between two parts


def legend(backward: bool, setting: Setting, most: float) -> tuple[str, float, float]:
    """Give the legend, its upper left corner at 0, its width and its height; ``most`` is how wide it may be."""
    rows: list[list[tuple[str, float]]] = [[]]
    for part in _parts(backward, setting):
        if rows[-1] and sum(w + SPACE for _, w in rows[-1]) + part[1] > most:
            rows.append([])
        rows[-1].append(part)
    widths = [sum(w for _, w in row) + SPACE * (len(row) - 1) for row in rows]
    longest, written = max(widths), []
    for i, row in enumerate(rows):
        x = (longest - widths[i]) / 2
        for svg, w in row:
            written.append(f'<g transform="translate({x:.1f},{i * ROW:.1f})">{svg}</g>')
            x += w + SPACE
    return "".join(written), longest, ROW * len(rows)


def _parts(backward: bool, setting: Setting) -> list[tuple[str, float]]:
    look, words = setting.look, setting.words
    parts = [
        _part(rounded(Rect(0, 2, 20, 16), 3, look.lines[kind], look.tints[kind]), 26, (Run(words[kind]),), setting)
        for kind in ("data", "parameter", "value", "gradient")
        if backward or kind != "gradient"
    ]
    blue, orange = look.lines["value"], look.lines["gradient"]
    arrow = f'<path d="M0,10h16" stroke="{blue}" stroke-width="1.6"/><polygon points="24,10 15,6 15,14" fill="{blue}"/>'
    parts.append(_part(arrow, 30, (Run(words["forward"]),), setting))
    if backward:
        back = (
            f'<path d="M8,10h22" stroke="{orange}" stroke-width="1.6" stroke-dasharray="5 3"/>'
            f'<polygon points="0,10 9,6 9,14" fill="{orange}"/>'
        )
        product = (
            Run(words["backward"]), Run(words["upstream"], True, color=look.upstream), Run(" × "),
            Run(words["local"], color=look.local), Run(words["width"]),
        )  # fmt: skip
        parts.append(_part(back, 36, product, setting))
        dots = f'<path d="M0,10h18" stroke="{look.pale}" stroke-width="1.4" stroke-dasharray="1 4"/>'
        parts.append(_part(dots, 24, (Run(words["same"]),), setting))
    return parts


def _part(mark: str, indent: float, runs: tuple[Run, ...], setting: Setting) -> tuple[str, float]:
    """Give a mark with its words behind it, and the width of both."""
    said = text(runs, indent, 14, SIZE, style.SANS, setting.look.ink)
    return mark + said, indent + width(runs, SIZE, style.SANS)
