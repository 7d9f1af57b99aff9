"""``numpy.emath``: roots, logarithms and inverses that are complex where real numbers have none.

Whether they are depends on the values, so that compiled functions have none of them.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import as_array
from minigrad.ops.composed.arguments import read_values
from minigrad.ops.composed.reductions import cast
from minigrad.ops.parts import is_complex

_SINGLE = frozenset("fbhBHF")  # the dtypes of which NumPy makes complex64


def _widen(x: Any, beyond: float = 0.0) -> Any:
    """Give complex numbers in place of real ones of which some are negative, or for 1 beyond −1 or 1."""
    x = as_array(x)
    if is_complex(x):
        return x
    values = read_values(x)
    outside = values < 0 if not beyond else abs(values) > beyond
    return cast(x, np.dtype(np.complex64 if x.dtype.char in _SINGLE else np.complex128)) if outside.any() else x


def sqrt(x: Any) -> Any:
    """Give the square root."""
    return np.sqrt(_widen(x))


def log(x: Any) -> Any:
    """Give the natural logarithm."""
    return np.log(_widen(x))


def log2(x: Any) -> Any:
    """Give the logarithm to the base of 2."""
    return np.log2(_widen(x))


def log10(x: Any) -> Any:
    """Give the logarithm to the base of 10."""
    return np.log10(_widen(x))


def logn(n: Any, x: Any) -> Any:
    """Give the logarithm to a base n."""
    return np.log(_widen(x)) / np.log(_widen(n))


def power(x: Any, p: Any) -> Any:
    """Give xᵖ, of whole numbers too where some p are negative."""
    p = as_array(p)
    if p.dtype.kind in "iub" and (read_values(p) < 0).any():
        p = p * 1.0
    return np.power(_widen(x), p)


def arccos(x: Any) -> Any:
    """Give the angle of a cosine."""
    return np.arccos(_widen(x, 1.0))


def arcsin(x: Any) -> Any:
    """Give the angle of a sine."""
    return np.arcsin(_widen(x, 1.0))


def arctanh(x: Any) -> Any:
    """Give the hyperbolic angle of a tangent."""
    return np.arctanh(_widen(x, 1.0))
