"""Matrices as tiles of shades: filters and their gradients, feature maps, attention."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.extras import require
from minigrad.plot.theme import Look, drawing

GAP = 0.15  # between two tiles, of a tile's width
CELL = 0.22  # inches of a cell that has a letter beside it
MOST = 256  # tiles of a row


@with_usage
def matrices(
    rows: Mapping[str, Any],
    letters: tuple[Sequence[str], Sequence[str]] | None = None,
    *,
    ax: Any = None,
    theme: str = "light",
    lang: str = "en",
) -> Any:
    """Draw rows of matrices side by side, one shade a cell; give the axes.

    ``rows`` are stacks (n, height, width), or one matrix (height, width), by what is written before them. Each row has
    a scale of its own, from −a to a, a being its largest absolute value: what is positive is blue, what is negative
    orange, what is 0 the paper. ``letters`` stand beside the rows, and above the columns of each matrix, as the words
    that attention goes from, and to.

    Raises ``TypeError`` for what is no dict, ``ValueError`` for shapes that are no stack of matrices, numbers that are
    not finite, and letters that are not as many as rows and columns.
    """
    stacks = _read(rows, letters)
    height = sum(stack.shape[1] / stack.shape[2] + GAP for stack in stacks.values())
    width = max(len(stack) for stack in stacks.values()) * (1 + GAP)
    side = max(0.75, min(1.3, 9 / width)) if letters is None else max(1.3, CELL * len(letters[1]))
    with drawing("matrices", ax, theme, lang, size=(1.2 + side * width, 0.5 + side * height)) as (ax, look):
        shades = _shades(look)
        top = 0.0
        for stack in stacks.values():
            most = float(np.abs(stack).max(initial=0.0)) or 1.0
            tall = stack.shape[1] / stack.shape[2]
            for i, matrix in enumerate(stack):
                left = i * (1 + GAP)
                ax.imshow(matrix, shades, vmin=-most, vmax=most, extent=(left, left + 1, top + tall, top))
                ax.add_patch(_frame(left, top, tall, look))
                if letters is not None:
                    _write(ax, letters if not i else ((), letters[1]), left, top, tall, look)
            top += tall + GAP
        ax.set(xlim=(-0.05, width - GAP + 0.05), ylim=(top - GAP + 0.05, -0.05), aspect="equal")
        ax.set_xticks([])
        if letters is None:
            _name(ax, stacks)
        else:
            ax.set_yticks([])
            ax.set_title(", ".join(stacks), pad=22, fontsize="medium", color=look.theme.ink)
        ax.tick_params(length=0)
        for spine in ax.spines.values():
            spine.set_visible(False)
    return ax


def _read(rows: Any, letters: Any) -> dict[str, Any]:
    """Give the stacks of matrices, if they are that."""
    if not isinstance(rows, Mapping) or not rows:
        raise TypeError(f"matrices: rows must be a dict of stacks by name, not {shown(rows)}; write {{'filters': W}}")
    found = {}
    for name, values in rows.items():
        stack = np.asarray(getattr(values, "array", values))
        stack = stack[None] if stack.ndim == 2 else stack
        if stack.ndim != 3 or not stack.size or len(stack) > MOST or stack.dtype.kind not in "biuf":
            raise ValueError(
                f"matrices: {name!r} must be real matrices, (n, height, width), at most {MOST}, not {stack.dtype} "
                f"{stack.shape}; of a convolution's W, (out, in, height, width), that is W[:, 0]"
            )
        if not np.isfinite(stack).all():
            raise ValueError(f"matrices: {name!r} holds NaN or infinity, for which there is no shade")
        if letters is not None and tuple(map(len, letters)) != stack.shape[1:]:
            raise ValueError(
                f"matrices: there are letters for {' rows and '.join(str(len(x)) for x in letters)} columns, and "
                f"{name!r} has {stack.shape[1]} rows and {stack.shape[2]} columns"
            )
        found[str(name)] = stack
    return found


def _shades(look: Look) -> Any:
    """Give the color map from orange by the paper's color to blue."""
    colors = require("matplotlib.colors", "plot").LinearSegmentedColormap
    return colors.from_list("signed", [look.line(1), look.theme.paper, look.line(0)])


def _frame(left: float, top: float, tall: float, look: Look) -> Any:
    patches = require("matplotlib.patches", "plot")
    return patches.Rectangle((left, top), 1, tall, fill=False, edgecolor=look.theme.soft, linewidth=0.6)


def _name(ax: Any, stacks: Mapping[str, Any]) -> None:
    """Write before each row what it is."""
    middles, top = [], 0.0
    for stack in stacks.values():
        tall = stack.shape[1] / stack.shape[2]
        middles.append(top + tall / 2)
        top += tall + GAP
    ax.set_yticks(middles, list(stacks))


def _write(
    ax: Any, letters: tuple[Sequence[str], Sequence[str]], left: float, top: float, tall: float, look: Look
) -> None:
    """Write letters at the left of a matrix's rows and above its columns."""
    down, along = letters
    for i, letter in enumerate(down):
        ax.text(left - 0.02, top + (i + 0.5) * tall / len(down), letter, ha="right", va="center", color=look.theme.ink)
    for j, letter in enumerate(along):
        ax.text(left + (j + 0.5) / len(along), top - 0.02, letter, ha="center", va="bottom", color=look.theme.ink)
