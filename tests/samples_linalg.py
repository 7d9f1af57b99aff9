"""Inverses, decompositions and norms: rows of ``samples``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from minigrad.ops.base import Shape
from minigrad.ops.matrices import decompositions, eigenpairs, einsum, inverses, norms, singular
from tests.sample import Array, Sample

SQUARE: list[Shape] = [(3, 3), (2, 1, 2, 2)]
MATRIX: list[Shape] = [(3, 3), (2, 4, 3), (2, 4)]


def symmetric(x: Any) -> Any:
    """Give a symmetric, positive definite matrix for each."""
    return x @ np.swapaxes(x, -1, -2) + 2 * np.eye(x.shape[-2])


def _inverses() -> Iterator[Sample]:
    for op, call in ((inverses.Inverse, np.linalg.inv), (inverses.Determinant, np.linalg.det)):
        yield from (Sample(op, call, (shape,)) for shape in SQUARE)
    for shape in SQUARE:
        yield Sample(inverses.LogDeterminant, lambda x: np.linalg.slogdet(x)[1], (shape,))
        yield Sample(inverses.DeterminantSign, lambda x: np.linalg.slogdet(x)[0], (shape,))
    for shape in ((3, 3), (2, 1, 3, 3)):  # the cofactors of a 2 × 2 matrix are linear: no second order to be seen
        yield Sample(inverses.Cofactors, inverses.cofactors, (shape,), reference=_cofactors)
    for a, b in (((3, 3), (3, 2)), ((3, 3), (3,)), ((2, 2, 2), (2, 1)), ((2, 2), (3, 2, 1))):
        yield Sample(inverses.Solve, np.linalg.solve, (a, b))
    yield from (Sample(inverses.PseudoInverse, np.linalg.pinv, (shape,)) for shape in MATRIX)


def _cofactors(x: Array) -> Any:
    return np.linalg.det(x)[..., None, None] * np.swapaxes(np.linalg.inv(x), -1, -2)


def _decompositions() -> Iterator[Sample]:
    linalg = np.linalg
    for shape in SQUARE:
        halved = decompositions.half_lower
        yield Sample(type(halved), halved, (shape,), reference=lambda x: (np.tril(x) + np.tril(x, -1)) / 2)
        yield Sample(decompositions.Cholesky, lambda x: linalg.cholesky(symmetric(x)), (shape,))
        yield Sample(decompositions.Eigenvalues, lambda x: linalg.eigvalsh(symmetric(x)), (shape,))
        yield Sample(decompositions.Eigensystem, lambda x: linalg.eigh(symmetric(x), "U")[1], (shape,), "vectors")
    yield Sample(decompositions.Cholesky, lambda x: linalg.cholesky(symmetric(x), upper=True), ((3, 3),), "upper")
    yield Sample(decompositions.Eigensystem, lambda x: linalg.eigh(symmetric(x))[0], ((3, 3),), "values")
    for i, shape in enumerate(((3, 3), (2, 2, 2))):
        yield Sample(eigenpairs.Eigenpairs, lambda x, i=i: np.abs(linalg.eig(x)[i]), (shape,), f"result {i}")
    for shape in MATRIX:
        yield Sample(singular.SingularValues, linalg.svdvals, (shape,))
        for i in range(3):
            factor = partial(lambda i, x: linalg.svd(x, full_matrices=False)[i], i)
            yield Sample(singular.SingularSystem, factor, (shape,), f"factor {i}")
    for i, shape in enumerate(((3, 3), (2, 4, 3))):
        yield Sample(decompositions.QR, lambda x, i=i: linalg.qr(x)[i], (shape,), f"factor {i}")
    for shape in ((4, 2), (2, 3, 1)):
        yield Sample(singular.Complement, lambda x: _project(linalg.qr(x, "complete")[0], x), (shape,), "of Q")
        yield Sample(singular.Complement, lambda x: _project(linalg.svd(x)[0], x), (shape,), "of U")


def _project(basis: Any, x: Any) -> Any:
    """Give y yᵀ for what completes x to a basis, which does not depend on how."""
    y = basis[..., x.shape[-1] :]
    return y @ np.swapaxes(y, -1, -2)


def _einsums() -> Iterator[Sample]:
    for subscripts, shapes in (
        *(("ij,jk,kl->il", ((2, 3), (3, 4), (4, 2))), ("i,ij,j->", ((2,), (2, 3), (3,))), ("ii->i", ((3, 3),))),
        *(("ii->", ((3, 3),)), ("ijk,jkl->il", ((2, 3, 2), (3, 2, 2))), ("nij,nj->in", ((2, 3, 2), (2, 2)))),
        *(
            ("iij,j,k->ik", ((2, 2, 3), (3,), (2,))),
            ("ij,ij->i", ((2, 1), (2, 3))),
            ("b,bc,c->cb", ((2,), (2, 3), (3,))),
        ),
    ):
        yield Sample(einsum.Einsum, partial(np.einsum, subscripts), shapes, subscripts)


def _norms() -> Iterator[Sample]:
    for axis, keepdims in ((None, False), (1, False), ((0, 2), True)):
        over = partial(np.linalg.vector_norm, axis=axis, keepdims=keepdims)
        yield Sample(norms.Norm, over, ((2, 3, 2),), f"over {axis}{' keepdims' if keepdims else ''}")
    for order in (3, 1.5, -2):
        yield Sample(norms.Norm, partial(np.linalg.norm, ord=order), ((4,),), f"of order {order}")


def linear_algebra_samples() -> Iterator[Sample]:
    """Give all of them."""
    yield from (*_inverses(), *_decompositions(), *_einsums(), *_norms())
