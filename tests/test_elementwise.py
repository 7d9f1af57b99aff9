"""Functions on each element where they have no slope, or none by the plain formula; and how ufuncs are called."""

import numpy as np
import pytest

from minigrad import Tensor, grad
from minigrad.ops.networks import activations
from tests.gradients import gradients

inf, nan = np.inf, np.nan


@pytest.mark.parametrize(
    ("call", "arrays", "wanted"),
    [
        (np.logaddexp, ([-inf, -inf, inf, 0.0], [-inf, 0.0, inf, inf]), ([0.5, 0, 0.5, 0], [0.5, 1, 0.5, 1])),
        (np.logaddexp2, ([-inf, -inf], [-inf, 0.0]), ([0.5, 0], [0.5, 1])),
        (np.hypot, ([0.0, 3.0], [0.0, 4.0]), ([0, 0.6], [0, 0.8])),
        (np.arctan2, ([0.0, 1.0], [0.0, 1.0]), ([0, 0.5], [0, -0.5])),
        (np.fmax, ([1.0, nan, 1.0, nan], [nan, 1.0, 1.0, nan]), ([1, 0, 0.5, 0], [0, 1, 0.5, 0])),
        (np.fmin, ([1.0, nan, 1.0, 0.0], [nan, 1.0, 1.0, 2.0]), ([1, 0, 0.5, 1], [0, 1, 0.5, 0])),
        (np.heaviside, ([0.0, 1.0], [0.5, 0.5]), ([0, 0], [1, 0])),
        (np.remainder, ([5.5, -5.5], [2.0, 2.0]), ([1, 1], [-2, 3])),
        (np.fmod, ([5.5, -5.5], [2.0, 2.0]), ([1, 1], [-2, 2])),
        (np.copysign, ([1.0, -2.0, 0.0], [-1.0, -1.0, -0.0]), ([-1, 1, 0], [0, 0, 0])),
        (lambda x: np.clip(x, 0, 1), ([0.0, 0.5, 1.0, 2.0],), ([0.5, 1, 0.5, 0],)),
        (np.nan_to_num, ([nan, inf, -inf, 1.0],), ([0, 0, 0, 1],)),
        (np.float_power, ([0.0, 0.0], [2.0, 0.0]), ([0, 0], [0, 0])),
        (np.expm1, ([-40.0],), ([np.exp(-40.0)],)),
        (np.arcsin, ([1 - 2.0**-40],), ([1 / np.sqrt((2 - 2.0**-40) * 2.0**-40)],)),
    ],
)
@np.errstate(invalid="ignore")
def test_at_singular_points(call, arrays, wanted):
    arrays = [np.array(x) for x in arrays]
    for gradient, exact in zip(gradients(call, arrays, np.ones_like(call(*arrays))), wanted, strict=True):
        np.testing.assert_allclose(gradient, exact, rtol=1e-14)


def test_sinc_and_i0_at_0_to_the_fourth_order():
    for f, wanted in ((np.sinc, (0, -(np.pi**2) / 3, 0, np.pi**4 / 5)), (np.i0, (0, 0.5, 0, 0.375))):
        for slope in wanted:
            f = grad(f)
            np.testing.assert_allclose(f(0.0), slope, rtol=1e-13, atol=1e-15)


def test_rounding_gives_constants():
    t = Tensor([1.26, -2.5], requires_grad=True)
    for y in (np.floor(t), np.ceil(t), np.rint(t), t.round(1), t // 1, round(t, 1)):
        assert isinstance(y, Tensor)
        assert not y.requires_grad
    assert round(Tensor(1.26), 1) == 1.3


def test_arguments_of_ufuncs():
    x = np.array([0.5, 1.0])
    t = Tensor(x, requires_grad=True)
    y = np.exp(t, dtype=np.float32, casting="same_kind", order="C", subok=True, where=True)
    np.testing.assert_array_equal(y.data, np.exp(x, dtype=np.float32), strict=True)
    y.sum().backward()
    assert t.grad.dtype == np.float64
    np.testing.assert_array_equal(np.add(t, 1, signature="ff->f", casting="unsafe").data, x + np.float32(1))


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (
            lambda t: np.exp(t, where=t.data > 0),
            TypeError,
            r"np\.exp: where= .* w\b.*Write np\.where\(condition, np\.exp",
        ),
        (lambda t: np.exp(t, order="F"), TypeError, r"np\.exp: order= does not work"),
        (lambda t: np.exp(t, dtype=int), TypeError, "casting"),
        (lambda t: np.add.at(np.zeros(2), [0, 0], t), TypeError, r"np\.add\.at.*Tensor"),
        (lambda t: np.exp.reduce(t), ValueError, "only supported for binary"),
        (lambda t: np.subtract.reduce(t[None], axis=None), ValueError, "not reorderable"),
        (lambda t: np.subtract.reduce(t, where=[True, False]), ValueError, r"no identity.* initial="),
        (lambda t: np.hypot.reduceat(t, [5]), IndexError, "out-of-bounds"),
        (lambda t: np.clip(t, 0, 1, out=np.zeros(2)), TypeError, r"np\.clip.*'out'"),
        (lambda t: np.clip(t, 0, min=0), ValueError, "given twice"),
        (lambda t: np.nan_to_num(t, copy=False), TypeError, r"w requires a gradient.*v = w\.copy\(\)"),
    ],
)
def test_refused(run, error, message):
    with pytest.raises(error, match=message):
        run(Tensor([1.0, 2.0], requires_grad=True, name="w"))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_normal_distribution_of_many_numbers_is_that_of_each(dtype):
    """They are computed some at a time; the last part is smaller, and rows need not lie in order."""
    x = np.linspace(-9, 9, 300 * 140).astype(dtype).reshape(300, 140).T
    found = activations.normal_cdf(x)
    assert (found.shape, found.dtype) == (x.shape, dtype)
    np.testing.assert_array_equal(found, [activations.normal_cdf(row) for row in x])
