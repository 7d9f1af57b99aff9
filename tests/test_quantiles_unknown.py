"""Quantiles by NumPy's discrete methods and by weights, of values that are not known when the code is made."""

import numpy as np
import pytest

from minigrad import compile, grad, vmap

rng = np.random.default_rng(0)
X = rng.normal(size=(4, 6, 5))
X[0, :, 1] = X[0, 0, 1]
MISSING = np.where(rng.random(X.shape) > 0.7, np.nan, X)
MISSING[1, :, 2], MISSING[2, 0] = np.nan, X[2, 0]
METHODS = ["lower", "higher", "nearest", "midpoint", "inverted_cdf", "averaged_inverted_cdf", "closest_observation"]
SHARES = [0.35, 0.0, 1.0, np.array([0.2, 0.5, 0.75]), np.array([[0.1], [1.0]])]
WEIGHTS = {
    "along the axis": (np.array([0.0, 2.0, 1.0, 0.5, 3.0, 1.0]), 0),
    "of each": (rng.random((6, 5)), 1),
    "of all": (rng.integers(0, 3, (6, 5)), None),
}


def agrees(f, x):
    """Compare with NumPy's value of each example and with the gradient that known values have."""
    with np.errstate(all="ignore"):
        expected = np.stack([f(v) for v in x])
        np.testing.assert_allclose(vmap(f)(x), expected)
        np.testing.assert_allclose(compile(vmap(f))(x), expected)
        step = compile(f)
        for v, wanted in zip(x, expected, strict=True):
            np.testing.assert_allclose(step(v), wanted)

        def total(v):
            y = f(v)
            return np.nansum(y * np.cos(np.arange(float(np.size(y)))).reshape(np.shape(y)))

        slopes = np.stack([grad(total)(v) for v in x])
        np.testing.assert_allclose(vmap(grad(total))(x), slopes)
        step = compile(grad(total))
        for v, slope in zip(x, slopes, strict=True):
            np.testing.assert_allclose(step(v), slope)


@pytest.mark.filterwarnings("ignore:All-NaN")
@pytest.mark.filterwarnings("ignore:grad of total")
@pytest.mark.parametrize("method", METHODS)
def test_quantiles_of_what_is_there(method):
    for q in SHARES:
        agrees(lambda v, q=q: np.nanquantile(v, q, axis=0, method=method), MISSING)
    agrees(lambda v: np.nanpercentile(v, 30, axis=(0, 1), method=method, keepdims=True), MISSING)
    agrees(lambda v: np.nanquantile(v, [0.25, 0.5], method=method), MISSING)
    for n in range(1, 7):  # at shares that are places, which one is taken hangs on how many there are
        agrees(lambda v, n=n: np.nanquantile(v, np.arange(n + 1) / n, axis=0, method=method), MISSING)


@pytest.mark.filterwarnings("ignore:All-NaN")
@pytest.mark.filterwarnings("ignore:grad of total")
@pytest.mark.parametrize(("weights", "axis"), WEIGHTS.values(), ids=WEIGHTS)
def test_quantiles_by_weights(weights, axis):
    for q in (*SHARES[:3], SHARES[3]):
        agrees(lambda v, q=q: np.quantile(v, q, axis=axis, weights=weights, method="inverted_cdf"), X)
        agrees(lambda v, q=q: np.quantile(v, q, axis=axis, weights=weights, method="inverted_cdf"), MISSING)
        each = np.broadcast_to(weights.reshape(6, -1), (6, 5)) + 1  # NumPy's nanquantile fails with a vector of them
        agrees(lambda v, q=q, w=each: np.nanquantile(v, q, axis, weights=w, method="inverted_cdf"), MISSING)


def test_wrong_methods_and_weights_are_refused_as_numpy_does():
    for f, message in (
        (lambda v: np.nanquantile(v, 0.5, method="lowest"), "lowest"),  # type: ignore[call-overload]
        (lambda v: np.quantile(v, 0.5, weights=np.ones(30), method="inverted_cdf"), "weights"),
        (lambda v: np.quantile(v, 0.5, weights=np.ones((6, 5)), method="linear"), "weights"),
    ):
        with pytest.raises((ValueError, TypeError), match=message):
            vmap(f)(X)
