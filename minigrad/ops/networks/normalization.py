"""Normalization: elements with the mean 0 and the variance 1 of those that they are normalized among."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import Op, Shape, as_floating
from minigrad.ops.common.lanes import batch_along
from minigrad.ops.parts import is_complex
from minigrad.ops.reduction import floating_dtype, normalize_axis


def _back(op: Standardize, g: Any, y: Any, x: Any) -> Any:
    """Take from g what shifts and scales x, which leave y as it is, and scale the rest as x was."""
    shared = g - np.mean(g, op.axis, keepdims=True) - y * np.mean(g * y, op.axis, keepdims=True)
    return shared / np.sqrt(np.var(x, op.axis, keepdims=True) + op.eps)


class Standardize(Op):
    """y = (x − μ) / √(σ² + ε), with the mean μ and the variance σ² over axes.

    ∂E/∂x = (g − mean g − y mean(g y)) / √(σ² + ε), the means over the same axes (Ioffe & Szegedy 2015).
    """

    name, text, fields, example = "standardize", "standardize({x})", ("axis", "eps"), ((0,), 1e-5)
    vjps = (_back,)

    def __init__(self, axis: tuple[int, ...], eps: float) -> None:
        self.axis, self.eps = axis, eps

    batch = batch_along

    def definition(self, x: Any) -> Any:
        """Write it with the mean and the mean of squares."""
        centered = x - np.mean(x, self.axis, keepdims=True)
        return centered / np.sqrt(np.mean(centered**2, self.axis, keepdims=True) + self.eps)

    def forward(self, x: Any) -> Any:
        """Center, and divide by the deviation."""
        if is_complex(x):
            raise TypeError("standardize: wanted real numbers; do it with x.real and x.imag apart")
        return self.definition(as_floating(x))

    def shape(self, *shapes: Shape) -> Shape:
        """Give the input's own shape."""
        normalize_axis(self.axis, len(shapes[0]))
        return shapes[0]

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the input's own dtype; integers are float64 here."""
        return floating_dtype(*dtypes)
