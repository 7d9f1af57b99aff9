"""Operators of whole numbers and truth values, ``//``, ``%``, bits and shifts, by NumPy's functions for them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.ops.common.late import Late

rounding, logic = Late("minigrad.ops.elements.rounding"), Late("minigrad.ops.elements.logic")


def _by_numpy(ufunc: Any, operations: Any) -> tuple[Callable[[Any, Any], Any], Callable[[Any, Any], Any]]:
    """Give an operator, and the reflected one, by NumPy's function: an operation, a constant or an error.

    Two Python numbers that are not known yet make another such, by the operation: of them a function of NumPy's makes
    a float64, or an int64, beside which what is narrower would not stay so.
    """
    name = ufunc.__name__

    def apply(a: Any, b: Any) -> Any:
        return getattr(operations, name)(a, b) if _is_number(a) and _is_number(b) else ufunc(a, b)

    return apply, lambda self, other: apply(other, self)


def _is_number(x: Any) -> bool:
    return type(x) in (bool, int, float) or getattr(x, "weak", False) or getattr(x, "truth", False)


def _divide_whole(a: Any, b: Any) -> tuple[Any, Any]:
    return a // b, a % b


class WholeOperators:
    """What an operand does with the operators that Python has for whole numbers."""

    __slots__ = ()
    __floordiv__, __rfloordiv__ = _by_numpy(np.floor_divide, rounding)
    __mod__, __rmod__ = _by_numpy(np.remainder, rounding)
    __divmod__, __rdivmod__ = _divide_whole, lambda self, other: (other // self, other % self)
    __and__, __rand__ = _by_numpy(np.bitwise_and, logic)
    __or__, __ror__ = _by_numpy(np.bitwise_or, logic)
    __xor__, __rxor__ = _by_numpy(np.bitwise_xor, logic)
    __lshift__, __rlshift__ = _by_numpy(np.left_shift, logic)
    __rshift__, __rrshift__ = _by_numpy(np.right_shift, logic)

    def __invert__(self) -> Any:
        if getattr(self, "truth", False):
            return -1 - self  # type: ignore[operator]  # Python's ~True is −2
        return np.invert(self)  # type: ignore[call-overload]  # which asks its __array_ufunc__
