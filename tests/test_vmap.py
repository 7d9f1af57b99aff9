"""vmap, jacobian and hessian: what one call an example gives, of every operation, in every nesting."""

import pickle
import sys
from collections import Counter

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, hessian, hvp, jacobian, jvp, no_grad, value_and_grad, vjp, vmap
from minigrad.ops.base import Op
from minigrad.ops.common.lanes import apply_each
from tests.samples import SAMPLES

rng = np.random.default_rng(0)
X, W = rng.normal(size=(4, 3)), rng.normal(size=(3, 2))


def layer(w, x):
    return np.tanh(x @ w)


def energy(w, x):
    return (layer(w, x) ** 2).sum()


def in_a_loop(f, *arrays):
    return np.stack([f(*rows) for rows in zip(*arrays, strict=True)])


# Every operation


def plain(x):
    return x.data if isinstance(x, Tensor) else x


def a_few_of_each(samples, most=12):
    """Give the first rows of each operation: the others differ in shapes and fields alone."""
    rows, counts = [], Counter()
    for sample in samples:
        name = getattr(sample.op, "name", sample.op)
        counts[name] += 1
        rows += [sample] if counts[name] <= most else []
    return rows


@pytest.mark.filterwarnings("ignore:grad of total")  # of sign, which has none
@pytest.mark.parametrize("sample", a_few_of_each(SAMPLES), ids=str)
def test_every_operation(sample):
    """Two examples, of which the second has the elements in reverse; then one operand for both, and gradients."""
    inputs = sample.arrays()
    if not inputs:
        return
    pairs = [np.stack([x, x.ravel()[::-1].reshape(x.shape)]) for x in inputs]
    with np.errstate(all="ignore"):
        found = vmap(sample.call)(*pairs)
        np.testing.assert_allclose(plain(found), in_a_loop(sample.numpy, *pairs), rtol=1e-12, atol=1e-12)
        for alone in range(len(inputs) if len(inputs) > 1 else 0):
            axes = tuple(None if i == alone else 0 for i in range(len(inputs)))
            given = [x if i == alone else pair for i, (x, pair) in enumerate(zip(inputs, pairs, strict=True))]
            both = [np.stack([x, x]) if i == alone else x for i, x in enumerate(given)]
            found = vmap(sample.call, axes)(*given)
            np.testing.assert_allclose(plain(found), in_a_loop(sample.numpy, *both), rtol=1e-12, atol=1e-12)
        if found.dtype.kind != "f":
            return

        def total(*xs):
            y = sample.call(*xs)
            return (y * np.cos(np.arange(float(y.size)).reshape(y.shape))).sum()

        slopes = grad(total, tuple(range(len(inputs))))
        expected = [slopes(*rows) for rows in zip(*pairs, strict=True)]
        for i, slope in enumerate(vmap(slopes)(*pairs)):
            np.testing.assert_allclose(slope, np.stack([row[i] for row in expected]), rtol=1e-10, atol=1e-10)


# Axes and trees


def test_each_operation_has_a_rule_for_all_lanes_at_once():
    """None is applied to one lane after the other, but by the rule of another that says why."""
    classes = {sample.op if isinstance(sample.op, type) else type(sample.op) for sample in SAMPLES}
    assert {cls.__name__ for cls in classes if cls.batch is Op.batch} == set()


@pytest.mark.filterwarnings("ignore:grad of")
def test_no_operation_goes_through_the_lanes(monkeypatch):
    """In no row of the table, nor in its gradient: what a rule falls back to for some operands is not for these."""
    one_by_one = []
    for module in list(sys.modules.values()):
        if module.__name__.startswith("minigrad.ops") and hasattr(module, "apply_each"):
            monkeypatch.setattr(module, "apply_each", lambda op, *xs: one_by_one.append(str(op)) or apply_each(op, *xs))
    for sample in a_few_of_each(SAMPLES, 4):
        pairs = [np.stack([x, x.ravel()[::-1].reshape(x.shape)]) for x in sample.arrays()]
        with np.errstate(all="ignore"):
            found = vmap(sample.call)(*pairs) if pairs else np.zeros(1, int)
            if plain(found).dtype.kind == "f":
                vmap(grad(lambda *xs, f=sample.call: f(*xs).sum(), tuple(range(len(pairs)))))(*pairs)
    assert one_by_one == []


@pytest.mark.parametrize(
    "name", ["argmax", "argmin", "nanargmax", "nanargmin", "argsort", "any", "all", "count_nonzero"]
)
def test_positions_of_all_lanes_at_once(name):
    f, x = getattr(np, name), np.round(rng.normal(size=(3, 2, 4)), 1) * (rng.random((3, 2, 4)) > 0.3)
    for axis in (None, 0, 1, -1, *([(0, 1)] if name in ("any", "all", "count_nonzero") else [])):
        for more in ({}, {"keepdims": True}) if name != "argsort" else ({},):
            found = vmap(lambda v, axis=axis, more=more: v.sum() * f(v, axis=axis, **more))(x)
            wanted = np.stack([row.sum() * f(row, axis=axis, **more) for row in x])
            np.testing.assert_allclose(found, wanted, err_msg=f"{axis} {more}")
    np.testing.assert_array_equal(vmap(lambda v: f(v) * 1.0)(x), np.stack([f(row) * 1.0 for row in x]))


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int8, np.int16, np.int64, np.float32])
@pytest.mark.parametrize("f", [np.vdot, np.dot, np.inner, np.matmul, np.outer, np.tensordot, np.kron, np.convolve])
def test_products_of_whole_numbers_wrap_as_they_do_without_lanes(f, dtype):
    rng = np.random.default_rng(0)
    X, Y = (rng.integers(-100, 100, (3, 4)).astype(dtype) for _ in range(2))
    arguments = (1,) if f is np.tensordot else ()
    found = vmap(lambda x, y: f(x, y, *arguments))(X, Y)
    np.testing.assert_array_equal(
        found, np.stack([f(x, y, *arguments) for x, y in zip(X, Y, strict=True)]), strict=True
    )


def test_axes():
    np.testing.assert_allclose(vmap(layer, in_axes=(None, 0))(W, X), layer(W, X))
    np.testing.assert_allclose(vmap(layer, in_axes=(None, 1), out_axes=1)(W, X.T), layer(W, X).T)
    np.testing.assert_allclose(vmap(layer, in_axes=(2, -2))(np.stack([W] * 4, 2), X), layer(W, X))
    np.testing.assert_array_equal(vmap(lambda x: 3.0, out_axes=0)(X), np.full(4, 3.0))
    np.testing.assert_array_equal(vmap(lambda x: W, out_axes=None)(X), W)


def test_trees():
    given = {"a": X, "b": (np.arange(4), 5.0)}
    found = vmap(
        lambda p, *, c: {"y": p["a"] * p["b"][0] + p["b"][1], "c": [c, None]}, in_axes=({"a": 0, "b": (0, None)},)
    )(given, c=X[:, 0])
    np.testing.assert_allclose(found["y"], X * np.arange(4)[:, None] + 5)
    np.testing.assert_array_equal(found["c"][0], X[:, 0])
    assert vmap(np.sin)([0.0, 0.0]).tolist() == [0, 0]


def test_what_comes_out_is_the_callers_own():
    for f in (lambda x: x, lambda x: x.T, lambda x: X[0]):
        found = vmap(f)(X)
        found[:] = 9
        assert (X != 9).all()


def test_no_examples():
    assert vmap(lambda x: np.sort(x) if 0 else x * 2)(np.ones((0, 3))).shape == (0, 3)


def test_functions_that_are_no_operations_are_called_for_each():
    np.testing.assert_array_equal(vmap(np.argmax)(X), X.argmax(1))
    np.testing.assert_array_equal(vmap(lambda x: x.argmin())(X), X.argmin(1))
    np.testing.assert_array_equal(vmap(lambda x: x[np.argsort(x)])(X), np.sort(X))
    np.testing.assert_array_equal(vmap(np.zeros_like)(X), 0 * X)


def test_indices_that_differ():
    i = np.array([2, 0, 1, 1])
    np.testing.assert_array_equal(vmap(lambda x, i: x[i])(X, i), X[np.arange(4), i])
    np.testing.assert_array_equal(vmap(lambda i: Tensor(W)[i])(i).data, W[i])
    np.testing.assert_array_equal(vmap(lambda i: Tensor(W)[:, i % 2])(i).data, W.T[i % 2])
    slope = grad(lambda w: vmap(lambda i: w[i])(i).sum())(W)
    np.testing.assert_array_equal(slope, [[1, 1], [2, 2], [1, 1]])


def test_assignment_in_place():
    """As for a Tensor: a new one where nobody could tell, and an error where somebody could."""

    def total(x):
        y, s = x * 1, 0.0
        y *= 3
        for e in y:
            s += e
        return s

    np.testing.assert_allclose(vmap(total)(X), 3 * X.sum(1))


# Gradients


def test_gradients_of_each_example():
    expected = in_a_loop(lambda x: grad(energy)(W, x), X)
    np.testing.assert_allclose(vmap(grad(energy), (None, 0))(W, X), expected)
    values, slopes = vmap(value_and_grad(energy), (None, 0))(W, X)
    np.testing.assert_allclose(values, in_a_loop(lambda x: energy(W, x), X))
    np.testing.assert_allclose(slopes, expected)
    with no_grad():
        np.testing.assert_allclose(vmap(lambda x: grad(energy)(W, x))(X), expected)


NESTED = {
    "grad of vmap": lambda w: grad(lambda w: vmap(lambda x: energy(w, x))(X).sum())(w),
    "vmap of grad, summed": lambda w: vmap(lambda x: grad(energy)(w, x))(X).sum(0),
    "vjp in vmap": lambda w: vmap(lambda x: vjp(energy, w, x)[1](1.0)[0])(X).sum(0),
    "vmap of a pullback": lambda w: np.sum(vmap(vjp(lambda w: vmap(lambda x: energy(w, x))(X), w)[1])(np.eye(4))[0], 0),
    "jacobian": lambda w: np.sum(jacobian(lambda w: vmap(lambda x: energy(w, x))(X))(w), 0),
    "vmap of a compiled one": lambda w: vmap(lambda x: grad(compile(energy))(w, x))(X).sum(0),
    "vmap of jacobian": lambda w: vmap(lambda x: jacobian(energy)(w, x))(X).sum(0),
}


@pytest.mark.parametrize("nested", NESTED.values(), ids=NESTED)
def test_nested(nested):
    """∂/∂W of Σ energy, in many ways; and what depends on it, by W, in the same ways: a product with the Hessian."""
    total = grad(lambda w: energy(w, X))
    np.testing.assert_allclose(nested(W), total(W))
    np.testing.assert_allclose(compile(nested)(W), total(W))
    twice = grad(lambda w: (total(w) ** 2).sum())(W)
    np.testing.assert_allclose(grad(lambda w: (nested(w) ** 2).sum())(W), twice)
    w = Tensor(W, requires_grad=True)
    (nested(w) ** 2).sum().backward()
    np.testing.assert_allclose(w.grad.data, twice)


def test_vmap_in_vmap():
    """All pairs: the inner one maps over what the outer one holds still."""
    Y = rng.normal(size=(2, 3))
    pairs = vmap(lambda x: vmap(lambda y: np.tanh(x * y).sum())(Y))
    expected = np.tanh(X[:, None] * Y[None]).sum(-1)
    np.testing.assert_allclose(pairs(X), expected)
    slopes = vmap(grad(lambda x: vmap(lambda y: np.tanh(x * y).sum())(Y).sum()))(X)
    np.testing.assert_allclose(slopes, grad(lambda x: pairs(x).sum())(X))
    inner = vmap(lambda x: vmap(lambda y: grad(lambda z: (x * z * y).sum() * z[0])(x))(Y))(X)
    np.testing.assert_allclose(inner[1, 1], grad(lambda z: (X[1] * z * Y[1]).sum() * z[0])(X[1]))


def test_forward_in_vmap():
    np.testing.assert_allclose(vmap(lambda x: jvp(np.sin, (x,), (x,))[1])(X), X * np.cos(X))
    np.testing.assert_allclose(vmap(lambda x: hvp(lambda x: (x**3).sum(), x, x))(X), 6 * X**2)


# Whole matrices


@pytest.mark.parametrize("shape", [(2, 3), (9, 3)], ids=["rows", "columns"])
def test_a_jacobian(shape):
    A, x = rng.normal(size=shape), rng.normal(size=3)
    for f in (lambda x: np.tanh(A @ x), compile(lambda x: np.tanh(A @ x))):
        J = (1 - np.tanh(A @ x) ** 2)[:, None] * A
        np.testing.assert_allclose(jacobian(f)(x), J)
        np.testing.assert_allclose(compile(jacobian(f))(x), J)
        H = -2 * (np.tanh(A @ x) * (1 - np.tanh(A @ x) ** 2))[:, None, None] * A[:, :, None] * A[:, None]
        np.testing.assert_allclose(jacobian(jacobian(f))(x), H)


def test_a_jacobian_of_trees():
    found = jacobian(lambda p, k: {"s": p["a"] * p["b"], "t": [k * 1.0, 7.0]}, (0, "k"))({"a": X[0], "b": 2.0}, k=3.0)
    np.testing.assert_allclose(found["s"][0]["a"], 2 * np.eye(3))
    np.testing.assert_allclose(found["s"][0]["b"], X[0])
    assert found["t"][0] == ({"a": pytest.approx(np.zeros(3)), "b": 0}, 1)
    assert found["t"][1][1] == 0
    assert found["s"][1].shape == (3,)


def test_a_jacobian_with_more():
    J, more = jacobian(lambda x: (x**2, {"n": 3}), has_aux=True)(np.array([1.0, 2.0]))
    np.testing.assert_array_equal(J, [[2, 0], [0, 4]])
    assert more == {"n": 3}


def test_a_hessian():
    """∂²/∂x² of Σ xᵢ³ is diag 6 x, and of ½ xᵀ A x the symmetric part of A."""
    A, x = rng.normal(size=(3, 3)), X[0]
    np.testing.assert_allclose(hessian(lambda x: (x**3).sum())(x), np.diag(6 * x))
    np.testing.assert_allclose(hessian(lambda x: x @ A @ x / 2)(x), (A + A.T) / 2)
    np.testing.assert_allclose(compile(hessian(lambda x: x @ A @ x / 2))(x), (A + A.T) / 2)
    np.testing.assert_allclose(vmap(hessian(lambda x: (x**3).sum()))(X)[2], np.diag(6 * X[2]))
    assert hessian(np.sin)(0.5) == pytest.approx(-np.sin(0.5))
    blocks = hessian(lambda a, b: (a * b**2).sum(), (0, 1))(x, 2.0)
    np.testing.assert_allclose(blocks[1][0], np.full(3, 4.0))
    np.testing.assert_allclose(blocks[1][1], 2 * x.sum())


def test_a_constant_has_a_jacobian_of_zeros():
    np.testing.assert_array_equal(jacobian(lambda x: 3.0)(X[0]), np.zeros(3))
    np.testing.assert_array_equal(jacobian(lambda x: np.ones((2, 2)))(X[0]), np.zeros((2, 2, 3)))


def test_transforms_are_pickled():
    for f in (vmap(np.sin), jacobian(np.sin), hessian(np.sin), vmap(grad(np.sin))):
        np.testing.assert_allclose(
            pickle.loads(pickle.dumps(f))(np.array([0.5])), f(np.array([0.5]))
        ) if f.func.__name__ == "_map" else pickle.loads(pickle.dumps(f))(0.5)


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: vmap(np.add)(X, W), ValueError, "different numbers of examples, 4 in argument 0, 3 in argument 1"),
        (lambda: vmap(np.add)(X, 3.0), ValueError, r"argument 1 is a float, which has no axis.*in_axes=None"),
        (lambda: vmap(np.sin, in_axes=2)(X), ValueError, r"argument 0 has shape \(4, 3\) and no axis 2"),
        (lambda: vmap(np.sin, in_axes=None)(X), ValueError, "in_axes maps over none of the arguments"),
        (
            lambda: vmap(np.add, in_axes=(0,))(X, X),
            ValueError,
            "in_axes is a tuple of 1, and what it is for a tuple of 2",
        ),
        (lambda: vmap(np.sin, out_axes=None)(X), ValueError, "out_axes is None for a value that differs"),
        (lambda: vmap(np.sin, out_axes=3)(X), ValueError, "out_axes names axis 3"),
        (lambda: vmap(lambda x: "a")(X), TypeError, "the function returned a str"),
        (lambda: vmap(lambda x: x if x.sum() > 0 else -x)(X), TypeError, "vmap of <lambda>: the bare value.*4 lanes"),
        (lambda: vmap(lambda x: float(x[0]))(X), TypeError, "bare value"),
        (lambda: vmap(lambda x: x[x > 0])(X), TypeError, "a mask chooses elements"),
        (lambda: vmap(lambda i: W[i])(np.arange(2)), TypeError, r"to index W by it, write Tensor\(W\)\[i\]"),
        (lambda: vmap(lambda x: x @ W.T)(X), ValueError, r"matmul: inner sizes differ, .*\(3,\).*\(2, 3\)"),
        (lambda: vmap(lambda x: x.sum(1))(X), (ValueError, TypeError), "axis 1 is out of bounds"),
        (lambda: vmap(lambda x: np.nonzero(x > 0)[0])(X), TypeError, "array of one shape for every lane"),
        (
            lambda: vmap(lambda x, i: (x * 1).__setitem__(i, 1.0))(X, np.arange(4)),
            IndexError,
            "index 3 is out of bounds",
        ),
        (lambda: vmap(lambda x: (x * x[:, None])[x > 0, x.argmax()])(X), TypeError, "mask beside other indices"),
        (lambda: vmap(lambda x: x.sum().backward())(X), TypeError, r"Take gradients by grad\(f\)"),
        (lambda: vmap(3), TypeError, "vmap: wanted a function"),
        (lambda: vmap(lambda x: kept.append(x) or x)(X) + kept[0] * 2, TypeError, "after that has returned"),
        (lambda: jacobian("a"), TypeError, "jacobian: wanted a function"),
        (lambda: hessian(lambda x: x * 2)(X), ValueError, "wanted a scalar value"),
    ],
)
def test_refused(run, error, message):
    with pytest.raises(error, match=message):
        run()


kept: list[Tensor] = []


def triple(x):
    y = x
    y *= 3
    return y


def test_a_list_is_an_array_in_lanes_too():
    x = np.array([[0.5, 1.5, -1.0], [2.0, 0.0, 1.0]])

    def E(x):
        return (np.heaviside([0.0, 1.0, 0.0], x) + np.maximum([1, 1, 1], x) * [1, 2, 3]).sum()

    np.testing.assert_allclose(vmap(grad(E))(x), [[1, 2, 1], [2, 0, 1 + 1.5]])
    np.testing.assert_allclose(vmap(grad(E))(x), [grad(E)(row) for row in x])
