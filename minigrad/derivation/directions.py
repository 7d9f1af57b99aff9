"""Directions: along which a value is moved, and what a gradient says that E changes by, to compare with differences."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.derivation.cut import Cut
from minigrad.engine.node import Node


def to_double(x: Any) -> Any:
    """Give floating-point and complex values in double precision, which differences of E need."""
    kind = {"f": np.float64, "c": np.complex128}.get(np.asarray(x).dtype.kind)
    return x if kind is None else np.asarray(x, kind)


def draw_direction(rng: np.random.Generator, like: Any) -> Any:
    """Give a direction of numbers from ½ to 1 of either sign, of complex ones where the values are complex."""
    d = rng.choice([-1.0, 1.0], size=like.shape) * rng.uniform(0.5, 1.0, size=like.shape)
    return d + 1j * rng.permuted(d) if np.iscomplexobj(like) else d


def sum_along(gradient: Any, d: Any) -> float:
    """Give Σ ∂E/∂x d, the slope of E along d: of complex numbers its real part, as ``ops.parts`` has gradients."""
    return float(np.real(np.sum(gradient * d)))


def slope_off(cut: Cut, target: Node, gradient: Any) -> float:
    """Give the largest difference between ⟨gradient, d⟩ and the slope of E along d, as a share of scale.

    The value of ``target`` is moved to both sides along two random directions, and E computed from there.
    """
    worst, rng = 0.0, np.random.default_rng(0)
    atom = cut.atom[target]
    before = {x: to_double(value) for x, value in cut.values().items()}
    x = before[atom]
    h = 6e-6 * (1 + float(np.max(np.abs(x), initial=0.0)))
    for _ in range(2):
        d = draw_direction(rng, x)
        ends = [cut.loss({atom: x + sign * h * d}, before) for sign in (1, -1)]
        slope = float(ends[0] - ends[1]) / (2 * h)
        off = abs(sum_along(gradient, d) - slope)
        worst = max(worst, off / (1 + float(np.abs(gradient * d).sum())))
    return worst
