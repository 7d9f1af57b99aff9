"""Functions that arrange elements: places known later, what a choice ignores, wrong calls, derivations."""

import re
from functools import partial
from typing import Any

import numpy as np
import pytest

from minigrad import Tensor, compile, derive, grad, softmax, vmap
from minigrad.compiler.trace.traced import TraceError
from tests.test_compile_backends import BY_PYTHON

_np: Any = np  # for calls that its own types refuse
A = np.arange(12.0).reshape(3, 4) - 5
v = np.array([0.0, 0.0, 1.5, 0.0, 2.0, 0.0])


def leaf(data=A, name="W"):
    return Tensor(data, requires_grad=True, name=name)


# Places that are known only when code runs

LATER = {
    "take": (lambda x, i: np.take(x, i, axis=1), [[2, -1], [0, 2]]),
    "take around": (lambda x, i: np.take(x, i, mode="wrap"), [13, -14, 2]),
    "take near": (lambda x, i: np.take(x, i, 0, None, "clip"), [13, -14, 2]),
    "take_along_axis": (lambda x, i: np.take_along_axis(x, i, 0), [[2, 0, 1, 1], [0, 0, 0, 2]]),
    "choose": (lambda x, i: np.choose(i, [x[0], 2 * x[1], 7.0]), [0, 1, 2, 0]),
    "choose around": (lambda x, i: np.choose(i, x, mode="wrap"), [0, 7, -2, 1]),
    "choose near": (lambda x, i: np.choose(i, x, mode="clip"), [0, 7, -2, 1]),
    "select": (lambda x, i: np.select([i > 1, x > 2], [x, x * x], i), [0, 1, 2, 3]),
    "grid": (lambda x, i: x[np.ix_(i, [3, 0])], [2, 2, 1]),
}


@pytest.mark.parametrize("backend", ["numpy", BY_PYTHON], ids=["numpy", "native"])
@pytest.mark.parametrize("name", LATER)
def test_places_may_be_arguments_of_compiled_code(name, backend):
    call, i = LATER[name][0], np.array(LATER[name][1])
    compute = grad(lambda x, i: (call(x, i) ** 2).sum())
    step = compile(compute, backend=backend)
    for places in (i, i[::-1].copy()):
        np.testing.assert_allclose(step(A, places), compute(A, places), rtol=1e-14)
        np.testing.assert_allclose(compile(call, backend=backend)(A, places), call(A, places), rtol=1e-14)


@pytest.mark.parametrize("bad", [2, -1])
def test_a_choice_that_is_not_there_is_an_error_also_in_code(bad):
    def choose(i):
        return np.choose(i, [v[:2], v[2:4]])

    i = np.array([0, bad])
    for call in (choose, compile(choose, backend="numpy"), lambda i: choose(Tensor(i))):
        with pytest.raises((IndexError, ValueError)):
            call(i)


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.extract(x > 0, x),
        lambda x: np.compress(x[0] > 0, x, axis=1),
        lambda x: np.trim_zeros(x),
        lambda x: np.repeat(x, (x[0] > 0).astype(int), axis=1),
    ],
)
def test_a_shape_that_depends_on_data_is_no_code(call):
    assert isinstance(call(leaf()), Tensor)
    with pytest.raises(TraceError, match="only known when the compiled function runs"):
        compile(call)(A)


def test_counts_of_numbers_that_are_not_known_say_how_to_count():
    def count(x, w):
        return np.bincount(x, weights=w)

    def by_comparison(x, w):
        return np.sum(np.where(x[:, None] == np.arange(3), w[:, None], 0), axis=0)

    x, w = np.array([0, 2, 2]), np.array([1.0, 2.0, 3.0])
    for way in (compile, lambda f: lambda *xs: vmap(f)(*(x[None] for x in xs))):
        with pytest.raises(TypeError, match=r"how many sums there are .* np\.sum\(np\.where\(x\[:, None\] == np"):
            way(count)(x, w)
        np.testing.assert_array_equal(np.squeeze(way(by_comparison)(x, w)), count(x, w))


@pytest.mark.parametrize(("trim", "axis"), [("fb", None), ("F", None), ("b", 0), ("bf", (0, -1))])
@pytest.mark.parametrize("x", [v, A * (A > 2), np.zeros(3), np.zeros((2, 3))], ids=["vector", "matrix", "0", "00"])
def test_zeros_are_trimmed_as_numpy_does(x, trim, axis):
    axis = axis if axis is None or x.ndim > 1 or axis == 0 else 0
    t = leaf(x)
    y = np.trim_zeros(t, trim, axis)
    np.testing.assert_array_equal(y.data, np.trim_zeros(x, trim, axis), strict=True)
    y.sum().backward()
    assert t.grad.data.sum() == y.size


# What a choice ignores, and constants


@pytest.mark.parametrize(
    "call",
    [
        lambda x: np.tril(np.log(x)),
        lambda x: np.diag(np.log(x)),
        lambda x: np.select([x <= 0], [1.0], np.log(x)),
        lambda x: np.piecewise(x, [x > 0], [np.log, 1.0]),
        lambda x: np.take(np.log(x), [0, 1], axis=1)[1:],
        lambda x: np.delete(np.log(x), [2, 3]),
        lambda x: np.extract(x > 0, np.log(x)),
        lambda x: np.choose(x > 0, [0.0, np.log(x)]),
    ],
)
def test_nothing_comes_back_from_what_a_choice_ignored(call):
    x = leaf(np.array([[1.0, 0.0], [2.0, 3.0]]))
    with np.errstate(divide="ignore"):
        y = call(x)
        y[np.isfinite(y.data)].sum().backward()
    assert np.isfinite(x.grad.data).all()


@pytest.mark.parametrize("mode", ["reflect", "symmetric"])
@pytest.mark.parametrize("width", [1, 4, 9, 23])
def test_what_is_turned_around_an_end_depends_on_few_elements(mode, width):
    """A NaN comes to those that NumPy gives it to, however often the ends are met."""
    turned: Any = partial(_np.pad, pad_width=width, mode=mode, reflect_type="odd")
    for n in (2, 3, 5):
        x = np.linspace(-1, 2, n) ** 3
        for i in range(n):
            y = np.where(np.arange(n) == i, np.nan, x)
            np.testing.assert_array_equal(np.isnan(turned(leaf(y)).data), np.isnan(turned(y)))
        np.testing.assert_allclose(turned(leaf(x)).data, turned(x), rtol=1e-12, atol=1e-10)
        np.testing.assert_array_equal(turned(Tensor(np.arange(n))).data, turned(np.arange(n)))
        slopes = [turned(e) for e in np.eye(n)]
        np.testing.assert_allclose(grad(lambda x: turned(x).sum())(x), [s.sum() for s in slopes], atol=1e-9)


def test_whole_numbers_are_rounded_as_numpy_rounds_them():
    k = np.array([3, 1, 2, 8])
    for call in (
        partial(np.pad, pad_width=3, mode="mean", stat_length=2),
        partial(np.pad, pad_width=3, mode="linear_ramp"),
        lambda x: np.linspace(x, 9, 4, dtype=int),
    ):
        np.testing.assert_array_equal(call(Tensor(k)).data, call(k), strict=True)
        with pytest.raises(TypeError, match="rounds"):
            compile(call)(k)


def test_next_to_a_tensor_arrays_become_constants():
    for parts in (np.broadcast_arrays(leaf(), A[0]), np.meshgrid(leaf(v), A[0]), np.atleast_2d(leaf(), 1.0)):
        assert [part.requires_grad for part in parts] == [True, False]


# Wrong calls


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda t: np.flip(t, 5), ValueError, r"flip\(axis=5\): axis 5 is out of bounds.*W:\(3, 4\)"),
        (lambda t: np.rot90(t, 1, (0, 0)), ValueError, "Axes must be different, W"),
        (lambda t: np.moveaxis(t, 0, 7), ValueError, r"moveaxis\(0, 7\).*W"),
        (lambda t: np.split(t, 5), ValueError, r"split\(5, axis=0\).*equal division, W"),
        (lambda t: np.split(t, 0), ValueError, "wanted one part or more, W"),
        (lambda t: np.dsplit(t, 2), ValueError, "wanted 3 axes or more, W"),
        (lambda t: np.unstack(t, axis=2), ValueError, r"unstack\(axis=2\).*W"),
        (lambda t: np.trim_zeros(t, "x"), ValueError, "trim must be"),
        (lambda t: np.hstack([t, t[0]]), ValueError, "same number of dimensions.*W"),
        (lambda t: np.concatenate([t, t], dtype=int), TypeError, "casting='unsafe' does.*W"),
        (lambda t: np.block([[t, [t]]]), ValueError, "some blocks are 1 and others 2 lists deep"),
        (lambda t: np.block([t, (t,)]), TypeError, "not a tuple"),
        (lambda t: np.insert(t, 99, 1.0), IndexError, r"insert\(99.*W"),
        (lambda t: np.insert(t, [1, 2], np.ones(3)), ValueError, "insert.*W"),
        (lambda t: np.delete(t, 9, axis=1), IndexError, r"delete\(9, axis=1\).*W"),
        (lambda t: np.tile(t, -1), ValueError, "broadcast_to.*W"),
        (lambda t: np.repeat(t, [1, 2], axis=0), ValueError, r"repeat\(\[1, 2\], axis=0\).*W"),
        (lambda t: np.repeat(t, t), TypeError, "W requires a gradient"),
        (lambda t: np.roll(t, (1, 2, 3), axis=(0, 1)), ValueError, "roll.*W"),
        (lambda t: np.resize(t, (-1, 2)), ValueError, "0 or more.*W"),
        (lambda t: np.broadcast_arrays(t, t[:, 0]), ValueError, "broadcast_arrays.*W"),
        (lambda t: _np.pad(t, 1, "round"), ValueError, "'round' is none of constant.*W"),
        (lambda t: np.pad(t, -1), ValueError, r"pad\(-1.*negative.*W"),
        (lambda t: np.pad(t, 1, stat_length=2), ValueError, "'constant' has no argument stat_length.*W"),
        (lambda t: np.pad(t[:0], 1, "wrap"), ValueError, "axis 0 is empty"),
        (lambda t: np.pad(t, 1, lambda *a: None), TypeError, "np.concatenate"),
        (lambda t: np.take(t, [9], axis=0), IndexError, "index 9 is out of bounds.*W"),
        (lambda t: _np.take(t, [0], mode="x"), ValueError, "'raise', 'wrap' or 'clip'"),
        (lambda t: np.take(t, [0], out=np.zeros(1)), TypeError, "np.take.*W.*'out'"),
        (lambda t: np.take_along_axis(t, np.array([0]), 0), ValueError, r"2 axes, not int64 of \(1,\), W"),
        (lambda t: np.choose([0, -1], [t[0, :2], t[1, :2]]), ValueError, "the choices 0 to 1"),
        (lambda t: np.choose([0, 1], [t, t]), ValueError, "choose.*W"),
        (lambda t: np.compress([[True]], t), ValueError, "one axis"),
        (lambda t: np.select([t > 1], [t, t]), ValueError, "one choice for each condition"),
        (lambda t: np.select([np.ones(4, int)], [t]), TypeError, "condition 0 must hold truth values"),
        (lambda t: np.piecewise(t, [t > 1], [1, 2, 3]), ValueError, "1 or 2 functions"),
        (lambda t: np.diag(t[None]), ValueError, "a vector or a matrix.*W"),
        (lambda t: np.diagonal(t[0]), ValueError, "axis 1 is out of bounds.*W"),
        (lambda t: np.linspace(t, 1, -1), ValueError, "non-negative"),
        (lambda t: np.geomspace(t, 0), ValueError, "an end is 0"),
        (lambda t: _np.meshgrid(t, indexing="x"), ValueError, "'xy' or 'ij'"),
        (lambda t: np.ix_(t), ValueError, "one axis"),
        (lambda t: np.apply_along_axis(np.sum, 5, t), ValueError, "axis 5.*W"),
        (lambda t: np.apply_over_axes(np.sum, t, 5), ValueError, "axis 5.*W"),
        (lambda t: np.lib.stride_tricks.sliding_window_view(t, (9, 9)), ValueError, "window shape.*W"),
        (lambda t: np.reshape(t, (2, 6), order="A"), ValueError, "write 'C' or 'F', W"),
        (lambda t: np.where(t > 1, t), ValueError, "the condition alone, or x and y"),
        (lambda t: np.fill_diagonal(t, 0), TypeError, r"W requires a gradient.*v = W\.copy\(\)"),
        (lambda t: np.fill_diagonal(t[0].copy(), 0), ValueError, "at least 2-d"),
        (lambda t: np.multiply.at(t, [0], 2.0), TypeError, r"W requires a gradient.*v = W\.copy\(\)"),
        (lambda t: np.full((2, 2), t), TypeError, r"np\.broadcast_to\(x, shape\)"),
    ],
)
def test_a_wrong_call_says_what_was_wanted(call, error, message):
    with pytest.raises(error) as caught:
        call(leaf())
    assert re.search(message, str(caught.value), re.DOTALL), str(caught.value)


# Derivations

X, T = np.linspace(-1, 1, 12).reshape(4, 3), np.linspace(0, 1, 8).reshape(4, 2)


def test_a_column_of_ones_is_a_part_of_the_layers_input():
    x, W = Tensor(X, name="X"), leaf(np.ones((4, 2)))
    E = ((np.hstack([x, np.ones((4, 1))]) @ W - Tensor(T, name="T")) ** 2).sum() / 2
    assert str(derive(E)) == "δ₁ = ∂E/∂U₁ = Y₁ − T\n∂E/∂W = concatenate(X, c₁)ᵀ δ₁"


def test_a_diagonal_matrix_has_the_diagonal_of_the_gradient():
    s = leaf(np.ones(3), "s")
    E = ((Tensor(X, name="X") @ np.diag(s)) ** 2).sum()
    assert str(derive(E)) == "δ₁ = ∂E/∂U₁ = 2 U₁\n∂E/∂s = diag(Xᵀ δ₁)"


def test_a_triangle_and_what_is_rolled_go_back_the_same_way():
    S = leaf(np.ones((3, 3)), "S")
    assert str(derive((np.tril(S, -1) ** 2).sum())) == "∂E/∂S = tril(2 tril(S, -1), -1)"
    s = leaf(np.ones(3), "s")
    assert str(derive((np.roll(s, 1) * s).sum())) == "∂E/∂s = roll(s, 1) + roll(s, -1)"


def test_gates_that_are_split_put_their_gradients_side_by_side():
    V = leaf(np.ones((3, 4)) / 3, "V")
    a, b = np.split(Tensor(X, name="X") @ V, 2, axis=1)
    *_, delta, last = str(derive((np.tanh(a) * softmax(b)).sum())).splitlines()
    of_tanh, of_softmax = (
        r"softmax\(Y₁\[:, 2:4\]\) ⊙ \(1 − tanh\(Y₁\[:, 0:2\]\)²\)",
        r"softmax\(Y₁\[:, 2:4\]\) ⊙ .* − Σₖ .*",
    )
    assert re.fullmatch(rf"δ₁ = ∂E/∂U₁ = concatenate\({of_tanh}, {of_softmax}\)", delta), delta
    assert last == "∂E/∂V = Xᵀ δ₁"
