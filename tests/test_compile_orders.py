"""Loops that read arrays from both ends, in any order, or by known masks: code and gradients do not grow with them."""

import numpy as np
import pytest

from minigrad import compile, value_and_grad
from tests.compiling import as_code, assert_same, each_backend, plain, running

W = np.random.default_rng(0).normal(size=(3, 3)) * 0.4


def data(turns):
    return np.random.default_rng(1).normal(size=(turns, 3))


def order(turns):
    return np.random.default_rng(2).permutation(turns).tolist()


def from_both_ends(X, W):
    h = X[0]
    for x, y in zip(X, reversed(X), strict=True):
        h = np.tanh(h @ W + x * y)
    return (h * h).sum()


def in_any_order(X, W):
    h = X[0]
    for i in order(len(X)):
        h = np.tanh(h @ W + X[i])
    return (h * h).sum()


def what_is_computed_in_any_order(X, W):
    h, Z = X[0], np.sin(X @ W)
    for i in order(len(X)):
        h = np.tanh(h @ W + Z[i])
    return (h * h).sum()


def columns_in_any_order(X, W):
    h, Y = X[0], X.T
    for i in order(len(X)):
        h = np.tanh(h @ W + Y[:, i])
    return (h * h).sum()


def some_several_times(X, W):
    h = X[0]
    for i in (np.arange(len(X)) ** 2 * 7 % 11).tolist():
        h = np.tanh(h @ W + X[i]) * X[i, 0] + h
    return (h * h).sum()


def by_a_mask(X, W):
    mask, h = np.arange(len(X)) % 3 > 0, X[0]
    for t in range(len(X)):
        h = np.where(mask[t], np.tanh(h @ W + X[t]), h)
    return (h * h).sum()


ORDERS = [
    from_both_ends, in_any_order, what_is_computed_in_any_order, columns_in_any_order, some_several_times, by_a_mask
]  # fmt: skip


@pytest.mark.parametrize("f", ORDERS)
def test_code_does_not_grow_with_the_turns(f):
    lengths = []
    for turns in (22, 44):
        step, both = compile(value_and_grad(f, (0, 1))), value_and_grad(f, (0, 1))
        assert_same(plain(step(data(turns), W)), plain(both(data(turns), W)), 1e-11)
        lengths.append(len(step.source.splitlines()))
        assert len(step.report().rolled) == 2
        assert not step.report().unrolled
    assert lengths[1] <= lengths[0] + 4


@each_backend
@pytest.mark.parametrize("exact", [False, True])
def test_each_backend_computes_them(backend, exact):
    for f in ORDERS:
        both = value_and_grad(f, (0, 1))
        with running(backend):
            found = plain(as_code(both, backend, exact=exact)(data(22), W))
        assert_same(found, plain(both(data(22), W)), 1e-11)
