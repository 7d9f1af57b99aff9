"""Norms that are sums of powers. Loaded when the first of these is called."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.arithmetic import divide_or_zero
from minigrad.ops.common.alphabet import to_subscript
from minigrad.ops.parts import conjugate
from minigrad.ops.reduction import Axis, Reduction, floating_dtype, restore_axes


class Norm(Reduction):
    """The norm of the elements over axes, y = (Σ |x|ᵖ)^(1/p), with p = ``ord``; the Euclidean one for 2.

    ∂E/∂x = g sign(x) (|x| / y)ᵖ⁻¹, which is g x / y for p = 2 (The Matrix Cookbook, 129); at x = 0 it is 0, and so is
    that of an element that is 0 for p < 1. Of complex x it is the conjugate.
    """

    name = "vector_norm"
    fields: ClassVar[tuple[str, ...]] = ("axis", "keepdims", "ord")

    def __init__(self, axis: Axis = None, keepdims: bool = False, ord: float = 2) -> None:
        super().__init__(axis, keepdims)
        self.ord = ord
        number = to_subscript(ord) if isinstance(ord, int) and ord > 0 else "ₚ"
        self.text = "‖{x}‖" if ord == 2 else f"‖{{x}}‖{number}"

    def forward(self, x: Any) -> Any:
        """Give the root of the sum of squares, or of other powers."""
        if self.ord == 2:
            return np.sqrt((x * conjugate(x)).real.sum(self.axis, keepdims=self.keepdims))
        return (np.abs(x) ** self.ord).sum(self.axis, keepdims=self.keepdims) ** (1 / self.ord)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the input's own dtype, of complex numbers that of their parts; integers are float64 here."""
        return np.empty(0, floating_dtype(*dtypes)).real.dtype

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give g times the element's share of the norm, 0 where the norm is 0."""
        g, y = restore_axes(g, x, self), restore_axes(y, x, self)
        if self.ord == 2:
            return g * divide_or_zero(conjugate(x), y)
        share, sign = divide_or_zero(np.abs(x), y), conjugate(np.sign(x))
        if self.ord < 1:  # where 0 to a negative power would be ∞
            share, sign = np.where(share == 0, 1, share), np.where(share == 0, 0, sign)
        return g * sign * share ** (self.ord - 1)

    vjps: Any = (vjp,)


norm = lru_cache(maxsize=64)(Norm)
