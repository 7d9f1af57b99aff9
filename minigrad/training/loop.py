"""The training loop: epochs of batches, a record of what they came to, and a safe way out at any moment."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from importlib import import_module
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from minigrad.data import Array, Rng, batches
from minigrad.engine.arguments import check_generator, with_usage
from minigrad.engine.errors import warn_user
from minigrad.engine.recording import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.extras import require
from minigrad.interrupts import CtrlC
from minigrad.optim import Optimizer
from minigrad.training.arguments import check_counts, check_parts, check_samples, check_validation, names_of
from minigrad.training.history import DivergenceError, History, Result
from minigrad.training.unmoved import unmoved_if_it_fails

Model = Callable[[Any], Any]
Loss = Callable[[Any, Any], Any]
Samples = tuple[ArrayLike, ArrayLike]

ROWS = 1000  # the validation set goes through the model in pieces of this size, to bound the memory of hidden layers


@with_usage
def fit(
    model: Model,
    loss: Loss,
    optimizer: Optimizer,
    data: Samples,
    epochs: int,
    batch_size: int | None = None,
    validation: Samples | None = None,
    progress: bool = True,
    rng: Rng = None,
    compile: bool | Literal["numpy", "native"] = False,
) -> History:
    """Train `model` to lower loss(model(X), T) over data = (X, T), one sample per row.

    batch_size   None: batch learning, one update per epoch; 1: online learning; between them: mini-batches
    validation   (X, T) that is measured after each epoch, with no gradients recorded
    progress     shows a bar, with the extra `progress`; without it, warns once and goes on
    rng          deals the samples to batches, anew for each epoch
    compile      True or "numpy", or "native" with that extra, runs gradients and updates as code (`minigrad.compile`)

    A loss that doubles when every row is given twice is a sum over rows, and is divided by their number for the
    History; any other counts as a mean. Accuracy is measured where T holds class numbers, or one-hot rows.

    Ctrl-C ends the training between two updates, never within one, and returns the history, `interrupted`. A loss or
    a gradient that is not finite raises DivergenceError, a FloatingPointError, before it reaches the parameters or
    moves the layers' buffers. The model is left in `eval()`, if it has modes.
    """
    check_parts(model, loss, optimizer)
    X, T = check_samples("data", data)
    check_counts(epochs, batch_size)
    tested_on = None if validation is None else check_samples("validation", validation)
    rng = check_generator("fit", rng)
    if tested_on is not None:
        _switch(model, "eval")
        check_validation(model, loss, (X, T), tested_on)
    training, testing = _Meter(loss, (X, T)), None if tested_on is None else _Meter(loss, tested_on)
    history, ctrl_c = History(), CtrlC()
    backpropagate, update = _backpropagation(model, loss, optimizer), optimizer.step
    if compile:
        compiled = import_module("minigrad.compiler.api").compile
        backend = "numpy" if compile is True else compile
        backpropagate, update = compiled(backpropagate, backend=backend), compiled(update, backend=backend)
    buffers = list(getattr(model, "buffers", list)())
    bar = _bar(epochs) if progress else None
    try:
        with ctrl_c.watched():
            for epoch in range(1, epochs + 1):
                started = time.perf_counter()
                _switch(model, "train")
                for number, (x, t) in enumerate(batches(X, T, batch_size, rng), 1):
                    try:
                        with unmoved_if_it_fails(buffers):
                            y, E = _gradients(backpropagate, optimizer, x, t)
                    except FloatingPointError as error:
                        raise DivergenceError(
                            f"fit: {error} in epoch {epoch}, batch {number}; the parameters are as they were before "
                            f"this batch. Try a learning rate smaller than {optimizer.lr}, or look for NaN in the data",
                            history,
                        ) from error
                    training.add(E, y, t)
                    with ctrl_c.held():
                        update()
                result, tested = training.read(), testing.over(model) if testing else (None, None)
                with ctrl_c.held():
                    history.record(result, tested, time.perf_counter() - started)
                if bar is not None:
                    bar.set_postfix(loss=result[0], refresh=False)
                    bar.update()
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        _switch(model, "eval")
        if bar is not None:
            bar.close()
    return history


def _backpropagation(model: Model, loss: Loss, optimizer: Optimizer) -> Callable[[Any, Any], tuple[Tensor, Tensor]]:
    """Give the function that leaves the gradients of one batch in the parameters, and gives its outputs and loss."""

    def backpropagate(x: Any, t: Any) -> tuple[Tensor, Tensor]:
        optimizer.zero_grad()
        y = model(x)
        E = loss(y, t)
        if not isinstance(y, Tensor) or not isinstance(E, Tensor):
            raise TypeError(
                f"fit: model and loss must return Tensors, not {type(y).__name__} and {type(E).__name__}; compute with "
                f"Tensors that require a gradient, and without .item() or .data"
            )
        if E.size != 1:
            raise ValueError(f"fit: the loss must be one number, not of shape {E.shape}; take its sum() or mean()")
        if not E.requires_grad:
            raise ValueError(
                "fit: no gradient flows to the loss, so that nothing can be trained. Compute it from the outputs y "
                "with operations on Tensors, without .data, .item() or .detach()"
            )
        E.backward()
        return y, E

    return backpropagate


def _gradients(backpropagate: Callable[[Any, Any], Any], optimizer: Optimizer, x: Any, t: Any) -> tuple[Tensor, float]:
    """Leave the gradients of one batch in the parameters, if they are finite; give its outputs and its loss."""
    y, E = backpropagate(x, t)
    value = float(E.item())
    if not math.isfinite(value):
        raise FloatingPointError(f"the loss became {value}")
    if all(p.grad is None for p in optimizer.params):
        raise ValueError(
            f"fit: no gradient reached the optimizer's parameters, {names_of(optimizer.params)}: the loss does not "
            f"depend on them. Make the optimizer of the parameters that the model computes with"
        )
    for i, p in enumerate(optimizer.params):
        if p.grad is not None and not np.isfinite(p.grad.array).all():
            raise FloatingPointError(f"the gradient of {p.name or f'parameter {i}'} became NaN or infinite")
    return y, value


class _Meter:
    """Measures the loss per sample and the accuracy on `samples` = (X, T)."""

    def __init__(self, loss: Loss, samples: Samples) -> None:
        self.loss, self.samples = loss, samples
        self.one_hot = _is_one_hot(np.asarray(samples[1]))
        self.sums: bool | None = None  # does the loss add over rows? None until a loss other than 0 has told
        self._clear()

    def _clear(self) -> None:
        self.rows = self.labels = self.correct = 0
        self.total = 0.0

    def add(self, E: float, y: Tensor, t: Array) -> None:
        """Take in one batch: its loss E, outputs y and targets t."""
        if self.sums is None and E != 0:
            self.sums = self._doubles(E, y, t)
        self.rows += len(t)
        self.total += E if self.sums else E * len(t)
        if self.one_hot and t.shape == y.shape:
            t = t.argmax(-1)
        elif t.dtype.kind not in "iu" or t.shape != y.shape[:-1] or y.shape[-1] < 2:
            return
        self.labels += t.size
        self.correct += int((y.array.argmax(-1) == t).sum())

    def read(self) -> Result:
        """Give the loss per sample and the accuracy since the last reading."""
        result = self.total / self.rows, self.correct / self.labels if self.labels else None
        self._clear()
        return result

    def over(self, model: Model) -> Result:
        """Take in all samples as the model predicts them: with dropout off, and no gradients recorded."""
        _switch(model, "eval")
        with no_grad():
            for x, t in batches(*self.samples, ROWS):
                y = model(x)
                self.add(float(self.loss(y, t).item()), y, t)
        return self.read()

    def _doubles(self, E: float, y: Tensor, t: Array) -> bool:
        with no_grad():
            twice = self.loss(Tensor(np.concatenate([y.array, y.array])), np.concatenate([t, t])).item()
        return bool(abs(twice - 2 * E) < 0.01 * abs(E))


def _bar(epochs: int) -> Any:
    """Give a progress bar, or None, with a warning, where tqdm is not installed."""
    try:
        tqdm = require("tqdm.auto", "progress").tqdm
    except ImportError as error:
        warn_user(f"fit: no progress bar: {error}", UserWarning)
        return None
    return tqdm(total=epochs, unit="epoch")


def _switch(model: Model, mode: str) -> None:
    """Call model.train() or model.eval(), if the model has it."""
    getattr(model, mode, lambda: None)()


def _is_one_hot(T: Array) -> bool:
    if T.ndim < 2 or T.shape[-1] < 2:
        return False
    return bool(((T == 0) | (T == 1)).all() and (T.sum(axis=-1) == 1).all())
