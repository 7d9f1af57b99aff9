"""Equations and functions of matrices, by ``scipy.linalg``. Loaded by ``minigrad.scipy.linalg``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.extras import require
from minigrad.ops.base import Op, Shape
from minigrad.ops.linalg import transpose_matrices as T
from minigrad.ops.matrices.inverses import OfSquareMatrices
from minigrad.ops.reduction import floating_dtype

linalg: Any = require("scipy.linalg", "native")


class Sylvester(Op):
    """The solution y of a y + y b = c.

    With the s of aᵀ s + s bᵀ = g: ∂E/∂c = s, ∂E/∂a = −s yᵀ and ∂E/∂b = −yᵀ s, from the equation's differential
    a dy + dy b = dc − da y − y db.
    """

    name, letters, text = "sylvester", "abc", "sylvester({a}, {b}, {c})"
    broadcasts = True  # not in shape: a real operand beside complex ones has a real gradient
    vjps = (
        lambda op, g, y, a, b, c: -(sylvester(T(a), T(b), g) @ T(y)),
        lambda op, g, y, a, b, c: -(T(y) @ sylvester(T(a), T(b), g)),
        lambda op, g, y, a, b, c: sylvester(T(a), T(b), g),
    )

    def forward(self, a: Any, b: Any, c: Any) -> Any:
        """Solve by Bartels and Stewart's algorithm."""
        return linalg.solve_sylvester(a, b, c)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of c, n × m, for an n × n matrix a and an m × m matrix b."""
        a, b, c = shapes
        if len(c) != 2 or (a, b) != ((c[0], c[0]), (c[1], c[1])):
            raise ValueError("wanted matrices a of n × n, b of m × m and c of n × m")
        return c

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the floating-point dtype of all three."""
        return floating_dtype(*dtypes)


class SquareRoot(OfSquareMatrices):
    """The principal root y of y y = x. From dy y + y dy = dx: ∂E/∂x is the s of yᵀ s + s yᵀ = g."""

    name, text = "sqrtm", "{x}^½"
    vjps = (lambda op, g, y, x: sylvester(T(y), T(y), g),)

    def forward(self, x: Any) -> Any:
        """Find the root of a matrix; of a real one that has none among real ones, raise."""
        y = linalg.sqrtm(x)
        if np.iscomplexobj(y) and not np.iscomplexobj(x):
            raise ValueError("the root of this real matrix is complex; give it as a complex one, .astype(complex)")
        return y


class Exponential(OfSquareMatrices):
    """The exponential y = 1 + x + x²/2 + ….

    ∂E/∂x is the upper right block of exp([xᵀ g; 0 xᵀ]): N. J. Higham, Functions of Matrices, 2008, (10.16).
    """

    name, text = "expm", "exp({x})"

    def forward(self, x: Any) -> Any:
        """Compute it by scaling, squaring and Padé's approximants."""
        return linalg.expm(x)

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give the block of the exponential of twice the size."""
        n, turned = x.shape[-1], T(x)
        both = np.concatenate([np.concatenate([turned, g], -1), np.concatenate([0 * g, turned], -1)], -2)
        return expm(both)[..., :n, n:]

    vjps: Any = (vjp,)


class Banded(Op):
    """The solution y of A y = b, with A's diagonals as the rows of a: Aᵢⱼ = a[upper + i − j, j].

    ∂E/∂b = A⁻ᵀ g, and ∂E/∂A = −(∂E/∂b) yᵀ on the diagonals.
    """

    name, letters, text, fields, example = "banded", "ab", "banded({a})⁻¹ {b}", ("lower", "upper"), (1, 1)
    broadcasts = True  # not in shape: a real operand beside a complex one has a real gradient

    def __init__(self, lower: int, upper: int) -> None:
        self.lower, self.upper = lower, upper

    def forward(self, a: Any, b: Any) -> Any:
        """Solve by elimination along the band."""
        return linalg.solve_banded((self.lower, self.upper), a, b)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of b, whose rows are as many as a has columns."""
        a, b = shapes
        if len(a) != 2 or a[0] != self.lower + self.upper + 1 or not b or b[0] != a[1]:
            raise ValueError("wanted one row for each of the l + u + 1 diagonals, and columns as many as b has rows")
        return b

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the floating-point dtype of both."""
        return floating_dtype(*dtypes)

    @property
    def below(self) -> range:
        """How far below the main diagonal each row's diagonal is: i − j."""
        return range(-self.upper, self.lower + 1)

    def by_right_side(self, g: Any, y: Any, a: Any, b: Any) -> Any:
        """Give A⁻ᵀ g; the diagonals of Aᵀ are those of A, in reverse and each moved by its distance."""
        turned = np.stack([np.roll(a[self.upper + d], d) for d in reversed(self.below)])
        return banded(self.upper, self.lower)(turned, g)

    def by_matrix(self, g: Any, y: Any, a: Any, b: Any) -> Any:
        """Give −(∂E/∂b) yᵀ on the diagonals, and 0 for what of a is no part of A."""
        s, n = self.by_right_side(g, y, a, b), a.shape[1]
        s, y = np.reshape(s, (n, -1)), np.reshape(y, (n, -1))
        rows = np.stack([np.sum(np.roll(s, -d, 0) * y, 1) for d in self.below])
        inside = np.add.outer(np.array(self.below), np.arange(n))
        return np.where((inside >= 0) & (inside < n), -rows, 0)

    vjps: Any = (by_matrix, by_right_side)


sylvester: Any = Sylvester()
sqrtm, expm = SquareRoot(), Exponential()
banded = lru_cache(maxsize=64)(Banded)
