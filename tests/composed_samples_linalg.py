"""Products and linear algebra, where they are several operations: rows of ``composed_samples``."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np

from tests.sample import Sample
from tests.samples_linalg import symmetric


def _products() -> Iterator[Sample]:
    for f, shapes in (
        *((np.inner, ((2, 4, 3), (5, 3))), (np.inner, ((3,), (3,))), (np.outer, ((2, 2), (3,)))),
        *((np.kron, ((2, 2), (3,))), (np.kron, ((3,), (2, 1, 2))), (np.cross, ((4, 3), (3,)))),
        *((np.trace, ((3, 4),)), (np.vecdot, ((2, 3), (3,))), (np.matvec, ((2, 4, 3), (2, 3)))),
        *((np.matvec, ((4, 3), (3,))), (np.vecmat, ((3,), (3, 2))), (np.vecmat, ((2, 3), (3, 2)))),
    ):
        yield Sample(f, f, shapes)
    for axes, shapes in (
        *((1, ((2, 3), (3, 2))), (2, ((2, 3, 4), (3, 4))), (0, ((2,), (3,))), ((0, -1), ((3, 2), (2, 3)))),
        (([2, 0], [-1, 0]), ((2, 4, 3), (2, 3))),
    ):
        yield Sample(np.tensordot, partial(np.tensordot, axes=axes), shapes, f"axes={axes}")
    yield Sample(np.trace, partial(np.trace, offset=-1, axis1=2, axis2=0), ((3, 2, 4),), "offset")
    yield Sample(np.trace, lambda x: x.trace(5), ((2, 3),), "of nothing")
    yield Sample(np.cross, partial(np.cross, axisa=0, axisb=1, axisc=0), ((3, 2), (2, 3)), "axes")
    yield Sample(np.matmul, partial(np.matmul, axes=[(0, 1), (1, 0), (0, 2)]), ((3, 4, 2), (5, 4, 2)), "axes")
    yield Sample(np.vecdot, partial(np.vecdot, axis=0), ((3, 2), (3, 2)), "axis")
    yield Sample(np.dot, np.dot, ((4, 3), (2, 3, 2)), "of 3 axes")
    yield Sample(np.vdot, np.vdot, ((2, 3), (6,)), "of two shapes")


def _einsums() -> Iterator[Sample]:
    for subscripts, shapes in (
        *(("ij,jk->ik", ((2, 3), (3, 4))), ("ij,kj", ((2, 3), (4, 3))), ("ji,jk->ki", ((3, 2), (3, 4)))),
        *(("ij->ji", ((2, 3),)), ("ba", ((2, 3),)), ("ijk->j", ((2, 3, 2),)), ("i,j", ((2,), (3,)))),
        *(
            ("i, i", ((3,), (3,))),
            ("ij,j", ((2, 3), (3,))),
            ("ij,j->ij", ((2, 3), (3,))),
            ("ni,ni->n", ((2, 3), (2, 3))),
        ),
        *(("ij,ji->", ((2, 3), (3, 2))), ("bij,bjk->bik", ((2, 3, 2), (2, 2, 3))), ("i,jk->kij", ((2,), (3, 2)))),
        *(("...ij,...jk->...ik", ((2, 1, 3), (3, 2))), ("...i->...", ((2, 3),)), ("i...,i", ((2, 3), (2,)))),
        *(
            ("...,...", ((2, 3), (3,))),
            ("i...i->...", ((3, 2, 3),)),
            (",ij", ((), (2, 2))),
            ("i,abi->ba", ((3,), (2, 2, 3))),
            ("ij,k->ij", ((2, 2), (3,))),
        ),
        *(("zXb,bX->Xz", ((2, 2, 3), (3, 2))), ("ij,jk,kl,l", ((2, 2), (2, 3), (3, 2), (2,)))),
    ):
        yield Sample(np.einsum, partial(np.einsum, subscripts), shapes, subscripts)
    yield Sample(np.einsum, lambda a, b: np.einsum(a, [0, 1], b, [1, 30], [30, 0]), ((2, 3), (3, 2)), "lists")
    yield Sample(np.einsum, lambda a, b: np.einsum(a, [..., 1], b, [1, 0]), ((2, 3), (3, 2)), "lists, no output")
    yield Sample(np.einsum, lambda a: np.einsum("ij->i", a, optimize=True, dtype=np.float64), ((2, 3),), "arguments")


def _linalg_products() -> Iterator[Sample]:
    linalg = np.linalg
    for f, shapes in (
        *((linalg.vecdot, ((2, 3), (3,))), (linalg.outer, ((2,), (3,))), (linalg.cross, ((2, 3), (3,)))),
        *((linalg.tensordot, ((2, 3, 2), (3, 2))), (linalg.trace, ((2, 3, 3),))),
        (linalg.matmul, ((2, 3), (3,))),
    ):
        yield Sample(f, f, shapes)
    for chain in (((2, 4), (4, 1), (1, 3)), ((3,), (3, 4), (4, 2), (2,)), ((2, 3), (3,))):
        yield Sample(linalg.multi_dot, lambda *xs: np.linalg.multi_dot(xs), chain)
    for n in (0, 1, 5, -2):
        yield Sample(linalg.matrix_power, partial(linalg.matrix_power, n=n), ((3, 3),), f"{n}")


def _linear_algebra() -> Iterator[Sample]:
    linalg = np.linalg
    for f in (linalg.inv, linalg.det, linalg.slogdet, linalg.pinv, linalg.svdvals, linalg.qr, linalg.svd):
        yield Sample(f, f, ((3, 3),))
    for f in (linalg.cholesky, linalg.eigh, linalg.eigvalsh):
        yield Sample(f, lambda x, f=f: f(symmetric(x)), ((3, 3),))
    yield Sample(linalg.eigvals, lambda x: np.abs(linalg.eigvals(x)), ((3, 3),))
    yield Sample(linalg.eig, lambda x: np.abs(linalg.eig(x)[1]), ((3, 3),))
    yield Sample(linalg.solve, linalg.solve, ((3, 3), (3,)))
    for shape in ((4, 2), (2, 3)):
        yield Sample(linalg.svd, partial(linalg.svd, full_matrices=False), (shape,), "reduced")
        yield Sample(linalg.svd, lambda x: linalg.svd(x)[1], (shape,), "full")
        yield Sample(linalg.qr, linalg.qr, (shape,))
    yield Sample(linalg.svd, partial(linalg.svd, compute_uv=False), ((2, 3),), "values")
    yield Sample(linalg.svd, lambda x: linalg.svd(symmetric(x), hermitian=True), ((3, 3),), "hermitian")
    yield Sample(linalg.qr, lambda x: linalg.qr(x, mode="complete")[1], ((4, 2),), "complete")
    yield Sample(linalg.qr, partial(linalg.qr, mode="r"), ((4, 2),), "r")
    yield Sample(linalg.pinv, partial(linalg.pinv, rtol=None, hermitian=False), ((2, 3),), "rtol")
    for shapes in (((4, 2), (4,)), ((4, 2), (4, 3)), ((2, 3), (2,))):
        yield Sample(linalg.lstsq, lambda a, b: linalg.lstsq(a, b)[0], shapes, "solution")
    yield Sample(linalg.lstsq, lambda a, b: linalg.lstsq(a, b)[1::2], ((4, 2), (4,)), "residuals")
    yield Sample(linalg.tensorinv, lambda x: linalg.tensorinv(x.reshape(2, 2, 4), ind=2), ((4, 4),))
    yield Sample(linalg.tensorsolve, linalg.tensorsolve, ((2, 3, 6), (2, 3)))
    yield Sample(linalg.tensorsolve, partial(linalg.tensorsolve, axes=(1,)), ((4, 4, 1), (4, 1)), "axes")


def _norms() -> Iterator[Sample]:
    for order in (None, 1, 2, 3, np.inf, -np.inf):
        yield Sample(np.linalg.norm, partial(np.linalg.norm, ord=order, axis=0), ((3, 2),), f"of columns, {order}")
    for order in ("fro", "nuc", 1, -1, 2, -2, np.inf, -np.inf):
        over: partial[Any] = partial(np.linalg.norm, ord=order, axis=(2, 0), keepdims=True)
        yield Sample(np.linalg.norm, over, ((3, 2, 3),), f"of matrices, {order}")
    yield Sample(np.linalg.norm, np.linalg.norm, ((2, 3, 2),))
    yield Sample(np.linalg.vector_norm, partial(np.linalg.vector_norm, axis=(0, 1)), ((2, 3, 2),), "of two axes")
    yield Sample(np.linalg.matrix_norm, np.linalg.matrix_norm, ((2, 3, 2),))
    for p in (None, -2, 1, "fro"):
        yield Sample(np.linalg.cond, partial(np.linalg.cond, p=p), ((3, 3),), f"{p}")


def linear_algebra_functions() -> Iterator[Sample]:
    """Give all of them."""
    yield from (*_products(), *_einsums(), *_linalg_products(), *_linear_algebra(), *_norms())
