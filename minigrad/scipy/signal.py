"""SciPy's convolution of arrays of any number of axes, for tensors too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.engine.messages.arguments import with_usage
from minigrad.ops.base import as_array

MODES = ("full", "valid", "same")
Axes = tuple[int, ...]


@with_usage
def convolve(
    in1: Any,
    in2: Any,
    mode: str = "full",
    method: str = "auto",
    *,
    axes: Sequence[Sequence[int]] | None = None,
    dot_axes: Sequence[Sequence[int]] = ((), ()),
) -> Any:
    """Give yₖ = Σⱼ aₖ₋ⱼ bⱼ, k and j places along all axes, as ``scipy.signal.convolve`` does.

    All of it ("full"), what takes no element from outside either ("valid"), or the middle, of a's shape ("same"). It is
    summed up directly, whatever ``method`` says: a transform would be less exact.

    With ``axes``, some of a's and as many of b's, it is along those alone, as autograd's: products are summed over
    ``dot_axes``, too, and the axes of the result are the others of a, the others of b, and those along which it is.
    """
    a, b = as_array(in1), as_array(in2)
    if mode not in MODES:
        raise ValueError(f"convolve: wanted a mode of {', '.join(MODES)}, not {mode!r}")
    if axes is None and a.ndim != b.ndim:
        raise ValueError(f"convolve: wanted arrays of as many axes each, not {a.ndim} and {b.ndim}")
    along_a, along_b = (range(a.ndim), range(b.ndim)) if axes is None else axes
    along = normalize_axis_tuple(along_a, a.ndim), normalize_axis_tuple(along_b, b.ndim)
    dots = normalize_axis_tuple(dot_axes[0], a.ndim), normalize_axis_tuple(dot_axes[1], b.ndim)
    _check_axes(along, dots)
    longer, shorter = ([x.shape[i] for i in places] for x, places in zip((a, b), along, strict=True))
    if sum(longer) < sum(shorter):  # windows of the longer one are the fewer elements
        turned = _multiply_windows(b, a, along[::-1], dots[::-1], mode)
        others = [x.ndim - len(along[0]) - len(dots[0]) for x in (b, a)]
        y = np.moveaxis(turned, range(others[0]), range(others[1], sum(others)))
    else:
        y = _multiply_windows(a, b, along, dots, mode)
    if mode != "same":
        return y
    starts = ((m - 1) // 2 for m in shorter)
    return y[(..., *(slice(start, start + n) for start, n in zip(starts, longer, strict=True)))]


def _check_axes(along: tuple[Axes, Axes], dots: tuple[Axes, Axes]) -> None:
    """Refuse axes that do not pair off, or are to be convolved and summed over at once."""
    if len(along[0]) != len(along[1]) or len(dots[0]) != len(dots[1]):
        raise ValueError("convolve: wanted as many axes, and as many dot_axes, of one array as of the other")
    if any(set(places) & set(others) for places, others in zip(along, dots, strict=True)):
        raise ValueError(f"convolve: an axis is among axes={along} and among dot_axes={dots}")


def _multiply_windows(a: Any, b: Any, along: tuple[Axes, Axes], dots: tuple[Axes, Axes], mode: str) -> Any:
    """Sum the products of b, in reverse, with each part of a that is as long; all of them, unless they are valid."""
    lengths = [b.shape[j] for j in along[1]]
    if not lengths:
        return np.tensordot(a, b, dots)
    if mode == "valid":
        if any(a.shape[i] < m for i, m in zip(along[0], lengths, strict=True)):
            raise ValueError(f"convolve: one must be as long as the other along all axes, not {a.shape} and {b.shape}")
    else:
        a = np.pad(a, [(m, m) for m in _spread(along[0], lengths, a.ndim)])
    windows = np.lib.stride_tricks.sliding_window_view(a, lengths, along[0])
    inner = (*dots[0], *range(a.ndim, windows.ndim)), (*dots[1], *along[1])
    y = np.tensordot(windows, np.flip(b, along[1]), inner)
    left = [i for i in range(a.ndim) if i not in dots[0]]
    return np.moveaxis(y, [left.index(i) for i in along[0]], range(-len(lengths), 0))


def _spread(places: Axes, lengths: Sequence[int], ndim: int) -> list[int]:
    """Give, for each axis, how far b reaches beyond an end of it."""
    reach = dict(zip(places, lengths, strict=True))
    return [reach.get(i, 1) - 1 for i in range(ndim)]
