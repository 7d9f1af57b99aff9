"""Numbers between two others, by a share t of the way: a where t is 0, b where it is 1."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import Elementwise, Op, one
from minigrad.ops.common.choices import may_multiply, multiply_weights


class Between(Elementwise):
    """y = a + (b − a) t, with the derivatives 1 − t, t and b − a.

    Written out, the gradient of a would be g − g t, which is NaN for an infinite g; and to an end that has no part in a
    number goes none of that.
    """

    broadcasts = True

    def __init__(self, name: str, forward: Any) -> None:
        super().__init__(name, forward, one, one, one, text=f"{name}({{a}}, {{b}}, {{c}})")
        self.derivatives = None
        self.vjps = (
            lambda op, g, y, a, b, t: _weigh(g, 1 - t),
            lambda op, g, y, a, b, t: _weigh(g, t),
            lambda op, g, y, a, b, t: g * (b - a),
        )

    @property
    def unseen(self) -> Op:
        """Give the same with rules for a g that nobody sees, which may be infinite."""
        other = object.__new__(type(self))
        rules = (
            lambda op, g, y, a, b, t: _weigh_unseen(g, 1 - t),
            lambda op, g, y, a, b, t: _weigh_unseen(g, t),
            self.vjps[2],
        )
        other.__dict__.update(self.__dict__, vjps=rules)
        return other


def _weigh(g: Any, weights: Any) -> Any:
    return g * weights if may_multiply(g) else multiply_weights(g, weights)


def _weigh_unseen(g: Any, weights: Any) -> Any:
    """Give g times the weights, none of which is 0, or times those that are not."""
    known = weights if isinstance(weights, int | float) else getattr(weights, "value", None)
    return g * weights if known is not None and np.all(known != 0) else multiply_weights(g, weights)


def _from_nearer(a: Any, b: Any, t: Any) -> Any:
    """Give the number as NumPy computes it between two of an order: from the nearer end."""
    way = b - a
    if isinstance(t, int | float):
        return b - way * (1 - t) if t >= 0.5 else a + way * t
    return np.where(t >= 0.5, b - way * (1 - t), a + way * t)


def _from_first(a: Any, b: Any, t: Any) -> Any:
    """Give the number as NumPy computes those of a row: from the first, and at the end the last itself."""
    return np.where(t == 1, b, a + (b - a) * t)


between, in_a_row = Between("lerp", _from_nearer), Between("in_a_row", _from_first)
