"""Numbers that NumPy code takes out of sums: the value up to rounding, in the same dtype, with one product less."""

import numpy as np
import pytest

from minigrad import compile

X, Y, Z = (np.random.default_rng(i).normal(size=(4, 3)) for i in range(3))


def products(f, *arguments):
    step = compile(f, backend="numpy")
    wanted = f(*arguments)
    np.testing.assert_allclose(step(*arguments), wanted, rtol=1e-14)
    assert step(*arguments).dtype == wanted.dtype
    return step.source.count("multiply(")


def test_a_number_that_both_terms_have_is_multiplied_by_once():
    k = np.float64(0.3)
    assert products(lambda k, x, y: k * np.tanh(x) - k * np.exp(y), k, X, Y) == 1
    assert products(lambda k, x, y: np.tanh(x) * k + k * np.exp(y), k, X, Y) == 1
    assert products(lambda k, x, y: np.tanh(x) * (k * np.exp(x[:, :1])) - k * np.exp(y), k, X, Y) == 2


def test_what_is_read_elsewhere_too_stays_as_it_is():
    def f(k, x, y):
        a = k * np.tanh(x)
        return (a - k * np.exp(y)) * np.abs(a)

    assert products(f, np.float64(0.3), X, Y) == 3


def test_digits_are_those_of_the_result():
    def f(k, x, y):
        return k * x - k * y

    x = X.astype(np.float32)
    wanted, found = f(np.float64(0.1), x, x * np.float32(1.0001)), None
    found = compile(f, backend="numpy")(np.float64(0.1), x, x * np.float32(1.0001))
    assert found.dtype == wanted.dtype == np.float64
    np.testing.assert_array_equal(found, wanted)


@pytest.mark.parametrize("k", [0.0, np.inf, -np.inf, np.nan])
def test_exact_code_takes_nothing_out(k):
    def f(k, x, y):
        return k * np.tanh(x) - k * np.exp(y)

    with np.errstate(all="ignore"):
        wanted, found = f(np.float64(k), X, Y), compile(f, backend="numpy", exact=True)(np.float64(k), X, Y)
    np.testing.assert_array_equal(found, wanted)
