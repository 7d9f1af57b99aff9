"""Products of two rows of numbers at each of their positions to each other: convolution and correlation."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import Op, Shape
from minigrad.ops.common.lanes import align_lanes


class Convolve(Op):
    """The convolution along the last axis, yₖ = Σ aₖ₋ₘ bₘ, at each position where the two overlap.

    ∂E/∂a is g correlated with b, and ∂E/∂b is g correlated with a.
    """

    name, letters, text, binds, broadcasts = "convolve", "ab", "{a} ∗ {b}", 2, True
    vjps = (lambda op, g, y, a, b: correlate(g, b), lambda op, g, y, a, b: correlate(g, a))

    def forward(self, a: Any, b: Any) -> Any:
        """Multiply and add up at each position."""
        if a.ndim == b.ndim == 1:
            return np.convolve(a, b)
        margin = np.zeros_like(a, shape=(*a.shape[:-1], b.shape[-1] - 1), order="C")
        return correlate.forward(np.concatenate([margin, a, margin], -1), b[..., ::-1])

    def batch(self, *inputs: Any) -> Any:
        """Convolve the rows of all lanes."""
        return self(*align_lanes(inputs))

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape: (…, n) ∗ (…, m) → (…, n + m − 1)."""
        a, b = _check_lengths(*shapes)
        return (*np.broadcast_shapes(a[:-1], b[:-1]), a[-1] + b[-1] - 1)


class Correlate(Op):
    """The correlation along the last axis, yₖ = Σ aₖ₊ₘ bₘ, where b lies within a. ∂E/∂a is g ∗ b, ∂E/∂b is a ⋆ g."""

    name, letters, text, binds, broadcasts = "correlate", "ab", "{a} ⋆ {b}", 2, True
    vjps = (lambda op, g, y, a, b: convolve(g, b), lambda op, g, y, a, b: correlate(a, g))

    def forward(self, a: Any, b: Any) -> Any:
        """Multiply and add up at each position."""
        if a.ndim == b.ndim == 1:
            return np.convolve(a, b[::-1], "valid")
        windows = np.lib.stride_tricks.sliding_window_view(a, b.shape[-1], -1)
        return np.matmul(windows, b[..., None])[..., 0]

    def batch(self, *inputs: Any) -> Any:
        """Correlate the rows of all lanes."""
        return self(*align_lanes(inputs))

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape: (…, n) ⋆ (…, m) → (…, n − m + 1)."""
        a, b = _check_lengths(*shapes)
        if a[-1] < b[-1]:
            raise ValueError("the second is longer than the first")
        return (*np.broadcast_shapes(a[:-1], b[:-1]), a[-1] - b[-1] + 1)


def _check_lengths(a: Shape, b: Shape) -> tuple[Shape, Shape]:
    if not (a and b and a[-1] and b[-1]):
        raise ValueError("there is no row of numbers")
    return a, b


convolve: Convolve = Convolve()
correlate: Correlate = Correlate()
