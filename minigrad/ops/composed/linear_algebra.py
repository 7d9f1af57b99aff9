"""Inverses, determinants, equations and decompositions, as ``numpy.linalg`` has them, of one matrix or many."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.lib.array_utils import normalize_axis_tuple

from minigrad.ops.arithmetic import divide_or_zero
from minigrad.ops.base import Recorder, Refused, as_array
from minigrad.ops.composed.arguments import find_values
from minigrad.ops.composed.reductions import cast
from minigrad.ops.linalg import transpose_matrices
from minigrad.ops.matrices import decompositions, eigenpairs, inverses, singular
from minigrad.ops.parts import conjugate, is_complex, square_size

# NumPy's own named tuples, of what it gives for some matrix.
EigResult: Any = type(np.linalg.eig(np.eye(1)))
EighResult: Any = type(np.linalg.eigh(np.eye(1)))
QRResult: Any = type(np.linalg.qr(np.eye(1)))
SVDResult: Any = type(np.linalg.svd(np.eye(1)))
SlogdetResult: Any = type(np.linalg.slogdet(np.eye(1)))
_UNSET: Any = object()  # an argument that may be None is not given


def inv(a: Any) -> Any:
    """Give the inverse of each matrix."""
    return inverses.inv(a)


def det(a: Any) -> Any:
    """Give the determinant of each matrix; its gradient, the cofactors, is finite where a matrix is singular."""
    return inverses.determinant(a)


def slogdet(a: Any) -> Any:
    """Give the sign of each determinant, a constant where it is real, and the logarithm of its size."""
    if is_complex(a):
        size = inverses.log_determinant(a)
        # |det| of many rows leaves what floats hold: near 1 it has the same sign. In steps the scale has no gradient.
        scale = np.exp(np.floor(size * (-1024 / max(a.shape[-1], 1))) / 1024)
        y = inverses.determinant(a * np.expand_dims(np.where(np.isfinite(scale), scale, 1), (-2, -1)))
        return SlogdetResult(divide_or_zero(y, np.abs(y)), size)
    return SlogdetResult(inverses.determinant_sign(a), inverses.log_determinant(a))


def solve(a: Any, b: Any) -> Any:
    """Solve a y = b, for a vector b or for the columns of matrices."""
    b = as_array(b)
    if b.ndim != 1:
        return inverses.solve_matrix(a, b)
    return np.squeeze(inverses.solve_matrix(a, np.expand_dims(b, -1)), -1)


def cholesky(a: Any, /, *, upper: bool = False) -> Any:
    """Give the triangle L of a = L Lᵀ, or the upper one, Lᵀ; the gradient is that of a symmetric matrix."""
    return decompositions.cholesky(bool(upper))(a)


def eig(a: Any) -> Any:
    """Give the eigenvalues and eigenvectors of each matrix: of real ones real numbers, if all eigenvalues are real.

    Whether they are is not known while a function is compiled or mapped over: there all are complex.
    """
    w, v = eigenpairs.split_eigenpairs(eigenpairs.eigenpairs(a))
    known = None if is_complex(a) else find_values(w)
    return EigResult(w, v) if known is None or np.any(known.imag) else EigResult(w.real, v.real)


def eigvals(a: Any) -> Any:
    """Give the eigenvalues of each matrix, as ``eig`` does."""
    return eig(a).eigenvalues


def eigh(a: Any, UPLO: str = "L") -> Any:
    """Give the eigenvalues and eigenvectors of symmetric matrices; the gradient is in the triangle read."""
    return EighResult(*decompositions.split_eigensystem(decompositions.eigensystem(UPLO.upper())(a)))


def eigvalsh(a: Any, UPLO: str = "L") -> Any:
    """Give the eigenvalues of symmetric matrices; the gradient is in the triangle read."""
    return decompositions.eigenvalues(UPLO.upper())(a)


def svd(a: Any, full_matrices: bool = True, compute_uv: bool = True, hermitian: bool = False) -> Any:
    """Give U, s and Vᵀ of a = U diag(s) Vᵀ; or s alone.

    The vectors that ``full_matrices`` adds to a basis have the gradient of what does not depend on their choice.
    """
    if not compute_uv:
        return singular.singular_values(a)
    n, m = np.shape(a)[-2:] if np.ndim(a) > 1 else (0, 0)
    full = bool(full_matrices) and n != m
    s, u, v = singular.split_singular_system(singular.singular_system(full, bool(hermitian))(a), n)
    if full and n > m:
        u = np.concatenate([u, singular.complement("left")(a)], -1)
    if full and m > n:
        v = np.concatenate([v, singular.complement("right")(transpose_matrices(a))], -1)
    return SVDResult(u, s, transpose_matrices(v))


def svdvals(x: Any, /) -> Any:
    """Give the singular values of each matrix."""
    return singular.singular_values(x)


def qr(a: Any, mode: str = "reduced") -> Any:
    """Give Q and R of a = Q R; R alone for the mode "r", and a square Q for "complete"."""
    if mode not in ("reduced", "complete", "r"):
        said = f"the argument mode={mode!r} has no derivative here; there are 'reduced', 'complete' and 'r'"
        raise TypeError(said) if mode == "raw" else ValueError(f"qr: {said}")
    n, m = np.shape(a)[-2:] if np.ndim(a) > 1 else (0, 0)
    tall = a[..., :n] if m > n else a  # the columns beyond a square follow: R = Qᴴ a
    y = decompositions.qr_factors("complete" if mode == "complete" and n > m else "reduced")(tall)
    q, r = decompositions.split_qr(y, n)
    if m > n:
        r = np.concatenate([r, conjugate(transpose_matrices(q)) @ a[..., n:]], -1)
    if mode == "r":
        return r
    if mode == "complete" and n > m:
        q = np.concatenate([q, singular.complement("qr")(a)], -1)
        r = np.concatenate([r, np.zeros((*np.shape(a)[:-2], n - m, m), r.dtype)], -2)
    return QRResult(q, r)


def pinv(a: Any, rcond: Any = None, hermitian: bool = False, *, rtol: Any = _UNSET) -> Any:
    """Give the Moore-Penrose inverse of each matrix; singular values below ``rcond`` of the largest count as 0.

    That is 1e-15 where nothing is said, and max(n, m) ε for ``rtol=None``, as NumPy has it.
    """
    if rtol is not _UNSET and rcond is not None:
        raise ValueError("pinv: rcond and rtol are two names of one number, and both are given")
    if rtol is not _UNSET:
        rcond = max(np.shape(a)[-2:]) * np.finfo(a.dtype).eps if rtol is None else rtol
    return inverses.pseudo_inverse(None if rcond is None else float(rcond), bool(hermitian))(a)


def lstsq(a: Any, b: Any, rcond: float | None = None) -> Any:
    """Give the x with the least ‖b − a x‖, the residuals, the rank, and the singular values of a.

    Residuals there are for a matrix of full rank with more rows than columns alone, as NumPy has it; while a function
    is compiled, and the rank is not known, it counts as full.
    """
    a, b = as_array(a), as_array(b)
    n, m = a.shape
    if b.shape[0] != n:
        return Refused("lstsq", np.linalg.LinAlgError(f"Incompatible dimensions: {n} rows, and b has {b.shape[0]}"))(
            a, b
        )
    eps = np.finfo(a.dtype if a.dtype.kind == "f" else float).eps
    rcond = float(max(n, m) * eps if rcond is None else eps if rcond < 0 else rcond)
    x, s = inverses.pseudo_inverse(rcond)(a) @ b, singular.singular_values(a)
    above, known = s > rcond * s[:1], getattr(s, "has_data", True)
    rank = cast(np.count_nonzero(above) if known else np.sum(above), np.dtype(np.int32))
    residuals = np.sum(square_size(b - a @ x), 0, keepdims=b.ndim == 1)
    s = s if isinstance(s, Recorder) else x.as_constant(s)  # of a constant matrix
    return x, residuals if m < n and (not known or rank == m) else residuals[:0], rank, s


def tensorinv(a: Any, ind: int = 2) -> Any:
    """Invert a as a matrix whose rows are its first ``ind`` axes and whose columns are the others."""
    rows, columns = a.shape[:ind], a.shape[ind:]
    if ind <= 0 or prod(rows) != prod(columns):
        error = np.linalg.LinAlgError(
            "wanted as many elements along the first ind axes as along the others, and ind > 0"
        )
        return Refused(f"tensorinv(ind={ind})", error)(a)
    return np.reshape(inverses.inv(np.reshape(a, (prod(rows), prod(columns)))), columns + rows)


def tensorsolve(a: Any, b: Any, axes: Sequence[int] | None = None) -> Any:
    """Solve a y = b summed over all axes of y, which are the last ones of a; ``axes`` are moved there before."""
    a, b = as_array(a), as_array(b)
    if axes is not None:
        axes = normalize_axis_tuple(axes, a.ndim)
        a = np.moveaxis(a, axes, range(-len(axes), 0))
    shape = a.shape[b.ndim :]
    if prod(shape) != b.size:
        error = np.linalg.LinAlgError("wanted as many elements along the axes of b as along the others")
        return Refused("tensorsolve", error)(a, b)
    return np.reshape(solve(np.reshape(a, (b.size, b.size)), np.ravel(b)), shape)
