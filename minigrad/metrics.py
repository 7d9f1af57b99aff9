"""What a classifier's outputs are worth: accuracy, and which class was taken for which.

Outputs y and targets t are those that the losses take. Outputs of several columns, (samples, …, classes), are
probabilities or logits, and the largest is the guess; targets are the rows' class numbers, or one-hot rows. Outputs
of one column, or without columns, tell two classes apart: class 1 above ``threshold``, which is ½ for probabilities
and 0 for logits; targets are 0 or 1, in the outputs' shape, or one for each row.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from minigrad.engine.messages.absent import absent
from minigrad.engine.messages.arguments import check_count, with_usage
from minigrad.engine.operand import Operand
from minigrad.ops.common.libraries import bring

__all__ = ["accuracy", "confusion_matrix"]

Integers = NDArray[np.int64]

_C = "of C = metrics.confusion_matrix(y, t)"
_F1 = f"Write 2 * np.diag(C) / (C.sum(axis=0) + C.sum(axis=1)), {_C}, one number for each class"
_MEANT = {
    **dict.fromkeys(("f1", "f1_score", "fscore"), _F1),
    **dict.fromkeys(("precision", "precision_score"), f"Write np.diag(C) / C.sum(axis=0), {_C}, one for each class"),
    **dict.fromkeys(("recall", "recall_score"), f"Write np.diag(C) / C.sum(axis=1), {_C}, one for each class"),
    **dict.fromkeys(("accuracy_score", "binary_accuracy", "categorical_accuracy"), "It is metrics.accuracy(y, t)"),
    **dict.fromkeys(("mse", "mean_squared_error"), "Write np.mean((y - t) ** 2), or a function of y and t of that"),
    **dict.fromkeys(("mae", "mean_absolute_error"), "Write np.mean(np.abs(y - t)), or a function of y and t of that"),
    **dict.fromkeys(("r2", "r2_score"), "Write 1 - np.sum((y - t) ** 2) / np.sum((t - t.mean(axis=0)) ** 2)"),
}


def __getattr__(name: str) -> Any:
    raise absent("module 'minigrad.metrics'", name, _MEANT, __all__)


@with_usage
def accuracy(y: Any, t: Any, threshold: float = 0.5) -> float:
    """Give the share of samples that are classified correctly, between 0 and 1."""
    guesses, labels = classify("accuracy", y, t, threshold)
    return float((guesses == labels).mean())


@with_usage
def confusion_matrix(y: Any, t: Any, classes: int | None = None, threshold: float = 0.5) -> Integers:
    """Count how often each class was taken for each: element (i, j) is how many samples of class i were guessed as j.

    Rows are true classes and columns guesses, as in scikit-learn; the diagonal is what was right. ``classes`` is how
    many there are, by default as many as the outputs have columns, or two.
    """
    guesses, labels = classify("confusion_matrix", y, t, threshold)
    shape = np.shape(_as_array(y))
    own = 2 if _tells_two(shape) else shape[-1]
    n = own if classes is None else check_count("confusion_matrix", "classes", classes)
    top = max(int(labels.max()), int(guesses.max()))
    if top >= n:
        raise ValueError(f"confusion_matrix: there is a class {top}, and {n} classes are numbered 0 to {n - 1}")
    return np.bincount(labels * n + guesses, minlength=n * n).reshape(n, n)


def classify(called: str, y: Any, t: Any, threshold: float = 0.5) -> tuple[Integers, Integers]:
    """Give the guess and the true class of each sample, as two vectors of class numbers.

    Raises ``ValueError`` or ``TypeError`` where the targets are no classes, or none of these outputs.
    """
    outputs, targets = _as_array(y), _as_array(t)
    if outputs.dtype.kind not in "biuf" or targets.dtype.kind not in "biuf":
        raise TypeError(f"{called}: y and t must hold real numbers, not {outputs.dtype} and {targets.dtype}")
    labels = find_labels(outputs.shape, targets)
    if labels is None:
        raise ValueError(
            f"{called}: t holds no classes of y, which is {outputs.shape}; t is {targets.dtype} {targets.shape}. Give "
            f"class numbers, one for each row, or one-hot rows; where y has one column, 0 or 1 for each"
        )
    if not labels.size:
        raise ValueError(f"{called}: there are no samples; y has shape {outputs.shape}")
    if (labels < 0).any():
        raise ValueError(f"{called}: class numbers must be 0 or more, and there is {labels.min()}")
    return find_guesses(outputs, threshold).ravel(), labels


def find_guesses(outputs: Any, threshold: float = 0.5) -> Integers:
    """Give the class that each row of outputs stands for."""
    if _tells_two(outputs.shape):
        return (outputs > threshold).astype(np.int64).reshape(-1)
    return np.asarray(outputs.argmax(-1).astype(np.int64))


def find_labels(shape: tuple[int, ...], t: Any) -> Integers | None:
    """Give the classes that targets hold for outputs of a shape, as a vector; None if they hold none."""
    if _tells_two(shape):
        rows = shape[:-1] if shape[-1:] == (1,) else shape
        fits = t.shape in (shape, rows) and ((t == 0) | (t == 1)).all()
        return t.astype(np.int64).ravel() if fits else None
    if t.shape == shape:
        return t.argmax(-1).astype(np.int64).ravel() if is_one_hot_rows(t) else None
    return t.astype(np.int64).ravel() if t.shape == shape[:-1] and t.dtype.kind in "iu" else None


def is_one_hot_rows(t: Any) -> bool:
    """Say whether each row holds a single 1, and else 0."""
    return bool(t.ndim > 1 and t.shape[-1] > 1 and ((t == 0) | (t == 1)).all() and (t.sum(axis=-1) == 1).all())


def _tells_two(shape: tuple[int, ...]) -> bool:
    return len(shape) < 2 or shape[-1] == 1


def _as_array(x: Any) -> Any:
    return bring(x.array if isinstance(x, Operand) else x)
