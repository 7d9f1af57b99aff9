"""Densities and distribution functions of ``minigrad.scipy.stats`` against ``scipy.stats``, values and gradients."""

from functools import partial

import numpy as np
import pytest
from scipy import stats as theirs

from minigrad import Tensor, compile, grad, gradcheck
from minigrad.scipy import stats

X = np.array([0.2, 0.5, 0.9])
LOC, SCALE = np.array(-0.1), np.array(1.7)
CONTINUOUS = {
    "norm": (),
    "t": (3.5,),
    "gamma": (2.5,),
    "beta": (1.5, 2.5),
    "chi2": (4.0,),
}
DENSITIES, FUNCTIONS = ("pdf", "logpdf"), ("cdf", "logcdf", "sf", "logsf")


@pytest.mark.parametrize("function", DENSITIES + FUNCTIONS)
@pytest.mark.parametrize("family", CONTINUOUS)
def test_of_a_real_number(family, function):
    shapes = CONTINUOUS[family]
    f, wanted = (getattr(getattr(room, family), function) for room in (stats, theirs))
    x = np.array([-3.0, 0.0, 0.2, 0.5, 1.0, 40.0])
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(f(x, *shapes), wanted(x, *shapes), rtol=1e-11, atol=1e-300)
        np.testing.assert_allclose(f(x, *shapes, loc=-0.5, scale=2), wanted(x, *shapes, -0.5, 2), rtol=1e-11)

    def loss(x, loc, scale):
        return (f(x, *shapes, loc, scale) * np.array([1.0, 2.0, 3.0])).sum()

    assert gradcheck(loss, X, LOC, SCALE)
    assert gradcheck(lambda *xs: sum((g**2).sum() for g in grad(loss, (0, 1, 2))(*xs)), X, LOC, SCALE, rtol=1e-5)
    step = compile(grad(loss))
    np.testing.assert_allclose(step(X, LOC, SCALE), grad(loss)(X, LOC, SCALE), rtol=1e-10)
    assert f(Tensor(X.astype(np.float32), requires_grad=True), *shapes).requires_grad


@pytest.mark.parametrize("function", ["ppf", "isf"])
def test_quantiles_of_the_normal_distribution(function):
    f, wanted = getattr(stats.norm, function), getattr(theirs.norm, function)
    q = np.array([0.0, 0.2, 0.5, 1.0, 1.5])
    np.testing.assert_allclose(f(q, -0.5, scale=2), wanted(q, -0.5, scale=2), rtol=1e-12)
    np.testing.assert_allclose(f(Tensor(X, requires_grad=True)).data, wanted(X), rtol=1e-12)
    assert gradcheck(f, X, LOC, SCALE)


@pytest.mark.parametrize(("family", "shapes"), [("t", 1), ("gamma", 1), ("beta", 2), ("chi2", 1)])
def test_densities_have_gradients_by_their_shapes(family, shapes):
    logpdf = getattr(stats, family).logpdf
    assert gradcheck(lambda *shapes: logpdf(X, *shapes).sum(), *[np.array(1.5), np.array(2.5)][:shapes])


def test_outside_the_support_nothing_is_lost():
    x = np.array([-1.0, 0.5, 2.0])
    np.testing.assert_array_equal(np.isfinite(grad(lambda x: stats.beta.pdf(x, 0.5, 0.5).sum())(x)), True)
    np.testing.assert_array_equal(grad(lambda x: stats.gamma.cdf(x, 0.5).sum())(x)[0], 0)


@pytest.mark.parametrize("function", ["pmf", "logpmf", *FUNCTIONS])
def test_of_counts(function):
    f, wanted = getattr(stats.poisson, function), getattr(theirs.poisson, function)
    k = np.array([-1.0, 0.0, 1.0, 1.5, 4.0])
    with np.errstate(divide="ignore"):
        np.testing.assert_allclose(f(k, 2.5), wanted(k, 2.5), rtol=1e-12)
        np.testing.assert_allclose(f(k, mu=2.5, loc=1), wanted(k, 2.5, 1), rtol=1e-12)
    assert gradcheck(lambda mu: f(np.array([0, 3]), mu).sum(), np.array(2.5))


def test_of_shares():
    x, alpha = np.array([[0.2, 0.1], [0.3, 0.6], [0.5, 0.3]]), np.array([0.7, 2.0, 3.5])
    for f, wanted in ((stats.dirichlet.logpdf, theirs.dirichlet.logpdf), (stats.dirichlet.pdf, theirs.dirichlet.pdf)):
        for shares in (x, x[:, 0], x[:2]):
            np.testing.assert_allclose(f(shares, alpha), wanted(shares, alpha), rtol=1e-12)
        assert gradcheck(lambda *xs, f=f: f(*xs).sum(), x, alpha)
    with pytest.raises(ValueError, match="dirichlet: wanted as many shares"):
        stats.dirichlet.logpdf(np.ones(5), alpha)


COVARIANCE = np.array([[2.0, 0.5], [0.5, 1.0]])


@pytest.mark.parametrize(
    ("x", "mean", "cov"),
    [
        (np.array([[0.5, -1.0], [2.0, 0.3], [0.1, 0.2]]), np.array([0.1, 0.2]), COVARIANCE),
        (np.array([0.5, -1.0]), np.array([0.1, 0.2]), COVARIANCE),
        (np.array([0.5, -1.0]), None, COVARIANCE),
        (np.array([0.5, -1.0]), np.zeros(2), np.array([0.5, 2.0])),
        (np.array([0.5, -1.0]), np.array([0.5, 2.0]), np.array(0.7)),
        (np.array([0.5, -1.0, 3.0]), np.array(0.5), np.array(0.7)),
    ],
)
def test_of_vectors(x, mean, cov):
    f, wanted = stats.multivariate_normal, theirs.multivariate_normal
    np.testing.assert_allclose(f.logpdf(x, mean, cov), wanted.logpdf(x, mean, cov), rtol=1e-12)
    np.testing.assert_allclose(f.pdf(x, mean, cov), wanted.pdf(x, mean, cov), rtol=1e-12)
    assert gradcheck(lambda x, cov: f.logpdf(x, mean, (cov + cov.T) / 2).sum(), x, cov)
    if mean is not None:
        assert gradcheck(lambda mean: f.logpdf(x, mean, cov).sum(), mean)


def test_of_vectors_in_a_plane():
    f, wanted, mean = stats.multivariate_normal, theirs.multivariate_normal, np.array([0.1, 0.2, 0.3])
    basis = np.array([[1.0, 0.5, 0.0], [0.2, -1.0, 1.5]])
    x, cov = mean + np.array([[1.0, 2.0], [-0.5, 0.3]]) @ basis, basis.T @ basis
    for at in (x, x + np.array([0.0, 0.0, 1.0])):
        np.testing.assert_allclose(f.logpdf(at, mean, cov, True), wanted.logpdf(at, mean, cov, True), rtol=1e-9)
    assert gradcheck(lambda c: f.logpdf(mean + c @ basis, mean, cov, allow_singular=True).sum(), np.ones((2, 2)))
    with pytest.raises(ValueError, match="not positive definite"):
        f.logpdf(x, mean, cov - np.eye(3))


def test_entropy_of_vectors():
    entropy = stats.multivariate_normal.entropy
    for cov in (COVARIANCE, np.array(0.7)):
        np.testing.assert_allclose(entropy(cov=cov), theirs.multivariate_normal.entropy(cov=cov))
        assert gradcheck(lambda cov: entropy(None, cov), cov)


def test_wrong_calls():
    for call, match in (
        (partial(stats.gamma.pdf, X), "gamma: wanted x and the arguments a, loc, scale, not 0 of them after x"),
        (partial(stats.norm.pdf, X, 0, 1, 2), "norm: wanted .* not 3 of them"),
        (partial(stats.norm.pdf, X, mean=0), "norm: wanted .* mean="),
        (partial(stats.poisson.pmf, X, 1, scale=2), "poisson: wanted"),
    ):
        with pytest.raises(TypeError, match=match):
            call()
