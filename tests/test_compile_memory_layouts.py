"""Compiled steps whose arrays lie oddly in memory: transposed, one within another, one twice, of length 0 and 1."""

import numpy as np
import pytest

from minigrad import Tensor, nn, optim
from minigrad.losses import squared_error
from tests.compiling import as_code, assert_same, each_backend, plain, running, side_by_side, state, stepping, taught

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 3))
T = np.eye(2)[RNG.integers(2, size=8)]


def odd(array):
    """The same numbers, differently in memory."""
    wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]))
    wide[..., ::2] = array
    locked = array.copy()
    locked.flags.writeable = False
    unaligned = np.zeros(array.nbytes + 1, np.uint8)[1:].view(array.dtype).reshape(array.shape)
    unaligned[...] = array
    return {
        "Fortran": np.asfortranarray(array),
        "strided": wide[..., ::2],
        "reversed": array[::-1].copy()[::-1],
        "read-only": locked,
        "unaligned": unaligned,
        "swapped": array.astype(array.dtype.newbyteorder()),
        "broadcast": np.broadcast_to(array[:1], array.shape),
    }


@each_backend
@pytest.mark.parametrize("how", odd(X))
def test_inputs_that_lie_oddly_in_memory(how, backend):
    def make():
        step, params, optimizer = taught()
        return step, lambda: state(params, optimizer)

    x, t = odd(X)[how], odd(T)[how]
    side_by_side(make, [(X, T), (x, T), (X, t), (x, t), (X, T)], backend)


@each_backend
@pytest.mark.parametrize("how", ["Fortran", "strided", "reversed", "unaligned", "transposed"])
def test_parameters_that_lie_oddly_in_memory(how, backend):
    def make():
        start = RNG2.normal(size=(3, 2))
        W = Tensor(np.ascontiguousarray(start.T).T if how == "transposed" else odd(start)[how], requires_grad=True)
        optimizer = optim.Momentum([W], lr=0.1)

        def step(x, t):
            optimizer.zero_grad()
            E = squared_error(x @ W, t)
            E.backward()
            optimizer.step()
            return E

        return step, lambda: state([W], optimizer)

    RNG2 = np.random.default_rng(4)
    state_ = RNG2.bit_generator.state

    def again():
        RNG2.bit_generator.state = state_
        return make()

    side_by_side(again, [(X, T)] * 3, backend)


@each_backend
@pytest.mark.parametrize("rule", [optim.SGD, optim.Momentum, optim.Adam])
@pytest.mark.parametrize("which", range(3))
@pytest.mark.parametrize("size", [3, 110])
def test_an_input_that_is_a_view_of_a_parameter(which, rule, size, backend):
    """The parameter is overwritten by the step, and the input must have been read before that."""

    def make():
        rng = np.random.default_rng(2)
        Ws = [Tensor(rng.normal(size=(size, size)) / size, requires_grad=True) for _ in range(3)]
        optimizer = rule(Ws, lr=0.1)

        def step(x):
            optimizer.zero_grad()
            y = x
            for W in Ws:
                y = np.tanh(y @ W)
            E = squared_error(y, x)
            E.backward()
            optimizer.step()
            return E

        return lambda look: step(look(Ws[which].data)), lambda: state(Ws, optimizer), step, Ws

    with running(backend):
        eager, seen, _, _ = make()
        _, seen_by_code, step, Ws = make()
        code = as_code(step, backend)
        for look in (lambda w: w, lambda w: w.T, lambda w: w[::-1], lambda w: w):
            assert_same(plain(eager(look)), plain(code(look(Ws[which].data))))
            assert_same(plain(seen()), plain(seen_by_code()), 1e-10)  # Adam divides by what may be small


@each_backend
def test_one_array_twice(backend):
    code = side_by_side(lambda: (lambda a, b: (a @ b.T, a * 2 - b), list), [(X, X), (X, X + 1), (X, X)], backend)
    assert code.cache_info().misses == 1


@each_backend
def test_two_parameters_that_share_memory(backend):
    def make():
        memory = np.arange(6.0)
        W, V = Tensor(memory[:4], requires_grad=True), Tensor(memory[2:], requires_grad=True)
        optimizer = optim.SGD([W, V], lr=0.1)

        def step(x):
            optimizer.zero_grad()
            E = (np.sin(W) * V * x).sum()
            E.backward()
            optimizer.step()
            return E

        return step, lambda: state([W, V])

    side_by_side(make, [(np.ones(4),)] * 3, backend)


@each_backend
@pytest.mark.parametrize("shape", [(0, 3), (1, 3)])
def test_axes_of_length_0_and_1(shape, backend):
    def make():
        step, params, optimizer = taught()
        return step, lambda: state(params, optimizer)

    calls = [(np.ones(shape), np.ones((shape[0], 2)) / 2), (X, T), (np.ones(shape) * 2, np.ones((shape[0], 2)) / 2)]
    side_by_side(make, calls, backend)


@each_backend
def test_a_network_of_single_units(backend):
    def make():
        model = nn.MLP([1, 1, 1], output="identity", rng=np.random.default_rng(1))
        optimizer = optim.Adam(model.parameters(), lr=0.1)
        step = stepping(model, optimizer, lambda y, t: squared_error(y, t, "mean"))
        return step, lambda: state(model.parameters(), optimizer)

    side_by_side(make, [(x.reshape(1, 1), x.reshape(1, 1) * 2) for x in X.ravel()[:5]], backend)
