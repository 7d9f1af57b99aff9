"""SciPy's convolution of arrays of any number of axes, for tensors too."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import as_array

MODES = ("full", "valid", "same")


def convolve(in1: Any, in2: Any, mode: str = "full", method: str = "auto") -> Any:
    """Give yₖ = Σⱼ aₖ₋ⱼ bⱼ, k and j places along all axes, as ``scipy.signal.convolve`` does.

    All of it ("full"), what takes no element from outside either ("valid"), or the middle, of a's shape ("same"). It is
    summed up directly, whatever ``method`` says: a transform would be less exact.
    """
    a, b = as_array(in1), as_array(in2)
    if mode not in MODES:
        raise ValueError(f"convolve: wanted a mode of {', '.join(MODES)}, not {mode!r}")
    if a.ndim != b.ndim:
        raise ValueError(f"convolve: wanted arrays of as many axes each, not {a.ndim} and {b.ndim}")
    if a.ndim == 0:
        return a * b
    large, small = (a, b) if a.size >= b.size else (b, a)
    if mode == "valid":
        if any(n < m for n, m in zip(large.shape, small.shape, strict=True)):
            raise ValueError(f"convolve: one must be as long as the other along all axes, not {a.shape} and {b.shape}")
    else:
        large = np.pad(large, [(m - 1, m - 1) for m in small.shape])
    windows = np.lib.stride_tricks.sliding_window_view(large, small.shape)
    full = np.tensordot(windows, np.flip(small), small.ndim)
    if mode != "same":
        return full
    starts = ((m - 1) // 2 for m in b.shape)
    return full[tuple(slice(start, start + n) for start, n in zip(starts, a.shape, strict=True))]
