"""The builtin function by which Python calls a native step: what it takes, what it gives, and when it refuses."""

import gc
import sys
from types import BuiltinFunctionType

import numpy as np
import pytest

from minigrad import Tensor, compile, optim

pytest.importorskip("numba")

from minigrad.compiler.native import build, calling

X = np.linspace(-1, 1, 6)


def prepare(f, *arguments):
    """Give a prepared call, and the builtin function in it; None where it has none."""
    call = compile(f, backend="native").bind(*arguments)
    call()
    return call, call.func.__globals__.get("attempt")


def descent(rate=0.1, kind=np.float64):
    """Give a step that moves w towards an argument, w, and the optimizer."""
    w = Tensor(np.zeros(3, kind), requires_grad=True)
    sgd = optim.SGD([w], lr=rate)

    def step(x):
        E = ((w - x) ** 2).sum()
        sgd.zero_grad()
        E.backward()
        sgd.step()
        return E

    return step, w, sgd


@pytest.mark.parametrize("x", [X, X.astype(np.float32), np.arange(6), np.arange(6, dtype=np.int32)])
@pytest.mark.parametrize("f", [np.sum, lambda x: (np.sum(x), np.max(x)), lambda x: (x * 2, np.sum(x), x.sum() * 0.5)])
def test_results_have_numpys_values_and_types(x, f):
    call, attempt = prepare(f, x)
    assert type(attempt) is BuiltinFunctionType
    for _ in range(3):
        found, wanted = ((y,) if f is np.sum else y for y in (call(), f(x)))
        for a, b in zip(found, wanted, strict=True):
            assert type(a) is type(b)
            np.testing.assert_array_equal(a, b)


def test_a_truth_value_and_a_python_number_are_as_ever():
    for f, x in ((lambda x: np.max(x) > 0, X), (lambda n: n + 1, 2.0), (lambda n: n * n, 3.0)):
        call, _ = prepare(f, x)
        assert [type(call()) for _ in range(2)] == [type(f(x))] * 2
        assert call() == f(x)


@pytest.mark.parametrize("kind", [np.float64, np.float32])
def test_a_loss_comes_in_a_tensor_that_refuses_a_record(kind):
    step, w, _ = descent(kind=kind)
    x = np.ones(3, kind)
    call, attempt = prepare(step, x)
    losses = [call() for _ in range(3)]
    assert [E.dtype for E in losses] == [kind] * 3
    np.testing.assert_allclose([float(E) for E in losses], [3 * 0.8 ** (2 * n) for n in (1, 2, 3)], rtol=1e-6)
    np.testing.assert_allclose(w.data, 1 - 0.8**4, rtol=1e-6)
    call()  # which has looked at who has been given the array
    assert isinstance(attempt(x, 0.1), Tensor)
    with pytest.raises(TypeError, match="has no record any more"):
        losses[0] * w


def test_a_rate_of_any_kind_of_number_counts_at_once():
    step, w, sgd = descent()
    x = np.ones(3)
    call, _ = prepare(step, x)
    left = 1 - w.data[0]
    for rate in (0.1, np.float64(0.25), np.float32(0.125), 0, 1):
        sgd.lr = rate
        call()
        left *= 1 - 2 * float(rate)
        np.testing.assert_allclose(w.data, 1 - left, rtol=1e-12)


def test_what_it_is_not_for_it_refuses_before_anything_changes():
    step, w, _ = descent()
    x = np.ones(3)
    call, attempt = prepare(step, x)
    before = w.data.copy()
    call()  # which has looked at who has been given the array
    assert attempt(x, 0.0) is not None
    w.array[...] = before
    for wrong in (x.astype(np.float32), np.ones(4), np.ones(6)[::2], np.ones((3, 1)), [1.0] * 3, None, 1.0):
        assert attempt(wrong, 0.1) is None
    for wrong in (1, None, "0.1", True, np.float32(0.1), x):
        assert attempt(x, wrong) is None
    w.stored_grad = Tensor(np.ones(3))
    assert attempt(x, 0.1) is None
    w.stored_grad = None
    assert attempt(x, 0.0) is not None
    np.testing.assert_array_equal(w.data, before)
    w.data = np.ones(3)
    assert attempt(x, 0.1) is None


def test_an_error_of_the_code_comes_up_from_every_call():
    x, i = np.arange(5.0), np.array([0, 4, 2])
    call, _ = prepare(lambda x, i: x[i].sum(), x, i)
    for n, wrong in ((3, False), (5, True), (-6, True), (-5, False)):
        i[1] = n
        if wrong:
            with pytest.raises(IndexError, match="out of bounds"):
                call()
        else:
            assert call() == x[i].sum()


def test_other_code_for_the_function_is_seen():
    def f(x):
        return (x * 2).sum()

    call, attempt = prepare(f, X)
    x = np.ones(3)
    g = compile(f, backend="native")
    assert (g(x), g(x)) == (6, 6)
    f.__code__ = (lambda x: (x * 3).sum()).__code__
    assert attempt(X) is None
    assert (g(x), g(x)) == (9, 9)
    assert call() == pytest.approx((X * 3).sum())


def test_calls_leave_nothing_behind():
    step, _, _ = descent()
    x = np.ones(3)
    training, _ = prepare(step, x)
    numbers, _ = prepare(lambda x: (x.sum(), x.max()), x)
    nothing, refusing = prepare(lambda x: x * 2, x)
    kinds = (np.float64, None, True, type(training()))

    def count():
        gc.collect()
        return [sys.getrefcount(kind) for kind in kinds], sys.getallocatedblocks()

    for n in (10, 1000):
        before = count()
        for _ in range(n):
            training(), numbers(), nothing(), refusing(None)
        after = count()
    assert max(abs(a - b) for a, b in zip(after[0], before[0], strict=True)) < 20
    assert abs(after[1] - before[1]) < 200


def test_attributes_that_a_step_reads_are_what_and_in_the_order_that_they_were():
    class Model:
        def __init__(self):
            self.a, self.b, self.c = 2.0, np.tanh, "last"

    model = Model()
    model.later = 1
    before = dict(vars(model))
    held = vars(model)
    f = compile(lambda x: model.b(x) * model.a, backend="native")
    np.testing.assert_allclose(f(X), np.tanh(X) * 2)
    assert vars(model) is held
    assert list(vars(model).items()) == list(before.items())
    model.b = np.sin
    np.testing.assert_allclose(f(X), np.sin(X) * 2)
    del model.b
    with pytest.raises(AttributeError):
        f(X)


def test_without_such_objects_numba_calls_the_code(monkeypatch):
    monkeypatch.setattr(calling, "can_wrap", lambda numbers: False)
    step, _, _ = descent()
    call, attempt = prepare(step, np.ones(3))
    assert attempt is None
    assert float(call()) == pytest.approx(3 * 0.8**2)
    monkeypatch.setattr(build, "READABLE", False)
    step, _, _ = descent()
    call, attempt = prepare(step, np.ones(3))
    assert attempt is None
    assert float(call()) == pytest.approx(3 * 0.8**2)
