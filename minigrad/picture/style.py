"""What a picture says in which letters, the same for whoever lays it out: fonts, formulas, numbers."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.ops.common.alphabet import LOWERED_DIGITS
from minigrad.picture.look import LIGHT, Look
from minigrad.picture.scene.parts import Box, Scene
from minigrad.picture.words import ENGLISH, Words

# In each of them Japanese is in the fonts of the systems that have it; a name that is not there is passed over.
SANS = "DejaVu Sans,Verdana,Helvetica,Noto Sans CJK JP,Hiragino Sans,Yu Gothic,sans-serif"
SERIF = "DejaVu Serif,STIX Two Text,Cambria,Georgia,Noto Serif CJK JP,Hiragino Mincho ProN,Yu Mincho,serif"
MONO = "DejaVu Sans Mono,Menlo,Consolas,Noto Sans Mono CJK JP,monospace"
MOST = 4  # rows and columns of a matrix that is shown whole
LONGEST = 46  # letters of a formula in a box; the rest is in its tooltip
TIMES = " × "
_SUBSCRIPT = f"{LOWERED_DIGITS}₊₋ₗ"


@dataclass(frozen=True)
class Run:
    """Letters of one style in a line."""

    text: str
    bold: bool = False
    italic: bool = False
    color: str = ""


@dataclass(frozen=True)
class Line:
    """A line of a box: its runs, the font's role and size in points."""

    runs: tuple[Run, ...]
    size: float
    font: str = SERIF


class Typesetter:
    """Writes formulas as print does: arrays bold, the scalar loss and ∂'s operand upright or italic."""

    def __init__(self, scene: Scene, look: Look = LIGHT, words: Words = ENGLISH) -> None:
        self.look, self.words = look, words
        symbols = {box.symbol: len(box.shape) > 0 for box in scene.boxes if box.kind != "gradient"}
        self.bold = symbols
        symbols |= {box.total: len(box.shape) > 0 for box in scene.boxes if box.total}
        several = {box.symbol for box in scene.boxes if box.count > 1}
        many = {symbol.rstrip(_SUBSCRIPT): bold for symbol, bold in symbols.items() if symbol in several}
        self.many = many  # those that folded boxes have one of for each l: Wₗ, Wₗ₊₁ and W₅₀ are arrays alike
        names = [f"{re.escape(base)}[{_SUBSCRIPT}]+" for base in many]
        names += [_pattern_of(symbols)] if symbols else []
        letters = r"(?:(?<![^\W\d_])|(?<=ᵀ))(?:{})(?![^\Wᵀ²_])"
        self._pattern = re.compile(letters.format("|".join(names))) if names else None

    def runs(self, formula: str, color: str = "") -> tuple[Run, ...]:
        """Part a formula into its symbols and the rest."""
        found: list[Run] = []
        end = 0
        for match in self._pattern.finditer(formula) if self._pattern else ():
            if match.start() > end:
                found.append(Run(formula[end : match.start()], color=color))
            symbol = match[0].rstrip(_SUBSCRIPT)
            strong = self.bold[match[0]] if match[0] in self.bold else self.many[symbol]
            found.append(Run(symbol, strong, not strong, color))
            if symbol != match[0]:
                found.append(Run(match[0][len(symbol) :], color=color))
            end = match.end()
        if end < len(formula):
            found.append(Run(formula[end:], color=color))
        return tuple(found)

    def label(self, upstream: str, local: str, left: bool) -> tuple[Run, ...]:
        """Write what an arrow multiplies: upstream × local derivative, or the other way round."""
        strong = tuple(Run(r.text, True, r.italic, self.look.upstream) for r in self.runs(upstream))
        factor = self.runs(shortened(local), self.look.local)
        first, second = (factor, strong) if left else (strong, factor)
        return (*first, Run(TIMES), *second)

    def lines(self, box: Box, values: bool) -> list[Line]:
        """Give what a box says: symbol and shape; formula; numbers."""
        shape = "×".join(map(str, box.shape)) or self.words["scalar"]
        many = f"  ×{box.count}" if box.count > 1 else ""
        head = (*self.runs(box.heading or box.symbol), Run(f"  {shape}{many}", color=self.look.gray))
        lines = [Line(head, 14)]
        if caption := self.caption(box):
            lines.append(Line(self.runs(shortened(caption)), 10))
        if values:
            lines += [Line((Run(row),), 9, MONO) for row in numbers(box.value, self.words)]
        return lines

    def caption(self, box: Box) -> str:
        """Give the formula of a box, or what an input is for."""
        if box.heading == "∂E/∂E":
            return self.words["seed"]
        if box.formula:
            return box.formula
        use = {"loss": "target", None: "input"}.get(box.cluster, "") if box.kind == "data" else ""
        return self.words[use] if use else ""

    def tooltip(self, box: Box) -> str:
        """Say in one line all that a box says, with nothing left out of its formula."""
        shape = "×".join(map(str, box.shape)) or self.words["scalar"]
        formula = f" = {self.caption(box)}" if box.formula else ""
        return f"{box.heading or box.symbol}{formula}, {shape}" + (f", ×{box.count}" if box.count > 1 else "")


def _pattern_of(words: Iterable[str], depth: int = 50) -> str:
    """Give a pattern of some words, the longest that fits first, that looks at no letter once for each of them.

    >>> _pattern_of(["Y", "Y₁", "Y₁₂", "bias"])
    '(?:bias|Y(?:₁(?:₂|)|))'
    """
    words = sorted(words, key=len, reverse=True)
    if len(words) < 2 or not depth:
        return f"(?:{'|'.join(map(re.escape, words))})" if len(words) > 1 else re.escape(words[0])
    alike: dict[str, list[str]] = {}
    for word in words:
        alike.setdefault(word[:1], []).append(word)
    parts = []
    for some in alike.values():
        first, last = min(some), max(some)
        n = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), len(first))
        rest = _pattern_of([word[n:] for word in some], depth - 1) if len(some) > 1 else ""
        parts.append(re.escape(first[:n]) + rest)
    return f"(?:{'|'.join(parts)})" if len(parts) > 1 else parts[0]


def shortened(formula: str) -> str:
    """Give a formula without its middle, if it is too long for a box."""
    half = LONGEST // 2
    return formula if len(formula) <= LONGEST else f"{formula[:half].rstrip()} … {formula[-half:].lstrip()}"


def numbers(array: Any, words: Words = ENGLISH) -> list[str]:
    """Write a number by two digits or more, an array of at most 4×4 by its rows, another by its mean and norm."""
    if array is None:
        return []
    array = np.asarray(array)
    if not array.ndim:
        return [f"[{_lone_number(array.item())} ]"]
    rows = np.atleast_2d(array)
    if rows.ndim != 2 or max(rows.shape) > MOST or not rows.size:
        if not array.size:
            return [words["empty"]]
        with np.errstate(over="ignore", invalid="ignore"):
            mean, norm = f"{array.mean():.2g}", f"{np.linalg.norm(array):.3g}"
            return [words["large"].format(mean=_minus(mean), norm=_minus(norm))]
    texts = [[_number(value) for value in row] for row in rows.tolist()]
    width = max(len(value) for row in texts for value in row)
    return ["[" + " ".join(value.rjust(width) for value in row) + " ]" for row in texts]


def _lone_number(value: complex) -> str:
    """Write E, say, which may be small: 4.3e−05."""
    if isinstance(value, complex):
        return _number(value)
    plain = not value or 0.1 <= abs(value) < 1e5
    return _number(value) if plain else _minus(f" {value:.2g}")


def _number(value: complex) -> str:
    if isinstance(value, complex):
        imaginary = _number(value.imag).lstrip()
        return f"{_number(value.real)}{'' if imaginary[0] == '−' else '+'}{imaginary}i"
    if 0 < abs(value) < 5e-3 or abs(value) >= 1e5:
        return _minus(f" {value:.0e}" if np.isfinite(value) else f" {value}")
    return _minus(f"{round(value, 2) + 0: .2f}")


def _minus(number: str) -> str:
    return number.replace("-", "−")


def pen(magnitude: float, largest: float) -> float:
    """Give the width of a gradient's arrow: 1 + 3 max|g| / max(1, the largest of all)."""
    return round(1 + 3 * magnitude / max(1.0, largest), 2)


def largest(scene: Scene) -> float:
    """Give the largest element of all gradients."""
    return max((arrow.magnitude for arrow in scene.arrows), default=0.0)


def in_two_lines(runs: tuple[Run, ...]) -> tuple[tuple[Run, ...], ...]:
    """Part a label before its sign of multiplication, if it has one."""
    at = next((i for i, run in enumerate(runs) if run.text == TIMES), 0)
    return (runs[:at], (Run(TIMES.lstrip()), *runs[at + 1 :])) if at else (runs,)


def plain(runs: Iterable[Run]) -> str:
    """Give the letters of runs."""
    return "".join(run.text for run in runs)
