"""How wide letters are, so that a box can be made to fit them without asking a font."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from unicodedata import east_asian_width

from minigrad.picture import style
from minigrad.picture.style import Line, Run

# Advance widths of DejaVu Serif, in thousandths of the font's size, by groups of letters; fallback fonts are narrower.
_GROUPS = {
    318: " ,.·il", 338: "-/:;|\\j", 390: "()[]fIJ", 402: "!t₀₁₂₃₄₅₆₇₈₉²ᵀₖₙ", 500: "rs*_`\"", 560: "?czxvy∂",
    600: "aeokδ", 640: "0123456789bdghnpqu$~{}√∛", 720: "ABEFLPSTXYZVKRΣσ∇", 820: "CDGHOQUN", 850: "#+<=>^−×⊙w&",
    950: "m%…½→", 1028: "MW@",
}  # fmt: skip
_WIDTH = {letter: width / 1000 for width, letters in _GROUPS.items() for letter in letters}
_WIDE = 1.0  # a character of Japanese, Chinese or Korean, in any font
_MONO, _SANS, _BOLD = 0.602, 0.98, 1.1  # of DejaVu's others, the last two against the serif


@lru_cache(maxsize=4096)
def _is_wide(letter: str) -> bool:
    """Say whether a letter takes a whole square; asked of each letter anew it was a tenth of a large picture's time."""
    return east_asian_width(letter) in "WF"


def width(runs: Iterable[Run], size: float, font: str = style.SERIF) -> float:
    """Give the width of a line of text, in the units of its size."""
    total = 0.0
    for run in runs:
        wide = 0 if run.text.isascii() else sum(map(_is_wide, run.text))
        if font == style.MONO:
            total += (len(run.text) - wide) * _MONO
        else:
            letters = sum([_WIDTH.get(x, 0.75) for x in run.text if not (wide and _is_wide(x))])
            total += letters * (_BOLD if run.bold else 1) * (_SANS if font == style.SANS else 1)
        total += wide * _WIDE
    return total * size


def line_width(line: Line) -> float:
    """Give the width of a box's line; the grey shape at the end of its heading is small."""
    if line.size == 14:
        *symbol, shape = line.runs
        return width(symbol, 14) + width((shape,), 8, style.SANS) + 3
    return width(line.runs, line.size, line.font)


HEIGHTS: dict[float, float] = {14: 21.0, 10: 16.0, 9: 11.0}  # of a box's lines, by their font's size


def box_size(lines: list[Line]) -> tuple[float, float]:
    """Give the width and height of a box around some lines."""
    return max(map(line_width, lines)) + 10, sum(HEIGHTS[line.size] for line in lines) + (9 if len(lines) > 1 else 4)
