"""What a compiled function is called with and what it gives: keywords, containers, Tensors, positions, results."""

import warnings
from collections import Counter
from dataclasses import dataclass
from types import SimpleNamespace

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, no_grad, value_and_grad
from minigrad.compiler.trace.traced import TraceError
from minigrad.losses import squared_error
from tests.compiled_steps import HOT, X, training
from tests.compiling import as_code, assert_same, each_backend, gradients, plain, running, side_by_side, state


@each_backend
def test_another_dtype_is_another_trace(backend):
    with running(backend):
        code = as_code(lambda x: (x * x).sum(), backend)
        for kind in (np.float64, np.float32, np.float64, np.int64):
            x = np.array([1, 2, 3], kind)
            assert_same(plain((x * x).sum()), plain(code(x)))
        assert code.cache_info()[:2] == (1, 3)


@each_backend
def test_keywords_containers_and_static_arguments(backend):
    def f(pair, options, *, power, scale=1.0, how="plus"):
        a, (b, c) = pair
        y = a**power * scale + b * options["w"]
        return {"y": y + c if how == "plus" else y - c, "parts": [a, (y.sum(), how, power)]}

    rng = np.random.default_rng(0)
    with running(backend):
        code = as_code(f, backend)
        for power, scale, how in [(2, 0.5, "plus"), (2, 0.75, "plus"), (3, 0.5, "minus"), (2, 0.25, "plus")]:
            pair = (rng.normal(size=3), [rng.normal(size=3), rng.normal()])
            options = {"w": rng.normal(size=(2, 3)), "note": None}
            expected = f(pair, options, power=power, scale=scale, how=how)
            found = code(pair, options, power=power, scale=scale, how=how)
            assert found["parts"][1][1:] == (how, power)
            assert_same(plain(expected["y"]), plain(found["y"]))
            assert_same(plain(expected["parts"][1][0]), plain(found["parts"][1][0]))
        assert code.cache_info()[:2] == (2, 2)


@each_backend
def test_tensors_as_arguments_get_their_gradients(backend):
    def f(a, b):
        E = (np.sin(a) * b).sum()
        E.backward()
        return E

    with running(backend):
        code = as_code(f, backend)
        for seed in range(4):
            rng = np.random.default_rng(seed)
            pairs = [[Tensor(x.copy(), requires_grad=True) for x in (rng.normal(size=3), np.ones(3))] for _ in range(2)]
            # take the same arrays for both
            for x, y in zip(*pairs, strict=True):
                y.data = x.data.copy()
            for _ in range(2):  # the second adds to the first
                assert_same(plain(f(*pairs[0])), plain(code(*pairs[1])))
                assert_same(*(plain([x.grad for x in pair]) for pair in pairs))
        assert code.cache_info().misses == 2


@each_backend
def test_one_tensor_twice_and_a_captured_one_among_the_arguments(backend):
    def make():
        W = Tensor(np.array([1.0, 2.0]), requires_grad=True)

        def f(a, b):
            E = (a * b * W).sum()
            E.backward()
            return E

        return f, W

    with running(backend):
        (f, W), (g, V) = make(), make()
        code = as_code(g, backend)
        for pick in ("ab", "aa", "Wb", "WW", "ab", "aW"):
            both = []
            for call, own in ((f, W), (code, V)):
                own.grad = None
                known = {
                    "W": own,
                    **{n: Tensor(np.array([0.5, 3.0 + i]), requires_grad=True) for i, n in enumerate("ab")},
                }
                value = call(*(known[n] for n in pick))
                both.append(plain([value, *(t.grad for t in known.values())]))
            assert_same(*both)


@each_backend
def test_one_of_many_tensors_twice(backend):
    def f(*xs):
        E = sum((x * (i + 1.0)).sum() for i, x in enumerate(xs))
        E.backward()
        return E

    with running(backend):
        code = as_code(f, backend)
        for same in ((), (3, 7), (0, 11), (0, 11, 5), ()):
            both = []
            for call in (f, code):
                xs = [Tensor(np.array([1.0, i]), requires_grad=True) for i in range(12)]
                value = call(*(xs[same[0]] if i in same else x for i, x in enumerate(xs)))
                both.append(plain([value, *(x.grad for x in xs)]))
            assert_same(*both)
        assert code.cache_info().misses == 4


@each_backend
def test_gradient_transforms(backend):
    def f(x):
        return (np.tanh(x) ** 2).sum()

    def twice(x):
        return (grad(f)(x) ** 2).sum()

    cases = [value_and_grad(f), grad(f), grad(twice), value_and_grad(twice)]
    with running(backend):
        for function in cases:
            code = as_code(function, backend)
            for x in X[:, 0]:
                assert_same(plain(function(x)), plain(code(x)))
        third = grad(grad(grad(np.tanh)))
        code = as_code(third, backend)
        for x in (0.5, -1.0, 2.0):
            assert float(code(x)) == pytest.approx(float(third(x)), rel=1e-11)


@each_backend
def test_parts_that_take_no_gradient(backend):
    def make():
        W = Tensor(np.ones((3, 2)), requires_grad=True)

        def f(x):
            with no_grad():
                scale = (W * W).sum()
            y = x @ W
            E = (y * y.detach()).sum() * scale
            E.backward()
            return E, scale, y.detach()

        return f, lambda: [state([W]), gradients([W])]

    side_by_side(make, [(x,) for x in X], backend)


@each_backend
def test_results_are_not_overwritten_by_the_next_call(backend):
    W = Tensor(np.ones((3, 3)), requires_grad=True)

    def f(x):
        y = x @ W
        return y.T, y, y[1:], np.broadcast_to(y.sum(), (2, 2)), x.T, W, W.T

    with running(backend):
        code = as_code(f, backend)
        first = code(X[0])
        kept = plain(first)
        W.data += 1
        code(X[1])
        before = [i for i in range(7) if i not in (5, 6)]  # W itself moves
        assert_same([plain(first)[i] for i in before], [kept[i] for i in before])


@each_backend
def test_what_is_written_into_a_captured_array_is_seen(backend):
    scale = np.array([1.0, 2.0, 3.0])
    with running(backend):
        code = as_code(lambda x: x * scale, backend)
        assert_same(plain(X[0] * scale), plain(code(X[0])))
        scale[0] = 7
        assert_same(plain(X[0] * scale), plain(code(X[0])))


def test_source_and_graph_show_the_latest_call():
    code = compile(training(squared_error)()[0])
    with pytest.raises(RuntimeError, match="has not been called yet"):
        _ = code.source
    code(X[0], HOT[0])
    assert "def make(" in code.source
    assert "def step(x, t, lr):" in code.source
    assert "# " in code.source  # formulas
    assert any("matmul" in repr(node) for node in code.graph.nodes)
    assert code.cache_info() == (0, 1, 64, 1)
    code(X[1], HOT[1])
    code(X[1][:2], HOT[1][:2])
    assert code.cache_info() == (1, 2, 64, 2)


@pytest.mark.filterwarnings("ignore:compile. .* has been traced")
def test_at_most_so_many_traces_are_kept():
    code = compile(lambda x, n: x + n)
    for n in range(70):
        code(1.0, n)
    assert code.cache_info() == (0, 70, 64, 64)
    assert float(code(1.0, 0)) == 1.0


def test_compile_is_a_decorator_and_says_what_it_does_not_take():
    @compile
    def double(x):
        """Twice x."""
        return 2 * x

    @compile(backend="numpy")
    def triple(x):
        return 3 * x

    assert (double.__name__, double.__doc__) == ("double", "Twice x.")
    np.testing.assert_array_equal(double(np.ones(2)) + triple(np.ones(2)), [5, 5])
    with pytest.raises(TypeError, match="wanted a function, not int"):
        compile(3)
    with pytest.raises(ValueError, match=r"backend must be .numpy., .native. or .cuda., not .jax."):
        compile(double, backend="jax")


LISTS = {
    "rows": lambda x, i: x[i],
    "columns": lambda x, i: x[:, i],
    "each row's": lambda x, i: x[range(2), i],
    "taken": lambda x, i: np.take(x, i, axis=1),
    "factor": lambda x, i: x[:, :2] * i,
    "difference": lambda x, i: i - x[:, :2],
}


@each_backend
@pytest.mark.parametrize("kind", [list, tuple])
@pytest.mark.parametrize("name", LISTS)
def test_a_list_of_numbers_is_the_array_that_numpy_makes_of_it(name, kind, backend):
    x, f = np.arange(6.0).reshape(2, 3) ** 2, LISTS[name]
    whole = [] if name in ("factor", "difference") else [float, np.float32]
    with running(backend):
        code = as_code(f, backend)
        slope = as_code(value_and_grad(lambda x, i: (f(x, i) ** 2).sum()), backend)
        for number in {int, np.int64, np.uint8, float, np.float32} - {*whole}:
            for i in (1, 0):
                given = kind([number(i), number(1)])
                if name == "rows" and kind is tuple:  # which is an index of each axis by itself
                    given = (slice(None), given)
                np.testing.assert_array_equal(code(x, given), f(x, given))
                value, gradient = value_and_grad(lambda x: (f(x, given) ** 2).sum())(x)  # noqa: B023  # called here
                np.testing.assert_allclose(slope(x, given)[0], value)
                np.testing.assert_allclose(slope(x, given)[1], gradient)
        for number in whole:
            with pytest.raises((IndexError, TypeError)):  # as NumPy has it
                code(x, kind([number(1), number(0)]))


def test_an_integer_that_counts_up_is_told_of_once():
    """Each is a trace of its own: eight are told of, with the argument and the way out, which is one trace."""
    step = compile(lambda x, t, how: (x / (1 - 0.9 ** (t + how["n"]))).sum())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for t in range(1, 8):
            step(X, t, {"n": 1, "flag": True})
        for t in range(1, 8):  # other kinds of arguments
            step(X[:1], t, {"n": 1, "flag": True})
    with pytest.warns(RuntimeWarning, match=r"traced 8 times for other values of t: .* float\(t\)"):
        step(X, 8, {"n": 1, "flag": True})
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        step(X, 9, {"n": 1, "flag": True})
        before = step.cache_info().misses
        for t in range(1, 20):
            step(X, float(t), {"n": 1, "flag": True})
    assert step.cache_info().misses == before + 1


def test_a_few_sizes_are_in_order():
    step = compile(lambda x, n: np.tile(x, n))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for n in [1, 2, 3, 4, 5] * 4:
            assert step(X, n).size == X.size * n


class Degrees(float):
    """A number with a unit."""

    unit = 2.0

    def doubled(self):
        return 2 * self

    def __repr__(self):
        return f"{float(self)} degrees"


@each_backend
def test_a_number_of_ones_own_class_keeps_its_attributes(backend):
    """It is part of the code: for another one, or another attribute of it, the function is traced anew."""

    def f(x, t):
        return x * t + t.unit + t.doubled()

    first, second = Degrees(3.0), Degrees(3.0)
    second.unit = 7.0
    with running(backend):
        code = as_code(f, backend)
        for t in (first, second, Degrees(4.0), first):
            np.testing.assert_allclose(code(np.arange(3.0), t), f(np.arange(3.0), t), rtol=1e-15)
        try:
            Degrees.unit = 5.0
            np.testing.assert_allclose(code(np.arange(3.0), first), f(np.arange(3.0), first), rtol=1e-15)
        finally:
            Degrees.unit = 2.0
        assert code.cache_info().currsize == 4


class Note:
    """Holds what it is given, and itself."""

    def __init__(self, own, given):
        self.own, self.given, self.itself = own, given, self


class Slotted:
    """Has its attributes in slots."""

    __slots__ = ("k",)

    def __init__(self, k):
        self.k = k


@each_backend
def test_objects_that_the_function_makes_are_made_at_each_call(backend):
    """What they hold from elsewhere stays what it is; the one object was given to all callers."""
    given = np.ones(2)

    def f(x):
        return x * 2, Note([1], given), {"slotted": Slotted([2.0]), "space": SimpleNamespace(k=3.0)}

    with running(backend):
        code = as_code(f, backend)
        for _ in range(3):
            y, note, others = code(np.arange(2.0))
            np.testing.assert_array_equal(y, [0.0, 2.0])
            assert (note.own, others["slotted"].k, others["space"].k) == ([1], [2.0], 3.0)
            assert note.given is given
            assert note.itself is note
            note.own.append(5)
            others["slotted"].k.append(7.0)
            others["space"].k = 9.0


def test_an_object_that_is_another_at_each_call_is_refused():
    rng = np.random.default_rng(0)
    for make in (
        lambda: Note(rng.random(), None),
        lambda: Slotted(rng.random()),
        lambda: Note([Slotted(rng.random())], 1),
    ):
        with pytest.raises(TraceError, match=r"the result\[1\].*(own|k) is another in every call"):
            compile(lambda x, make=make: (x, make()))(np.ones(2))


class Row(list):
    """A list with an attribute, made in another way than a list."""

    def __init__(self, k, *values):
        super().__init__(values)
        self.k = k


class Pair(tuple):
    """A tuple with an attribute, made in another way than a tuple."""

    def __new__(cls, k, *values):
        self = super().__new__(cls, values)
        self.k = k
        return self


@dataclass(unsafe_hash=True)
class Changing:
    """Has a hash that changes with it."""

    k: float
    n: int = 1


@each_backend
def test_containers_of_ones_own_come_as_they_are(backend):
    def f(x, row, pair, counter, changing):
        return x * row[0] + row.k + pair[1] * pair.k + counter["a"] + changing.k * changing.n

    x, row, pair, counter, changing = np.arange(2.0), Row(2.0, 3.0), Pair(5.0, 7.0, 11.0), Counter("aab"), Changing(0.5)
    with running(backend):
        code = as_code(f, backend)
        changes = [lambda: setattr(row, "k", 4.0), lambda: setattr(pair, "k", 6.0), lambda: counter.update("a")]
        changes += [
            lambda: setattr(changing, "k", 1.5),
            lambda: setattr(changing, "n", 3),
            lambda: row.__setitem__(0, 9.0),
        ]
        for change in (lambda: None, *changes):
            change()
            for _ in range(2):
                given = (x, row, pair, counter, changing)
                np.testing.assert_allclose(code(*given), f(*given), rtol=1e-15)
        assert (type(row), list(row), row.k, counter["a"]) == (Row, [9.0], 4.0, 3)
