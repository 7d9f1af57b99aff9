"""Indices that differ from lane to lane: all at once, by which lane it is, and where what they select stands."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from minigrad.ops.common.lanes import add_axes


def find_selected(key: tuple[Any, ...], ndim: int) -> tuple[int, int]:
    """Give how many axes the arrays of an index select, and how many axes of what it gives stand before these.

    NumPy has them in the place of the arrays, or integers, if all of these stand side by side, and in front otherwise.

    >>> find_selected((slice(2), np.zeros((3, 4), int)), 2), find_selected((np.zeros(3, int), slice(2), 0), 3)
    ((2, 1), (1, 0))
    """
    places = [i for i, x in enumerate(key) if not (x is None or x is Ellipsis or isinstance(x, slice))]
    arrays = [np.asarray(key[i]) for i in places]
    masks = [x.dtype == np.bool_ for x in arrays]
    selected = max(1 if mask else x.ndim for x, mask in zip(arrays, masks, strict=True))
    if places[-1] - places[0] != len(places) - 1:
        return selected, 0
    indexed = sum(x.ndim if mask else 1 for x, mask in zip(arrays, masks, strict=True))
    indexed += sum(isinstance(x, slice) for x in key)
    before = key[: places[0]]
    return selected, sum(ndim - indexed if x is Ellipsis else 1 for x in before)


def index_lanes(n: int, indices: Sequence[Any], selected: int) -> list[Any]:
    """Give the operands of an index of n lanes: which lane it is, and those of one lane, to meet as these do."""
    return [add_axes(x, selected + 1 - x.ndim) for x in (np.arange(n), *indices)]


def exchange_axes(x: Any, first: int, second: int) -> Any:
    """Exchange the first axes behind that of the lanes and the second ones, so many of each."""
    if not first or not second:
        return x
    middle, end = 1 + first, 1 + first + second
    return np.transpose(x, (0, *range(middle, end), *range(1, middle), *range(end, x.ndim)))
