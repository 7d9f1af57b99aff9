"""What a compiled function puts into dicts, lists and dataclasses among its arguments."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, compile, value_and_grad
from minigrad.compiler.calls.verify import DifferenceError
from minigrad.compiler.trace.traced import TraceError
from minigrad.engine.transforms.trees import map_tree, name_leaves

X = np.linspace(-1, 1, 6).reshape(3, 2)


def parameters():
    return {"W": np.ones((2, 1)), "b": np.zeros(1), "more": [np.full(1, 0.5)]}


def loss(p, x):
    return ((x @ p["W"] - p["b"] * p["more"][0]) ** 2).sum()


@dataclass
class Box:
    value: Any


def replace_item(p, x):
    E, g = value_and_grad(loss)(p, x)
    p["W"] = p["W"] - 0.1 * g["W"]
    return E


def replace_all_with_momentum(p, x):
    E, g = value_and_grad(loss)({k: p[k] for k in ("W", "b", "more")}, x)
    m = p.setdefault("m", {"W": np.zeros((2, 1)), "b": np.zeros(1)})
    for k in m:
        m[k] = 0.9 * m[k] + g[k]
        p[k] = p[k] - p.setdefault("lr", 0.1) * m[k]
    p["lr"] *= 0.99
    return {"E": E, "p": p}


def add_item(p, x):
    p["E"] = loss(p, x)
    return p["E"]


def replace_within(p, x):
    p["more"][0] = p["more"][0] * x.mean() + 1
    return loss(p, x)


def exchange(p, x):
    p["W"], p["b"] = p["b"], p["W"]
    p["b"] += 1
    return p["W"].sum()


def exchange_containers(p, x):
    p["more"], p["less"] = p.get("less", [np.ones(1)]), p["more"]
    return (p["less"][0] * x).sum(), p["more"], p["less"][0]


def same_array(p, x):
    p["W"] = p["b"] = np.tanh(p["W"] * x.sum())
    return x.sum(), p["W"]


def write_and_replace(p, x):
    old = p["W"]
    old *= 2
    p["W"] = old + x.sum()
    return p["W"].sum() - old.sum()


def replace_a_container_and_what_was_in_it(p, x):
    old = p.setdefault("less", {"v": np.zeros((3, 2)), "u": x})
    old["v"] = old["v"] + x
    p["less"] = dict(old)
    p["less"]["v"] = p["less"]["u"] - old["v"]
    return old["v"].sum()


def begin(p, x):
    if p.get("first", True):
        p["first"], p["scale"], p["mask"] = False, x.max(), np.array([True, False])
    return x.sum() * p["scale"]


PUTTING = [
    replace_item, replace_all_with_momentum, add_item, replace_within, exchange, exchange_containers, same_array,
    write_and_replace, replace_a_container_and_what_was_in_it, begin,
]  # fmt: skip


@pytest.mark.parametrize("f", PUTTING, ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", [np.float64, np.float32])
@pytest.mark.parametrize("backend", ["numpy", "native", "verified"])
def test_what_is_put_into_a_container_is_there_after_the_call(f, kind, backend):
    """In the caller's own, as without compile: the same keys in the same order, kinds and dtypes, call after call."""
    if backend == "native":
        pytest.importorskip("numba")
    step = compile(f, verify=6) if backend == "verified" else compile(f, backend=backend)
    with_kind = [map_tree(lambda x: x.astype(kind), parameters()) for _ in range(2)]
    for i in range(6):
        x = (X + i / 4).astype(kind)
        wanted, found = f(with_kind[0], x), step(with_kind[1], x)
        for a, b in ((wanted, found), *[with_kind]):
            ours, theirs = ([(path, y) for path, y in name_leaves(t)] for t in (a, b))
            assert [path for path, _ in ours] == [path for path, _ in theirs]
            for (path, y), (_, z) in zip(ours, theirs, strict=True):
                assert np.result_type(y) == np.result_type(z), path
                assert isinstance(y, np.generic | np.ndarray) == isinstance(z, np.generic | np.ndarray), path
                np.testing.assert_allclose(z, y, rtol=2e-5 if kind is np.float32 else 1e-11, err_msg=path)
    assert step.cache_info().misses <= 3


def test_objects_of_the_caller_stay_themselves():
    """What is moved is moved, what is put twice is one array, and the result holds the caller's own containers."""
    p = parameters()
    W, b, more = p["W"], p["b"], p["more"]
    compile(exchange)(p, X)
    assert (p["W"] is b, p["b"] is W, W[0, 0]) == (True, True, 2)
    compile(exchange_containers)(p, X)
    assert compile(exchange_containers)(p, X)[1] is p["more"] is more
    _, new = compile(same_array)(p, X)
    assert p["W"] is p["b"]
    assert new is p["W"]
    assert compile(replace_all_with_momentum)(q := parameters(), X)["p"] is q


@pytest.mark.parametrize("backend", ["numpy", "native"])
def test_a_number_of_pythons_stays_one(backend):
    """An np.float64 in its place would make float32 float64 at the next call."""
    if backend == "native":
        pytest.importorskip("numba")
    x = np.ones(2, np.float32)
    step = compile(lambda lr, x: (lr * 0.5, x * lr), backend=backend)
    lr, y = step(0.5, x)
    assert type(lr) is float
    assert step(lr, y)[1].dtype == np.float32
    assert type(compile(lambda lr, x: lr * 2, backend=backend)(0.5, x)) is float


def test_a_dataclass_and_a_list_get_what_is_put_into_them():
    def put(box, *, into):
        box.value = box.value * 2
        into[0] = box.value.sum()
        return into[0]

    box, into, code = Box(X), [0.0], compile(put)
    for i in (2, 4, 8):
        assert code(box, into=into) == into[0] == pytest.approx((i * X).sum())
        np.testing.assert_allclose(box.value, i * X)


def append(p, x):
    p["more"].append(x)
    return loss(p, x)


def take_out(p, x):
    W = p.pop("W")
    return (x @ W).sum()


def count(p, x):
    p["n"] = p.get("n", 0) + 1
    return loss(p, x) / p["n"]


def keep_gradient(p, x):
    p["W"] = p["W"] * 2
    return loss(p, x)


WRITING = {
    append: r"appends to p\['more'\]",
    take_out: r"takes 'W' out of p",
    count: r"puts another integer into p\['n'\].* Let it be a float",
    keep_gradient: r"puts a value that has a gradient into p\['W'\]",
}


@pytest.mark.parametrize("f", WRITING, ids=lambda f: f.__name__)
def test_what_no_later_call_could_do_is_an_error(f):
    p = parameters()
    if f is keep_gradient:
        p["W"] = Tensor(p["W"], requires_grad=True)
    with pytest.raises(TraceError, match=f"compile: the function {WRITING[f]}"):
        compile(f)(p, X)
    assert list(p) == ["W", "b", "more"]
    assert len(p["more"]) == 1


def test_the_way_out_that_the_error_names_is_one():
    def f(p, x):
        p["n"] = p.get("n", 0.0) + 1
        return loss(p, x) / p["n"]

    p, step = parameters(), compile(f)
    for n in (1, 2, 3, 4):
        assert step(p, X) == pytest.approx(loss(p, X) / n)
    assert step.cache_info().misses == 2


def test_one_container_that_is_met_twice_is_an_error():
    def f(p, q, x):
        p["W"] = x
        return q["W"].sum()

    code, p, q = compile(f), parameters(), parameters()
    code(p, q, X)
    with pytest.raises(TraceError, match=r"puts a new value into p\['W'\], and the dict .* twice among the arguments"):
        code(p, p, X)
    outside = parameters()

    def g(p, x):
        p["W"] = x
        return outside["W"].sum()

    code = compile(g)
    code(p, X)
    with pytest.raises(TraceError, match="an argument and read outside as well"):
        code(outside, X)


def test_nothing_is_put_where_a_call_differs_from_the_function():
    at = {"time": 0}

    def f(p, x):
        at["time"] += 1 if type(x) is np.ndarray else 0
        p["W"] = x * (2 if type(x) is np.ndarray else 3)
        p["new"] = x
        return x.sum()

    p = parameters()
    W = p["W"]
    with pytest.raises(DifferenceError, match=r"p\['W'\] after the call"):
        compile(f, verify=1)(p, X)
    assert p["W"] is W
    assert "new" not in p


def test_what_a_verified_call_does_to_containers_is_undone_whatever_becomes_of_it():
    """Its trace takes another way: the function's own error comes through, and what it alone changes is as it was."""

    def raising(p, x):
        if isinstance(x, np.ndarray):
            p["log"].append(1)
            raise OverflowError("the function's own")
        p["new"] = x
        return x.sum()

    def changing(p, x):
        if isinstance(x, np.ndarray):
            p["log"].append(1)
            p["more"] = x
        return (x * x).sum() * (2 if isinstance(x, np.ndarray) else 3)

    for f, error in ((raising, OverflowError), (changing, DifferenceError)):
        p = {"W": np.ones(2), "log": [0]}
        log = p["log"]
        with pytest.raises(error):
            compile(f)(p, X)
        assert list(p) == ["W", "log"]
        assert p["log"] is log
        assert log == [0]
