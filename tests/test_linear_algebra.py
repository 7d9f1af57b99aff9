"""Linear algebra where it is degenerate, what its gradients are written as, and NumPy's forms of call."""

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, derive, grad, gradcheck
from minigrad.engine.messages.errors import ShapeError
from minigrad.engine.node import Node
from minigrad.notation.formula import latex, plain, text
from minigrad.ops import linalg
from minigrad.ops.matrices import decompositions, inverses, norms
from minigrad.ops.matrices.einsum import Einsum
from tests.samples_linalg import symmetric

rng = np.random.default_rng(3)
A, B = rng.normal(size=(3, 3)), rng.normal(size=(4, 2))

FRO: Any = "fro"
Q = np.linalg.qr(A)[0]


def leaf(x, name="A"):
    return Tensor(np.array(x, float), requires_grad=True, name=name)


# Degenerate cases


@pytest.mark.parametrize("rank", [2, 1, 0])
def test_the_gradient_of_a_singular_determinant_is_its_cofactors(rank):
    u, s, vt = np.linalg.svd(A)
    singular = (u[:, :rank] * s[:rank]) @ vt[:rank]
    minors = [[np.delete(np.delete(singular, i, 0), j, 1) for j in range(3)] for i in range(3)]
    signs = (-1.0) ** np.add.outer(np.arange(3), np.arange(3))
    np.testing.assert_allclose(grad(np.linalg.det)(singular), signs * np.linalg.det(minors), atol=1e-14)


def test_the_logarithm_of_a_singular_determinant_has_no_gradient():
    with pytest.raises(np.linalg.LinAlgError, match="Singular"):
        grad(lambda x: np.linalg.slogdet(x)[1])(np.zeros((2, 2)))


@pytest.mark.parametrize("x", [2 * np.eye(3), (Q * [1.0, 1.0, 3.0]) @ Q.T], ids=["all", "two"])
def test_equal_eigenvalues_have_the_gradient_of_what_does_not_depend_on_the_vectors(x):
    assert np.isfinite(grad(lambda x: (np.linalg.eigh(x)[1] ** 3).sum())(x)).all()
    folded = 6 * np.tril(x @ x) - 3 * np.diag(np.diag(x @ x))  # 3 x², in the triangle that is read
    np.testing.assert_allclose(grad(lambda x: (np.linalg.eigvalsh(x) ** 3).sum())(x), folded, rtol=1e-12)
    if x[2, 0]:
        both = lambda x: np.linalg.eigh(x + x.T)[1][:, :2]  # noqa: E731
        assert gradcheck(lambda x: both(x) @ both(x).T, x / 2)


@pytest.mark.parametrize("UPLO", ["L", "U"])
def test_eigenvalues_and_vectors_have_the_gradient_of_the_triangle_that_is_read(UPLO):
    x, c = rng.normal(size=(2, 3, 3))
    for f in (lambda x: np.linalg.eigvalsh(x, UPLO), lambda x: np.linalg.eigh(x, UPLO)[1]):
        assert gradcheck(f, x)
        assert gradcheck(lambda x, f=f: np.abs(f(x + 1j * c)), x)
    other = np.triu(np.ones((3, 3)), 1) if UPLO == "L" else np.tril(np.ones((3, 3)), -1)
    assert not (other * grad(lambda x: (np.linalg.eigvalsh(x, UPLO) ** 3).sum())(x)).any()


def test_equal_and_vanishing_singular_values_have_finite_gradients():
    for x in (np.eye(3), np.zeros((3, 2)), np.ones((3, 2))):
        for i in range(3):
            assert np.isfinite(grad(lambda x, i=i: (np.linalg.svd(x, False)[i] ** 2).sum())(x)).all()
    np.testing.assert_allclose(grad(lambda x: (np.linalg.svdvals(x) ** 2).sum())(np.eye(3)), 2 * np.eye(3))


def test_vectors_that_complete_a_basis_have_the_gradient_of_the_space_that_they_span():
    for complete in (lambda x: np.linalg.svd(x)[0][:, 2:], lambda x: np.linalg.qr(x, "complete")[0][:, 2:]):
        assert gradcheck(lambda x, f=complete: f(x) @ f(x).T, B)
    wide = lambda x: np.linalg.svd(x).Vh[2:]  # noqa: E731
    assert gradcheck(lambda x: wide(x).T @ wide(x), B.T.copy())


@pytest.mark.parametrize("order", [None, 1, 2, 3, np.inf])
def test_the_norm_of_nothing_but_zeros_has_gradient_0(order):
    np.testing.assert_array_equal(grad(lambda x: np.linalg.norm(x, order))(np.zeros(3)), 0)
    hessian_row = grad(lambda x: grad(lambda z: np.linalg.norm(z, order))(x)[0])
    assert np.isfinite(hessian_row(np.array([0.0, 1.0, 2.0]))).all()


@pytest.mark.parametrize("order", [1, -1, np.inf, FRO])
def test_the_condition_of_a_singular_matrix_is_infinite(order):
    """And so is that of numbers so small that their squares are 0; beside them others keep theirs."""
    x = np.stack([np.outer([1.0, 2.0], [1.0, 2.0]), [[1.0, 2.0], [3.0, 4.0]], np.zeros((2, 2))])
    for given in (x, x[0], x[1], 1e-200 * x[1]):
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(np.linalg.cond(leaf(given), order).data, np.linalg.cond(given, order))
    slopes = grad(lambda x: np.linalg.cond(x, order)[1])(x)
    np.testing.assert_allclose(slopes[1], grad(lambda x: np.linalg.cond(x, order))(x[1]))
    assert not slopes[::2].any()


def test_the_number_of_elements_that_are_not_0_is_a_norm_without_a_gradient():
    x = Tensor([0.0, 2.0, 3.0], requires_grad=True)
    y = np.linalg.norm(x, 0)
    assert (y.item(), y.requires_grad) == (2, False)


# Forms of call


def test_what_has_several_results_is_numpys_named_tuple():
    x = leaf(symmetric(A))
    for f in (np.linalg.eigh, np.linalg.svd, np.linalg.qr, np.linalg.slogdet):
        ours, wanted = f(x), f(x.data)
        assert type(ours) is type(wanted)
        assert [y.shape for y in ours] == [np.shape(y) for y in wanted]
    assert np.linalg.eigh(x).eigenvalues.requires_grad
    assert not np.linalg.slogdet(x).sign.requires_grad


def test_the_rank_of_least_squares_is_a_number():
    x, residuals, rank, s = np.linalg.lstsq(leaf(B), np.arange(4.0))
    assert (rank, residuals.shape, s.shape, x.shape) == (2, (1,), (2,), (2,))
    deficient = np.linalg.lstsq(leaf(np.ones((4, 2))), np.arange(4.0))
    assert (deficient[1].shape, deficient[2]) == ((0,), 1)
    assert np.linalg.matrix_rank(leaf(B)) == 2


@pytest.mark.filterwarnings("ignore:Arrays of 2-dim")
@pytest.mark.skipif(np.lib.NumpyVersion(np.__version__) >= "2.5.0", reason="NumPy 2.5 refuses them")
def test_cross_products_of_two_elements():
    for shapes in (((4, 2), (4, 3)), ((3,), (4, 2)), ((4, 2), (2,))):
        a, b = (np.round(rng.normal(size=shape), 3) for shape in shapes)
        found: Any = np.cross(leaf(a), leaf(b))
        np.testing.assert_allclose(found.data, np.cross(a, b), rtol=1e-14)
        assert gradcheck(np.cross, a, b)


def test_a_chain_of_products_starts_with_the_cheapest():
    x, y, z = (leaf(rng.normal(size=shape), name) for shape, name in (((9, 1), "x"), ((1, 9), "y"), ((9, 1), "z")))
    product = np.linalg.multi_dot([x, y, z])
    assert product.inputs[0] is x
    np.testing.assert_allclose(product.data, x.data @ (y.data @ z.data), rtol=1e-14)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x: np.linalg.multi_dot([x]), ValueError, "two matrices or more"),
        (lambda x: np.linalg.multi_dot([x, x[None], x]), ValueError, "multi_dot: wanted matrices"),
        (lambda x: np.linalg.matrix_power(x, 0.5), TypeError, "a whole number"),
        (lambda x: np.linalg.matrix_power(x[:2], 2), ValueError, "square"),
        (lambda x: np.linalg.qr(x, "raw"), TypeError, "'raw'"),
        (lambda x: np.linalg.pinv(x, 0.1, rtol=0.1), ValueError, "both are given"),
        (lambda x: np.linalg.solve(x, np.ones(2)), ValueError, "as many rows"),
        (lambda x: np.linalg.cholesky(-x @ x.T), ValueError, "cholesky"),
        (lambda x: np.linalg.tensorinv(x), ValueError, "tensorinv"),
        (lambda x: np.linalg.tensorsolve(x, np.ones(2)), ValueError, "tensorsolve"),
        (lambda x: np.linalg.outer(x, x), ValueError, "two vectors"),
        (lambda x: np.linalg.cross(x, x[:, :2]), ValueError, "3 elements"),
        (lambda x: np.linalg.vector_norm(x, ord=FRO), ValueError, "no such norm"),
        (lambda x: np.linalg.norm(x, 5), ValueError, "no such norm"),
        (lambda x: np.trace(x, axis1=1, axis2=1), ValueError, "diagonal"),
        (lambda x: np.tensordot(x, x, ([0], [0, 1])), ValueError, "tensordot"),
        (lambda x: np.inner(x, np.ones(2)), ValueError, "inner"),
        (lambda x: np.outer(x, x, out=np.ones((9, 9))), TypeError, "np.outer.*'out'"),
    ],
)
def test_wrong_calls_are_named(call, error, message):
    with pytest.raises(error, match=message):
        call(leaf(A))


# Sums of products over named axes


@pytest.mark.parametrize("subscripts", ["nj,jk->nk", "ij,jk", "...j,jk->...k"])
def test_a_layer_written_by_einsum_is_a_layer(subscripts):
    x, W = Tensor(B, name="x"), leaf(B.T @ B, "W")
    y = np.einsum(subscripts, x, W)
    assert (y.op, y.inputs) == (linalg.matmul, (x, W))
    assert str(derive((np.tanh(y) ** 2).sum())[-1]) == str(derive((np.tanh(x @ W) ** 2).sum())[-1])


def test_einsum_takes_subscripts_as_numpy_does():
    x, y = rng.normal(size=(2, 3, 3)), rng.normal(size=(3, 2))
    for operands in (
        ("...ii->...", x),
        ("aij,jk", x, y),
        ("i j a->a", x),
        (x, [0, 1, 1]),
        (x, [..., 0], y, [0, 1], [1, ...]),
    ):
        tensors: Any = [leaf(part) if isinstance(part, np.ndarray) else part for part in operands]
        found = np.einsum(*tensors)
        np.testing.assert_allclose(found.data, np.einsum(*operands), rtol=1e-12)
    assert np.einsum("ij,jk", leaf(y.T), y, out=None, optimize="greedy", casting="safe").shape == (2, 2)


@pytest.mark.parametrize(
    ("subscripts", "message"),
    [
        ("ij,jk,k", "of 3 operands, and there are 2"),
        ("ij,j", "as many axes as"),
        ("ij,jk->il", "one that no operand has"),
        ("ij,jk->ii", "an axis twice"),
        ("i..,ij", "subscripts are letters"),
        ("i1,1j", "subscripts are letters"),
        ("i...,...j->ij", "needs the ellipsis"),
        ("ij,ij", "have lengths"),
    ],
)
def test_wrong_subscripts_are_named(subscripts, message):
    with pytest.raises(ValueError, match=rf"einsum\(.*{message}"):
        np.einsum(subscripts, leaf(A[:2]), leaf(A, "B"))


def test_einsum_is_written_with_its_indices():
    x, M, y = (leaf(rng.normal(size=shape), name) for shape, name in (((2,), "x"), ((2, 3), "M"), ((3,), "y")))
    node: Any = Einsum("i,ij,j->")(*(Node(name=t.name, shape=t.shape) for t in (x, M, y)))
    assert text(node) == "Σᵢⱼ xᵢ Mᵢⱼ yⱼ"
    assert plain(node) == "sum_ij x_i @ M_ij @ y_j"
    assert latex(node) == r"\sum_{ij} x_{i} M_{ij} y_{j}"
    derivation = derive(np.einsum("i,ij,j->", x, M, y))
    assert [str(line) for line in derivation] == ["∂E/∂x = M y", "∂E/∂M = x yᵀ", "∂E/∂y = x M"]
    assert "np.einsum('i,ij,j->', x, M, y)" in derivation.to_numpy()


# Notation


@pytest.mark.parametrize(
    ("call", "in_text", "in_ascii", "in_latex"),
    [
        (inverses.determinant, "det(A)", "det(A)", r"\det \left( A \right)"),
        (inverses.cofactors, "cof(A)", "cof(A)", r"\operatorname{cof}\left( A \right)"),
        (inverses.log_determinant, "log|det(A)|", None, r"\log \left\lvert \det \left( A \right) \right\rvert"),
        (inverses.inv, "A⁻¹", "A^(-1)", "A^{-1}"),
        (inverses.pseudo_inverse(), "A⁺", "A^(+)", "A^{+}"),
        (lambda A: np.linalg.solve(A, A.T), "A⁻¹ Aᵀ", "A^(-1) @ A.T", r"A^{-1} A^{\top}"),
        (decompositions.cholesky(), "chol(A)", "chol(A)", r"\operatorname{chol}\left( A \right)"),
        (decompositions.eigenvalues(), "λ(A)", "lambda(A)", r"\lambda\left( A \right)"),
        (norms.norm(), "‖A‖", "||A||", r"\left\lVert A \right\rVert"),
        (norms.norm(None, False, 3), "‖A‖₃", "||A||_3", r"{\left\lVert A \right\rVert}_{3}"),
    ],
)
def test_they_are_written_as_a_book_writes_them(call, in_text, in_ascii, in_latex):
    y = call(Node(name="A", shape=(3, 3)))
    assert text(y) == in_text
    assert plain(y) == (in_ascii or in_text)
    assert latex(y) == in_latex


def test_gradients_are_written_as_a_book_writes_them():
    x, M = leaf([1.0, 2.0, 2.0], "x"), leaf(symmetric(A), "M")
    assert str(derive(np.linalg.norm(x))[-1]) == "∂E/∂x = x / ‖x‖"
    assert str(derive(np.linalg.det(M))[-1]) == "∂E/∂M = cof(M)"
    assert str(derive(np.linalg.slogdet(M)[1])[-1]) == "∂E/∂M = (M⁻¹)ᵀ"
    assert derive(np.linalg.norm(x)).to_text("index").splitlines()[-1] == "∂E/∂xᵢ = xᵢ / √(Σᵣ xᵣ²)"


def test_importing_the_package_loads_none_of_it():
    code = "import minigrad, sys; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "minigrad.ops.linalg" in loaded
    assert not {f"minigrad.ops.{name}" for name in ("inverses", "decompositions", "norms")} & set(loaded)


# Complex matrices


def hermitian(z):
    return z @ z.conj().T + 2 * np.eye(3)


def test_complex_gradients_are_those_of_steps_along_both_parts():
    z, c = (rng.normal(size=(3, 3)) + 1j * rng.normal(size=(3, 3)) for _ in "zc")
    step = 1e-6
    for f in (
        lambda z: (np.linalg.inv(z) * c).sum().real,
        lambda z: (np.linalg.solve(z, c) * c).sum().imag,
        lambda z: (np.linalg.det(z) * (1 + 2j)).real,
        lambda z: np.linalg.norm(z) + np.linalg.norm(z, 3, axis=0).sum(),
        lambda z: np.einsum("ij,jk,ki->", z, c, z).real,
        lambda z: (np.linalg.pinv(z[:, :2]) * c[:2]).sum().real,
        lambda z: (np.linalg.cholesky(hermitian(z)) * c).sum().real,
        lambda z: (np.linalg.cholesky(hermitian(z), upper=True) * c).sum().real,
        lambda z: (np.linalg.eigvalsh(hermitian(z)) ** 3).sum(),
        lambda z: (np.abs(np.linalg.eigh(hermitian(z))[1]) ** 4).sum(),
        lambda z: (np.linalg.eigh(hermitian(z))[0] ** 3)[0],
        lambda z: (np.linalg.svdvals(z[:2]) ** 3).sum(),
        lambda z: (np.linalg.eigvals(z) * (1 + 2j)).prod().real + (np.abs(np.linalg.eig(z)[1]) ** 3 * c.real).sum(),
        *(lambda z, i=i: (np.abs(np.linalg.svd(z, False)[i]) ** 3 * c.real).sum() for i in (0, 2)),
        *(
            lambda z, i=i: (np.abs(np.linalg.svd(z[:2], False)[i]) ** 3 * c.real[:2, : 2 + i // 2]).sum()
            for i in (0, 2)
        ),
        lambda z: (np.abs(np.linalg.svd(z[:, :2], False)[0]) ** 3 * c.real[:, :2]).sum(),
        *(
            lambda z, i=i, m=m: (np.abs(np.linalg.qr(z[:, :m])[i] * c[0, 0]) ** 3).sum() * c[i, m - 1].real
            for i in (0, 1)
            for m in (2, 3)
        ),
        lambda z: (np.linalg.qr(z[:2])[1] * c[:2]).imag.sum() + (np.linalg.qr(z[:, :2])[0] * c[:, :2]).real.sum(),
        lambda z: np.abs(_span(np.linalg.qr(z[:, :2], "complete")[0][:, 2:]) * c).sum(),
        lambda z: np.abs(_span(np.linalg.svd(z[:, :2])[0][:, 2:]) * c).sum(),
        lambda z: np.abs(_span(np.linalg.svd(z[:2])[2][2:].T) * c).sum(),
        lambda z: np.linalg.slogdet(z)[1] + np.linalg.slogdet(z)[0].imag,
        lambda z: np.linalg.norm(z, "nuc"),
        lambda z: np.abs(np.trace(np.linalg.matrix_power(z, 3) @ np.kron(z, c)[:3, :3])),
    ):
        slopes = np.zeros_like(z)
        for at in np.ndindex(z.shape):
            e = np.zeros_like(z)
            e[at] = step
            slopes[at] = (f(z + e) - f(z - e) - 1j * (f(z + 1j * e) - f(z - 1j * e))) / (2 * step)
        np.testing.assert_allclose(grad(f)(z), slopes, rtol=1e-6, atol=1e-7)


def _span(y):
    """The projection on what columns span, which does not depend on their choice."""
    return y @ y.conj().T


@pytest.mark.parametrize(
    "f",
    [
        np.linalg.eigvals,
        lambda a: np.linalg.eig(a)[1] ** 2,
        lambda a: np.roots([1, 4, 0.1] * a[0]),
        lambda a: np.sort(np.roots(np.append([1, 4, 0.1] * a[0], 0.0))),
        lambda a: np.poly(np.roots(np.abs(a[0]))),
        np.poly,
    ],
)
def test_what_is_real_in_numpy_is_real_here(f):
    a = np.array([[2.0, -0.6, 0.1], [-0.5, 3.0, 0.3], [0.2, 0.4, 1.0]])
    wanted, y = f(a), f(Tensor(a, requires_grad=True))
    assert (y.dtype, y.shape) == (wanted.dtype, wanted.shape)
    np.testing.assert_allclose(y.data, wanted, rtol=1e-13)
    slope = grad(lambda a: (f(a) ** 2 * np.arange(1, wanted.size + 1).reshape(wanted.shape)).sum())
    assert gradcheck(lambda a: (f(a) ** 2).sum(), a)
    assert gradcheck(lambda a: (slope(a) ** 2).sum(), a, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.linalg.inv(0 * x),
        lambda x: np.linalg.cholesky(-x @ x.T),
        lambda x: np.linalg.det(x[0]),
        lambda x: np.linalg.tensorinv(x),
        lambda x: np.linalg.matrix_power(0 * x, -1),
        lambda x: np.linalg.multi_dot([x, x[None], x]),
        lambda x: np.sum(x, axis=5),
        lambda x: np.concatenate([x, x], axis=3),
        lambda x: np.moveaxis(x, 5, 0),
        lambda x: np.fft.fft(x, axis=4),
        lambda x: np.split(x, 2, axis=5),
    ],
)
def test_who_catches_numpys_error_catches_ours(call):
    """An except clause for LinAlgError, or for IndexError, is about a tensor's, too."""
    x = np.array([[2.0, 1.0], [0.0, 3.0]])
    with pytest.raises(Exception) as numpys:  # noqa: PT011, whichever NumPy raises
        call(x)
    with pytest.raises(ShapeError) as ours:
        call(Tensor(x, requires_grad=True, name="W"))
    assert isinstance(ours.value, type(numpys.value))
    assert "W" in str(ours.value)
    assert str(pickle.loads(pickle.dumps(ours.value))) == str(ours.value)
