"""Singular values and vectors of matrices. Loaded when the first of these is called.

What stands in ``decompositions`` of degenerate cases holds of equal singular values, too.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from minigrad.ops.arithmetic import divide_or_zero
from minigrad.ops.base import Shape
from minigrad.ops.common.libraries import alike
from minigrad.ops.linalg import transpose_matrices as T
from minigrad.ops.matrices.decompositions import check_matrices, divide_gaps, real_part
from minigrad.ops.matrices.inverses import OfMatrices, pseudo_inverse, real_dtype
from minigrad.ops.parts import conjugate, is_complex


class SingularSystem(OfMatrices):
    """Singular values and vectors, x = U diag(s) Vᵀ: s in the first row of the value, below it U, below that V.

    With Fᵢⱼ = 1 / (sⱼ² − sᵢ²), and ū, s̄, v̄ for the gradients by U, s, V:
    ∂E/∂x = U (diag(s̄) + (F ⊙ (Uᵀ ū − ūᵀ U)) s + s (F ⊙ (Vᵀ v̄ − v̄ᵀ V))) Vᵀ
    + (I − U Uᵀ) ū s⁻¹ Vᵀ + U s⁻¹ v̄ᵀ (I − V Vᵀ), where 1 / 0 is 0: J. Townsend, "Differentiating the singular value
    decomposition", 2016. ``full`` and ``hermitian`` say by which call NumPy finds the vectors, which their signs depend
    on. Of complex x the vectors have phases that E must not depend on, and a term more,
    U (i Im(diag(Uᴴ ū)) s⁻¹) Vᴴ: Z.-Q. Wan and S.-X. Zhang, "Automatic differentiation for complex valued SVD", 2019.
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
        *batch, n, m = check_matrices(shapes[0])
        return (*batch, 1 + n + m, min(n, m))

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give the five terms, and for complex x the sixth: the conjugate of all, of conjugate gradients."""
        n = x.shape[-2]
        (s, u, v), (gs, gu, gv) = split_singular_system(y, n), split_singular_system(conjugate(g), n)
        f = divide_gaps(s * s)
        row, column = np.expand_dims(s, -2), np.expand_dims(s, -1)
        uu, vv = T(conjugate(u)) @ gu, T(conjugate(v)) @ gv
        turns = uu - T(conjugate(uu))
        inner = (f * turns) * row + column * (f * (conjugate(vv) - T(vv)))
        if is_complex(y):
            inner = inner + turns * divide_or_zero(alike(0.5 * np.eye(s.shape[-1], dtype=s.dtype), s), row)
        result = (u * np.expand_dims(gs, -2) + u @ inner) @ T(v)
        if u.shape[-2] > u.shape[-1]:
            result = result + divide_or_zero(gu - u @ uu, row) @ T(v)
        if v.shape[-2] > v.shape[-1]:
            result = result + divide_or_zero(u, row) @ T(gv - v @ vv)
        return conjugate(result)

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

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give a real dtype."""
        return real_dtype(*dtypes)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the singular values."""
        *batch, n, m = check_matrices(shapes[0])
        return (*batch, min(n, m))

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give U diag(g) Vᵀ."""
        _, u, v = split_singular_system(singular_system()(x), x.shape[-2])
        return conjugate((u * np.expand_dims(g, -2)) @ T(v))

    vjps: Any = (vjp,)


def split_singular_system(y: Any, n: int) -> tuple[Any, Any, Any]:
    """Give the singular values, U and V, for matrices of n rows."""
    return real_part(y[..., 0, :]), y[..., 1 : n + 1, :], y[..., n + 1 :, :]


class Complement(OfMatrices):
    """Orthonormal columns y that complete those which the n × m matrix x spans, m < n, to a basis of all n.

    They are those that NumPy adds: to U of x ("left"), to V of xᵀ ("right"), or to Q of x ("qr"). They are determined
    up to a rotation among themselves: ∂E/∂x = −y gᵀ x⁺ᵀ, of complex ones −ȳ ḡᵀ x⁺ᵀ, is the gradient without one, right
    of whatever does not depend on it, as y yᴴ.
    """

    name, text, fields, example = "complement", "complement({x})", ("kind",), ("left",)

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give −ȳ ḡᵀ x⁺ᵀ."""
        return -(conjugate(y @ T(g)) @ T(pseudo_inverse()(x)))

    vjps: Any = (vjp,)

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
        *batch, n, m = check_matrices(shapes[0])
        return (*batch, n, max(n - m, 0))


singular_values = SingularValues()
singular_system, complement = (lru_cache(maxsize=64)(kind) for kind in (SingularSystem, Complement))
