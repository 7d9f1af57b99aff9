"""Which arrays compiled code computes with: NumPy's own, of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np


def check_array(array: Any) -> None:
    """Refuse arrays that compute by rules of their own, which the code would not follow."""
    if not isinstance(array, float | np.generic) and type(array) not in (np.ndarray, np.memmap):
        raise TypeError(
            f"compile: an argument is a {type(array).__name__}, and the code computes with NumPy's own arrays. Pass "
            f"np.asarray(…) of it, of an array on a GPU its .get(), or call the function uncompiled."
        )


def check_numbers(array: Any) -> None:
    """Refuse arrays of anything but numbers."""
    dtype = getattr(array, "dtype", None) or np.result_type(array)
    if dtype.kind not in "biufc":
        raise TypeError(f"compile: an argument has dtype {dtype}, and the code computes with numbers.")


def find_overwritten(tracer: Any) -> Any:
    """Find a Tensor whose array the function has changed behind the trace's back, and undo it."""
    found = None
    for array, copy in tracer.copies:
        if not np.array_equal(array, copy, equal_nan=copy.dtype.kind in "fc"):
            array[...] = copy
            found = next((t for t, _ in tracer.twins.values() if t.array is array), found)
    return found
