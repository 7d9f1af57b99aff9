"""The methods of an operand that are functions of NumPy's: reductions, what runs along an axis, choosing, sorting."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Never, Self, TypeVar

import numpy as np

from minigrad.ops import linalg, reduction, shaping
from minigrad.ops.base import Recorder
from minigrad.ops.common.late import Late
from minigrad.ops.places import own_memory

other_names = Late("minigrad.engine.messages.other_names")

F = TypeVar("F", bound=Callable[..., Any])

_np: Any = np  # whose own types know arrays alone


def _chosen(initial: Any, where: Any) -> dict[str, Any]:
    """Give those of a reduction's arguments that were given: to NumPy's own, None is a start of another kind."""
    return {name: x for name, x, left_out in (("initial", initial, None), ("where", where, True)) if x is not left_out}


def _assign(x: Any, value: Any) -> None:
    x[...] = value


def _says_arguments(method: F) -> F:
    """Let a method that is no part of a step's loop say what another library's argument is called here."""

    @wraps(method)
    def called(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            return method(self, *args, **kwargs)
        except TypeError as error:
            if kwargs and "unexpected keyword argument" in str(error):
                wrong = {name: x for name, x in kwargs.items() if repr(name) in str(error)}
                raise other_names.refuse_arguments(method.__name__, self, wrong or kwargs) from error
            raise

    made: Any = called
    return made


class Methods(Recorder):
    """NumPy's functions as methods, with the arguments that those have."""

    __slots__ = ()
    dtype: Any
    ndim: Any
    size: Any

    def sum(
        self,
        axis: reduction.Axis = None,
        dtype: Any = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
        **other: Never,
    ) -> Self:
        """Sum over ``axis`` (None: all axes)."""
        if other:
            raise other_names.refuse_arguments("sum", self, other)
        if dtype is None and out is None and initial is None and where is True:
            axis = axis if axis is None else reduction.static_axis(axis, self)
            return self.apply(reduction.summed(axis, keepdims), (self,))
        return _np.sum(self, axis, dtype, out, keepdims, **_chosen(initial, where))

    def trace(self, offset: int = 0, axis1: int = 0, axis2: int = 1, dtype: Any = None, out: None = None) -> Self:
        """Sum the diagonal, or one beside it, of each matrix along two axes."""
        return _np.trace(self, offset, axis1, axis2, dtype, out)

    def mean(
        self,
        axis: reduction.Axis = None,
        dtype: Any = None,
        out: None = None,
        keepdims: bool = False,
        *,
        where: Any = True,
        **other: Never,
    ) -> Self:
        """Average over ``axis`` (None: all axes)."""
        if other:
            raise other_names.refuse_arguments("mean", self, other)
        if dtype is None and out is None and where is True:
            return reduction.mean(self, axis, keepdims)
        return _np.mean(self, axis, dtype, out, keepdims, where=where)

    def max(
        self,
        axis: reduction.Axis = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
        **other: Never,
    ) -> Self:
        """Largest element over ``axis``; ties share the gradient evenly."""
        if other:
            raise other_names.refuse_arguments("max", self, other)
        return _np.max(self, axis, out, keepdims, **_chosen(initial, where))

    def min(
        self,
        axis: reduction.Axis = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
        **other: Never,
    ) -> Self:
        """Smallest element over ``axis``; ties share the gradient evenly."""
        if other:
            raise other_names.refuse_arguments("min", self, other)
        return _np.min(self, axis, out, keepdims, **_chosen(initial, where))

    def prod(
        self,
        axis: reduction.Axis = None,
        dtype: Any = None,
        out: None = None,
        keepdims: bool = False,
        initial: Any = None,
        where: Any = True,
        **other: Never,
    ) -> Self:
        """Multiply over ``axis`` (None: all axes)."""
        if other:
            raise other_names.refuse_arguments("prod", self, other)
        return _np.prod(self, axis, dtype, out, keepdims, **_chosen(initial, where))

    def var(self, axis: reduction.Axis = None, *args: Any, **more: Any) -> Self:
        """Give the mean squared deviation from the mean, as ``numpy.var`` does."""
        if more.keys() & other_names.ARGUMENTS.keys():
            raise other_names.refuse_arguments("var", self, more)
        return _np.var(self, axis, *args, **more)

    def std(self, axis: reduction.Axis = None, *args: Any, **more: Any) -> Self:
        """Give the root of the variance, as ``numpy.std`` does."""
        if more.keys() & other_names.ARGUMENTS.keys():
            raise other_names.refuse_arguments("std", self, more)
        return _np.std(self, axis, *args, **more)

    def cumsum(self, axis: int | None = None, dtype: Any = None, out: None = None, **other: Never) -> Self:
        """Add up along ``axis`` (None: all elements in a row), and keep each sum."""
        if other:
            raise other_names.refuse_arguments("cumsum", self, other)
        return _np.cumsum(self, axis, dtype, out)

    def cumprod(self, axis: int | None = None, dtype: Any = None, out: None = None, **other: Never) -> Self:
        """Multiply along ``axis`` (None: all elements in a row), and keep each product."""
        if other:
            raise other_names.refuse_arguments("cumprod", self, other)
        return _np.cumprod(self, axis, dtype, out)

    @_says_arguments
    def all(self, *args: Any, **more: Any) -> Any:
        """Say whether all elements over axes are other than 0, as ``numpy.all`` does."""
        return _np.all(self, *args, **more)

    @_says_arguments
    def any(self, *args: Any, **more: Any) -> Any:
        """Say whether any element over axes is other than 0, as ``numpy.any`` does."""
        return _np.any(self, *args, **more)

    @property
    def mT(self) -> Self:
        """The matrices on the last two axes, transposed."""
        return _np.matrix_transpose(self)

    @property
    def flat(self) -> Self:
        """All elements in one dimension, row by row: to go through them, and to choose of."""
        return _np.ravel(self)

    @property
    def itemsize(self) -> int:
        """Bytes of an element."""
        return int(self.dtype.itemsize)

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return int(self.size * self.dtype.itemsize)

    def squeeze(self, axis: int | tuple[int, ...] | None = None, **other: Never) -> Self:
        """Remove axes of length 1."""
        if other:
            raise other_names.refuse_arguments("squeeze", self, other)
        return shaping.squeeze(self, axis)

    def ravel(self, order: str = "C") -> Self:
        """Give the elements in one dimension."""
        return shaping.ravel(self, order)

    def flatten(self, order: str = "C", **other: Never) -> Self:
        """Give the elements in one dimension, in an array of their own."""
        if other:
            raise other_names.refuse_arguments("flatten", self, other)
        return own_memory.copy(shaping.ravel(self, order))

    @_says_arguments
    def swapaxes(self, axis1: int, axis2: int) -> Self:
        """Exchange two axes."""
        axes = list(range(self.ndim))
        try:
            axes[axis1], axes[axis2] = axes[axis2], axes[axis1]
        except (IndexError, TypeError):
            return _np.swapaxes(self, axis1, axis2)  # which says what is wrong with them
        return shaping.transpose(self, axes)

    def dot(self, other: Any, out: None = None) -> Self:
        """Multiply as ``numpy.dot`` does: over the last axis of this and the last but one of the other."""
        return linalg.dot(self, other) if out is None else _np.dot(self, other, out)

    @_says_arguments
    def take(self, indices: Any, axis: int | None = None, out: None = None, mode: Any = "raise") -> Self:
        """Give the elements of an axis (None: of all in one dimension) at places."""
        return _np.take(self, indices, axis, out, mode)

    @_says_arguments
    def repeat(self, repeats: Any, axis: int | None = None) -> Self:
        """Repeat each element of an axis (None: of all in one dimension)."""
        return _np.repeat(self, repeats, axis)

    @_says_arguments
    def diagonal(self, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Self:
        """Give the elements of two axes at i and i + offset, as the last axis."""
        return _np.diagonal(self, offset, axis1, axis2)

    @_says_arguments
    def choose(self, choices: Any, out: None = None, mode: Any = "raise") -> Self:
        """Choose, element by element, the choice that this holds the number of."""
        return _np.choose(self, choices, out, mode)

    @_says_arguments
    def compress(self, condition: Any, axis: int | None = None, out: None = None) -> Self:
        """Give the places of an axis (None: of all in one dimension) where a condition holds."""
        return _np.compress(condition, self, axis, out)

    def copy(self, order: Any = "C") -> Self:
        """Give the same elements in an array of their own."""
        return _np.copy(self, order)

    def nonzero(self) -> Any:
        """Give where the elements are that are not 0, as arrays of places."""
        return _np.nonzero(self)

    @_says_arguments
    def argpartition(self, kth: Any, axis: int | None = -1, kind: Any = "introselect", order: Any = None) -> Any:
        """Give the places along an axis with those of the ``kth`` smallest elements where sorting puts them."""
        return _np.argpartition(self, kth, axis, kind, order)

    @_says_arguments
    def argsort(self, axis: int | None = -1, **more: Any) -> Any:
        """Give the positions that would put the elements in order, as ``numpy.argsort`` does."""
        return _np.argsort(self, axis, **more)

    @_says_arguments
    def sort(self, axis: int = -1, kind: Any = None, order: None = None, *, stable: bool | None = None) -> None:
        """Put the elements in ascending order along an axis, in place: an assignment of ``numpy.sort`` of them."""
        _assign(self, _np.sort(self, axis, kind, order, stable=stable))

    @_says_arguments
    def partition(self, kth: Any, axis: int = -1, kind: str = "introselect", order: None = None) -> None:
        """Put the elements at ``kth`` where sorting puts them, in place, by an assignment of ``numpy.partition``."""
        _assign(self, _np.partition(self, kth, axis, kind, order))

    def fill(self, value: Any) -> None:
        """Assign a value to all elements."""
        _assign(self, value)

    def put(self, indices: Any, values: Any, mode: Any = "raise") -> None:
        """Assign values at places, counted row by row, as ``numpy.put`` does."""
        _np.put(self, indices, values, mode)

    @_says_arguments
    def clip(self, min: Any = None, max: Any = None, out: None = None) -> Self:
        """Keep elements within bounds, as ``numpy.clip`` does."""
        return _np.clip(self, min, max, out)

    @_says_arguments
    def round(self, decimals: int = 0, out: None = None) -> Self:
        """Give the nearest numbers of so many decimals, as constants."""
        return _np.round(self, decimals, out)
