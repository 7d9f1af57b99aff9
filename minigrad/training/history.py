"""What a training came to: one value for each epoch."""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib import import_module
from typing import Any

Result = tuple[float, float | None]  # loss per sample, accuracy


@dataclass
class History:
    """One value for each finished epoch, and whether Ctrl-C came before the last one.

    Losses are per sample, whatever the loss function's reduction, so that batch, mini-batch and online training can
    stand on one plot. Training values come from the epoch's batches, each taken just before its update and with
    dropout on; validation values come from the parameters at the end of the epoch, with dropout off. An accuracy is
    the share of samples classified correctly, and None unless the targets are classes. `seconds` includes validation.
    """

    loss: list[float] = field(default_factory=list)
    accuracy: list[float | None] = field(default_factory=list)
    validation_loss: list[float | None] = field(default_factory=list)
    validation_accuracy: list[float | None] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    interrupted: bool = False

    def record(self, training: Result, validation: Result | tuple[None, None], seconds: float) -> None:
        """Take in one epoch."""
        self.loss.append(training[0])
        self.accuracy.append(training[1])
        self.validation_loss.append(validation[0])
        self.validation_accuracy.append(validation[1])
        self.seconds.append(seconds)

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
