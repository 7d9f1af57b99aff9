"""Axes of length 1 that a reshape or an index adds or takes away, which leave a function what it is."""

from __future__ import annotations

from typing import Any

from minigrad.algebra.normal.atoms import Axes
from minigrad.ops.base import Shape
from minigrad.ops.indexing import is_basic


def added_axes(longer: Shape, shorter: Shape) -> Axes | None:
    """Give the axes of length 1 without which one shape is another; None if there are none such."""
    axes: list[int] = []
    rest = list(shorter)
    for i in range(-1, -len(longer) - 1, -1):
        if rest and longer[i] == rest[-1] and (longer[i] != 1 or len(longer) + i + 1 == len(rest)):
            rest.pop()
        elif longer[i] == 1:
            axes.append(i)
        else:
            return None
    return None if rest else tuple(axes)


def takes_all(key: Any) -> bool:
    """Say whether an index takes every element in order: whole slices, new axes and single elements."""
    parts = key if isinstance(key, tuple) else (key,)
    return is_basic(key) and all(part == slice(None) for part in parts if isinstance(part, slice))
