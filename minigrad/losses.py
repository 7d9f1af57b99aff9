"""Losses: the textbook's two, and a form of the second that is exact at any logits.

In all of them rows are samples: the last axis holds the outputs of one sample and every axis before it is batch.
``reduction="sum"`` adds over outputs and batch, as the textbook does; ``"mean"`` divides that by the batch size.
"""

from __future__ import annotations

import warnings
from typing import Any, Literal

import numpy as np

from minigrad.engine.operand import Operand
from minigrad.ops.linalg import half_squared_distance, log_likelihood, vdot
from minigrad.ops.reduction import log_softmax

Reduction = Literal["sum", "mean"]


def squared_error(y: Any, t: Any, reduction: Reduction = "sum") -> Any:
    """Half the sum of squared errors, E = ½ Σ (y − t)², for outputs y and targets t of one shape.

    With an identity output layer, δ = ∂E/∂u = y − t. Raises ``ValueError`` if the shapes differ.
    """
    _same_shape("squared_error", y, t)
    return _reduced("squared_error", half_squared_distance(y, t), y, reduction)


def cross_entropy(y: Any, t: Any, reduction: Reduction = "sum") -> Any:
    """Cross-entropy of probabilities, E = −Σ t log y, literally, for y and targets t (one-hot or soft) of one shape.

    With a softmax output layer, δ = ∂E/∂u = y − t. Where a y underflows to 0, log y is infinite: there a warning
    says so, and ``softmax_cross_entropy`` on the logits is exact.
    """
    _same_shape("cross_entropy", y, t)
    if getattr(y, "has_data", True) and not np.all(_values(y) > 0):
        warnings.warn(
            "cross_entropy: y holds a value that is not positive, so log y is not finite. Leave the softmax out of the "
            "model (output='identity') and use softmax_cross_entropy(u, t), which is exact there.",
            RuntimeWarning,
            stacklevel=2,
        )
    return _reduced("cross_entropy", -vdot(t, np.log(y)), y, reduction)


def softmax_cross_entropy(u: Any, t: Any, reduction: Reduction = "sum") -> Any:
    """Cross-entropy of softmax(u) from the logits u, E = −Σ t log softmax(u), exact at logits of ±1000.

    ``t`` holds one-hot or soft targets of u's shape, or the integer label of each row. δ = ∂E/∂u = softmax(u) − t
    where Σₖ tₖ = 1. Raises ``ValueError`` for another shape, ``IndexError`` for a label that is no column of u.
    """
    shape = u.shape
    if not shape:
        raise ValueError("softmax_cross_entropy: u is a scalar; its last axis must hold the logits of the classes.")
    logs = log_softmax(u)
    labels = t if type(t) is np.ndarray else _values(t)
    if labels.shape == shape:
        # The sign goes to t where it can, which spares the record an operation.
        sign_in_front = type(t) is not np.ndarray or t.dtype.kind != "f"
        total = -log_likelihood(t, logs) if sign_in_front else log_likelihood(-t, logs)
        return _reduced("softmax_cross_entropy", total, u, reduction)
    if labels.shape != shape[:-1] or labels.dtype.kind not in "iu":
        raise ValueError(
            f"softmax_cross_entropy: wanted targets of shape {shape}, or an integer label for each row, of shape "
            f"{shape[:-1]}; t is {labels.dtype} of shape {labels.shape}."
        )
    known = getattr(labels, "has_data", True)  # they are not, while a function is compiled
    if labels.size and known and not (labels.min() >= 0 and labels.max() < shape[-1]):
        raise IndexError(
            f"softmax_cross_entropy: labels must be 0 to {shape[-1] - 1}, the columns of u; they are "
            f"{labels.min()} to {labels.max()}."
        )
    column = labels if known else t
    if not known and labels.dtype.kind == "i":  # none may count from the end
        column = np.where(t < 0, np.int64(shape[-1]), t)
    picked = logs[(*np.indices(labels.shape, sparse=True), column)]
    return _reduced("softmax_cross_entropy", -picked.sum(), u, reduction)


def _values(x: Any) -> Any:
    return x.data if isinstance(x, Operand) else x if hasattr(x, "__array_function__") else np.asarray(x)


def _same_shape(loss: str, y: Any, t: Any) -> None:
    if y.shape != (t.shape if hasattr(t, "shape") else np.shape(t)):
        raise ValueError(
            f"{loss}: y and t must have one shape, since broadcasting would mix the samples; y is {y.shape}, t is "
            f"{np.shape(t)}. Reshape t, to a column with t[:, None] say."
        )


def _reduced(loss: str, total: Any, y: Any, reduction: Reduction) -> Any:
    if reduction == "sum":
        return total
    if reduction == "mean":
        samples = y.size // y.shape[-1] if y.ndim else 1
        return total / samples
    raise ValueError(f'{loss}: reduction must be "sum" or "mean", not {reduction!r}.')
