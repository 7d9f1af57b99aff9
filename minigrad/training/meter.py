"""What a model's outputs come to: the loss per sample, the share classified correctly, metrics of a user's own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from minigrad import losses
from minigrad.data import Array
from minigrad.engine.messages.absent import find_close
from minigrad.engine.messages.arguments import shown
from minigrad.engine.recording import no_grad
from minigrad.engine.tensor import Tensor
from minigrad.metrics import is_one_hot_rows
from minigrad.ops.common.libraries import alike, bring
from minigrad.ops.elementwise import sigmoid
from minigrad.training.history import Measured
from minigrad.training.modes import switch
from minigrad.training.sources import Arrays, Loader

Metric = Callable[[Any, Any], Any]


class Meter:
    """Measures what batches come to, until it is read.

    ``one_hot`` and ``truth`` say whether the targets are one-hot rows, or 0 and 1 alone; None: the first batch tells.
    ``threshold`` is what one output must exceed to say yes, None where outputs are not known to be a yes or no.
    """

    def __init__(
        self, loss: Callable[..., Any], metrics: Mapping[str, Metric], threshold: float | None, T: Array | None
    ) -> None:
        self.loss, self.metrics, self.threshold = loss, metrics, threshold
        self.one_hot = None if T is None else is_one_hot_rows(T)
        self.truth = None if T is None else is_truth(T)
        self.sums: bool | None = None  # does the loss add over rows? None until a loss other than 0 has told
        self._clear()

    def _clear(self) -> None:
        self.rows = self.labels = self.correct = 0
        self.total = 0.0
        self.seen: list[tuple[Any, Any]] = []

    def add(self, E: float, y: Tensor, t: Array) -> None:
        """Take in one batch: its loss E, outputs y and targets t."""
        t = alike(t, y)
        if self.one_hot is None or self.truth is None:
            self.one_hot, self.truth = is_one_hot_rows(t), is_truth(t)
        if self.sums is None and E != 0:
            self.sums = self._doubles(y, t)
        self.rows += len(t)
        self.total += E if self.sums else E * len(t)
        if self.metrics:
            self.seen.append((y.array.copy(), t.copy()))  # code may write its next outputs to the same place
        self._count(y, t)

    def _count(self, y: Tensor, t: Array) -> None:
        """Count what is classified correctly, if the targets are classes of these outputs."""
        one = not y.shape or y.shape[-1] == 1 or (y.ndim == 1 and t.shape == y.shape)
        if one:
            if self.threshold is not None and self.truth and t.size == y.size:
                self.labels += t.size
                self.correct += int(((y.array.ravel() > self.threshold) == (t.ravel() != 0)).sum())
            return
        if self.one_hot and t.shape == y.shape:
            t = t.argmax(-1)
        elif t.dtype.kind not in "iu" or t.shape != y.shape[:-1]:
            return
        self.labels += t.size
        self.correct += int((y.array.argmax(-1) == t).sum())

    def read(self) -> Measured:
        """Give the loss per sample, the accuracy and the metrics since the last reading."""
        found = {}
        if self.metrics:
            y, t = (np.concatenate(parts) for parts in zip(*self.seen, strict=True))
            with no_grad():
                found = {name: _plain(metric(y, t)) for name, metric in self.metrics.items()}
        result = Measured(self.total / self.rows, self.correct / self.labels if self.labels else None, found)
        self._clear()
        return result

    def over(self, model: Callable[[Any], Any], source: Arrays | Loader, epoch: int) -> Measured:
        """Take in all batches as the model predicts them: with dropout off, and no gradients recorded."""
        switch(model, "eval")
        with no_grad():
            for number, (x, t) in enumerate(source.deal(None), 1):
                with source.naming(number, epoch, x, t):
                    y = model(x)
                    self.add(float(self.loss(y, t).item()), y, t)
        return self.read()

    def _doubles(self, y: Tensor, t: Array) -> bool:
        """Say whether a loss of all rows twice is twice the loss."""
        with no_grad():
            once = self.loss(Tensor(y.array), t).item()
            twice = self.loss(Tensor(np.concatenate([y.array, y.array])), np.concatenate([t, t])).item()
        return bool(abs(twice - 2 * once) < 0.01 * abs(once))


def is_truth(T: Array) -> bool:
    """Say whether targets are 0 and 1 alone."""
    return bool(((T == 0) | (T == 1)).all())


def find_threshold(model: Any, loss: Any) -> float | None:
    """Give what one output must exceed to say yes: ½ of probabilities, 0 of logits; None where it may be any number.

    That is told by the loss, or by a sigmoid that the model ends with.
    """
    while isinstance(loss, partial):
        loss = loss.func
    if loss is losses.sigmoid_cross_entropy:
        return 0.0
    layers = list(model.flat()) if hasattr(model, "flat") else []
    return 0.5 if loss is losses.binary_cross_entropy or (layers and layers[-1] is sigmoid) else None


def check_metrics(metrics: Any) -> dict[str, Metric]:
    """Give metrics by their names, if each is a function."""
    way = "write metrics=[minigrad.metrics.confusion_matrix], or a dict of names and functions of y and t"
    if metrics is None:
        return {}
    if callable(metrics):
        metrics = [metrics]
    if not isinstance(metrics, Mapping | list | tuple):
        raise TypeError(f"fit: metrics must be a list or a dict of functions, not {shown(metrics)}; {way}")
    named = dict(metrics) if isinstance(metrics, Mapping) else {_name(f): f for f in metrics}
    for name, metric in named.items():
        if isinstance(metric, str):
            meant = find_close(metric, ("accuracy", "confusion_matrix")) or "confusion_matrix"
            raise TypeError(
                f"fit: the metric {metric!r} is a name, not a function; write metrics=[minigrad.metrics.{meant}]. The "
                f"accuracy of classes is in the history anyway."
            )
        if not isinstance(name, str) or not callable(metric):
            raise TypeError(f"fit: the metric {name!r} is {shown(metric)}, not a function; {way}")
        if name in ("loss", "lr", "epoch") or name.startswith("validation_"):
            raise ValueError(f"fit: a metric cannot be called {name!r}, which the history has already; rename it")
    if len(named) < len(metrics):
        raise ValueError(f"fit: two metrics have one name; {way}")
    return named


def _name(f: Any) -> str:
    while isinstance(f, partial):
        f = f.func
    return str(getattr(f, "__name__", type(f).__name__))


def _plain(value: Any) -> Any:
    """Give a number as Python's, and an array as it is."""
    array = bring(getattr(value, "array", value))
    return array.item() if array.ndim == 0 else array
