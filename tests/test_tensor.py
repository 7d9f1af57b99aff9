"""Tensor: what it takes, what it records, and what it leaves in ``grad``."""

import copy

import numpy as np
import pytest

from minigrad import Tensor
from minigrad.ops.base import Elementwise


def leaf(data, **options):
    return Tensor(data, requires_grad=True, **options)


# Making one


@pytest.mark.parametrize(
    ("data", "dtype", "shape"),
    [
        (2.0, np.float64, ()),
        (2, np.int64, ()),
        (True, np.bool_, ()),
        ([1.0, 2.0], np.float64, (2,)),
        ([[1, 2], [3, 4]], np.int64, (2, 2)),
        ((1.0, 2), np.float64, (2,)),
        ([], np.float64, (0,)),
        (np.float32(2), np.float32, ()),
        (np.ones((2, 0), np.float16), np.float16, (2, 0)),
        (range(3), np.int64, (3,)),
    ],
)
def test_made_of(data, dtype, shape):
    t = Tensor(data)
    assert isinstance(t.data, np.ndarray)
    assert (t.dtype, t.shape, t.ndim, t.size) == (dtype, shape, len(shape), np.size(data))
    np.testing.assert_array_equal(t.data, data)
    assert not t.requires_grad
    assert t.grad is None


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble])
def test_an_array_is_kept_as_it_is(kind):
    x = np.ones((2, 3), kind)[:, ::2]
    assert leaf(x).data is x


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Tensor([Tensor(1.0), Tensor(2.0)]), TypeError, "the list holds tensors. Join them with np.stack"),
        (lambda: Tensor([[1.0, (leaf(1.0),)]]), TypeError, "np.stack"),
        (lambda: Tensor(leaf(1.0, name="w")), TypeError, r"the data is already a tensor, w:\(\)"),
        (lambda: leaf([1, 2]), TypeError, "holds int64, and only floating-point and complex tensors have gradients"),
        (lambda: leaf(True), TypeError, r"holds bool.*\.astype\(float\)"),
        (lambda: Tensor("abc"), TypeError, "number"),
        (lambda: Tensor(None), TypeError, "number"),
        (lambda: Tensor({"a": 1.0}), TypeError, "number"),
        (lambda: Tensor([[1.0], [1.0, 2.0]]), ValueError, "inhomogeneous"),
        (lambda: setattr(leaf(1.0) * 2, "requires_grad", False), ValueError, r"multiply\(tensor, 2\) is the result"),
        (lambda: setattr(Tensor([1, 2], name="n"), "requires_grad", True), TypeError, "n holds int64"),
        (lambda: setattr(leaf(1.0), "grad", np.ones(())), TypeError, "wanted a Tensor or None, not ndarray"),
        (lambda: setattr(leaf([1.0], name="w"), "grad", Tensor(1.0)), ValueError, r"grad of w: wanted shape \(1,\)"),
    ],
)
def test_refused(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_requires_grad_may_be_switched_on_a_leaf():
    x = Tensor([1.0, 2.0])
    x.requires_grad = True
    (x * x).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [2, 4])
    x.requires_grad = False
    assert not (x * x).requires_grad
    np.testing.assert_array_equal(x.grad.data, [2, 4])


def test_results_require_gradients_where_an_input_does():
    x, c = leaf([1.0, 2.0]), Tensor([1.0, 2.0])
    assert (x * c).requires_grad
    assert not (c * c).requires_grad
    assert not (x > c).requires_grad
    assert not np.sign(x).requires_grad


def test_places_are_those_of_the_line_that_made_it():
    x = leaf([1.0])
    assert x.place.startswith("test_tensor.py:")
    assert (x * 2).place is None
    assert copy.deepcopy(x).place is None or copy.deepcopy(x).place.startswith("test_tensor.py:")


# backward


def test_grad_adds_up_over_calls_until_it_is_set_to_none():
    x = leaf([1.0, 2.0])
    y = (x * x).sum()
    y.backward()
    first = x.grad.data
    np.testing.assert_array_equal(first, [2, 4])
    y.backward()
    np.testing.assert_array_equal(x.grad.data, [4, 8])
    np.testing.assert_array_equal(first, [2, 4])
    x.grad = None
    y.backward()
    np.testing.assert_array_equal(x.grad.data, [2, 4])


@pytest.mark.parametrize(
    ("call", "seed"),
    [
        (lambda a, b: a + b, [1.0, 1.0]),
        (lambda a, b: a + b + a, [1.0, 1.0]),
        (lambda a, b: (a + b).reshape(2), [1.0, 1.0]),
        (lambda a, b: (a + b)[::-1], [1.0, 1.0]),
        (lambda a, b: (a + b).sum(), None),
        (lambda a, b: (a + b).sum(axis=0, keepdims=True), [1.0]),
        (lambda a, b: np.concatenate([a, b]), [1.0, 1.0, 1.0, 1.0]),
        (lambda a, b: np.stack([a, b]).T, [[1.0, 1.0], [1.0, 1.0]]),
        (lambda a, b: a * b, [1.0, 1.0]),
        (lambda a, b: np.where([True, False], a, b), [1.0, 1.0]),
        (lambda a, b: np.broadcast_to(a + b, (1, 2)), [[1.0, 1.0]]),
        (lambda a, b: (a + b).astype(np.float64), [1.0, 1.0]),
        (lambda a, b: a @ b, None),
        (lambda a, b: a, [1.0, 1.0]),
    ],
)
def test_gradients_alias_nothing(call, seed):
    check_ownership(call, seed, create_graph=False)


@pytest.mark.parametrize(
    ("call", "seed"),
    [(lambda a, b: a + b, [1.0, 1.0]), (lambda a, b: (a + b).sum(), None), (lambda a, b: a, [1.0, 1.0])],
)
def test_gradients_with_a_graph_alias_nothing(call, seed):
    check_ownership(call, seed, create_graph=True)


def check_ownership(call, seed, create_graph):
    """Every gradient owns its elements: setting them changes no other array."""
    a, b = leaf(np.array([1.0, 2.0])), leaf(np.array([3.0, 5.0]))
    seed = None if seed is None else Tensor(seed)
    y = call(a, b)
    y.backward(seed, create_graph=create_graph)
    found = [x.grad.data for x in (a, b) if x.grad is not None]
    others = [a.data, b.data, y.data, *([] if seed is None else [seed.data])]
    for i, gradient in enumerate(found):
        assert gradient.flags.writeable
        assert not any(np.shares_memory(gradient, other) for other in [*found[:i], *others])


@pytest.mark.parametrize("shape", [(), (2, 3)])
def test_gradients_are_arrays_also_without_axes(shape):
    x = leaf(np.ones(shape))
    (x * 2).sum().backward()
    assert type(x.grad.data) is np.ndarray
    x.grad.data[...] = 5
    np.testing.assert_array_equal(x.grad.data, np.full(shape, 5.0), strict=True)


def test_backward_of_a_leaf():
    x = leaf(3.0)
    x.backward()
    assert x.grad.item() == 1


def test_backward_from_a_vector_takes_its_gradient():
    for seed in ([1.0, -1.0], np.array([1.0, -1.0]), Tensor([1.0, -1.0]), [1, -1]):
        x = leaf([3.0, 4.0])
        (x * x).backward(seed)
        np.testing.assert_array_equal(x.grad.data, [6, -8])


@pytest.mark.parametrize(
    "call", [lambda w: w * w * w, lambda w: w**3, lambda w: np.exp(3 * np.log(w)), lambda w: w @ w * w]
)
def test_new_data_does_not_change_the_gradient_of_what_was_computed_before(call):
    """As when an update comes between the losses of two players and their gradients."""
    w = leaf([2.0])
    y = call(w)
    w.data = np.array([5.0])
    y.sum().backward()
    np.testing.assert_allclose(w.grad.data, [12])


def test_a_seed_of_another_dtype_does_not_change_that_of_the_gradients():
    for call in (lambda x: x, lambda x: x * 2, np.exp, lambda x: x.sum(axis=0, keepdims=True)):
        x = leaf(np.ones(1, np.float32))
        call(x).backward(Tensor(np.ones(1)))
        assert x.grad.dtype == np.float32


@pytest.mark.parametrize(
    ("run", "error", "message"),
    [
        (lambda: (leaf([1.0, 2.0]) * 2).backward(), ValueError, "wanted a scalar, and multiply.* has shape"),
        (lambda: leaf([1.0], name="w").backward(), ValueError, r"wanted a scalar, and w has shape \(1,\)"),
        (lambda: Tensor(1.0, name="c").backward(), ValueError, "no gradient flows to c"),
        (lambda: (leaf(1.0) > 0).backward(), ValueError, "no gradient flows to"),
        (lambda: leaf(1.0).detach().backward(), ValueError, "no gradient flows to"),
        (lambda: (leaf([1.0]) * 2).backward([1.0, 2.0]), ValueError, r"must have the shape of .*, \(1,\), not \(2,\)"),
        (lambda: (leaf([1.0]) * 2).backward(1.0), ValueError, r"\(1,\), not \(\)"),
        (lambda: (leaf([1.0]) * 2).backward(["a"]), ValueError, "could not convert string"),
        (lambda: Tensor(1.0, name="c").retain_grad(), ValueError, "no gradient flows to c"),
    ],
)
def test_backward_that_cannot_be(run, error, message):
    with pytest.raises(error, match=message):
        run()


def test_a_walk_that_fails_leaves_every_gradient_as_it_was():
    def fail(y, x):
        raise ArithmeticError("in the rule")

    x, w = leaf([1.0, 2.0]), leaf([3.0, 4.0])
    (x * w).sum().backward()
    with pytest.raises(ArithmeticError, match="in the rule"):
        (w * 2 + Elementwise("fails", np.exp, fail, text="fails({x})")(x)).sum().backward()
    np.testing.assert_array_equal(w.grad.data, [1, 2])
    np.testing.assert_array_equal(x.grad.data, [3, 4])


def test_retain_grad():
    """δ = ∂E/∂u at an intermediate u, and only where it was asked for."""
    x = leaf([1.0, -2.0])
    u = x * 3
    y = u * u
    u.retain_grad()
    y.sum().backward()
    np.testing.assert_array_equal(u.grad.data, [6, -12])
    np.testing.assert_array_equal(x.grad.data, [18, -36])
    assert y.grad is None
    y.sum().backward()
    np.testing.assert_array_equal(u.grad.data, [12, -24])


@pytest.mark.parametrize("value", [2.0, 0.0, np.nan, np.inf])
def test_retain_grad_does_not_look_at_the_value(value):
    u = leaf(value) * 1.0
    u.retain_grad()
    (u * 3).backward()
    assert u.grad.item() == 3


def test_retain_grad_of_a_leaf_and_of_the_output():
    x = leaf([1.0, 2.0])
    x.retain_grad()
    E = (x * x).sum()
    E.retain_grad()
    E.backward()
    assert E.grad.item() == 1
    np.testing.assert_array_equal(x.grad.data, [2, 4])


def test_retained_gradients_own_their_elements():
    x = leaf([1.0, 2.0])
    u = x + 0.0
    u.retain_grad()
    (u + 1.0).backward([1.0, 1.0])
    u.grad.data[:] = 7
    np.testing.assert_array_equal(x.grad.data, [1, 1])
