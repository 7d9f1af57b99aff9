"""Functions that NumPy has as such, one operation each; ``ops.elements.families`` has their derivatives, too."""

from __future__ import annotations

from typing import Any

from minigrad.ops.elements import families
from minigrad.ops.parts import is_complex


def sinc(x: Any) -> Any:
    """Give sin(πx) / (πx), and 1 at 0."""
    return families.sinc(x)


def i0(x: Any) -> Any:
    """Give the modified Bessel function of the first kind, of order 0."""
    if is_complex(x):
        raise TypeError("i0: the argument x is complex; scipy.special.iv(0, x) takes it")
    return families.i0(x)
