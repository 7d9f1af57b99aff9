"""Whole matrices in native code: for every size and layout it gives what NumPy gives, and refuses what that refuses."""

import numpy as np
import pytest

from minigrad import compile, grad, value_and_grad

pytest.importorskip("minigrad.compiler.native.backend")

SIZES = (1, 2, 3, 8, 17)
FUNCTIONS = {
    "inv": np.linalg.inv,
    "solve": lambda x: np.linalg.solve(x, np.cos(x)[..., :2]),
    "solve, transposed": lambda x: np.linalg.solve(np.matrix_transpose(x), x),
    "det": np.linalg.det,
    "slogdet": lambda x: np.linalg.slogdet(x)[1] * np.linalg.slogdet(x)[0],
    "cholesky": lambda x: np.linalg.cholesky(x @ np.matrix_transpose(x)),
    "cholesky, upper": lambda x: np.linalg.cholesky(x @ np.matrix_transpose(x), upper=True),
    "solve with a triangle": lambda x: np.linalg.solve(np.linalg.cholesky(x @ np.matrix_transpose(x)), x),
    "solve with an upper triangle": lambda x: np.linalg.solve(
        np.matrix_transpose(np.linalg.cholesky(x @ np.matrix_transpose(x))), x[..., :1]
    ),
}


def make(n, batch=(), dtype=np.float64):
    """Matrices that are well-conditioned, whose pivots are not on the diagonal."""
    x = np.random.default_rng(n).normal(size=(*batch, n, n)) / n + np.eye(n)[::-1]
    return x.astype(dtype)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_gives_what_numpy_gives_and_its_gradient(name):
    f = FUNCTIONS[name]

    def loss(x):
        y = f(x)
        return (y * np.sin(np.arange(1.0, y.size + 1).reshape(y.shape))).sum()

    step, wanted = compile(value_and_grad(loss), backend="native"), value_and_grad(loss)
    for x in [make(n) for n in SIZES] + [make(3, (2, 4))]:
        value, gradient = step(x)
        np.testing.assert_allclose(value, loss(x), rtol=1e-9)
        np.testing.assert_allclose(gradient, wanted(x)[1], rtol=1e-7, atol=1e-9)
        if x.shape[-1] <= 3 or (x.shape[-1] <= 16 and name != "det") or "cholesky" in name or "triangle" in name:
            assert str(step.report()) == "The step runs as native code."


@pytest.mark.parametrize("name", FUNCTIONS)
def test_it_computes_in_float32(name):
    x = make(4, dtype=np.float32)
    y, wanted = compile(FUNCTIONS[name], backend="native")(x), FUNCTIONS[name](x)
    assert y.dtype == wanted.dtype
    np.testing.assert_allclose(y, wanted, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("name", ["inv", "solve", "slogdet", "cholesky"])
def test_the_second_derivative_is_that_of_the_function(name):
    def slope(x):
        return (grad(lambda x: (FUNCTIONS[name](x) ** 2).sum())(x) ** 2).sum()

    x = make(3)
    np.testing.assert_allclose(compile(grad(slope), backend="native")(x), grad(slope)(x), rtol=1e-8)


@pytest.mark.parametrize("n", [2, 5, 40])
@pytest.mark.parametrize("f", [np.linalg.inv, lambda x: np.linalg.solve(x, x), np.linalg.cholesky], ids="isc")
def test_what_numpy_refuses_is_refused_and_the_next_call_is_as_ever(f, n):
    step, good = compile(f, backend="native"), make(n) @ make(n).T
    bad = good.copy()
    bad[-1] = bad[:, -1] = 0
    for x in (good, bad, good):
        if x is good:
            np.testing.assert_allclose(step(x), f(x), rtol=1e-8, atol=1e-10)
            continue
        with pytest.raises(np.linalg.LinAlgError) as wanted:
            f(x)
        with pytest.raises(np.linalg.LinAlgError, match=f"^{wanted.value}$"):
            step(x)


def test_determinants_of_singular_matrices_are_0_and_those_of_nan_are_nan():
    def all_three(x):
        return np.linalg.det(x), *np.linalg.slogdet(x)

    step = compile(all_three, backend="native")
    for x in (np.zeros((3, 3)), np.ones((4, 4)), np.full((2, 2), np.nan), np.diag([1.0, -2.0, 3.0])[[2, 0, 1]]):
        with np.errstate(all="ignore"):
            np.testing.assert_allclose(step(x), all_three(x), rtol=1e-12)


@pytest.mark.parametrize("n", SIZES)
@pytest.mark.parametrize("f", [np.linalg.cholesky, lambda x: np.linalg.cholesky(x, upper=True)])
@np.errstate(all="ignore")
def test_nan_comes_out_of_a_decomposition_as_it_does_of_numpys(f, n):
    """Parameters that have become NaN show as such, not as an error that another backend would not raise."""
    x = np.eye(n)
    x[-1, -1] = np.nan
    wanted = f(x)
    assert np.isnan(wanted[-1, -1])
    np.testing.assert_array_equal(compile(lambda x: f(x) * 1.0, backend="native")(x), wanted)


def test_integers_become_floats_and_views_are_read_as_they_lie():
    whole = np.array([[2, 1, 0], [1, 3, 1], [0, 1, 4]])
    np.testing.assert_allclose(compile(np.linalg.inv, backend="native")(whole), np.linalg.inv(whole), rtol=1e-12)
    large = np.random.default_rng(0).normal(size=(6, 6))
    step = compile(lambda x: np.linalg.inv(x[::2, ::-2]) @ np.linalg.cholesky((x @ x.T)[1:4, 1:4]), backend="native")
    wanted = np.linalg.inv(large[::2, ::-2]) @ np.linalg.cholesky((large @ large.T)[1:4, 1:4])
    np.testing.assert_allclose(step(large), wanted, rtol=1e-9)


def test_a_matrix_of_another_function_may_lie_by_columns():
    """What lies as A.T does is read as it lies, and read anew in each call."""
    A, x = np.arange(6.0).reshape(2, 3), np.ones(2)
    step = compile(lambda x: A.T @ x + A.T @ (2 * x), backend="native")
    np.testing.assert_array_equal(step(x), 3 * A.T @ x)
    assert str(step.report()) == "The step runs as native code."
    A[0] = 7
    np.testing.assert_array_equal(step(x), 3 * A.T @ x)


def test_a_view_and_the_same_one_transposed_are_two():
    A = np.arange(36.0).reshape(6, 6)
    B = A[::2, ::2]

    def f(x):
        return B @ x + 2 * (B.T @ x), A @ y + A.T @ (2 * y)

    x, y = np.arange(3.0), np.arange(6.0)
    for got, wanted in zip(compile(f, backend="native")(x), f(x), strict=True):
        np.testing.assert_array_equal(got, wanted)


def test_what_nobody_may_write_is_read_where_it_lies():
    H = np.arange(4.0)
    frozen = H[:2]
    frozen.flags.writeable = False
    step = compile(lambda x: (x * frozen).sum(), backend="native")
    assert step(np.ones(2)) == 1
    H += 1
    assert step(np.ones(2)) == 3
    assert "bind_run" not in step.source
