"""Pieces -> SVG: each equation a row, the signs of equality below each other, lengths that are equal drawn equal."""

from __future__ import annotations

import re
from collections.abc import Sequence
from html import escape
from math import log2

from minigrad.picture import style
from minigrad.picture.layout.measure import width
from minigrad.picture.matrices.pieces import Axis, Drawn, Matrix, Piece, Sign
from minigrad.picture.style import Run

UNIT, MOST, STRETCH = 17.0, 8, 22.0  # pixels a row up to 8 rows, and for each doubling of more
LABEL, SIZE, SIGN = 14.0, 10.5, 16.0  # sizes of the letters
ABOVE, BELOW, GAP, BETWEEN = 21.0, 17.0, 9.0, 20.0
MARGIN = 12.0
# The colors by role, on light and on dark ground: of axes in the order in which they come first, and of what is drawn.
AXES = (("#6B6B6B", "#B0B0B0"), ("#0072B2", "#64B5F0"), ("#00805C", "#4CC9A0"), ("#D55E00", "#FF9A52"),
        ("#9B4F96", "#D79AD2"), ("#8A6D00", "#E0C050"))  # fmt: skip
INK = {"ink": ("#222222", "#ECECEC"), "gray": ("#555555", "#B4B4B4")}
TINTS = {"data": ("#EDEDED", "#3A3A3A"), "parameter": ("#D3EDE3", "#12443A"), "value": ("#E0EEF8", "#16374F"),
         "gradient": ("#FCE7D8", "#553016")}  # fmt: skip


def length(n: int) -> float:
    """Give the length of n rows or columns: in proportion up to 8, then by how often 8 doubles."""
    return UNIT * n if n <= MOST else UNIT * MOST + STRETCH * log2(n / MOST)


class Sheet:
    """The equations below each other; ``prefix`` is what the ids and classes begin with."""

    def __init__(self, rows: Sequence[Drawn], prefix: str, theme: str) -> None:
        self.rows, self.prefix, self.theme = rows, prefix, theme
        self.parts: list[str] = []

    def svg(self, title: str) -> str:
        """Give the picture as SVG."""
        left = max((self._width(row.left) for row in self.rows), default=0.0)
        y, right = MARGIN, 0.0
        for row in self.rows:
            high = max(self._height(piece) for piece in (row.left, *row.right))
            middle = y + ABOVE + high / 2
            self._piece(row.left, MARGIN + left - self._width(row.left), middle)
            x = MARGIN + left + GAP
            self._piece(Sign("="), x, middle)
            x += self._width(Sign("=")) + GAP
            for piece in row.right:
                self._piece(piece, x, middle)
                x += self._width(piece) + GAP
            right, y = max(right, x), y + ABOVE + high + BELOW + BETWEEN
        wide, high = max(right, self._legend(y)) + MARGIN, y + 22
        said = escape("; ".join(f"{row.text} ({row.left.size})" for row in self.rows), quote=True)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" class="{self.prefix}matrices" width="{wide:.0f}" '
            f'height="{high:.0f}" viewBox="0 0 {wide:.0f} {high:.0f}" role="img" '
            f'aria-label="{escape(title, quote=True)}: {said}">{self._style()}\n' + "\n".join(self.parts) + "\n</svg>\n"
        )

    def _style(self) -> str:
        """Give the colors of a dark page, where the page, or what it stands on, may be dark."""
        if self.theme != "auto":
            return ""
        own = "".join(
            f".{self.prefix}matrices .{kind}-{name}{{{kind}:light-dark({light},{dark})}}"
            for kind, name, (light, dark) in _colors()
        )
        return f"<style>{own}</style>"

    def _color(self, kind: str, name: str) -> str:
        """Give the attributes of a color: the one itself, and the class that makes it another on a dark page."""
        light, dark = {(k, n): pair for k, n, pair in _colors()}[kind, name]
        one = f'{kind}="{dark if self.theme == "dark" else light}"'
        return f'class="{kind}-{name}" {one}' if self.theme == "auto" else one

    def _width(self, piece: Piece) -> float:
        if isinstance(piece, Sign):
            return width(_runs(piece.text), SIGN)
        return max(length(piece.columns) + 4 * len(piece.stack), width(_runs(piece.label), LABEL))

    def _height(self, piece: Piece) -> float:
        return 0.0 if isinstance(piece, Sign) else length(max(piece.rows, piece.spread))

    def _piece(self, piece: Piece, x: float, middle: float) -> None:
        if isinstance(piece, Sign):
            self._text(piece.text, x, middle + SIGN * 0.33, SIGN, "start")
            return
        wide, high = length(piece.columns), length(piece.rows)
        whole = self._height(piece)
        cx, top = x + self._width(piece) / 2, middle - whole / 2
        x = cx - wide / 2
        parts = [f"<title>{escape(f'{piece.label}, {piece.size}')}</title>"]
        for depth in range(len(piece.stack), 0, -1):
            parts.append(self._rect(x + 4 * depth, top - 4 * depth, wide, high, piece.kind))
        parts.append(self._rect(x, top, wide, high, piece.kind))
        parts += self._grid(piece, x, top, wide, high)
        if piece.spread > piece.rows:
            dashed = f'<path d="M{x:.1f},{top + high:.1f}v{whole - high:.1f}h{wide:.1f}v{high - whole:.1f}"'
            parts.append(f'{dashed} fill="none" {self._color("stroke", "gray")} stroke-dasharray="3 3"/>')
        for axis, (dx, dy) in zip(piece.axes, ((0.0, high), (wide, 0.0)), strict=True):
            if axis is not None:
                path = f'<path d="M{x:.1f},{top:.1f}l{dx:.1f},{dy:.1f}" stroke-width="3" stroke-linecap="round"'
                parts.append(f"{path} {self._color('stroke', _axis(axis))}/>")
        self.parts.append(f'<g class="matrix {piece.kind}">{"".join(parts)}</g>')
        self._text(piece.label, cx, top - 8 - 4 * len(piece.stack), LABEL, "middle")
        self._size(piece, cx, top + whole + 13)

    def _rect(self, x: float, y: float, wide: float, high: float, kind: str) -> str:
        return (
            f'<g {self._color("fill", kind)}><rect x="{x:.1f}" y="{y:.1f}" width="{wide:.1f}" height="{high:.1f}" '
            f'rx="1.5" {self._color("stroke", "gray")} stroke-width="1"/></g>'
        )

    def _grid(self, piece: Matrix, x: float, y: float, wide: float, high: float) -> list[str]:
        """Part a small matrix into its elements."""
        lines = [f"M{x:.1f},{y + UNIT * i:.1f}h{wide:.1f}" for i in range(1, piece.rows) if piece.rows <= MOST]
        lines += [f"M{x + UNIT * i:.1f},{y:.1f}v{high:.1f}" for i in range(1, piece.columns) if piece.columns <= MOST]
        look = f'{self._color("stroke", "gray")} stroke-width=".6" stroke-opacity=".45"'
        return [f'<path d="{"".join(lines)}" fill="none" {look}/>'] if lines else []

    def _size(self, piece: Matrix, x: float, y: float) -> None:
        """Write rows × columns, each in the color of its axis."""
        numbers = [*((n, None) for n in piece.stack), (piece.rows, piece.axes[0]), (piece.columns, piece.axes[1])]
        spans = " × ".join(f"<tspan {self._color('fill', _axis(axis))}>{n}</tspan>" for n, axis in numbers)
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-family="{style.SANS}" font-size="{SIZE:g}" text-anchor="middle" '
            f"{self._color('fill', 'gray')}>{spans}</text>"
        )

    def _legend(self, y: float) -> float:
        """Say which color is which axis, by its letter and its length; give where that ends."""
        found = {
            axis: n
            for row in self.rows
            for piece in (row.left, *row.right)
            if isinstance(piece, Matrix)
            for axis, n in zip(piece.axes, (piece.rows, piece.columns), strict=True)
            if axis is not None and axis.letter
        }
        x = MARGIN
        for axis, n in sorted(found.items()):
            color = self._color("stroke", _axis(axis))
            self.parts.append(f'<path d="M{x:.1f},{y + 4:.1f}h16" stroke-width="3" stroke-linecap="round" {color}/>')
            said = f"{axis.letter} = 1 … {n}" if n > 1 else f"{axis.letter} = 1"
            self._text(said, x + 22, y + 8, 12, "start")
            x += 22 + width(_runs(said), 12) + 18
        return x

    def _text(self, text: str, x: float, y: float, size: float, anchor: str) -> None:
        spans = "".join(
            f'<tspan font-style="italic">{escape(run.text)}</tspan>' if run.italic else escape(run.text)
            for run in _runs(text)
        )
        self.parts.append(
            f'<text x="{x:.1f}" y="{y:.1f}" font-family="{style.SERIF}" font-size="{size:g}" text-anchor="{anchor}" '
            f"{self._color('fill', 'ink')}>{spans}</text>"
        )


def _colors() -> list[tuple[str, str, tuple[str, str]]]:
    both = [*INK.items(), *((f"axis{i}", pair) for i, pair in enumerate(AXES))]
    named = [(kind, name, pair) for name, pair in both for kind in ("fill", "stroke")]
    return [*named, *(("fill", name, pair) for name, pair in TINTS.items())]


def _axis(axis: Axis | None) -> str:
    return "gray" if axis is None else f"axis{axis.number % len(AXES)}"


def _runs(text: str) -> list[Run]:
    """Part a formula into its letters, which are italic, and the rest; the name of a function stays upright."""
    pieces = re.split(r"((?<![A-Za-zα-ω])[A-Za-zα-ω](?![A-Za-zα-ω]))", text)
    return [Run(piece.replace(" ", "\u00a0"), italic=i % 2 == 1) for i, piece in enumerate(pieces) if piece]
