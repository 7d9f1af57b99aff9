"""Products of vectors, matrices and arrays of any number of axes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.ops import linalg
from minigrad.ops.base import Refused, as_array, refuse_out
from minigrad.ops.parts import conjugate

_Axes = int | Sequence[int | Sequence[int]]


def inner(a: Any, b: Any, /) -> Any:
    """Sum the products over the last axes, yᵢⱼ = Σₖ aᵢₖ bⱼₖ."""
    a, b = as_array(a), as_array(b)
    return linalg.contract("inner", a, b, (a.ndim - 1,), (b.ndim - 1,)) if a.ndim and b.ndim else a * b


def outer(a: Any, b: Any, out: None = None) -> Any:
    """Multiply each element of a by each of b, yᵢⱼ = aᵢ bⱼ."""
    refuse_out(out)
    return np.expand_dims(np.ravel(as_array(a)), 1) * np.ravel(as_array(b))


def tensordot(a: Any, b: Any, axes: _Axes = 2) -> Any:
    """Sum the products over the last axes of a and the first of b, or over those of a and of b that are named."""
    a, b = as_array(a), as_array(b)
    try:
        if isinstance(axes, int | np.integer):
            over = tuple(range(-int(axes), 0)), tuple(range(int(axes)))
        elif not np.iterable(axes):
            raise TypeError("axes are a number of them, or two sequences of them, one of each operand")
        else:
            over_a, over_b = axes
            over = _each(over_a), _each(over_b)
        places = normalize_axis_tuple(over[0], a.ndim), normalize_axis_tuple(over[1], b.ndim)
    except (ValueError, TypeError) as error:
        return Refused(f"tensordot(axes={axes!r})", error)(a, b)
    return linalg.contract(f"tensordot(axes={axes!r})", a, b, *places)


def _each(axes: int | Sequence[int]) -> tuple[int, ...]:
    return tuple(axes) if np.iterable(axes) else (axes,)


def kron(a: Any, b: Any) -> Any:
    """Put a copy of b, times aᵢⱼ, in the place of each aᵢⱼ: a ⊗ b; axes that one lacks come first, of length 1."""
    a, b = as_array(a), as_array(b)
    n = max(a.ndim, b.ndim)
    a, b = (np.reshape(x, (1,) * (n - x.ndim) + x.shape) for x in (a, b))
    blocks = np.expand_dims(a, tuple(range(1, 2 * n, 2))) * np.expand_dims(b, tuple(range(0, 2 * n, 2)))
    return np.reshape(blocks, tuple(i * j for i, j in zip(a.shape, b.shape, strict=True)))


def cross(a: Any, b: Any, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None) -> Any:
    """Multiply vectors of three elements, y₁ = a₂ b₃ − a₃ b₂ and so on; one of two has a third of 0.

    Of two vectors of two elements it is the third element of the result alone.
    """
    if axis is not None:
        axisa = axisb = axisc = axis
    a, b = as_array(a), as_array(b)
    try:
        plain = np.broadcast_shapes(*(_without(x.shape, at) for x, at in ((a, axisa), (b, axisb))))
        lengths = a.shape[axisa], b.shape[axisb]
        if not set(lengths) <= {2, 3}:
            raise ValueError("wanted vectors of 2 or 3 elements")
        if lengths != (2, 2):
            np.empty((*plain, 3)).shape[axisc]
    except (ValueError, IndexError) as error:
        return Refused("cross", error)(a, b)
    a, b = (np.moveaxis(x, at, -1) for x, at in ((a, axisa), (b, axisb)))
    u, v = ([x[..., i] for i in range(x.shape[-1])] for x in (a, b))
    third = u[0] * v[1] - u[1] * v[0]
    if lengths == (2, 2):
        return third
    first = u[1] * v[2] if lengths[0] == 2 else -u[2] * v[1] if lengths[1] == 2 else u[1] * v[2] - u[2] * v[1]
    second = -u[0] * v[2] if lengths[0] == 2 else u[2] * v[0] if lengths[1] == 2 else u[2] * v[0] - u[0] * v[2]
    return np.stack([first, second, third], axisc)


def _without(shape: tuple[int, ...], axis: int) -> tuple[int, ...]:
    """Give a shape without one axis; raises ``IndexError`` where there is none of that number."""
    axis = range(len(shape))[axis]
    return shape[:axis] + shape[axis + 1 :]


def trace(a: Any, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None) -> Any:
    """Sum the diagonal of each matrix along two axes, Σᵢ xᵢᵢ; or one beside it, Σᵢ xᵢ,ᵢ₊ₙ with n = ``offset``."""
    refuse_out(out)
    return np.sum(np.diagonal(a, offset, axis1, axis2), -1, dtype)


def vecdot(x1: Any, x2: Any, /, *, axis: int = -1, keepdims: bool = False, axes: Any = None) -> Any:
    """Multiply vectors along an axis, Σᵢ āᵢ bᵢ of each pair; ``axes`` names that of each."""
    ends = (axis, axis) if axes is None else [_each(part)[0] for part in axes[:2]]
    a, b = (np.moveaxis(as_array(x), end, -1) for x, end in zip((x1, x2), ends, strict=False))
    if a.shape[-1] != b.shape[-1]:
        raise ValueError(f"vecdot: vectors of {a.shape[-1]} and {b.shape[-1]} elements, where both have as many")
    products = conjugate(a) * b
    y = np.sum(products, -1, dtype=products.dtype)  # whole numbers wrap, as NumPy's do
    return np.expand_dims(y, axis if axes is None else _each(axes[2])[0]) if keepdims else y


def matvec(x1: Any, x2: Any, /, *, axes: Any = None) -> Any:
    """Multiply matrices by vectors, A x of each pair."""
    if axes is not None:
        return _along(matvec, x1, x2, axes)
    x = as_array(x2)
    return x1 @ x if x.ndim == 1 else np.squeeze(x1 @ np.expand_dims(x, -1), -1)


def vecmat(x1: Any, x2: Any, /, *, axes: Any = None) -> Any:
    """Multiply vectors by matrices, xᵀ A of each pair, of a complex x its conjugate."""
    if axes is not None:
        return _along(vecmat, x1, x2, axes)
    x = conjugate(as_array(x1))
    return x @ x2 if x.ndim == 1 else np.squeeze(np.expand_dims(x, -2) @ x2, -2)


def matmul(x1: Any, x2: Any, /, *, axes: Any = None) -> Any:
    """Multiply matrices whose rows and columns are along other axes than the last two: ``axes`` names both of each."""
    return linalg.matmul(x1, x2) if axes is None else _along(linalg.matmul, x1, x2, axes)


def _along(multiply: Callable[..., Any], a: Any, b: Any, axes: Any) -> Any:
    """Multiply what lies along the named axes of both operands, and put it along those of the result."""
    of_a, of_b, of_y = (_each(part) for part in axes)
    product = multiply(_to_end(as_array(a), of_a), _to_end(as_array(b), of_b))
    return np.moveaxis(product, range(-len(of_y), 0), of_y)


def _to_end(x: Any, axes: tuple[int, ...]) -> Any:
    return np.moveaxis(x, axes, range(-len(axes), 0))
