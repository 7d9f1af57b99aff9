"""Better or worse: one measured value, watched from epoch to epoch."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.callbacks.base import Training
from minigrad.engine.messages.absent import find_close
from minigrad.engine.messages.arguments import check_number, shown

MODES = ("auto", "min", "max")


class Watching:
    """A callback that watches one value of the history: is it the best yet?

    monitor     ``loss``, ``accuracy``, ``validation_loss``, ``validation_accuracy``, or a metric by its name
    mode        "min" or "max": what is better; "auto" knows that losses are to fall and accuracies to rise
    min_delta   by how much a value must be better than the best one to count
    """

    def __init__(self, monitor: str, mode: str, min_delta: float) -> None:
        called = type(self).__name__
        if not isinstance(monitor, str):
            raise TypeError(f"{called}: monitor must be a name, such as 'validation_loss', not {shown(monitor)}")
        if mode not in MODES:
            raise ValueError(f"{called}: mode must be one of {', '.join(map(repr, MODES))}, not {mode!r}")
        if mode == "auto":
            if not monitor.endswith(("loss", "accuracy")):
                raise ValueError(f"{called}: is {monitor!r} to fall or to rise? Give mode='min' or mode='max'")
            mode = "max" if monitor.endswith("accuracy") else "min"
        self.monitor, self.mode = monitor, mode
        self.min_delta = check_number(called, "min_delta", min_delta)
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self.best, self.best_epoch = np.inf if self.mode == "min" else -np.inf, 0

    def check_measured(self, training: Training) -> None:
        """Raise ValueError if the value will not be measured."""
        if self.monitor in training.measured:
            return
        name = self.monitor.replace("val_", "validation_", 1) if self.monitor.startswith("val_") else self.monitor
        plain = name.removeprefix("validation_")
        close = name if name in training.measured else find_close(name, training.measured, 0.8)
        if close:
            way = f"give monitor={close!r}"
        elif name != plain and plain in training.measured:
            way = "give fit validation=(X, T)"
        elif plain == "accuracy":
            way = "the targets are no classes of the outputs"
        else:
            way = "give a function of that name to fit, by metrics="
        raise ValueError(
            f"{type(self).__name__}: {self.monitor!r} is not measured; {way}, or watch another by monitor=: "
            f"{', '.join(training.measured)}"
        )

    def take(self, training: Training) -> bool:
        """Take in what the last epoch came to; say whether it is the best yet."""
        value = training.latest(self.monitor)
        gain = self.best - value if self.mode == "min" else value - self.best
        if not gain > self.min_delta:
            return False
        self.best, self.best_epoch = value, training.epoch
        return True

    def watched(self) -> dict[str, Any]:
        """Give what is known of the best, to be saved: an infinite best, before the first, as None."""
        return {"best": self.best if np.isfinite(self.best) else None, "best_epoch": self.best_epoch}

    def take_over(self, state: dict[str, Any]) -> None:
        """Go on from what was saved."""
        self.forget()
        self.best_epoch = int(state["best_epoch"])
        if state["best"] is not None:
            self.best = float(state["best"])
