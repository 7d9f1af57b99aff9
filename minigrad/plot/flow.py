"""How large δ is in each layer: where a gradient vanishes on its way back, and where it grows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.engine.tensor import Tensor
from minigrad.plot.theme import drawing

Sizes = list[float]


@with_usage
def measure_deltas(model: Any, loss: Callable[[Any, Any], Any], X: Any, T: Any) -> Sizes:
    """Measure δ = ∂E/∂u of each layer that learns, u being what it gives: √ of the mean of δ² over samples and units.

    The first is that of the first layer, the last that of the output layer. ``model`` is an ``nn.Sequential``, such as
    an MLP, or has a list ``layers`` of which each is given what the one before gave. Gradients that parameters have
    stay as they are; a model with dropout or batch normalization should be in ``eval()``.
    """
    layers = getattr(model, "flat", None)
    found = list(layers()) if layers is not None else getattr(model, "layers", None)
    if not isinstance(found, list | tuple) or not all(map(callable, found)):
        raise TypeError(f"measure_deltas: model must be an nn.Sequential, or have layers, not {shown(model)}")
    kept = {p: p.grad for p in model.parameters()}
    totals: list[Tensor] = []
    y = Tensor(X) if not isinstance(X, Tensor) else X
    try:
        for layer in found:
            y = layer(y)
            if getattr(layer, "parameters", list)() and y.requires_grad:
                y.retain_grad()
                totals.append(y)
        loss(y, T).backward()
    finally:
        for p, grad in kept.items():
            p.grad = grad
    return [0.0 if u.grad is None else float(np.sqrt(np.mean(np.square(u.grad.array)))) for u in totals]


@with_usage
def gradient_flow(
    sizes: Sequence[Sizes] | Mapping[Any, Sizes],
    names: Iterable[str] | None = None,
    *,
    ax: Any = None,
    theme: str = "light",
    lang: str = "en",
) -> Any:
    """Draw how large δ is in each layer, a bar for each moment of the training; give the axes.

    sizes   what ``measure_deltas`` gave, at several moments: a dict by epochs, {0: …, 10: …}, or a list, which is
            counted from 0; a moment that is no number is named by itself, {"at first": …}
    names   of the layers, the first one first

    Bars stand on a logarithmic axis: a vanishing gradient falls in equal steps from the output layer, at the right, to
    the first one. Later moments are darker.
    """
    moments, table = _check_sizes(sizes)
    layers = table.shape[1]
    called = None if names is None else list(names)
    if called is not None and len(called) != layers:
        raise ValueError(f"gradient_flow: there are {layers} layers, and names= has {len(called)}")
    with drawing("gradient_flow", ax, theme, lang, size=(max(4.2, 1.2 + 0.8 * layers), 3.2)) as (ax, look):
        labels = called or [look.words["layer"].format(number=k + 1) for k in range(layers)]
        positive = table[table > 0]
        floor = 10.0 ** np.floor(np.log10(positive.min()) - 0.3) if positive.size else 0.1
        wide = 0.8 / len(table)
        colors = look.ramp().reversed()(np.linspace(0.35, 1, len(table)) if len(table) > 1 else [0.8])
        for i, (moment, row) in enumerate(zip(moments, table, strict=True)):
            where = np.arange(layers) + (i - (len(table) - 1) / 2) * wide
            bars = np.where(row > 0, row, np.nan) - floor
            ax.bar(where, bars, 0.92 * wide, bottom=floor, color=colors[i], label=_call(moment, look.words["epoch"]))
        ax.set_yscale("log")
        ax.set_ylim(floor, 2 * positive.max() if positive.size else 1)
        ax.set_xticks(range(layers), labels)
        ax.tick_params(axis="x", length=0)
        ax.set_ylabel(look.words["delta"])
        look.rule(ax)
        look.legend_above(ax, min(len(table), 4), handlelength=1.0)
    return ax


def _call(moment: str, epoch: str) -> str:
    """Call a number "epoch 10", and what is none, "at first", by itself."""
    return f"{epoch} {moment}" if moment.replace(".", "", 1).isdecimal() else moment


def _check_sizes(sizes: Any) -> tuple[list[str], Any]:
    """Give the moments, as text, and a row of sizes for each."""
    way = "give what measure_deltas gave at each moment, {0: …, 10: …}"
    if isinstance(sizes, Mapping):
        moments, rows = [str(k) for k in sizes], list(sizes.values())
    elif isinstance(sizes, list | tuple | np.ndarray):
        rows = list(sizes) if np.ndim(sizes[0] if len(sizes) else 0) else [sizes]
        moments = [str(i) for i in range(len(rows))]
    else:
        raise TypeError(f"gradient_flow: sizes must be a dict or a list, not {shown(sizes)}; {way}")
    lengths = {np.size(row) for row in rows}
    if len(lengths) != 1 or 0 in lengths:
        raise ValueError(f"gradient_flow: sizes has rows of {sorted(lengths)} layers; {way}")
    table = np.asarray(rows, dtype=float)
    if not (table >= 0).all() or not np.isfinite(table).all():
        raise ValueError("gradient_flow: sizes must be finite, and 0 or more")
    return moments, table
