"""What is claimed of an array by whoever made it: a claim, which a derivation checks before it relies on it."""

from __future__ import annotations

import weakref
from typing import Any

_one_hot: dict[int, weakref.ref[Any]] = {}  # by identity, and only while the array lives


def declared_one_hot(T: Any) -> Any:
    """Remember that T was made with one 1 in each row, and give T."""
    key = id(T)
    _one_hot[key] = weakref.ref(T, lambda _: _one_hot.pop(key, None))
    return T


def is_one_hot(T: Any) -> bool:
    """Say whether T was declared one-hot; it may have been written to since."""
    made = _one_hot.get(id(T))
    return made is not None and made() is T
