"""Products that ``numpy.linalg`` has under the array API's names, chains of products, and powers of a matrix."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from minigrad.ops.base import Refused, as_array, refuse_out
from minigrad.ops.composed import products
from minigrad.ops.matrices.inverses import inv


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Multiply vectors along an axis, Σᵢ āᵢ bᵢ of each pair."""
    return products.vecdot(x1, x2, axis=axis)


def outer(x1: Any, x2: Any, /) -> Any:
    """Multiply each element of a vector by each of another, yᵢⱼ = aᵢ bⱼ."""
    a, b = as_array(x1), as_array(x2)
    if a.ndim != 1 or b.ndim != 1:
        return Refused("outer", ValueError("wanted two vectors"))(a, b)
    return products.outer(a, b)


def cross(x1: Any, x2: Any, /, *, axis: int = -1) -> Any:
    """Multiply vectors of three elements along an axis, y₁ = a₂ b₃ − a₃ b₂ and so on."""
    a, b = as_array(x1), as_array(x2)
    if a.shape[axis] != 3 or b.shape[axis] != 3:
        return Refused(f"cross(axis={axis!r})", ValueError("wanted vectors of 3 elements"))(a, b)
    return products.cross(a, b, axis=axis)


def tensordot(x1: Any, x2: Any, /, *, axes: Any = 2) -> Any:
    """Sum the products over the last axes of a and the first of b, or over those of a and of b that are named."""
    return products.tensordot(x1, x2, axes)


def trace(x: Any, /, *, offset: int = 0, dtype: Any = None) -> Any:
    """Sum the diagonal of each matrix of a batch, or one beside it."""
    return products.trace(x, offset, -2, -1, dtype)


def matmul(x1: Any, x2: Any, /) -> Any:
    """Multiply matrices."""
    return np.matmul(x1, x2)


def multi_dot(arrays: Sequence[Any], *, out: None = None) -> Any:
    """Multiply a chain of matrices, from the pair on that takes the fewest multiplications in all.

    The order is that of T. Cormen et al., Introduction to Algorithms, "Matrix-chain multiplication". The first and
    the last may be vectors.
    """
    refuse_out(out)
    arrays = [as_array(x) for x in arrays]
    if len(arrays) < 2:
        raise ValueError(f"multi_dot: wanted two matrices or more, not {len(arrays)}")
    wrong = [x for i, x in enumerate(arrays) if x.ndim != 2 and (x.ndim != 1 or 0 < i < len(arrays) - 1)]
    if wrong:
        return Refused("multi_dot", np.linalg.LinAlgError("wanted matrices; a vector may stand first or last"))(*wrong)
    shapes = [x.shape if x.ndim == 2 else (*x.shape, 1) if i else (1, *x.shape) for i, x in enumerate(arrays)]
    sizes = (shapes[0][0], *(columns for _, columns in shapes))

    @cache
    def cheapest(i: int, j: int) -> tuple[int, int]:
        """Give the multiplications that the product of those from i to j takes, and after which it is cut in two."""
        if i == j:
            return 0, i
        cuts = (
            (cheapest(i, k)[0] + cheapest(k + 1, j)[0] + sizes[i] * sizes[k + 1] * sizes[j + 1], k) for k in range(i, j)
        )
        return min(cuts)

    def multiply(i: int, j: int) -> Any:
        k = cheapest(i, j)[1]
        return arrays[i] if i == j else multiply(i, k) @ multiply(k + 1, j)

    return multiply(0, len(arrays) - 1)


def matrix_power(a: Any, n: int) -> Any:
    """Multiply a matrix by itself n times, with about log₂ n products; its inverse for a negative n."""
    a = as_array(a)
    if a.ndim < 2 or a.shape[-1] != a.shape[-2]:
        return Refused("matrix_power", np.linalg.LinAlgError("wanted square matrices"))(a)
    if not isinstance(n, int | np.integer):
        raise TypeError(f"matrix_power: the power must be a whole number, not {n!r}")
    if n == 0:
        return np.where(False, a, np.eye(a.shape[-1], dtype=a.dtype))  # recorded, with a gradient of 0
    base = inv(a) if n < 0 else a
    power = base
    for bit in bin(abs(n))[3:]:  # of the digits in base 2, the first is a itself; each squares what has come so far
        power = power @ power
        power = power @ base if bit == "1" else power
    return power
