"""Curves as SVG, in the colors of the cell: nothing needs to be installed to see how a training went."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from math import isfinite, log10

WIDTH, HEIGHT = 520.0, 190.0
LEFT, RIGHT, TOP, BOTTOM = 54.0, 10.0, 10.0, 34.0
MOST = 400  # points of a curve; of more, as many at equal distances


@dataclass(frozen=True)
class Curve:
    """One value for each epoch, or None; ``color`` is a color of cards, a ``dashed`` line is that of validation."""

    name: str
    values: Sequence[float | None]
    color: str = "--blue"
    dashed: bool = False


def chart(curves: Sequence[Curve], label: str) -> str:
    """Draw curves over the epochs from 1, on a logarithmic axis where they span more than two powers of ten."""
    points = [(curve, _points(curve.values)) for curve in curves]
    values = [y for _, found in points for _, y in found]
    if not values:
        return ""
    low, high = min(values), max(values)
    logarithmic = low > 0 and high > 100 * low
    scale = (lambda y: log10(y)) if logarithmic else (lambda y: y)
    bottom, top = scale(low), scale(high)
    if top - bottom < 1e-12 * max(1.0, abs(top)):
        bottom, top = bottom - 0.5, top + 0.5
    last = max(len(curve.values) for curve in curves)

    def place(x: int, y: float) -> tuple[float, float]:
        across = (x - 1) / max(1, last - 1)
        up = (scale(y) - bottom) / (top - bottom)
        return LEFT + across * (WIDTH - LEFT - RIGHT), HEIGHT - BOTTOM - up * (HEIGHT - TOP - BOTTOM)

    lines = "".join(_line(curve, [place(*point) for point in found]) for curve, found in points if found)
    ticks = [10**y if logarithmic else y for y in (bottom, (bottom + top) / 2, top)]
    marks = "".join(_mark(place(1, y)[1], y) for y in ticks)
    ends = "".join(
        f'<text x="{place(x, ticks[0])[0]:.1f}" y="{HEIGHT - 18:.0f}" text-anchor="{anchor}" {_SMALL}>{x}</text>'
        for x, anchor in {1: "start", last: "end" if last > 1 else "start"}.items()
    )
    spoken = escape(f"{label}: " + "; ".join(f"{c.name} from {f[0][1]:.3g} to {f[-1][1]:.3g}" for c, f in points if f))
    return (
        f'<svg class="chart" viewBox="0 0 {WIDTH:.0f} {HEIGHT:.0f}" role="img" aria-label="{spoken}">'
        f"{marks}{ends}{lines}"
        f'<text x="{(LEFT + WIDTH) / 2:.0f}" y="{HEIGHT - 4:.0f}" text-anchor="middle" {_SMALL}>epoch</text></svg>'
    )


def key(curves: Sequence[Curve]) -> str:
    """Say which line is which, and where each ended."""
    rows = []
    for curve in curves:
        found = _points(curve.values)
        if found:
            dash = ' stroke-dasharray="5 3"' if curve.dashed else ""
            rows.append(
                f'<span style="margin-inline-end:1.4em;white-space:nowrap"><svg width="24" height="8" '
                f'style="margin-inline-end:.4em" aria-hidden="true"><path d="M0,4h24" stroke="var({curve.color})" '
                f'stroke-width="2"{dash}/></svg>{escape(curve.name)} {_figure(found[-1][1])}</span>'
            )
    return f"<div>{''.join(rows)}</div>"


_SMALL = 'font-size="11" fill="currentColor" opacity=".7"'


def _points(values: Sequence[float | None]) -> list[tuple[int, float]]:
    """Give the epochs whose value is a finite number, no more than ``MOST`` of them, first and last among them."""
    found = [(i, float(y)) for i, y in enumerate(values, 1) if isinstance(y, int | float) and isfinite(y)]
    if len(found) <= MOST:
        return found
    return [found[round(i * (len(found) - 1) / (MOST - 1))] for i in range(MOST)]


def _line(curve: Curve, points: Sequence[tuple[float, float]]) -> str:
    dash = ' stroke-dasharray="5 3"' if curve.dashed else ""
    if len(points) == 1:
        (x, y) = points[0]
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3" fill="var({curve.color})"/>'
    path = "L".join(f"{x:.1f},{y:.1f}" for x, y in points)
    return f'<path d="M{path}" fill="none" stroke="var({curve.color})" stroke-width="2" stroke-linejoin="round"{dash}/>'


def _mark(y: float, value: float) -> str:
    return (
        f'<path d="M{LEFT:.0f},{y:.1f}H{WIDTH - RIGHT:.0f}" stroke="currentColor" opacity=".15"/>'
        f'<text x="{LEFT - 6:.0f}" y="{y + 4:.1f}" text-anchor="end" {_SMALL}>{_figure(value)}</text>'
    )


def _figure(value: float) -> str:
    return f"{value:.3g}".replace("-", "−")
