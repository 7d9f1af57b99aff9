"""Trees as arguments and results: dicts, lists, tuples, namedtuples and dataclasses of arrays."""

from collections import Counter, OrderedDict, namedtuple
from dataclasses import dataclass

import numpy as np
import pytest

from minigrad import Tensor, compile, grad, jvp, value_and_grad, vjp
from minigrad.engine.transforms.trees import list_leaves, map_tree, name_leaves

Point = namedtuple("Point", "x y")


@dataclass(frozen=True)
class Layer:
    W: object
    b: object = None


@dataclass
class Plain:
    w: object


X = np.array([[1.0, -2.0], [0.5, 3.0]])
B = np.array([0.5, -1.0])


@pytest.mark.parametrize(
    ("tree", "W", "b"),
    [
        ({"W": X, "b": B}, lambda p: p["W"], lambda p: p["b"]),
        (OrderedDict(b=B, W=X), lambda p: p["W"], lambda p: p["b"]),
        ([X, B], lambda p: p[0], lambda p: p[1]),
        ((X, [B]), lambda p: p[0], lambda p: p[1][0]),
        (Point(X, B), lambda p: p.x, lambda p: p.y),
        (Layer(X, B), lambda p: p.W, lambda p: p.b),
        (
            {"layers": [Layer(X), Plain({"b": B})], "none": None},
            lambda p: p["layers"][0].W,
            lambda p: p["layers"][1].w["b"],
        ),
    ],
)
@pytest.mark.parametrize("wrap", [np.asarray, Tensor])
def test_a_gradient_is_a_tree_like_its_argument(tree, W, b, wrap):
    """∂/∂W Σ (x W + b)² = 2 xᵀ (x W + b), and ∂/∂b is its sum over the rows."""
    tree, x = map_tree(wrap, tree), np.array([[1.0, 2.0], [3.0, -1.0], [0.0, 1.0]])
    value, gradient = value_and_grad(lambda p: ((x @ W(p) + b(p)) ** 2).sum())(tree)
    rest = 2 * (x @ X + B)
    assert type(gradient) is type(tree)
    assert [path for path, _ in name_leaves(gradient)] == [path for path, _ in name_leaves(tree)]
    assert all(type(leaf) is type(wrap(X)) for leaf in list_leaves(gradient))
    data = map_tree(lambda t: getattr(t, "data", t) if wrap is Tensor else t, gradient)
    np.testing.assert_allclose(W(data), x.T @ rest)
    np.testing.assert_allclose(b(data), rest.sum(0))
    assert float(value if wrap is not Tensor else value.data) == pytest.approx((rest**2).sum() / 4)


def test_lists_of_bare_numbers_are_arrays_and_their_gradients_lists():
    assert grad(lambda x: (x**2).sum())([1.0, 2.0]) == [2, 4]
    assert grad(lambda x: x[0] * x[1])((3.0, 2.0)) == (2, 3)
    assert grad(lambda p: p["c"][0] * p["c"][1])({"c": [3.0, 2.0]}) == {"c": [2, 3]}
    assert grad(lambda p: p.x * p.y)(Point(3.0, 2.0)) == Point(2, 3)


def test_keys_go_by_name_and_not_by_order():
    _, pull = vjp(lambda x: {"a": 2 * x, "b": 3 * x}, 1.0)
    assert pull({"b": 1.0, "a": 10.0}) == (23,)
    slope = grad(lambda v: jvp(lambda p: np.exp(p[0]), ([0.4],), ([v],))[1])(2.0)
    np.testing.assert_allclose(slope, np.exp(0.4))  # tangents in a list, as the numbers are
    value, slope = jvp(lambda p: p["a"] * p["b"], ({"a": 2.0, "b": 5.0},), ({"b": 1.0, "a": 0.0},))
    assert (value, slope) == (10, 2)


@pytest.mark.parametrize("kind", [Layer, Plain, lambda W: {"w": [W, None]}])
def test_compiled(kind):
    """Arguments and results that are trees; a frozen dataclass of arrays cannot be hashed, and need not be."""
    slope = grad(lambda p: sum((leaf**2).sum() for leaf in list_leaves(p)))
    found = compile(slope)(kind(X))
    assert type(found) is type(kind(X))
    np.testing.assert_allclose(list_leaves(found)[0], 2 * X)


def test_arguments_by_name():
    def loss(w, x, *, scale=2.0):
        return (w["w"] * x).sum() * scale

    w = {"w": np.array([3.0])}
    assert grad(loss, "w")(w, np.array([5.0])) == {"w": [10]}
    assert grad(loss, "x")(w, x=np.array([5.0])) == [6]
    found = grad(loss, ("scale", "w"))(w, np.array([5.0]), scale=4.0)
    assert found == (15, {"w": [20]})
    assert grad(loss, ["x", 0])(w, np.array([5.0])) == (6, {"w": [10]})


def test_more_is_given_back_as_it_is():
    def f(x):
        return (x**2).sum(), {"twice": 2 * x, "label": "a"}

    x = np.array([1.0, 2.0])
    (value, more), gradient = value_and_grad(f, has_aux=True)(x)
    assert value == 5
    assert type(more["twice"]) is np.ndarray
    np.testing.assert_array_equal(more["twice"], gradient)
    assert more["label"] == "a"
    slope, more = grad(f, has_aux=True)(Tensor(x, requires_grad=True))
    assert slope.requires_grad
    more["twice"].sum().backward()


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda p: grad(f)({"a": [X, 3]}), TypeError, r"grad of f: argument 0\['a'\]\[1\] is int64.*Write 3\.0 for 3"),
        (lambda p: grad(f)([Layer(X, True)]), TypeError, r"argument 0\[0\]\.b is bool"),
        (lambda p: grad(f)(Point(X, "a")), TypeError, r"argument 0\.y is no tensor"),
        (lambda p: grad(f)({"a": None}), TypeError, "holds nothing to differentiate by"),
        (lambda p: grad(f, "q")(X), ValueError, r"argument 'q'; there are p, q_"),
        (lambda p: grad(f, "q_")(X), ValueError, r"argument 'q_', which was not given"),
        (lambda p: grad(f, ("p", 0))(X), ValueError, "each once"),
        (lambda p: grad(f, 1.5), TypeError, "argnums must be the number"),
        (lambda p: grad(f, has_aux=True)(X), TypeError, r"returns \(value, more\)"),
        (lambda p: vjp(lambda x: {"a": x}, X)[1]({"b": X}), ValueError, "the gradient must be a dict of 'a'"),
        (
            lambda p: vjp(lambda x: [x], X)[1]([B]),
            ValueError,
            r"the gradient\[0\] must have the shape \(2, 2\), not \(2,\)",
        ),
        (lambda p: vjp(lambda x: "a", X), TypeError, "the value must be an array or a number, not str"),
        (lambda p: jvp(np.sin, (X,), (B,)), ValueError, r"tangents\[0\] must have the primal's shape \(2, 2\)"),
        (lambda p: jvp(np.sin, (X,), (X, X)), ValueError, "tangents must be a tuple of 1, not a tuple of 2"),
        (lambda p: jvp(3, (X,), (X,)), TypeError, "jvp: wanted a function"),
    ],
)
def test_refused(run, error, message):
    with pytest.raises(error, match=message):
        run(None)


def f(p, q_=None):
    return np.sum(p)


def test_containers_of_other_classes_are_made_anew_as_they_are():
    class Row(list):
        def __init__(self, k, *values):
            super().__init__(values)
            self.k = k

    class Pair(tuple):
        pass

    pair = Pair((1.0, 2.0))
    pair.k = 5.0
    for tree, numbers in ((Counter(a=2, b=3), [4, 6]), (Row(7.0, 1.0, 2.0), [2.0, 4.0]), (pair, [2.0, 4.0])):
        doubled = map_tree(lambda x: 2 * x, tree)
        assert type(doubled) is type(tree)
        assert list(doubled.values() if isinstance(doubled, dict) else doubled) == numbers
        assert getattr(doubled, "k", None) == getattr(tree, "k", None)
