"""Losses: the textbook's two, and a form of the second that is exact at any logits.

In all of them rows are samples: the last axis holds the outputs of one sample and every axis before it is batch.
``reduction="sum"`` adds over outputs and batch, as the textbook does; ``"mean"`` divides that by the batch size.
"""

from __future__ import annotations

from typing import Any, Literal

import numpy as np

from minigrad.engine.absent import absent
from minigrad.engine.errors import describe, made_at, warn_user
from minigrad.engine.formulas import say_losses
from minigrad.engine.operand import Operand
from minigrad.ops.linalg import half_squared_distance, log_likelihood, vdot
from minigrad.ops.reduction import Softmax, log_softmax

Reduction = Literal["sum", "mean"]
_EXACT = (
    "Leave the softmax out of the model (output='identity') and use softmax_cross_entropy(u, t), which is exact there."
)


def squared_error(y: Any, t: Any, reduction: Reduction = "sum") -> Any:
    """Half the sum of squared errors, E = ½ Σ (y − t)², for outputs y and targets t of one shape.

    With an identity output layer, δ = ∂E/∂u = y − t. Raises ``ValueError`` if the shapes differ.
    """
    if getattr(y, "shape", None) != getattr(t, "shape", ()):  # a quick look, which tells most; a list has no shape
        _check_pair("squared_error", y, t)
    total = half_squared_distance(y, t)
    return total if reduction == "sum" else _reduced("squared_error", total, y, reduction)


def cross_entropy(y: Any, t: Any, reduction: Reduction = "sum") -> Any:
    """Cross-entropy of probabilities, E = −Σ t log y, literally, for y and targets t (one-hot or soft) of one shape.

    With a softmax output layer, δ = ∂E/∂u = y − t. Where a y underflows to 0, log y is infinite: there a warning
    says so, and ``softmax_cross_entropy`` on the logits is exact.
    """
    _check_pair("cross_entropy", y, t)
    op = getattr(y, "op", None)
    if type(op) is Softmax and type(getattr(y.inputs[0], "op", None)) is Softmax:
        _warn_of_two_softmaxes("cross_entropy", "y", y.inputs[0])
    if getattr(y, "has_data", True) and not np.all(_values(y) > 0):
        swapped = getattr(t, "requires_grad", False) and not getattr(y, "requires_grad", False)
        warn_user(
            f"cross_entropy: {_called('y', y)} holds a value that is not positive, so log y is not finite. "
            + ("Are y and t swapped? It is cross_entropy(y, t), outputs first." if swapped else _EXACT),
            RuntimeWarning,
        )
    return _reduced("cross_entropy", -vdot(t, np.log(y)), y, reduction)


def softmax_cross_entropy(u: Any, t: Any, reduction: Reduction = "sum") -> Any:
    """Cross-entropy of softmax(u) from the logits u, E = −Σ t log softmax(u), exact at logits of ±1000.

    ``t`` holds one-hot or soft targets of u's shape, or the integer label of each row. δ = ∂E/∂u = softmax(u) − t
    where Σₖ tₖ = 1. Raises ``ValueError`` for another shape, ``IndexError`` for a label that is no column of u.
    """
    shape = getattr(u, "shape", None)
    if not shape:
        raise _no_outputs("softmax_cross_entropy", "u", u)
    if type(getattr(u, "op", None)) is Softmax:
        _warn_of_two_softmaxes("softmax_cross_entropy", "u", u)
    logs = log_softmax(u)
    labels = t if type(t) is np.ndarray else _values(t)
    if labels.shape == shape:
        # The sign goes to t where it can, which spares the record an operation.
        sign_in_front = type(t) is not np.ndarray or t.dtype.kind != "f"
        total = -log_likelihood(t, logs) if sign_in_front else log_likelihood(-t, logs)
        return _reduced("softmax_cross_entropy", total, u, reduction)
    if labels.shape != shape[:-1] or labels.dtype.kind not in "iu":
        raise ValueError(_unfit("softmax_cross_entropy", "u", u, t))
    known = getattr(labels, "has_data", True)  # they are not, while a function is compiled
    if labels.size and known and not (labels.min() >= 0 and labels.max() < shape[-1]):
        raise IndexError(
            f"softmax_cross_entropy: {_called('t', t)} holds class numbers, and labels must be 0 to {shape[-1] - 1}, "
            f"the columns of {_called('u', u)}; they are {labels.min()} to {labels.max()}. "
            + (
                "Subtract 1 from them."
                if labels.min() > 0 and labels.max() == shape[-1]
                else "Number them from 0 up, or give the last layer an output for each."
            )
        )
    column = labels if known else t
    if not known and labels.dtype.kind == "i":  # none may count from the end
        column = np.where(t < 0, np.int64(shape[-1]), t)
    picked = logs[(*np.indices(labels.shape, sparse=True), column)]
    return _reduced("softmax_cross_entropy", -picked.sum(), u, reduction)


def _values(x: Any) -> Any:
    return x.array if isinstance(x, Operand) else x if hasattr(x, "__array_function__") else np.asarray(x)


def _check_pair(loss: str, y: Any, t: Any) -> None:
    shape = getattr(y, "shape", None)
    if shape is None:
        raise _no_outputs(loss, "y", y)
    if shape != (t.shape if hasattr(t, "shape") else np.shape(t)):
        raise ValueError(_unfit(loss, "y", y, t))


def _reduced(loss: str, total: Any, y: Any, reduction: Reduction) -> Any:
    if reduction == "sum":
        return total
    if reduction == "mean":
        samples = y.size // y.shape[-1] if y.ndim else 1
        return total / samples
    raise ValueError(f'{loss}: reduction must be "sum" or "mean", not {reduction!r}.')


def _called(letter: str, x: Any) -> str:
    """Give an argument's letter, with what the tensor is called or how it was computed."""
    return f"{letter} = {describe(x)}" if isinstance(x, Operand) and (getattr(x, "name", None) or x.op) else letter


def _no_outputs(loss: str, letter: str, y: Any) -> Exception:
    """Say that outputs are no array, or a scalar."""
    if hasattr(y, "shape"):
        return ValueError(
            f"{loss}: {_called(letter, y)} is a scalar; its last axis must hold the logits of the classes. Give the "
            f"outputs of the model, of shape (samples, classes)."
        )
    return TypeError(
        f"{loss}: {letter} must be a Tensor or an array, not a {type(y).__name__}; give the outputs of the model, "
        f"or np.array({letter})."
    )


def _warn_of_two_softmaxes(loss: str, letter: str, u: Any) -> None:
    warn_user(
        f"{loss}: the softmax is taken twice: {letter} comes from {describe(u)} already. The loss then cannot "
        f"fall to 0. Leave one out: give the model output='identity' for softmax_cross_entropy(u, t), or use "
        f"cross_entropy(y, t) on one softmax.",
        RuntimeWarning,
    )


def _unfit(loss: str, letter: str, y: Any, t: Any) -> str:
    """Say that targets do not fit the outputs, and which ones would."""
    targets = _values(t)
    wanted = f"{letter} and t must have one shape, since broadcasting would mix the samples"
    if loss == "softmax_cross_entropy":
        wanted = f"wanted targets of shape {y.shape}, or an integer label for each row, of shape {y.shape[:-1]}"
    facts = [_called(letter, y), _called("t", t)]
    facts = [fact for fact in facts if "=" in fact] + [f"t holds {targets.dtype}", *filter(None, [made_at([y, t])])]
    return (
        f"{loss}: {wanted}; {letter} is {y.shape}, t is {targets.shape} ({'; '.join(facts)}). "
        f"{_fitting(loss, letter, y, targets)}"
    )


def _fitting(loss: str, letter: str, y: Any, t: Any) -> str:
    """Say how targets would fit."""
    rows, classes = y.shape[:-1], (y.shape or (1,))[-1]
    if t.dtype.kind not in "biuf":
        return "Give numbers: np.unique(t, return_inverse=True)[1] numbers labels of any kind."
    if t.ndim > y.ndim and t.shape[:-1] == y.shape and _values(y).dtype.kind in "iu":
        return f"Are they swapped? It is {loss}({letter}, t)."
    if classes > 1 and y.ndim > 1 and (t.shape == rows or t.shape == (*rows, 1)):
        flat = "t" if t.shape == rows else f"t.reshape({', '.join(map(str, rows))})" if len(rows) > 1 else "t.ravel()"
        whole = flat if t.dtype.kind in "iu" else f"{flat}.astype(int)"
        if loss == "softmax_cross_entropy":
            return f"If t holds class numbers, give {whole}."
        other = ", or use softmax_cross_entropy(u, t) on the logits u, which takes class numbers"
        return (
            f"If t holds class numbers, give one_hot({whole}, {classes}) of minigrad.data"
            f"{other if loss == 'cross_entropy' else ''}."
        )
    if t.shape == rows:
        return "Reshape t, to a column with t[:, None]." if t.ndim == 1 else f"Reshape t, with t.reshape({y.shape})."
    if t.shape == (*y.shape, 1):
        return "Reshape t, with t[..., 0]."
    if t.shape[::-1] == y.shape:
        return "Did you mean t.T?"
    if t.ndim and y.ndim and len(t) != len(y):
        return f"{letter} has {y.shape[0]} samples and t {t.shape[0]}: give the targets of the same rows."
    if t.ndim == y.ndim > 1:
        return f"The model gives {classes} outputs for each sample, and t has {t.shape[-1]}: make them one number."
    return f"Give t of shape {y.shape}, one row for each sample."


_SQUARED = "It is losses.squared_error(y, t), half the sum of squares; reduction='mean' divides by the samples"
_ENTROPY = "It is losses.softmax_cross_entropy(u, t) on logits, or losses.cross_entropy(y, t) on probabilities"
_MEANT = {
    **dict.fromkeys(("mse", "mse_loss", "mseloss", "mean_squared_error", "l2"), _SQUARED),
    **dict.fromkeys(("crossentropy", "crossentropyloss", "nll", "nll_loss", "nllloss", "categorical"), _ENTROPY),
}


def __getattr__(name: str) -> Any:
    raise absent(
        "module 'minigrad.losses'",
        name,
        _MEANT | say_losses(),
        ("squared_error", "cross_entropy", "softmax_cross_entropy"),
    )
