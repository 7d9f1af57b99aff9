"""Parameters that several compiled steps, eager ones and records share: each call does as the functions do."""

import numpy as np
import pytest

from minigrad import Tensor, compile, no_grad, optim
from minigrad.compiler.calls import watched
from minigrad.compiler.trace.traced import TraceError
from minigrad.compiler.variant import Variant


class World:
    """Two parameters and all that computes with them, eagerly or compiled."""

    def __init__(self, made):
        self.w = Tensor(np.arange(6.0).reshape(2, 3) / 7, requires_grad=True)
        self.v = Tensor(np.ones(3), requires_grad=True)
        adam, momentum = optim.Adam([self.w, self.v], lr=0.01), optim.Momentum([self.w], lr=0.01)
        sgd = optim.SGD([self.v], lr=0.01)
        w, v = self.w, self.v

        def both(x):
            adam.zero_grad()
            E = ((x @ w.T) ** 2).sum() + (v * v).sum()
            E.backward()
            adam.step()
            return E

        def first(x):
            momentum.zero_grad()
            E = np.tanh(x @ w.T * v.sum()).sum()
            E.backward()
            momentum.step()
            return E

        def second(x):
            sgd.zero_grad()
            E = ((x * v) ** 2).sum()
            E.backward()
            sgd.step()
            return E

        def look(x):
            return np.tanh(x @ w.T).sum() * v.sum()

        self.eager = [both, first, second, look]
        self.calls = [made(f) for f in self.eager]
        self.records = []

    def do(self, kind, number, x):
        """Do one of ten things, and give all that can be seen of it."""
        self.w.grad = self.v.grad = None
        seen = []
        if kind < 4:
            seen.append(self.calls[kind](x).item())
        elif kind == 4:
            self.records.append((self.w**3).sum() * self.v.sum())
        elif kind == 5:
            self.records.append(self.calls[3](x))
        elif kind == 6:
            seen.append(self.eager[number % 3](x).item())
        elif kind == 7:
            self.w.data = self.w.data * 0.9
        elif kind == 8:
            with no_grad():
                self.v *= 0.9
        elif self.records:
            self.records.pop(number % len(self.records)).backward()
            seen += [self.w.grad.data.copy(), self.v.grad.data.copy()]
        return [*seen, self.w.data.copy(), self.v.data.copy()]


def test_each_of_several_steps_sees_what_the_others_did_and_records_keep_their_values(backend_itself):
    worlds = [World(lambda f: compile(f, backend=backend_itself)), World(lambda f: f)]
    rng = np.random.default_rng(0)
    X = rng.normal(size=(6, 3))
    for _ in range(600):
        kind, number = rng.integers(10), int(rng.integers(1000))
        pairs = zip(*(world.do(kind, number, X[: 2 + number % 3]) for world in worlds), strict=True)
        for found, wanted in pairs:
            np.testing.assert_allclose(found, wanted, rtol=1e-9, atol=1e-12)


def test_steps_that_share_a_parameter_are_bound_once(monkeypatch, backend_itself):
    """Records that are gone by the next step hold nothing: no step looks for another array on account of another."""
    bound = []
    monkeypatch.setattr(Variant, "bind", lambda self, bind=Variant.bind: bound.append(bind(self)) or bound[-1])
    world, x = World(lambda f: compile(f, backend=backend_itself)), np.ones((2, 3))
    for turn in range(30):
        for call in (*world.calls, world.eager[3]):
            call(x)
        if turn == 5:
            bound.clear()
    assert not any(bound)


def test_what_is_known_of_an_array_goes_with_the_step():
    world, x = World(compile), np.ones((2, 3))
    world.calls[0](x)
    known = [watched._owned[id(t.array)].known for t in (world.w, world.v)]
    world.calls[1](x)
    assert watched._owned[id(world.w.array)].known > known[0]
    world.calls[1:] = []
    assert [watched._owned[id(t.array)].known for t in (world.w, world.v)] == known


def test_two_parameters_in_one_array_are_refused_where_both_are_updated(backend_itself):
    w, v = (Tensor([1.0, 2.0], requires_grad=True, name=name) for name in "wv")
    adam = optim.Adam([w, v], lr=0.1)

    @compile(backend=backend_itself)
    def step(x):
        adam.zero_grad()
        E = ((w * x - v) ** 2).sum()
        E.backward()
        adam.step()
        return w * 1

    step(np.ones(2))
    v.data = w.data
    before = w.data.copy()
    with pytest.raises(TraceError, match=r"w\(2,\) and v\(2,\) look at the same memory"):
        step(np.ones(2))
    np.testing.assert_array_equal(w.data, before)
    v.data = w.data.copy()
    step(np.ones(2))


def test_parameters_beside_each_other_in_one_array_are_two(backend_itself):
    memory = np.arange(4.0)
    w, v = Tensor(memory[:2], requires_grad=True), Tensor(memory[2:], requires_grad=True)
    sgd = optim.SGD([w, v], lr=0.1)

    @compile(backend=backend_itself)
    def step(x):
        sgd.zero_grad()
        E = ((w * v - x) ** 2).sum()
        E.backward()
        sgd.step()
        return E

    assert [step(np.ones(2)).item() for _ in range(3)][2] < 1
