"""Compiled steps under threads, exceptions in the middle, and arrays that lie in memory in odd ways."""

import signal
import sys
import threading

import numpy as np
import pytest

from minigrad import Tensor, compile, nn, optim
from minigrad.losses import squared_error
from tests.compiling import as_code, assert_same, each_backend, plain, running, side_by_side, state, stepping, taught

RNG = np.random.default_rng(0)
X = RNG.normal(size=(8, 3))
T = np.eye(2)[RNG.integers(2, size=8)]


@pytest.mark.parametrize("size", [3, 30])  # natively, the small one holds Python's lock
def test_two_threads_call_one_function(size, backend_itself):
    W = Tensor(RNG.normal(size=(size, size)), requires_grad=True)

    def f(x):
        y = np.tanh(np.tanh(x @ W) @ W.T)
        return (y * y).sum(), y.T

    code = compile(f, backend=backend_itself)
    inputs = [RNG.normal(size=(40, size)) for _ in range(8)]
    expected = [plain(f(x)) for x in inputs]
    wrong = []

    def work(mine):
        for _ in range(60):
            for i in mine:
                found = plain(code(inputs[i]))
                if not all(np.allclose(a, b, rtol=1e-12) for a, b in zip(found, expected[i], strict=True)):
                    wrong.append(i)

    threads = [threading.Thread(target=work, args=(range(start, 8, 4),)) for start in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_threads_that_all_make_the_first_call():
    code = compile(lambda x: np.exp(x) * 2)
    ready = threading.Barrier(4)
    found = []

    def work(n):
        ready.wait()
        found.append(np.array_equal(code(np.full(n, 1.0)), np.full(n, np.exp(1.0) * 2)))

    threads = [threading.Thread(target=work, args=(3 + i % 2,)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found == [True] * 4


def everything(params, optimizer):
    """All numbers that a step changes."""
    arrays = [p.data for p in params] + [a for values in optimizer.states for a in values.values()]
    return [a.copy() for a in arrays]


def is_one_of(now, states):
    """Whether the numbers are those of one of several moments, all of them."""
    return any(all(np.allclose(a, b, rtol=1e-9, atol=0) for a, b in zip(now, moment, strict=True)) for moment in states)


@pytest.mark.parametrize("rule", [optim.SGD, optim.Momentum, optim.AdaGrad, optim.Adam, optim.AdamW])
def test_an_overflow_in_the_update_leaves_it_before_or_after(rule):
    """Every step of the update in turn is made to raise, by one huge number in each of the arrays."""
    seen = 0
    for spoiled in range(4):
        for huge in (1e160, 1e300):
            for size in (0.05, 1e300):
                runs = []
                for raising in (False, True):
                    step, params, optimizer = taught(rule)
                    code = compile(step)
                    code(X, T)
                    params[spoiled].data.flat[0] = huge
                    optimizer.lr = size
                    before = everything(params, optimizer)
                    if raising:
                        try:
                            with np.errstate(all="raise"):
                                code(X, T)
                        except FloatingPointError:
                            seen += 1
                    else:
                        with np.errstate(all="ignore"):
                            code(X, T)
                    runs.append((before, everything(params, optimizer)))
                (before, after), (_, now) = runs
                same = [
                    all(np.array_equal(a, b, equal_nan=True) for a, b in zip(now, s, strict=True))
                    for s in (before, after)
                ]
                assert any(same)
    assert seen


def interrupted(code, calls, delay):
    """Call until Ctrl-C arrives, after so many seconds."""
    try:
        signal.setitimer(signal.ITIMER_REAL, delay)
        for _ in range(calls):
            code(X, T)
        signal.setitimer(signal.ITIMER_REAL, 0)
    except KeyboardInterrupt:
        return True
    return False


def test_ctrl_c_at_any_moment_leaves_it_before_or_after(backend_itself):
    step, params, optimizer = taught()
    code = compile(step, backend=backend_itself)
    code(X, T)
    first = everything(params, optimizer)
    start = optimizer.state_dict()
    moments = [first]
    for _ in range(400):
        code(X, T)
        moments.append(everything(params, optimizer))
    counts = {int(moment[-1]): moment for moment in moments}  # by Adam's own t
    before = signal.signal(signal.SIGALRM, signal.default_int_handler)
    hits = 0
    try:
        for delay in np.linspace(2e-4, 1.5e-3, 60):
            for p, array in zip(params, first, strict=False):
                p.data[...] = array
            optimizer.load_state_dict(start)
            hits += interrupted(code, 395, delay)
            now = everything(params, optimizer)
            assert is_one_of(now, [counts[int(now[-1])]])
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert hits > 10
    assert np.isfinite(float(code(X, T)))


@each_backend
def test_a_bad_shape_changes_nothing(backend):
    with running(backend):
        step, params, optimizer = taught()
        code = as_code(step, backend)
        code(X, T)
        before = plain(state(params, optimizer))
        for x, t in ((X[:, :2], T), (X, T[:3]), (X, T[:, :1])):
            with pytest.raises(ValueError, match=r"shape|sizes"):
                code(x, t)
            assert_same(before, plain(state(params, optimizer)))
        code(X, T)


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


@each_backend
@pytest.mark.parametrize("label", [-1, 2, -7])
def test_a_label_that_is_no_column(label, backend):
    """NumPy would count a negative one from the end."""
    step, params, optimizer = taught()
    with running(backend):
        code = as_code(step, backend)
        code(X, np.zeros(8, np.int8))
        before = everything(params, optimizer)
        with pytest.raises(IndexError):
            code(X, np.full(8, label, np.int8))
    assert all(map(np.array_equal, before, everything(params, optimizer)))


def test_without_pythons_lock_each_thread_has_a_step_of_its_own(monkeypatch):
    pytest.importorskip("numba")
    monkeypatch.setattr(sys, "_is_gil_enabled", lambda: False, raising=False)
    code = compile(lambda x: x * 3 + 1, backend="native")
    for x in (X, -X):
        np.testing.assert_allclose(code(x), x * 3 + 1, rtol=1e-12)
    assert "address" in code.source
    assert len(code._latest().idle) == 1  # given back
