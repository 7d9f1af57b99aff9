"""What goes out of a tensor, what may not be changed in one, and copies of it."""

import copy
import pickle

import numpy as np
import pytest

from minigrad import Tensor


def leaf(data, **options):
    return Tensor(data, requires_grad=True, **options)


def test_detach_shares_the_array_and_stops_the_gradient():
    x = leaf([1.0, 2.0], name="x")
    d = x.detach()
    assert d.data is x.data
    assert (d.requires_grad, d.name) == (False, "x")
    (x * d).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [1, 2])
    assert not (x * 2).detach().requires_grad


def test_item_and_numbers():
    x = leaf([[2.5]])
    assert (x.item(), type(x.item())) == (2.5, float)
    with pytest.raises(ValueError, match="wanted one element"):
        leaf([1.0, 2.0]).item()
    assert (float(Tensor(2.5)), int(Tensor(2.5)), complex(Tensor(2.5))) == (2.5, 2, 2.5)


def test_truth():
    assert bool(leaf(2.0))
    assert not leaf([0.0])
    assert leaf(1.0) < leaf(2.0)
    with pytest.raises(ValueError, match="ambiguous"):
        bool(leaf([1.0, 2.0]))


def test_length_and_iteration():
    x = leaf([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]])
    assert len(x) == 3
    first, *_, last = x
    (first * last).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [[5, 6], [0, 0], [1, 2]])
    for fail in (len, iter, list):
        with pytest.raises(TypeError, match="scalar"):
            fail(leaf(1.0))


def test_extremes_are_found_as_arrays_find_them():
    x = leaf([[1.0, 3.0], [2.0, 0.0]])
    assert (x.argmax(), x.argmin()) == (1, 3)
    np.testing.assert_array_equal(x.argmax(0), [1, 0])
    np.testing.assert_array_equal(x.argmin(axis=1), [0, 1])


@pytest.mark.parametrize(
    ("t", "text"),
    [
        (Tensor([1.0, 2.0]), "Tensor([1., 2.])"),
        (Tensor(1), "Tensor(1)"),
        (leaf(2.5, name="w"), "Tensor(2.5, name='w', requires_grad=True)"),
        (Tensor(np.float32(1)), "Tensor(1., dtype=float32)"),
    ],
)
def test_repr(t, text):
    assert repr(t) == text


def test_tensors_are_hashed_by_identity():
    x, y = leaf([1.0, 2.0]), leaf([1.0, 2.0])
    assert {x: "x", y: "y"}[x] == "x"
    assert len({x, y, x}) == 2


def test_a_cast_to_integers_passes_no_gradient():
    """Rounding is constant almost everywhere, as sign is."""
    x = leaf([1.5, -2.5])
    (x.astype(int) * x).sum().backward()
    np.testing.assert_array_equal(x.grad.data, [1, -2])


# What may not be changed


def test_elements_of_a_leaf_cannot_be_assigned():
    x = leaf([1.0, 2.0], name="x")
    for key in (0, slice(None), x > 1):
        with pytest.raises(TypeError, match=r"x\[…\] = …: x requires a gradient.*v = x\.copy\(\) first"):
            x[key] = 3.0
    np.testing.assert_array_equal(x.data, [1, 2])


@pytest.mark.parametrize(
    "assign",
    [
        lambda a, t: a.__setitem__(0, t),
        lambda a, t: a.fill(t),
        lambda a, t: a.__setitem__(slice(None), t),
        lambda a, t: np.copyto(a, t),
        lambda a, t: np.put(a, 0, t),
        lambda a, t: np.fromiter([t, t], float),
        lambda a, t: np.float64(t),
    ],
)
def test_a_tensor_cannot_be_put_into_an_array(assign):
    """It would lose its gradient there, without a word. NumPy hides our TypeError behind one of its own, at times."""
    a = np.zeros(3)
    with pytest.raises((TypeError, ValueError)) as caught:
        assign(a, leaf(2.0))
    assert "gradient" in f"{caught.value} {caught.value.__cause__}"
    np.testing.assert_array_equal(a, 0)


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda t: pickle.loads(pickle.dumps(t))])
def test_a_leaf_can_be_copied(copied):
    w = leaf(np.ones((2, 3), np.float32), name="W")
    c = copied(w)
    assert (c.name, c.requires_grad, c.dtype, type(c)) == ("W", True, np.float32, Tensor)
    np.testing.assert_array_equal(c.data, w.data)
    assert not np.shares_memory(c.data, w.data)
    (c * 2).sum().backward()
    assert w.grad is None


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickle.dumps])
def test_a_result_cannot_be_copied(copied):
    with pytest.raises(TypeError, match=r"is the result of an operation and cannot be copied; \.detach\(\)"):
        copied(leaf(1.0, name="w") * 2)
