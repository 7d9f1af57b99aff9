"""What numpy.linalg has under the names of others: of the last two axes."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.composed import triangles


def diagonal(x: Any, /, *, offset: int = 0) -> Any:
    """Give the diagonals of the last two axes."""
    return triangles.diagonal(x, offset, -2, -1)


def matrix_transpose(x: Any, /) -> Any:
    """Exchange the last two axes."""
    return np.matrix_transpose(x)
