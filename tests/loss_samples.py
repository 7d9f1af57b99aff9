"""Losses as rows of the table: one for each way to call one, beside what it is in NumPy alone."""

from __future__ import annotations

from functools import partial

import numpy as np

from minigrad import losses
from tests.sample import Sample

PAIR = (3, 2), (3, 2)
WEIGHTS = np.array([0.5, 2.0, 1.5])
LABELS = np.array([1, 0, 1])
SIGNS = np.array([[1.0, -1.0], [-1.0, 1.0], [1.0, 1.0]])


def _entropy(u, t):
    return np.log(np.exp(u).sum(axis=1)).sum() - u[np.arange(3), t].sum()


def _bent(y, t, k=1.0):
    d = np.abs(y - t)
    return np.where(d < k, d * d / 2, k * d - k * k / 2).sum()


LOSS_SAMPLES: tuple[Sample, ...] = (
    Sample(losses.squared_error, losses.squared_error, PAIR, reference=lambda y, t: ((y - t) ** 2).sum() / 2),
    Sample(
        losses.squared_error, lambda y, t, w: losses.squared_error(y, t, "mean", w), (*PAIR, (3,)), "weighed",
        reference=lambda y, t, w: (((y - t) ** 2).sum(axis=1) * w).sum() / 6,
    ),
    Sample(losses.absolute_error, losses.absolute_error, PAIR, reference=lambda y, t: np.abs(y - t).sum()),
    Sample(losses.huber, losses.huber, PAIR, reference=_bent),
    Sample(
        losses.huber, partial(losses.huber, delta=0.5, reduction="mean"), PAIR, "bent at ½",
        reference=lambda y, t: _bent(y, t, 0.5) / 3,
    ),
    Sample(
        losses.cross_entropy, losses.cross_entropy, PAIR, low=0.05, high=0.95,
        reference=lambda y, t: -(t * np.log(y)).sum(),
    ),
    Sample(
        losses.softmax_cross_entropy, lambda u: losses.softmax_cross_entropy(u, LABELS), PAIR[:1], "of class numbers",
        reference=lambda u: _entropy(u, LABELS),
    ),
    Sample(
        losses.softmax_cross_entropy, losses.softmax_cross_entropy, PAIR,
        reference=lambda u, t: -(t * (u - np.log(np.exp(u).sum(axis=1, keepdims=True)))).sum(),
    ),
    Sample(
        losses.binary_cross_entropy, losses.binary_cross_entropy, PAIR, low=0.05, high=0.95,
        reference=lambda y, t: -(t * np.log(y) + (1 - t) * np.log1p(-y)).sum(),
    ),
    Sample(
        losses.sigmoid_cross_entropy, losses.sigmoid_cross_entropy, PAIR, low=0.05, high=0.95,
        reference=lambda u, t: (t * np.log1p(np.exp(-u)) + (1 - t) * (u + np.log1p(np.exp(-u)))).sum(),
    ),
    Sample(
        losses.kl_divergence, losses.kl_divergence, PAIR, low=0.05, high=0.95,
        reference=lambda y, t: (t * np.log(t / y)).sum(),
    ),
    Sample(
        losses.hinge, lambda y: losses.hinge(y, SIGNS), PAIR[:1], reference=lambda y: np.maximum(0, 1 - SIGNS * y).sum()
    ),
)  # fmt: skip
