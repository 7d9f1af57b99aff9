"""Which classes are taken for which."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import with_usage
from minigrad.metrics import confusion_matrix as count_confusions
from minigrad.plot.theme import drawing


@with_usage
def confusion_matrix(
    y: Any,
    t: Any = None,
    classes: Sequence[str] | None = None,
    threshold: float = 0.5,
    *,
    ax: Any = None,
    theme: str = "light",
    lang: str = "en",
) -> Any:
    """Draw how often each class was taken for each, from outputs y and targets t; give the axes.

    Rows are true classes and columns guesses, so that what is right stands on the diagonal; a cell's color is its
    share of its row. Without t, y holds the counts themselves, (classes, classes), as ``metrics.confusion_matrix``
    gives them. ``classes`` are names; ``threshold`` is what one output must exceed for class 1.
    """
    names = None if classes is None else list(classes)
    if t is None:
        counts = np.asarray(y)
        if counts.ndim != 2 or counts.shape[0] != counts.shape[1] or counts.dtype.kind not in "iu":
            raise ValueError(
                f"confusion_matrix: without t, y must hold counts, (classes, classes) whole numbers, not "
                f"{counts.dtype} {counts.shape}; give outputs y and targets t"
            )
    else:
        counts = count_confusions(y, t, None if names is None else len(names), threshold)
    n = len(counts)
    if names is not None and len(names) != n:
        raise ValueError(f"confusion_matrix: there are {n} classes, and classes= names {len(names)}")
    rows = counts.sum(axis=1, keepdims=True)
    shares = counts / np.maximum(rows, 1)
    side = max(3.2, 1.4 + 0.55 * n)
    with drawing("confusion_matrix", ax, theme, lang, size=(side, side)) as (ax, look):
        names = [str(k) for k in range(n)] if names is None else names
        ramp = look.ramp().reversed()
        ax.imshow(shares, cmap=ramp, vmin=0, vmax=1, aspect="equal")
        for (i, j), count in np.ndenumerate(counts):
            strong = shares[i, j] > 0.55
            ink = "#ffffff" if strong else look.theme.ink if count else look.theme.soft
            ax.text(j, i, f"{count}", ha="center", va="center", color=ink)
        turned = 45 if max(map(len, names)) > 6 and n > 3 else 0
        ax.set_xticks(range(n), names, rotation=turned, ha="right" if turned else "center")
        ax.set_yticks(range(n), names)
        ax.set(xlabel=look.words["guess"], ylabel=look.words["true"])
        ax.set_xticks(np.arange(n + 1) - 0.5, minor=True)
        ax.set_yticks(np.arange(n + 1) - 0.5, minor=True)
        ax.grid(which="minor", color=look.theme.paper, linewidth=2)
        ax.tick_params(which="both", length=0)
        for spine in ax.spines.values():
            spine.set_visible(False)
    return ax
