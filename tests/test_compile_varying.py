"""Numbers outside a compiled function that change from call to call: an input of its code from the second value on."""

import math
from functools import partial
from types import SimpleNamespace

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, optim
from tests.compiling import as_code, running

RATE = 1.0
x = np.array([1.0, 2.0])


@pytest.fixture(params=["numpy", "interpreted"])
def code(request):
    """Compiles for one backend, then for the other."""
    with running(request.param):
        yield lambda f: as_code(f, request.param)


class Annealed:
    """A loss with a weight that is set from outside."""

    def __init__(self):
        self.beta = 1.0

    def __call__(self, x):
        return (x**2).sum() * self.beta


def of_closure():
    beta = 1.0

    def put(value):
        nonlocal beta
        beta = value

    return lambda x: (x * beta).sum() + beta, put


def of_global():
    return lambda x: (x - RATE).sum() + RATE**2, lambda value: globals().__setitem__("RATE", value)


def of_attribute():
    settings = SimpleNamespace(beta=1.0, other="name")
    return lambda x: x * settings.beta, partial(setattr, settings, "beta")


def of_method():
    loss = Annealed()
    return loss.__call__, partial(setattr, loss, "beta")


def of_object():
    loss = Annealed()
    return lambda x: loss(x) + 1, partial(setattr, loss, "beta")


def of_item():
    settings = {"power": 2, "beta": 1.0, "names": ["a"]}
    return lambda x: x ** settings["power"] * settings["beta"], partial(settings.__setitem__, "beta")


def of_two():
    a, b = SimpleNamespace(k=1.0), {"k": 2.0}

    def put(value):
        a.k, b["k"] = value, value / 3

    return lambda x: (np.exp(-x * a.k) + b["k"]).sum(), put


def of_gradient():
    loss = Annealed()
    return grad(lambda x: loss(x)), partial(setattr, loss, "beta")


PLACES = [of_closure, of_global, of_attribute, of_method, of_object, of_item, of_two, of_gradient]
VALUES = [0.5, 0.25, -2.0, 1e100, 0.0, -0.0, math.inf, math.nan, 1.0]


@pytest.mark.parametrize("place", PLACES)
@np.errstate(all="ignore")
def test_it_is_traced_twice(place, code):
    f, put = place()
    compiled = code(f)
    try:
        for value in (1.0, *VALUES, *VALUES):
            put(value)
            for _ in range(2):
                np.testing.assert_allclose(compiled(x), f(x), rtol=1e-12)
                if math.isfinite(value) and value:
                    np.testing.assert_allclose(compiled(x[:1]), f(x[:1]), rtol=1e-12)
        assert compiled.cache_info().misses <= 2 * 2
    finally:
        put(1.0)


def test_a_step_with_an_annealed_weight(backend_itself):
    def made():
        w, model = Tensor(x.copy(), requires_grad=True), Annealed()
        optimizer = optim.Adam([w], lr=0.1)

        def step(t):
            optimizer.zero_grad()
            E = ((w - t) ** 2).sum() + model(w)
            E.backward()
            optimizer.step()
            return E

        return step, model, w

    (eager, model, w), (step, other, v) = made(), made()
    code = compile(step, backend=backend_itself)
    for n in range(10):
        model.beta = other.beta = 0.9**n
        assert code(x[::-1]).item() == pytest.approx(eager(x[::-1]).item(), rel=1e-12)
        np.testing.assert_allclose(v.data, w.data, rtol=1e-12)
    assert code.cache_info().misses == 2
    assert code.backend == backend_itself


def test_in_a_loop_of_epochs():
    pytest.importorskip("numba")
    w, model = Tensor(np.ones(2), requires_grad=True), Annealed()
    optimizer = optim.SGD([w], lr=0.1)

    @compile(backend="native")
    def step(X, T):
        optimizer.zero_grad()
        E = ((X @ w - T) ** 2).sum() * model.beta
        E.backward()
        optimizer.step()
        return E

    by_hand, X, T = np.ones(2), np.array([[1.0, 2.0], [0.5, -1.0]]), np.array([1.0, 0.0])
    for n in range(6):
        model.beta = 0.5**n
        step.epochs(X, T)
        by_hand = by_hand - 0.2 * model.beta * X.T @ (X @ by_hand - T)
        np.testing.assert_allclose(w.data, by_hand, rtol=1e-12)
    assert step.cache_info().misses == 2


def test_the_gradient_of_a_compiled_loss(code):
    loss, w = Annealed(), Tensor(x.copy(), requires_grad=True)
    compiled = code(lambda: loss(w))
    for beta in VALUES[:4]:
        loss.beta, w.grad = beta, None
        compiled().backward()
        np.testing.assert_allclose(w.grad.data, 2 * beta * x, rtol=1e-12)
    kept = compiled()
    loss.beta, w.grad = 3.0, None
    kept.backward()
    np.testing.assert_allclose(w.grad.data, 2 * VALUES[3] * x, rtol=1e-12)


def branches(x, m):
    return x * m.beta if m.beta > 0.4 else x


def looks(x, m):
    return x * math.exp(m.beta)


def asks(x, m):
    return x * (m.beta or 7.0)


def counts(x, m):
    return sum([x] * int(m.beta * 10))


def asks_for_its_type(x, m):
    return x * m.beta if isinstance(m.beta, float) else -x


def asks_for_its_exact_type(x, m):
    return x * m.beta if type(m.beta) in (int, float) else -x


def takes_a_small_step_by_its_type(x, m):
    return x - 1e-4 * m.beta if isinstance(m.beta, float) else x


def looks_it_up(x, m):
    return x * {1.0: 3.0, 0.5: 2.0}.get(m.beta, 7.0)


BY_VALUE = [
    *(branches, looks, asks, counts, asks_for_its_type, asks_for_its_exact_type, takes_a_small_step_by_its_type),
    looks_it_up,
]


@pytest.mark.parametrize("f", BY_VALUE)
def test_a_number_that_the_course_depends_on_is_traced_at_each_value(f, code):
    m = SimpleNamespace(beta=1.0)
    compiled = code(lambda x: f(x, m))
    for value in (1.0, 0.5, 0.25, 0.5, 2.0):
        m.beta = value
        np.testing.assert_allclose(compiled(x), f(x, m), rtol=1e-12)
        assert m.beta == value


def test_a_number_that_becomes_something_else(code):
    m = SimpleNamespace(beta=1.0)
    compiled = code(lambda x: x * m.beta)
    for value in (1.0, 0.5, 2, 0.25, True, np.float32(3), np.array([1.0, 3.0]), 0.75, Tensor(x), 1.5):
        m.beta = value
        np.testing.assert_allclose(compiled(x), np.asarray(x * np.asarray(value)), rtol=1e-12)
    del m.beta
    with pytest.raises(AttributeError):
        compiled(x)


def test_a_number_that_the_function_changes_is_refused(code):
    m = SimpleNamespace(beta=1.0, rate=1.0)

    def f(x):
        if m.rate == 3.0:
            m.beta *= 0.5
        return x * m.beta

    compiled = code(f)
    for m.beta in (1.0, 0.5, 0.25):
        compiled(x)
    m.rate = 3.0
    with pytest.raises(TypeError, match="compile: "):
        compiled(x)
    assert m.beta == 0.25


def test_float32_stays_float32(code):
    m = SimpleNamespace(beta=1.0)
    compiled = code(lambda x: x * m.beta + m.beta)
    for m.beta in (1.0, 0.1, 0.3):
        found = compiled(x.astype(np.float32))
        np.testing.assert_array_equal(found, x.astype(np.float32) * m.beta + m.beta, strict=True)
