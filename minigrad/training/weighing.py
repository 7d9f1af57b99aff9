"""Class weights: how much the samples of each class count in the loss."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from minigrad.data import Array
from minigrad.engine.messages.arguments import check_number, shown
from minigrad.metrics import is_one_hot_rows
from minigrad.ops.common.libraries import bring
from minigrad.training.meter import is_truth

WAY = "write class_weight={0: 1.0, 1: 5.0}, or 'balanced'"


class ClassWeights:
    """The weight of each class, which rows are looked up in."""

    def __init__(self, class_weight: Any, loss: Any, T: Array | None) -> None:
        _check_loss(loss)
        balanced = isinstance(class_weight, str) and class_weight == "balanced"
        if balanced and T is None:
            raise ValueError(
                f"fit: class_weight='balanced' counts all targets, and a loader gives them bit by bit; {WAY}"
            )
        if not balanced and not isinstance(class_weight, Mapping):
            raise TypeError(
                f"fit: class_weight must be a dict of classes, or 'balanced', not {shown(class_weight)}; {WAY}"
            )
        labels = None if T is None else bring(find_classes(T))
        self.table = _balance(labels) if balanced else _read_table(class_weight, labels)

    def of(self, t: Array) -> Array:
        """Give the weight of each row; a class that was not named counts once."""
        labels = bring(find_classes(t))
        known = (labels >= 0) & (labels < len(self.table))
        return np.asarray(np.where(known, self.table[np.where(known, labels, 0)], 1.0))


def find_classes(T: Array) -> Array:
    """Give the class of each row: of one-hot rows, of class numbers, or of 0 and 1 in one column."""
    if is_one_hot_rows(T):
        return T.argmax(-1)
    if T.dtype.kind in "biu" or is_truth(T):
        return T.astype(np.int64)
    raise ValueError(
        f"fit: class_weight needs targets that are classes, one-hot rows or class numbers, not {T.dtype} {T.shape}"
    )


def _balance(labels: Any) -> Array:
    """Give n / (k nᵢ) for each of k classes, nᵢ its number of n samples: all classes then count alike."""
    counts = np.bincount(labels.ravel())
    kinds = np.count_nonzero(counts)
    return np.asarray(np.where(counts, labels.size / (kinds * np.maximum(counts, 1)), 1.0))


def _read_table(class_weight: Mapping[Any, Any], labels: Any) -> Array:
    if not class_weight:
        raise ValueError(f"fit: class_weight is empty; {WAY}")
    for k, weight in class_weight.items():
        if isinstance(k, bool) or not isinstance(k, int | np.integer) or k < 0:
            raise TypeError(
                f"fit: class_weight has the class {k!r}; classes are numbers from 0 up. {WAY[0].upper()}{WAY[1:]}"
            )
        check_number("fit", f"class_weight[{k}]", weight)
    if labels is not None and max(class_weight) > labels.max():
        raise ValueError(
            f"fit: class_weight has the class {max(class_weight)}, and the targets have 0 to {labels.max()}"
        )
    table = np.ones(int(max(class_weight)) + 1)
    table[list(class_weight)] = list(class_weight.values())
    return table


def _check_loss(loss: Any) -> None:
    """Raise TypeError unless the loss takes weights."""
    try:
        takes = inspect.signature(loss).parameters
    except (TypeError, ValueError):
        return
    if "weights" not in takes and not any(p.kind is p.VAR_KEYWORD for p in takes.values()):
        name = getattr(loss, "__name__", "loss")
        raise TypeError(
            f"fit: class_weight weighs samples, and {name} takes no weights=; those of minigrad.losses do, and one of "
            f"your own may: def {name if name.isidentifier() else 'loss'}(y, t, weights=None)"
        )
