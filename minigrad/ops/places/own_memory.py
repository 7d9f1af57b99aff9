"""Copies: the same elements in memory of their own, in order there or as they lay."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.shaping import Cast, Reshape, astype


class CopyInOrder(Cast):
    """The same values in an array of their own, in order there; ``Cast`` leaves them in the order that they lay in."""

    def forward(self, x: Any) -> Any:
        """Copy the elements."""
        return np.array(x, self.to, order="C") if isinstance(x, np.ndarray) else x.astype(self.to)


def copy(a: Any, order: str = "K", subok: bool = False) -> Any:
    """Give the same elements in an array of their own, which one number has, too."""
    if not a.ndim:
        return Reshape(())(Reshape((1,))(astype(a, a.dtype)))
    return CopyInOrder(a.dtype)(a) if order == "C" else astype(a, a.dtype)
