"""Prepared calls: they give what ordinary ones give, whatever changes between two of them, or an error."""

import copy
import gc
import threading

import numpy as np
import pytest

from minigrad import Tensor, compile, losses, nn, optim
from minigrad.compiler import api
from minigrad.compiler.calls.verify import DifferenceError

pytest.importorskip("numba")
BACKENDS = ["numpy", "native"]
RNG = np.random.default_rng(5)
FACTOR = 2.0


def training(backend):
    """A step, its model and its optimizer, twice: compiled, and as it is."""
    found = []
    for _ in range(2):
        model = nn.MLP((3, 4, 2), output="identity", rng=0)
        rule = optim.Momentum(model.parameters(), lr=0.1)

        def step(x, t, model=model, rule=rule):
            E = losses.squared_error(model(x), t)
            rule.zero_grad()
            E.backward()
            rule.step()
            return E

        found.append((step, model, rule))
    (step, *compiled), eager = found
    return (compile(step, backend=backend), *compiled), eager


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_prepared_step_trains_as_the_function_does_whatever_changes_between(backend):
    (step, model, rule), (eager, other, other_rule) = training(backend)
    x, t = RNG.normal(size=(5, 3)), RNG.normal(size=(5, 2))
    before = [p.data.copy() for p in model.parameters()]
    call = step.bind(x, t)
    assert all(np.array_equal(p.data, old) for p, old in zip(model.parameters(), before, strict=True))
    held, kept = [], []

    def between(turn):
        if turn == 2:
            x[:], t[0] = RNG.normal(size=x.shape), 3
        if turn == 3:
            rule.lr = other_rule.lr = 0.01
        if turn == 4:
            for p in (model.parameters()[0], other.parameters()[0]):
                p.data = np.full((3, 4), 0.25)
        if turn == 5:  # another way into the same memory
            step(x, t)
            eager(x, t)
        if turn == 6:
            held.append(model.parameters()[1] * 1.0)
            kept.append(held[0].data.copy())
        if turn == 7:
            for p in (model.parameters()[1], other.parameters()[1]):
                p.data = p.data * 2
            step(x, t)
            eager(x, t)

    for turn in range(10):
        between(turn)
        np.testing.assert_allclose(call().data, eager(x, t).data, rtol=1e-10)
        for p, q in zip(model.parameters(), other.parameters(), strict=True):
            np.testing.assert_allclose(p.data, q.data, rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(held[0].data, kept[0])
    held[0].sum().backward()
    assert step.cache_info().misses == 1


@pytest.mark.parametrize("backend", BACKENDS)
def test_what_is_outside_the_function_is_watched(backend, monkeypatch):
    x = np.arange(3.0)
    call = compile(lambda x: FACTOR * x.sum(), backend=backend).bind(x)
    assert call() == 6
    monkeypatch.setitem(globals(), "FACTOR", 3.0)
    assert call() == 9
    monkeypatch.setitem(globals(), "FACTOR", "no number")
    with pytest.raises((TypeError, ValueError)):
        call()


@pytest.mark.parametrize("backend", BACKENDS)
def test_arrays_are_read_where_they_lie_in_any_form(backend):
    f = compile(lambda x, n: (x * x).sum() * n, backend=backend)
    large = np.arange(12.0).reshape(3, 4)
    for x in (large, large.T, large[:, ::2], large[1], np.array(2.0)):
        call = f.bind(x, 0.5)
        for _ in range(2):
            np.testing.assert_allclose(call(), (x * x).sum() / 2)
            large += 1
    frozen = np.ones(3)
    frozen.flags.writeable = False
    assert f.bind(frozen, 2.0)() == 6


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_array_that_has_got_another_shape_is_an_error(backend):
    x = np.arange(6.0)
    call = compile(lambda x: (x + 1).sum(), backend=backend).bind(x)
    assert call() == 21
    x.resize((4,), refcheck=False)
    with pytest.raises(ValueError, match=r"argument 0 had shape \(6,\) .*now has \(4,\).*bind the call anew"):
        call()
    x.resize((6,), refcheck=False)
    assert call() == x.sum() + 6


@pytest.mark.parametrize("backend", BACKENDS)
def test_arrays_live_as_long_as_the_call(backend):
    call = compile(lambda x, y: x @ y, backend=backend).bind(np.full((50, 50), 2.0), y=np.ones(50))
    gc.collect()
    filled = [np.zeros((50, 50)) for _ in range(20)]
    assert filled
    np.testing.assert_array_equal(call(), np.full(50, 100.0))


@pytest.mark.parametrize("backend", BACKENDS)
def test_it_is_called_in_another_thread(backend):
    x, found = np.arange(4.0), []
    call = compile(lambda x: np.exp(x).sum(), backend=backend).bind(x)
    threads = [threading.Thread(target=lambda: found.extend(call() for _ in range(50))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_allclose(found, [np.exp(x).sum()] * 200)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_result_has_a_record_where_an_argument_takes_a_gradient(backend):
    w = Tensor(np.arange(3.0), requires_grad=True)
    call = compile(lambda w: (w * w).sum(), backend=backend).bind(w)
    for _ in range(2):
        call().backward()
    np.testing.assert_allclose(w.grad.data, 4 * w.data)
    w.data = np.ones(3)
    assert call().item() == 3


@pytest.mark.parametrize("backend", BACKENDS)
def test_within_a_trace_it_is_a_part_of_that(backend):
    x = np.ones(3)
    call = compile(lambda x: (x * 2).sum(), backend=backend).bind(x)
    outer = compile(lambda y: y * call(), backend=backend)
    assert outer(1.0) == 6
    x[:] = 2
    assert outer(1.0) == 12


def test_calls_are_verified_as_ordinary_ones_are(monkeypatch):
    def f(x):
        return x.sum() if type(x) is np.ndarray else -x.sum()

    with pytest.raises(DifferenceError):
        compile(f).bind(np.ones(3))
    seen, own = [], api.verify_call
    monkeypatch.setattr(api, "verify_call", lambda *given: seen.append(given) or own(*given))
    call = compile(lambda x: x.sum(), verify=2).bind(np.ones(3))
    assert [call() for _ in range(5)] == [3] * 5
    assert len(seen) == 2


def test_a_copy_is_bound_to_the_same_and_a_call_has_a_text():
    call = compile(np.sum).bind(np.ones(3))
    assert copy.copy(call)() == 3
    assert repr(call).startswith("<a prepared call of <compiled ")


@pytest.mark.parametrize(
    ("arguments", "error", "said"),
    [
        (([np.ones(3)], 1.0), TypeError, "argument 0 is a list, whose contents may be replaced"),
        (({"W": np.ones(3)}, 1.0), TypeError, "argument 0 is a dict, whose contents may be replaced"),
        ((np.ones((2, 3)), np.ones(2)), ValueError, "matmul"),
        ((np.ones(3),), TypeError, "missing 1 required"),
    ],
)
def test_what_cannot_be_bound_is_refused_at_once(arguments, error, said):
    with pytest.raises(error, match=said):
        compile(lambda x, y: x @ y).bind(*arguments)


def test_a_prepared_call_takes_no_arguments():
    call = compile(np.sum).bind(np.ones(3))
    with pytest.raises(TypeError, match="takes no arguments: it has been given all of them by bind"):
        call(np.ones(3))
    assert call() == 3
