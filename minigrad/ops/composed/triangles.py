"""Diagonals and triangles of matrices."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import as_array, placeholder
from minigrad.ops.composed.arguments import refuse
from minigrad.ops.places.moving import Diag, Diagonal, Tril, Triu


def diagonal(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Give the elements of two axes at i and i + offset, as the last axis."""
    try:
        np.moveaxis(placeholder(a.shape), (axis1, axis2), (-2, -1))
    except (ValueError, TypeError) as error:
        return refuse(f"diagonal(axis1={axis1!r}, axis2={axis2!r})", a, error)
    x = np.moveaxis(a, (axis1, axis2), (-2, -1))
    return Diagonal.of(x.shape, offset)(x)


def diag(v: Any, k: int = 0) -> Any:
    """Give the matrix that has a vector on its k-th diagonal, or the k-th diagonal of a matrix."""
    v = as_array(v)
    if v.ndim == 2:
        return diagonal(v, k)
    if v.ndim != 1:
        return refuse("diag", v, ValueError("wanted a vector or a matrix"))
    n = v.shape[0] + abs(k)
    return Diag.of((n, n), k)(v)


def diagflat(v: Any, k: int = 0) -> Any:
    """Give the matrix that has all elements, as a vector, on its k-th diagonal."""
    return diag(np.ravel(v), k)


def tril(m: Any, k: int = 0) -> Any:
    """Give the elements on the k-th diagonal and below it, and 0 above; a vector is each row of a matrix."""
    return Tril(int(k))(_as_matrices(m))


def triu(m: Any, k: int = 0) -> Any:
    """Give the elements on the k-th diagonal and above it, and 0 below; a vector is each row of a matrix."""
    return Triu(int(k))(_as_matrices(m))


def _as_matrices(m: Any) -> Any:
    return m if m.ndim > 1 else np.broadcast_to(m, (m.size, m.size))
