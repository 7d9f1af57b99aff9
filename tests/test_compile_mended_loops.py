"""Loops some turns of which take an operand from elsewhere are loops of the code: their turns choose."""

from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, compile, nn, optim, value_and_grad
from minigrad.compiler.rolling.moving import never_fails
from minigrad.engine.node import Node
from tests.compiling import as_code, assert_same, each_backend, plain, running
from tests.fuzz.loops import find_wrong

RNG = np.random.default_rng(0)
W, U, V, D = (RNG.normal(size=shape) * 0.4 for shape in ((3, 4), (4, 4), (4, 3), (3, 4)))
FLAGS = np.random.default_rng(1).random(100) < 0.6


def data(turns):
    return np.random.default_rng(2).normal(size=(turns, 2, 3))


def cut_off_now_and_then(X, W, U, V, D):
    h, E = np.zeros((2, 4)), 0.0
    for t in range(len(X)):
        if t % 7 == 0 and hasattr(h, "detach"):
            h = h.detach()
        h = np.tanh(X[t] @ W + h @ U)
        E = E + ((h @ V) ** 2).sum()
    return E


def teacher_or_its_own(X, W, U, V, D):
    h, out, E = np.zeros((2, 4)), np.zeros((2, 3)), 0.0
    for t in range(1, len(X)):
        given = X[t - 1] if FLAGS[t] else out
        h = np.tanh(given @ W + h @ U)
        out = h @ V
        E = E + ((out - X[t]) ** 2).sum()
    return E


def begun_anew(X, W, U, V, D):
    start = np.full((2, 4), 0.3) * U[0]
    h, E = start, 0.0
    for t in range(len(X)):
        if t % 6 == 5:
            h = start
        h = np.tanh(X[t] @ W + h @ U)
        E = E + ((h @ V) ** 2).sum()
    return E


def encoder_and_decoder(X, W, U, V, D):
    h, outputs = np.zeros((2, 4)), []
    for x in X:
        h = np.tanh(x @ W + h @ U)
    for t in range(len(X)):
        h = np.tanh((X[t - 1] if t else X[0] * 0) @ D + h @ U.T)
        outputs.append(h @ V)
    return ((np.stack(outputs) - X) ** 2).sum()


def joined_columns(X, W, U, V, D):
    h, columns = np.zeros((2, 4)), []
    for x in X:
        h = np.tanh(x @ W + h @ U)
        columns.append(h @ V[:, :1])
    return (np.concatenate(columns, axis=1) ** 2).sum()


def windows(X, W, U, V, D):
    h, E = np.zeros((3, 4)), 0.0
    for t in range(1, len(X) - 1):
        h = np.tanh(X[t - 1 : t + 2, 0] @ W + h @ U)
        E = E + h.sum()
    return E


LOOPS = [cut_off_now_and_then, teacher_or_its_own, begun_anew, encoder_and_decoder, joined_columns, windows]


@pytest.mark.parametrize("f", [f for f in LOOPS if f not in (begun_anew, teacher_or_its_own)])
def test_code_does_not_grow_with_the_turns(f):
    lengths = []
    for turns in (33, 66):
        both = value_and_grad(f, (1, 2, 3, 4))
        step = compile(both)
        assert_same(plain(step(data(turns), W, U, V, D)), plain(both(data(turns), W, U, V, D)), 1e-10)
        lengths.append(len(step.source.splitlines()))
        assert not step.report().unrolled
    assert lengths[1] < 1.1 * lengths[0] < 600


@each_backend
@pytest.mark.parametrize("f", LOOPS)
def test_each_backend_computes_them(backend, f):
    both = value_and_grad(f, (1, 2, 3, 4))
    with running(backend):
        assert_same(plain(as_code(both, backend)(data(17), W, U, V, D)), plain(both(data(17), W, U, V, D)), 1e-10)


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_a_gradient_that_goes_back_few_steps_does_not_grow_with_them_all(kind):
    """Wherever the steps end: the last ones that a gradient goes back may be fewer."""
    lengths = []
    for turns in (43, 60):
        layer = kind(3, 4, "all", truncate=10, rng=0)

        def step(x, layer=layer):
            for p in layer.parameters():
                p.grad = None
            E = (layer(x) ** 2).sum()
            E.backward()
            return E

        x = np.random.default_rng(1).normal(size=(2, turns, 3))
        eager = step(x).item(), [p.grad.data for p in layer.parameters()]
        compiled = compile(step)
        assert np.isclose(compiled(x).item(), eager[0], rtol=1e-12)
        for p, g in zip(layer.parameters(), eager[1], strict=True):
            np.testing.assert_allclose(p.grad.data, g, rtol=1e-10, atol=1e-13)
        lengths.append(len(compiled.source.splitlines()))
    assert lengths[1] < 1.05 * lengths[0] < 600


@each_backend
def test_what_is_not_chosen_may_be_no_number(backend):
    """The turns that begin anew would otherwise go on from a state that is infinite by then."""

    def f(x, w):
        h, E = x[0], 0.0
        for t in range(40):
            if t % 5 == 0:
                h = x[0]
            h = np.exp(h * h + w) + x[t]
            E = E + np.sin(x[t]) * (1 / h).sum() + w
        return E.sum()

    x, w = np.full((40, 3), 0.9), np.array(0.1)
    both = value_and_grad(f, (0, 1))
    with running(backend), np.errstate(all="ignore"):
        assert_same(plain(as_code(both, backend)(x, w)), plain(both(x, w)), 1e-10)


@each_backend
def test_what_turns_do_not_choose_is_no_error(backend):
    """They would invert a matrix that has no inverse, and read at an index that there is not."""

    turns, anew = 37, (4, 11, 16, 22, 30)

    def inverted(X, P, W):
        start, seen, E = P, [], 0.0
        for t in range(turns):
            given = np.linalg.inv(P + X[t]) if t not in anew else start
            seen.append(P)
            P = np.tanh(given @ W) + X[t] @ X[t]
            E = E + (np.sin(P) * P @ W).sum()
        return E, seen

    def read(x, places, w):
        E = 0.0
        for t in range(turns):
            given = x[places[t]] if t not in anew else w
            w = np.tanh(given * np.sin(w) + w)
            E = E + (np.cos(w) * w * w).sum()
        return E

    P, W = np.eye(2) + 0.1 * RNG.normal(size=(2, 2)), RNG.normal(size=(2, 2))
    X = RNG.normal(size=(turns, 2, 2)) * 0.1
    for t in anew:
        X[t] = -inverted(X, P, W)[1][t]
    places = np.where(np.isin(np.arange(turns), anew), 1 << 40, np.arange(turns) % 3)
    with running(backend):
        both = value_and_grad(lambda X, P, W: inverted(X, P, W)[0], (0, 1, 2))
        assert_same(plain(as_code(both, backend)(X, P, W)), plain(both(X, P, W)), 1e-9)
        both, x = value_and_grad(read, (0, 2)), RNG.normal(size=(3, 2))
        assert_same(plain(as_code(both, backend)(x, places, x[0])), plain(both(x, places, x[0])), 1e-9)


def test_what_may_fail_is_not_made_for_turns_that_do_not_choose_it():
    x: Any = Node(shape=(2, 2))
    n: Any = Node(shape=(2, 2), dtype=np.int64)
    for safe in (np.tanh(x), x @ x, x.sum(), x[0], x.T, np.where(x > 0, x, 1.0), np.stack([x, x])):
        assert never_fails(safe)
    for unsafe in (np.linalg.inv(x), np.linalg.cholesky(x), x[np.array([0])], n**-1, n // n):
        assert not never_fails(unsafe)


def test_a_rule_steps_on_what_turns_choose():
    def trained(compiled):
        layer = nn.GRU(3, 4, "all", truncate=6, rng=0)
        rule = optim.Adam(layer.parameters(), lr=0.05)

        def step(x):
            E = (layer(x) ** 2).mean()
            rule.zero_grad()
            E.backward()
            rule.step()
            return E

        run = compile(step) if compiled else step
        losses = [float(run(np.random.default_rng(i).normal(size=(2, 33, 3))).item()) for i in range(4)]
        return losses, [p.data for p in layer.parameters()]

    assert_same(plain(trained(True)), plain(trained(False)), 1e-9)


def test_gradients_of_gradients():
    def squared(U):
        g = value_and_grad(lambda u: cut_off_now_and_then(Tensor(data(24)), W, u, V, D))(U)[1]
        return (g * g).sum()

    both = value_and_grad(squared)
    assert_same(plain(compile(both)(U)), plain(both(U)), 1e-9)


@pytest.mark.parametrize("seed", range(33_000_000, 33_000_012))
def test_random_loops_that_go_on_from_somewhere_else(seed):
    assert find_wrong(seed, ["numpy", "interpreted"]) is None
