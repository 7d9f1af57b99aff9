"""An array cut into a list of parts, each of which has a gradient of its own, and cut off at its ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.ops.base import as_array
from minigrad.ops.composed.arguments import as_known, find_axis, index_along, refuse
from minigrad.ops.reduction import Axis, normalize_axis


def split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Cut an axis before the given places, or into so many equal parts."""
    return _cut(ary, np.split, indices_or_sections, axis)


def array_split(ary: Any, indices_or_sections: Any, axis: int = 0) -> list[Any]:
    """Cut an axis before the given places, or into so many parts, of which the first may be longer by one."""
    return _cut(ary, np.array_split, indices_or_sections, axis)


def vsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Cut the first axis, of two or more, as ``split`` does."""
    return _cut(ary, np.split, indices_or_sections, 0, least=2)


def hsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Cut the second axis, and of a vector the only one, as ``split`` does."""
    return _cut(ary, np.split, indices_or_sections, min(np.ndim(ary) - 1, 1), least=1)


def dsplit(ary: Any, indices_or_sections: Any) -> list[Any]:
    """Cut the third axis as ``split`` does."""
    return _cut(ary, np.split, indices_or_sections, 2, least=3)


def _cut(x: Any, cut: Callable[..., Any], where: Any, axis: int, least: int = 1) -> list[Any]:
    """Cut an axis where NumPy's function cuts the numbers of its places."""
    x, where = as_array(x), as_known(where)
    called = f"{cut.__name__}({where!r}, axis={axis!r})"
    if x.ndim < least:
        return list(refuse(called, x, ValueError(f"wanted {least} axes or more")))
    axis = find_axis(called, x, axis)
    try:
        parts = cut(np.arange(x.shape[axis]), where)
    except ZeroDivisionError:
        return list(refuse(called, x, ValueError("wanted one part or more")))
    except (ValueError, TypeError) as error:
        return list(refuse(called, x, error))
    ends = [(int(part[0]), int(part[-1]) + 1) if len(part) else (0, 0) for part in parts]
    return [x[index_along(axis, slice(*pair))] for pair in ends]


def unstack(x: Any, /, *, axis: int = 0) -> tuple[Any, ...]:
    """Give the parts that lie side by side along an axis, without that axis."""
    axis = find_axis(f"unstack(axis={axis!r})", x, axis)
    return tuple(x[index_along(axis, i)] for i in range(x.shape[axis]))


def trim_zeros(filt: Any, trim: str = "fb", axis: Axis = None) -> Any:
    """Cut off what is 0 throughout at the front ("f") and the back ("b") of axes (None: of all)."""
    if sorted(trim.lower()) not in (["b"], ["b", "f"], ["f"]):
        raise ValueError(f"trim_zeros: trim must be 'f', 'b' or 'fb', not {trim!r}")
    try:
        axes = normalize_axis(axis, filt.ndim)
    except (ValueError, TypeError) as error:
        return refuse(f"trim_zeros(axis={axis!r})", filt, error)
    if not axes:
        return filt
    key = [slice(None)] * filt.ndim
    for i, places in enumerate(np.nonzero(filt)):
        if i in axes:
            ends = (int(places.min()), int(places.max()) + 1) if len(places) else (0, 0)
            wanted = (not len(places) or side in trim.lower() for side in "fb")
            key[i] = slice(*(end if cut else None for end, cut in zip(ends, wanted, strict=True)))
    return filt[tuple(key)]
