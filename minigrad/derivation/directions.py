"""Directions: along which a value is moved, and what a gradient says that E changes by, to compare with differences."""

from __future__ import annotations

from typing import Any

import numpy as np


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
