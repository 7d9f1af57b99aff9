"""What a training came to, epoch by epoch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.engine.messages.arguments import shown, with_usage
from minigrad.plot.theme import Look, drawing

Values = Sequence[float | None]


@with_usage
def learning_curves(history: Any, *, ax: Any = None, theme: str = "light", lang: str = "en") -> Any:
    """Draw the losses of a History, and the accuracies on an axis at the right; give the axes.

    ``history`` is what ``fit`` returned. Training is a plain line and validation a dashed one; what was not measured
    is left out.
    """
    if not all(hasattr(history, name) for name in ("loss", "accuracy", "validation_loss", "validation_accuracy")):
        raise TypeError(f"learning_curves: history must be what fit returned, not {shown(history)}")
    with drawing("learning_curves", ax, theme, lang) as (ax, look):
        lines = _draw_curves(ax, look, 0, "loss", history.loss, history.validation_loss)
        ax.set_xlabel(look.words["epoch"])
        look.rule(ax)
        if _is_known(history.accuracy) or _is_known(history.validation_accuracy):
            right = ax.twinx()
            look.dress(right)
            right.spines["left"].set_visible(False)
            right.spines["right"].set(visible=True, color=look.theme.soft, linewidth=0.8)
            lines += _draw_curves(right, look, 1, "accuracy", history.accuracy, history.validation_accuracy)
        look.legend_above(ax, 2, handles=lines)
    return ax


def _is_known(values: Values) -> bool:
    return any(value is not None for value in values)


def _draw_curves(ax: Any, look: Look, i: int, what: str, training: Values, validation: Values) -> list[Any]:
    """Draw the curves that have values, in one color; give their lines."""
    words, lines = look.words, []
    ax.set_ylabel(words[what], color=look.line(i))
    for which, style, values in (("training", "-", training), ("validation", "--", validation)):
        if _is_known(values):
            label = words["both"].format(which=words[which], what=words[what])
            epochs = range(1, len(values) + 1)
            alone = {"marker": "o"} if len(values) == 1 else {}
            lines += ax.plot(epochs, values, style, color=look.line(i), linewidth=1.6, label=label, **alone)
    return lines
