"""Dicts, lists and dataclasses among the arguments of a compiled function."""

import random
from collections import OrderedDict, defaultdict

import numpy as np
import pytest

from minigrad import Tensor, compile, value_and_grad
from minigrad.compiler import variant
from minigrad.compiler.trace.traced import TraceError
from tests.compiling import as_code, running

X = np.linspace(-1, 1, 6).reshape(3, 2)


def parameters():
    return {"W": np.ones((2, 1)), "b": np.zeros(1), "more": [np.full(1, 0.5)]}


def loss(p, x):
    return ((x @ p["W"] - p["b"] * p["more"][0]) ** 2).sum()


def test_new_containers_are_returned():
    def step(p, x):
        E, g = value_and_grad(loss)(p, x)
        return E, {"W": p["W"] - 0.1 * g["W"], "b": p["b"] - 0.1 * g["b"], "more": p["more"]}

    compiled, p, q = compile(step), parameters(), parameters()
    for _ in range(4):
        (E, p), (wanted, q) = compiled(p, X), step(q, X)
        assert float(E) == pytest.approx(float(wanted), rel=1e-12)
    np.testing.assert_allclose(p["W"], q["W"], rtol=1e-12)
    assert compiled.cache_info().misses == 1


def test_the_way_in_is_written_once(monkeypatch):
    written = []
    real = variant.write_entry
    monkeypatch.setattr(variant, "write_entry", lambda *given: written.append(1) or real(*given))
    f = compile(value_and_grad(loss))
    for i in range(5):
        p = parameters()
        p["b"] += i
        E, _ = f(p, X)
        assert float(E) == pytest.approx(float(loss(p, X)), rel=1e-12)
    assert len(written) == 1


def test_code_calls_what_is_in_containers_by_its_keys():
    f = compile(lambda params, batch: (batch[0] @ params["W1"] + params["b1"]).sum() * batch[1])
    f({"W1": np.ones((2, 3)), "b1": np.zeros(3)}, [X, 2.0])
    assert "def step(W1, b1, batch0, batch1)" in f.source


def test_kinds_of_dicts_stay_what_they_are():
    def f(p):
        return OrderedDict(E=p["W"].sum()), p

    p = {"W": np.ones(2), "b": np.zeros(1)}
    code = compile(f)
    for given in (OrderedDict(p), defaultdict(float, p), p):
        E, same = code(given)
        assert type(E) is OrderedDict
        assert type(same) is type(given)
        assert list(same) == ["W", "b"]
    assert code.cache_info().misses == 3
    move_first = compile(lambda p: [p.move_to_end("W"), *p][1:])
    assert move_first(OrderedDict(p)) == ["b", "W"]


def test_what_is_made_like_an_array_is_one():
    for make in (np.zeros_like, np.ones_like, lambda x: np.full_like(x, 3)):
        found = compile(lambda x, make=make: make(x) + make(x[:1]))(X)
        assert type(found) is np.ndarray
        np.testing.assert_array_equal(found, make(X) * 2)


CONSTANT, RNG = np.arange(3.0), np.random.default_rng()


def some_results(x):
    return {"ones": np.ones(3), "more": [np.arange(2), {1, 2}], "x": x * 2, "t": Tensor(np.zeros(2)), "n": float("nan")}


@pytest.mark.parametrize("backend", ["numpy", "interpreted"])
def test_what_is_made_of_nothing_that_is_traced_is_made_anew_at_each_call(backend):
    with running(backend):
        code, constant = as_code(some_results, backend), as_code(lambda x: (CONSTANT, np.ones(2)), backend)
        for _ in range(3):
            found = code(X)
            np.testing.assert_array_equal(found["ones"], np.ones(3))
            np.testing.assert_array_equal(found["more"][0], [0, 1])
            assert found["more"][1] == {1, 2}
            np.testing.assert_array_equal(found["t"].data, np.zeros(2))
            found["ones"][0] = found["more"][0][0] = found["t"].data[0] = 7
            found["more"][1].add(5)
        assert constant(X)[0] is CONSTANT  # which is not made by the function
        assert constant(X)[1] is not constant(X)[1]


@pytest.mark.parametrize(
    "draw", [lambda: RNG.random(2), random.random, lambda: Tensor(RNG.random(2)), lambda: {random.random()}]
)
def test_what_is_another_in_every_call_is_an_error_also_where_it_is_only_returned(draw):
    for f, path in ((lambda x: (x, [draw()]), r"the result\[1\]\[0\]"), (lambda x: draw(), "the result")):
        with pytest.raises(TraceError, match=f"compile: {path} is another in every call"):
            compile(f)(X)
