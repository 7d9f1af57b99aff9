"""What is wrong with what a loss is given, and which targets would fit."""

from __future__ import annotations

from typing import Any

from minigrad.engine.messages.arguments import shown
from minigrad.engine.messages.errors import describe, made_at, warn_user
from minigrad.engine.operand import Operand


def say_called(letter: str, x: Any) -> str:
    """Give an argument's letter, with what the tensor is called or how it was computed."""
    return f"{letter} = {describe(x)}" if isinstance(x, Operand) and (getattr(x, "name", None) or x.op) else letter


def say_no_outputs(loss: str, letter: str, y: Any) -> Exception:
    """Say that outputs are no array, or a scalar."""
    if hasattr(y, "shape"):
        return ValueError(
            f"{loss}: {say_called(letter, y)} is a scalar; its last axis must hold the logits of the classes. Give the "
            f"outputs of the model, of shape (samples, classes)."
        )
    return TypeError(
        f"{loss}: {letter} must be a Tensor or an array, not a {type(y).__name__}; give the outputs of the model, "
        f"or np.array({letter})."
    )


def say_no_targets(loss: str, t: Any) -> TypeError:
    """Say that targets are no array."""
    return TypeError(f"{loss}: t must be the targets, an array or a Tensor, not {shown(t)}. It is {loss}(outputs, t).")


def warn_of_two_softmaxes(loss: str, letter: str, u: Any) -> None:
    """Say that what is to be logits, or one softmax, is a softmax already."""
    warn_user(
        f"{loss}: the softmax is taken twice: {letter} comes from {describe(u)} already. The loss then cannot "
        f"fall to 0. Leave one out: give the model output='identity' for softmax_cross_entropy(u, t), or use "
        f"cross_entropy(y, t) on one softmax.",
        RuntimeWarning,
    )


def warn_of_two_sigmoids(u: Any) -> None:
    """Say that what is to be logits is a sigmoid already."""
    warn_user(
        f"sigmoid_cross_entropy: the sigmoid is taken twice: u comes from {describe(u)} already. The loss then cannot "
        f"fall to 0. Leave one out: give the model output='identity' for sigmoid_cross_entropy(u, t), or use "
        f"binary_cross_entropy(y, t) on one sigmoid.",
        RuntimeWarning,
    )


def say_unfit(loss: str, letter: str, y: Any, t: Any, targets: Any) -> str:
    """Say that targets do not fit the outputs, and which ones would."""
    wanted = f"{letter} and t must have one shape, since broadcasting would mix the samples"
    if loss == "softmax_cross_entropy":
        wanted = f"wanted targets of shape {y.shape}, or an integer label for each row, of shape {y.shape[:-1]}"
    facts = [say_called(letter, y), say_called("t", t)]
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
    if t.ndim > y.ndim and t.shape[:-1] == y.shape and y.dtype.kind in "iu":
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
