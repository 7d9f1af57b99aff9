"""Angles that run on."""

from __future__ import annotations

from math import pi
from typing import Any

import numpy as np


def unwrap(p: Any, discont: Any = None, axis: int = -1, *, period: float = 2 * pi) -> Any:
    """Give angles without the jumps of a period or more along an axis: p plus whole periods, of slope 0."""
    if not p.ndim:
        raise ValueError("unwrap: wanted angles along an axis, and one number has none")
    whole = np.result_type(p.dtype, type(period)).kind in "iu"
    half: Any = period // 2 if whole else period / 2
    before = (slice(None),) * (axis % p.ndim)
    step = p[(*before, slice(1, None))] - p[(*before, slice(None, -1))]
    turn = np.remainder(step + half, period) - half
    if not whole or period % 2 == 0:  # an odd number of whole ones has no step that may be either way
        turn = np.where((turn == -half) & (step > 0), half, turn)
    periods = np.where(np.abs(step) < (half if discont is None else discont), 0, turn - step)
    first = p[(*before, slice(0, 1))]
    return np.concatenate([first, p[(*before, slice(1, None))] + np.cumsum(periods, axis=axis)], axis=axis)
