"""Which arrays compiled code computes with: NumPy's own, of numbers."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.compiler.trace.traced import TraceError
from minigrad.engine.messages.errors import place


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


def check_handling(before: Any, op: Any) -> None:
    """Raise where the function has errors of arithmetic handled otherwise than its caller has, but for warnings."""
    for error, handling in np.geterr().items():
        if handling != before[error] and handling not in ("ignore", "warn"):
            raise TraceError(
                f"compile: {op.name} at {place()} is within np.errstate({error}={handling!r}), which the compiled code "
                f"would not keep to. Write it around the call, of numpy code, or look at the results: np.isfinite(y)."
            )


def find_overwritten(tracer: Any) -> Any:
    """Find a Tensor whose array the function has changed behind the trace's back, and undo it."""
    found = None
    for array, copy in tracer.copies:
        if not np.array_equal(array, copy, equal_nan=copy.dtype.kind in "fc"):
            array[...] = copy
            found = next((t for t, _ in tracer.twins.values() if t.array is array), found)
    return found
