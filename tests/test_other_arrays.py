"""Arrays of another library inside a Tensor, which the engine never makes NumPy's."""

import importlib
import warnings
from importlib.util import find_spec

import numpy as np
import pytest

from minigrad import Tensor, grad, log_softmax, losses, relu, sigmoid, softmax
from minigrad.ops.base import Op
from minigrad.ops.common.libraries import bring
from minigrad.ops.linalg import affine
from tests.composed_samples import COMPOSED_SAMPLES
from tests.other_array import OtherArray
from tests.samples import SAMPLES

a = np.array([[1.0, 2.0], [3.0, 5.0]])


def leaf(data=a, **options):
    return Tensor(data, requires_grad=True, **options)


@pytest.fixture(autouse=True)
def _nothing_asked():
    """Nobody has asked an array of another library to be one of the host."""
    asked = OtherArray.asked
    yield
    assert OtherArray.asked == asked


def arrays_of(y):
    """Give the array of a Tensor, and the arrays of a tuple of them."""
    parts = y if isinstance(y, tuple | list) else (y,)
    return [part.data if isinstance(part, Tensor) else part for part in parts]


def walk_back(y, leaves, seed, create_graph=False):
    """Give the gradients of the leaves, from ∂E/∂y."""
    y.backward(seed, create_graph=create_graph)
    found = [x.grad for x in leaves]
    for x in leaves:
        x.grad = None
    return found


def sum_of_squares(gradients):
    return sum((abs(g) ** 2).sum() for g in gradients if g is not None)


def compare(made, wanted, bring, tolerance):
    assert [x is None for x in made] == [x is None for x in wanted]
    for x, x0 in ((x, x0) for x, x0 in zip(made, wanted, strict=True) if x0 is not None):
        np.testing.assert_allclose(bring(x), x0, rtol=tolerance, atol=tolerance)


def check_row(row, put, bring):
    """Value, gradient by both walks, and gradient of the gradient, of arrays that ``put`` makes and ``bring`` gives."""
    arrays = row.arrays()
    plain, other = [leaf(x) for x in arrays], [leaf(put(x)) for x in arrays]
    y, z = row.call(*plain), row.call(*other)
    compare(arrays_of(z), arrays_of(y), bring, 1e-12)
    if not isinstance(y, Tensor) or not y.requires_grad:
        return
    seed = np.cos(np.arange(y.size)).reshape(y.shape).astype(y.dtype)
    first, wanted = walk_back(z, other, put(seed)), walk_back(y, plain, seed)
    compare(arrays_of(first), arrays_of(wanted), bring, 1e-11)
    y, z = row.call(*plain), row.call(*other)
    first, wanted = walk_back(z, other, Tensor(put(seed)), True), walk_back(y, plain, seed, True)
    compare(arrays_of(first), arrays_of(wanted), bring, 1e-11)
    E, F = sum_of_squares(wanted), sum_of_squares(first)
    if E.requires_grad:
        second, wanted = walk_back(F, other, None), walk_back(E, plain, None)
        compare(arrays_of(second), arrays_of(wanted), bring, 1e-9)


def bring_other(x):
    assert type(x) is OtherArray, f"the result is one of {type(x)}"
    return x.get()


@pytest.mark.parametrize("row", SAMPLES, ids=str)
def test_a_row_on_another_library(row):
    check_row(row, OtherArray, bring_other)


def load_library(name):
    """Give what makes an array of an installed library, and what brings one back; skip without a GPU that it needs."""
    library = importlib.import_module(name)
    if name == "cupy":
        if not library.is_available():
            pytest.skip("there is no GPU")
        return library.asarray, lambda x: library.asnumpy(x) if isinstance(x, library.ndarray) else pytest.fail("host")

    def bring(x):
        assert isinstance(x, library.Array), f"the result is one of {type(x)}"
        return x.compute(scheduler="synchronous")

    def put(x):  # in blocks of half of each axis
        return library.from_array(np.asarray(x), chunks=tuple(max(1, (n + 1) // 2) for n in np.shape(x)))

    return put, bring


def computes(call, arrays, wanted, bring):
    """Say whether a library has the function of a row itself, and gives what NumPy gives, in its own arrays."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = arrays_of(call(*arrays))
            compare(found, wanted, bring, 1e-9)
    except (ArithmeticError, AssertionError, AttributeError, LookupError, NotImplementedError, TypeError, ValueError):
        return False
    except FutureWarning:  # Dask's, before it makes an array NumPy's itself
        return False
    return True


# By NumPy's name, whatever Dask lacks of it: what indexes, moves and scatters is ours to find a way for.
OURS = ("index", "scatter", "gather", "assign", "diag")


INSTALLED = [name for name in ("dask.array", "cupy") if find_spec(name.partition(".")[0])]


@pytest.mark.parametrize(("name", "row"), [(name, row) for name in INSTALLED for row in SAMPLES], ids=str)
def test_a_row_on_an_installed_library(name, row):
    """Of rows whose function the library has, by its own word."""
    put, bring = load_library(name)
    arrays = row.arrays()
    if name == "dask.array" and not all(x.size for x in arrays):
        pytest.skip("Dask does not reshape blocks of nothing")
    kind = row.op if isinstance(row.op, Op) else getattr(row.op, "name", "")
    known = str(getattr(kind, "name", kind)).startswith(OURS) and "true" not in row.note
    if not known and not computes(row.call, [put(x) for x in arrays], arrays_of(row.call(*arrays)), bring):
        pytest.skip(f"{name} has no such function")
    try:
        check_row(row, put, bring)
    except NotImplementedError as error:  # of the gradient: as reshape to lengths that blocks do not divide
        pytest.skip(f"{name}: {error}")


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
@pytest.mark.parametrize("put", [OtherArray, np.asarray], ids=["beside it", "on the host"])
def test_a_network_on_another_library(loss, put):
    """Targets are of the library, or of the host and moved; a scalar needs no seed of its own."""
    x, d = leaf(), leaf(OtherArray(a.copy()))
    loss(x, ONE_HOT).backward()
    loss(d, put(ONE_HOT)).backward()
    np.testing.assert_allclose(bring_other(d.grad.data), x.grad.data, rtol=1e-14)


def test_second_order_on_another_library():
    def f(x):
        return (grad(lambda x: (np.tanh(x) ** 3).sum())(x) ** 2).sum()

    np.testing.assert_allclose(bring_other(grad(f)(OtherArray(a.copy()))), grad(f)(a), rtol=1e-14)


def test_a_constant_of_the_host_is_moved_once():
    """A mask, say: what is recorded is what was moved, so that the gradient moves nothing again."""
    w, before = leaf(OtherArray(a.copy())), OtherArray.moved
    E = np.where(a > 2, w * a, w).sum()
    assert OtherArray.moved == before + 2
    E.backward()
    assert OtherArray.moved == before + 2
    np.testing.assert_array_equal(bring_other(w.grad.data), np.where(a > 2, a, 1.0))


def test_a_parameter_of_the_host_beside_another_library_is_refused():
    w, x = leaf(name="w"), OtherArray(a)
    with pytest.raises(TypeError, match=r"matmul: w is an array of NumPy's, beside one of tests, and requires a grad"):
        Tensor(x) @ w


def test_an_index_of_another_library_may_change_afterwards():
    w, index = leaf(OtherArray(a.copy())), OtherArray(np.array([0, 0]))
    E = w[index].sum()
    index[0] = 1
    E.backward()
    np.testing.assert_array_equal(bring_other(w.grad.data), [[2, 2], [0, 0]])


def test_errors_do_not_make_it_the_hosts_either():
    with pytest.raises(ValueError, match=r"matmul: inner sizes differ, w:\(2, 2\) @ .*:\(3, 2\)"):
        leaf(name="w") @ OtherArray(np.ones((3, 2)))
    with pytest.raises(ValueError, match=r"matmul: inner sizes differ, w:\(2, 2\) @ .*:\(3, 2\)"):
        leaf(OtherArray(a), name="w") @ np.ones((3, 2))


def test_repr_does_not_either():
    assert repr(leaf(OtherArray(a), name="w")).endswith("name='w', requires_grad=True)")


def test_scatter_by_a_librarys_own_add_at(monkeypatch):
    """As CuPy has it: ``cupy.add.at``, which the module of the array's type gives."""
    called = []

    class add:
        @staticmethod
        def at(y, key, x):
            called.append(key)
            np.add.at(y.get(), tuple(k.get() for k in key) if isinstance(key, tuple) else key.get(), x.get())

    monkeypatch.setattr(importlib.import_module("tests"), "add", add, raising=False)
    w = leaf(OtherArray(a.copy()))
    w[np.array([0, 1, 0])].sum().backward()
    assert len(called) == 1
    np.testing.assert_array_equal(bring_other(w.grad.data), [[2, 2], [1, 1]])


@pytest.mark.parametrize("row", COMPOSED_SAMPLES, ids=str)
def test_a_function_of_several_operations(row):
    """Value and gradient; what NumPy gives of it besides, as positions, has none."""
    arrays = row.arrays()
    plain, other = [leaf(x) for x in arrays], [leaf(OtherArray(x)) for x in arrays]
    y, z = row.call(*plain), row.call(*other)
    several = [parts if isinstance(parts, tuple | list) else [parts] for parts in (y, z)]
    first, found = (next(part for part in parts if part.requires_grad) for parts in several)
    compare([bring(x) for x in arrays_of(z)], arrays_of(y), np.asarray, 1e-11)
    seed = np.cos(np.arange(first.size)).reshape(first.shape).astype(first.dtype)
    wanted, came = walk_back(first, plain, seed), walk_back(found, other, OtherArray(seed))
    pairs = [(g, w) for g, w in zip(came, wanted, strict=True) if w is not None]
    compare([g.data for g, _ in pairs], [w.data for _, w in pairs], bring_other, 1e-11)


@pytest.mark.parametrize("axes", [1, 2])
def test_a_lazy_mask_is_refused_on_the_way_back(axes):
    """How many elements it names nobody knows; one of the host, or a choice between two arrays, is taken."""
    da = pytest.importorskip("dask.array")
    x = np.random.default_rng(0).normal(size=(6, 2))
    mask = x > 0 if axes == 2 else x[:, 0] > 0
    lazy, lazy_mask = da.from_array(x, chunks=(3, 2)), da.from_array(mask, chunks=3)
    with pytest.raises(ValueError, match=r"a lazy mask chooses is not known .* Write np.where\(mask, x, 0\), or comp"):
        grad(lambda x: (x[lazy_mask] ** 2).sum())(lazy)
    whole = mask if axes == 2 else mask[:, None]
    wanted = np.where(whole, 2 * x, 0)
    chosen = lazy_mask if axes == 2 else lazy_mask[:, None]
    np.testing.assert_allclose(grad(lambda x: (x[mask] ** 2).sum())(lazy), wanted, rtol=1e-12)
    np.testing.assert_allclose(grad(lambda x: (np.where(chosen, x, 0) ** 2).sum())(lazy), wanted, rtol=1e-12)
