"""Ending a training before it gets worse, and keeping what it came to in files."""

from __future__ import annotations

import os
from typing import Any, ClassVar

from numpy.typing import NDArray

from minigrad.callbacks.base import Training
from minigrad.callbacks.watching import Watching
from minigrad.engine.messages.arguments import check_count, shown, with_usage
from minigrad.engine.writing.inplace import replace_elements


class EarlyStopping(Watching):
    """End the training when a value has not become better for a while, and give the model its best weights back.

    patience               how many epochs in a row without a better value end the training
    restore_best_weights   whether parameters and buffers are those of the best epoch at the end, however it comes, by
                           Ctrl-C too; the optimizer's running values stay those of the last one

    ``best`` and ``best_epoch`` say which value was the best one, and of which epoch (Prechelt 1998, "Early stopping –
    but when?").
    """

    @with_usage
    def __init__(
        self,
        monitor: str = "validation_loss",
        patience: int = 10,
        min_delta: float = 0.0,
        mode: str = "auto",
        restore_best_weights: bool = True,
    ) -> None:
        self.kept: list[NDArray[Any]] | None = None
        super().__init__(monitor, mode, min_delta)
        self.patience = check_count("EarlyStopping", "patience", patience, least=0)
        self.restore_best_weights = restore_best_weights

    def on_train_begin(self, training: Training) -> None:
        """Begin anew."""
        self.check_measured(training)
        self.forget()
        self.kept = None

    def on_epoch_end(self, training: Training) -> None:
        """Keep the best weights, or end the training."""
        if self.take(training):
            if self.restore_best_weights:
                self.kept = [t.array.copy() for t in training.tensors()]
        elif training.epoch - self.best_epoch >= self.patience:
            training.stop()

    def on_train_end(self, training: Training) -> None:
        """Give the model its best weights back, unless it has them."""
        if self.kept is not None:
            for t, elements in zip(training.tensors(), self.kept, strict=True):
                if (t.array != elements).any():
                    replace_elements(t, elements)

    def state_dict(self) -> dict[str, Any]:
        """Give what the next epoch's decision depends on."""
        return self.watched() | {"tensors": self.kept}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what was saved."""
        self.take_over(state)
        self.kept = None if state["tensors"] is None else list(state["tensors"])


class ModelCheckpoint(Watching):
    """Save the training to a file after each epoch: model, optimizer, history and callbacks.

    path             may name the epoch and what was measured, as ``"net-{epoch:03}-{loss:.3f}.npz"``; without that,
                     each file takes the place of the one before, which is there until the new one is whole
    every            how many epochs lie between two files
    save_best_only   whether only an epoch is saved that is the best yet, by ``monitor``

    ``minigrad.load(path, model)`` reads the model of it; ``fit(…, resume=path)`` goes on as if it had not stopped.
    """

    runs_last: ClassVar[bool] = True  # so that it saves what the other callbacks have made of the epoch

    @with_usage
    def __init__(
        self,
        path: str | os.PathLike[str],
        monitor: str = "validation_loss",
        save_best_only: bool = False,
        every: int = 1,
        mode: str = "auto",
        min_delta: float = 0.0,
    ) -> None:
        if not isinstance(path, str | os.PathLike):
            raise TypeError(f"ModelCheckpoint: path must be the name of a file, not {shown(path)}")
        super().__init__(monitor, mode, min_delta)
        self.path, self.save_best_only = os.fspath(path), save_best_only
        self.every = check_count("ModelCheckpoint", "every", every)

    def on_train_begin(self, training: Training) -> None:
        """Begin anew; a name that cannot be written is an error now, not after an epoch."""
        if self.save_best_only:
            self.check_measured(training)
        try:
            self.path.format(epoch=1, **dict.fromkeys(training.measured, 0.5))
        except (KeyError, IndexError, ValueError) as error:
            names = ", ".join(("epoch", *training.measured))
            raise ValueError(f"ModelCheckpoint: path {self.path!r} names {error}; it may name {names}") from error
        if not hasattr(training.model, "parameters"):
            raise TypeError(
                f"ModelCheckpoint: the model must have parameters(), as layers and nn.Sequential do, not be "
                f"{shown(training.model)}"
            )
        folder = os.path.dirname(self.path)
        if folder and not os.path.isdir(folder) and "{" not in folder:
            raise FileNotFoundError(f"ModelCheckpoint: there is no folder {folder!r} for {self.path!r}; make it first")
        self.forget()

    def on_epoch_end(self, training: Training) -> None:
        """Save, if it is time to."""
        if self.save_best_only and not self.take(training):
            return
        if training.epoch % self.every == 0:
            training.save(self.path.format(epoch=training.epoch, **training.numbers()))

    def state_dict(self) -> dict[str, Any]:
        """Give what the next epoch's decision depends on."""
        return self.watched()

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on from what was saved."""
        self.take_over(state)
