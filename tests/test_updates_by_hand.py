"""Updates by hand: augmented assignment, .data, and what users expect of numbers, masks and NumPy's functions."""

import functools
import io
import operator
from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, compile, no_grad, optim
from tests.compiling import as_code, running

SYMBOLS = {  # augmented assignment, and an operand that it takes for floats
    "+=": (lambda t, v: t.__iadd__(v), lambda a, v: a + v, 2.0),
    "-=": (lambda t, v: t.__isub__(v), lambda a, v: a - v, np.array([0.5, 1.5])),
    "*=": (lambda t, v: t.__imul__(v), lambda a, v: a * v, Tensor([2.0, 3.0])),
    "/=": (lambda t, v: t.__itruediv__(v), lambda a, v: a / v, 4),
    "**=": (lambda t, v: t.__ipow__(v), lambda a, v: a**v, 2),
    "@=": (lambda t, v: t.__imatmul__(v), lambda a, v: a @ v, np.array([[1.0, 2.0], [3.0, 4.0]])),
    "//=": (lambda t, v: t.__ifloordiv__(v), lambda a, v: a // v, 2),
    "%=": (lambda t, v: t.__imod__(v), lambda a, v: a % v, 2),
}
by_symbol = pytest.mark.parametrize("symbol", SYMBOLS)


def leaf(data, **options):
    return Tensor(data, requires_grad=True, **options)


def plain(x):
    return x.data if isinstance(x, Tensor) else x


# In no_grad: in place


@by_symbol
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_in_no_grad_a_leaf_is_written_in_place(symbol, dtype):
    assign, compute, value = SYMBOLS[symbol]
    p = leaf(np.array([5.0, 7.0], dtype), name="p")
    E, before = (p**3).sum(), p.data.copy()
    with no_grad():
        result = assign(p, value)
    assert result is p
    assert (p.requires_grad, p.name, p.dtype, p.op) == (True, "p", dtype, None)
    np.testing.assert_allclose(p.data, compute(before, plain(value)), rtol=1e-6)
    E.backward()  # of the values used
    np.testing.assert_allclose(p.grad.data, 3 * before**2)


def test_gradient_descent_by_hand_is_that_of_the_optimizer():
    ways = []
    for update in ("no_grad", "data", "data of no_grad", "SGD"):
        w = leaf([1.0, -2.0])
        optimizer = optim.SGD([w], lr=0.1)
        for _ in range(5):
            w.grad = None
            E = (w**4).sum()
            E.backward()
            if update == "no_grad":
                with no_grad():
                    w -= 0.1 * w.grad
            elif update == "data":
                w.data -= 0.1 * w.grad
            elif update == "data of no_grad":
                with no_grad():
                    w.data = w - 0.1 * w.grad
            else:
                optimizer.step()
        ways.append(w.data.copy())
        assert w.requires_grad
    for way in ways[1:]:
        np.testing.assert_allclose(way, ways[0], rtol=1e-14)


def test_elements_of_a_leaf_in_no_grad_and_of_a_constant():
    w, c = leaf([1.0, 2.0]), Tensor([1.0, 2.0])
    with no_grad():
        w[0] = 5
        w[1] -= Tensor(1.0)
    c[:1] *= 3
    c[1] = Tensor(9.0)
    np.testing.assert_array_equal(w.data, [5, 1])
    np.testing.assert_array_equal(c.data, [3, 9])
    c[0] = w[0]
    assert c.requires_grad


# Outside of it: an error, or nobody can tell


@by_symbol
def test_outside_it_is_an_error_on_a_leaf_with_the_way_out(symbol):
    assign, _, value = SYMBOLS[symbol]
    p = leaf([5.0, 7.0], name="p")
    with pytest.raises(TypeError, match=r"p requires a gradient.*with no_grad\(\): p"):
        assign(p, value)
    np.testing.assert_array_equal(p.data, [5, 7])


def test_a_view_inside_a_function_is_no_silent_rebinding():
    def f(x):
        y = x[:2]
        y *= 3
        return (x**2).sum() + y.sum()

    x = np.array([1.0, 2.0, 4.0])
    assert f(x.copy()) == 61 + 9
    np.testing.assert_array_equal(f(Tensor(x.copy())).data, 61 + 9)
    np.testing.assert_array_equal(f(leaf(x.copy()) * 1).data, 61 + 9)
    with pytest.raises(TypeError, match=r"requires a gradient.*\.copy\(\) first"):
        f(leaf(x.copy()))


@pytest.mark.parametrize(
    "view",
    [lambda x: x[1:], lambda x: x.T, lambda x: x.reshape(3, 1), lambda x: x[::-1], lambda x: np.expand_dims(x, 0)],
)
def test_every_view_is_written_through_but_for_that_of_a_leaf(view):
    y = view(leaf([1.0, 2.0, 3.0]))
    with pytest.raises(TypeError, match="requires a gradient"):
        y += 1
    c, d, by_numpy = Tensor([1.0, 2.0, 3.0]), leaf([1.0, 2.0, 3.0]) * 1, np.array([1.0, 2.0, 3.0])
    ys = [view(c), view(d), view(by_numpy)]
    for i in range(3):
        ys[i] += 1
    np.testing.assert_array_equal(c.data, by_numpy)
    np.testing.assert_array_equal(d.data, by_numpy)


def test_another_name_changes_as_in_numpy():
    x = leaf([1.0, 2.0])
    y = same = x * 2
    y += 1
    assert y is same
    kept = [x * 2]
    h = kept[0]
    h *= 2
    np.testing.assert_array_equal(same.data, [3, 5])
    np.testing.assert_array_equal(kept[0].data, [4, 8])
    u = x * 2
    array = u.data
    u -= 1
    np.testing.assert_array_equal(array, [2, 4])  # what .data has given out keeps what it held


BY_FUNCTIONS = {  # and ∂y/∂(w ⊙ x) after it
    "iadd": (lambda y: operator.iadd(y, 1.0), [1, 1, 1]),
    "its method": (lambda y: y.__iadd__(1.0), [1, 1, 1]),
    "of a view": (lambda y: y[:2].__imul__(3.0), [3, 3, 1]),
    "in a list": (lambda y: [operator.imul(y[1:], 2.0)], [1, 2, 2]),
    "reduce": (lambda y: functools.reduce(operator.isub, [y, 0.5 * y, 3.0]), [0.5, 0.5, 0.5]),
}


@pytest.mark.parametrize("backend", [None, "numpy", "interpreted"])
@pytest.mark.parametrize("way", BY_FUNCTIONS)
def test_augmented_assignment_by_its_function_changes_what_it_is_given(way, backend):
    x, w = np.array([1.0, 2.0, 3.0]), leaf([4.0, 5.0, 6.0])
    change, slope = BY_FUNCTIONS[way]

    def f(x):
        y = w * x
        change(y)
        (y * y).sum().backward()
        return y

    y = w.data * x
    change(y)
    with running(backend):
        found = (f if backend is None else as_code(f, backend))(x)
    np.testing.assert_allclose(found.data, y)
    np.testing.assert_allclose(w.grad.data, 2 * y * slope * x)


def test_accumulation_goes_on_as_everybody_writes_it():
    w, E = leaf([1.0, 2.0, 3.0]), 0
    for i in range(4):
        E += (w**i).sum()
    start = Tensor(0.0)
    start += E
    start /= 2
    h = w * 1
    for _ in range(3):
        h += np.tanh(h) @ np.eye(3) + h.sum()
        h *= 0.5
    start += h.sum()
    start.backward()
    v = leaf([1.0, 2.0, 3.0])
    k = v * 1
    for _ in range(3):
        k = (k + (np.tanh(k) @ np.eye(3) + k.sum())) * 0.5
    (sum((v**i).sum() for i in range(4)) / 2 + k.sum()).backward()
    np.testing.assert_allclose(w.grad.data, v.grad.data, rtol=1e-14)


class Module:
    """Accumulates in an attribute and in a list."""

    def __init__(self):
        self.total, self.parts = Tensor(0.0), [Tensor(0.0)]


def test_accumulation_in_an_attribute_and_in_a_list():
    w, module = leaf([2.0, 3.0]), Module()
    for _ in range(3):
        module.total += (w**2).sum()
        module.parts[0] += w.sum()
    (module.total + module.parts[0]).backward()
    np.testing.assert_array_equal(w.grad.data, [15, 21])


def test_shape_and_dtype_stay_as_numpy_keeps_them():
    x = leaf(np.ones(3, np.float32))
    y = x * 2
    y += np.ones(3)
    assert y.dtype == np.float32
    with pytest.raises(ValueError, match=r"the result has shape \(2, 3\), not \(3,\)"):
        y += np.ones((2, 3))
    n = Tensor([1, 2])
    with pytest.raises(TypeError, match="same_kind"):
        n += 0.5
    n += 1
    np.testing.assert_array_equal(n.data, [2, 3])
    counts = Tensor([1, 2])
    with pytest.raises(TypeError, match="int64 cannot hold"):
        counts += leaf([1.0, 2.0])


def test_a_recorded_result_in_no_grad_is_an_error():
    y = leaf([1.0, 2.0], name="w") * 2
    with no_grad(), pytest.raises(TypeError, match="behind its record's back"):
        y *= 2
    np.testing.assert_array_equal(y.data, [2, 4])


# .data


@pytest.mark.parametrize(
    ("value", "error", "message"),
    [
        ([1.0, 2.0], TypeError, r"data of p: wanted an array of float64 \(2,\), not list; write np\.array"),
        ((1.0, 2.0), TypeError, "not tuple"),
        (1.0, TypeError, "not float"),
        (None, TypeError, "not NoneType"),
        (np.array([1, 2]), TypeError, r"not of int64\. Convert it, with \.astype\(np\.float64\)"),
        (np.ones(2, np.float32), TypeError, "not of float32"),
        (np.array([True, False]), TypeError, "not of bool"),
        (np.array(["a", "b"]), TypeError, "dtype <U1"),
        (np.ones(3), ValueError, r"not one of shape \(3,\)"),
        (np.ones((2, 1)), ValueError, r"not one of shape \(2, 1\)"),
        (np.float64(1), ValueError, r"not one of shape \(\)"),
        (leaf([1.0, 2.0]), TypeError, r"not a Tensor that requires a gradient\. Compute the new value inside no_grad"),
        (Tensor([1, 2]), TypeError, "not of int64"),
    ],
)
def test_data_takes_arrays_of_the_same_shape_and_dtype(value, error, message):
    p = leaf([5.0, 7.0], name="p")
    with pytest.raises(error, match=message):
        p.data = value
    np.testing.assert_array_equal(p.data, [5, 7])


def test_a_constant_tensor_is_welcome_wherever_an_array_is():
    p, g = leaf([5.0, 7.0]), Tensor([1.0, 1.0])
    p.data = p.data - g
    p.data -= g
    p.data *= 2 * g
    np.testing.assert_array_equal(p.data, [6, 10])
    a = np.array([1.0, 2.0])
    a += g
    np.add(a, g, out=a)
    assert type(a) is np.ndarray
    np.testing.assert_array_equal(a, [3, 4])
    with pytest.raises(TypeError, match="out= does not work with a tensor"):
        a += p
    scalar = leaf(2.0)
    scalar.data = scalar.data - 0.5
    assert (type(scalar.data), scalar.item()) == (np.ndarray, 1.5)


def test_data_of_a_recorded_result_is_not_set():
    with pytest.raises(ValueError, match=r"result of a recorded operation.*\.detach\(\)"):
        (leaf([1.0]) * 2).data = np.array([3.0])


# As users expect


def test_formats_and_numbers():
    E = (leaf([1.0, 2.0]) ** 2).sum() / 3
    assert (f"{E:.3f}", f"{E:8.2e}", round(E, 2), round(E)) == ("1.667", "1.67e+00", 1.67, 2)
    assert f"{Tensor([1.0])}" == str(Tensor([1.0]))
    assert leaf([[1.0], [2.0]]).tolist() == [[1.0], [2.0]]
    assert list(range(Tensor(3))) == [0, 1, 2]
    with pytest.raises(TypeError):
        f"{Tensor([1.0, 2.0]):.3f}"
    with pytest.raises(TypeError):
        range(Tensor(3.0))


def test_operators_that_have_no_gradient():
    a, t = np.array([7, 8, 9]), Tensor([7, 8, 9])
    for f in (lambda x: x // 2, lambda x: 20 // x, lambda x: x % 4, lambda x: 20 % x, lambda x: x & 3, lambda x: 3 | x):
        result = f(t)
        assert isinstance(result, Tensor)
        np.testing.assert_array_equal(result.data, f(a), strict=True)
    w = leaf([1.0, 2.0, 3.0])
    for mask in (
        lambda w: (w > 1) & (w < 3),
        lambda w: (w < 2) | (w > 2),
        lambda w: ~(w > 1),
        lambda w: (w > 1) ^ True,
    ):
        np.testing.assert_array_equal(mask(w).data, mask(w.data), strict=True)
    for f in (lambda x: x // 2, lambda x: x % 2, lambda x: divmod(x, 2)[1], lambda x: 5 // x):
        np.testing.assert_array_equal(f(w).data, f(w.data), strict=True)


def test_compared_with_none():
    for t in (leaf([1.0, 2.0]), Tensor([1, 2]), leaf([1.0, 2.0]) * 2):
        np.testing.assert_array_equal((t == None).data, [False, False])  # noqa: E711
        np.testing.assert_array_equal((t != None).data, [True, True])  # noqa: E711


def test_saved_and_plotted(tmp_path):
    t, file = Tensor([1.0, 2.0]), io.BytesIO()
    np.save(file, t)
    file.seek(0)
    np.testing.assert_array_equal(np.load(file), [1, 2])
    np.savez(tmp_path / "t.npz", t=t)
    np.testing.assert_array_equal(np.load(tmp_path / "t.npz")["t"], [1, 2])
    figure = pytest.importorskip("matplotlib.figure").Figure()
    (line,) = figure.subplots().plot(t, t * 2)
    np.testing.assert_array_equal(line.get_ydata(), [2, 4])


M = np.array([[2.0, 1.0], [1.0, 3.0]])
ANY = [
    np.linalg.norm, np.linalg.inv, np.linalg.eigh, np.linalg.svd, np.cumsum, np.diff, np.floor, np.rint, np.median,
    np.add.reduce, np.multiply.accumulate, np.fft.fft, np.unique, np.sort, np.trace, np.isnan, np.logical_not,
    lambda x: np.sum(x, dtype=np.float32), lambda x: np.clip(x, 1, 2), lambda x: np.percentile(x, 30),
    lambda x: np.add.outer(x, x), lambda x: np.modf(x), lambda x: np.split(x, 2), lambda x: np.einsum("ij,jk", x, x),
    lambda x: np.linalg.solve(x, [1.0, 2.0]), lambda x: np.exp(x, where=[True, False], out=np.zeros((2, 2))),
    lambda x: np.interp(1.5, [1.0, 2.0], x[0]), lambda x: np.atleast_3d(x), lambda x: np.meshgrid(x[0], x[1]),
]  # fmt: skip


def assert_same(found, right):
    if isinstance(right, tuple | list):
        assert len(found) == len(right)
        for f, r in zip(found, right, strict=True):
            assert_same(f, r)
        return
    assert not (isinstance(found, Tensor) and found.requires_grad)
    np.testing.assert_array_equal(plain(found), right)
    assert np.asarray(plain(found)).dtype == np.asarray(right).dtype


@pytest.mark.parametrize("f", ANY)
def test_any_function_of_numpys_works_on_constants_and_in_no_grad(f):
    assert_same(f(Tensor(M.copy())), f(M))
    w = leaf(M.copy(), name="w")
    with no_grad():
        assert_same(f(w), f(M))
    assert_same(f(w.detach()), f(M))


def test_where_an_operand_is_recorded_it_is_refused_as_before():
    for x in (leaf(M), leaf(M) * 2):
        with pytest.raises(TypeError, match="is not differentiable"):
            np.unpackbits(x[0])
    with pytest.raises(TypeError, match=r"requires a gradient, and is changed in place only inside no_grad"):
        np.clip(Tensor(M), 0, 1, out=leaf(M))


def test_functions_that_write_into_a_constant():
    c, w = Tensor(np.zeros((2, 2)), name="c"), leaf(np.ones((2, 2)))
    E = (w * c).sum()
    one: Any = np.add(c, 1, out=c)  # type: ignore[call-overload]
    assert one is c
    np.fill_diagonal(c, 7)
    np.copyto(c, 3.0, where=np.array([[True, False], [False, False]]))
    np.testing.assert_array_equal(c.data, [[3, 1], [1, 7]])
    with pytest.raises(RuntimeError, match="the array of c has been changed"):
        E.backward()
    with no_grad():
        np.clip(w, 2, 3, out=w)
    np.testing.assert_array_equal(w.data, 2)


# Inside a compiled function

KNOWN = Tensor([1.0, 2.0, 3.0], name="known")


@pytest.mark.parametrize("backend", ["numpy", "native"])
@pytest.mark.parametrize("way", ["no_grad", "data", "Tensor in no_grad"])
def test_an_update_by_hand_is_compiled(way, backend):
    if backend == "native":
        pytest.importorskip("numba")
    W = leaf([1.0, 2.0, 3.0], name="W")

    def step(x):
        nonlocal W
        W.grad = None
        E = (W**2 * x).sum()
        E.backward()
        if way == "no_grad":
            with no_grad():
                W -= 0.1 * W.grad
        elif way == "data":
            W.data = W.data - 0.1 * W.grad
        else:
            with no_grad():
                W.data = W - 0.1 * W.grad
        return E

    code, x = compile(step, backend=backend), np.array([0.5, 1.0, 2.0])
    first, by_hand = W, np.array([1.0, 2.0, 3.0])
    for _ in range(3):
        code(x)
        by_hand = by_hand - 0.1 * 2 * by_hand * x
        np.testing.assert_allclose(W.data, by_hand, rtol=1e-14)
    assert W is first


@pytest.mark.parametrize(
    "f",
    [
        lambda x: x * np.unique(KNOWN),
        lambda x: x * KNOWN.item(),
        lambda x: x * float(KNOWN[0]),
        lambda x: x * KNOWN.tolist()[1],
        lambda x: x if KNOWN[0] else -x,
        lambda x: f"{x.sum():.3f}",
        lambda x: round(x.sum()),
        lambda x: np.asarray(KNOWN) * x,
    ],
)
def test_what_a_trace_cannot_follow_is_an_error(f):
    with pytest.raises(TypeError, match=r"compile|trace|no operation"):
        compile(f)(np.array([1.0, 2.0, 3.0]))


def test_augmented_assignment_to_what_a_compiled_function_has_made_itself():
    def f(x):
        y = x * 2
        y += 1
        y @= np.eye(3)
        y += np.tanh(y)
        E = y.sum()
        E *= 2
        return E, y

    x = np.array([1.0, 2.0, 3.0])
    assert_same([plain(t) for t in compile(f)(x)], [np.float64(f(x)[0]), f(x)[1]])


@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
@pytest.mark.parametrize("kind", [np.matrix, np.ma.masked_array])
def test_what_computes_by_rules_of_its_own_is_no_data(kind):
    w = Tensor(np.eye(2), requires_grad=True, name="w")
    with pytest.raises(TypeError, match="data of w: wanted an array of numbers, not a "):
        w.data = kind([[1.0, 2.0], [3.0, 4.0]])
    np.testing.assert_array_equal(w.data, np.eye(2))
