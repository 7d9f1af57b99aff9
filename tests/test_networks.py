"""The engine against the networks derived by hand: every quantity of every layer, in every way to write them.

``minigrad.textbook`` knows no engine. δ = ∂E/∂u, ∂E/∂W, ∂E/∂b and ∂E/∂y, that of the inputs X included, must agree.
"""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import Tensor, grad, losses, nn, sigmoid, softmax
from minigrad.ops.linalg import affine
from minigrad.textbook import Network

SIZES = [(1, 1), (3, 2), (1, 3, 1), (4, 5, 3), (2, 3, 1, 4), (4, 6, 5, 4, 3)]


def example(problem, sizes, batch, seed, dtype=np.float64):
    """A network with weights large enough for every δ to matter, and a batch with targets for it."""
    rng = np.random.default_rng(seed)
    network = Network(sizes, problem, dtype=dtype)
    network.weights = [rng.normal(size=W.shape).astype(dtype) for W in network.weights]
    network.biases = [rng.normal(size=b.shape).astype(dtype) for b in network.biases]
    X, T = rng.normal(size=(batch, sizes[0])).astype(dtype), rng.normal(size=(batch, sizes[-1])).astype(dtype)
    if problem == "classification":
        T = np.eye(sizes[-1], dtype=dtype)[rng.integers(sizes[-1], size=batch)]
        if seed % 2:
            T = rng.dirichlet(np.ones(sizes[-1]), size=batch).astype(dtype)
    return network, X, T


def expressions(y, W, b):
    return y @ W + b


def logistic(u):
    """The sigmoid as the textbook writes it, of NumPy's own functions."""
    return 1 / (1 + np.exp(-u))


def exponentials(u):
    """The softmax as the textbook writes it."""
    z = np.exp(u)
    return z / np.sum(z, axis=1, keepdims=True)


def half_squares(y, t):
    return np.sum((y - t) ** 2) / 2


def log_likelihood(y, t):
    return -np.sum(t * np.log(y))


def unchanged(u):
    return u


WAYS = {  # (problem, u of a layer, hidden f, output f, E)
    "regression, NumPy's functions": ("regression", expressions, logistic, unchanged, half_squares),
    "regression, expressions": ("regression", expressions, sigmoid, unchanged, losses.squared_error),
    "regression, affine": ("regression", affine, sigmoid, unchanged, losses.squared_error),
    "classification, NumPy's functions": ("classification", expressions, logistic, exponentials, log_likelihood),
    "classification, expressions": ("classification", expressions, sigmoid, softmax, losses.cross_entropy),
    "classification, affine": ("classification", affine, sigmoid, softmax, losses.cross_entropy),
    "classification, logits": ("classification", affine, sigmoid, unchanged, losses.softmax_cross_entropy),
}
ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)


def run(way, network, X, T):
    """E, and (y, u, W, b) of every layer, as tensors after one backward pass."""
    _, total_input, hidden, output, error = way
    y = Tensor(X, requires_grad=True)
    layers = []
    last = len(network.weights) - 1
    for layer, (W, b) in enumerate(zip(network.weights, network.biases, strict=True)):
        W, b = Tensor(W, requires_grad=True), Tensor(b, requires_grad=True)
        u = total_input(y, W, b)
        y.retain_grad()
        u.retain_grad()
        layers.append((y, u, W, b))
        y = (output if layer == last else hidden)(u)
    E = error(y, T)
    E.backward()
    return E, layers


def check(way, sizes, batch, seed, tolerance=1e-12, dtype=np.float64):
    """Compare all of it, to ``tolerance`` of 1 or of the quantity, whichever is larger."""
    network, X, T = example(way[0], sizes, batch, seed, dtype)
    network.forward(X)
    wanted = network.backward(T)
    E, layers = run(way, network, X, T)
    np.testing.assert_allclose(E.data, network.loss(T), rtol=tolerance, atol=tolerance)
    for layer, (y, u, W, b) in enumerate(layers):
        for found, exact in (
            (u.grad, wanted.deltas[layer]),
            (W.grad, wanted.weights[layer]),
            (b.grad, wanted.biases[layer]),
            (y.grad, wanted.inputs[layer]),
        ):
            np.testing.assert_allclose(found.data, exact, rtol=tolerance, atol=tolerance, strict=True)


@ways
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_every_quantity_of_every_layer(way, sizes):
    for batch, seed in ((1, 0), (7, 1), (32, 2)):
        check(way, sizes, batch, seed)


@ways
def test_float32(way):
    check(way, (4, 6, 5, 3), 16, 0, tolerance=2e-4, dtype=np.float32)


@ways
@settings(max_examples=25, deadline=None, derandomize=True, database=None)
@given(
    inputs=st.integers(1, 5),
    hidden=st.lists(st.integers(1, 5), max_size=3),
    outputs=st.integers(1, 4),
    batch=st.integers(1, 6),
    seed=st.integers(0, 2**32 - 1),
)
def test_any_sizes(way, inputs, hidden, outputs, batch, seed):
    check(way, (inputs, *hidden, outputs), batch, seed)


def in_turn(weights, biases):
    """W₁, b₁, W₂, b₂, …, as a model lists its parameters."""
    return [a for pair in zip(weights, biases, strict=True) for a in pair]


def mlp(network, output):
    model = nn.MLP(network.sizes, output=output)
    for p, value in zip(model.parameters(), in_turn(network.weights, network.biases), strict=True):
        p.data = value.copy()
    return model


MODELS = {
    "regression": ("regression", "identity", losses.squared_error),
    "classification": ("classification", "softmax", losses.cross_entropy),
    "classification, logits": ("classification", "identity", losses.softmax_cross_entropy),
}


@pytest.mark.parametrize(("problem", "output", "loss"), MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("sizes", SIZES, ids=str)
def test_multilayer_perceptrons(problem, output, loss, sizes):
    network, X, T = example(problem, sizes, 8, 5)
    model = mlp(network, output)
    x = Tensor(X, requires_grad=True)
    loss(model(x), T).backward()
    network.forward(X)
    wanted = network.backward(T)
    exact = [*in_turn(wanted.weights, wanted.biases), wanted.inputs[0]]
    for p, g in zip([*model.parameters(), x], exact, strict=True):
        np.testing.assert_allclose(p.grad.data, g, rtol=1e-12, atol=1e-12, strict=True)


@pytest.mark.parametrize(("problem", "output", "loss"), MODELS.values(), ids=MODELS)
def test_steps_of_gradient_descent_stay_together(problem, output, loss):
    """A difference too small to see in one step would grow over a hundred."""
    network, X, T = example(problem, (3, 5, 4, 2), 8, 6)
    model = mlp(network, output)
    for _ in range(100):
        network.step(X, T, 0.01)
        loss(model(X), T).backward()
        for p in model.parameters():
            p.data, p.grad = p.data - 0.01 * p.grad.data, None
    for p, value in zip(model.parameters()[::2], network.weights, strict=True):
        np.testing.assert_allclose(p.data, value, rtol=1e-9, atol=1e-11)


@ways
def test_as_functions_of_their_parameters(way):
    """The same gradients by ``grad``, of a plain NumPy function of the weights."""
    problem, total_input, hidden, output, error = way
    network, X, T = example(problem, (3, 4, 2), 5, 7)

    def energy(W1, b1, W2, b2):
        return error(output(total_input(hidden(total_input(X, W1, b1)), W2, b2)), T)

    found = grad(energy, range(4))(*in_turn(network.weights, network.biases))
    network.forward(X)
    wanted = network.backward(T)
    for g, e in zip(found, in_turn(wanted.weights, wanted.biases), strict=True):
        np.testing.assert_allclose(g, e, rtol=1e-12, atol=1e-12, strict=True)
