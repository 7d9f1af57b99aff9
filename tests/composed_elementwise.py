"""Rows of functions on each element that are several operations, and of the methods of ufuncs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tests.samples import Sample

BOUNDS = np.array([[-1.0], [-0.5]])
Calls = list[tuple[Callable[..., Any], Callable[..., Any], str]]
UNARY: Calls = [
    (np.round, lambda x: x * np.round(x), ""),
    (np.round, lambda x: x * x.round(1), "to one decimal"),
    (np.around, lambda x: x * np.around(10 * x, decimals=-1), "to tens"),
    (np.fix, lambda x: x * np.fix(x), ""),
    (np.divmod, lambda x: np.divmod(x, 0.7), "by a number"),
    (np.modf, np.modf, ""),
    (np.frexp, np.frexp, ""),
    (np.clip, lambda x: np.clip(x, -1, 1.5), "between numbers"),
    (np.clip, lambda x: np.clip(x, None, BOUNDS + 1), "below an array"),
    (np.clip, lambda x: np.clip(x, min=BOUNDS), "above an array"),
    (np.clip, lambda x: x.clip(None, 0.5), "as a method"),
    (np.nan_to_num, lambda x: np.nan_to_num(x, nan=2.0, posinf=1.0), ""),
    (np.isposinf, lambda x: np.where(np.isposinf(1 / x), 0.0, x), ""),
    (np.isneginf, lambda x: np.where(np.isneginf(x), 0.0, x), ""),
    (np.iscomplex, lambda x: np.where(np.iscomplex(x), 0.0, x), ""),
    (np.isreal, lambda x: np.where(np.isreal(x), x, 0.0), ""),
    (np.sinc, np.sinc, ""),
    (np.i0, np.i0, ""),
    (np.unwrap, lambda x: np.unwrap(5 * x, axis=0), "along the first axis"),
    (np.unwrap, lambda x: np.unwrap(x, discont=0.4, period=0.7), "by another period"),
    (np.add.reduce, lambda x: np.add.reduce(x, axis=1, keepdims=True), "add"),
    (np.subtract.reduce, lambda x: np.subtract.reduce(x, initial=0.5), "subtract from a start"),
    (np.hypot.reduce, lambda x: np.hypot.reduce(x, axis=None, initial=0.5), "hypot over all"),
    (np.logaddexp.reduce, lambda x: np.logaddexp.reduce(x, axis=-1), "logaddexp"),
    (np.multiply.accumulate, np.multiply.accumulate, "multiply"),
    (np.maximum.accumulate, lambda x: np.maximum.accumulate(x, axis=1), "maximum"),
    (np.multiply.reduceat, lambda x: np.multiply.reduceat(x, [0, 2, 1], axis=1), "multiply"),
    (np.divide.outer, lambda x: np.divide.outer([1.0, 2.0], x), "divide"),
]
BINARY: Calls = [
    (np.divmod, np.divmod, ""),
    (np.clip, lambda x, y: np.clip(x, y - 1, y), "between tensors"),
]


EMATH: Calls = [
    (f, f, "") for name in np.emath.__all__ if (f := getattr(np.emath, name)) not in (np.emath.logn, np.emath.power)
]
EMATH += [
    (np.emath.power, lambda x: np.emath.power(x, 2.5), "2.5"),
    (np.emath.logn, lambda x: np.emath.logn(3, x), "3"),
    (np.emath.logn, lambda x: np.emath.logn(x, 3.0), "a base"),
]


def elementwise_samples() -> Iterator[Sample]:
    """Give the rows."""
    for f, call, note in EMATH:
        yield Sample(f, call, ((2, 3),), f"{note} real".strip(), low=0.1, high=0.9, counts=True)
        yield Sample(f, call, ((2, 3),), f"{note} complex".strip(), low=-3.0, high=1.9, counts=True)
    for f, call, note in UNARY:
        yield Sample(f, call, ((2, 3),), note)
    for f, call, note in BINARY:
        yield Sample(f, call, ((2, 3), (3,)), note, low=0.7, high=4.0)
