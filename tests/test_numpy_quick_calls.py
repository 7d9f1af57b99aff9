"""Calls of NumPy that give the same bits as what is written, and take less time."""

import re

import numpy as np
import pytest

from minigrad import compile

rng = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
@pytest.mark.parametrize(
    ("n", "exact"), [(2, True), (-4.0, True), (0.25, True), (2**12, True), (3, False), (2**13, False)]
)
def test_a_division_by_a_power_of_two_is_a_product(n, exact, dtype):
    """To the last bit, also of what is too small for all its digits, and of NaN and ∞."""
    about = np.finfo(dtype)
    ends = [about.tiny, about.smallest_subnormal, 3 * about.smallest_subnormal, about.max, np.inf, np.nan, -0.0, 0.0]
    x = np.concatenate([rng.normal(size=50), ends, -np.array(ends)]).astype(dtype)
    code = compile(lambda x: x / n, backend="numpy")
    with np.errstate(over="ignore"):
        found, wanted = code(x), x / dtype(n)
    assert found.dtype == dtype
    np.testing.assert_array_equal(found, wanted)
    np.testing.assert_array_equal(np.signbit(found), np.signbit(wanted))
    assert ("divide(" in code.source) == (not exact)


def test_a_division_of_whole_numbers_stays_one():
    code = compile(lambda x: x / 2, backend="numpy")
    np.testing.assert_array_equal(code(np.array([3, 2**62 + 1])), np.array([3, 2**62 + 1]) / 2)
    assert "divide(" in code.source


@pytest.mark.parametrize("f", [lambda y: y.T + y, lambda y: y - y.T, lambda y: y[::-1] * y, lambda y: y * y[0]])
def test_a_result_is_not_written_over_what_another_operand_sees_in_another_order(f):
    """Of that NumPy would take a copy; the result is written over what nobody else sees."""
    X = rng.normal(size=(60, 60))
    code = compile(lambda X: np.tanh(f(np.exp(X))).sum(), backend="numpy")
    np.testing.assert_allclose(code(X), np.tanh(f(np.exp(X))).sum(), rtol=1e-12)
    (call,) = re.findall(r"(?:add|subtract|multiply)\((.*?)\)  #", code.source)
    *operands, out = call.split(", ")
    assert out not in operands
