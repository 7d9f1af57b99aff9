"""How the parameters of a network are spread."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import check_count, shown, with_usage
from minigrad.engine.tensor import Tensor
from minigrad.plot.theme import drawing

HEIGHT = 0.92  # of the tallest part of a histogram, in rows


@with_usage
def weight_histograms(
    model: Any,
    bins: int = 40,
    *,
    ax: Any = None,
    theme: str = "light",
    lang: str = "en",
) -> Any:
    """Draw a histogram for each parameter, one above the other on one axis of values; give the axes.

    ``model`` has ``parameters()``, or is a list of Tensors. Each histogram has its own height, so that a vector of
    ten biases shows as well as a matrix of a thousand weights, and its standard deviation beside it.
    """
    params = list(model.parameters()) if hasattr(model, "parameters") else model
    if not isinstance(params, list | tuple) or not params or not all(isinstance(p, Tensor) for p in params):
        raise TypeError(f"weight_histograms: model must have parameters, or be a list of Tensors, not {shown(model)}")
    check_count("weight_histograms", "bins", bins)
    values = [np.asarray(p.array, dtype=float).ravel() for p in params]
    values = [v[np.isfinite(v)] for v in values]
    every = np.concatenate(values)
    if not every.size:
        raise ValueError("weight_histograms: no parameter has a finite element")
    low, high = every.min(), every.max()
    low, high = (low, high) if high > low else (low - 1, high + 1)
    edges = np.linspace(low, high, bins + 1)
    with drawing("weight_histograms", ax, theme, lang, size=(5.0, 1.2 + 0.45 * len(params))) as (ax, look):
        for row, v in enumerate(values):
            base = len(values) - 1 - row
            counts = np.histogram(v, edges)[0]
            heights = HEIGHT * counts / max(1, counts.max())
            color = look.line(0 if params[row].ndim > 1 else 1)
            ax.stairs(base + heights, edges, baseline=base, fill=True, color=color, alpha=0.55, zorder=row)
            ax.stairs(base + heights, edges, baseline=base, color=color, linewidth=1.0, zorder=row)
            ax.axhline(base, color=look.theme.soft, linewidth=0.5, zorder=row)
            if v.size > 1:
                note = look.words["spread"].format(spread=f"{v.std():.2g}")
                ax.text(1.01, base, note, transform=ax.get_yaxis_transform(), color=look.theme.soft, fontsize="small")
        names = [p.name or f"params[{i}]" for i, p in enumerate(params)]
        ax.set_yticks(range(len(values)), names[::-1])
        ax.tick_params(axis="y", length=0)
        ax.spines["left"].set_visible(False)
        ax.set(xlabel=look.words["value"], xlim=(low, high), ylim=(-0.15, len(values) - 1 + HEIGHT + 0.1))
    return ax
