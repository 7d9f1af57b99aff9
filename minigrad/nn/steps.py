"""Which steps of sequences count, where these have different lengths."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine.messages.errors import ShapeError
from minigrad.engine.tensor import Tensor
from minigrad.ops.base import as_array


def which_count(called: str, lengths: Any, samples: int, steps: int) -> Any:
    """Give (samples, steps) of bool from how many steps each sample has, or from just that."""
    given = as_array(lengths)
    if given.dtype.kind == "b" and given.shape == (samples, steps):
        return given
    if given.dtype.kind not in "iu" or given.shape != (samples,):
        raise ShapeError(
            f"{called}: lengths must be {samples} whole numbers, how many steps each sample has, or ({samples}, "
            f"{steps}) of bool, which of them count, not {given.dtype} {given.shape}"
        )
    if getattr(given, "has_data", True) and samples:
        values = given.data if isinstance(given, Tensor) else given
        if values.min() < 0 or values.max() > steps:
            wrong = values.min() if values.min() < 0 else values.max()
            raise ValueError(f"{called}: lengths must be from 0 to {steps}, the steps of x, not {wrong}")
    return np.arange(steps) < given[:, None]
