"""Targets that are whole numbers or truth values: the formulas are those of floats, and so is the code from them."""

import numpy as np
import pytest

from minigrad import Tensor, data, derive, sigmoid, softmax
from minigrad.losses import cross_entropy

RNG = np.random.default_rng(0)
X = Tensor(RNG.normal(size=(5, 3)), name="X")
LABELS = np.array([0, 1, 1, 0, 1])
DTYPES = [float, np.float32, int, np.int8, np.uint8, bool]
kinds = pytest.mark.parametrize("dtype", DTYPES)


def weights(columns):
    return Tensor(RNG.normal(size=(3, columns)), requires_grad=True, name="W")


def probabilities(W):
    Y = sigmoid(X @ W)
    Y.name = "Y"
    return Y


def assert_code_computes(loss, W, T):
    module = {}
    exec(derive(loss).to_numpy(), module)
    E, gradients = module["loss_and_gradients"](X=X.data, W=W.data, T=T)
    loss.backward()
    np.testing.assert_allclose(E, loss.item(), rtol=1e-12)
    np.testing.assert_allclose(gradients["W"], W.grad.data, rtol=1e-12)


@kinds
def test_of_two_classes(dtype):
    W, T = weights(1), Tensor(LABELS[:, None].astype(dtype), name="T")
    Y = probabilities(W)
    loss = -(T * np.log(Y) + (1 - T) * np.log(1 - Y)).sum()
    assert list(map(str, derive(loss))) == ["δ₁ = ∂E/∂U₁ = Y − T", "∂E/∂W = Xᵀ δ₁"]
    assert_code_computes(loss, W, T.data)


@kinds
def test_of_numbers(dtype):
    W, T = weights(1), Tensor(LABELS[:, None].astype(dtype), name="T")
    loss = ((X @ W - T) ** 2).sum() / 2
    assert str(derive(loss)) == "δ₁ = ∂E/∂U₁ = Y₁ − T\n∂E/∂W = Xᵀ δ₁"
    assert_code_computes(loss, W, T.data)


@kinds
def test_of_classes(dtype):
    W, T = weights(2), data.one_hot(LABELS, dtype=dtype)
    Y = softmax(X @ W)
    Y.name = "Y"
    loss = cross_entropy(Y, Tensor(T, name="T"))
    assert str(derive(loss)).startswith("δ₁ = ∂E/∂U₁ = Y − T    (Σ T = 1 along axis -1)")
    assert_code_computes(loss, W, T)
    copied = cross_entropy(Y, Tensor(T.astype(np.int64), name="T"))
    assert str(derive(copied)).startswith("δ₁ = ∂E/∂U₁ = Y ⊙ Σₖ tₖ − T = Y − T if Σ T = 1, as in this T")


def test_numbers_that_wrap_stay_whole():
    """1 − 2 of a uint8 is 255: the formulas of floats would be another function's."""
    W, T = weights(1), Tensor(np.array([[0], [1], [2], [0], [1]], np.uint8), name="T")
    Y = probabilities(W)
    loss = (np.uint8(1) - T) * np.log(Y)
    derivation = derive(loss.sum())
    assert derivation.check()
    assert all(line.difference < 1e-6 for line in derivation.check())


def test_what_is_compared_or_chosen_by_stays_whole():
    W, T = weights(2), Tensor(LABELS, name="T")
    loss = np.where(T[:, None] == 1, X @ W, 0).sum() + (T[:, None] * (X @ W)).sum()
    assert all(line.difference < 1e-6 for line in derive(loss).check())
