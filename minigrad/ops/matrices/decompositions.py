"""Decompositions of matrices. Loaded when the first of these is called.

One of several results is one operation, whose value has them side by side: each is a slice of it, so that they are
computed once and one rule has the gradients of all.

**Degenerate cases.** Eigenvectors of equal eigenvalues, and singular vectors of equal singular values, are not
functions of the matrix. There the rules leave out the terms 1 / (wⱼ − wᵢ): the gradient is finite, and it is right of
functions of the values that treat equal ones alike, as Σ f(w), and of the space that the vectors of equal values span,
as V₁ V₁ᵀ with all of these in V₁. Values count as equal that differ by less than n ε of the largest.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from minigrad.ops.arithmetic import divide_or_zero
from minigrad.ops.base import Shape
from minigrad.ops.common.libraries import alike
from minigrad.ops.linalg import transpose_matrices as T
from minigrad.ops.matrices.inverses import OfMatrices, OfSquareMatrices, real_dtype, solve_matrix
from minigrad.ops.parts import conjugate, is_complex, real
from minigrad.ops.reduction import floating_dtype


def symmetrize(g: Any) -> Any:
    """Give ½ (g + gᵀ): the gradient by a matrix of which every change is symmetric, or, complex, Hermitian."""
    return (g + conjugate(T(g))) / 2


def divide_gaps(w: Any) -> Any:
    """Give Fᵢⱼ = 1 / (wⱼ − wᵢ), and 0 where the two are equal, to within n ε of the largest |w|."""
    scale = np.max(np.abs(w), -1, keepdims=True) if w.shape[-1] else w  # of no elements there is no largest
    gaps = np.expand_dims(w, -2) - np.expand_dims(w, -1)
    apart = np.abs(gaps) > w.shape[-1] * np.finfo(w.dtype).eps * np.expand_dims(scale, -1)
    return divide_or_zero(1, np.where(apart, gaps, 0))


def check_matrices(shape: Shape) -> Shape:
    """Refuse what has no two axes, and give its shape."""
    if len(shape) < 2:
        raise np.linalg.LinAlgError("wanted matrices, along the last two axes")
    return shape


def real_part(x: Any) -> Any:
    """Give the real part, and of a real x that itself."""
    return real(x) if is_complex(x) else x


class HalfLower(OfSquareMatrices):
    """Φ(x): the lower triangle, of the diagonal one half. It is linear and its own transpose: ∂E/∂x = Φ(g)."""

    name, text, reads_values = "half_lower", "half_lower({x})", False
    vjps = (lambda op, g, y, x: half_lower(g),)

    def forward(self, x: Any) -> Any:
        """Halve the diagonal of each matrix, and leave out what is above."""
        return np.tril(x) - x * alike(0.5 * np.eye(x.shape[-1], dtype=floating_dtype(x.dtype)), x)


class Cholesky(OfSquareMatrices):
    """The lower triangle L of x = L Lᵀ for a symmetric, positive definite x; its upper one, Lᵀ, if ``upper``.

    ∂E/∂x = ½ (S + Sᵀ) with S = L⁻ᵀ Φ(Lᵀ g) L⁻¹: I. Murray, "Differentiation of the Cholesky decomposition", 2016, (10).
    The gradient is symmetric, though NumPy reads one triangle of x.
    """

    name, text, fields = "cholesky", "chol({x})", ("upper",)

    def __init__(self, upper: bool = False) -> None:
        self.upper = upper

    def forward(self, x: Any) -> Any:
        """Decompose each matrix."""
        return np.linalg.cholesky(x, upper=self.upper)

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give ½ (S + Sᵀ)."""
        low, g = (conjugate(T(y)), conjugate(T(g))) if self.upper else (y, g)
        half = solve_matrix(T(low), half_lower(T(low) @ g))
        return symmetrize(T(solve_matrix(T(conjugate(low)), T(half))))

    vjps: Any = (vjp,)


class Eigenvalues(OfSquareMatrices):
    """The eigenvalues w of a symmetric x, ascending, of which NumPy reads one triangle, "L" or "U".

    ∂E/∂x = G + Gᵀ with G = V diag(g) Vᵀ (Giles 2008, 3.1), in the triangle that is read, and ½ of that on the diagonal:
    right of every x, since w does not depend on the other triangle.
    """

    name, text, fields = "eigvalsh", "λ({x})", ("UPLO",)
    vjps = (lambda op, g, y, x: fold_triangle(op.UPLO, _recompose(op.UPLO, x, g)),)

    def __init__(self, UPLO: Any = "L") -> None:
        self.UPLO = UPLO

    def forward(self, x: Any) -> Any:
        """Give the eigenvalues of each matrix."""
        return np.linalg.eigvalsh(x, self.UPLO)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give a real dtype."""
        return real_dtype(*dtypes)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the eigenvalues."""
        return super().shape(*shapes)[:-1]


class Eigensystem(Eigenvalues):
    """Eigenvalues and eigenvectors of a symmetric x = V diag(w) Vᵀ: w in the first row of the value, V below it.

    G = V (diag(∂E/∂w) + F ⊙ (Vᵀ ∂E/∂V)) Vᵀ with Fᵢⱼ = 1 / (wⱼ − wᵢ) (Giles 2008, 3.1), folded as for eigenvalues.
    """

    name, text = "eigensystem", "eigh({x})"

    def forward(self, x: Any) -> Any:
        """Decompose each matrix."""
        w, v = np.linalg.eigh(x, self.UPLO)
        return np.concatenate([w[..., None, :], v], -2)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the dtype of the eigenvectors."""
        return floating_dtype(*dtypes)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the eigenvectors with a row more."""
        *batch, n, _ = OfSquareMatrices.shape(self, *shapes)
        return (*batch, n + 1, n)

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give V (diag(∂E/∂w) + F ⊙ (Vᵀ ∂E/∂V)) Vᵀ, folded into the triangle that is read."""
        (w, v), (gw, gv) = split_eigensystem(y), split_eigensystem(g)
        f = divide_gaps(w)
        u = conjugate(v)
        return fold_triangle(self.UPLO, (u * np.expand_dims(gw, -2) + u @ (f * (T(v) @ gv))) @ T(v))

    vjps: Any = (vjp,)


def fold_triangle(UPLO: str, g: Any) -> Any:
    """Give the gradient by the triangle that is read, from one by the whole matrix that it stands for.

    Each of its elements stands for one of the other triangle, too, which is its conjugate if it is complex.
    """
    lower = half_lower(g + conjugate(T(g)))
    return lower if UPLO == "L" else conjugate(T(lower))


def _recompose(UPLO: str, x: Any, w: Any) -> Any:
    """Give V diag(w) Vᵀ with the eigenvectors of x and other eigenvalues."""
    v = split_eigensystem(eigensystem(UPLO)(x))[1]
    return (conjugate(v) * np.expand_dims(w, -2)) @ T(v)


def split_eigensystem(y: Any) -> tuple[Any, Any]:
    """Give the eigenvalues and the eigenvectors."""
    return real_part(y[..., 0, :]), y[..., 1:, :]


class QR(OfMatrices):
    """Orthonormal columns Q and an upper triangle R, x = Q R, for n rows and m ≤ n columns: Q above Rᵀ in the value.

    ∂E/∂x = (∂E/∂Q + Q (Φ(M) + Φ(M)ᵀ)) R⁻ᵀ with M = R (∂E/∂R)ᵀ − (∂E/∂Q)ᵀ Q: S. Walter and L. Lehmann, "Algorithmic
    differentiation of linear algebra functions", 2010. Of a complex x the diagonal of R is real, and what comes after
    ∂E/∂Q is Q̄ and the conjugate of the bracket. It needs a matrix of full rank. ``mode`` says by which call NumPy
    finds Q, of which the first m columns count.
    """

    name, text, fields = "qr_factors", "qr({x})", ("mode",)

    def __init__(self, mode: Any = "reduced") -> None:
        self.mode = mode

    def forward(self, x: Any) -> Any:
        """Decompose each matrix."""
        q, r = np.linalg.qr(x, self.mode)
        m = x.shape[-1]
        return np.concatenate([q[..., :m], np.swapaxes(r[..., :m, :], -1, -2)], -2)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of Q with m rows more."""
        *batch, n, m = check_matrices(shapes[0])
        if m > n:
            raise ValueError("wanted no more columns than rows")
        return (*batch, n + m, m)

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give (∂E/∂Q + Q (Φ(M) + Φ(M)ᵀ)) R⁻ᵀ."""
        n = x.shape[-2]
        (q, r), (gq, gr) = split_qr(y, n), split_qr(g, n)
        half = half_lower(r @ T(gr) - T(gq) @ q)
        return T(solve_matrix(r, T(gq + conjugate(q @ (half + conjugate(T(half)))))))

    vjps: Any = (vjp,)


def split_qr(y: Any, n: int) -> tuple[Any, Any]:
    """Give Q and R, for matrices of n rows."""
    return y[..., :n, :], T(y[..., n:, :])


half_lower: HalfLower = HalfLower()
cholesky, eigenvalues, eigensystem, qr_factors = (
    lru_cache(maxsize=64)(kind) for kind in (Cholesky, Eigenvalues, Eigensystem, QR)
)
