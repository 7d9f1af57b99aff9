# mypy: warn-return-any, disallow-untyped-defs, disallow-any-generics
# mypy: enable-error-code="arg-type,assignment,attr-defined,call-arg,operator,index,union-attr,misc"
"""A script with SciPy's functions, as a strict type checker reads it: tensors give tensors, arrays give arrays."""

from typing import assert_type

import numpy as np
import pytest

pytest.importorskip("scipy")

import minigrad.numpy as mnp
import minigrad.scipy
from minigrad import Tensor, grad, scipy_objective, value_and_grad
from minigrad.scipy import integrate, linalg, signal, special, stats
from minigrad.scipy.stats import norm

Array = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


def negative_log_likelihood(mean: Tensor, spread: Tensor, x: Array) -> Tensor:
    density = assert_type(norm.logpdf(x, mean, spread), Tensor)
    tail = assert_type(norm.logsf(x, scale=special.expit(spread)), Tensor)
    return -(density.sum() + tail.mean())


def regularized(p: Tensor, counts: Array) -> Tensor:
    rate = special.gammaln(mnp.exp(p)) + special.xlogy(counts, special.erf(p) ** 2)
    total = assert_type(special.logsumexp(p, axis=0), Tensor)
    size, sign = special.logsumexp(p, b=counts, return_sign=True)
    beta = assert_type(special.betainc(1.0, 2.0, special.expit(p)), Tensor)
    order = assert_type(special.polygamma(1, p), Tensor)
    assert_type(sign, Tensor)
    return (rate + total + size + beta + order + special.softmax(p)).sum()


def of_arrays(x: Array) -> Array:
    heights: Array = norm.pdf(x, 1.0) + special.gammaln(x) * special.beta(x, 2.0) + stats.gamma.cdf(x, 2.0)
    return heights + special.log_softmax(x)


def rates(y: Tensor, t: Tensor, k: Tensor) -> Tensor:
    return -k * y


def later(k: Tensor) -> Tensor:
    return assert_type(integrate.odeint(rates, np.ones(1), np.linspace(0, 1, 5), args=(k,)), Tensor)[-1, 0]


def filtered(x: Tensor, window: Array) -> Tensor:
    return assert_type(signal.convolve(x, window, mode="same"), Tensor)


def propagated(A: Tensor, b: Array) -> Tensor:
    step = assert_type(linalg.expm(A), Tensor)
    return assert_type(linalg.solve_triangular(step, b, lower=True), Tensor)


def test_functions_of_tensors_give_tensors_and_of_arrays_arrays() -> None:
    x, p = np.array([0.3, 0.8, 1.4]), Tensor([0.5, 1.5, 2.5], requires_grad=True)
    assert type(negative_log_likelihood(p, p + 1, x)) is Tensor
    assert type(regularized(p, x)) is Tensor
    assert type(of_arrays(x)) is np.ndarray
    assert type(filtered(p, x)) is Tensor
    assert type(propagated(Tensor(np.eye(3)), x)) is Tensor
    assert later(Tensor(2.0)).item() == pytest.approx(np.exp(-2), rel=1e-5)
    assert grad(later)(2.0) == pytest.approx(-np.exp(-2), rel=1e-5)
    assert value_and_grad(lambda q: regularized(q, x))(p.data)[1].shape == (3,)
    value, slope = scipy_objective(lambda q: (q**2).sum())(x)
    assert assert_type(value, float) == pytest.approx((x**2).sum())
    np.testing.assert_allclose(slope, 2 * x)
    assert minigrad.scipy.special.erfc is special.erfc


def test_a_misspelled_name_is_one_to_the_type_checker() -> None:
    """The comments that ignore it are unused, which is an error, where the stubs know the name."""
    with pytest.raises(AttributeError):
        special.gamaln  # type: ignore[attr-defined] # noqa: B018
    with pytest.raises(AttributeError):
        stats.normal  # type: ignore[attr-defined] # noqa: B018
