"""Losses of classes and of probabilities: what a classifier is trained by."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import with_usage
from minigrad.engine.messages.errors import warn_user
from minigrad.engine.tensor import Tensor
from minigrad.losses.messages import (
    say_called,
    say_no_outputs,
    say_unfit,
    warn_of_two_sigmoids,
    warn_of_two_softmaxes,
)
from minigrad.losses.reducing import (
    Reduction,
    add_up,
    as_targets,
    check_pair,
    check_targets,
    reduce_total,
    spread_weights,
    values_of,
)
from minigrad.ops.common.unit import scale_negative
from minigrad.ops.elementwise import relu, sigmoid, softplus
from minigrad.ops.linalg import LogLikelihood, log_likelihood, vdot
from minigrad.ops.reduction import Softmax, log_softmax

CLOSE = 1e-4  # by how much targets may be off 0 and 1: rounding, and what gradcheck moves them by
_EXACT = (
    "Leave the softmax out of the model (output='identity') and use softmax_cross_entropy(u, t), which is exact there."
)
_EXACT_BINARY = (
    "Leave the sigmoid out of the model (output='identity') and use sigmoid_cross_entropy(u, t), which is exact there."
)


@with_usage
def cross_entropy(y: Any, t: Any, reduction: Reduction = "sum", weights: Any = None) -> Tensor:
    """Cross-entropy of probabilities, E = −Σ t log y, literally, for y and targets t (one-hot or soft) of one shape.

    With a softmax output layer, δ = ∂E/∂u = y − t. Where a y underflows to 0, log y is infinite: there a warning
    says so, and ``softmax_cross_entropy`` on the logits is exact.
    """
    check_pair("cross_entropy", y, t)
    op = getattr(y, "op", None)
    if type(op) is Softmax and type(getattr(y.inputs[0], "op", None)) is Softmax:
        warn_of_two_softmaxes("cross_entropy", "y", y.inputs[0])
    _warn_unless("cross_entropy", y, t, lambda y: y > 0, "a value that is not positive, so log y is not finite", _EXACT)
    if weights is not None:
        t = as_targets(t, y) * spread_weights("cross_entropy", weights, y)
    return reduce_total("cross_entropy", -vdot(t, np.log(y)), y, reduction)


@with_usage
def softmax_cross_entropy(u: Any, t: Any, reduction: Reduction = "sum", weights: Any = None) -> Tensor:
    """Cross-entropy of softmax(u) from the logits u, E = −Σ t log softmax(u), exact at logits of ±1000.

    ``t`` holds one-hot or soft targets of u's shape, or the integer label of each row. δ = ∂E/∂u = softmax(u) − t
    where Σₖ tₖ = 1. Raises ``ValueError`` for another shape, ``IndexError`` for a label that is no column of u.
    """
    shape = getattr(u, "shape", None)
    if not shape:
        raise say_no_outputs("softmax_cross_entropy", "u", u)
    if type(getattr(u, "op", None)) is Softmax:
        warn_of_two_softmaxes("softmax_cross_entropy", "u", u)
    check_targets("softmax_cross_entropy", t)
    logs = log_softmax(u)
    labels = t if type(t) is np.ndarray else values_of(t)
    if labels.shape == shape:
        if weights is not None:
            t = as_targets(t, u) * spread_weights("softmax_cross_entropy", weights, u)
        plain = type(logs) is Tensor and type(t) is np.ndarray and t.dtype.kind == "f"
        total = _signed_likelihood(t, logs) if plain else -log_likelihood(t, logs)
        return reduce_total("softmax_cross_entropy", total, u, reduction)
    if labels.shape != shape[:-1] or labels.dtype.kind not in "iu":
        raise ValueError(say_unfit("softmax_cross_entropy", "u", u, t, labels))
    picked = _pick_columns(u, t, labels, logs)
    if weights is not None:
        picked = picked * _weigh_rows(weights, u)
    return reduce_total("softmax_cross_entropy", -picked.sum(), u, reduction)


class SignedLikelihood(LogLikelihood):
    """−Σ t ln y in one operation of a record, where two would take a fortieth of a small step longer."""

    name, text = "signed_likelihood", "−⟨{a}, {b}⟩"
    vjps = (lambda op, g, y, a, b: scale_negative(g, b), lambda op, g, y, a, b: scale_negative(g, a))

    def definition(self, a: Any, b: Any) -> Any:
        """Write it as the sum of a product, with its sign."""
        return -super().definition(a, b)

    def terms(self, a: Any, b: Any) -> Any:
        """Give what is added up."""
        return -super().terms(a, b)

    def forward(self, a: Any, b: Any) -> Any:
        """Multiply and add up."""
        return -LogLikelihood.forward(self, a, b)


_signed_likelihood = SignedLikelihood()


def _pick_columns(u: Any, t: Any, labels: Any, logs: Any) -> Any:
    """Give the logarithm of the probability of each row's class."""
    columns = u.shape[-1]
    known = getattr(labels, "has_data", True)  # they are not, while a function is compiled
    if labels.size and known and not (labels.min() >= 0 and labels.max() < columns):
        raise IndexError(
            f"softmax_cross_entropy: {say_called('t', t)} holds class numbers, and labels must be 0 to {columns - 1}, "
            f"the columns of {say_called('u', u)}; they are {labels.min()} to {labels.max()}. "
            + (
                "Subtract 1 from them."
                if labels.min() > 0 and labels.max() == columns
                else "Number them from 0 up, or give the last layer an output for each."
            )
        )
    column = labels if known else t
    if not known and labels.dtype.kind == "i":  # none may count from the end
        column = np.where(t < 0, np.int64(columns), t)
    return logs[(*np.indices(labels.shape, sparse=True), column)]


def _weigh_rows(weights: Any, u: Any) -> Any:
    spread = spread_weights("softmax_cross_entropy", weights, u)
    if spread.shape == u.shape and u.shape[-1] != 1:
        raise ValueError(f"softmax_cross_entropy: of class numbers, weights are one for each row, {u.shape[:-1]}")
    return spread[..., 0]


@with_usage
def binary_cross_entropy(y: Any, t: Any, reduction: Reduction = "sum", weights: Any = None) -> Tensor:
    """Cross-entropy of yes and no, E = −Σ t log y + (1 − t) log(1 − y), literally; y and t of one shape, t from 0 to 1.

    Each output is the probability of its own event: one column tells two classes apart, several may all be true. With
    a sigmoid output layer, δ = ∂E/∂u = y − t (Bishop 2006, §4.3.2). Where a y is rounded to 0 or 1, a logarithm is
    infinite: there a warning says so, and ``sigmoid_cross_entropy`` on the logits is exact.
    """
    check_pair("binary_cross_entropy", y, t)
    _warn_unless(
        *("binary_cross_entropy", y, t, lambda y: (y > 0) & (y < 1)),
        *("a value that is not between 0 and 1, so that a logarithm is not finite", _EXACT_BINARY),
    )
    _warn_of_targets("binary_cross_entropy", t)
    t = as_targets(t, y)
    if weights is None:
        total = -(vdot(t, np.log(y)) + vdot(1 - t, np.log(1 - y)))
    else:
        w = spread_weights("binary_cross_entropy", weights, y)
        total = -(vdot(w * t, np.log(y)) + vdot(w * (1 - t), np.log(1 - y)))
    return reduce_total("binary_cross_entropy", total, y, reduction)


@with_usage
def sigmoid_cross_entropy(u: Any, t: Any, reduction: Reduction = "sum", weights: Any = None) -> Tensor:
    """Cross-entropy of yes and no from the logits u, E = Σ log(1 + eᵘ) − t u, finite at logits of ±1000.

    It is ``binary_cross_entropy(sigmoid(u), t)``, where log σ(u) = u − log(1 + eᵘ) has been put in; others
    call it binary cross-entropy with logits. δ = ∂E/∂u = σ(u) − t. u and t have one shape, t from 0 to 1.
    """
    check_pair("sigmoid_cross_entropy", u, t)
    if getattr(u, "op", None) is sigmoid:
        warn_of_two_sigmoids(u)
    _warn_of_targets("sigmoid_cross_entropy", t)
    return add_up("sigmoid_cross_entropy", softplus(u) - as_targets(t, u) * u, u, reduction, weights)


@with_usage
def kl_divergence(y: Any, t: Any, reduction: Reduction = "sum", weights: Any = None) -> Tensor:
    """Kullback–Leibler divergence of probabilities y from targets t, E = Σ t log(t / y) (Kullback & Leibler 1951).

    It is cross-entropy less what no y could spare, the entropy of t: 0 where y = t, and 0 log 0 counts as 0. The rows
    of both sum to 1. With a softmax output layer, δ = ∂E/∂u = y − t. Where a y underflows to 0, a warning says so.
    """
    check_pair("kl_divergence", y, t)
    _warn_unless("kl_divergence", y, t, lambda y: y > 0, "a value that is not positive, so log y is not finite", _EXACT)
    t = as_targets(t, y)
    w = t if weights is None else t * spread_weights("kl_divergence", weights, y)
    total = vdot(w, np.log(np.where(t > 0, t, 1))) - vdot(w, np.log(y))
    return reduce_total("kl_divergence", total, y, reduction)


@with_usage
def hinge(y: Any, t: Any, reduction: Reduction = "sum", weights: Any = None) -> Tensor:
    """Hinge loss, E = Σ max(0, 1 − t y), for outputs y and targets t of one shape that are −1 or 1.

    An output that is on its target's side by 1 or more costs nothing, and has no gradient; else ∂E/∂y = −t (Cortes &
    Vapnik 1995, "Support-vector networks"). Raises ``ValueError`` for other targets.
    """
    check_pair("hinge", y, t)
    known = values_of(t)
    if getattr(known, "has_data", True) and not ((known == 1) | (known == -1)).all():
        way = "; write 2.0 * t - 1" if ((known == 0) | (known == 1)).all() else ""
        raise ValueError(f"hinge: {say_called('t', t)} must hold −1 and 1 alone{way}")
    return add_up("hinge", relu(1 - as_targets(t, y) * y), y, reduction, weights)


def _warn_of_targets(loss: str, t: Any) -> None:
    """Warn of targets, if they are known, that are no probabilities: the loss would have no least value."""
    known = values_of(t)
    if getattr(known, "has_data", True) and not np.all((known >= -CLOSE) & (known <= 1 + CLOSE)):
        way = "write (t + 1) / 2" if np.all((known == 1) | (known == -1)) else "bring them there, t / t.max() say"
        warn_user(
            f"{loss}: {say_called('t', t)} holds a target that is not from 0 to 1, as a probability is, so that the "
            f"loss falls for ever. For class numbers use softmax_cross_entropy(u, t); for others {way}.",
            RuntimeWarning,
        )


def _warn_unless(loss: str, y: Any, t: Any, is_sound: Any, what: str, way: str) -> None:
    """Warn where outputs, if they are known, lie where the loss is not finite."""
    if getattr(y, "has_data", True) and not np.all(is_sound(values_of(y))):
        swapped = getattr(t, "requires_grad", False) and not getattr(y, "requires_grad", False)
        warn_user(
            f"{loss}: {say_called('y', y)} holds {what}. "
            + (f"Are y and t swapped? It is {loss}(y, t), outputs first." if swapped else way),
            RuntimeWarning,
        )
