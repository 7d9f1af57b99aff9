"""Loops whose turns hold loops are loops of the code: it does not grow with the outer turns, and computes the same."""

import numpy as np
import pytest

from minigrad import compile, nn, value_and_grad
from minigrad.compiler.rolling.periods import Agreement
from tests.compiling import as_code, assert_same, each_backend, plain, running

W = np.random.default_rng(0).normal(size=(4, 4)) * 0.3


def data(turns):
    return np.random.default_rng(1).normal(size=(turns, 3, 4))


def steps_in_a_turn(X, W):
    h = X[0]
    for x in X:
        for _ in range(9):
            h = np.tanh(h @ W + 0.1 * x)
        h = h + x
    return (h * h).sum()


def a_search_in_a_turn(X, W):
    h, E = X[0], 0.0
    for x in X:
        z = h
        for _ in range(9):
            z = z - 0.1 * (z - np.tanh(z @ W + x))
        h = z
        E = E + (h * h).sum()
    return E


def rows_and_steps_in_a_turn(X, W):
    h = X[0]
    for x in X:
        for row in x:
            for _ in range(4):
                h = np.sin(h @ W + row)
    return (h * h).sum()


def layers_of_one_weight_over_time(X, W):
    states = list(X)
    for _ in range(3):
        h, above = X[0] * 0, []
        for x in states:
            h = np.tanh(h @ W + x)
            above.append(h)
        states = above
    return (states[-1] ** 2).sum()


NESTED = [steps_in_a_turn, a_search_in_a_turn, rows_and_steps_in_a_turn, layers_of_one_weight_over_time]


@pytest.mark.parametrize("f", NESTED)
def test_code_does_not_grow_with_the_outer_turns(f):
    lengths = []
    for turns in (24, 48):
        step, both = compile(value_and_grad(f, (0, 1))), value_and_grad(f, (0, 1))
        assert_same(plain(step(data(turns), W)), plain(both(data(turns), W)), 1e-11)
        lengths.append(len(step.source.splitlines()))
        assert len(step.report().rolled) >= 2
        assert not step.report().unrolled
    assert lengths[1] <= lengths[0] + 1


@pytest.mark.parametrize("kind", [nn.RNN, nn.GRU, nn.LSTM])
def test_recurrent_layers_over_one_another_do_not_grow_either(kind):
    lengths = []
    for turns in (24, 48):
        model = nn.Sequential(kind(3, 4, "all", rng=0), kind(4, 4, "all", rng=1), kind(4, 4, "last", rng=2))

        def step(x, model=model):
            for p in model.parameters():
                p.grad = None
            E = (model(x) ** 2).sum()
            E.backward()
            return E

        x = np.random.default_rng(1).normal(size=(2, turns, 3))
        eager = step(x).item(), [p.grad.data for p in model.parameters()]
        compiled = compile(step)
        assert np.isclose(compiled(x).item(), eager[0], rtol=1e-12)
        for p, g in zip(model.parameters(), eager[1], strict=True):
            np.testing.assert_allclose(p.grad.data, g, rtol=1e-10, atol=1e-13)
        lengths.append(len(compiled.source.splitlines()))
        assert len(compiled.report().rolled) == 6
    assert lengths[1] < 1.05 * lengths[0]


@each_backend
@pytest.mark.parametrize("axis", [0, 1, -1])
def test_a_stack_of_what_turns_give_is_a_view_until_it_is_returned(backend, axis):
    def states(X, W):
        h, each = X[0] * 0, []
        for x in X:
            h = np.tanh(h @ W + x)
            each.append(h)
        return np.stack(each, axis), np.stack(each[::-1], axis), np.stack(each[1::2], axis), np.stack(each[3:7])

    with running(backend):
        step = as_code(states, backend)
        first = step(data(20), W)
        kept = [np.array(x) for x in first]
        assert_same(plain(step(2 * data(20), W)), plain(states(2 * data(20), W)), 1e-12)
        assert_same(plain(first), kept, 0)  # the next call writes into arrays of its own
        assert_same(kept, plain(states(data(20), W)), 1e-12)


@each_backend
@pytest.mark.parametrize("f", [steps_in_a_turn, a_search_in_a_turn, rows_and_steps_in_a_turn])
def test_each_backend_computes_them(backend, f):
    both = value_and_grad(f, (0, 1))
    with running(backend):
        step = as_code(both, backend)
        for _ in range(2):
            assert_same(plain(step(data(12), W)), plain(both(data(12), W)), 1e-11)
    assert any("of ×" in x for x in step.report().rolled)


def test_how_many_numbers_agree_is_what_comparing_each_finds():
    numbers = ([1, 2, 2, 2, 3] * 6 + [1, 2, 2, 3]) * 2
    agreement = Agreement(numbers)
    for i in range(1, len(numbers)):
        for j in range(i):
            alike = [numbers[i - n] == numbers[j - n] for n in range(j + 1)]
            assert agreement.measure(i, j) == (alike.index(False) if False in alike else j + 1)


@each_backend
@pytest.mark.parametrize("columns", [3, 4])
def test_turns_with_arrays_of_their_own_and_products_that_copy(backend, columns):
    """Where the turns' arrays lie is written down before the loop, and no product's copy of a factor lies over it."""
    own = np.random.default_rng(2).normal(size=(3, 12, 4))  # read as own[:, t], which the function knows, not given

    def f(W, U):
        h = np.zeros((3, 4))
        for t in range(12):
            h = np.tanh(own[:, t] @ W + h[:, :columns] @ U[:columns])
        return (h * h).sum()

    both = value_and_grad(f, (0, 1))
    with running(backend):
        step = as_code(both, backend)
        for _ in range(2):
            assert_same(plain(step(W, 2 * W)), plain(both(W, 2 * W)), 1e-12)
