"""What the rules of other operations are written with, where the plain formula has no value or too few digits."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import Elementwise
from minigrad.ops.elementwise import sigmoid


def zero(y: Any, *inputs: Any) -> int:
    """Give the local derivative 0: of an input that the value depends on by steps alone."""
    return 0


# 1 − x², by a product that keeps its digits where |x| is near 1.
one_minus_square = Elementwise(
    "one_minus_square", lambda x: (1 - x) * (1 + x), lambda y, x: -2 * x, text="1 − {x}²", binds=1
)


def _share(a: Any, b: Any) -> Any:
    return 1 / (1 + np.exp(np.where(a == b, 0, b - a)))


# The share of eᵃ in eᵃ + eᵇ, which is σ(a − b); ½ of two equal infinities, whose difference is NaN.
share = Elementwise("share", _share, lambda y, a, b: y * (1 - y), lambda y, a, b: -y * (1 - y), text="σ({a} − {b})")


def share_of(a: Any, b: Any) -> Any:
    """Give the share of eᵃ in eᵃ + eᵇ; in eᵃ + 1, as of softplus written with logaddexp, it is σ(a)."""
    return sigmoid(a) if type(b) in (int, float) and b == 0 else share(a, b)
