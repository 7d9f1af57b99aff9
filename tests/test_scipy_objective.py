"""``scipy_objective`` in ``scipy.optimize.minimize``, with a survival model that HIPS autograd's users fit with it."""

import numpy as np
import pytest
from scipy import stats as theirs
from scipy.optimize import minimize

from minigrad import compile, gradcheck, hessian, scipy_objective
from minigrad.scipy.special import expit, gammaln, logsumexp

TRUE = np.array([1.0, 0.5, -0.7, 0.3, 0.4])  # of the logarithm of Weibull's λ by four covariates, and log ρ


def survival_data(n=300):
    """Give covariates with an intercept, times until death or the end of the study, and which died."""
    rng = np.random.default_rng(0)
    covariates = np.column_stack([np.ones(n), rng.normal(size=(n, 3))])
    times = np.exp(covariates @ TRUE[:4]) * rng.weibull(np.exp(TRUE[4]), n)
    end = rng.exponential(6.0, n)
    return covariates, np.minimum(times, end), times <= end


def weibull_aft(params, covariates, times, died):
    """Minus the mean log-likelihood of the accelerated failure time model: H = (t/λ)^ρ, h = dH/dt, λ = exp(Xβ)."""
    log_lambda, log_rho = np.dot(covariates, params[:-1]), params[-1]
    log_ratio = np.log(times) - log_lambda
    cumulative_hazard = np.exp(np.exp(log_rho) * log_ratio)
    log_hazard = log_rho - log_lambda + np.expm1(log_rho) * log_ratio
    return -np.mean(died * log_hazard - cumulative_hazard)


def test_a_weibull_survival_likelihood_is_that_of_scipy():
    covariates, times, died = survival_data(20)
    scale, shape = np.exp(covariates @ TRUE[:4]), np.exp(TRUE[4])
    weibull = theirs.weibull_min(shape, scale=scale)
    wanted = -np.mean(np.where(died, weibull.logpdf(times), weibull.logsf(times)))
    objective = scipy_objective(weibull_aft)
    value, gradient = objective(TRUE, covariates, times, died)
    np.testing.assert_allclose(value, wanted)
    assert gradcheck(lambda p: weibull_aft(p, covariates, times, died), TRUE)
    matrix = hessian(weibull_aft)(TRUE, covariates, times, died)
    np.testing.assert_allclose(objective.hessp(TRUE, gradient, covariates, times, died), matrix @ gradient)


@pytest.mark.parametrize("method", ["L-BFGS-B", "BFGS", "Newton-CG", "trust-ncg"])
def test_minimize_finds_the_parameters(method):
    data = survival_data()
    objective = scipy_objective(weibull_aft)
    second = {"hessp": objective.hessp} if method in ("Newton-CG", "trust-ncg") else {}
    found = minimize(objective, np.zeros(5), args=data, jac=True, method=method, **second)
    assert found.success
    np.testing.assert_allclose(objective.gradient(found.x, *data), 0, atol=2e-4)
    np.testing.assert_allclose(found.x, TRUE, atol=0.2)
    apart = minimize(objective.value, np.zeros(5), args=data, jac=objective.gradient, method=method, **second)
    np.testing.assert_allclose(apart.x, found.x)


def test_a_compiled_function_is_minimized_too():
    data = survival_data()
    found = minimize(scipy_objective(compile(weibull_aft)), np.zeros(5), data, jac=True).x
    np.testing.assert_allclose(found, minimize(scipy_objective(weibull_aft), np.zeros(5), data, jac=True).x, atol=1e-6)


def test_special_functions_in_an_objective():
    counts = np.array([0.0, 3.0, 1.0, 7.0, 2.0, 0.0])

    def negative_binomial(p):
        r, q = np.exp(p[0]), expit(p[1])
        return -(gammaln(counts + r) - gammaln(r) - gammaln(counts + 1) + r * np.log1p(-q) + counts * np.log(q)).sum()

    objective = scipy_objective(negative_binomial)
    found = minimize(objective, np.zeros(2), jac=True, hessp=objective.hessp, method="trust-ncg")
    r, q = np.exp(found.x[0]), expit(found.x[1])
    np.testing.assert_allclose(found.fun, -theirs.nbinom.logpmf(counts, r, 1 - q).sum())
    np.testing.assert_allclose(r * q / (1 - q), counts.mean(), rtol=1e-5)


def test_wrong_functions():
    with pytest.raises(TypeError, match="scipy_objective"):
        scipy_objective(3.0)
    with pytest.raises(ValueError, match="scalar"):
        scipy_objective(lambda x: x)(np.ones(2))
    assert isinstance(scipy_objective(lambda x: logsumexp(x))([0.0, 0.0])[0], float)
