"""Arrays that cannot be written into, as Dask's, in the place of those that an update rule writes into.

A rule is stated once, in place: ``m *= β₁`` changes the array that m is. Of a library whose arrays never change it
would change the name m alone, and the running value would stay what it was, without a word.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from minigrad.engine.tensor import Tensor
from minigrad.ops.common.libraries import is_other


def is_unchanging(array: Any) -> bool:
    """Say whether ``array += 1`` would give another array, in place of changing this one."""
    return is_other(array) and not hasattr(type(array), "__iadd__")


class Held(NDArrayOperatorsMixin):
    """A place that holds an array: what is written into it in place is another array that it holds from then on.

    Of a lazy library that is computed at once: what is not would be computed again with every later step.
    """

    __slots__ = ("array",)
    array: Any
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, array: Any) -> None:
        self.array = array

    @property
    def shape(self) -> tuple[int, ...]:
        """Length of each axis."""
        return tuple(self.array.shape)

    @property
    def dtype(self) -> np.dtype[Any]:
        """Data type of the elements."""
        return self.array.dtype

    @property
    def size(self) -> int:
        """Number of elements."""
        return int(self.array.size)

    @property
    def nbytes(self) -> int:
        """Number of bytes of the elements."""
        return int(self.array.nbytes)

    def copy(self) -> Any:
        """Give a copy of the array."""
        return self.array.copy()

    def write(self, value: Any) -> Held:
        """Hold other elements, in the shape and the dtype of those before."""
        shape, dtype = self.shape, self.dtype
        new = value if is_other(value) else np.asarray(value, dtype, like=self.array)
        new = new if new.shape == shape else np.broadcast_to(new, shape)
        new = new if new.dtype == dtype else new.astype(dtype)
        self.array = new.persist() if hasattr(new, "persist") else new
        return self

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, out: Any = None, **kwargs: Any) -> Any:
        result = getattr(ufunc, method)(*map(_open, inputs), **kwargs)
        return result if out is None else out[0].write(result)

    def __getitem__(self, key: Any) -> Any:
        return self.array[key]

    def __setitem__(self, key: Any, value: Any) -> None:
        if key is Ellipsis:
            self.write(_open(value))
        else:
            self.array[key] = _open(value)


class HeldByTensor(Held):
    """The array of a parameter, which the tensor holds."""

    __slots__ = ("param",)

    def __init__(self, param: Tensor) -> None:
        self.param = param

    @property
    def array(self) -> Any:
        """The array that the tensor has now."""
        return self.param.array

    @array.setter
    def array(self, value: Any) -> None:
        self.param.array = value


def _open(x: Any) -> Any:
    return x.array if isinstance(x, Held) else x
