"""Cases of NumPy's own tests in which a function gave something else: values, dtypes and refusals are NumPy's."""

import numpy as np
import pytest

from minigrad import Tensor, compile, grad
from tests.test_compile_backends import BY_PYTHON

INF, NAN = np.inf, np.nan
GAPS = np.array([[0.6, NAN, 0.3, 0.1], [0.5, -0.9, NAN, 0.2], [NAN, NAN, NAN, 0.1], [0.2, NAN, NAN, NAN]])
CASES = {
    "a median of infinite elements": (np.nanmedian, np.array([NAN, -INF, -INF, -INF])),
    "a median of two infinite ones": (np.nanmedian, np.array([NAN, INF, INF])),
    "medians of columns": (
        lambda x: np.nanmedian(x, 0),
        np.array([[NAN, INF, 1.0], [2.0, INF, NAN], [3.0, -INF, 7.0]]),
    ),
    "no more elements than ddof": (lambda x: np.nanvar(x, 1, ddof=2), GAPS),
    "no more elements than the correction": (lambda x: np.nanstd(x, 0, correction=3, keepdims=True), GAPS),
    "a line from an infinite point": (lambda f: np.interp(0.5, [0.0, 1.0], f), np.array([-INF, 10.0])),
    "a line that is infinitely long": (lambda p: np.interp(0.5, p, [10.0, 10.0]), np.array([-INF, INF])),
    "the points of a line themselves": (
        lambda f: np.interp([1.0, 2, 3, 4, NAN], [1.0, 2, 3, 4], f),
        np.array([1, 2, INF, 4]),
    ),
    "the sign of a singular complex matrix": (lambda a: np.linalg.slogdet(a)[0], np.zeros((1, 1), complex)),
    "that of a large one": (
        lambda a: np.linalg.slogdet(a)[0],
        np.random.default_rng(0).normal(size=(300, 300)) * 1e6 + 1j * np.random.default_rng(1).normal(size=(300, 300)),
    ),
    "the rank's dtype": (lambda a: np.linalg.lstsq(a, a[:, 0], rcond=None)[2], np.arange(6.0).reshape(3, 2)),
    "Python's numbers among choices": (lambda x: np.choose(np.array([1, 0]), [x, 1.0]), np.array([1, 2], np.float32)),
    "a dtype's class": (lambda x: np.subtract(x, 1, dtype=np.dtypes.Float64DType), np.array([1, 2], np.float32)),
    "indices of small integers": (lambda i: np.unravel_index(i, (5, 8), order="F"), np.array([9, 31], np.uint16)),
    "what is found in a table": (lambda i: np.isin(i, np.array([2, 4]), kind="table"), np.array([1, 2, 4])),
}
if np.lib.NumpyVersion(np.__version__) >= "2.4.0":  # before, NumPy raises
    CASES |= {
        "the largest of no elements": (lambda x: np.linalg.vector_norm(x, ord=INF), np.zeros(0)),
        "the largest of no rows": (lambda x: np.linalg.matrix_norm(x, ord=INF), np.zeros((0, 2))),
        "the largest of no singular values": (lambda x: np.linalg.matrix_norm(x, ord=2), np.zeros((2, 0))),
    }


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # of ∞ − ∞, and of too few elements
@pytest.mark.parametrize("backend", [None, "numpy", "native"])
@pytest.mark.parametrize("name", CASES)
def test_it_is_numpys(name, backend):
    f, x = CASES[name]
    if backend == "native":
        pytest.importorskip("numba")
    found = compile(f, backend=BY_PYTHON if backend == "native" else backend)(x) if backend else f(Tensor(x))
    expected = f(x)
    assert isinstance(found, tuple) == isinstance(expected, tuple)
    for a, b in zip(*(part if isinstance(part, tuple) else (part,) for part in (found, expected)), strict=True):
        a = a.data if isinstance(a, Tensor) else a
        assert np.shape(a) == np.shape(b)
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=1e-10)


def test_numbers_on_the_edges_of_bins_are_counted_where_numpy_counts_them():
    x = np.linspace(-10, 10, 200)
    for bins in range(1, 40):
        for shifted in (x, x + 0.1, x * 0.3):
            expected, edges = np.histogram(shifted, bins)
            found, own = np.histogram(Tensor(shifted, requires_grad=True), bins)
            assert isinstance(own, Tensor)
            np.testing.assert_array_equal(found, expected)
            np.testing.assert_allclose(own.data, edges, rtol=1e-14, atol=1e-14)
            weighted, _ = np.histogram(shifted, bins, weights=Tensor(np.ones(200)))
            np.testing.assert_array_equal(weighted.data, expected)


def test_one_coordinate_of_points_is_a_vector():
    x = np.array([0.1, 0.4, 0.9])
    found, edges = np.histogramdd(Tensor(x, requires_grad=True), bins=[[0.0, 0.5, 1.0]])
    np.testing.assert_array_equal(getattr(found, "data", found), [2.0, 1.0])
    assert len(edges) == 1


@pytest.mark.parametrize("indices", [np.array(4), np.array([-1]), np.array(0.5)])
def test_what_is_no_place_of_the_array_is_refused_as_numpys_is(indices):
    with pytest.raises((ValueError, TypeError)) as numpys:
        np.unravel_index(indices, (2, 2))
    with pytest.raises(numpys.type, match=str(numpys.value).split()[0]):
        np.unravel_index(Tensor(indices), (2, 2))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # as of NumPy's
def test_a_variance_of_too_few_leaves_the_gradients_of_others():
    x = np.array([[1.0, NAN, 4.0], [NAN, 2.0, NAN]])
    g = grad(lambda x: np.nansum(np.nanvar(x, 1, ddof=1)))(x)
    np.testing.assert_allclose(g, [[-3, 0, 3], [0, 0, 0]])  # 2 (x − mean) / (n − 1)


def test_the_sign_of_a_complex_determinant_turns_with_the_matrix():
    a = np.random.default_rng(2).normal(size=(3, 3)) + 1j * np.random.default_rng(3).normal(size=(3, 3))

    def angle(t):  # det(a e^it) = e^3it det(a)
        return np.linalg.slogdet(a * np.exp(1j * t))[0].real

    t, h = 0.3, 1e-6
    np.testing.assert_allclose(grad(angle)(t), (angle(t + h) - angle(t - h)) / (2 * h), rtol=1e-7)
