"""NumPy's functions with its arguments, of every kind of number: NumPy's value in NumPy's dtype, or NumPy's error."""

from __future__ import annotations

import numpy as np
import pytest

from minigrad import Tensor, compile, elu, grad
from tests.compiling import as_code, each_backend, running

I8, U8, U16 = np.array([3, -2, 0, 3], np.int8), np.array([200, 3, 0, 255], np.uint8), np.array([7, 0, 9], np.uint16)
F4, F8, B = np.array([1.5, -2.0, np.nan], np.float32), np.array([[0.5, -1.0, 2.0]]), np.array([True, False, True])
EMPTY = np.zeros((0, 3), np.int16)
ENDS = np.array([-np.inf, 1.0, 3.0, np.inf])
COMPLEX = np.array([complex(np.inf, 0), complex(0, -np.inf), 2 - 1j, 0])
LONG = np.array([1.5, -np.inf, np.inf, np.nan], np.longdouble)

METHODS = ("linear", "lower", "midpoint", "averaged_inverted_cdf", "hazen", "weibull")
SAME = [
    (lambda a: np.mean(a, dtype=np.int64), (I8,)),
    (lambda a: np.mean(a, 0, np.uint8, where=a > 0), (U8,)),
    (lambda a: np.mean(a, axis=-1, dtype=np.int64), (F8,)),
    (lambda a: np.nanmean(a, dtype=np.int64), (U16,)),
    (lambda a: np.max(a, initial=0.5), (U16,)),
    (lambda a: np.max(a, initial=2.0), (B,)),
    (lambda a: np.nanmin(a, initial=2.5), (I8,)),
    (lambda a: np.sum(a, initial=np.float64(2)), (F4,)),
    (lambda a: np.nansum(a, initial=2.9), (U8,)),
    (lambda a: np.max(a, initial=np.float64(3)), (F4,)),
    (lambda a: np.nanmax(a, initial=np.nan), (F4,)),
    (lambda a: np.nanmax(a, axis=0, initial=-5, where=a > 1), (F4,)),
    (lambda a: np.nanmin(a * np.nan, initial=np.nan), (F8,)),
    (lambda a: np.logical_and.accumulate(a), (I8,)),
    (lambda a: np.logical_and.accumulate(a, axis=0), (F8,)),
    (lambda a: np.logical_or.reduce(a, axis=0), (F8,)),
    (lambda a: np.logical_and.reduce(a, where=a > 0), (I8,)),
    (lambda a: np.logical_and.reduceat(a, [0, 1, 1]), (U8,)),
    (lambda a: np.divide.reduce(a[:1]), (U16,)),
    (lambda a: np.divide.reduce(a, axis=()), (U16,)),
    (lambda a: np.logaddexp.reduce(a), (U16,)),
    (lambda a: np.logaddexp.accumulate(a), (I8,)),
    (lambda a: np.hypot.accumulate(a[:1]), (I8,)),
    (lambda a: np.add.reduce(a, dtype=np.int8), (I8,)),
    (lambda a: np.add.accumulate(a, dtype=np.uint8), (U8,)),
    (lambda a: np.multiply.reduce(a), (I8,)),
    (lambda a: np.nan_to_num(a, posinf=np.longdouble(1), neginf=np.float64(2)), (F4,)),  # type: ignore[call-overload]
    (lambda a: np.nanpercentile(a, np.float32(0.5), axis=0, method="weibull"), (EMPTY,)),
    (lambda a: np.nanquantile(a, [0.1, 0.9], axis=0, method="higher"), (EMPTY,)),
    (lambda a: np.nanquantile(a, np.float64(0.5), method="midpoint"), (F4,)),
    (lambda a: np.nanpercentile(a, np.array([25, 50]), method="averaged_inverted_cdf"), (F4,)),
    (lambda a: np.nanquantile(a, 0.5, method="midpoint"), (F4,)),
    (lambda a: np.nanquantile(a, np.float64(0.5), method="lower"), (F4,)),
    (lambda a, b: np.add(a, b, casting="safe"), (U8, I8)),
    (lambda a: np.multiply(a, 2, casting="no"), (F4,)),
    (lambda a, p: np.multiply(a, p, casting="same_kind"), (F4, 2.5)),
    (lambda a, p: 2 * ((p < 2) >> 1) + a, (I8, 1.5)),
    (lambda a, p: (1 << (p > 1)) + a, (I8, 1.5)),
    (lambda a, p: (((p > 1) * 2) | 1) + a, (I8, 1.5)),
    (lambda a, p: ((p > 1) & True) * a, (I8, 1.5)),
    (lambda a: np.round(a), (B,)),
    (lambda a, p: (p // True) // a, (F4, 2.5)),
    (lambda a, p: (p % True) + a, (F4, 2.5)),
    (lambda a, p: ((p > 1) << True) * a, (F4, 2.5)),
    *((lambda a, m=m: np.quantile(a, [0.0, 0.2, 0.5, 1.0], method=m), (ENDS,)) for m in METHODS),
    *((lambda a, m=m: np.nanquantile(a, [0.0, 0.2, 0.5, 1.0], method=m), (ENDS,)) for m in METHODS),
    (lambda a: np.quantile(a, 0), (ENDS,)),
    (lambda a: np.nanquantile(a, 1), (ENDS,)),
    (lambda a: np.nanpercentile(a, 25), (F4[:2],)),
    (lambda a: np.median(a), (COMPLEX[:3],)),
    (lambda a, p: np.linspace(a, p, 4), (ENDS, 2.0)),
    (lambda a, p: np.linspace(p, a, 4, endpoint=False), (ENDS, 2.0)),
    (lambda a, p: np.linspace(p, a, 3), (np.array([5, 2], np.float16), 2.0)),
    (lambda a, b: np.linspace(a, b, 3, retstep=True)[1], (np.array([-(2**63), 3]), np.array(5))),
    (lambda a: np.linspace(a, 2, 0, retstep=True)[1] + a, (ENDS,)),
    (lambda a, p: np.geomspace(a, p, 4), (np.array([1.0, 1e300, np.inf, 5e-324]), 2.0)),
    (lambda a, p: np.geomspace(p, a, 4, endpoint=False), (np.array([-1.0, -1e-300, -np.inf]), -3.0)),
    (lambda a, p: np.geomspace(a, p, 3), (F4[:1], 2.5)),
    (lambda a, p: np.logspace(a, p, 3), (F4[:1], 2.5)),
    (lambda a: np.cumsum(a, dtype=bool), (I8,)),
    (lambda a: np.nancumsum(a, dtype=np.uint8), (U16,)),
    (lambda a: np.cumulative_prod(a, dtype=np.int8, include_initial=True), (U8,)),
    (lambda a: np.fmax.reduce(a, initial=0), (B,)),
    (lambda a: np.bitwise_and.reduce(a, initial=1), (B,)),
    (lambda a: np.i0(a), (np.array([0, 3, 2**62]),)),
    (lambda a: np.i0(a), (U8,)),
    (lambda a: np.i0(a), (np.array([-800.0, 1e18, 0.5]),)),
    (lambda a: np.interp(a, [0, 1, 2], [1, 2, np.inf]), (np.array([0.5, 1.0, 1.5]),)),
    (lambda a: np.sign(a), (COMPLEX,)),
    (lambda a: np.linalg.norm(a, np.inf, axis=-1), (np.zeros((2, 0)),)),
    (lambda a, p: np.float_power(a, p), (F4[:1], 1.5267551013788463)),
    (lambda a: a / False, (F8,)),
    (lambda a: np.hypot.reduce(a), (np.array(-3),)),
    (lambda a: np.hypot.reduce(a), (-F4[:1],)),
    (lambda a, p: np.select([a > 1], [a], p), (F4, 2.5)),
    (lambda a: np.clip(a, -1, 1), (U8,)),
    (lambda a: np.clip(a, -200, 300), (I8,)),
    (lambda a, b: np.clip(a, 0, b), (B, np.array(2, np.uint64))),
    (lambda a, q: np.quantile(a, q), (I8, np.array(0.5, np.float32))),
    (lambda a: np.nanquantile(a, [0.2, 0.9], method="midpoint"), (np.array([0.945, 2.268, -0.5], np.float16),)),
    (lambda a: np.nan_to_num(a), (LONG,)),
    (lambda a: np.logaddexp.reduce(a), (LONG[:3],)),
]


def assigned(a, key, value):
    y = a.copy()
    y[key] = value
    return y


RAISED = [
    (lambda a: np.max(a, initial=np.inf), (I8,), OverflowError),
    (lambda a: np.sum(a, initial=np.nan), (U8,), ValueError),
    (lambda a: np.max(a, initial=-1), (U8,), OverflowError),
    (lambda a: np.nanmean(a, dtype=np.uint8), (F4,), TypeError),
    (lambda a: np.round(a, 1), (B,), TypeError),
    (lambda a: np.round(a, -1), (B,), TypeError),
    (lambda a, b: np.arctan2(a, b, casting="no"), (F4, F8[0]), TypeError),
    (lambda a: np.multiply(a, np.float64(2), casting="equiv"), (F4,), TypeError),
    (lambda a, b: np.less(a, b, casting="no"), (U8[:3], I8[:3]), TypeError),
    (lambda a: np.divide(a, 2, casting="no"), (U8,), TypeError),
    (lambda a, b: np.vecdot(a, b), (F8, F8[:, :1]), ValueError),
    (lambda a: np.putmask(a.copy(), a > 0, -1), (U8,), OverflowError),
    (lambda a: np.put(a.copy(), [0, 1], [3, -1]), (U8,), OverflowError),
    (lambda a: np.insert(a, 0, -1), (U8,), OverflowError),
    (lambda a: np.insert(a, 0, np.nan), (I8,), ValueError),
    (lambda a: np.subtract.reduce(a), (B,), TypeError),
    (lambda a: np.divide.reduce(a, axis=0, where=a == a), (np.zeros((2, 0)),), ValueError),
    (lambda a: np.full_like(a, -1), (U8,), OverflowError),
    (lambda a: np.full_like(a, 300), (U8,), OverflowError),
    (lambda a: assigned(a, a > 0, -1), (U8,), OverflowError),
    (lambda a: assigned(a, 0, 300), (U8,), OverflowError),
    (lambda a: assigned(a, a > 0, [-1]), (U8,), OverflowError),
    (lambda a: assigned(a, slice(2), [3, -1]), (U8,), OverflowError),
    (lambda a: np.ediff1d(a, to_end=1), (B,), TypeError),
    (lambda a, b: np.putmask(a.copy(), a > 0, b), (F4, F8[0]), TypeError),
    (lambda a, b: np.putmask(a.copy(), a > 0, b), (B, I8[:3]), TypeError),
    (lambda a: np.piecewise(a, [a > 0], [1j, 0]), (F8,), TypeError),
]


def tensors(arguments, recorded):
    """Arrays as tensors, of which floats require a gradient if they are to be recorded."""
    for x in arguments:
        is_array = isinstance(x, np.ndarray)
        yield Tensor(x.copy(), requires_grad=recorded and x.dtype.kind == "f") if is_array else x


@each_backend
@pytest.mark.parametrize("n", range(len(SAME)))
@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_value_and_dtype_are_numpys(n, backend):
    f, arguments = SAME[n]
    right = f(*arguments)
    with running(backend):
        found = [as_code(f, backend)(*arguments), *(f(*tensors(arguments, r)).data for r in (False, True))]
    for y in found:
        assert (y.dtype, y.shape) == (right.dtype, right.shape)
        np.testing.assert_allclose(y, right, rtol=1e-6 if right.dtype == np.float32 else 2e-13)


@pytest.mark.parametrize("n", range(len(RAISED)))
def test_what_numpy_refuses_is_refused(n):
    f, arguments, error = RAISED[n]
    for call in (f, compile(f), *(lambda *_, r=r: f(*tensors(arguments, r)) for r in (False, True))):
        with pytest.raises(error):
            call(*arguments)


@each_backend
def test_a_result_is_cast_to_what_it_is_written_into_by_numpys_rule(backend):
    def added(a, b):
        c = a.copy()
        np.add(a, b, out=c)
        return c

    with running(backend), pytest.raises(TypeError, match=r"add: out= is uint16, and the result, int32, .*same_kind"):
        as_code(added, backend)(U16, I8[:3])


def test_what_is_added_at_one_place_again_and_again_wraps_no_earlier_than_the_array_does():
    added = np.array([200, 100], np.uint8)
    for x in (np.zeros(3), np.zeros(3, np.float32), np.zeros(3, np.int16)):
        y, right = Tensor(x, requires_grad=x.dtype.kind == "f") * 1, x.copy()
        np.add.at(y, [1, 1], added)
        np.add.at(right, [1, 1], added)
        assert y.data.tolist() == right.tolist() == [0, 300, 0]


def test_what_is_refused_says_what_to_do():
    with pytest.raises(TypeError, match=r"truth values have no 1 decimals"):
        compile(lambda a: np.round(a, 1))(B)
    for f in (np.var, np.std):
        with pytest.raises(TypeError, match=r"the argument dtype=.*int64.* rounds .*by \.astype"):
            f(Tensor(F8, requires_grad=True), dtype=np.int64)
    with pytest.raises(TypeError, match=r"where= does not work"):
        np.negative(Tensor(F8, requires_grad=True), where=np.False_)
    assert np.negative(Tensor(F8, requires_grad=True), where=np.True_).data.tolist() == (-F8).tolist()


@each_backend
def test_the_slope_of_elu_keeps_its_digits_on_the_left(backend):
    x = np.array([-700.0, -100.0, -40.0, -1e-9, 0.0, 2.0])
    right = np.append(np.exp(x[:-1]), 1.0)
    f = grad(lambda x: elu(x, 1.5).sum())
    with running(backend):
        for y in (f(x), as_code(f, backend)(x)):
            np.testing.assert_allclose(y[:-1], 1.5 * right[:-1], rtol=1e-14)
            assert y[-1] == 1
    curve = grad(lambda x: f(x).sum())(Tensor(x)).data  # from the left at 0, as the slope is
    np.testing.assert_allclose(curve, [*1.5 * right[:-1], 0], rtol=1e-14)
