"""Arrays made of tensors: NumPy's own functions for it would make an array of each, and lose its gradient."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from itertools import islice
from typing import Any

import numpy

from minigrad.engine.operand import Operand


def holds_operand(x: Any) -> bool:
    """Say whether x is an operand, or a list that holds one, at any depth, by the types in it."""
    if not isinstance(x, list | tuple):
        return isinstance(x, Operand)
    kinds = set(map(type, x))
    if any(issubclass(kind, Operand) for kind in kinds):
        return True
    return any(issubclass(kind, list | tuple) for kind in kinds) and any(map(holds_operand, x))


def of_tensors(plain: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Make a function that is NumPy's ``plain`` of what holds no tensor."""

    def decorate(f: Callable[..., Any]) -> Callable[..., Any]:
        @wraps(f)
        def call(*args: Any, **kwargs: Any) -> Any:
            return (f if holds_operand((*args, *kwargs.values())) else plain)(*args, **kwargs)

        return call

    return decorate


@of_tensors(numpy.array)
def array(
    object: Any,
    dtype: Any = None,
    *,
    copy: bool | None = True,
    order: str | None = "K",
    subok: bool = False,
    ndmin: int = 0,
    like: Any = None,
) -> Any:
    """Give nested lists of tensors and numbers as one tensor, as ``numpy.array`` does of numbers."""
    _check_order("array", order)
    joined = _join(object)
    if dtype is not None and joined.dtype != numpy.dtype(dtype):
        joined = joined.astype(dtype)
    elif joined is object and copy:
        joined = numpy.copy(joined)
    missing = ndmin - joined.ndim
    return numpy.reshape(joined, (1,) * missing + joined.shape) if missing > 0 else joined


@of_tensors(numpy.asarray)
def asarray(
    a: Any,
    dtype: Any = None,
    order: str | None = None,
    *,
    device: Any = None,
    copy: bool | None = None,
    like: Any = None,
) -> Any:
    """Give a tensor as it is, and nested lists of tensors and numbers as one."""
    _check_order("asarray", order)
    if copy is False and not (isinstance(a, Operand) and dtype in (None, a.dtype)):
        raise ValueError(
            "asarray: copy=False, and this cannot be had without a copy. Write copy=None, or leave it out."
        )
    return array(a, dtype, copy=bool(copy))


@of_tensors(numpy.asanyarray)
def asanyarray(
    a: Any,
    dtype: Any = None,
    order: str | None = None,
    *,
    device: Any = None,
    copy: bool | None = None,
    like: Any = None,
) -> Any:
    """Give what ``asarray`` does."""
    return asarray(a, dtype, order, copy=copy)


@of_tensors(numpy.ascontiguousarray)
def ascontiguousarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """Give what ``asarray`` does, with one axis or more; how a tensor lies in memory is no matter of its value."""
    return array(a, dtype, copy=False, ndmin=1)


@of_tensors(numpy.asfortranarray)
def asfortranarray(a: Any, dtype: Any = None, *, like: Any = None) -> Any:
    """Give what ``asarray`` does; how a tensor lies in memory is no matter of its value."""
    return array(a, dtype, copy=False)


@of_tensors(numpy.asarray_chkfinite)
def asarray_chkfinite(a: Any, dtype: Any = None, order: str | None = None) -> Any:
    """Give what ``asarray`` does, or raise for NaN and infinities."""
    joined = asarray(a, dtype, order)
    if not numpy.all(numpy.isfinite(joined)):
        raise ValueError("asarray_chkfinite: the array must not contain infinities or NaN")
    return joined


@of_tensors(numpy.full)
def full(
    shape: Any, fill_value: Any, dtype: Any = None, order: str = "C", *, device: Any = None, like: Any = None
) -> Any:
    """Give an array of a shape full of a tensor, which is broadcast to it: its gradient is the sum over all copies."""
    _check_order("full", order)
    return numpy.broadcast_to(array(fill_value, dtype, copy=False), shape)


def fromiter(iter: Any, dtype: Any, count: int = -1, *, like: Any = None) -> Any:
    """Give a vector of what an iterable gives, numbers and tensors."""
    if isinstance(iter, numpy.ndarray | range):
        return numpy.fromiter(iter, dtype, count)
    found = list(islice(iter, None if count < 0 else count))
    return array(found, dtype) if holds_operand(found) else numpy.fromiter(found, dtype, count)


@of_tensors(numpy.require)
def require(a: Any, dtype: Any = None, requirements: Any = None, *, like: Any = None) -> Any:
    """Give what ``asarray`` does; what is required of the memory is no matter of a tensor's value."""
    return asarray(a, dtype)


@of_tensors(numpy.kaiser)
def kaiser(M: int, beta: Any) -> Any:
    """Give Kaiser's window of M points, I₀(β √(1 − t²)) / I₀(β) for t = −1 … 1, for a tensor β."""
    if M == 1:
        return numpy.ones(1) + 0.0 * array(beta)
    t = numpy.linspace(-1, 1, max(M, 0))
    return numpy.i0(beta * numpy.sqrt(numpy.maximum(1 - t**2, 0.0))) / numpy.i0(beta)


def _join(x: Any) -> Any:
    if isinstance(x, list | tuple) and holds_operand(x):
        return numpy.stack([_join(part) for part in x])
    return x if isinstance(x, Operand) else numpy.asarray(x)


def _check_order(called: str, order: str | None) -> None:
    if order not in (None, "K", "A", "C"):
        raise ValueError(f"{called}: a tensor's elements are in order 'C', not {order!r}; leave it out.")
