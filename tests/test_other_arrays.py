"""Arrays of another library inside a Tensor, which the engine never makes NumPy's."""

import numpy as np
import pytest
from numpy.lib.mixins import NDArrayOperatorsMixin

from minigrad import Tensor, grad, log_softmax, losses, relu, sigmoid, softmax
from minigrad.ops.linalg import affine
from tests.samples import SAMPLES

a = np.array([[1.0, 2.0], [3.0, 5.0]])


def leaf(data=a, **options):
    return Tensor(data, requires_grad=True, **options)


class Duck(NDArrayOperatorsMixin):
    """An array that speaks NumPy's protocols, and cannot be made a numpy.ndarray: as on a GPU or a cluster."""

    def __init__(self, array):
        assert isinstance(array, np.ndarray | np.generic)
        self.array = array

    shape = property(lambda self: self.array.shape)
    dtype = property(lambda self: self.array.dtype)
    ndim = property(lambda self: self.array.ndim)
    size = property(lambda self: self.array.size)
    T = property(lambda self: Duck(self.array.T))

    def __array__(self, dtype=None, copy=None):
        raise TypeError("a Duck was coerced to numpy.ndarray")

    def __array_ufunc__(self, ufunc, method, *inputs, **kwargs):
        return ducks(getattr(ufunc, method)(*bare(inputs), **bare(kwargs)))

    def __array_function__(self, func, types, args, kwargs):
        return ducks(func(*bare(args), **bare(kwargs)))

    def __getitem__(self, key):
        return ducks(self.array[bare(key)])

    def __setitem__(self, key, value):
        self.array[bare(key)] = bare(value)

    def __bool__(self):
        return bool(self.array)

    def __getattr__(self, name):
        if name not in ("sum", "max", "min", "astype", "copy", "argmax", "argmin", "item", "all", "any"):
            raise AttributeError(name)
        return lambda *args, **kwargs: ducks(getattr(self.array, name)(*bare(args), **bare(kwargs)))


def bare(x):
    if isinstance(x, list | tuple):
        return type(x)(bare(part) for part in x)
    if isinstance(x, dict):
        return {key: bare(part) for key, part in x.items()}
    return x.array if isinstance(x, Duck) else x


def ducks(x):
    return Duck(x) if isinstance(x, np.ndarray | np.floating) else x


# What is computed by more of NumPy than its protocols: by LAPACK's factors, and by views of windows.
BEYOND = ("inverses", "decompositions", "singular", "eigenpairs", "norms", "convolution", "windows")


def in_protocols(row):
    kind = row.op if isinstance(row.op, type) else type(row.op)
    return row.op.differentiable and kind.__module__.rpartition(".")[2] not in BEYOND


@pytest.mark.parametrize("row", [row for row in SAMPLES if in_protocols(row)], ids=str)
def test_another_array_library_is_never_coerced(row):
    """Forward and backward run on ducks alone, and give what they give on arrays."""
    arrays = row.arrays()
    plain, strange = [leaf(x) for x in arrays], [leaf(Duck(x)) for x in arrays]
    y, z = row.call(*plain), row.call(*strange)
    assert isinstance(z.data, Duck)
    np.testing.assert_array_equal(z.data.array, y.data)
    seed = np.cos(np.arange(y.size)).reshape(y.shape)
    y.backward(seed)
    z.backward(Tensor(Duck(seed)))
    for p, s in zip(plain, strange, strict=True):
        assert isinstance(s.grad.data, Duck)
        np.testing.assert_allclose(s.grad.data.array, p.grad.data, rtol=1e-14, atol=1e-15)


ONE_HOT = np.array([[1.0, 0.0], [0.0, 1.0]])


@pytest.mark.parametrize(
    "loss",
    [
        lambda x, t: losses.squared_error(affine(x, x, t[0]), t),
        lambda x, t: losses.cross_entropy(softmax(x), t, reduction="mean"),
        lambda x, t: losses.softmax_cross_entropy(x, t),
        lambda x, t: -(t * log_softmax(x)).sum() + (sigmoid(x) * relu(x - 2)).mean(),
    ],
)
def test_a_network_on_ducks(loss):
    """The targets are ducks too, and a scalar needs no seed of its own."""
    x, d = leaf(), leaf(Duck(a.copy()))
    loss(x, ONE_HOT).backward()
    loss(d, Duck(ONE_HOT)).backward()
    assert isinstance(d.grad.data, Duck)
    np.testing.assert_allclose(d.grad.data.array, x.grad.data, rtol=1e-14)


def test_second_order_on_ducks():
    x = Duck(a.copy())
    found = grad(lambda x: (grad(lambda x: (np.tanh(x) ** 3).sum())(x) ** 2).sum())(x)
    wanted = grad(lambda x: (grad(lambda x: (np.tanh(x) ** 3).sum())(x) ** 2).sum())(a)
    assert isinstance(found, Duck)
    np.testing.assert_allclose(found.array, wanted, rtol=1e-14)


def test_errors_do_not_coerce_either():
    with pytest.raises(ValueError, match=r"matmul: inner sizes differ, w:\(2, 2\) @ .*:\(3, 2\)"):
        leaf(name="w") @ Duck(np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"matmul: inner sizes differ, w:\(2, 2\) @ .*:\(3, 2\)"):
        leaf(Duck(a), name="w") @ np.ones((3, 2))


def test_repr_does_not_coerce_either():
    assert repr(leaf(Duck(a), name="w")).endswith("name='w', requires_grad=True)")
