"""A picture of equations as matrices, to be shown in a notebook, put into a page or written to a file."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import count
from pathlib import Path

from minigrad.engine.messages.paths import check_path
from minigrad.notebook.safety import html_or_text
from minigrad.picture.look import adapt_scheme
from minigrad.picture.matrices.pieces import Drawn
from minigrad.picture.matrices.sheet import Sheet
from minigrad.picture.png import png

SUFFIXES = (".svg", ".png")
THEMES = ("auto", "light", "dark")
_next_number = count(1).__next__


class MatrixDrawing:
    """Equations as matrices; ``rows`` are what is drawn, one equation each."""

    def __init__(self, rows: Sequence[Drawn]) -> None:
        self.rows = tuple(rows)
        self.prefix = f"m{_next_number()}-"  # so that two pictures on one page have no class in common

    def svg(self, theme: str = "auto", title: str = "Matrices") -> str:
        """Give the picture as SVG, without a background: ``"auto"`` takes the color scheme of the page around it.

        ``title`` is what a screen reader says before the equations. Raises ``ValueError`` for another theme than
        "auto", "light" and "dark".
        """
        if theme not in THEMES:
            raise ValueError(f"theme: there are {', '.join(map(repr, THEMES))}, not {theme!r}")
        return Sheet(self.rows, self.prefix, theme).svg(title)

    def write(self, path: str | os.PathLike[str], theme: str = "light") -> Path:
        """Write the picture to a file, .svg or .png, in the colors of a theme; give the path.

        Raises ``ValueError`` for another suffix, ``FileNotFoundError`` for a folder that does not exist, and
        ``ImportError`` for a PNG without the extra ``png``.
        """
        path = check_drawing_path(path)
        if path.suffix.lower() == ".png":
            path.write_bytes(png(self.svg("light" if theme == "auto" else theme)))
        else:
            path.write_text(self.svg(theme), encoding="utf-8")
        return path

    def __str__(self) -> str:
        return "\n".join(f"{row.text}    {row.left.size}" for row in self.rows)

    def __repr__(self) -> str:
        return f"<MatrixDrawing of {len(self.rows)} equations>"

    @html_or_text
    def _repr_html_(self) -> str | None:
        """Show the picture in a notebook, dark where that is; it scrolls where it is too wide."""
        ground = f"{self.prefix}ground"
        style = f"<style>{adapt_scheme(f'.{ground}')}</style>"
        return f'<div class="{ground}" style="overflow-x:auto">{style}{self.svg()}</div>'


def check_drawing_path(path: str | os.PathLike[str]) -> Path:
    """Give a path that such a picture can be written to."""
    lacks = f"names no format; end it in {' or '.join(SUFFIXES)}"
    return check_path("draw_matrices", path, SUFFIXES, lacks)
