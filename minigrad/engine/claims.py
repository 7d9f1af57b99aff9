"""What is claimed of an array by whoever made it: a claim, which a derivation checks before it relies on it."""

from __future__ import annotations

import weakref
from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.ops.base import Op

Claims = dict[int, weakref.ref[Any]]  # by identity, and only while the array lives
made_one_hot: Claims = {}  # while there is none, nobody has to look
_whole: Claims = {}


def declared_one_hot(T: Any) -> Any:
    """Remember that T was made with one 1 in each row, and give T."""
    return _declared(T, made_one_hot)


def keep_claim(op: Op, values: Sequence[Any], T: Any) -> None:
    """Remember that T has the rows that were made one-hot, where an operation has only arranged or cast those.

    Whether they still are rows, and not columns, the elements tell: there is one 1 in each.
    """
    arrays = [x for x in values if isinstance(x, np.ndarray)]
    if op.reads_values or not arrays or not isinstance(T, np.ndarray) or not all(map(is_one_hot, arrays)):
        return
    rows = T.dtype.kind == "f" and T.ndim > 0 and {x.shape[-1:] for x in arrays} == {T.shape[-1:]}
    if rows and ((T == 0) | (T == 1)).all() and (np.count_nonzero(T, -1) == 1).all():
        declared_one_hot(T)


def declared_whole(T: Any) -> Any:
    """Remember that T is what floats have been made of whole numbers or truth values, and give T."""
    return _declared(T, _whole)


def is_whole(T: Any) -> bool:
    """Say whether T was declared to be made of whole numbers."""
    return _is_declared(T, _whole)


def _declared(T: Any, claims: Claims) -> Any:
    key = id(T)
    claims[key] = weakref.ref(T, lambda _: claims.pop(key, None))
    return T


def is_one_hot(T: Any) -> bool:
    """Say whether T was declared one-hot, or is a view of whole rows of what was; it may have been written to since."""
    if _is_declared(T, made_one_hot):
        return True
    base = T.base if isinstance(T, np.ndarray) else None
    while base is not None and not _is_declared(base, made_one_hot):
        base = getattr(base, "base", None)
    return base is not None and _has_whole_rows_of(base, T)


def _is_declared(T: Any, claims: Claims) -> bool:
    made = claims.get(id(T))
    return made is not None and made() is T


def _has_whole_rows_of(base: Any, T: Any) -> bool:
    """Say whether a view steps along its last axis as the rows of its base do, from end to end."""
    return T.ndim > 0 and T.dtype == base.dtype and (T.shape[-1], T.strides[-1]) == (base.shape[-1], base.strides[-1])
