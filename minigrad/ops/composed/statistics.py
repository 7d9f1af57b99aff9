"""Averages, spreads and the like."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops import reduction


def var(x: Any, axis: reduction.Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    """Give the mean squared deviation from the mean, Σ (x − x̄)² / (n − ddof) over n elements."""
    deviation = x - np.mean(x, axis, keepdims=True)
    total = np.sum(deviation**2, axis, keepdims=keepdims)
    return total / max(deviation.size // max(total.size, 1) - ddof, 0)


def std(x: Any, axis: reduction.Axis = None, *, ddof: float = 0, keepdims: bool = False) -> Any:
    """Give the root of the variance."""
    return np.sqrt(var(x, axis, ddof=ddof, keepdims=keepdims))
