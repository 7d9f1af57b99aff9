"""Memory given to other libraries and taken from them, without a copy."""

import sys

import numpy as np
import pytest

from minigrad import Tensor, data, fit, from_dlpack, grad, losses, nn, optim, value_and_grad
from tests.other_array import PlainArray

X = np.arange(6.0).reshape(2, 3)


@pytest.mark.parametrize(
    "take",
    [
        Tensor,
        from_dlpack,
        lambda x: Tensor(np.ones((2, 3)), requires_grad=True) * x + 0,
        lambda x: Tensor(value_and_grad(lambda w: (w * w).sum() / 2)(x)[1]),
    ],
    ids=["Tensor", "from_dlpack", "beside a Tensor", "grad"],
)
@pytest.mark.parametrize("x", [X, X.T, X[:, ::2], X.astype(np.float32), X[:0]], ids=lambda x: f"{x.dtype}{x.shape}")
def test_an_array_is_taken_where_it_lies(take, x):
    """PlainArray refuses to be copied."""
    if take.__name__ == "<lambda>" and x.shape != (2, 3):
        x = np.resize(x, (2, 3))
    t = take(PlainArray(x))
    assert t.dtype == np.result_type(x.dtype, t.dtype)
    np.testing.assert_array_equal(t.data, x)


def test_the_memory_is_one():
    x = X.copy()
    t = Tensor(PlainArray(x))
    assert np.shares_memory(t.data, x)
    assert np.shares_memory(from_dlpack(PlainArray(x)).data, x)
    assert np.shares_memory(np.from_dlpack(t), x)


@pytest.mark.parametrize("value", [X, X.T, np.array(2.5), X.astype(np.int32), X > 2], ids=lambda x: f"{x.dtype}")
def test_a_tensor_gives_its_memory(value):
    t = Tensor(value)
    taken_over = np.from_dlpack(t)
    np.testing.assert_array_equal(taken_over, value)
    assert np.shares_memory(taken_over, t.data)
    assert t.__dlpack_device__() == (1, 0)


def test_a_result_without_axes_is_given_too():
    assert float(np.from_dlpack(Tensor(X).sum())) == 15.0


def test_options_of_the_exchange_are_passed_on():
    copied = np.from_dlpack(Tensor(X), copy=True)
    assert not np.shares_memory(copied, X)


def test_what_was_given_is_watched():
    """A record that needs elements which another library has written over says so."""
    w = Tensor(X.copy(), requires_grad=True)
    y = np.exp(w)
    np.from_dlpack(y.detach())[0] = 7.0
    with pytest.raises(RuntimeError, match="changed"):
        y.sum().backward()


def test_parameters_and_names():
    w = from_dlpack(PlainArray(X), requires_grad=True, name="w")
    assert (w.requires_grad, w.name) == (True, "w")
    (w**2).sum().backward()
    np.testing.assert_array_equal(w.grad.data, 2 * X)


def test_fit_takes_such_arrays():
    Y = data.one_hot(np.array([0, 1]), 2)
    losses_of = []
    for x, t in ((X, Y), (PlainArray(X), PlainArray(Y))):
        model = nn.Sequential(nn.Linear(3, 2, rng=0))
        trained = fit(
            model, losses.softmax_cross_entropy, optim.SGD(model.parameters(), lr=0.1), (x, t), 2, progress=False
        )
        losses_of.append(trained.loss)
    assert losses_of[0] == losses_of[1]


def test_a_gpus_array_is_held_by_cupy(monkeypatch):
    """Whose from_dlpack is asked for it."""

    class CuPy:
        @staticmethod
        def from_dlpack(x):
            return np.full(x.shape, 3.0)

    monkeypatch.setitem(sys.modules, "cupy", CuPy)
    assert from_dlpack(PlainArray(X, device=2)).data[0, 0] == 3.0


def test_a_gpus_array_without_cupy(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", None)
    with pytest.raises(ImportError, match=r"cupy could not be imported .*pip install cupy-cuda13x"):
        from_dlpack(PlainArray(X, device=2))


def test_pytorch():
    torch = pytest.importorskip("torch")
    x = torch.arange(6.0, dtype=torch.float64).reshape(2, 3)
    assert torch.from_dlpack(Tensor(X)).tolist() == X.tolist()
    np.testing.assert_array_equal(grad(lambda w: (w**2).sum())(x), 2 * X)
    assert np.shares_memory(Tensor(x).data, x.numpy())
    for refused, way in ((x.clone().requires_grad_(), "detach"), (x.to(torch.bfloat16), "float32")):
        for take in (Tensor, from_dlpack, grad(lambda w: w.sum())):
            with pytest.raises(TypeError, match=way):
                take(refused)


def test_jax():
    jax = pytest.importorskip("jax")
    x = jax.numpy.arange(6, dtype=jax.numpy.float32).reshape(2, 3)
    assert jax.dlpack.from_dlpack(Tensor(X.astype(np.float32))).tolist() == X.tolist()
    np.testing.assert_array_equal(grad(lambda w: (w**2).sum())(x), 2 * X)
    for take in (Tensor, from_dlpack, grad(lambda w: w.sum())):
        with pytest.raises(TypeError, match="float32"):
            take(x.astype(jax.numpy.bfloat16))


def test_the_array_api():
    xp = pytest.importorskip("array_api_strict")
    x = xp.asarray(X.copy())
    np.testing.assert_array_equal(grad(lambda w: (w**2).sum())(x), 2 * X)
    assert np.shares_memory(Tensor(x).data, np.from_dlpack(x))
    assert bool(xp.all(xp.from_dlpack(Tensor(X)) == x))
