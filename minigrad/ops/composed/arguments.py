"""What the arguments of NumPy's functions are brought into: arrays, what is known, axes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.ops.base import Recorder, Refused, as_array
from minigrad.ops.common.dtypes import dtype_of
from minigrad.ops.common.libraries import bring, is_other
from minigrad.ops.reduction import normalize_axis


def as_tensors(xs: Iterable[Any]) -> list[Any]:
    """Give several as arrays, and next to a Tensor as constant Tensors."""
    arrays = [as_array(x) for x in xs]
    tensor: Any = next((x for x in arrays if isinstance(x, Recorder)), None)
    return arrays if tensor is None else [x if isinstance(x, Recorder) else tensor.as_constant(x) for x in arrays]


def as_assigned(values: Any, dtype: np.dtype[Any]) -> Any:
    """Give what is written into elements of a dtype: numbers and lists in that dtype, arrays as they are.

    Raises what NumPy raises for a number that the dtype has not: −1 of an unsigned integer, NaN of any.
    """
    given = as_array(values)
    is_array = isinstance(values, Recorder) or hasattr(values, "__array_function__")
    return given if is_array or isinstance(given, Recorder) else np.array(values, dtype)


def as_known(x: Any) -> Any:
    """Give what a shape depends on as NumPy knows it: of a Tensor its array, unless a gradient would be lost."""
    if not isinstance(x, Recorder):
        return x
    array = getattr(x, "array", x)
    constant = not getattr(x, "requires_grad", False)  # of any other NumPy's own way raises what says so
    return bring(array) if is_other(array) and constant else np.asarray(x)


def is_number(x: Any) -> bool:
    """Say whether something is a Python number, known or not."""
    return type(x) in (int, float, complex) or bool(getattr(x, "weak", False))


def promoted_by(x: Any) -> Any:
    """Give what NumPy promotes by: a dtype, and of a Python number another of its type."""
    if type(x) in (int, float, complex):
        return type(x)()
    traced = getattr(getattr(x, "array", x), "kind", None)  # of a Python number that is not known yet another one
    return dtype_of(x) if traced is None else traced


def as_constant(x: Any) -> Any:
    """Give the same elements, through which no gradient flows."""
    return x.detach() if hasattr(x, "detach") else x


def read_values(x: Any) -> Any:
    """Give the elements, recorded or not, for a shape or places that depend on them; no compiled function has these."""
    constant = as_constant(x)
    array = getattr(constant, "array", constant)
    return bring(array) if is_other(array) else np.asarray(constant)


def find_values(x: Any) -> Any:
    """Give the elements where they are known, recorded or not; None while a function is traced."""
    if not getattr(x, "has_data", True):
        return None
    values = getattr(x, "array", x)
    return values if is_other(values) else np.asarray(values)


def has_zero(x: Any) -> bool:
    """Say whether an element is known to be 0."""
    values = find_values(x)
    return values is not None and bool(np.any(values == 0))


def find_axis(called: str, x: Any, axis: Any) -> int:
    """Give the number of an axis of x, counted from the front; raise NumPy's error, which names x."""
    try:
        return normalize_axis(int(axis) if isinstance(axis, np.integer) else (axis,), x.ndim)[0]
    except (ValueError, TypeError) as error:
        return int(refuse(called, x, error))


def find_common_shape(called: str, xs: Sequence[Any]) -> Any:
    """Give the shape that arrays have when they are broadcast together; raise NumPy's error, which names a Tensor."""
    try:
        return np.broadcast_shapes(*(x.shape for x in xs))
    except ValueError as error:
        return refuse(called, next(x for x in xs if isinstance(x, Recorder)), error)


def refuse(called: str, x: Any, error: Exception) -> Any:
    """Raise an error of NumPy's about a call as that of an operation on x, which is named."""
    return Refused(called, error)(x)


def index_along(axis: int, key: Any) -> tuple[Any, ...]:
    """Give the index that has ``key`` at an axis, and all of the axes before it."""
    return (*(slice(None),) * axis, key)
