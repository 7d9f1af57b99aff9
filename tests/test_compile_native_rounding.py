"""Loops of native code in float32 leave 0 where a result is too small for all its digits, and nothing else does."""

import numpy as np
import pytest

import minigrad

pytest.importorskip("numba")

from minigrad.compiler.native.rounding import HAS_MXCSR
from tests.compiling import running

HALF = np.array([0.5, 0.5], np.float32)


def halve(x, half, places=None):
    for t in range(140):
        x = half * x if places is None else half * x[places[t]]
    return x


def computes_small_numbers():
    """Say whether this thread, in NumPy, still has results that are subnormal."""
    return np.multiply(np.full(64, 1e-38, np.float32), np.float32(0.125)).all()


@pytest.mark.skipif(not HAS_MXCSR, reason="the mode is that of x86")
def test_what_fades_in_float32_is_zero_in_the_end_and_the_mode_is_put_back():
    step = minigrad.compile(halve, backend="native")
    x = np.array([1, 2**20], np.float32)
    np.testing.assert_array_equal(step(x, HALF), np.array([0, 2.0**-120], np.float32))
    np.testing.assert_array_equal(halve(x, HALF), np.array([2.0**-140, 2.0**-120], np.float32))
    assert computes_small_numbers()


def test_subnormal_numbers_stay_where_code_is_exact_or_of_float64():
    x = np.array([1, 2**20], np.float32)
    np.testing.assert_array_equal(minigrad.compile(halve, backend="native", exact=True)(x, HALF), halve(x, HALF))
    y = np.array([2.0**-900, 1.0])
    np.testing.assert_array_equal(minigrad.compile(halve, backend="native")(y, 0.5), halve(y, 0.5))


def test_a_loop_that_refuses_an_index_leaves_the_mode_as_it_was():
    step = minigrad.compile(halve, backend="native")
    x, places = np.ones(2, np.float32), np.zeros((140, 2), int)
    assert step(x, HALF, places).shape == (2,)
    with pytest.raises(IndexError):
        step(x, HALF, places + 2)
    assert computes_small_numbers()


LONG = {
    "one row": (lambda x: np.sum(x), (30_000,)),
    "a product": (lambda x: np.sum(x * x), (30_000,)),
    "what is computed": (lambda x: np.sum(np.exp(-x)), (30_000,)),
    "rows": (lambda x: np.sum(x * 2, axis=1), (2, 15_000)),
    "two axes": (lambda x: np.sum(x * 2, axis=(1, 2)), (2, 150, 100)),
    "columns that do not lie in order": (lambda x: np.sum(x.T[::2, ::3] * 1.5), (300, 200)),
    "short rows": (lambda x: np.sum(x[:, ::-1] * 1.5), (10_000, 3)),
    "rows inside others": (lambda x: np.sum(x * 2, axis=(0, 2)), (3, 2, 9_000)),
    "beside the largest": (lambda x: np.sum(x * 2) + np.max(x * 2), (30_000,)),
}


@pytest.mark.parametrize(("f", "shape"), LONG.values(), ids=LONG)
def test_a_long_sum_of_float32_has_about_the_digits_of_numpys(f, shape):
    """Each of 30 000 numbers added to one sum loses 2e-4; machine code, whose sums are 16 at a time, less of either."""
    x = np.full(shape, 0.1, np.float32)
    with running("interpreted"):
        found = minigrad.compile(f, backend="native")(x)
    assert found.dtype == np.float32
    np.testing.assert_allclose(found, f(x.astype(np.float64)), rtol=8e-6)
