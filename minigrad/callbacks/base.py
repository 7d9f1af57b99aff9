"""What a callback is: any object with some of the moments as methods; and what it is told, how far a training is."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from minigrad.engine.messages.absent import find_close
from minigrad.engine.messages.arguments import shown

MOMENTS = ("on_train_begin", "on_epoch_begin", "on_batch_begin", "on_batch_end", "on_epoch_end", "on_train_end")


@dataclass
class Training:
    """How far a training is, as its callbacks see it; ``stop()`` ends it after the epoch that runs.

    ``epoch`` and ``batch`` count from 1, and are those that run; ``batches`` is how many an epoch has, None where the
    data do not say. ``lr`` is the learning rate that the schedules begin with, ``measured`` names what the history
    will hold.
    """

    model: Any
    optimizer: Any
    history: Any
    epochs: int
    rng: np.random.Generator
    measured: tuple[str, ...]
    lr: float
    save: Callable[[Any], None] = field(repr=False)
    batches: int | None = None
    epoch: int = 0
    batch: int = 0
    stopping: bool = field(default=False)

    def stop(self) -> None:
        """Let the epoch that runs be the last one."""
        self.stopping = True

    @property
    def progress(self) -> float:
        """How many epochs are done, and of the one that runs the share of its batches."""
        return self.epoch - 1 + ((self.batch - 1) / self.batches if self.batches and self.batch else 0)

    @property
    def progress_after(self) -> float:
        """What ``progress`` will be when the batch that runs is done; where batches are not counted, the epoch."""
        return self.epoch - 1 + (self.batch / self.batches if self.batches and self.batch else 1)

    def latest(self, name: str) -> float:
        """Give what the last finished epoch came to: ``loss``, ``validation_accuracy``, a metric by its name.

        ValueError if that is no number: an accuracy where the targets are no classes, a table.
        """
        value = self.history.values(name)[-1]
        if not isinstance(value, int | float):
            raise ValueError(f"fit: {name!r} is no number that can be watched, but {shown(value)}")
        return float(value)

    def numbers(self) -> dict[str, float]:
        """Give all that the last finished epoch came to and is a number, by name."""
        found = {name: self.history.values(name)[-1] for name in self.measured}
        return {name: float(value) for name, value in found.items() if isinstance(value, int | float)}

    def tensors(self) -> list[Any]:
        """Give all that a training moves in the model: its parameters, and its buffers, such as running averages."""
        parameters = getattr(self.model, "parameters", lambda: self.optimizer.params)()
        return [*parameters, *getattr(self.model, "buffers", list)()]


class Callback(Protocol):
    """Some of these methods, and no others that begin with ``on_``; nothing need be inherited from.

    A function is one, too: it is called as ``on_epoch_end``. Ctrl-C waits for the end of ``on_train_begin``,
    ``on_epoch_end`` and ``on_train_end``, so that what they write is whole.

    What has ``state_dict()`` and ``load_state_dict(state)`` is saved with the training and goes on where it was: a dict
    of numbers, texts and lists, in which ``"tensors"`` may be arrays like those of ``training.tensors()``.
    """

    def on_train_begin(self, training: Training) -> None:
        """Begin anew: a callback may be used for several trainings."""

    def on_epoch_begin(self, training: Training) -> None:
        """See the next epoch begin."""

    def on_batch_begin(self, training: Training) -> None:
        """See the next batch begin; the optimizer has the learning rate for it."""

    def on_batch_end(self, training: Training) -> None:
        """See a batch after its update, with its gradients still in the parameters."""

    def on_epoch_end(self, training: Training) -> None:
        """See what an epoch came to, in ``training.history``."""

    def on_train_end(self, training: Training) -> None:
        """See the training end, by itself, by ``stop()`` or by Ctrl-C, but not by an error."""


class Schedule(Protocol):
    """A callback that says the learning rate: several are applied one after another, in the order in which they are
    given, before each batch. The optimizer's own rate is what they begin with, and what it has again at the end.
    """

    def rate(self, lr: float, training: Training) -> float:
        """Give the rate for the next batch, from the one that would else be."""


def check_callbacks(callbacks: Any) -> list[Any]:
    """Give the callbacks as a list, if each of them is one."""
    way = "write callbacks=[minigrad.callbacks.EarlyStopping(), …]"
    if isinstance(callbacks, str) or not isinstance(callbacks, Iterable):
        raise TypeError(f"fit: callbacks must be a list, not {shown(callbacks)}; {way}")
    found = list(callbacks)
    for i, callback in enumerate(found):
        if isinstance(callback, type):
            raise TypeError(
                f"fit: callbacks[{i}] is the class {callback.__name__}; make one, with {callback.__name__}(…)"
            )
        names = [name for name in dir(callback) if name.startswith("on_")]
        unknown = [name for name in names if name not in MOMENTS]
        if unknown:
            close = find_close(unknown[0], MOMENTS, 0.5)
            raise TypeError(
                f"fit: callbacks[{i}], {shown(callback)}, has {unknown[0]}(), which is never called"
                f"{f'; did you mean {close}()?' if close else f'; the moments are {_say(MOMENTS)}'}"
            )
        if not names and not hasattr(callback, "rate") and not callable(callback):
            raise TypeError(
                f"fit: callbacks[{i}] is {shown(callback)}; a callback is a function of the training, or has some of "
                f"the methods {_say(MOMENTS)}"
            )
        if not names and not hasattr(callback, "rate"):
            _check_takes_training(i, callback)
    return found


def _check_takes_training(i: int, f: Any) -> None:
    """Raise TypeError if a function cannot be called with the training alone."""
    try:
        inspect.signature(f).bind(None)
    except TypeError as error:
        raise TypeError(
            f"fit: callbacks[{i}] is called with one argument, the training: {error}; write def f(training): …"
        ) from error
    except ValueError:  # of some of C's there is no signature
        return


def _say(names: Sequence[str]) -> str:
    return ", ".join(names)


def sort_callbacks(callbacks: list[Any]) -> dict[str, list[Callable[[Training], None]]]:
    """Give the methods to call at each moment; those of what saves all others come last."""
    ordered = sorted(callbacks, key=lambda callback: bool(getattr(callback, "runs_last", False)))
    found = {name: [getattr(c, name) for c in ordered if hasattr(c, name)] for name in MOMENTS}
    plain = [c for c in ordered if not hasattr(c, "rate") and not any(hasattr(c, name) for name in MOMENTS)]
    return found | {"on_epoch_end": [*plain, *found["on_epoch_end"]]}
