"""checkpoint: the same gradients, of any order, with the memory of √n layers."""

import tracemalloc

import numpy as np
import pytest

from minigrad import Tensor, checkpoint, compile, derive, grad, jacobian, nn, vmap

rng = np.random.default_rng(0)
W, x = rng.normal(size=(3, 3)), rng.normal(size=3)


def two_layers(w, x):
    return np.tanh(w @ np.tanh(w @ x))


def energy(w, x):
    return (two_layers(w, x) ** 2).sum()


part = checkpoint(two_layers)


@pytest.mark.parametrize("f", [part, checkpoint(part), lambda w, x: part(w, part(w, x)) * 0 + part(w, x)])
def test_gradients_of_any_order(f):
    def same(w, x):
        return (f(w, x) ** 2).sum()

    np.testing.assert_allclose(grad(same)(W, x), grad(energy)(W, x))
    slopes = [grad(lambda w, e=e: (grad(e, 1)(w, x) ** 2).sum())(W) for e in (same, energy)]
    np.testing.assert_allclose(*slopes)
    np.testing.assert_allclose(jacobian(f, 1)(W, x), jacobian(two_layers, 1)(W, x))
    np.testing.assert_allclose(vmap(grad(lambda x: same(W, x)))(W), vmap(grad(lambda x: energy(W, x)))(W))
    np.testing.assert_allclose(compile(grad(lambda w: same(w, x)))(W), grad(energy)(W, x))


def test_tensors_from_outside_get_their_gradients():
    w, v = Tensor(W, requires_grad=True), Tensor(x, requires_grad=True)
    h = w @ v
    part = checkpoint(lambda y, *, scale: {"a": np.tanh(w @ y) * scale, "b": [h * y, 3.0]})
    found = part(np.ones(3), scale=2.0)
    assert found["b"][1] == 3
    (found["a"] * found["b"][0]).sum().backward()
    got = w.grad.data, v.grad.data
    w.grad = v.grad = None
    (np.tanh(w @ np.ones(3)) * 2 * h).sum().backward()
    np.testing.assert_allclose(got[0], w.grad.data)
    np.testing.assert_allclose(got[1], v.grad.data)


def test_a_derivation_looks_into_it():
    v = Tensor(x, requires_grad=True, name="v")
    found = derive((checkpoint(np.tanh)(v) ** 2).sum())
    assert "tanh(v)" in str(found)
    with pytest.raises(TypeError, match="a derivation cannot look into it"):
        derive((checkpoint(lambda y: v * y)(v) ** 2).sum())


def test_random_draws_are_the_same_again():
    layer = nn.Dropout(0.5, rng=0)
    v = Tensor(np.arange(1.0, 9.0), requires_grad=True)
    y = checkpoint(lambda v: layer(v) ** 2)(v)
    y.sum().backward()
    np.testing.assert_allclose(v.grad.data * v.data, 2 * y.data)


def test_what_is_not_computed_again_is_an_error():
    draws = np.random.default_rng(1)
    v = Tensor(x, requires_grad=True)
    y = checkpoint(lambda v: v * draws.normal(size=3))(v)
    with pytest.raises(RuntimeError, match="computed again, it does not give what it did"):
        y.sum().backward()
    with pytest.raises(TypeError, match="checkpoint: wanted a function"):
        checkpoint(v)


def peak_of(layers, block):
    """The most memory that value and gradient of a chain take at once."""

    def run(v, n):
        for _ in range(n):
            v = np.tanh(v * 1.1)
        return v

    part = checkpoint(lambda v: run(v, block)) if block > 1 else lambda v: run(v, 1)

    def chain(v):
        for _ in range(layers // block):
            v = part(v)
        return v.sum()

    v = np.ones(20_000)
    grad(chain)(v)
    tracemalloc.start()
    grad(chain)(v)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


def test_memory_grows_as_the_root_of_the_layers():
    """16 layers in 4 parts keep 4 + 2 · 4 arrays, 144 in 12 parts thrice as many; without parts nine times as many."""
    few, many = peak_of(16, 4), peak_of(144, 12)
    assert 2 < many / few < 4
    assert peak_of(144, 1) / peak_of(16, 1) > 7
    assert many < peak_of(144, 1) / 4
