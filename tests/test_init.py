"""Initial weights: how they are distributed, and that a seed repeats them."""

import numpy as np
import pytest

from minigrad.nn import he, normal, xavier


def test_xavier_is_uniform_within_its_bound():
    W = xavier((300, 500), 0)
    bound = np.sqrt(6 / 800)
    assert 0.999 * bound < np.abs(W).max() <= bound
    assert abs(W.mean()) < 0.01 * bound
    np.testing.assert_allclose(W.var(), 2 / 800, rtol=0.01)  # eq. 12 of the paper


def test_he_keeps_the_size_of_relu_signals():
    W = he((400, 300), 0)
    np.testing.assert_allclose(W.std(), np.sqrt(2 / 400), rtol=0.01)
    y = np.random.default_rng(1).normal(size=(500, 400))
    for seed in range(5):
        y = np.maximum(y @ he((400, 400), seed), 0)
    assert 0.4 < (y**2).mean() < 2.5  # E[y²] would shrink to 1/2⁵ or less without the factor 2


def test_normal_has_the_given_deviation():
    W = normal(0.03)((400, 300), 0)
    np.testing.assert_allclose(W.std(), 0.03, rtol=0.01)
    assert abs(W.mean()) < 0.001


@pytest.mark.parametrize("init", [xavier, he, normal(0.1)])
def test_initializers_repeat_with_a_seed_and_keep_the_dtype(init):
    np.testing.assert_array_equal(init((3, 2), 5), init((3, 2), np.random.default_rng(5)))
    assert init((3, 2), 5, np.float32).dtype == np.float32
    assert (init((3, 2)) != init((3, 2))).any()
