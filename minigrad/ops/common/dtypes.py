"""The dtypes that numbers have, and the one that an elementwise function gives, from what it is given."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np


def _dtypes(codes: str) -> frozenset[np.dtype[Any]]:
    native = [np.dtype(code) for code in codes]
    return frozenset((*native, *(kind.newbyteorder() for kind in native)))


# To ask whether a dtype is in a set takes two thirds of the time of asking for its kind.
WHOLE = _dtypes("?bhilqBHILQ")  # truth values and integers
COMPLEX = _dtypes("FDG")
REAL = _dtypes("fdg")  # what a difference of numbers keeps
NUMBERS = WHOLE | COMPLEX | _dtypes("efdg")


def dtype_of(x: Any) -> np.dtype[Any]:
    """Give the dtype of an operand, an array or a number."""
    return x.dtype if hasattr(x, "dtype") else np.result_type(x)


def as_precise(x: Any, y: Any) -> Any:
    """Give an operand in the precision of the result y that a derivative is computed for.

    What is computed from an operand alone has the digits of its dtype: 1 / b of a float16 or a small integer has three,
    and ∂(a / b)/∂a of a float64 would have no more.
    """
    dtype = getattr(x, "dtype", None)
    if dtype is None or dtype is y.dtype or dtype.kind not in "iuf":
        return x
    wanted = y.dtype if y.dtype.kind == "f" else y.dtype.type(0).real.dtype
    return x.astype(wanted) if wanted.kind == "f" and dtype.itemsize < wanted.itemsize else x


def kind_of(x: Any) -> Any:
    """Give a dtype as it is, and of a Python number its type, which is all that NumPy promotes by (NEP 50)."""
    return x if isinstance(x, np.dtype) else type(x) if type(x) in (int, float, complex) else np.result_type(x)


@lru_cache(maxsize=4096)
def dtype_of_ufunc(ufunc: np.ufunc, *kinds: Any) -> np.dtype[Any]:
    """Give the dtype that a ufunc's value has; raises ``TypeError`` where it has no loop, as for −True."""
    return ufunc.resolve_dtypes((*kinds, None))[-1]


@lru_cache(maxsize=4096)
def dtype_of_call(op: Any, *kinds: Any) -> np.dtype[Any]:
    """Give the dtype that an operation's forward gives for no elements, which no value can be wrong for."""
    with np.errstate(all="ignore"):
        return np.result_type(op.forward(*(np.empty(0, x) if isinstance(x, np.dtype) else x(1) for x in kinds)))


def find_largest(dtype: np.dtype[Any]) -> Any:
    """Give the largest finite number, as Python's but for a long double's, which is ∞ there."""
    largest = np.finfo(dtype).max
    return largest if dtype.char in "gG" else float(largest)


_LONG = np.dtype(np.longdouble)


def read_bits(x: np.ndarray[Any, Any] | np.generic) -> bytes:
    """Give the bytes of an array that tell its numbers: equal ones have equal ones.

    A long double of 80 bits lies in 12 or 16 bytes, and what is in the others is whatever was in memory before.
    """
    read = x.tobytes()
    if x.dtype.char not in "gG" or not x.dtype.isnative or np.finfo(_LONG).nmant != 63:
        return read
    return np.frombuffer(read, np.uint8).reshape(-1, _LONG.itemsize)[:, :10].tobytes()
