"""The graph: traced, evaluated, differentiated and simplified, against the eager engine."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad import Tensor, losses, relu, sigmoid, softmax
from minigrad.algebra.facts import sums_to_one
from minigrad.algebra.graph import Graph
from minigrad.algebra.simplify import simplify
from minigrad.algebra.trace import trace
from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.ops.shaping import broadcast_to


def tensor(name, *shape, seed=0):
    return Tensor(np.random.default_rng([seed, *name.encode()]).normal(size=shape), requires_grad=True, name=name)


def classes(n, k):
    return Tensor(np.eye(k)[np.arange(n) % k], name="T")


def gradients(loss, wrt, given=()):
    """Give the simplified gradient's graph and its values, and the eager engine's."""
    graph = simplify(trace(loss).gradient([p.name for p in wrt]), given)
    values = graph()
    loss.backward()
    return graph, values if isinstance(values, tuple) else (values,), [p.grad.data for p in wrt]


def formula(loss, of, given=()):
    """Write the simplified ∂E/∂u for an intermediate u, which is made an input for that."""
    return text(simplify(trace(loss).gradient(of), given).outputs[0])


def two_layers(output, loss):
    X, W1, b1, W2, b2 = (
        tensor(n, *s) for n, s in zip(["X", "W1", "b1", "W2", "b2"], [(5, 4), (4, 6), (6,), (6, 3), (3,)], strict=True)
    )
    return loss(output(sigmoid(X @ W1 + b1) @ W2 + b2), classes(5, 3)), [W1, b1, W2, b2, X]


def attention():
    Q, K, V = (tensor(name, 5, 4) for name in "QKV")
    return losses.squared_error(softmax(Q @ K.T / 2.0) @ V, classes(5, 4)), [Q, K, V]


def layer_normalization():
    x = tensor("x", 5, 4)
    d = x - x.mean(axis=1, keepdims=True)
    return losses.squared_error(d / np.sqrt((d**2).mean(axis=1, keepdims=True) + 1e-5), classes(5, 4)), [x]


def residual():
    X, V, W = tensor("X", 5, 4), tensor("V", 4, 4), tensor("W", 4, 4)
    return losses.squared_error((X + np.tanh(X @ V)) @ W, classes(5, 4), "mean"), [X, V, W]


def tied():
    X, V = tensor("X", 5, 4), tensor("V", 4, 4)
    return losses.squared_error(np.tanh(relu(X @ V) @ V), X) + 0.05 * (V**2).sum(), [X, V]


NETWORKS = {
    "softmax": lambda: two_layers(softmax, losses.cross_entropy),
    "logits": lambda: two_layers(lambda u: u, losses.softmax_cross_entropy),
    "regression": lambda: two_layers(lambda u: u, losses.squared_error),
    "attention": attention,
    "layer normalisation": layer_normalization,
    "residual": residual,
    "tied weights, weight decay": tied,
}


@pytest.mark.parametrize("name", NETWORKS)
def test_a_simplified_gradient_is_the_engines_with_fewer_operations(name):
    loss, wrt = NETWORKS[name]()
    raw = trace(loss).gradient([p.name for p in wrt])
    graph, values, eager = gradients(loss, wrt)
    for value, p, expected in zip(values, wrt, eager, strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-12, atol=1e-13, err_msg=p.name)
    assert len(graph) < len(raw)
    again = simplify(graph)
    assert [id(x) for x in again.outputs] == [id(x) for x in graph.outputs]


@pytest.mark.parametrize(
    ("loss", "delta"),
    [
        (lambda u, T: losses.cross_entropy(softmax(u), T), "softmax(U) ⊙ Σₖ tₖ − T"),
        (lambda u, T: losses.softmax_cross_entropy(u, T), "softmax(U) ⊙ Σₖ tₖ − T"),
        (losses.squared_error, "U − T"),
        (lambda u, T: losses.squared_error(u, T, "mean"), "0.2 (U − T)"),
        (lambda u, T: losses.squared_error(np.tanh(u), T), "(tanh(U) − T) ⊙ (1 − tanh(U)²)"),
        (lambda u, T: losses.squared_error(sigmoid(u), T), "(σ(U) − T) ⊙ (1 − σ(U)) ⊙ σ(U)"),
    ],
)
def test_delta_emerges(loss, delta):
    assert formula(loss(tensor("U", 5, 3), classes(5, 3)), "U") == delta


def test_delta_of_softmax_is_y_minus_t_where_t_sums_to_one():
    U, T = tensor("U", 5, 3), classes(5, 3)
    assert formula(losses.cross_entropy(softmax(U), T), "U", [sums_to_one(T)]) == "softmax(U) − T"


def test_delta_of_a_sigmoid_with_binary_cross_entropy_is_y_minus_t():
    def loss(U, T):
        y = sigmoid(U)
        return -(T * np.log(y) + (1 - T) * np.log(1 - y)).sum()

    graph = simplify(trace(loss, np.ones((5, 1)), np.full((5, 1), 0.25)).gradient("U"))
    assert text(graph.outputs[0]) == "σ(U) − T"


@pytest.mark.parametrize("scale", [40.0, 1000.0])
def test_the_simplified_gradient_of_the_literal_cross_entropy_is_exact_at_any_logits(scale):
    U = Tensor(scale * np.array([[1.0, -1, 0.5], [-1, 0, 1]]), requires_grad=True, name="U")
    T = Tensor(np.eye(3)[[1, 2]], name="T")
    with np.errstate(divide="ignore", invalid="ignore"):
        loss = -(T * np.log(softmax(U))).sum()
        gradient = simplify(trace(loss).gradient("U"), [sums_to_one(T)])()
    shifted = np.exp(U.data - U.data.max(axis=1, keepdims=True))
    np.testing.assert_allclose(gradient, shifted / shifted.sum(axis=1, keepdims=True) - T.data, rtol=1e-12, atol=1e-300)


UNARY = [
    np.tanh,
    sigmoid,
    np.exp,
    relu,
    lambda x: -x,
    lambda x: x.T,
    lambda x: x**2,
    lambda x: 2.0 * x - 1.0,
    lambda x: x.sum(axis=0),
    lambda x: x.sum(axis=1, keepdims=True),
    lambda x: 1 / (x * x + 1),
    lambda x: x / 2.0,
]
BINARY = [
    lambda a, b: a + b,
    lambda a, b: a - b,
    lambda a, b: a * b,
    lambda a, b: a / (b * b + 1.0),
    lambda a, b: a @ b,
]
STEPS = st.tuples(st.booleans(), st.integers(0, 11), st.integers(0, 99), st.integers(0, 99))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(STEPS, min_size=1, max_size=9))
def test_a_random_expression_simplifies_to_an_equal_one_that_is_no_larger(steps):
    values = [tensor("a", 3, 3), tensor("b", 3, 3)]
    for binary, which, i, j in steps:
        x, y = values[i % len(values)], values[j % len(values)]
        if binary and x.ndim and y.ndim:
            values.append(BINARY[which % len(BINARY)](x, y))
        elif x.ndim == 2:
            values.append(0.3 * UNARY[which](x))
    loss = np.tanh(0.1 * sum((v * v).sum() for v in values))
    raw = trace(loss).gradient()
    simple = simplify(raw)
    for expected, value in zip(raw(), simple(), strict=True):
        np.testing.assert_allclose(value, expected, rtol=1e-6, atol=1e-9 * (1 + np.abs(expected).max()))
    assert len(simple) <= len(raw)
    again = simplify(simple)
    assert [id(x) for x in again.outputs] == [id(x) for x in simple.outputs]


@pytest.mark.parametrize("axis", [None, (0, 1)])
def test_a_sum_of_a_broadcast_number_counts_its_copies(axis):
    one = Node(value=np.ones(()), table={})
    assert simplify(Graph([broadcast_to(one, (2, 3)).sum(axis)], {})).outputs == (6.0,)


@pytest.mark.parametrize(
    ("shape", "expression", "operations"),
    [
        ((2, 3, 4), lambda x: x.sum(axis=0).sum(), 1),
        ((2, 3, 4), lambda x: x.sum(axis=1, keepdims=True).sum(axis=(0, 1), keepdims=True), 1),
        ((2, 3, 4), lambda x: x.sum(axis=0).sum(axis=1), 1),
        ((3, 3), lambda x: x.T.sum(axis=0), 1),
        ((3, 3), lambda x: x.T.sum(), 1),
        ((2, 3, 4), lambda x: x.transpose(2, 0, 1).sum(axis=0), 1),
        ((4, 4, 4), lambda x: x.transpose(2, 1, 0).sum(axis=1), 2),  # what is left is transposed still
        ((4, 4, 4), lambda x: x.transpose(0, 2, 1).sum(axis=-1), 1),
        ((3,), lambda x: broadcast_to(x, (5, 3)).sum(axis=0), 1),
        ((3,), lambda x: broadcast_to(x, (3, 3)).sum(axis=1), 2),  # not copies, but all elements, 3 times
        ((3, 1), lambda x: broadcast_to(x, (3, 3)).sum(axis=1, keepdims=True), 1),
        ((3,), lambda x: broadcast_to(x, (5, 3)).sum(), 2),
        ((3, 3), lambda x: (x.T @ x).T - x.T @ x.T.T, 1),  # 0, broadcast
        ((3,), lambda x: (2 * broadcast_to(x, (4, 3)) - broadcast_to(2 * x, (4, 3))).sum(axis=0), 1),
    ],
)
def test_sums_transposes_and_broadcasts_merge(shape, expression, operations):
    x = Node(name="x", shape=shape, table={})
    graph = Graph([expression(x)], {x: np.random.default_rng(5).normal(size=shape)})
    simple = simplify(graph)
    np.testing.assert_allclose(simple() * np.ones(np.shape(graph())), graph(), rtol=1e-12)
    assert len(simple) == operations


def test_truth_values_count_as_numbers_and_what_is_not_finite_is_left_to_be_evaluated():
    table = {}
    x, zero = Node(name="x", shape=(3,), table=table), Node(value=np.zeros(()), table=table)
    values = {x: np.array([-1.0, 0.0, 2.0])}
    for expression in [(x - (x > 0)) - (x > 0), (x > 0) + (x == 0) - x, -1 * ((x > 0) * (x + 1)), 0 - x * (x > 0)]:
        simple = simplify(Graph([expression], values))
        np.testing.assert_array_equal(simple(), Graph([expression], values)())
        assert simplify(simple).outputs == simple.outputs
    for undefined in (np.log(zero - 1), np.log(broadcast_to(zero, (3,)) - 1) + x):
        with np.errstate(invalid="ignore"):
            assert np.isnan(simplify(Graph([undefined], values))()).all()
