"""Functions as people spell them, each in several ways: the lines are those of the library's own."""

from functools import partial

import numpy as np
import pytest

from minigrad import Tensor, derive, relu, sigmoid, softmax
from minigrad.nn import functional as F
from minigrad.ops.reduction import log_sum_exp
from minigrad.scipy.special import erf, ndtr


def σ(u):
    return 1 / (1 + np.exp(-u))


def mean(u, axis):
    return u.mean(axis, keepdims=True)


SPELLINGS = {
    "gelu": (
        F.gelu,
        lambda u: 0.5 * u * (1 + erf(u / np.sqrt(2))),
        lambda u: u * (erf(u * 2**-0.5) + 1) / 2,
        lambda u: 0.5 * (u + u * erf(np.sqrt(0.5) * u)),
        lambda u: u * ndtr(u),
        lambda u: (1 - ndtr(-u)) * u,
    ),
    "leaky_relu": (
        partial(F.leaky_relu, negative_slope=0.1),
        lambda u: np.maximum(u, 0.1 * u),
        lambda u: np.maximum(u * 0.1, u),
        lambda u: np.where(u > 0, u, 0.1 * u),
        lambda u: np.where(u < 0, 0.1 * u, u),
        lambda u: np.maximum(u, 0) + 0.1 * np.minimum(u, 0),
        lambda u: relu(u) - 0.1 * relu(-u),
    ),
    "elu": (
        partial(F.elu, alpha=1.5),
        lambda u: np.where(u > 0, u, 1.5 * (np.exp(u) - 1)),
        lambda u: np.where(u > 0, u, 1.5 * np.expm1(np.minimum(u, 0))),
        lambda u: np.where(u <= 0, np.expm1(u) * 1.5, u),
    ),
    "silu": (F.silu, lambda u: u * σ(u), lambda u: u / (1 + np.exp(-u)), lambda u: sigmoid(u) * u),
    "tanh": (
        np.tanh,
        lambda u: 2 * σ(2 * u) - 1,
        lambda u: -1 + sigmoid(u + u) * 2,
        lambda u: 1 - 2 * sigmoid(-2 * u),
        lambda u: (np.exp(u) - np.exp(-u)) / (np.exp(u) + np.exp(-u)),
    ),
    "softmax over the first axis": (
        partial(softmax, axis=0),
        lambda u: np.exp(u) / np.exp(u).sum(0),
        lambda u: np.exp(u - u.max(0)) / np.exp(u - u.max(0)).sum(axis=0, keepdims=True),
    ),
    "log_sum_exp": (
        partial(log_sum_exp, axis=1),
        lambda u: np.log(np.exp(u).sum(1)),
        lambda u: u.max(1) + np.log(np.exp(u - u.max(1)[:, None]).sum(1)),
        lambda u: np.logaddexp.reduce(u, axis=1),
    ),
    "layer_norm": (
        partial(F.layer_norm, normalized_shape=3),
        lambda u: (u - mean(u, 1)) / np.sqrt(u.var(1, keepdims=True) + 1e-5),
        lambda u: (u - mean(u, -1)) / (1e-5 + mean((u - mean(u, -1)) ** 2, -1)) ** 0.5,
        lambda u: (u - np.mean(u, 1, keepdims=True)) * (np.var(u, 1, keepdims=True) + 1e-5) ** -0.5,
        lambda u: (u - mean(u, 1)) / np.sqrt(mean(u**2, 1) - mean(u, 1) ** 2 + 1e-5),
    ),
    "batch_norm": (
        partial(F.batch_norm, running_mean=None, running_var=None, training=True),
        lambda u: (u - u.mean(0)) / np.sqrt(u.var(0) + 1e-5),
        lambda u: (u - u.mean(0)) / np.sqrt(((u - u.mean(0)) ** 2).mean(0) + 1e-5),
    ),
}
CASES = [(name, i) for name, (_, *others) in SPELLINGS.items() for i in range(len(others))]


def lines(f):
    rng = np.random.default_rng(0)
    X, W = Tensor(rng.normal(size=(5, 4)), name="X"), Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W1")
    y = f(X @ W)
    derivation = derive((np.cos(np.arange(y.size).reshape(y.shape)) * y).sum(), forward=True)
    assert derivation.check().first is None
    return str(derivation)


@pytest.mark.parametrize(("name", "spelling"), CASES)
def test_however_it_is_spelled_the_lines_are_those_of_our_own(name, spelling):
    own, *others = SPELLINGS[name]
    assert lines(others[spelling]) == lines(own)


def test_a_gain_and_a_bias_stand_beside_what_is_normalized():
    gain = Tensor([0.5, 1.5, 2.0], requires_grad=True, name="gain")
    own = lines(lambda u: F.layer_norm(u, 3, gain))
    assert lines(lambda u: (u - mean(u, 1)) * gain / np.sqrt(u.var(1, keepdims=True) + 1e-5)) == own


def test_a_number_that_makes_nothing_of_an_operation_is_not_seen_as_one():
    """leaky_relu of slope 1 is what it is applied to; so is u where another function with a step stands."""
    assert "leaky" not in lines(lambda u: np.abs(u) * 1.0 - 0.5)
    assert "leaky" not in lines(lambda u: np.where(u > 0, 2 * u, u))


def test_where_recorded_values_touch_a_kink_the_slope_is_that_of_the_engine():
    u = Tensor([[0.0, 1.0, -1.0]], requires_grad=True, name="u")
    assert "maximum" in str(derive(np.maximum(u, 0.1 * u).sum(), forward=True))
