"""``minigrad.scipy.linalg`` against ``scipy.linalg``."""

from itertools import product

import numpy as np
import pytest
import scipy.linalg as theirs

from minigrad import Tensor, compile, grad, gradcheck
from minigrad.scipy import linalg

A = np.array([[2.0, 0.5, -1.0], [0.3, 1.5, 0.7], [-0.4, 0.9, 3.0]])
WEIGHTS = np.arange(1.0, 12.0)
B = np.array([[1.0, -0.5], [0.2, 2.0], [0.7, 0.1]])


@pytest.mark.parametrize(("trans", "lower", "unit"), [*product((0, 1, "T", "C"), (False, True), (False, True))])
def test_a_triangle_is_solved(trans, lower, unit):
    for b in (B, B[:, 0]):
        wanted = theirs.solve_triangular(A, b, trans, lower, unit)
        np.testing.assert_allclose(linalg.solve_triangular(A, b, trans, lower, unit), wanted)
    assert gradcheck(lambda a, b: (linalg.solve_triangular(a, b, trans, lower, unit) ** 2).sum(), A, B)


P = A @ A.T + np.eye(3)  # whose square root is real
CALLS = {"solve_sylvester": (A, B[:2], B), "sqrtm": (P,), "expm": (A,)}


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("turn", [1, 1 + 0.2j])
def test_functions_of_matrices(name, turn):
    f, xs = getattr(linalg, name), [turn * x for x in CALLS[name]]
    np.testing.assert_allclose(f(*map(Tensor, xs)).data, getattr(theirs, name)(*xs), rtol=1e-12)
    small = np.float32 if turn == 1 else np.complex64
    assert f(*[Tensor(x.astype(small)) for x in xs]).dtype == small
    assert_derivatives(f, *xs)


def assert_derivatives(f, *xs):
    """Of first and second order, and as compiled."""

    def loss(*xs):
        return (np.abs(f(*xs)) ** 2 * WEIGHTS[: f(*xs).size].reshape(f(*xs).shape)).sum()

    slopes = grad(loss, argnums=tuple(range(len(xs))))
    assert gradcheck(loss, *xs)
    assert gradcheck(lambda *xs: sum((np.abs(g) ** 2).sum() for g in slopes(*xs)), *xs, rtol=1e-5)
    for compiled, eager in zip(compile(slopes)(*xs), slopes(*xs), strict=True):
        np.testing.assert_allclose(compiled, eager, rtol=1e-10)


def test_the_root_of_a_real_matrix_may_be_complex():
    np.testing.assert_allclose(linalg.sqrtm(Tensor(-P)).data, theirs.sqrtm(-P), rtol=1e-12)
    assert_derivatives(lambda a: np.abs(linalg.sqrtm(a.astype(complex))), -P)
    assert gradcheck(lambda a: np.abs(linalg.sqrtm(a)), -P)


@pytest.mark.parametrize("band", [(1, 1), (2, 1), (0, 2), (1, 0), (0, 0)])
@pytest.mark.parametrize("columns", [(), (2,)])
def test_a_band_is_solved(band, columns):
    rng = np.random.default_rng(0)
    ab, b = rng.normal(size=(sum(band) + 1, 5)), rng.normal(size=(5, *columns))
    ab[band[1]] += 4
    wanted = theirs.solve_banded(band, ab, b)
    np.testing.assert_allclose(linalg.solve_banded(band, Tensor(ab), b).data, wanted)
    assert_derivatives(lambda ab, b: linalg.solve_banded(band, ab, b), ab, b)


def test_wrong_calls_name_what_was_wanted():
    x = Tensor(A, requires_grad=True, name="A")
    for call, message in (
        (lambda: compile(linalg.sqrtm)(-A), r"the root of this real matrix is complex.*astype\(complex\)"),
        (lambda: linalg.solve_sylvester(x, x, x[:2]), "sylvester: wanted matrices a of n × n, b of m × m"),
        (lambda: linalg.solve_banded((1, 1), x[:2], B), r"banded.*: wanted one row for each of the l \+ u \+ 1"),
        (lambda: linalg.expm(x[:2]), "expm: wanted square matrices"),
    ):
        with pytest.raises(ValueError, match=message):
            call()


def test_what_is_not_ours_is_scipys():
    assert linalg.logm is theirs.logm
    with pytest.raises(ValueError, match="solve_triangular: wanted trans"):
        linalg.solve_triangular(A, B, trans=3)
