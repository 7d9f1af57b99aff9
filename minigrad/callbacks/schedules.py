"""Learning rates that change while a network is trained.

t counts epochs, and within an epoch the share of its batches: 2.5 is the middle of the third epoch. η is the rate that
the optimizer has at the beginning, or that the schedule before this one gives.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from minigrad.callbacks.base import Training
from minigrad.callbacks.watching import Watching
from minigrad.engine.messages.arguments import check_count, check_number, shown, with_usage


def _check_positive(called: str, name: str, value: Any) -> float:
    number = check_number(called, name, value)
    if not number:
        raise ValueError(f"{called}: {name} must be more than 0")
    return number


class StepDecay:
    """A rate that falls in steps: η · factor^⌊t / every⌋; ``every`` counts epochs."""

    @with_usage
    def __init__(self, every: int, factor: float = 0.1) -> None:
        self.every = check_count("StepDecay", "every", every)
        self.factor = _check_positive("StepDecay", "factor", factor)

    def rate(self, lr: float, training: Training) -> float:
        """Give the rate for the next batch."""
        return float(lr * self.factor ** ((training.epoch - 1) // self.every))


class CosineDecay:
    """Half a cosine from η down to ``lr_min``: lr_min + ½ (η − lr_min)(1 + cos(π t / epochs)), and lr_min from then on.

    ``epochs`` is by default how many are trained. It falls from batch to batch (Loshchilov & Hutter 2017, eq. 5).
    """

    @with_usage
    def __init__(self, epochs: int | None = None, lr_min: float = 0.0) -> None:
        self.epochs = None if epochs is None else check_count("CosineDecay", "epochs", epochs)
        self.lr_min = check_number("CosineDecay", "lr_min", lr_min)

    def rate(self, lr: float, training: Training) -> float:
        """Give the rate for the next batch."""
        t = min(1.0, training.progress / (self.epochs or training.epochs))
        return self.lr_min + 0.5 * (lr - self.lr_min) * (1 + math.cos(math.pi * t))


class WarmUp:
    """A rate that rises in a straight line: η · (start + (1 − start) t / epochs) up to η, and η from then on.

    t is that at the end of the batch, so that the first one moves something, too (Goyal et al. 2017, §2.2). Given
    before another schedule, both act: ``[WarmUp(5), CosineDecay()]``.
    """

    @with_usage
    def __init__(self, epochs: float, start: float = 0.0) -> None:
        self.epochs = _check_positive("WarmUp", "epochs", epochs)
        self.start = check_number("WarmUp", "start", start)

    def rate(self, lr: float, training: Training) -> float:
        """Give the rate for the next batch."""
        return lr * (self.start + (1 - self.start) * min(1.0, training.progress_after / self.epochs))


class LearningRateScheduler:
    """A rate that a function says: ``f(epoch, lr)``, before each epoch; epochs count from 1."""

    @with_usage
    def __init__(self, f: Callable[[int, float], float]) -> None:
        if not callable(f):
            raise TypeError(f"LearningRateScheduler: f must be a function of epoch and lr, not {shown(f)}")
        self.f = f

    def rate(self, lr: float, training: Training) -> float:
        """Give the rate for the next batch."""
        return check_number("LearningRateScheduler", "f(epoch, lr)", self.f(training.epoch, lr))


class ReduceLROnPlateau(Watching):
    """A rate that is multiplied by ``factor`` each time that a value has not become better for a while.

    patience   how many epochs in a row without a better value it takes
    cooldown   how many epochs after a reduction do not count
    lr_min     what the rate never falls below
    """

    @with_usage
    def __init__(
        self,
        monitor: str = "validation_loss",
        factor: float = 0.1,
        patience: int = 10,
        min_delta: float = 0.0,
        mode: str = "auto",
        cooldown: int = 0,
        lr_min: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        called = "ReduceLROnPlateau"
        self.factor = check_number(called, "factor", factor, below=1)
        self.patience = check_count(called, "patience", patience, least=0)
        self.cooldown = check_count(called, "cooldown", cooldown, least=0)
        self.lr_min = check_number(called, "lr_min", lr_min)
        self.scale, self.since = 1.0, 0

    def on_train_begin(self, training: Training) -> None:
        """Begin anew."""
        self.check_measured(training)
        self.forget()
        self.scale, self.since = 1.0, 0

    def on_epoch_end(self, training: Training) -> None:
        """Reduce the rate, if it is time to; ``since`` is the epoch from which on they count."""
        if not self.take(training) and training.epoch - max(self.best_epoch, self.since) >= max(1, self.patience):
            self.scale *= self.factor
            self.since = training.epoch + self.cooldown

    def rate(self, lr: float, training: Training) -> float:
        """Give the rate for the next batch."""
        return max(lr * self.scale, min(lr, self.lr_min))

    def state_dict(self) -> dict[str, Any]:
        """Give what the next epoch's decision depends on."""
        return self.watched() | {"scale": self.scale, "since": self.since}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what was saved."""
        self.take_over(state)
        self.scale, self.since = float(state["scale"]), int(state["since"])
