"""Steps in machine code, whole epochs, exported modules, and the fuzzer's first programs."""

import runpy

import numpy as np
import pytest

from minigrad import Tensor, compile, data, grad, nn, optim
from minigrad.losses import softmax_cross_entropy, squared_error
from minigrad.training import fit
from tests.compiling import assert_same, plain, running, state, taught
from tests.fuzz import __main__ as command
from tests.fuzz import check as fuzz
from tests.fuzz.programs import Leaf, Line, Program

RNG = np.random.default_rng(0)
X = RNG.normal(size=(11, 3))
T = np.eye(2)[RNG.integers(2, size=11)]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_machine_code_takes_the_eager_steps(dtype):
    pytest.importorskip("numba")
    x, t = X.astype(dtype), T.astype(dtype)
    (eager, params, optimizer), (step, others, other) = taught(dtype=dtype), taught(dtype=dtype)
    code = compile(step, backend="native")
    for n in (11, 11, 11):
        assert_same(plain(eager(x[:n], t[:n])), plain(code(x[:n], t[:n])), 1e-12 if dtype is np.float64 else 1e-5)
    tolerance = 1e-12 if dtype is np.float64 else 1e-4
    assert_same(plain(state(params, optimizer)), plain(state(others, other)), tolerance)
    wide = np.zeros((11, 6), dtype)
    wide[:, ::2] = x
    assert_same(plain(eager(wide[:, ::2], t)), plain(code(wide[:, ::2], t)), tolerance)
    assert "address" in code.source


def test_machine_code_tells_arguments_apart():
    """Shapes and dtypes are looked at by the code itself, so the wrong ones must not get through."""
    pytest.importorskip("numba")
    code = compile(lambda x: (x * x).sum(axis=0), backend="native")
    x = RNG.normal(size=(4, 3))
    fixed = x.copy()
    fixed.flags.writeable = False
    others = [x, x[:3], x[0], x.T, x[::-1], x[:, ::2], x.astype(np.float32), fixed, x.astype(">f8"), x[:0], x > 0]
    for other in [*others, *others[::-1]]:
        expected = plain((other * other).sum(axis=0))
        assert_same(expected, plain(code(other)))
        assert_same(expected, plain(code(x=other)))
    with pytest.raises(TypeError):
        code(x, x)
    with pytest.raises(TypeError):
        code()
    with pytest.raises(TypeError):
        code(y=x)
    before = code.cache_info()
    code(x)
    code(x)
    assert (code.cache_info().hits, code.cache_info().misses) == (before.hits + 2, before.misses)


@pytest.mark.parametrize("of", [lambda x, y: y * x.shape[0], lambda x, y: y + np.zeros_like(x).size])
def test_an_argument_of_which_the_code_takes_the_shape_alone(of, backend_itself):
    """The code is not passed it, and so cannot refuse another."""
    code, y = compile(of, backend=backend_itself), np.ones(2)
    for x in (np.ones(3), np.ones(4), np.ones((5, 2)), np.ones(3, np.float32), np.ones(4)):
        assert_same(plain(of(x, y)), plain(code(x, y)))


def test_an_input_that_is_a_view_of_a_parameter_in_machine_code():
    pytest.importorskip("numba")

    def made():
        W, V = (Tensor(np.random.default_rng(i).normal(size=(3, 3)), requires_grad=True) for i in range(2))
        optimizer = optim.SGD([W, V], lr=0.1)

        def step(x):
            optimizer.zero_grad()
            E = squared_error(np.tanh(x @ W) @ V, x)
            E.backward()
            optimizer.step()
            return E

        return step, W, V

    (eager, W, V), (step, W2, V2) = made(), made()
    code = compile(step, backend="native")
    for _ in range(3):
        assert_same(plain(eager(W.data)), plain(code(W2.data)))
        assert_same(plain([W, V]), plain([W2, V2]))


ODD = [0.0, -0.0, np.inf, -np.inf, np.nan, 1.0, -1.0]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", [np.exp, np.log, np.tanh, np.log1p, np.expm1], ids=lambda f: f.__name__)
def test_elementary_functions_in_machine_code(f, dtype):
    """To 2 units in the last place of what NumPy computes with more bits; tanh and expm1, of two parts, to 4."""
    pytest.importorskip("numba")
    about, rng = np.finfo(dtype), np.random.default_rng(0)
    largest = np.log(float(about.max))
    spread = [rng.uniform(-largest, largest, 3000), rng.normal(size=3000), 1 + rng.normal(0, 1e-3, 3000)]
    x = np.concatenate([*spread, np.exp(rng.uniform(-largest, largest, 3000)), ODD, [about.tiny / 8, about.tiny]])
    x = x.astype(dtype)
    with np.errstate(all="ignore"):
        wanted = f(x.astype(np.longdouble if dtype is np.float64 else np.float64)).astype(dtype)
    found = compile(f, backend="native")(x)
    near = np.abs(wanted) < about.tiny * 4  # where exp of float32 gives 0
    np.testing.assert_allclose(found[~near], wanted[~near], rtol=(4 if f in (np.tanh, np.expm1) else 2) * about.eps)
    np.testing.assert_allclose(found[near], wanted[near], atol=float(about.tiny) * 4)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_powers_and_sums_of_exponentials_in_machine_code(dtype):
    """To 2 units in the last place of what NumPy computes with more bits, and all that is odd as NumPy has it."""
    pytest.importorskip("numba")
    about, rng = np.finfo(dtype), np.random.default_rng(1)
    largest = np.log(float(about.max))
    x = [np.exp(rng.uniform(-3, 3, 3000)), np.exp(rng.uniform(-largest, largest, 3000)), 1 + rng.normal(0, 1e-3, 3000)]
    y = [rng.uniform(-9, 9, 3000), rng.uniform(-1, 1, 3000), rng.uniform(-300, 300, 3000)]
    odd = np.array([*ODD, 2.0, -2.0, 0.5, -0.5, 3.0, -3.0, 2.5, -1e30, 1e30])
    a, b = (np.concatenate([*part, part_of.ravel()]).astype(dtype) for part, part_of in
            zip((x, y), np.meshgrid(odd, odd), strict=True))  # fmt: skip

    def both(x, y):
        return x**y, np.logaddexp(x, y), x**1.7

    exact = np.longdouble if dtype is np.float64 else np.float64
    with np.errstate(all="ignore"):
        wanted = [w.astype(dtype) for w in both(a.astype(exact), b.astype(exact))]
    for found, w in zip(compile(both, backend="native")(a, b), wanted, strict=True):
        small = np.abs(w) < about.tiny  # where exp gives 0
        assert not small[:3000].any()
        np.testing.assert_allclose(found[~small], w[~small], rtol=2 * about.eps, atol=about.eps)
        np.testing.assert_array_equal(np.signbit(found)[w == w], np.signbit(w)[w == w])


SINGULAR = np.array([0.0, -0.0, 1.0, -2.0, 0.5, np.inf, -np.inf, np.nan, 3.0, -2.5, 1e30, -1e-30])
TWO = [np.power, np.logaddexp, np.hypot, np.arctan2, np.maximum, np.minimum, np.fmax, np.fmin, np.fmod, np.remainder]
TWO += [np.divide, np.floor_divide, np.copysign, np.heaviside, np.float_power, np.multiply, np.greater, np.not_equal]
ONE = [np.sqrt, np.sin, np.cos, np.tan, np.arctan, np.sinh, np.cosh, np.expm1, np.log1p, np.log2, np.log10, np.exp2]
ONE += [np.cbrt, np.reciprocal, np.absolute, np.sign, np.floor, np.ceil, np.rint, np.trunc, np.isnan, np.isfinite]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("f", [*TWO, *ONE], ids=lambda f: f.__name__)
def test_singular_arguments_in_machine_code(f, dtype):
    """∞, NaN and zeros of both signs, each with each: what they give is NumPy's."""
    pytest.importorskip("numba")
    grids = (x.ravel() for x in np.meshgrid(SINGULAR, SINGULAR))
    xs = [x.astype(dtype) for x in (grids if f.nin == 2 else [SINGULAR])]
    with np.errstate(all="ignore"):
        wanted, found = f(*xs), compile(f, backend="native", exact=True)(*xs)
    assert found.dtype == wanted.dtype
    if wanted.dtype.kind == "f":
        np.testing.assert_allclose(found, wanted, rtol=8 * np.finfo(wanted.dtype).eps, atol=np.finfo(dtype).tiny)
        zeros = (wanted == 0) & (found == 0)
        if f not in (np.maximum, np.minimum, np.fmax, np.fmin):  # of 0 and −0 either is the larger
            np.testing.assert_array_equal(np.signbit(found[zeros]), np.signbit(wanted[zeros]))
    else:
        np.testing.assert_array_equal(found, wanted)


MASK = np.array([[True, False, True], [False, True, True], [False] * 3, [True] * 3])


def seen_otherwise(x):
    """What needs the elements in another order, at places that follow no steps, or a number as an array."""
    total = (x * x).sum()
    return [
        x.T.reshape(2, 6) * np.array([[1.0], [2.0]]),
        np.broadcast_to(x[:1], (4, 3)).reshape(-1),
        x[[0, 3, 1, 3]] * 2,
        x[MASK],
        x[1:, [0, 2]][:, ::-1],
        x[np.array([[0], [2]]), [1, 1]],
        x[True] + 1,
        x[[]] * 3,
        x @ np.broadcast_to(total, (3, 2)),
        total.reshape(1, 1) * x,
        np.broadcast_to(total, (3,)).reshape(3, 1)[1, 0] + x,
    ]


@pytest.mark.parametrize("backend", ["interpreted", "native"])
def test_native_code_reads_and_adds_up_wherever_elements_lie(backend):
    pytest.importorskip("numba")
    x = np.random.default_rng(5).normal(size=(4, 3))

    def slope(x):
        return grad(lambda x: sum((part * part).sum() for part in seen_otherwise(x)))(x)

    with running(backend):
        for f in (seen_otherwise, slope):
            code = compile(f, backend="native")
            for value in (x, x[::-1].copy()):
                assert_same(plain(f(Tensor(value))), plain(code(value)))
            assert "address" in code.source


ROWS, TABLE, ONE = np.array([0, 3, 3, 1]), np.array([[2, 0, -1, 0]]), np.array(2)
PLACES = {
    "columns": lambda x, i, j, k: x[:, i],
    "a column": lambda x, i, j, k: x[:, k],
    "a column of a row": lambda x, i, j, k: x[0, :, k],
    "the last axis": lambda x, i, j, k: x[..., j],
    "side by side": lambda x, i, j, k: x[:, i, j],
    "apart": lambda x, i, j, k: x[i % 2, :, j],
    "of a slice": lambda x, i, j, k: x[1:, i - 3, ::-2],
    "known ones, too": lambda x, i, j, k: x[:, [1, 0, 1, 3], i % 3],
    "a new axis": lambda x, i, j, k: x[:, None, i],
    "a mask": lambda x, i, j, k: x[np.array([True, False]), i],
}


@pytest.mark.parametrize("backend", ["interpreted", "native"])
@pytest.mark.parametrize("name", PLACES)
def test_indices_beside_slices_are_loops_of_native_code(backend, name):
    """A hidden Markov model reads a column, B[:, o]: it was a call of NumPy between the loops."""
    pytest.importorskip("numba")
    x, f = np.random.default_rng(5).normal(size=(2, 4, 3)), PLACES[name]

    def slope(x, i, j, k):
        return grad(lambda x: (f(x, i, j, k) ** 2).sum())(x)

    with running(backend):
        for g in (f, slope):
            code = compile(g, backend="native")
            for i, j, k in ((ROWS, TABLE, ONE), (ROWS[::-1], -TABLE, ONE - 1)):
                assert_same(plain(g(Tensor(x), i, j, k)), plain(code(x, i, j, k)))
            assert "call between" not in str(code.report())
        if name == "columns":
            with pytest.raises(IndexError, match="axis 1 with size 4"):
                code(x, ROWS + 1, TABLE, ONE)


SHARING = [
    (1, lambda x, b: np.tanh(x) * x),
    (2, lambda x, b: x - x[:, :, :, ::-1]),
    (2, lambda x, b: (x * x).max(axis=(2, 3))),
    (3, lambda x, b: np.tanh(x + b)),
    (3, lambda x, b: (x * b).sum(axis=(0, 2, 3))),
    (4, lambda x, b: (x - b).sum(axis=(1, 3))),
]


@pytest.mark.parametrize(("loops", "f"), SHARING)
def test_axes_that_lie_in_order_share_a_loop(loops, f):
    """The bias of a layer of images runs along one axis of four, and the two behind it are one, as those of a sum."""
    pytest.importorskip("numba")
    x, b = RNG.normal(size=(2, 3, 4, 5)), RNG.normal(size=(3, 1, 1))
    with running("interpreted"):
        code = compile(f, backend="native")
        assert_same(plain(f(x, b)), plain(code(x, b)))
    assert f"i{loops - 1} in" in code.source
    assert f"i{loops} in" not in code.source


@pytest.mark.parametrize("size", [4, None, 20])
def test_epochs_are_the_loop_over_the_batches(backend_itself, size):
    (eager, params, optimizer), (step, others, other) = taught(), taught()
    rng = np.random.default_rng(7)
    expected = [[float(eager(x, t).data) for x, t in data.batches(X, T, size, rng)] for _ in range(3)]
    losses = compile(step, backend=backend_itself).epochs(X, T, size, epochs=3, rng=np.random.default_rng(7))
    np.testing.assert_allclose(losses, expected, rtol=1e-12)
    assert_same(plain(state(params, optimizer)), plain(state(others, other)))


class _Line:
    """y = scale (x · w + b) with an update of w and, while it is trained, of b."""

    def __init__(self):
        self.scale, self.squared = 1.0, True
        self.w, self.b = (Tensor(x, requires_grad=True) for x in (np.array([1.0, -1.0]), np.zeros(1)))
        self.optimizer = optim.SGD([self.w, self.b], lr=0.1)

    def step(self, x, t):
        self.optimizer.zero_grad()
        wrong = self.scale * (x @ self.w + self.b) - t
        E = (wrong**2 if self.squared else np.abs(wrong)).sum()
        E.backward()
        self.optimizer.step()
        return E


def _scale(line):
    line.scale = 2.0


def _switch(line):
    line.squared = False


def _freeze(line):
    line.b.requires_grad = False
    line.optimizer = optim.SGD([line.w], lr=0.1)


def _refill(line):
    line.w.data = np.array([0.5, 2.0])


def _replace(line):
    line.w = Tensor(np.array([0.25, 4.0]), requires_grad=True)
    line.optimizer = optim.SGD([line.w, line.b], lr=0.1)


def _anneal(line):
    line.optimizer.lr = 0.01


def _record(line):
    line.kept = (line.w**2).sum()


@pytest.mark.parametrize("change", [_scale, _switch, _freeze, _refill, _replace, _anneal, _record])
def test_epochs_see_what_has_changed_since_the_last_ones(change):
    """Whatever the step depends on is looked at by one line of code before each call, which must miss none of it."""
    pytest.importorskip("numba")
    x, t = RNG.normal(size=(6, 2)), RNG.normal(size=6)
    eager, line = _Line(), _Line()
    code = compile(line.step, backend="native")
    for _ in range(2):
        for i in range(3):
            expected = [eager.step(x[k : k + 2], t[k : k + 2]).item() for k in (0, 2, 4)]
            np.testing.assert_allclose(code.epochs(x, t, 2)[0], expected, rtol=1e-12, err_msg=f"call {i}")
        for y in (eager, line):
            change(y)
    assert_same(plain([eager.w, eager.b]), plain([line.w, line.b]))
    if change is _record:
        for y in (eager, line):
            y.w.grad = None
            y.kept.backward()
        np.testing.assert_allclose(line.w.grad.data, eager.w.grad.data, rtol=1e-12)


def test_epochs_say_what_they_do_not_take():
    code = compile(taught()[0])
    with pytest.raises(ValueError, match="same samples"):
        code.epochs(X, T[:3])
    with pytest.raises(ValueError, match="1 or more, got 0"):
        code.epochs(X, T, 0)
    with pytest.raises(ValueError, match="epochs must be 0 or more, not -1"):
        code.epochs(X, T, 4, epochs=-1)
    with pytest.raises(TypeError, match="must return its loss, one number"):
        compile(lambda x, t: x).epochs(X, T, 4)
    assert code.epochs(X, T, 4, epochs=0).shape == (0, 3)


def test_fit_compiled_is_fit(backend_itself):
    histories, models = [], []
    for how in (False, True if backend_itself == "numpy" else "native"):
        model = nn.MLP([3, 4, 2], output="identity", rng=np.random.default_rng(1))
        rule = optim.Momentum(model.parameters(), lr=0.05)
        rng = np.random.default_rng(2)
        history = fit(model, softmax_cross_entropy, rule, (X, T), 3, 4, progress=False, rng=rng, compile=how)
        histories.append([np.array(history.loss), np.array(history.accuracy)])
        models.append(plain(model.parameters()))
    assert_same(*histories)
    assert_same(*models)


@pytest.mark.parametrize("rule", [optim.SGD, optim.Adam])
def test_an_exported_module_needs_numpy_alone(rule, tmp_path):
    (eager, params, optimizer), (step, others, other) = taught(rule), taught(rule)
    code = compile(step)
    assert_same(plain(eager(X, T)), plain(code(X, T)))
    path = tmp_path / "step.py"
    code.export(path)
    text = path.read_text(encoding="utf-8")
    assert "minigrad" not in text
    make = runpy.run_path(str(path))["make"]
    names = make.__code__.co_varnames[: make.__code__.co_argcount]
    arrays = code._latest().arrays
    assert len(names) == len(arrays) == 4 + sum(len(values) for values in other.states)
    again = make(*arrays)
    settings = again.__code__.co_varnames[2 : again.__code__.co_argcount]
    for _ in range(3):
        found = again(X, T, *(getattr(other, name) for name in settings))
        assert float(found[0]) == pytest.approx(float(eager(X, T).data), rel=1e-12)
    assert_same(plain(state(params, optimizer)), plain(state(others, other)))


SMALL = [lambda a: (a * 30 + a * 1e-9) - a * 30 + 1, lambda a: a * 0.1 + a * 0.2 - a * 0.3 + 1]


@pytest.mark.parametrize("f", SMALL)
def test_what_adam_makes_of_rounding_is_no_finding(f):
    """Of a gradient of 1e-9 in float32, or none, by the order in which its terms are added, it makes a step of η."""
    leaf = Leaf(np.array([1.3, -0.7, 0.4], np.float32), "parameter")
    line = Line(f, (leaf,), "f({0})")
    assert fuzz.wrong(Program((leaf,), (line,), (line,), rule=2, dtype=np.float32), ("numpy",)) is None


@pytest.mark.parametrize("block", range(4))
def test_random_programs_agree_on_every_backend(block):
    pytest.importorskip("numba")
    for seed in range(15 * block, 15 * block + 15):
        assert fuzz.check(seed, ("numpy", "interpreted")) is None


def test_programs_that_once_were_compiled_wrongly():
    pytest.importorskip("numba")
    for seed in (1260, 20172, 20217, 20296, 21050, 10006229, 10012718, 10053458, 10058110, 9000579, 10028992):
        assert fuzz.check(seed, ("numpy", "interpreted")) is None


@pytest.mark.parametrize("n", [2, 7, 200, -200])
def test_a_power_of_a_product_overflows_only_where_it_does_itself(n):
    """(v m)²⁰⁰ is 0 where m is, though v²⁰⁰ is ∞; likewise (v / m)²⁰⁰."""
    v, m = np.float32([30, 1.1, 2]), np.float32([2.0**-5, 1, 0.5])
    for f in (lambda v: ((v * m) ** n).sum(), lambda v: ((v / (1 / m)) ** n * v).sum()):
        np.testing.assert_allclose(compile(grad(f))(v), grad(f)(v), rtol=1e-4)
        np.testing.assert_allclose(compile(f)(v), f(v), rtol=1e-4)


def test_a_random_program_in_machine_code():
    pytest.importorskip("numba")
    assert fuzz.check(720, ("native",)) is None


def test_the_fuzzer_finds_a_mistake_and_makes_it_small(monkeypatch):
    real = fuzz.results

    def spoiled(given, backend, runs=None):
        found = real(given, backend, runs)
        return found if backend is None else [None if x is None else x + np.ones((), x.dtype) for x in found]

    monkeypatch.setattr(fuzz, "results", spoiled)
    found = next(text for seed in range(5) if (text := fuzz.check(seed, ("numpy",))))
    assert "numpy: result 0" in found
    assert found.count("\nv") == 1  # one line, the smallest program there is


def test_the_fuzzers_command(capsys):
    assert command.main(["--seconds", "0.2", "--seed", "3", "--native-every", "0"]) == 0
    assert "programs from seed 3" in capsys.readouterr().out


def test_a_truth_value_is_not_compared_with_0():
    """As the derivative of a maximum is, where a gradient is chosen: it would be stored a second time."""
    pytest.importorskip("numba")
    x = np.array([[1.0, -2.0, 0.5], [0.0, 3.0, -1.0]])

    def step(x):
        return (np.maximum(x, 0) ** 2).sum()

    code = compile(grad(step), backend="native")
    np.testing.assert_array_equal(code(x), 2 * np.maximum(x, 0))
    assert "!= 0" not in code.source
    compared = compile(lambda x: ((x > 0) != 0, (x > 0) != False, (x > 0) == 0), backend="native")  # noqa: E712
    for found, wanted in zip(compared(x), (x > 0, x > 0, x <= 0), strict=True):
        np.testing.assert_array_equal(found, wanted)


def test_what_is_assigned_to_truth_values_is_one():
    """A byte of 254 would be True, too, and count as 254."""

    def assigned(a, b):
        for key, value in ((0, -2), (slice(1, 3), 300), (slice(3, 6), b)):
            a = a.copy()
            a[key] = value
        return a

    a, b = np.zeros(7, bool), np.array([256, 0, 2])
    found = compile(assigned, backend="native")(a, b)
    np.testing.assert_array_equal(found.view(np.uint8), assigned(a, b).view(np.uint8))
