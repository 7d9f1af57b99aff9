"""The elements of an axis at places that are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.composed.arguments import index_along

_MANY = 8  # slices, from which on one index by an array is shorter and quicker


def pick(x: Any, places: Any, axis: int) -> Any:
    """Give the elements of an axis at places: an array, of one axis, of numbers from 0 on.

    Where places follow each other, by slices, which are joined: a gradient goes back through a slice at the speed of a
    copy, and through an array one element after another.
    """
    steps = np.diff(places)
    if len(places) > 1 and np.all(steps == -1):
        first, last = int(places[0]), int(places[-1])
        return x[index_along(axis, slice(first, last - 1 if last else None, -1))]
    starts = np.flatnonzero(steps != 1) + 1
    if len(starts) >= _MANY:
        return x[index_along(axis, places)]
    runs = [slice(int(run[0]), int(run[-1]) + 1) if len(run) else slice(0) for run in np.split(places, starts)]
    parts = [x[index_along(axis, run)] for run in runs]
    return parts[0] if len(parts) == 1 else np.concatenate(parts, axis)


def own_elements(x: Any) -> Any:
    """Give what may be a view as an array of its own, where NumPy's function copies, for it to change alone."""
    op = getattr(x, "op", None)
    return np.copy(x) if op is None or op.views else x
