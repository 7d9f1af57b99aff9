"""Losses averaged over samples, however the mean is written: δ = (Y − T) / N, exact against differences and engine."""

import numpy as np
import pytest

from minigrad import Tensor, derive, losses, softmax, sums_to_one
from minigrad.data import one_hot

N = 6
RNG = np.random.default_rng(0)
ROWS = {"X": RNG.normal(size=(N, 4)), "W": RNG.normal(size=(4, 3)), "b": RNG.normal(size=3)}
LABELS, TARGETS = one_hot(np.arange(N) % 3, 3), RNG.normal(size=(N, 3))


def lines(loss, targets, dtype=np.float64):
    """Derive a loss of U₁ = X W₁ + b₁; every line must agree with finite differences and the engine."""
    X, W, b = (ROWS[name].astype(dtype) for name in "XWb")
    W1, b1 = Tensor(W, requires_grad=True, name="W1"), Tensor(b, requires_grad=True, name="b1")
    T = Tensor(targets.astype(dtype), name="T")
    given = [sums_to_one(T)] if targets is LABELS else []
    derivation = derive(loss(Tensor(X, name="X") @ W1 + b1, T), given=given)
    if dtype == np.float64:
        assert max(row.difference for row in derivation.check()) < 1e-6
    return str(derivation).splitlines()


def network(delta):
    return [f"δ₁ = ∂E/∂U₁ = {delta}", "∂E/∂W₁ = Xᵀ δ₁", "∂E/∂b₁ = Σₙ δ₁"]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "loss",
    [
        lambda u, t: -(t * np.log(softmax(u))).sum(axis=1).mean(),
        lambda u, t: np.mean(-np.sum(t * np.log(softmax(u)), axis=-1)),
        lambda u, t: -(t * np.log(softmax(u))).mean(axis=0).sum(),
        lambda u, t: -(t * np.log(softmax(u))).sum() / len(u),
        lambda u, t: -(t * np.log(softmax(u))).sum(axis=1, keepdims=True).mean(),
        lambda u, t: (1 / N) * -(t * np.log(softmax(u))).sum(),
        lambda u, t: (-(t * np.log(softmax(u))).sum(axis=1) / N).sum(),
        lambda u, t: losses.cross_entropy(softmax(u), t, "mean"),
    ],
)
def test_mean_of_cross_entropy(loss, dtype):
    assert lines(loss, LABELS, dtype) == network("(Y₁ − T) / 6    (Σ T = 1 along axis -1)")


def test_mean_of_cross_entropy_of_logits():
    found = lines(lambda u, t: losses.softmax_cross_entropy(u, t, "mean"), LABELS)
    assert found == network("(softmax(Y₁) − T) / 6    (Σ T = 1 along axis -1)")


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "loss",
    [
        lambda y, t: (0.5 * ((y - t) ** 2).sum(axis=1)).mean(),
        lambda y, t: 0.5 * np.mean(np.sum((y - t) ** 2, axis=1)),
        lambda y, t: 0.5 * ((y - t) ** 2).mean(axis=0).sum(),
        lambda y, t: 0.5 * ((y - t) ** 2).sum() / len(y),
        lambda y, t: 0.5 * ((y - t) ** 2).sum() * (1 / N),
        lambda y, t: (0.5 * (y - t) ** 2).sum(axis=(0, 1)) / N,
        lambda y, t: 1.5 * ((y - t) ** 2).mean(axis=1).mean(),
        lambda y, t: losses.squared_error(y, t, "mean"),
    ],
)
def test_mean_of_squared_error(loss, dtype):
    assert lines(loss, TARGETS, dtype) == network("(Y₁ − T) / 6")


@pytest.mark.parametrize(
    ("loss", "delta"),
    [
        (lambda y, t: ((y - t) ** 2).sum() / 7, "2 (Y₁ − T) / 7"),
        (lambda y, t: ((y - t) ** 2).sum() * (1 / 7), "2 (Y₁ − T) / 7"),
        (lambda y, t: -3 * ((y - t) ** 2).sum() / 7, "−6 (Y₁ − T) / 7"),
        (lambda y, t: ((y - t) ** 2).sum() * 0.1, "0.2 (Y₁ − T)"),
        (lambda y, t: ((y - t) ** 2).sum() / np.pi, "0.63662 (Y₁ − T)"),
    ],
)
def test_a_number_is_a_fraction_only_where_its_decimals_are_not_exact(loss, delta):
    assert lines(loss, TARGETS)[0] == f"δ₁ = ∂E/∂U₁ = {delta}"


def test_a_negative_number_is_taken_away():
    x = Tensor(np.arange(3.0), requires_grad=True, name="x")
    assert str(derive((x**3).sum() / 3 + (-2.0 * x).sum())) == "∂E/∂x = x² − 2"


def test_a_mean_over_no_samples_has_a_derivation():
    x = Tensor(np.zeros((0, 3)), requires_grad=True, name="x")
    with np.errstate(all="ignore"):
        derivation = derive((x**2).sum(axis=1).sum() / 1.0)
    assert derivation[0].shape == (0, 3)
