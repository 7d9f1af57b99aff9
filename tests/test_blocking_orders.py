"""Attention in blocks to second order: gradients of gradients, of random shapes, scores and masks, and in a loop."""

import numpy as np
import pytest

from minigrad import compile, grad, nn, value_and_grad
from minigrad.compiler.blocking import making, regions
from minigrad.compiler.rolling.loop import Loop
from minigrad.nn.attention import attend
from tests.compiling import as_code, assert_same, plain, running


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    """Let matrices of few rows be worth it, and blocks be of eight."""
    for module, name, n in (
        (regions, "LEAST", 1), (regions, "LONG", 16), (making, "ELEMENTS", 1), (making, "FEWEST", 8),
        (making, "ALIGNED", 4), (making, "ROWS_OF_A_SHARE", 16),
    ):  # fmt: skip
        monkeypatch.setattr(module, name, n)


def draw(seed):
    """Give a loss of Q, K and V by attention that is drawn at random, and arrays for it."""
    rng = np.random.default_rng(seed)
    lead = ((), (2,), (2, 2))[rng.integers(3)]
    rows, columns, width = (int(n) for n in (rng.integers(17, 40), rng.integers(17, 40), rng.integers(2, 5)))
    shapes = (*lead, rows, width), (*lead, columns, width), (*lead, columns, int(rng.integers(1, 4)))
    masks = (None, rng.random((rows, columns)) < 0.7, rng.normal(size=(rows, columns)), "causal")
    mask, scores = masks[rng.integers(4)], rng.integers(3)
    if isinstance(mask, np.ndarray) and mask.dtype == bool:
        mask[:, 0] = True  # none looks nowhere

    def attention(Q, K, V):
        if scores == 0 or isinstance(mask, str):
            return attend(Q, K, V, None if isinstance(mask, str) else mask, causal=isinstance(mask, str))
        S = Q @ np.swapaxes(K, -1, -2) * 0.4
        if mask is not None:
            S = np.where(mask, S, -np.inf) if mask.dtype == bool else S + mask
        if scores == 1:
            return nn.functional.softmax(S) @ V
        E = np.exp(S - S.max(axis=-1, keepdims=True))
        return E @ V / E.sum(axis=-1, keepdims=True)

    def loss(Q, K, V):
        y = attention(Q, K, V)
        return (np.sin(y) * y).sum()

    return loss, [rng.normal(size=shape) * 0.7 for shape in shapes]


def slope_of_gradients(loss):
    """Give the value and the gradients of what the gradients come to by weights that differ: second derivatives."""

    def total(*args):
        weighed = ((g * np.cos(np.arange(g.size).reshape(g.shape))).sum() for g in grad(loss, (0, 1, 2))(*args))
        return sum(weighed, 0.0)

    return value_and_grad(total, (0, 1, 2))


def are_blocks(step):
    return any(isinstance(x.op, Loop) for x in step._last.graph.nodes)


CASES = [("numpy", seed) for seed in range(10)] + [("interpreted", seed) for seed in (1, 4, 8)]


@pytest.mark.parametrize(("backend", "seed"), CASES)
def test_gradients_of_gradients_are_those_of_the_unblocked_code(backend, seed):
    loss, arrays = draw(seed)
    f = slope_of_gradients(loss)
    with running(backend):
        step = as_code(f, backend)
        found = plain(step(*arrays))
    assert_same(plain(f(*arrays)), found, 1e-9)


def written(Q, K, V):
    return nn.functional.softmax(Q @ np.swapaxes(K, -1, -2) * 0.4) @ V


def chosen(Q, K, V):
    S = Q @ np.swapaxes(K, -1, -2) * 0.4
    seen = np.random.default_rng(0).random(S.shape[-2:]) < 0.7
    return nn.functional.softmax(np.where(seen | (np.arange(S.shape[-1]) == 0), S, -np.inf)) @ V


@pytest.mark.parametrize("attention", [attend, lambda Q, K, V: attend(Q, K, V, causal=True), written, chosen])
def test_second_derivatives_are_computed_in_blocks(attention):
    step = compile(slope_of_gradients(lambda *args: np.sin(attention(*args)).sum()))
    step(*draw(0)[1])
    assert are_blocks(step)


def test_second_derivatives_are_differences_of_first_ones():
    loss, (Q, K, V) = draw(3)
    first, second = compile(grad(loss, (0, 1, 2))), compile(slope_of_gradients(loss))
    _, (by_q, _, _) = plain(second(Q, K, V))
    step = np.random.default_rng(0).normal(size=Q.shape)

    def total(Q):
        return sum((g * np.cos(np.arange(g.size).reshape(g.shape))).sum() for g in plain(first(Q, K, V)))

    h = 1e-5
    slope = (total(Q + h * step) - total(Q - h * step)) / (2 * h)
    np.testing.assert_allclose((by_q * step).sum(), slope, rtol=1e-6)


def test_attention_in_each_turn_of_a_loop():
    def loss(Q, K, V):
        for t in range(9):
            Q = np.tanh(Q + attend(Q, K, V) / (t + 1))
        return (Q * Q).sum()

    rng = np.random.default_rng(0)
    args = [rng.normal(size=shape) for shape in ((21, 3), (24, 3), (24, 3))]
    for f in (value_and_grad(loss, (0, 1, 2)), slope_of_gradients(loss)):
        step = compile(f)
        assert_same(plain(f(*args)), plain(step(*args)), 1e-9)
