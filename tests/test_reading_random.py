"""Random networks in NumPy's syntax: each is derived rightly, drawn, written as code that runs, and explained."""

import inspect

import numpy as np
import pytest

from minigrad import Tensor, data, derive, draw, losses, relu, sigmoid, softmax
from minigrad.ops.common.alphabet import plain_digits

ACTING = (
    np.tanh, np.exp, np.sin, np.cbrt, sigmoid, relu,
    lambda u: 1 / (1 + np.exp(-u)), lambda u: np.maximum(u, 0), lambda u: np.where(u > 0, u, 0.1 * u),
    lambda u: u * sigmoid(u), lambda u: np.log(1 + np.exp(u)), lambda u: u / (1 + abs(u)), lambda u: 2 * sigmoid(u) - 1,
    lambda u: u**2, lambda u: u,
)  # fmt: skip


class Network:
    """A loss of one to four layers: shapes, names, biases, activations, masks and residuals are drawn from a seed."""

    def __init__(self, seed):
        self.rng, self.count = np.random.default_rng(seed), 0

    def happens(self, chance):
        return self.rng.random() < chance

    def parameter(self, *shape):
        self.count += 1
        name = f"W{self.count}" if self.happens(0.8) else None
        return Tensor(self.rng.normal(size=shape) * 0.6, requires_grad=True, name=name)

    def loss(self):
        rows, columns = (int(n) for n in self.rng.integers(1, 5, size=2))
        x = self.rng.normal(size=(columns,) if self.happens(0.15) else (rows, columns))
        h = Tensor(x, name="X") if self.happens(0.6) else x
        for number in range(int(self.rng.integers(1, 5))):
            h = self.layer(h, number)
        E = self.error(h)
        return E + 0.01 * (self.last**2).sum() if self.happens(0.2) else E

    def layer(self, x, number):
        columns = int(self.rng.integers(1, 5))
        self.last = self.parameter(x.shape[-1], columns)
        u = x @ self.last
        u = u + self.parameter(columns if self.happens(0.8) else 1) if self.happens(0.6) else u
        y = ACTING[self.rng.integers(len(ACTING))](u * 0.5 if self.happens(0.2) else u)
        y = y + x if y.shape == x.shape and self.happens(0.2) else y
        y = y * np.where(self.rng.random(y.shape) < 0.5, 0.0, 2.0) if self.happens(0.15) else y
        y = y - y.mean(axis=-1, keepdims=True) if self.happens(0.1) else y
        if self.happens(0.15):
            y.name = f"H{number}"
        return y

    def error(self, y):
        t = self.rng.normal(size=y.shape)
        e = np.exp(y - y.max(axis=-1, keepdims=True))
        one_hot = data.one_hot(self.rng.integers(y.shape[-1], size=y.size // y.shape[-1]), y.shape[-1]).reshape(y.shape)
        kinds = (
            lambda: losses.squared_error(y, t),
            lambda: ((y - t) ** 2).mean(),
            lambda: losses.cross_entropy(softmax(y), Tensor(one_hot, name="T") if self.happens(0.5) else one_hot),
            lambda: (y * y).sum(),
            lambda: -(one_hot * np.log(sigmoid(y)) + (1 - one_hot) * np.log(1 - sigmoid(y))).mean(),
            lambda: -(abs(t) * np.log(e / e.sum(axis=-1, keepdims=True))).sum(),
        )
        return kinds[self.rng.integers(len(kinds))]()


@pytest.mark.parametrize("seed", range(40))
def test_a_random_network_is_shown_as_it_is(seed):
    E = Network(seed).loss()
    derivation = derive(E)
    assert max(line.engine for line in derivation.check()) < 1e-9
    assert max(len(str(line)) for line in derivation) < 300
    assert len(draw(E).scene) > len(derivation)
    for notation in ("matrix", "index"):
        assert len(derivation.to_text(notation).splitlines()) >= len(derivation)
    space = {}
    exec(derivation.to_numpy(), space)
    function = space["loss_and_gradients"]
    values = {plain_digits(name): derivation.graph.values[x] for name, x in derivation.graph.inputs.items()}
    value, gradients = function(**{name: values[name] for name in inspect.signature(function).parameters})
    np.testing.assert_allclose(value, E.item(), rtol=1e-9)
    engine = {plain_digits(line.of): line.value for line in derive(E, fold=False)}
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, engine[name], rtol=1e-8, atol=1e-10)
