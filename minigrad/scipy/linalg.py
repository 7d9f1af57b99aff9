"""``scipy.linalg`` for tensors: what is several operations is written here, all else is SciPy's own function."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.extras import require
from minigrad.ops.base import as_array

_scipy: Any = require("scipy.linalg", "native")


def __getattr__(name: str) -> Any:
    return getattr(_scipy, name)


def solve_triangular(
    a: Any,
    b: Any,
    trans: int | str = 0,
    lower: bool = False,
    unit_diagonal: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Give x of a x = b, for ``trans`` 1 or "T" of aᵀ x = b, for 2 or "C" of aᴴ x = b, of one triangle of a alone.

    The other triangle is not read, and with ``unit_diagonal`` neither is the diagonal: no gradient reaches them. b is
    never written into, and NaN is passed on, whatever ``overwrite_b`` and ``check_finite`` are.
    """
    if trans not in (0, 1, 2, "N", "T", "C"):
        raise ValueError(f"solve_triangular: wanted trans 0, 1, 2, 'N', 'T' or 'C', not {trans!r}")
    a, b = as_array(a), as_array(b)
    inner = int(unit_diagonal)
    triangle = np.tril(a, -inner) if lower else np.triu(a, inner)
    if unit_diagonal:
        triangle = triangle + np.eye(a.shape[-1])
    if trans not in (0, "N"):
        triangle = np.matrix_transpose(np.conj(triangle) if trans in (2, "C") else triangle)
    return np.linalg.solve(triangle, b)
