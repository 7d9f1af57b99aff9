"""Functions that are several operations, over every row of ``composed_samples``: value, gradients, dtypes, code."""

from functools import partial

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, gradcheck
from minigrad.compiler.trace.traced import TraceError
from minigrad.engine.protocols.numpy_protocol import COMPOSED
from tests.composed_samples import COMPOSED_SAMPLES
from tests.test_compile_backends import BY_PYTHON

rows = pytest.mark.parametrize("row", COMPOSED_SAMPLES, ids=str)


def several(y):
    return list(y) if isinstance(y, tuple | list) else [y]


def square_sum(row, *xs):
    """A scalar of the row's value, or values, that depends on each of its elements differently."""
    y = row.call(*xs)
    parts = several(y)
    weighted = [part * np.arange(1.0, part.size + 1).reshape(part.shape).astype(part.dtype) for part in parts]
    return sum(np.vdot(w, w).real if w.dtype.kind == "c" else (w**2).sum() for w in weighted)


def slope(row, *xs):
    """A scalar of its gradients."""
    gradients = grad(partial(square_sum, row), argnums=tuple(range(len(xs))))(*xs)
    return sum((g**2).sum() for g in gradients)


@pytest.mark.parametrize("name", sorted(COMPOSED))
def test_every_function_has_a_row(name):
    assert name in {f"{row.op.__module__}.{row.op.__name__}" for row in COMPOSED_SAMPLES}


@rows
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_it_is_numpys_value_in_numpys_dtype(row, dtype):
    xs = row.arrays(dtype)
    ours, wanted = row.call(*[Tensor(x, requires_grad=True) for x in xs]), row.numpy(*xs)
    several = isinstance(wanted, tuple | list)
    assert isinstance(ours, type(wanted)) if several else isinstance(ours, Tensor)
    for y, w in zip(ours, wanted, strict=True) if several else [(ours, wanted)]:
        assert (y.shape, y.dtype) == (w.shape, w.dtype)
        np.testing.assert_allclose(y.data, w, rtol=200 * np.finfo(dtype).eps, atol=20 * np.finfo(dtype).eps)


@rows
def test_its_gradients_agree_with_differences(row):
    xs = row.arrays()
    assert gradcheck(partial(square_sum, row), *xs)
    assert gradcheck(partial(slope, row), *xs, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("row", [row for row in COMPOSED_SAMPLES if row.counts], ids=str)
def test_no_code_is_made_of_what_has_a_shape_that_depends_on_values(row):
    with pytest.raises(TraceError, match="only known when the compiled function runs"):
        compile(row.call)(*row.arrays())


TRACED = [row for row in COMPOSED_SAMPLES if not row.counts]
FIRST = list({row.op: row for row in reversed(TRACED)}.values())  # of each function


def assert_code_computes(row, backend):
    xs = row.arrays()
    compute = grad(partial(square_sum, row), argnums=tuple(range(len(xs))))
    for ours, wanted in zip(compile(compute, backend=backend)(*xs), compute(*xs), strict=True):
        np.testing.assert_allclose(ours, wanted, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("row", TRACED, ids=str)
def test_numpy_code_computes_what_it_computes(row):
    assert_code_computes(row, "numpy")


@pytest.mark.parametrize("row", FIRST, ids=str)
def test_native_code_computes_what_it_computes(row):
    """As Python runs it; the operations that the functions are made of are tested in all of their rows."""
    assert_code_computes(row, BY_PYTHON)


def of_whole_numbers(row, dtype):
    """Whole numbers for a row, and what NumPy gives for them; None if it refuses them."""
    xs = [(3 * x if dtype is np.int64 else abs(3 * x)).astype(dtype) for x in row.arrays()]
    try:
        with np.errstate(all="ignore"):
            return xs, row.numpy(*xs)
    except (TypeError, ValueError, IndexError, OverflowError, np.linalg.LinAlgError, np.exceptions.RankWarning):
        return None


# What code computes otherwise than NumPy does of whole numbers: where it depends on the elements (zeros in front of a
# product's coefficients, a matrix of less than full rank, places twice), and in another dtype.
OTHERWISE = {
    *("polymul", "lstsq", "gradient", "interp", "polyval", "quantile", "reduce", "pad", "clip", "unwrap", "cond"),
}


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.bool_])
@pytest.mark.parametrize("compiled", [False, True])
def test_whole_numbers_are_numpys(dtype, compiled):
    """In value and dtype: with no operand recorded NumPy is the judge, but of losses, which compute in floats."""
    tried = 0
    for row in FIRST if compiled else TRACED:
        if (row.op.__module__ or "").startswith("minigrad.losses"):
            continue
        found = of_whole_numbers(row, dtype)
        if found is None or (compiled and row.op.__name__ in OTHERWISE):
            continue
        xs, wanted = found
        with np.errstate(all="ignore"):
            ours = compile(row.call)(*xs) if compiled else row.call(*map(Tensor, xs))
        for y, w in zip(several(ours), several(wanted), strict=True):
            y = y.data if isinstance(y, Tensor) else np.asarray(y)
            assert (y.shape, y.dtype) == (np.shape(w), np.asarray(w).dtype), row
            np.testing.assert_allclose(y, w, rtol=1e-6, atol=1e-6, err_msg=str(row))
            tried += 1
    assert tried > (100 if compiled else 300)


@pytest.mark.parametrize("share", [np.nan, 1.5, -0.1])
def test_a_share_that_is_none_is_refused_as_numpys_is(share):
    for q in (share, Tensor(share, requires_grad=True)):
        with pytest.raises(ValueError, match=r"Quantiles must be in the range \[0, 1\]"):
            np.quantile(Tensor(np.arange(4.0), requires_grad=True), q)
