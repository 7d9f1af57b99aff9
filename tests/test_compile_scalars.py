"""Numbers that Python's floats compute in NumPy code: the bits, the types and the errors are those of eager NumPy."""

import numpy as np
import pytest

from minigrad import compile, grad


def fifth_derivative(f):
    for _ in range(5):
        f = grad(f)
    return f


def polynomial(x):
    y = np.sin(x)
    z = y * y - 3 * y + 0.1
    z = z * y - (1 - z) * (z + y) * 2.5
    return -(z * z * y) + z * (y - 1e300) * 1e10


def of_float32(x, w):
    y = np.tanh(x)
    y = y * y * (1 - y) * (2 + y) + y * y * y
    return y * w


@pytest.mark.parametrize("f", [polynomial, fifth_derivative(np.tanh)])
@pytest.mark.parametrize("x", [0.3, -2.0, 0.0, -0.0, 1e-320, np.float64(0.7), np.array(0.4)])
def test_the_bits_are_those_of_numpy(f, x):
    step = compile(f, backend="numpy")
    with np.errstate(all="ignore"):
        wanted, found = np.asarray(f(x) if f is polynomial else f(np.asarray(x, float))), step(x)
    assert type(found) is np.float64 or isinstance(found, np.ndarray)
    assert np.asarray(found).tobytes() == wanted.tobytes()
    assert np.asarray(step(x)).tobytes() == wanted.tobytes()


@pytest.mark.parametrize("x", [np.inf, -np.inf, np.nan])
def test_infinities_and_nan_go_through(x):
    with np.errstate(all="ignore"):
        assert np.array_equal(compile(polynomial, backend="numpy")(x), polynomial(np.float64(x)), equal_nan=True)


def test_python_computes_what_it_computes_as_numpy_does_and_nothing_else():
    step = compile(fifth_derivative(np.tanh), backend="numpy")
    step(0.3)
    assert step.source.count("float(tanh(") == 1  # brought to Python once,
    assert step.source.count("np.float64(") == 1  # and the result is NumPy's
    few = compile(lambda x: np.tanh(x) * np.tanh(x) + 1, backend="numpy")
    few(np.float64(0.3))
    assert "float(" not in few.source  # a conversion takes longer than one product saves


def test_what_meets_an_array_stays_a_number_of_numpys():
    w = np.ones(3, np.float32)
    step = compile(of_float32, backend="numpy")
    for x in (np.float64(0.3), np.array(0.3)):
        assert step(x, w).dtype == of_float32(x, w).dtype == np.float64


def test_a_quotient_by_zero_is_infinite():
    def f(x):
        y = np.sin(x)
        z = y * y * y + y * 2 - y * y * 3 + y
        return 1 / z

    with np.errstate(all="ignore"):
        assert compile(f, backend="numpy")(np.float64(0.0)) == np.inf
