"""What is claimed of an array by whoever made it: a claim, which a derivation checks before it relies on it."""

from __future__ import annotations

import weakref
from typing import Any

import numpy as np

Claims = dict[int, weakref.ref[Any]]  # by identity, and only while the array lives
_one_hot: Claims = {}
_whole: Claims = {}


def declared_one_hot(T: Any) -> Any:
    """Remember that T was made with one 1 in each row, and give T."""
    return _declared(T, _one_hot)


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
    if _is_declared(T, _one_hot):
        return True
    base = T.base if isinstance(T, np.ndarray) else None
    while base is not None and not _is_declared(base, _one_hot):
        base = getattr(base, "base", None)
    return base is not None and _has_whole_rows_of(base, T)


def _is_declared(T: Any, claims: Claims) -> bool:
    made = claims.get(id(T))
    return made is not None and made() is T


def _has_whole_rows_of(base: Any, T: Any) -> bool:
    """Say whether a view steps along its last axis as the rows of its base do, from end to end."""
    return T.ndim > 0 and T.dtype == base.dtype and (T.shape[-1], T.strides[-1]) == (base.shape[-1], base.strides[-1])
