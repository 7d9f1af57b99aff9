"""Losses: the textbook's two, those of classes and of distances beside them, and forms that are exact at any logits.

In all of them rows are samples: the last axis holds the outputs of one sample and every axis before it is batch.
``reduction="sum"`` adds over outputs and batch, as the textbook does; ``"mean"`` divides that by the batch size.
``weights`` multiply the losses of single samples, one number for each row (or for each output), whatever the reduction.

``distances`` has the losses of numbers, ``classes`` those of classes and of probabilities. ``reducing`` weighs, adds
and divides; ``messages`` says which targets would fit.
"""

from __future__ import annotations

from typing import Any

from minigrad.engine.messages.absent import absent
from minigrad.engine.protocols.formulas import say_losses
from minigrad.losses.classes import (
    binary_cross_entropy,
    cross_entropy,
    hinge,
    kl_divergence,
    sigmoid_cross_entropy,
    softmax_cross_entropy,
)
from minigrad.losses.distances import absolute_error, huber, squared_error
from minigrad.losses.reducing import Reduction

__all__ = [
    "Reduction",
    "absolute_error",
    "binary_cross_entropy",
    "cross_entropy",
    "hinge",
    "huber",
    "kl_divergence",
    "sigmoid_cross_entropy",
    "softmax_cross_entropy",
    "squared_error",
]

_SQUARED = "It is losses.squared_error(y, t), half the sum of squares; reduction='mean' divides by the samples"
_ABSOLUTE = "It is losses.absolute_error(y, t), the sum of |y − t|; reduction='mean' divides by the samples"
_ENTROPY = "It is losses.softmax_cross_entropy(u, t) on logits, or losses.cross_entropy(y, t) on probabilities"
_BINARY = "It is losses.binary_cross_entropy(y, t) on probabilities, or losses.sigmoid_cross_entropy(u, t) on logits"
_LOGITS = "It is losses.sigmoid_cross_entropy(u, t), on logits"
_HUBER = "It is losses.huber(y, t, delta=1.0)"
_HINGE = "It is losses.hinge(y, t), of targets −1 and 1"
_KL = "It is losses.kl_divergence(y, t), outputs first; both are probabilities, without a logarithm"
_MEANT = {
    **dict.fromkeys(("mse", "mse_loss", "mseloss", "mean_squared_error", "l2"), _SQUARED),
    **dict.fromkeys(("mae", "l1", "l1_loss", "l1loss", "mean_absolute_error"), _ABSOLUTE),
    **dict.fromkeys(("crossentropy", "crossentropyloss", "nll", "nll_loss", "nllloss", "categorical"), _ENTROPY),
    **dict.fromkeys(("bce", "bceloss", "bce_loss", "binary_crossentropy", "log_loss"), _BINARY),
    **dict.fromkeys(("bcewithlogitsloss", "binary_cross_entropy_with_logits", "sigmoid_binary_cross_entropy"), _LOGITS),
    **dict.fromkeys(("huber_loss", "huberloss", "smooth_l1", "smooth_l1_loss", "smoothl1loss"), _HUBER),
    **dict.fromkeys(("hinge_loss", "hingeloss"), _HINGE),
    **dict.fromkeys(("kl", "kl_div", "kldivloss", "kullback_leibler_divergence", "kld"), _KL),
}


def __getattr__(name: str) -> Any:
    raise absent("module 'minigrad.losses'", name, _MEANT | say_losses(), __all__)
