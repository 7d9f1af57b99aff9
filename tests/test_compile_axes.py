"""Sums over a short last axis in NumPy code, which computes with that axis first."""

import numpy as np
import pytest

from minigrad import compile, value_and_grad
from minigrad.compiler.numpy.axes import FEW

rng = np.random.default_rng(0)


def squares(X, Y):
    """|xₙ − yₘ|² by its three products."""
    return (X**2).sum(1)[:, None] + (Y**2).sum(1) - 2 * X @ Y.T


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("width", [2, 3, FEW, FEW + 1])
def test_squared_distances_of_points(width, dtype):
    X, Y = rng.normal(size=(70, width)).astype(dtype), rng.normal(size=(80, width)).astype(dtype)
    code = compile(lambda X, Y: (0.5 * (X[:, None] - Y) ** 2).sum(-1), backend="numpy")
    found = code(X, Y)
    assert found.dtype == dtype
    np.testing.assert_allclose(found, squares(X, Y) / 2, rtol=0, atol=1e-12 if dtype == np.float64 else 1e-4)
    assert ("transpose((2, 0, 1))" in code.source) == (width <= FEW)


def test_differences_that_are_needed_elsewhere_stay_as_they_are():
    X, Y, G = rng.normal(size=(70, 2)), rng.normal(size=(80, 2)), rng.normal(size=(70, 80))

    def energy(X, Y):
        return (G * np.exp(-((X[:, None] - Y) ** 2).sum(-1))).sum()

    value, (by_X, by_Y) = compile(value_and_grad(energy, (0, 1)), backend="numpy")(X, Y)
    kernel = G * np.exp(-squares(X, Y))
    np.testing.assert_allclose(value, kernel.sum(), rtol=1e-10)
    np.testing.assert_allclose(by_X, -2 * (kernel.sum(1)[:, None] * X - kernel @ Y), atol=1e-10)
    np.testing.assert_allclose(by_Y, -2 * (kernel.sum(0)[:, None] * Y - kernel.T @ X), atol=1e-10)


def test_each_of_a_batch_and_operands_of_fewer_axes():
    X, s = rng.normal(size=(3, 40, 1, 2)), np.array([0.5, 2.0])
    Y = rng.normal(size=(3, 1, 50, 2))
    found = compile(lambda X, Y, s: (np.abs(X - Y) * s).sum(axis=3), backend="numpy")(X, Y, s)
    np.testing.assert_allclose(found, np.einsum("bnmk,k->bnm", np.abs(X - Y), s), rtol=1e-13)
