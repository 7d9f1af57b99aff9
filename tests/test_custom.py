"""Derivatives of one's own: custom_vjp, primitive with defvjp and defjvp; to any order, in every transform."""

import copy
import pickle

import numpy as np
import pytest

from minigrad import Tensor, compile, custom_vjp, defjvp, defvjp, derive, grad, jacobian, jvp, primitive, vjp, vmap

X = np.array([0.3, -1.2, 2.0])
W = Tensor(X, requires_grad=True)


@custom_vjp
def doubled(x):
    """sin, whose derivative is said to be 2 cos, so that it is seen that the rule is asked."""
    return np.sin(x)


doubled.defvjp(lambda x: (np.sin(x), np.cos(x)), lambda c, g: (2 * c * g,))


@primitive
def doubled_primitive(x):
    return np.sin(np.asarray(x))


defvjp(doubled_primitive, lambda y, x: lambda g: 2 * np.cos(x) * g)


@primitive
def doubled_forward(x):
    return np.sin(np.asarray(x))


defjvp(doubled_forward, lambda t, y, x: 2 * np.cos(x) * t)
EACH = pytest.mark.parametrize("f", [doubled, doubled_primitive, doubled_forward], ids=["vjp", "primitive", "forward"])


@EACH
def test_the_rule_is_asked_in_every_transform(f):
    first, second = 2 * np.cos(X), -2 * np.sin(X)
    total = lambda x: f(x).sum()  # noqa: E731
    np.testing.assert_allclose(f(X), np.sin(X))
    np.testing.assert_allclose(grad(total)(X), first)
    np.testing.assert_allclose(vmap(grad(f))(X), first)
    np.testing.assert_allclose(grad(lambda x: vmap(f)(x).sum())(X), first)
    np.testing.assert_allclose(grad(lambda x: vmap(vmap(f))(x * np.ones((2, 1))).sum())(X), 2 * first)
    np.testing.assert_allclose(np.diag(jacobian(f)(X)), first)
    np.testing.assert_allclose(jvp(f, X, X)[1], first * X)
    np.testing.assert_allclose(vmap(grad(grad(f)))(X), second)
    np.testing.assert_allclose(grad(lambda x: vmap(grad(f))(x).sum())(X), second)
    np.testing.assert_allclose(grad(lambda x: grad(total)(x).sum())(X), second)
    w = Tensor(X, requires_grad=True)
    f(w).sum().backward()
    np.testing.assert_allclose(w.grad.data, first)


def test_compiled():
    np.testing.assert_allclose(compile(grad(lambda x: doubled(x).sum()))(X), 2 * np.cos(X))
    np.testing.assert_allclose(compile(vmap(grad(grad(doubled))))(X), -2 * np.sin(X))
    compiled = compile(lambda x, w: (doubled(x) * w).sum())
    np.testing.assert_allclose(grad(compiled)(X, X), 2 * np.cos(X) * X)
    np.testing.assert_allclose(grad(lambda x: grad(compiled)(x, X).sum())(X), -2 * np.sin(X) * X)
    scale = 3.0
    f = custom_vjp(lambda x: x)
    f.defvjp(lambda x: (x, None), lambda kept, g: (scale * g,))
    slope = compile(grad(f))
    assert slope(1.0) == 3
    scale = 5.0
    assert slope(1.0) == 5


def test_derived():
    """A derivation writes the value by its name, and the rule as it is stated: ∂E/∂w = 2 f(w) · 2 cos w."""
    for f in (doubled, doubled_primitive):
        w = Tensor(X, requires_grad=True, name="w")
        line = str(derive((f(w) ** 2).sum()))
        assert f"{f.__name__}(w)" in line
        assert "cos(w)" in line


def test_trees_and_what_has_no_gradient():
    @custom_vjp
    def f(p, n, mode):
        return {"s": p["a"] * n, "t": (p["b"] ** 2).sum(), "i": 3}

    f.defvjp(
        lambda p, n, mode: (f.f(p, n, mode), (p, n)),
        lambda kept, g: ({"a": 10 * g["s"] * kept[1], "b": 20 * kept[0]["b"] * g["t"]}, None, None),
    )
    p = {"a": X, "b": X[:2]}
    found = grad(lambda p: f(p, n=3.0, mode="x")["s"].sum() + f(p, 3.0, "x")["t"])(p)
    np.testing.assert_allclose(found["a"], [30, 30, 30])
    np.testing.assert_allclose(found["b"], 20 * X[:2])
    assert grad(lambda n: f(p, n, "x")["s"].sum() + n)(2.0) == 1


def test_arguments_that_are_not_differentiated():
    def bwd(n, kept, g):
        return 100 * n * kept[0] ** (n - 1) * kept[1] * g, None

    f = custom_vjp(lambda power, x, other: x**power * other, nondiff_argnums=(0,))
    f.defvjp(lambda n, x, other: (x**n * other, (x, other)), bwd)
    assert grad(lambda x: f(3, x, 2.0))(2.0) == 100 * 3 * 4 * 2


def test_what_all_lanes_share():
    @custom_vjp
    def f(w, x):
        return w * x

    f.defvjp(lambda w, x: (w * x, (w, x)), lambda kept, g: (2 * g * kept[1], 2 * g * kept[0]))
    assert grad(lambda w: vmap(lambda x: f(w, x))(X).sum())(3.0) == pytest.approx(2 * X.sum())
    np.testing.assert_allclose(vmap(lambda x: grad(f)(3.0, x))(X), 2 * X)


@primitive
def scaled(a, b, factor=1.0, axis=None):
    """Something that only NumPy itself computes: fancy things with arrays."""
    return np.add.reduce(np.multiply(np.array(a), np.array(b)).ravel()) * factor


defvjp(scaled, lambda y, a, b, factor=1.0, axis=None: lambda g: g * b * factor, None)


def test_arguments_by_name_and_position():
    assert grad(lambda a: scaled(a, X, factor=3.0))(X).tolist() == (3 * X).tolist()
    assert grad(lambda b: scaled(X, b) + b.sum())(X).tolist() == [1, 1, 1]
    again = primitive(lambda a, b: a * b)
    defvjp(again, lambda y, a, b: lambda g: 7 * g, argnums=[1])
    assert grad(again, 1)(2.0, 3.0) == 7
    defjvp(again, "same", argnums=[0])
    assert grad(again)(2.0, 3.0) == 3
    with pytest.raises(NotImplementedError, match="no derivative is stated by argument 0"):
        grad(primitive(lambda x: x))(1.0)


def test_copied_and_pickled():
    assert pickle.loads(pickle.dumps(doubled)) is doubled
    assert grad(copy.deepcopy(doubled_primitive))(0.0) == 2


@pytest.mark.parametrize(
    ("fwd", "bwd", "error", "message"),
    [
        (lambda x: x, lambda kept, g: (g,), TypeError, r"fwd must return \(value, kept\)"),
        (lambda x: (x, 0), lambda kept, g: (g, g), TypeError, "the gradient of each of 1 arguments, not a tuple"),
        (lambda x: (x, 0), lambda kept, g: (g[:2],), ValueError, r"gradient of argument 0 must have the shape \(3,\)"),
        (lambda x: (x * W, 0), lambda kept, g: (g,), TypeError, "reads a tensor from outside that requires a gradient"),
        (3, None, TypeError, "defvjp: wanted a function"),
    ],
)
def test_refused(fwd, bwd, error, message):
    f = custom_vjp(lambda x: x)
    with pytest.raises(TypeError, match="no derivative is stated"):
        f(X)
    with pytest.raises(error, match=message):
        grad(lambda x: (f.defvjp(fwd, bwd), f(x))[1].sum())(X)
    with pytest.raises(TypeError, match="made by primitive"):
        defvjp(np.sin, lambda y, x: lambda g: g)


def test_a_single_gradient_needs_no_tuple():
    f = custom_vjp(lambda x: x)
    f.defvjp(lambda x: (x, None), lambda kept, g: 4 * g)
    assert vjp(f, 1.0)[1](1.0) == (4,)
