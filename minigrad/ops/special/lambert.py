"""Lambert's W. Loaded by ``minigrad.scipy.special``."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.extras import require
from minigrad.ops.base import Op, Shape

special: Any = require("scipy.special", "native")


class LambertW(Op):
    """A branch of the inverse of y eʸ: from dx = (eʸ + y eʸ) dy, ∂E/∂x = g / (eʸ + x). Its values are complex."""

    name, text, fields, example = "lambertw", "W({x})", ("k", "tol"), (0, 1e-8)
    broadcasts = True  # not in shape: g is complex, and x may be real
    vjps = (lambda op, g, y, x: g / (np.exp(y) + x),)

    def __init__(self, k: int, tol: float) -> None:
        self.k, self.tol = k, tol

    def forward(self, x: Any) -> Any:
        """Compute it by Halley's iteration, to ``tol``."""
        return special.lambertw(x, self.k, self.tol)

    def batch(self, x: Any) -> Any:
        """Compute it for all lanes."""
        return self(x)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the input's own shape."""
        return shapes[0]

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give that of SciPy's only loop."""
        return np.dtype(np.complex128)
