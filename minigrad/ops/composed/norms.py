"""Norms of vectors and matrices, and the condition number."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.ops.base import Refused, as_array, as_floating
from minigrad.ops.matrices import norms
from minigrad.ops.matrices.inverses import inv
from minigrad.ops.matrices.singular import singular_values
from minigrad.ops.reduction import Axis, normalize_axis


def norm(x: Any, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> Any:
    """Give the norm of all elements, or that of vectors along one axis or of matrices along two; 0 has gradient 0."""
    x = as_array(x)
    if ord is None and axis is None:
        return _euclidean(x, None, keepdims)
    try:
        axes = normalize_axis_tuple(range(x.ndim) if axis is None else axis, x.ndim)
        if len(axes) not in (1, 2):
            raise ValueError("wanted one axis, of vectors, or two, of matrices")
        if ord not in (_OF_MATRICES if len(axes) == 2 else ()) and not (len(axes) == 1 and is_number(ord)):
            known = f"of matrices there are {_OF_MATRICES[1:]}" if len(axes) == 2 else "of vectors ord is a number"
            raise ValueError(f"there is no such norm: {known}")
    except (ValueError, TypeError) as error:
        return Refused(f"norm(ord={ord!r}, axis={axis!r})", error)(x)
    return _of_vectors(x, ord, axes[0], keepdims) if len(axes) == 1 else _of_matrices(x, ord, axes, keepdims)


def vector_norm(x: Any, /, *, axis: Axis = None, keepdims: bool = False, ord: Any = 2) -> Any:
    """Give the norm of all elements over one axis, some, or all."""
    try:
        axes = None if axis is None else normalize_axis(axis, x.ndim)
        if not is_number(ord):
            raise ValueError("of vectors there is no such norm")
    except (ValueError, TypeError) as error:
        return Refused(f"vector_norm(ord={ord!r}, axis={axis!r})", error)(x)
    return _of_vectors(x, ord, axes, keepdims)


def matrix_norm(x: Any, /, *, keepdims: bool = False, ord: Any = "fro") -> Any:
    """Give the norm of each matrix of a batch, along the last two axes."""
    return norm(x, ord, (-2, -1), keepdims)


_OF_MATRICES = (None, "fro", "nuc", np.inf, -np.inf, 1, -1, 2, -2)


def is_number(ord: Any) -> bool:
    """Say whether an order is one of a vector's norm: a number, or None for 2."""
    return ord is None or isinstance(ord, int | float | np.number)


def _euclidean(x: Any, axis: Axis, keepdims: bool) -> Any:
    return norms.norm(axis, bool(keepdims))(as_floating(x))


def _of_vectors(x: Any, ord: Any, axis: Axis, keepdims: bool) -> Any:
    """Give (Σ |x|ᵖ)^(1/p), and what it tends to for p = ±∞; the number of elements that are not 0 for p = 0."""
    x = as_floating(x)
    if ord is None or ord == 2:
        return _euclidean(x, axis, keepdims)
    if ord == 0:
        return np.sum((x != 0) * np.ones((), np.empty(0, x.dtype).real.dtype), axis, keepdims=keepdims)
    if abs(ord) == np.inf:
        return _extreme(ord, np.abs(x), axis, keepdims)
    if ord == 1:
        return np.sum(np.abs(x), axis, keepdims=keepdims)
    return norms.norm(axis, bool(keepdims), int(ord) if ord == int(ord) else float(ord))(x)


def _extreme(ord: float, sizes: Any, axis: Axis, keepdims: bool = False) -> Any:
    """Give the largest, or for ord < 0 the smallest, of sizes; of none the largest is 0."""
    if ord > 0:
        return (np.max if sizes.size else np.sum)(sizes, axis, keepdims=keepdims)
    return np.min(sizes, axis, keepdims=keepdims)


def _of_matrices(x: Any, ord: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    """Give the largest or smallest sum over rows or columns, or what the singular values say."""
    row, column = axes
    if ord in (None, "fro"):
        return _euclidean(x, tuple(sorted(axes)), keepdims)
    if ord in (1, -1, np.inf, -np.inf):
        first, second = (row, column) if abs(ord) == 1 else (column, row)
        sums = np.sum(np.abs(as_floating(x)), first, keepdims=True)
        y = _extreme(ord, sums, second, keepdims=True)
    else:
        s = singular_values(np.moveaxis(x, axes, (-2, -1)))
        y = np.sum(s, -1) if ord == "nuc" else _extreme(ord, s, -1)
        y = np.expand_dims(y, tuple(sorted(axes)))
    return y if keepdims else np.squeeze(y, axes)


def cond(x: Any, p: Any = None) -> Any:
    """Give the condition number, ‖x‖ ‖x⁻¹‖: of singular values the largest by the smallest, for p = None and 2."""
    x = as_array(x)
    if not x.size:
        return Refused("cond", np.linalg.LinAlgError("cond is not defined on empty arrays"))(x)
    if p in (None, 2, -2):
        s = singular_values(x)
        high, low = (s[..., -1], s[..., 0]) if p == -2 else (s[..., 0], s[..., -1])
        return np.where(low == 0, np.inf, high / np.where(low == 0, 1, low))
    singular = np.linalg.slogdet(x)[0] == 0  # exactly, by a pivot that is 0, where inv would raise
    inverse = inv(np.where(singular[..., None, None], np.eye(x.shape[-1], dtype=x.dtype), x))
    product = norm(x, p, (-2, -1)) * norm(inverse, p, (-2, -1))
    lost = np.isnan(product) & ~np.any(np.isnan(x), axis=(-2, -1))  # 0 · ∞
    return np.where(singular | lost, np.inf, product)
