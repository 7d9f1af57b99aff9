"""What a training came to: one value for each epoch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

from minigrad.engine.messages.absent import AbsentKey
from minigrad.notebook.cards import card, part
from minigrad.notebook.charts import Curve, chart, key
from minigrad.notebook.safety import html_or_text, text_or_reason
from minigrad.ops.common.alphabet import printable

Values = Sequence[float | None]


@dataclass(frozen=True)
class Measured:
    """What samples came to: the loss per sample, the accuracy if they are classes, the metrics by name."""

    loss: float | None = None
    accuracy: float | None = None
    metrics: dict[str, Any] = field(default_factory=dict)


@dataclass(repr=False)
class History:
    """One value for each finished epoch, and whether Ctrl-C came before the last one.

    Losses are per sample, whatever the loss function's reduction, so that batch, mini-batch and online training can
    stand on one plot. Training values come from the epoch's batches, each taken just before its update and with
    dropout on; validation values come from the parameters at the end of the epoch, with dropout off. An accuracy is
    the share of samples classified correctly, and None unless the targets are classes. `seconds` includes validation.
    `metrics` has a list for each metric by its name, and for those of the validation as "validation_…"; `lr` is the
    learning rate of each epoch's last batch.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float | None] = field(default_factory=list)
    validation_loss: list[float | None] = field(default_factory=list)
    validation_accuracy: list[float | None] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    interrupted: bool = False
    metrics: dict[str, list[Any]] = field(default_factory=dict)
    lr: list[float] = field(default_factory=list)

    def record(self, training: Measured, validation: Measured, seconds: float, lr: float) -> None:
        """Take in one epoch."""
        self.loss.append(training.loss or 0.0)
        self.accuracy.append(training.accuracy)
        self.validation_loss.append(validation.loss)
        self.validation_accuracy.append(validation.accuracy)
        self.seconds.append(seconds)
        self.lr.append(lr)
        for prefix, measured in (("", training), ("validation_", validation)):
            for name, value in measured.metrics.items():
                self.metrics.setdefault(prefix + name, []).append(value)

    def values(self, name: str) -> list[Any]:
        """Give one value for each epoch, by name: `loss`, `validation_accuracy`, `lr`, a metric."""
        found = self.metrics.get(name)
        if found is None:
            known = ("loss", "accuracy", "validation_loss", "validation_accuracy", "seconds", "lr")
            if name not in known:
                raise AbsentKey(f"the history has no {name!r}; it has {printable(', '.join((*known, *self.metrics)))}")
            found = getattr(self, name)
        return found

    @text_or_reason
    def __repr__(self) -> str:
        said = [f"{len(self.loss)} epochs", *(f"{name} {_span(values)}" for name, values in self._series())]
        said += [f"{sum(self.seconds):.3g} s"] * bool(self.seconds) + ["interrupted"] * self.interrupted
        return f"<History of {', '.join(said)}>"

    @html_or_text
    def _repr_html_(self) -> str | None:
        """Draw the losses, and below them the accuracies, in a notebook; no extra is needed."""
        found = dict(self._series())
        facts = [f"{len(self.loss)} epochs", f"{sum(self.seconds):.3g} s", "interrupted by Ctrl-C" * self.interrupted]
        parts = []
        for label, color in (("loss", "--blue"), ("accuracy", "--orange")):
            named = [(f"training {label}", label, False), (f"validation {label}", f"validation {label}", True)]
            curves = [Curve(name, found[kept], color, dashed) for name, kept, dashed in named if kept in found]
            if curves:
                parts.append(part("", key(curves) + chart(curves, label)))
        return card("History", facts, *parts)

    def _series(self) -> list[tuple[str, Values]]:
        """Give what was recorded, by its name."""
        kept: list[tuple[str, Values]] = [("loss", self.loss), ("accuracy", self.accuracy)]
        kept += [("validation loss", self.validation_loss), ("validation accuracy", self.validation_accuracy)]
        return [(name, values) for name, values in kept if any(value is not None for value in values)]

    def plot(self, ax: Any = None, theme: str = "light", lang: str = "en") -> Any:
        """Draw the losses, and the accuracies on an axis at the right; needs the extra `plot`.

        The Matplotlib axes are `ax`, or else those of a new figure, and are given back.
        """
        return import_module("minigrad.plot.curves").learning_curves(self, ax=ax, theme=theme, lang=lang)


class DivergenceError(FloatingPointError):
    """A loss or a gradient that is not finite; `history` holds the epochs before it."""

    def __init__(self, message: str, history: History) -> None:
        super().__init__(message)
        self.history = history

    def __reduce__(self) -> Any:
        """Come whole from another process: of an exception that wants two arguments, a pool would wait for ever."""
        return type(self), (str(self), self.history)


def _span(values: Values) -> str:
    """Write where values began and where they ended."""
    known = [value for value in values if value is not None]
    return f"{known[0]:.4g} → {known[-1]:.4g}" if len(known) > 1 else f"{known[0]:.4g}"
