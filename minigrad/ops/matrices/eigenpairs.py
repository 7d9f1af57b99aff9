"""Eigenvalues and eigenvectors of matrices that need not be symmetric. Loaded when the first is called.

What stands in ``decompositions`` of degenerate cases holds of equal eigenvalues, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import Shape
from minigrad.ops.linalg import transpose_matrices as T
from minigrad.ops.matrices.decompositions import divide_gaps
from minigrad.ops.matrices.inverses import OfSquareMatrices, solve_matrix
from minigrad.ops.parts import conjugate, real


class Eigenpairs(OfSquareMatrices):
    """Eigenvalues w and eigenvectors of length 1, x V = V diag(w): w in the first row of the value, V below it.

    ∂E/∂x = V⁻ᵀ (diag(∂E/∂w) + F ⊙ (M − Vᵀ V̄ Re(diag(M)))) Vᵀ with M = Vᵀ ∂E/∂V and Fᵢⱼ = 1 / (wⱼ − wᵢ):
    C. Boeddeker et al., "On the computation of complex-valued gradients", 2017, (4.77). The vectors have phases that E
    must not depend on. The value is complex whatever x holds, so that its dtype does not depend on the elements.
    """

    name, text = "eigenpairs", "eig({x})"
    broadcasts = True  # not in shape: g is complex, and x may be real

    def forward(self, x: Any) -> Any:
        """Decompose each matrix."""
        w, v = np.linalg.eig(x)
        return np.concatenate([w[..., None, :], v], -2).astype(self.dtype(x.dtype), copy=False)

    def dtype(self, *dtypes: Any) -> np.dtype[Any]:
        """Give the complex dtype of the precision; integers are complex128."""
        return np.result_type(*dtypes, 1j)

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of the eigenvectors with a row more."""
        *batch, n, _ = super().shape(*shapes)
        return (*batch, n + 1, n)

    def vjp(self, g: Any, y: Any, x: Any) -> Any:
        """Give V⁻ᵀ (diag(∂E/∂w) + F ⊙ (M − Vᵀ V̄ Re(diag(M)))) Vᵀ."""
        (w, v), (gw, gv) = split_eigenpairs(y), split_eigenpairs(g)
        f = divide_gaps(w)
        lengths = np.expand_dims(real(np.sum(v * gv, -2)), -2)
        inner = f * (T(v) @ gv - (T(v) @ conjugate(v)) * lengths)
        return solve_matrix(T(v), np.expand_dims(gw, -1) * T(v) + inner @ T(v))

    vjps: Any = (vjp,)


def split_eigenpairs(y: Any) -> tuple[Any, Any]:
    """Give the eigenvalues and the eigenvectors."""
    return y[..., 0, :], y[..., 1:, :]


eigenpairs = Eigenpairs()
