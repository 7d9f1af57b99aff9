"""A loop of the function's that is none of the code is named by the report, with the reason; one that is, is not."""

import inspect

import numpy as np
import pytest

from benchmarks import loops
from minigrad import compile, steps, value_and_grad
from tests.compiling import assert_same, plain

T = 24
RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(T, 3)), RNG.normal(size=(3, 3)) * 0.4
LARGE = [RNG.normal(size=(9, 9)) for _ in range(2 * T)]
ORDER = np.random.default_rng(1).permutation(T).tolist()


def few(X, W):
    h = X[0]
    for t in range(5):
        h = np.tanh(h @ W + X[t])
    return (h * h).sum()


def other_operations(X, W):
    h = X[0]
    for t in range(T):
        h = (np.tanh, np.sin, np.cos)[t * t * 5 % 11 % 3](h @ W + X[t])
    return (h * h).sum()


def other_shapes(X, W):
    total = 0.0
    for t in range(T):
        total = total + np.tanh(X[: t + 1] @ W).sum()
    return total


def growing(X, W):
    h = X[0]
    for _ in range(T):
        h = np.concatenate([np.tanh(h[-3:] @ W), h])
    return (h * h).sum()


def powers(X, W):
    total = 0.0
    for n in range(T):
        total = total + (X[0] ** n).sum() * 0.1
    return total * W[0, 0]


def now_and_then(X, W):
    h = X[0]
    for t in range(T):
        h = np.tanh(h @ W + X[t])
        if t % 6 == 5:
            h = np.sin(h)
        elif t % 6 == 2:
            h = np.exp(h - 0.5 * np.cos(h))
    return (h * h).sum()


def own_arrays(X, W):
    h = np.zeros((9, 9)) + X[0, 0] * W[0, 0]
    for t in range(2 * T):
        h = np.tanh(h @ LARGE[t] + 1.0)
    return (h * h).sum()


def moving_part_of_what_moves(X, W):
    h, total = np.sin(X.reshape(-1)), 0.0
    for t in range(T):
        total = np.sin(total + h[t])
        h = np.tanh(h * W[0, 0])
    return total


def few_layers(X, W):
    h = np.zeros((9, 9)) + X[0, 0] * W[0, 0]
    for t in range(T):
        h = np.tanh(h @ LARGE[t] + 1.0)
    return (h * h).sum()


def short_series(X, W):
    y = X[:, 0] * 0
    for t in range(T):
        y = y * X[:, 1] + 1 / (t + 2)
    return (y * y).sum() * W[0, 0]


def made_elsewhere(X, W):
    made = [(np.sin, np.cos, np.exp, np.tanh)[t * t * 7 % 13 % 4](X[t] @ W) for t in range(T)]
    h = X[0]
    for x in made:
        h = np.tanh(h @ W + x)
    return (h * h).sum()


def by_while(X, W):
    h, t = X[0], 0
    while t < 5:
        h = np.tanh(h @ W + X[t])
        t += 1
    return (h * h).sum()


REASONS = [
    (few, "5 turns, and fewer than 8 are written out"),
    (by_while, "5 turns, and fewer than 8 are written out"),
    (other_operations, "where the one before has"),
    (other_shapes, "in the one before"),
    (growing, "takes an array of shape"),
    (powers, "a turn has power(exponent="),
    (now_and_then, "operations, and the one before"),
    (moving_part_of_what_moves, "its index moves, and so does what it is of"),
    (few_layers, "each turn has an array of its own, as layers have: fewer than 32 are written out"),
    (short_series, "fewer than 48 turns are written out"),
    (made_elsewhere, "each turn takes what is made for it in another way"),
]


def line_of(f):
    lines, first = inspect.getsourcelines(f)
    return first + next(i for i, line in enumerate(lines) if line.strip().startswith(("for ", "while ")))


@pytest.mark.parametrize(("f", "reason"), REASONS)
def test_the_report_says_why_a_loop_is_written_out(f, reason):
    step = compile(value_and_grad(f, (0, 1)))
    assert_same(plain(step(X, W)), plain(value_and_grad(f, (0, 1))(X, W)), 1e-11)
    line = line_of(f) + (f is by_while)  # a while begins, for Python, where its body does
    (said,) = (x for x in step.report().unrolled if x.startswith(f"test_compile_unrolled.py:{line}: "))
    assert reason in said
    assert f"  no loop: {said}" in str(step.report())


def in_another_order(X, W):
    h = X[0]
    for t in ORDER:
        h = np.tanh(h @ W + X[t])
    return (h * h).sum()


def with_an_inner_loop(X, W):
    h = X[0]
    for t in range(T):
        for k in range(3):
            h = np.tanh(h @ W + (k + 1) * X[t])
    return (h * h).sum()


def by_a_cell(X, W):
    def cell(h, x):
        return np.tanh(h @ W + x.mean())

    h = X[0]
    for x in X:
        h = cell(h, x)
    return (h * h).sum()


def alternating(X, W):
    h = X[0]
    for t in range(T):
        h = (np.tanh if t % 2 else np.sin)(h @ W + X[t])
    return (h * h).sum()


def counted(X, W):
    h, n = X[0], 0
    for t in steps(T):
        h, n = np.tanh(h @ W + X[t]), n + 1
    return h.sum() / n


def pendulum(X, W):
    state = 1.0 + 0 * W[0, 0], 0 * X[0, 0]
    for _ in range(16):
        state = loops.step_pendulum(np, W[0, 0], X[0, 0], *state)
    return (state[0] - 0.3) ** 2 + state[1] ** 2


ROLLED = [pendulum, own_arrays, in_another_order, with_an_inner_loop, by_a_cell, alternating, counted]


@pytest.mark.parametrize("f", ROLLED)
def test_of_a_loop_that_is_one_nothing_is_said(f):
    step = compile(value_and_grad(f, (0, 1)))
    assert_same(plain(step(X, W)), plain(value_and_grad(f, (0, 1))(X, W)), 1e-11)
    assert step.report().rolled
    assert step.report().unrolled == ()


def test_loops_of_the_library_are_not_the_functions():
    step = compile(lambda X: np.einsum("ij,kj->ik", X, X).sum() + np.linalg.matrix_power(X[:3], 9).sum())
    step(X)
    assert step.report().unrolled == ()


def test_a_dozen_turns_that_become_many_stay_short_in_code_and_alike_in_place():
    def lines(turns):
        data, order = RNG.normal(size=(turns, 3)), np.random.default_rng(2).permutation(turns).tolist()

        def f(W):
            h = np.ones(3)
            for t in order:
                h = np.tanh(h @ W + data[t])
            return (h * h).sum()

        step = compile(value_and_grad(f))
        assert_same(plain(step(W)), plain(value_and_grad(f)(W)), 1e-11)
        return len(step.source.splitlines())

    assert lines(20) == lines(70)
