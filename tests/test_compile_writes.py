"""Compiled functions that write into arrays among their arguments, and steps whose state is written from outside."""

import pickle

import numpy as np
import pytest

from minigrad import Tensor, compile, nn, optim, value_and_grad
from minigrad.compiler.calls.verify import DifferenceError
from minigrad.compiler.trace.traced import TraceError
from tests.compiling import as_code, each_backend, running

x = np.linspace(-1.0, 2.0, 12).reshape(3, 4)
v = np.array([0.5, -1.0, 2.0, 3.0])


def set_row(x):
    x[0] = 1
    return x.sum()


def add_in_place(x):
    x += 1
    return x * 2


def write_through_views(x):
    y = x[1:]
    y *= 2
    z = x.T
    z[0] += 1
    return y.sum()


def keep_what_was(x):
    y = x.copy()
    x += 1
    return y


def exchange(x, y):
    t = x.copy()
    x[...] = y
    y[...] = t


def write_into_parts(p, x):
    p["W"][0] = x
    p["b"] += x
    return p["W"].sum()


def clear_where(x, m):
    x[m > 0] = 0
    return x.sum()


def take_turns(x):
    for i in range(3):
        x[i + 1] = x[i] * 2
    return x


def write_by_out(x):
    np.tanh(x, out=x)
    return x.sum()


def standardize(x):
    x -= x.mean(0)
    x /= x.std(0)


def add_half(x):
    x += 0.5
    return x


WRITING = {
    set_row: [(x,), (x.T,), (x[:, ::2],), (x.astype("f4"),), (np.arange(6).reshape(2, 3),), (x.astype(">f8"),)],
    add_in_place: [(x,), (v,), (np.array(3.0),), (np.float64(3.0),), (3.0,), (np.arange(3),)],
    write_through_views: [(x,), (np.asfortranarray(x),)],
    keep_what_was: [(x,), (np.array(2.0),)],
    exchange: [(x, 2 * x), (np.array(1.0), np.array(2.0))],
    write_into_parts: [({"W": x, "b": v}, v[:1] * 3)],
    clear_where: [(v, np.array([1, 0, 1, -1])), (v, np.array([0, 0, 0, -1]))],
    take_turns: [(v,)],
    write_by_out: [(x,), (v,)],
    standardize: [(x,), (x**2,)],
    add_half: [(np.array([1, 2]),), (v,)],  # of whole numbers NumPy refuses it
}


def copied(arguments):
    """The same arguments, in the same order in memory, that may be written into."""
    return [
        {name: part.copy() for name, part in a.items()}
        if isinstance(a, dict)
        else a.copy(order="K")
        if isinstance(a, np.ndarray)
        else a
        for a in arguments
    ]


def outcome(f, arguments):
    """What a function gives or raises, and what its arguments are afterwards."""
    try:
        result = f(*arguments)
    except TypeError:
        result = None
    parts = [part for a in arguments for part in (a.values() if isinstance(a, dict) else [a])]
    return [np.zeros(0) if result is None else np.asarray(result), *map(np.asarray, parts)]


@each_backend
@pytest.mark.parametrize("f", WRITING, ids=lambda f: f.__name__)
def test_what_is_written_into_an_argument_is_there_after_the_call(f, backend):
    with running(backend):
        code = as_code(f, backend)
        for given in WRITING[f]:
            for _ in range(2):
                expected = outcome(f, copied(given))
                for found, right in zip(outcome(code, copied(given)), expected, strict=True):
                    np.testing.assert_allclose(found, right, rtol=1e-12)
        one = copied(WRITING[f][0])
        other = copied(WRITING[f][0])
        for _ in range(3):  # again and again into the same arrays
            for found, right in zip(outcome(code, one), outcome(f, other), strict=True):
                np.testing.assert_allclose(found, right, rtol=1e-12)


@pytest.fixture(params=["numpy", "interpreted"])
def code(request):
    """Compiles for one backend, then for the other."""
    with running(request.param):
        yield lambda f, **options: as_code(f, request.param, **options)


def test_nothing_is_written_on_an_error(code):
    def f(x, y):
        x[0] = 7
        return x @ y

    compiled = code(f)
    a = v.copy()
    with pytest.raises(ValueError, match="inner sizes differ"):
        compiled(a, np.ones((3, 2)))
    np.testing.assert_array_equal(a, v)
    compiled(a, np.ones((4, 2)))
    assert a[0] == 7


def test_an_array_that_cannot_be_written_is_refused_at_each_call(code):
    compiled, locked = code(set_row), v.copy()
    locked.flags.writeable = False
    for _ in range(2):
        with pytest.raises(ValueError, match=r"test_compile_writes\.py:\d+ the function writes into x, whose flags"):
            compiled(locked)
        assert compiled(v.copy()) == set_row(v.copy())
    np.testing.assert_array_equal(locked, v)


def test_arguments_in_the_same_memory_are_refused_at_each_call(code):
    def f(x, y):
        x[0] = y.sum()
        return y * 2

    compiled, both = code(f), np.arange(8.0)
    for _ in range(2):
        np.testing.assert_array_equal(compiled(both[:4], both[4:]), both[4:] * 2)
        before = both.copy()
        for first, second in ((both[:5], both[4:]), (both, both), (both, both[::-1])):
            with pytest.raises(TraceError, match="the function writes into x, which shares memory with something"):
                compiled(first, second)
        np.testing.assert_array_equal(both, before)


def test_memory_of_a_parameter_and_a_gradient_that_would_be_lost_are_refused(code):
    W = Tensor(v.copy(), requires_grad=True)

    def scale(x):
        x *= 2
        return (W * x).sum()

    def keep(x):
        x[0] = W.sum()
        return x

    with pytest.raises(TraceError, match="shares memory with something else that it reads"):
        code(scale)(W.data)
    with pytest.raises(TraceError, match="writes a value that has a gradient into x"):
        code(keep)(v.copy())
    a = v.copy()
    E = code(scale)(a)
    np.testing.assert_allclose(E.data, (v * v * 2).sum())
    with pytest.raises(TypeError, match="or writes into its arguments, has no record"):
        E.backward()  # of an array that is another now
    np.testing.assert_array_equal(a, 2 * v)


def test_a_number_of_numpys_has_no_elements(code):
    def assign(x):
        x[...] = 1.0

    with pytest.raises(TypeError, match="x is a number of NumPy's"):
        code(assign)(np.float64(2.0))


def test_verified_calls_write_once_and_a_difference_undoes_it(code):
    verified, a = code(add_in_place, verify=2), v.copy()
    for n in (1, 2, 3):
        np.testing.assert_array_equal(verified(a), 2 * (v + n))
        np.testing.assert_array_equal(a, v + n)
    owner = type("Owner", (), {"k1": 1.0})()

    def by_computed_name(x):
        x += getattr(owner, "k" + str(1))

    verified, a = code(by_computed_name, verify_every=1), v.copy()
    verified(a)
    owner.k1 = 5.0
    with pytest.raises(DifferenceError, match="argument 0 after the call"):
        verified(a)
    np.testing.assert_array_equal(a, v + 1)


def test_in_a_function_with_gradients_and_within_another(code):
    def clear_and_differentiate(W, x):
        x[0] = 1.0
        return value_and_grad(lambda W: (W * x).sum())(W)

    def within(x):
        code(add_in_place)(x)
        return x.sum()

    a = v.copy()
    E, g = code(clear_and_differentiate)(v, a)
    np.testing.assert_array_equal(g, [1.0, *v[1:]])
    np.testing.assert_array_equal(a, g)
    np.testing.assert_allclose(E, v @ a)
    assert code(within)(a) == (g + 1).sum()
    np.testing.assert_array_equal(a, g + 1)


def test_code_alone_does_not_write(tmp_path):
    compiled = compile(add_in_place)
    compiled(v.copy())
    with pytest.raises(ValueError, match="export: the function writes into its arguments"):
        compiled.export(tmp_path / "step.py")


def test_a_result_without_axes_is_not_the_array_of_the_caller(code):
    a = np.array(3.0)
    y = code(lambda x: x.copy())(a)
    a[...] = 5.0
    assert y == 3.0


def test_a_dict_of_parameters_that_is_updated_in_place_is_traced_once(code):
    step = code(value_and_grad(lambda p, x: ((x @ p["W"] + p["b"][0]) ** 2).sum()))
    p = {"W": np.ones(4), "b": [np.zeros(3)]}
    for _ in range(4):
        E, g = step(p, x)
        right = value_and_grad(lambda p: ((x @ p["W"] + p["b"][0]) ** 2).sum())(p)
        np.testing.assert_allclose(E, right[0])
        np.testing.assert_allclose(g["W"], right[1]["W"])
        p["W"] -= 0.01 * g["W"]
        p["b"] = [p["b"][0] - 0.01 * g["b"][0]]
    assert step.cache_info()[:2] == (3, 1)


class Settings:
    """Has an attribute that a function reads of its argument."""

    k = 2.0


@pytest.mark.parametrize(
    "call",
    [
        lambda f, s: f(v, s),
        lambda f, s: f(v, s=s),
        lambda f, s: f(v, [s]),
        lambda f, s: f(v, s={"held": (s, 1)}),
    ],
)
def test_objects_among_the_arguments_are_watched_however_they_come(call, code):
    def f(x, s):
        s = s[0] if isinstance(s, list) else s["held"][0] if isinstance(s, dict) else s
        return x * s.k

    compiled, s = code(f), Settings()
    for s.k in (3.0, 5.0, 7.0):
        np.testing.assert_array_equal(call(compiled, s), v * s.k)


def test_gradients_gathered_before_are_used_and_forgotten(code):
    def train(compiled):
        model = nn.MLP([4, 3, 1], rng=np.random.default_rng(0))
        optimizer = optim.Momentum(model.parameters(), lr=0.1)

        def gather(x):
            (model(x) ** 2).sum().backward()

        def update():
            optimizer.step()
            optimizer.zero_grad()

        gather, update = (compiled(gather), compiled(update))
        for _ in range(3):
            gather(x)
            gather(x[:1])
            update()
            assert all(p.grad is None for p in model.parameters())
        return [p.data.copy() for p in model.parameters()]

    for found, right in zip(train(code), train(lambda f: f), strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-12)


@pytest.mark.parametrize("rule", [optim.Momentum, optim.Adam, optim.RAdam, optim.Adadelta])
def test_a_running_value_that_is_given_anew_is_used(rule, code):
    def train(compiled):
        w = Tensor(v.copy(), requires_grad=True)
        optimizer = rule([w], lr=0.1)

        def step(x):
            optimizer.zero_grad()
            ((x @ w) ** 2).sum().backward()
            optimizer.step()

        step = compiled(step)
        for _ in range(3):
            step(x)
            for state in optimizer.states:
                for name in state:
                    state[name] = np.zeros_like(state[name])
        return w.data.copy()

    np.testing.assert_allclose(train(code), train(lambda f: f), rtol=1e-12)


def test_machine_code_that_looks_at_arrays_itself_is_not_asked_about_a_dict():
    pytest.importorskip("numba")

    def write(a, p):
        a[0] = a.sum()
        p["W"] += 1
        return a.sum()

    code = compile(write, backend="native")
    one, other = (np.arange(3.0), {"W": np.zeros(2)}), (np.arange(3.0), np.zeros(2))
    for _ in range(3):
        found, right = code(*one), write(other[0], {"W": other[1]})
        assert found == right
        np.testing.assert_array_equal(one[0], other[0])
        np.testing.assert_array_equal(one[1]["W"], other[1])


def test_an_array_and_its_parts_may_be_named_together():
    """They are locked while the function is traced, and were left so: NumPy unlocks a part after its whole."""
    whole = np.ones((50, 4))
    part = whole[:, 1:]
    rows = part[2:]
    for f in (
        lambda x: x.sum() * whole.sum() + part.sum() + rows.sum(),
        lambda x: x.sum() * rows.sum() + part.sum() + whole.sum(),
        lambda x: x.sum() * part.sum() + whole.sum() + rows.sum(),
    ):
        assert compile(f)(np.ones(3)) == f(np.ones(3))
        assert whole.flags.writeable
        assert part.flags.writeable
        assert rows.flags.writeable


@pytest.mark.parametrize(
    "data",
    [
        pickle.loads(pickle.dumps(np.ones((71, 23)))),  # whose memory is of bytes: once locked, it is so for ever
        np.ones(100),
        np.frombuffer(bytearray(800)),
        np.frombuffer(bytes(800)),
    ],
    ids=["unpickled", "own", "of a bytearray", "of bytes"],
)
def test_data_of_any_memory_are_as_writeable_as_before(data):
    def f(x):
        return (data * x).sum()

    before = data.flags.writeable
    code = compile(f)
    assert code(2.0) == f(2.0)
    assert data.flags.writeable == before
    if before:
        data += 1
        assert code(2.0) == f(2.0)


def test_a_write_into_unpickled_data_is_refused_and_undone():
    data = pickle.loads(pickle.dumps(np.ones((71, 23))))

    def f(x):
        data[0, 0] = 5
        return data.sum() * x

    with pytest.raises(TraceError, match="writes into an array from outside"):
        compile(f)(2.0)
    np.testing.assert_array_equal(data, 1)
    assert data.flags.writeable


class _Unnamed(type):
    __module__ = property(lambda kind: "elsewhere")  # type: ignore[assignment]  # as a class of Cython's has it


class _Kind(metaclass=_Unnamed):
    pass


def test_a_class_whose_own_class_says_no_module_may_be_named():
    def f(x):
        return x * (2 if issubclass(_Kind, object) else 3)

    assert not isinstance(type(_Kind).__module__, str)
    assert compile(f)(2.0) == 4
