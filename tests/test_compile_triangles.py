"""Systems whose matrix is known to be a triangle, in NumPy code: block after block, as the whole system is solved."""

import re
from functools import partial

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, value_and_grad
from minigrad.compiler.numpy.triangles import BLOCK, HALF, invert_blocks, solve_triangle
from minigrad.ops.matrices.decompositions import half_lower

rng = np.random.default_rng(0)


def positive(n, dtype=np.float64):
    A = rng.normal(size=(n, n)) / np.sqrt(n)
    return (A @ A.T + np.eye(n)).astype(dtype)


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("n", [1, BLOCK - 1, BLOCK, 2 * BLOCK + 1, 3 * BLOCK])
@pytest.mark.parametrize("columns", [1, 5, 60])
def test_blocks_solve_the_whole_system(lower, n, columns):
    L = np.linalg.cholesky(positive(n))
    a = L if lower else L.T
    b, y = rng.normal(size=(n, columns)), np.full((n, columns), np.nan)
    inverses = np.full((-(-n // BLOCK), BLOCK, BLOCK), np.nan)
    invert_blocks(True, L, inverses)
    for known in (None, inverses if lower else inverses.transpose(0, 2, 1)):
        y[...] = np.nan
        solve_triangle(lower, a, b, y, known)
        np.testing.assert_allclose(a @ y, b, rtol=0, atol=1e-12)
        np.testing.assert_allclose(y, np.linalg.solve(a, b), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("lower", [False, True])
@pytest.mark.parametrize("n", [1, HALF, HALF + 1, BLOCK - 1, 2 * BLOCK, 2 * BLOCK + HALF + 3])
def test_blocks_are_inverted_by_halves(lower, n):
    a = np.linalg.cholesky(positive(n)) if lower else np.linalg.cholesky(positive(n)).T
    inverses = np.full((-(-n // BLOCK), BLOCK, BLOCK), np.nan)
    invert_blocks(lower, a, inverses)
    for i, first in enumerate(range(0, n, BLOCK)):
        own = a[first : first + BLOCK, first : first + BLOCK]
        np.testing.assert_allclose(inverses[i, : len(own), : len(own)], np.linalg.inv(own), rtol=1e-11, atol=1e-13)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_half_of_each_matrix_below_the_diagonal(order, dtype):
    x = np.asarray(rng.normal(size=(3, 5, 5)), dtype, order=order)
    x[0, 1, 2], x[1, 3, 1], x[2, 2, 2] = np.inf, np.nan, -0.0
    wanted = np.tril(x)
    wanted[:, range(5), range(5)] *= 0.5
    found = compile(lambda x: half_lower(x * 1), backend="numpy")(x)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(130,), (130, 7)])
def test_a_likelihood_and_its_gradient(shape, dtype):
    K, t = positive(130, dtype), rng.normal(size=shape).astype(dtype)

    def loss(K, t):
        L = np.linalg.cholesky(K)
        a = np.linalg.solve(L, t)
        return (a * a).sum() / 2 + np.log(np.diagonal(L)).sum()

    code = compile(value_and_grad(loss, (0, 1)), backend="numpy")
    value, (gK, gt) = code(K, t)
    assert {"solve_lower", "solve_upper"} <= set(re.findall(r"\w+", code.source))
    inverse = np.linalg.inv(K.astype(float))
    α = inverse @ t
    square = np.outer(α, α) if t.ndim == 1 else α @ α.T
    tolerance = 1e-9 if dtype == np.float64 else 1e-3
    np.testing.assert_allclose(value, (t * α).sum() / 2 + np.linalg.slogdet(K)[1] / 2, rtol=tolerance)
    np.testing.assert_allclose(gK, (inverse - square) / 2, rtol=tolerance, atol=tolerance)
    np.testing.assert_allclose(gt, α, rtol=tolerance, atol=tolerance)


def test_what_is_no_triangle_is_solved_as_it_was():
    K, t = positive(130), rng.normal(size=130)
    code = compile(lambda K, t: np.linalg.solve(K, t), backend="numpy")
    np.testing.assert_allclose(K @ code(K, t), t, atol=1e-12)
    assert "solve_lower" not in code.source


def test_blocks_of_a_triangle_are_inverted_once_for_all_its_systems():
    K, T = positive(130), rng.normal(size=(130, 7))

    def solutions(K, T):
        L = np.linalg.cholesky(K)
        a = np.linalg.solve(L, T)
        return np.linalg.solve(L.T, a), np.linalg.solve(L, a[:, :1])

    code = compile(solutions, backend="numpy")
    for scale in (1.0, 2.0):
        whole, first = code(scale * K, T)
        np.testing.assert_allclose(scale * K @ whole, T, atol=1e-12)
        L = np.linalg.cholesky(scale * K)
        np.testing.assert_allclose(L @ (L @ first), T[:, :1], atol=1e-12)
    assert len(re.findall(r"invert_blocks\w*\(", code.source)) == 1
    assert code.source.count("solve_lower") + code.source.count("solve_upper") == 3


def test_one_column_is_solved_block_after_block_without_inverses():
    K, t = positive(130), rng.normal(size=130)
    code = compile(lambda K, t: np.linalg.solve(np.linalg.cholesky(K), t), backend="numpy")
    np.testing.assert_allclose(np.linalg.cholesky(K) @ code(K, t), t, atol=1e-12)
    assert "solve_lower" in code.source
    assert "invert_blocks" not in code.source


def test_the_gradient_of_a_triangle_with_an_infinite_element_is_infinite_there_alone():
    x = np.array([[1.0, 2.0], [np.inf, 4.0]])
    np.testing.assert_array_equal(compile(lambda x: half_lower(x * 1.0), backend="numpy")(x), [[0.5, 0], [np.inf, 2]])


@pytest.mark.parametrize("backend", [None, "numpy", "native"])
@pytest.mark.parametrize("shape", [(0, 3, 3), (0, 0), (2, 0, 0)])
@pytest.mark.parametrize(
    "f",
    [
        np.linalg.cholesky,
        np.linalg.eigvalsh,
        lambda x: np.linalg.qr(x)[1],
        lambda x: np.linalg.svd(x, compute_uv=False),
        lambda x: np.linalg.eig(x)[0].real,
    ],
    ids=["cholesky", "eigvalsh", "qr", "svd", "eig"],
)
def test_no_matrices_and_matrices_of_no_elements_have_gradients_to_second_order(f, shape, backend):
    if backend == "native":
        pytest.importorskip("numba")
    first = grad(lambda x: np.sum(f(x)))
    second = grad(lambda x: np.sum(first(x) ** 2))
    for derivative in (first, second):
        result = (compile(derivative, backend=backend) if backend else derivative)(np.zeros(shape))
        assert result.shape == shape
        assert result.dtype == np.float64


@pytest.mark.parametrize("backend", [None, "numpy", "native"])
@pytest.mark.parametrize("dtype", [np.complex64, np.complex128, np.float32, np.int64])
def test_a_norm_of_order_0_counts_in_real_numbers(dtype, backend):
    if backend == "native":
        pytest.importorskip("numba")
    x = np.array([1, 0, 3, 4], dtype)
    f = partial(np.linalg.norm, ord=0)
    result = compile(f, backend=backend)(x) if backend else f(Tensor(x)).data
    expected = np.linalg.norm(x, 0)
    assert result == expected == 3
    assert result.dtype == expected.dtype
