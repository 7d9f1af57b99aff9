"""The training loop: epochs of batches, a record of what they came to, and a safe way out at any moment."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, Literal

from numpy.typing import ArrayLike

from minigrad.callbacks.base import Training, check_callbacks, sort_callbacks
from minigrad.data import Rng
from minigrad.engine.messages.arguments import check_generator, check_number, with_usage
from minigrad.engine.messages.errors import warn_user
from minigrad.extras import require
from minigrad.interrupts import CtrlC
from minigrad.optim import Optimizer, clip_norm, clip_value
from minigrad.training.arguments import check_counts, check_parts, check_resume, check_validation
from minigrad.training.history import DivergenceError, History, Measured
from minigrad.training.meter import Meter, Metric, check_metrics, find_threshold
from minigrad.training.modes import switch
from minigrad.training.sources import ROWS, Arrays, Loader, find_source
from minigrad.training.steps import leave_gradients, make_backpropagation
from minigrad.training.unmoved import unmoved_if_it_fails
from minigrad.training.weighing import ClassWeights

Model = Callable[[Any], Any]
Loss = Callable[..., Any]
Samples = tuple[ArrayLike, ArrayLike] | Any


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
    compile: bool | Literal["numpy", "native", "cuda"] = False,
    *,
    callbacks: Sequence[Any] = (),  # each a Callback, in part, a Schedule, or a function of the Training
    clip_norm: float | None = None,
    clip_value: float | None = None,
    class_weight: Mapping[int, float] | Literal["balanced"] | None = None,
    metrics: Sequence[Metric] | Mapping[str, Metric] | None = None,
    resume: str | os.PathLike[str] | None = None,
    client: Any = None,
) -> History:
    """Train `model` to lower loss(model(X), T) over data = (X, T), one sample per row.

    data         (X, T), arrays or tables of pandas'; or what gives batches (x, t) each time that it is gone through, as
                 a loader does; or a function that makes a generator of them, which is called for each epoch
    batch_size   None: batch learning, one update per epoch; 1: online learning; between them: mini-batches
    validation   data that are measured after each epoch, with no gradients recorded
    progress     shows a bar, with the extra `progress`; without it, warns once and goes on
    rng          deals the samples to batches, anew for each epoch
    compile      True or "numpy", or "native" with that extra, runs gradients and updates as code (`minigrad.compile`);
                 "cuda" with parameters that lie on a GPU
    callbacks    `minigrad.callbacks`: EarlyStopping, ModelCheckpoint, schedules of the learning rate, objects of your
                 own, functions of the training that are called after each epoch
    clip_norm    shortens the gradient of all parameters together to this length (`optim.clip_norm`)
    clip_value   cuts each element of the gradients off at ± this (`optim.clip_value`); before clip_norm
    class_weight how much the samples of each class count, {0: 1.0, 1: 5.0}, or "balanced", which makes classes count
                 alike; a loss that takes weights= is needed, as those of `minigrad.losses` do, and the validation is
                 measured without
    metrics      functions of outputs y and targets t, of a whole epoch, for the History
    resume       a file of ModelCheckpoint's: goes on as if the training had not stopped, up to `epochs` in all
    client       a `distributed.Client`: gradients are computed by its workers (extra `cluster`), each of which reads
                 its share of the rows, of arrays, of two .npy files, of a Zarr group with arrays X and T, or of a
                 `minigrad.cluster.Parquet`; batch_size rows are then dealt in blocks, one to each worker

    A loss that doubles when every row is given twice is a sum over rows, and is divided by their number for the
    History; any other counts as a mean. Accuracy is measured where T holds class numbers, or one-hot rows, or 0 and 1
    for one output of a sigmoid.

    Ctrl-C ends the training between two updates, never within one, and returns the history, `interrupted`. A loss or
    a gradient that is not finite raises DivergenceError, a FloatingPointError, before it reaches the parameters or
    moves the layers' buffers. The model is left in `eval()`, if it has modes.
    """
    check_parts(model, loss, optimizer)
    check_resume(resume)
    source: Any
    if client is None:
        source = find_source("data", data, batch_size)
        check_counts(epochs, batch_size)
    else:
        check_counts(epochs, batch_size)
        gather = import_module("minigrad.training.clustered").gather_crew
        source = gather(client, model, loss, data, batch_size, compile, metrics=metrics, class_weight=class_weight)
    tested_on = None if validation is None else find_source("validation", validation, ROWS)
    rng = check_generator("fit", rng)
    run = _Run(model, loss, optimizer, source, tested_on, check_metrics(metrics))
    run.weights = None if class_weight is None else ClassWeights(class_weight, loss, source.T)
    run.clip = _check_clips(clip_norm, clip_value)
    found = check_callbacks(callbacks)
    if not hasattr(optimizer, "lr") and any(hasattr(callback, "rate") for callback in found):
        raise TypeError(f"fit: a schedule sets optimizer.lr, and {type(optimizer).__name__} has none")
    if tested_on is not None:
        switch(model, "eval")
        check_validation(model, loss, source.first(), tested_on.first())
    run.prepare(compile)
    training = Training(model, optimizer, History(), epochs, rng, run.measured(), find_rate(optimizer), _save_nothing)
    training.batches = len(source) or None
    if found or resume is not None:
        resuming = import_module("minigrad.training.resuming")
        training.save = lambda path: resuming.save_training(path, training, found)
        return _train(
            run, training, found, lambda: resume is not None and resuming.resume(resume, training, found), progress
        )
    return _train(run, training, found, lambda: None, progress)


def _save_nothing(path: Any) -> None:
    """Stand for what saves a training, where there is nobody to ask for it."""


def _train(run: _Run, training: Training, callbacks: list[Any], resume: Callable[[], Any], progress: bool) -> History:
    """Go through the epochs, and leave everything in order however they end."""
    ctrl_c, moments, history = CtrlC(), sort_callbacks(callbacks), training.history
    run.schedules = [callback for callback in callbacks if hasattr(callback, "rate")]
    begun = False
    bar = None
    try:
        with ctrl_c.watched():
            try:
                with ctrl_c.held():
                    _call(moments["on_train_begin"], training)
                    resume()
                    begun = True
                bar = _bar(training.epochs, len(history.loss)) if progress else None
                while len(history.loss) < training.epochs and not training.stopping:
                    _run_epoch(run, training, moments, ctrl_c)
                    if bar is not None:
                        bar.set_postfix(loss=history.loss[-1], refresh=False)
                        bar.update()
            except KeyboardInterrupt:
                history.interrupted = True
            if begun:
                with ctrl_c.held():
                    _call(moments["on_train_end"], training)
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        switch(training.model, "eval")
        if run.schedules:
            training.optimizer.lr = training.lr
        if bar is not None:
            bar.close()
    return history


def _run_epoch(run: _Run, training: Training, moments: Mapping[str, list[Any]], ctrl_c: CtrlC) -> None:
    """Train on all batches once, measure, and tell the callbacks."""
    started = time.perf_counter()
    training.epoch, training.batch = len(training.history.loss) + 1, 0
    _call(moments["on_epoch_begin"], training)
    switch(training.model, "train")
    begin, end = moments["on_batch_begin"], moments["on_batch_end"]
    for number, (x, t) in enumerate(run.source.deal(training.rng), 1):
        training.batch = number
        if run.schedules:
            run.set_rate(training)
        _call(begin, training)
        try:
            with run.source.naming(number, training.epoch, x, t), unmoved_if_it_fails(run.buffers):
                y, E = leave_gradients(run.backpropagate, run.optimizer, *run.batch(x, t))
        except FloatingPointError as error:
            raise DivergenceError(
                f"fit: {error} in epoch {training.epoch}, batch {number}; the parameters are as they were before "
                f"this batch. Try a learning rate smaller than {find_rate(run.optimizer)}, or look for NaN in the data",
                training.history,
            ) from error
        run.training.add(E, y, t)
        if run.clip:
            run.clip_gradients()
        with ctrl_c.held():
            run.update()
        _call(end, training)
    result, tested = run.training.read(), run.test(training.epoch)
    with ctrl_c.held():
        training.history.record(result, tested, time.perf_counter() - started, find_rate(run.optimizer))
        _call(moments["on_epoch_end"], training)


def _call(methods: list[Callable[[Training], None]], training: Training) -> None:
    for method in methods:
        method(training)


class _Run:
    """What a training is made of, but its state."""

    def __init__(
        self,
        model: Model,
        loss: Loss,
        optimizer: Optimizer,
        source: Any,  # Arrays, a Loader, or the Blocks of a cluster
        tested_on: Arrays | Loader | None,
        metrics: dict[str, Metric],
    ) -> None:
        self.model, self.loss, self.optimizer, self.source, self.tested_on = model, loss, optimizer, source, tested_on
        threshold = find_threshold(model, loss)
        self.training = getattr(source, "meter", None) or Meter(loss, metrics, threshold, source.T)
        self.testing = None if tested_on is None else Meter(loss, metrics, threshold, tested_on.T)
        self.weights: ClassWeights | None = None
        self.clip: dict[str, float] = {}
        self.schedules: list[Any] = []
        self.buffers = list(getattr(model, "buffers", list)())
        self.update: Callable[[], Any] = optimizer.step

    def prepare(self, compile: bool | str) -> None:
        """Make the functions of one batch, as code if that is wanted; workers of a cluster make their own."""
        if hasattr(self.source, "backpropagate"):
            self.backpropagate, self.update = self.source.backpropagate, self.optimizer.step
            return
        backpropagate = make_backpropagation(self.model, self.loss, self.optimizer, self.weights is not None)
        update = self.update
        if compile:
            compiled = import_module("minigrad.compiler.api").compile
            backend = "numpy" if compile is True else compile
            backpropagate, update = compiled(backpropagate, backend=backend), compiled(update, backend=backend)
        self.backpropagate, self.update = backpropagate, update

    def batch(self, x: Any, t: Any) -> tuple[Any, ...]:
        """Give a batch with the weights of its rows, if there are any."""
        return (x, t) if self.weights is None else (x, t, self.weights.of(t))

    def set_rate(self, training: Training) -> None:
        """Let the schedules say the learning rate."""
        lr = training.lr
        for schedule in self.schedules:
            lr = schedule.rate(lr, training)
        if lr != self.optimizer.lr:
            self.optimizer.lr = lr

    def clip_gradients(self) -> None:
        """Cut down gradients that are too large."""
        if "value" in self.clip:
            clip_value(self.optimizer.params, self.clip["value"])
        if "norm" in self.clip:
            clip_norm(self.optimizer.params, self.clip["norm"])

    def test(self, epoch: int) -> Measured:
        """Measure the validation samples, if there are any."""
        if self.testing is None or self.tested_on is None:
            return Measured()
        return self.testing.over(self.model, self.tested_on, epoch)

    def measured(self) -> tuple[str, ...]:
        """Name what the history will hold for each epoch."""
        meter = self.training
        classes = self.source.T is None or meter.one_hot or self.source.T.dtype.kind in "iu"
        names = ["loss", *(["accuracy"] if classes or (meter.threshold is not None and meter.truth) else ())]
        names += list(meter.metrics)
        return (*names, *(f"validation_{name}" for name in names if self.testing is not None))


def find_rate(optimizer: Any) -> float:
    """Give the learning rate; NaN of an optimizer of a user's own that has none."""
    return float(getattr(optimizer, "lr", math.nan))


def _check_clips(norm: Any, value: Any) -> dict[str, float]:
    """Give the limits of gradients that were set."""
    found = {}
    for name, limit in (("norm", norm), ("value", value)):
        if limit is not None:
            found[name] = check_number("fit", f"clip_{name}", limit)
            if not limit:
                raise ValueError(f"fit: clip_{name} must be more than 0: no gradient would be left")
    return found


def _bar(epochs: int, done: int) -> Any:
    """Give a progress bar, or None, with a warning, where tqdm is not installed."""
    try:
        tqdm = require("tqdm.auto", "progress").tqdm
    except ImportError as error:
        warn_user(f"fit: no progress bar: {error}", UserWarning)
        return None
    return tqdm(total=epochs, initial=done, unit="epoch")
