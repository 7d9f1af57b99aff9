"""Loops of which few turns are traced compute what all turns do; where they might not, all turns are traced."""

import random
from collections import Counter

import numpy as np
import pytest

import minigrad
from benchmarks import loops
from minigrad import Tensor, compile, grad, optim, steps, value_and_grad
from minigrad.compiler.trace.tracer import Tracer
from tests.compiling import as_code, each_backend, running

T = 150
RNG = np.random.default_rng(0)
X, W = RNG.normal(size=(T, 3)), RNG.normal(size=(3, 3)) * 0.4


def flatten(x):
    if isinstance(x, tuple | list):
        return [y for part in x for y in flatten(part)]
    return [np.asarray(x.data if isinstance(x, Tensor) else x)]


def assert_same(found, wanted, tolerance=1e-10):
    for a, b in zip(flatten(found), flatten(wanted), strict=True):
        assert a.dtype == b.dtype
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def forward(X, W):
    h = X[0]
    for t in steps(T):
        h = np.tanh(h @ W + X[t])
    return (h * h).sum()


def over_an_array(X, W):
    h = 0 * X[0]
    for x in X:
        h = np.where(x > 0, np.tanh(h @ W + x), h)
    return (h * h).sum()


def from_both_ends(X, W):
    h, back = X[0], X[1]
    for t in steps(T - 3):
        h = np.tanh(h @ W + X[t : t + 3].mean(0))
        back = np.sin(back @ W - X[T - 1 - t])
    return (h * back).sum()


def from_two_turns_ago(X, W):
    before = h = X[0]
    for t in steps(T):
        before, h = h, np.tanh(h @ W + 0.3 * before + X[t])
    return (h * before).sum()


def summed(X, W):
    h, total = X[0], 0.0
    for t in steps(T):
        h = np.tanh(h @ W + X[t])
        total += (h * minigrad.stop_gradient(h)).sum()
    return total / T


def behind_the_loop(X, W):
    h = X[0]
    for t in steps(T):
        h = np.tanh(h @ W + X[t])
    return (h * X[t]).sum()


class Memory:
    """What a user's object holds may be of the last turn."""

    def __init__(self, h):
        self.h = h


def in_an_object(X, W):
    memory = Memory(X[0])
    for t in steps(T):
        memory.h = np.tanh(memory.h @ W + X[t])
    return (memory.h**2).sum()


def in_a_closure(X, W):
    h = X[0]

    def turn(t):
        nonlocal h
        h = np.tanh(h @ W + X[t])

    for t in steps(T):
        turn(t)
    return (h * h).sum()


SHORT = [
    forward,
    over_an_array,
    from_both_ends,
    from_two_turns_ago,
    summed,
    behind_the_loop,
    in_an_object,
    in_a_closure,
]


@pytest.mark.parametrize("f", SHORT)
def test_few_turns_are_traced_and_all_are_computed(f):
    step = compile(value_and_grad(f, (0, 1)))
    assert_same(step(X, W), value_and_grad(f, (0, 1))(X, W))
    assert step.report().whole == ()
    assert any(f"×{n} of" in step.report().rolled[0] for n in (T, T - 1, T - 3))
    assert_same(step(X[::-1].copy(), W), value_and_grad(f, (0, 1))(X[::-1].copy(), W))  # of other values, too


@pytest.mark.parametrize("f", [forward, summed])
def test_gradients_of_gradients_too(f):
    def squared(X, W):
        return sum((g * g).sum() for g in grad(f, (0, 1))(X, W))

    step = compile(value_and_grad(squared, (0, 1)))
    assert_same(step(X, W), value_and_grad(squared, (0, 1))(X, W))
    assert step.report().whole == ()


@each_backend
def test_each_backend_gets_what_it_gets_of_all_turns(backend):
    def of_all(X, W):
        h = X[0]
        for t in range(T):
            h = np.tanh(h @ W + X[t])
        return (h * h).sum()

    of_all.__name__ = forward.__name__
    with running(backend):
        few, all_turns = (as_code(value_and_grad(f, (0, 1)), backend) for f in (forward, of_all))
        assert_same(few(X, W), all_turns(X, W), 1e-12)
    assert few.source == all_turns.source


@pytest.mark.parametrize("turns", [0, 1, 2, 95, 96, 97, 111, 112])
def test_any_number_of_turns(turns):
    def f(X, W):
        h = X[0]
        for t in steps(turns):
            h = np.tanh(h @ W + X[t])
        return (h * h).sum()

    both = value_and_grad(f, (0, 1))
    assert_same(compile(both)(X, W), both(X, W))


def test_tracing_and_code_do_not_grow_with_the_number_of_turns(monkeypatch):
    count, lengths = Counter(), []
    apply = Tracer.apply
    for turns in (256, 1024):  # of fewer, or more, NumPy code has other calls for its stacks and views

        def counted(self, op, inputs, turns=turns):
            count[turns] += 1
            return apply(self, op, inputs)

        def f(x, W, turns=turns):
            h = x[0]
            for t in steps(turns):
                h = np.tanh(h @ W + x[t])
            return h.sum()

        monkeypatch.setattr(Tracer, "apply", counted)
        step = compile(value_and_grad(f, 1))
        step(RNG.normal(size=(turns, 3)), W)
        lengths.append(len(step.source.splitlines()))
    assert count[256] == count[1024] > 0
    assert lengths[0] == lengths[1]


def test_a_training_step_moves_its_parameters_as_the_function_does():
    weights = [Tensor(W.copy(), requires_grad=True) for _ in range(2)]
    rules = [optim.SGD([w], lr=0.1) for w in weights]

    def make(w, rule):
        def step(X):
            h = np.zeros(3)
            for x in X:
                h = np.tanh(h @ w + x)
            E = (h * h).sum()
            rule.zero_grad()
            E.backward()
            rule.step()
            return E

        return step

    eager, compiled = make(weights[0], rules[0]), compile(make(weights[1], rules[1]))
    for _ in range(3):
        assert np.isclose(eager(X).item(), compiled(X).item(), rtol=1e-12)
    np.testing.assert_allclose(weights[1].data, weights[0].data, rtol=1e-10)
    assert compiled.report().whole == ()


def one_behind_the_other(x, W):
    a = x[0]
    for t in steps(T):
        a = np.tanh(a @ W + x[t])
    for t in steps(T - 20):
        a = np.sin(a @ W * x[t + 20])
    return (a * a).sum()


def beside_each_other(x, W):
    a, b = x[0], x[1]
    for t in steps(T):
        a = np.tanh(a @ W + x[t])
    for t in steps(100):
        b = np.sin(b @ W - x[t])
    return (a * b).sum()


@pytest.mark.parametrize("f", [one_behind_the_other, beside_each_other])
def test_two_loops_of_unlike_numbers_of_turns(f):
    step = compile(value_and_grad(f, (0, 1)))
    assert_same(step(X, W), value_and_grad(f, (0, 1))(X, W))
    if f is one_behind_the_other:
        assert step.report().whole == ()


# what Python does otherwise in a later turn, in a way that the last ones traced do not show


def by_its_number(X, W):
    h = X[0]
    for t in steps(T):
        h = np.tanh(h @ W + X[t]) if t != 100 else 2 * h
    return h.sum()


def by_a_counter(X, W):
    h, n = X[0], 0
    for t in steps(T):
        n = n + 1
        h = np.tanh(h @ W + X[t]) if n != 100 else 2 * h
    return h.sum()


def by_a_counter_in_an_array(X, W):
    h, n = X[0], np.zeros(1)
    for t in steps(T):
        n[0] += 1
        h = np.tanh(h @ W + X[t]) if n[0] != 100 else 2 * h
    return h.sum()


def by_a_counter_in_an_object(X, W):
    memory = Memory(X[0])
    memory.n = 0
    for t in steps(T):
        memory.n += 1
        memory.h = np.tanh(memory.h @ W + X[t]) if memory.n != 100 else 2 * memory.h
    return memory.h.sum()


def by_a_counter_in_a_closure(X, W):
    n = 0

    def turn(h, t):
        nonlocal n
        n = n + 1
        return np.tanh(h @ W + X[t]) if n != 100 else 2 * h

    h = X[0]
    for t in steps(T):
        h = turn(h, t)
    return h.sum()


def by_a_counter_of_the_caller(X, W):
    n = [0]

    def run():
        h = X[0]
        for t in steps(T):
            n[0] += 1
            h = np.tanh(h @ W + X[t]) if n[0] != 100 else 2 * h
        return h

    return run().sum()


def by_an_iterator(X, W):
    h, numbers = X[0], iter(range(T))
    for t in steps(T):
        h = np.tanh(h @ W + X[t]) if next(numbers) != 100 else 2 * h
    return h.sum()


def by_chance(X, W):
    h, chance = X[0], random.Random(0)
    for t in steps(T):
        h = np.tanh(h @ W + X[t]) if chance.random() > 0.01 else 2 * h
    return h.sum()


def left_early(X, W):
    h, n = X[0], 0
    for t in steps(T):
        h = np.tanh(h @ W + X[t])
        n = n + 1
        if n == 120:
            break
    return h.sum()


def left_at_once(X, W):
    h = X[0]
    for t in steps(T):
        return np.tanh(h @ W + X[t]).sum()
    return h.sum()


def kept_in_a_list(X, W):
    h, states = X[0], []
    for t in steps(T):
        h = np.tanh(h @ W + X[t])
        states.append(h)
    return (np.stack(states) ** 2).sum()


def in_a_comprehension(X, W):
    return (np.stack([np.tanh(X[t] @ W) for t in steps(T)]) ** 2).sum()


def in_a_generator(X, W):
    return sum((X[t] @ W).sum() for t in steps(T))


def as_a_number(X, W):
    h = X[0]
    for t in steps(T):
        h = np.tanh(h @ W + 0.01 * t * X[t])
    return h.sum()


def by_halves(X, W):
    h = X[0]
    for t in steps(T):
        h = np.tanh(h @ W + X[t // 2])
    return h.sum()


def growing(X, W):
    h = X[0]
    for t in steps(T):
        h = np.concatenate([h, X[t]])
    return (h * h).sum() + W.sum()


WHOLE = {
    by_its_number: "more than an index",
    by_a_counter: "n is not alike",
    by_a_counter_in_an_array: "n is not alike",
    by_a_counter_in_an_object: "memory is not alike",
    by_a_counter_in_a_closure: "is not alike",
    by_a_counter_of_the_caller: "n is not alike",
    by_an_iterator: "numbers holds a range_iterator",
    by_chance: "chance holds a Random",
    left_early: "n is not alike",
    left_at_once: "left before its end",
    kept_in_a_list: "states is not alike",
    in_a_comprehension: "may keep something",
    in_a_generator: "may keep something",
    as_a_number: "more than an index",
    by_halves: "more than an index",
    growing: "h is not alike",
}


@pytest.mark.parametrize("f", WHOLE)
def test_where_a_later_turn_may_be_another_all_are_traced(f):
    both = value_and_grad(f, (0, 1))
    step = compile(both)
    assert_same(step(X, W), both(X, W))
    (reason,) = step.report().whole
    assert reason.startswith("test_turns.py:")
    assert WHOLE[f] in reason
    assert f"all turns are traced: {reason}" in str(step.report())


def test_what_other_iterators_end_is_no_loop_of_so_many_turns():
    def f(X, W):
        h = X[0]
        for t, x in zip(steps(1000), X, strict=False):
            h = np.tanh(h @ W + x * X[t])
        return h.sum()

    assert_same(compile(f)(X, W), f(X, W))


def test_an_index_that_leaves_its_array_in_a_later_turn():
    def leaving(X, W):
        h = X[0]
        for t in steps(T + 1):
            h = np.tanh(h @ W + X[t])
        return h.sum()

    for f in (leaving, compile(leaving)):
        with pytest.raises(IndexError, match="150 is out of bounds"):
            f(X, W)


@pytest.mark.parametrize("key", [lambda t: t + 1 - T, lambda t: slice(t, t + 2), lambda t: (slice(1 - t, None), 0)])
def test_an_index_that_means_something_else_in_a_later_turn(key):
    def f(X, W):
        h = X[0]
        for t in steps(T):
            h = np.tanh(h @ W + X[key(t)].sum())
        return h.sum()

    step = compile(f)
    assert_same(step(X, W), f(X, W))
    (reason,) = step.report().whole
    assert "leaves it, or changes sign" in reason


def test_within_each_other_only_the_outer_one_is_short():
    def f(X, W):
        h = X[0]
        for t in steps(T):
            for k in steps(3):
                h = np.tanh(h @ W + X[t, k])
        return h.sum()

    both = value_and_grad(f, 1)
    assert_same(compile(both)(X, W), both(X, W))


def test_a_result_that_is_differentiated_outside_has_a_gradient_of_all_turns():
    w = Tensor(W.copy(), requires_grad=True)

    def f(X):
        h = X[0]
        for t in steps(T):
            h = np.tanh(h @ w + X[t])
        return (h * h).sum()

    (compile(f)(X) * 2).backward()
    found, w.grad = w.grad.data, None
    (f(X) * 2).backward()
    np.testing.assert_allclose(found, w.grad.data, rtol=1e-10)


def test_verified_calls_compare_all_turns():
    step = compile(forward, verify=2)
    for _ in range(3):
        assert np.isclose(step(X, W), forward(X, W), rtol=1e-12)


def test_uncompiled_it_is_a_range():
    assert list(steps(3)) == [0, 1, 2]
    assert steps(np.int64(2)) == range(2)
    with pytest.raises(TypeError, match="wanted a whole number of turns, not a float"):
        steps(2.0)
    with pytest.raises(ValueError, match="0 or more, not -1"):
        steps(-1)
    with pytest.raises(TypeError, match="a value that is not known yet"):
        compile(lambda n: list(steps(n)))(3.0)


LOOPS = {
    "W8, a recurrent network": lambda turns: _of_network(turns),
    "W9, a Kalman filter": lambda turns: (value_and_grad(loops.likelihood_in(np), (0, 1, 2)), _filter(turns)),
    "W11, a pendulum": lambda turns: (value_and_grad(loops.pendulum_in(np, turns), (0, 1)), (9.81, 0.1)),
}


def _of_network(turns):
    drawn, X, wanted = loops.draw_network(small=True)
    return loops.Recurrent(drawn, X, wanted).step, (np.ones((turns, *X.shape[1:]), np.float32), wanted)


def _filter(turns):
    F, q, r, _ = loops.draw_filter()
    return F, q, r, np.linspace(-1, 1, turns)[:, None]


@pytest.mark.parametrize("name", LOOPS)
def test_operations_and_lines_of_a_loop_do_not_grow_with_its_turns(name):
    found = []
    for turns in (48, 80):  # of fewer, stacks are so small that they share memory in other ways
        f, arguments = LOOPS[name](turns)
        step = compile(f)
        step(*arguments)
        assert step.report().rolled
        found.append((len(step.graph.nodes), len(step.source.splitlines())))
    assert found[0] == found[1]
