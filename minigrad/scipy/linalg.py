"""``scipy.linalg`` for tensors: what is several operations is written here, all else is SciPy's own function."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.engine.messages.arguments import with_usage
from minigrad.extras import require
from minigrad.ops.base import as_array
from minigrad.ops.composed.arguments import find_values
from minigrad.ops.special import matrices

_scipy: Any = require("scipy.linalg", "native")


def __getattr__(name: str) -> Any:
    return getattr(_scipy, name)


@with_usage
def expm(A: Any) -> Any:
    """Give the exponential of each matrix."""
    return matrices.expm(as_array(A))


@with_usage
def sqrtm(A: Any) -> Any:
    """Give the principal square root of a matrix; that of a real one may be complex, which compiled code refuses."""
    A = as_array(A)
    values = find_values(A)
    if values is not None and values.dtype.kind != "c" and np.iscomplexobj(_scipy.sqrtm(values)):
        A = A.astype(np.result_type(A.dtype, 1j))
    return matrices.sqrtm(A)


@with_usage
def solve_sylvester(a: Any, b: Any, q: Any) -> Any:
    """Give the x of a x + x b = q."""
    return matrices.sylvester(as_array(a), as_array(b), as_array(q))


@with_usage
def solve_banded(
    l_and_u: tuple[int, int],
    ab: Any,
    b: Any,
    overwrite_ab: bool = False,
    overwrite_b: bool = False,
    check_finite: bool = True,
) -> Any:
    """Give the x of A x = b, for a matrix A of so many diagonals below and above the main one: Aᵢⱼ = ab[u + i − j, j].

    Nothing is ever written into, whatever ``overwrite_ab`` and ``overwrite_b`` are.
    """
    lower, upper = l_and_u
    return matrices.banded(int(lower), int(upper))(as_array(ab), as_array(b))


@with_usage
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
