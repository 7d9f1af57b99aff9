"""Operators of whole numbers and truth values, ``//``, ``%``, bits and shifts, by NumPy's functions for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np


def _by_numpy(ufunc: Any) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """Give an operator, and the reflected one, by NumPy's function: an operation, a constant or an error."""
    return lambda self, other: ufunc(self, other), lambda self, other: ufunc(other, self)


class WholeOperators:
    """What an operand does with the operators that Python has for whole numbers."""

    __slots__ = ()
    __floordiv__, __rfloordiv__ = _by_numpy(np.floor_divide)
    __mod__, __rmod__ = _by_numpy(np.remainder)
    __divmod__, __rdivmod__ = _by_numpy(np.divmod)
    __and__, __rand__ = _by_numpy(np.bitwise_and)
    __or__, __ror__ = _by_numpy(np.bitwise_or)
    __xor__, __rxor__ = _by_numpy(np.bitwise_xor)
    __lshift__, __rlshift__ = _by_numpy(np.left_shift)
    __rshift__, __rrshift__ = _by_numpy(np.right_shift)

    def __invert__(self) -> Any:
        return np.invert(self)  # type: ignore[call-overload]  # which asks its __array_ufunc__
