"""What keeps a gradient of 0 from an infinite derivative costs nothing in NumPy code where all is finite."""

import warnings

import numpy as np
import pytest

from minigrad import compile, value_and_grad
from tests.compiling import plain


def chosen(x):
    """A gradient of 0 meets the infinite slope of a square root at 0."""
    y = np.sqrt(x)
    return y[0, 0] * 3.0 + y[1, 1]


def by_a_scalar(x):
    return (x[0] / x[1, 0])[0] * 2.0


def of_products(x):
    """⟨g, d⟩ of a gradient and a derivative, one of which is infinite where the other is 0."""
    scale = x[1, 1] * 2.0
    y = scale * np.log(np.abs(x))
    return y[0, 1]


VALUES = {
    "finite": [[4.0, 9.0], [0.5, 2.0]],
    "infinite where the gradient is 0": [[4.0, 0.0], [0.0, 9.0]],
    "infinite where it is not": [[0.0, 1.0], [1.0, 4.0]],
    "negative zeros": [[-0.0, 2.0], [3.0, 1.0]],
    "so large that squares overflow": [[1e-300, 1e300], [1e300, 2.0]],
}


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("values", VALUES)
@pytest.mark.parametrize("f", [chosen, by_a_scalar, of_products])
def test_zero_times_infinity_is_zero_and_all_else_as_ever(f, values, dtype, exact):
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        x = np.array(VALUES[values], dtype)
        value, g = plain(value_and_grad(f)(x))
        step = compile(value_and_grad(f), exact=exact)
        for _ in range(2):
            found, h = plain(step(x))
            assert np.asarray(h).dtype == dtype
            np.testing.assert_array_equal(found, value)
            np.testing.assert_allclose(h, g, rtol=1e-5 if dtype == np.float32 else 1e-13)


def test_it_is_one_product_where_all_is_finite():
    step = compile(value_and_grad(chosen))
    step(np.array(VALUES["finite"]))
    assert "np.inf else" in step.source
    assert "copyto" not in step.source


def test_the_code_is_numpys_alone(tmp_path):
    step = compile(value_and_grad(chosen))
    x = np.array(VALUES["infinite where the gradient is 0"])
    with np.errstate(divide="ignore"):
        _, wanted = plain(step(x))
        step.export(tmp_path / "code.py")
        namespace = {}
        exec((tmp_path / "code.py").read_text(), namespace)
        found = namespace["make"]()(x)
    np.testing.assert_array_equal(found[1], wanted)
