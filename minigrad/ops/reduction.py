"""Sums, means and extremes over axes, and the softmax family."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import lru_cache
from math import prod
from typing import Any, ClassVar, Never

import numpy as np

from minigrad.ops.base import Op, Shape, as_floating
from minigrad.ops.common.choices import give_unseen, pass_on
from minigrad.ops.common.dtypes import find_largest
from minigrad.ops.common.lanes import batch_along

Axis = int | tuple[int, ...] | None


def normalize_axis(axis: Axis, ndim: int) -> tuple[int, ...]:
    """Give the axes as a sorted tuple of non-negative numbers; None means all of them."""
    if axis is None:
        return tuple(range(ndim))
    if type(axis) is int and -ndim <= axis < ndim:  # by far the most, and NumPy takes ten times as long
        return (axis % ndim,)
    return tuple(sorted(np.lib.array_utils.normalize_axis_tuple(axis, ndim)))


def restore_axes(g: Any, x: Any, op: Any) -> Any:
    """Give a reduction's result or gradient back the axes that it lost, each of length 1 (a scalar needs none)."""
    if op.keepdims or op.axis is None or not x.ndim:
        return g
    axes = normalize_axis(op.axis, x.ndim)
    return np.reshape(g, tuple(1 if i in axes else n for i, n in enumerate(x.shape)))


def counted_dtype(*dtypes: Any) -> np.dtype[Any]:
    """Give the dtype that NumPy adds up and multiplies in: truth values and small integers in the default integer."""
    dtype = np.result_type(*dtypes)
    if dtype.kind == "u":
        return np.result_type(dtype, np.uint)
    return np.result_type(dtype, np.int_) if dtype.kind in "bi" else dtype


class Reduction(Op):
    """An operation that reduces over ``axis`` (None: over all axes), keeping them with length 1 if ``keepdims``."""

    fields: ClassVar[tuple[str, ...]] = ("axis", "keepdims")

    def __init__(self, axis: Axis = None, keepdims: bool = False) -> None:
        self.axis, self.keepdims = axis, keepdims

    batch = batch_along

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape without the reduced axes."""
        (shape,) = shapes
        if not shape and self.axis in (0, -1):  # as NumPy's reductions call the axes of one number
            return ()
        axes = normalize_axis(self.axis, len(shape))
        kept = (1 if i in axes else n for i, n in enumerate(shape) if self.keepdims or i not in axes)
        return tuple(kept)


class Sum(Reduction):
    """The sum over axes: y = Σ x. Every element has derivative 1, so g is spread over the axes summed."""

    name, text, binds, reads_values = "sum", "Σ {x}", 2, False
    vjps = (lambda op, g, y, x: spread(restore_axes(g, x, op), x.shape),)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the input's own dtype; truth values and small integers are counted in the default integer."""
        return counted_dtype(*dtypes)

    def forward(self, x: Any) -> Any:
        """Add up over the axes."""
        return _total(x, self.axis, self.keepdims)


class Max(Reduction):
    """The largest element over axes. Elements that tie for it share the gradient evenly."""

    name, text, extreme = "max", "max({x})", "max"
    chooses = broadcasts = True  # a share is a float64 whatever x is; the walk casts it
    vjps = (lambda op, g, y, x: pass_on(op, restore_axes(g, x, op), restore_axes(y, x, op), x),)
    unseen = property(lambda op: give_unseen(op, restore_axes))

    def forward(self, x: Any) -> Any:
        """Take the extreme element over the axes."""
        return getattr(x, self.extreme)(self.axis, keepdims=self.keepdims)

    def share(self, y: Any, x: Any) -> Any:
        """Give each element's share of the gradient: 1 / (number of ties) for those that reach y, else 0."""
        reached = x == y
        return reached / reached.sum(self.axis, keepdims=True)


class Min(Max):
    """The smallest element over axes. Elements that tie for it share the gradient evenly."""

    name, text, extreme = "min", "min({x})", "min"


_add: Callable[..., Any] = np.add.reduce
_maximum: Callable[..., Any] = np.maximum.reduce


BLAS = {np.dtype(np.float32), np.dtype(np.float64)}  # the dtypes that it multiplies


@lru_cache(maxsize=64)
def ones(shape: Shape, dtype: Any) -> np.ndarray[Any, Any]:
    """Give ones to sum with: a product with them takes half the time that np.add.reduce takes for a small matrix."""
    unit = np.ones(shape, dtype)
    unit.flags.writeable = False
    return unit


def _total(x: Any, axis: Axis, keepdims: bool = True) -> Any:
    """Sum along an axis; on plain arrays by the ufunc itself, without the layers of Python around it."""
    if type(x) is np.ndarray:
        if axis == -1 and keepdims and x.ndim == 2 and x.dtype in BLAS:
            return x.dot(ones((x.shape[1], 1), x.dtype))
        return _add(x, axis, None, None, keepdims)
    return x.sum(axis, keepdims=keepdims)


def _largest(x: Any, axis: Axis) -> Any:
    """Give the maximum along an axis, likewise."""
    return _maximum(x, axis, None, None, True) if type(x) is np.ndarray else x.max(axis, keepdims=True)


def floating_dtype(*dtypes: Any) -> np.dtype[Any]:
    """Give the dtype that ``as_floating`` gives."""
    return np.result_type(*dtypes, 1.0)


class Softmax(Op):
    """Softmax along an axis: yₖ = exp(xₖ) / Σⱼ exp(xⱼ), shifted by max x so that it cannot overflow.

    ∂E/∂xₖ = yₖ (gₖ − Σⱼ gⱼ yⱼ).
    """

    name, text, fields = "softmax", "softmax({x})", ("axis",)
    vjps = (lambda op, g, y, x: y * (g - _total(g * y, op.axis)),)

    def __init__(self, axis: int = -1) -> None:
        self.axis = axis

    batch = batch_along

    def definition(self, x: Any) -> Any:
        """Write it as the exponentials over their sum."""
        return np.exp(x) / np.exp(x).sum(self.axis, keepdims=True)

    def forward(self, x: Any) -> Any:
        """Give the exponentials, normalised along the axis."""
        x = as_floating(x)
        y = np.exp(x - _largest(x, self.axis))
        return y / _total(y, self.axis)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the input's own shape."""
        normalize_axis(self.axis, len(shapes[0]))
        return shapes[0]

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the input's own dtype; integers are float64 here."""
        return floating_dtype(*dtypes)


class LogSoftmax(Softmax):
    """Logarithm of softmax: yₖ = xₖ − ln Σⱼ exp(xⱼ), exact where softmax itself underflows.

    ∂E/∂xₖ = gₖ − exp(yₖ) Σⱼ gⱼ.
    """

    name, text = "log_softmax", "log_softmax({x})"
    vjps = (lambda op, g, y, x: g - np.exp(y) * _total(g, op.axis),)

    def definition(self, x: Any) -> Any:
        """Write it as x less the logarithm of the sum of exponentials."""
        return x - np.log(np.exp(x).sum(self.axis, keepdims=True))

    def forward(self, x: Any) -> Any:
        """Subtract the logarithm of the sum of exponentials, both shifted by the maximum."""
        x = as_floating(x)
        shifted = x - _largest(x, self.axis)
        logs = np.log(_total(np.exp(shifted), self.axis))
        return np.subtract(shifted, logs, shifted) if type(shifted) is np.ndarray else shifted - logs


class LogSumExp(Reduction):
    """Logarithm of the sum of exponentials over axes: y = ln Σ exp(x), shifted by max x so that it cannot overflow.

    ∂E/∂x = g exp(x − y), which is softmax along one axis.
    """

    name, text = "log_sum_exp", "log_sum_exp({x})"
    vjps = (lambda op, g, y, x: spread(restore_axes(g, x, op), x.shape) * op.share(restore_axes(y, x, op), x),)

    def definition(self, x: Any) -> Any:
        """Write it as what it is called."""
        return np.log(np.exp(x).sum(self.axis, keepdims=self.keepdims))

    def forward(self, x: Any) -> Any:
        """Take the maximum out, and add it to what is left."""
        x = as_floating(x)
        top = make_finite(x.max(self.axis, keepdims=True))
        total = np.log(np.exp(x - top).sum(self.axis, keepdims=True)) + top
        return total if self.keepdims else np.reshape(total, self.shape(x.shape))

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the input's own dtype; integers are float64 here."""
        return floating_dtype(*dtypes)

    def share(self, y: Any, x: Any) -> Any:
        """Give each element's share of the gradient: softmax."""
        axes = normalize_axis(self.axis, x.ndim)
        return softmax(x, axes[0] if axes != (x.ndim - 1,) else -1) if len(axes) == 1 else np.exp(x - y)


def make_finite(top: Any) -> Any:
    """Give the largest number, or its negative, for an infinity, which others can be subtracted from: ∞ − ∞ is NaN."""
    return np.minimum(np.maximum(top, -(largest := find_largest(top.dtype))), largest)


def spread(g: Any, shape: Shape) -> Any:
    """Broadcast g to ``shape``; a scalar as a view of stride 0, since np.broadcast_to costs ten times as much."""
    if g.shape == shape:
        return g
    if not g.shape and isinstance(g, np.ndarray | np.generic):
        return np.ndarray(shape, g.dtype, g, 0, (0,) * len(shape))
    return np.broadcast_to(g, shape)


# Ops of static fields, remembered: building one costs as much as a small reduction.
summed, _max, _min = (lru_cache(maxsize=256)(kind) for kind in (Sum, Max, Min))
_log_sum_exp = lru_cache(maxsize=64)(LogSumExp)
_softmax, _log_softmax = lru_cache(maxsize=64)(Softmax), lru_cache(maxsize=64)(LogSoftmax)


def static_axis(axis: Axis | list[int], x: Any) -> Axis:
    """Give axes as a field of an Op. Of one number there are none, though NumPy's reductions call them 0 and −1."""
    if axis is None or isinstance(axis, list | tuple):
        return axis if axis is None else tuple(axis)
    if isinstance(axis, bool | np.bool_ | float):  # which are remembered by the Op of an integer that equals them
        raise TypeError(f"the argument axis={axis!r} is no integer, nor a tuple of such")
    return () if axis in (0, -1) and not getattr(x, "ndim", 1) else axis


def sum(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Sum over ``axis``, as ``numpy.sum`` does."""
    return summed(static_axis(axis, x), bool(keepdims))(x)


def mean(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Average over ``axis``, as ``numpy.mean`` does: the sum divided by the number of elements."""
    x = as_floating(x)  # a sum of integers may wrap; NumPy does the same
    if x.dtype == np.float16:  # the sum may be out of its range, where the mean is not; NumPy does the same
        return mean(x.astype(np.float32), axis, keepdims).astype(np.float16)
    return sum(x, axis, keepdims) / prod(x.shape[i] for i in normalize_axis(axis, x.ndim))


def max(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Largest element over ``axis``, as ``numpy.max`` gives; ties share the gradient evenly."""
    return _max(static_axis(axis, x), bool(keepdims))(x)


def min(x: Any, axis: Axis = None, keepdims: bool = False) -> Any:
    """Smallest element over ``axis``, as ``numpy.min`` gives; ties share the gradient evenly."""
    return _min(static_axis(axis, x), bool(keepdims))(x)


def _refuse(called: str, other: Iterable[str]) -> TypeError:
    """Give the error for an argument that there is not, which may have another name elsewhere."""
    name = next(iter(other))
    said = " NumPy, and so minigrad, calls it axis." if name in ("dim", "dims", "axes") else ""
    return TypeError(f"{called}: there is no argument {name!r}.{said}")


def softmax(x: Any, axis: int = -1, **other: Never) -> Any:
    """Softmax along ``axis``: yₖ = exp(xₖ) / Σⱼ exp(xⱼ), for Tensors and arrays; it does not overflow."""
    if other:
        raise _refuse("softmax", other)
    return _softmax(axis)(x)


def log_softmax(x: Any, axis: int = -1, **other: Never) -> Any:
    """Logarithm of softmax along ``axis``: xₖ − ln Σⱼ exp(xⱼ), for Tensors and arrays; exact at logits of ±1000."""
    if other:
        raise _refuse("log_softmax", other)
    return _log_softmax(axis)(x)


def log_sum_exp(x: Any, axis: Axis = None, keepdims: bool = False, **other: Never) -> Any:
    """Logarithm of the sum of exponentials over ``axis``, ln Σ exp(x), for Tensors and arrays; exact at ±1000."""
    if other:
        raise _refuse("log_sum_exp", other)
    return _log_sum_exp(static_axis(axis, x), bool(keepdims))(x)
