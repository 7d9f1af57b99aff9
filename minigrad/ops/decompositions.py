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
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.arithmetic import divide_or_zero
from minigrad.ops.base import Shape
from minigrad.ops.inverses import OfMatrices, OfSquareMatrices, pseudo_inverse, solve_matrix
from minigrad.ops.linalg import transpose_matrices as T
from minigrad.ops.reduction import floating_dtype


def symmetrize(g: Any) -> Any:
    """Give ½ (g + gᵀ): the gradient by a matrix of which every change is symmetric."""
    return (g + T(g)) / 2


def divide_gaps(w: Any, scale: Any) -> Any:
    """Give Fᵢⱼ = 1 / (wⱼ − wᵢ), and 0 where the two are equal, to within n ε of ``scale``."""
    gaps = np.expand_dims(w, -2) - np.expand_dims(w, -1)
    apart = np.abs(gaps) > w.shape[-1] * np.finfo(w.dtype).eps * np.expand_dims(scale, -1)
    return divide_or_zero(1, np.where(apart, gaps, 0))


class HalfLower(OfSquareMatrices):
    """Φ(x): the lower triangle, of the diagonal one half. It is linear and its own transpose: ∂E/∂x = Φ(g)."""

    name, text, reads_values = "half_lower", "Φ({x})", False
    vjps = (lambda op, g, y, x: half_lower(g),)

    def forward(self, x: Any) -> Any:
        """Halve the diagonal of each matrix, and leave out what is above."""
        return np.tril(x) - x * (0.5 * np.eye(x.shape[-1], dtype=floating_dtype(x.dtype)))


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
        low, g = (T(y), T(g)) if self.upper else (y, g)
        half = solve_matrix(T(low), half_lower(T(low) @ g))
        return symmetrize(solve_matrix(T(low), T(half)))

    vjps: Any = (vjp,)


class Eigenvalues(OfSquareMatrices):
    """The eigenvalues w of a symmetric x, ascending, of which NumPy reads one triangle, "L" or "U".

    ∂E/∂x = V diag(g) Vᵀ (Giles 2008, 3.1), which is symmetric.
    """

    name, text, fields = "eigvalsh", "λ({x})", ("UPLO",)
    vjps = (lambda op, g, y, x: symmetrize(_recompose(op.UPLO, x, g)),)

    def __init__(self, UPLO: Any = "L") -> None:
        self.UPLO = UPLO

    def forward(self, x: Any) -> Any:
        """Give the eigenvalues of each matrix."""
        return np.linalg.eigvalsh(x, self.UPLO)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the eigenvalues."""
        return super().shape(*shapes)[:-1]


class Eigensystem(Eigenvalues):
    """Eigenvalues and eigenvectors of a symmetric x = V diag(w) Vᵀ: w in the first row of the value, V below it.

    ∂E/∂x = V (diag(∂E/∂w) + F ⊙ (Vᵀ ∂E/∂V)) Vᵀ with Fᵢⱼ = 1 / (wⱼ − wᵢ) (Giles 2008, 3.1), made symmetric.
    """

    name, text = "eigensystem", "eigh({x})"

    def forward(self, x: Any) -> Any:
        """Decompose each matrix."""
        w, v = np.linalg.eigh(x, self.UPLO)
        return np.concatenate([w[..., None, :], v], -2)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the eigenvectors with a row more."""
        *batch, n, _ = OfSquareMatrices.shape(self, *shapes)
        return (*batch, n + 1, n)

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give V (diag(∂E/∂w) + F ⊙ (Vᵀ ∂E/∂V)) Vᵀ, made symmetric."""
        (w, v), (gw, gv) = split_eigensystem(y), split_eigensystem(g)
        f = divide_gaps(w, np.max(np.abs(w), -1, keepdims=True))
        return symmetrize((v * np.expand_dims(gw, -2) + v @ (f * (T(v) @ gv))) @ T(v))

    vjps: Any = (vjp,)


def _recompose(UPLO: str, x: Any, w: Any) -> Any:
    """Give V diag(w) Vᵀ with the eigenvectors of x and other eigenvalues."""
    v = split_eigensystem(eigensystem(UPLO)(x))[1]
    return (v * np.expand_dims(w, -2)) @ T(v)


def split_eigensystem(y: Any) -> tuple[Any, Any]:
    """Give the eigenvalues and the eigenvectors."""
    return y[..., 0, :], y[..., 1:, :]


class SingularSystem(OfMatrices):
    """Singular values and vectors, x = U diag(s) Vᵀ: s in the first row of the value, below it U, below that V.

    With Fᵢⱼ = 1 / (sⱼ² − sᵢ²), and ū, s̄, v̄ for the gradients by U, s, V:
    ∂E/∂x = U (diag(s̄) + (F ⊙ (Uᵀ ū − ūᵀ U)) s + s (F ⊙ (Vᵀ v̄ − v̄ᵀ V))) Vᵀ
    + (I − U Uᵀ) ū s⁻¹ Vᵀ + U s⁻¹ v̄ᵀ (I − V Vᵀ), where 1 / 0 is 0: J. Townsend, "Differentiating the singular value
    decomposition", 2016. ``full`` and ``hermitian`` say by which call NumPy finds the vectors, which their signs depend
    on.
    """

    name, text = "singular_system", "svd({x})"
    fields: ClassVar[tuple[str, ...]] = ("full", "hermitian")

    def __init__(self, full: bool = False, hermitian: bool = False) -> None:
        self.full, self.hermitian = full, hermitian

    def forward(self, x: Any) -> Any:
        """Decompose each matrix."""
        u, s, vt = np.linalg.svd(x, self.full, True, self.hermitian)
        k = s.shape[-1]
        return np.concatenate([s[..., None, :], u[..., :k], np.swapaxes(vt, -1, -2)[..., :k]], -2)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of all that stands in the value: 1 + n + m rows of min(n, m)."""
        *batch, n, m = _shape_of_matrices(shapes[0])
        return (*batch, 1 + n + m, min(n, m))

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give the five terms."""
        n = x.shape[-2]
        (s, u, v), (gs, gu, gv) = split_singular_system(y, n), split_singular_system(g, n)
        f = divide_gaps(s * s, np.max(s * s, -1, keepdims=True))
        row, column = np.expand_dims(s, -2), np.expand_dims(s, -1)
        uu, vv = T(u) @ gu, T(v) @ gv
        inner = (f * (uu - T(uu))) * row + column * (f * (vv - T(vv)))
        result = (u * np.expand_dims(gs, -2) + u @ inner) @ T(v)
        if u.shape[-2] > u.shape[-1]:
            result = result + divide_or_zero(gu - u @ uu, row) @ T(v)
        if v.shape[-2] > v.shape[-1]:
            result = result + divide_or_zero(u, row) @ T(gv - v @ vv)
        return result

    vjps: Any = (vjp,)


class SingularValues(SingularSystem):
    """The singular values s of x, descending. ∂E/∂x = U diag(g) Vᵀ (Giles 2008, 3.2)."""

    name, text = "svdvals", "svdvals({x})"
    fields: ClassVar[tuple[str, ...]] = ()

    def __init__(self) -> None:
        super().__init__()

    def forward(self, x: Any) -> Any:
        """Give the singular values of each matrix."""
        return np.linalg.svd(x, compute_uv=False)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the singular values."""
        *batch, n, m = _shape_of_matrices(shapes[0])
        return (*batch, min(n, m))

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give U diag(g) Vᵀ."""
        _, u, v = split_singular_system(singular_system()(x), x.shape[-2])
        return (u * np.expand_dims(g, -2)) @ T(v)

    vjps: Any = (vjp,)


def split_singular_system(y: Any, n: int) -> tuple[Any, Any, Any]:
    """Give the singular values, U and V, for matrices of n rows."""
    return y[..., 0, :], y[..., 1 : n + 1, :], y[..., n + 1 :, :]


def _shape_of_matrices(shape: Shape) -> Shape:
    if len(shape) < 2:
        raise ValueError("wanted matrices, along the last two axes")
    return shape


class QR(OfMatrices):
    """Orthonormal columns Q and an upper triangle R, x = Q R, for n rows and m ≤ n columns: Q above Rᵀ in the value.

    ∂E/∂x = (∂E/∂Q + Q (Φ(M) + Φ(M)ᵀ)) R⁻ᵀ with M = R (∂E/∂R)ᵀ − (∂E/∂Q)ᵀ Q: S. Walter and L. Lehmann, "Algorithmic
    differentiation of linear algebra functions", 2010. It needs a matrix of full rank. ``mode`` says by which call
    NumPy finds Q, of which the first m columns count.
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
        *batch, n, m = _shape_of_matrices(shapes[0])
        if m > n:
            raise ValueError("wanted no more columns than rows")
        return (*batch, n + m, m)

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give (∂E/∂Q + Q (Φ(M) + Φ(M)ᵀ)) R⁻ᵀ."""
        n = x.shape[-2]
        (q, r), (gq, gr) = split_qr(y, n), split_qr(g, n)
        half = half_lower(r @ T(gr) - T(gq) @ q)
        return T(solve_matrix(r, T(gq + q @ (half + T(half)))))

    vjps: Any = (vjp,)


def split_qr(y: Any, n: int) -> tuple[Any, Any]:
    """Give Q and R, for matrices of n rows."""
    return y[..., :n, :], T(y[..., n:, :])


class Complement(OfMatrices):
    """Orthonormal columns y that complete those which the n × m matrix x spans, m < n, to a basis of all n.

    They are those that NumPy adds: to U of x ("left"), to V of xᵀ ("right"), or to Q of x ("qr"). They are determined
    up to a rotation among themselves: ∂E/∂x = −y gᵀ x⁺ᵀ is the gradient without one, right of whatever does not depend
    on it, as y yᵀ.
    """

    name, text, fields, example = "complement", "complement({x})", ("kind",), ("left",)
    vjps = (lambda op, g, y, x: -(y @ T(g) @ T(pseudo_inverse()(x))),)

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def forward(self, x: Any) -> Any:
        """Give the columns that NumPy adds."""
        if self.kind == "qr":
            basis = np.linalg.qr(x, "complete")[0]
        else:
            basis = np.linalg.svd(x)[0] if self.kind == "left" else T(np.linalg.svd(T(x))[2])
        return basis[..., x.shape[-1] :]

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of n − m columns."""
        *batch, n, m = _shape_of_matrices(shapes[0])
        return (*batch, n, max(n - m, 0))


half_lower: HalfLower = HalfLower()
singular_values = SingularValues()
cholesky, eigenvalues, eigensystem, singular_system, qr_factors, complement = (
    lru_cache(maxsize=64)(kind) for kind in (Cholesky, Eigenvalues, Eigensystem, SingularSystem, QR, Complement)
)
