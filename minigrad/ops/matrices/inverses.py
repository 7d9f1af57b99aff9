"""Inverses of matrices, what is solved with them, and determinants. Loaded when the first of these is called."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.ops.base import Op, Shape
from minigrad.ops.common.lanes import align_lanes
from minigrad.ops.common.libraries import alike
from minigrad.ops.linalg import transpose_matrices as T
from minigrad.ops.parts import conjugate
from minigrad.ops.reduction import floating_dtype


def check_square(shape: Shape) -> None:
    """Refuse what is no square matrix, nor a batch of such."""
    if len(shape) < 2 or shape[-1] != shape[-2]:
        raise np.linalg.LinAlgError("wanted square matrices, along the last two axes")


def over_matrices(g: Any) -> Any:
    """Give the gradient of one number a matrix two axes more, so that it multiplies each element of its matrix."""
    return np.expand_dims(g, (-2, -1)) if g.ndim else g


def real_dtype(*dtypes: Any) -> np.dtype[Any]:
    """Give the dtype of a size: that of the values, of complex ones that of their parts."""
    return np.empty(0, floating_dtype(*dtypes)).real.dtype


class OfMatrices(Op):
    """An operation on a matrix, or on each of many along the leading axes, whose value is a float."""

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the input's own dtype; integers are float64 here."""
        return floating_dtype(*dtypes)

    def batch(self, *inputs: Any) -> Any:
        """Apply to the matrices of all lanes."""
        return self(*align_lanes(inputs))


class OfSquareMatrices(OfMatrices):
    """One on square matrices, whose value is of their shape."""

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the matrices."""
        check_square(shapes[0])
        return shapes[0]

    def hint(self, *shapes: Shape) -> str:
        """Suggest a square matrix of another one's size."""
        return "A square one made of it is {x}.T @ {x}." if len(shapes[0]) == 2 else ""


class Inverse(OfSquareMatrices):
    """The inverse y = x⁻¹. From d(x⁻¹) = −x⁻¹ dx x⁻¹: ∂E/∂x = −yᵀ g yᵀ.

    M. B. Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation", 2008,
    2.2.3. A singular matrix is an error, as NumPy's.
    """

    name, text, binds = "inv", "{x}⁻¹", 4

    def hint(self, *shapes: Shape) -> str:
        """Suggest the inverse that every matrix has."""
        return "Every matrix has a pseudo-inverse, np.linalg.pinv({x})."

    vjps = (lambda op, g, y, x: -(T(y) @ g @ T(y)),)

    def forward(self, x: Any) -> Any:
        """Invert each matrix."""
        return np.linalg.inv(x)


class Solve(OfSquareMatrices):
    """The solution y of a y = b, for the columns of b: y = a⁻¹ b.

    ∂E/∂b = a⁻ᵀ g, and ∂E/∂a = −(∂E/∂b) yᵀ (Giles 2008, 2.2.4, for A⁻¹B). Both operands may have a batch.
    """

    name, letters, text, binds, broadcasts = "solve", "ab", "{a}⁻¹ {b}", 3, True
    vjps = (
        lambda op, g, y, a, b: -(solve_matrix(T(a), g) @ T(y)),
        lambda op, g, y, a, b: solve_matrix(T(a), g),
    )

    def forward(self, a: Any, b: Any) -> Any:
        """Solve for each column."""
        return np.linalg.solve(a, b)

    def hint(self, *shapes: Shape) -> str:
        """Suggest least squares, if it is the matrix that does not fit."""
        fits = len(shapes[0]) != 2 or shapes[0][0] == shapes[0][1]
        return "" if fits else "The nearest to a solution is np.linalg.lstsq({a}, {b})[0]."

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the solution, (…, n, n) (…, n, k) → (…, n, k)."""
        a, b = shapes
        check_square(a)
        if len(b) < 2 or a[-1] != b[-2]:
            raise ValueError("the right side must have as many rows as the matrix")
        return (*np.broadcast_shapes(a[:-2], b[:-2]), *b[-2:])


class PseudoInverse(OfMatrices):
    """The Moore-Penrose inverse y = x⁺, which takes singular values below ``rcond`` of the largest for 0.

    ∂E/∂x = −yᵀ g yᵀ + (I − x y) gᵀ y yᵀ + yᵀ y gᵀ (I − y x), where the rank does not change: G. Golub and V. Pereyra,
    "The differentiation of pseudo-inverses and nonlinear least squares problems whose variables separate", 1973.
    """

    name, text, binds, fields = "pinv", "{x}⁺", 4, ("rcond", "hermitian")

    def __init__(self, rcond: float | None = None, hermitian: bool = False) -> None:
        self.rcond, self.hermitian = rcond, hermitian

    def forward(self, x: Any) -> Any:
        """Give the pseudo-inverse of each matrix."""
        return np.linalg.pinv(x, self.rcond, self.hermitian)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the transposed matrices."""
        if len(shapes[0]) < 2:
            raise np.linalg.LinAlgError("wanted matrices, along the last two axes")
        return (*shapes[0][:-2], shapes[0][-1], shapes[0][-2])

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give the three terms; of those with a bracket, one is 0 for a matrix of full rank, both for a square one."""
        adjoint = conjugate(T(y))
        left, right = T(g) @ y @ adjoint, adjoint @ y @ T(g)
        return conjugate(left - x @ (y @ left) + right - (right @ y) @ x) - T(y) @ g @ T(y)

    vjps: Any = (vjp,)


class Determinant(OfSquareMatrices):
    """The determinant y = det x. ∂E/∂x = g cof(x), the cofactors (Giles 2008, 2.2.2): finite for a singular x too."""

    name, text = "det", "det({x})"
    vjps: Any = (lambda op, g, y, x: over_matrices(g) * cofactors(x),)

    def forward(self, x: Any) -> Any:
        """Give the determinant of each matrix."""
        return np.linalg.det(x)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the batch."""
        return super().shape(*shapes)[:-2]


class Cofactors(OfSquareMatrices):
    """The cofactors y = ∂ det x / ∂x = det(x) x⁻ᵀ, the adjugate transposed; for a singular matrix what they tend to.

    From the singular values, x = U s Vᵀ: y = det(U) det(V) U diag(∏ⱼ sⱼ without sᵢ) Vᵀ. G. W. Stewart, "On the adjugate
    matrix", 1998. ∂E/∂x = (⟨g, y⟩ y − y gᵀ y) / det x, which needs an invertible x.
    """

    name, text = "cofactors", "cof({x})"

    def forward(self, x: Any) -> Any:
        """Give det(x) x⁻ᵀ, a tenth of the time; from singular values where that loses half of the digits or more."""
        try:
            inverse = np.linalg.inv(x)
        except np.linalg.LinAlgError:
            return self.from_singular_values(x)
        condition = np.abs(x).sum(-1).max(-1, initial=0) * np.abs(inverse).sum(-1).max(-1, initial=0)
        if (condition < np.finfo(inverse.dtype).eps ** -0.5).all():
            return np.linalg.det(x)[..., None, None] * np.swapaxes(inverse, -1, -2)
        return self.from_singular_values(x)

    def from_singular_values(self, x: Any) -> Any:
        """Give the cofactors of each matrix, which a nearly singular one's inverse is too inexact for.

        Those of a matrix that is not finite are NaN, as its determinant is: LAPACK has no singular values for it.
        """
        finite = np.isfinite(x).all((-2, -1), keepdims=True)
        if not finite.all():
            return np.where(finite, self.from_singular_values(np.where(finite, x, 0)), np.nan)
        u, s, vt = np.linalg.svd(x)
        n = s.shape[-1]
        others = np.where(alike(np.eye(n, dtype=bool), s), 1, np.expand_dims(s, -2)).prod(-1)
        sign = np.expand_dims(np.sign(np.linalg.det(u) * np.linalg.det(vt)), -1)
        return (np.conj(u) * np.expand_dims(sign * others, -2)) @ np.conj(vt)

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give (⟨g, y⟩ y − y gᵀ y) / det x."""
        along = np.sum(g * y, (-2, -1), keepdims=True)
        return (along * y - y @ T(g) @ y) / over_matrices(determinant(x))

    vjps: Any = (vjp,)


class LogDeterminant(Determinant):
    """The logarithm of a determinant's size, y = log |det x|, which neither overflows nor underflows.

    ∂E/∂x = g x⁻ᵀ (K. B. Petersen and M. S. Pedersen, The Matrix Cookbook, 2012, 57).
    """

    name, text = "log_det", "log |det({x})|"
    vjps = (lambda op, g, y, x: over_matrices(g) * T(inv(x)),)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give a real dtype."""
        return real_dtype(*dtypes)

    def forward(self, x: Any) -> Any:
        """Give the logarithm for each matrix, −∞ for a singular one."""
        return np.linalg.slogdet(x)[1]


class DeterminantSign(Determinant):
    """The sign of a determinant: 1, −1, or 0. It is constant but where the matrix is singular."""

    name, text, differentiable = "det_sign", "sign(det({x}))", False
    vjps = (None,)

    def forward(self, x: Any) -> Any:
        """Give the sign for each matrix."""
        return np.linalg.slogdet(x)[0]


inv: Inverse = Inverse()
solve_matrix: Solve = Solve()
determinant, log_determinant, determinant_sign = Determinant(), LogDeterminant(), DeterminantSign()
cofactors: Cofactors = Cofactors()
pseudo_inverse = lru_cache(maxsize=64)(PseudoInverse)
