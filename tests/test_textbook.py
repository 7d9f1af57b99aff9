"""The hand-derived δ networks, against complex-step derivatives, finite differences and arithmetic done by hand."""

import math
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from minigrad.textbook import SIGMA, Gradients, Network, sigmoid, softmax

PROBLEMS = ("regression", "classification")

problems = st.sampled_from(PROBLEMS)
shapes = st.lists(st.integers(1, 4), min_size=2, max_size=5)
few = settings(max_examples=30, deadline=None)


def example(problem, sizes, batch, seed, dtype=np.float64):
    """A network with weights large enough for every δ to matter, and a batch with soft targets for it."""
    rng = np.random.default_rng(seed)
    network = Network(sizes, problem, dtype=dtype)
    network.weights = [rng.normal(size=W.shape).astype(dtype) for W in network.weights]
    network.biases = [rng.normal(size=b.shape).astype(dtype) for b in network.biases]
    T = rng.normal(size=(batch, sizes[-1]))
    if problem == "classification":
        T = rng.dirichlet(np.ones(sizes[-1]), size=batch)
    return network, rng.normal(size=(batch, sizes[0])), T


def energy(problem, X, T, weights, biases, added_u, added_y):
    """E from its definition alone, for real or complex arguments; what is added to u and y is there to vary them."""
    Y = X
    for layer, (W, b) in enumerate(zip(weights, biases, strict=True)):
        U = (Y + added_y[layer]) @ W + b + added_u[layer]
        Y = 1 / (1 + np.exp(-U)) if layer < len(weights) - 1 else U
    if problem == "regression":
        return ((Y - T) ** 2).sum() / 2
    return -(T * (Y - np.log(np.exp(Y).sum(axis=1, keepdims=True)))).sum()


def complex_step(E: Callable, arrays):
    """∂E/∂a = Im E(a + ih) / h: no difference is taken, so that it is exact to rounding."""
    gradients = []
    for a in arrays:
        gradient = np.empty(a.shape)
        for at in np.ndindex(a.shape):
            kept, a[at] = a[at], a[at] + 1e-30j
            gradient[at] = E().imag / 1e-30
            a[at] = kept
        gradients.append(gradient)
    return gradients


@few
@given(problems, shapes, st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_every_gradient_agrees_with_the_complex_step(problem, sizes, batch, seed):
    network, X, T = example(problem, sizes, batch, seed)
    network.forward(X)
    found = network.backward(T)
    weights, biases = ([a.astype(complex) for a in arrays] for arrays in (network.weights, network.biases))
    added_u = [np.zeros((batch, n), complex) for n in sizes[1:]]
    added_y = [np.zeros((batch, n), complex) for n in sizes[:-1]]

    def E():
        return energy(problem, X, T, weights, biases, added_u, added_y)

    wanted = Gradients(*(complex_step(E, arrays) for arrays in (added_u, weights, biases, added_y)))
    for name in ("deltas", "weights", "biases", "inputs"):
        assert len(getattr(found, name)) == len(sizes) - 1
        for ours, exact in zip(getattr(found, name), getattr(wanted, name), strict=True):
            np.testing.assert_allclose(ours, exact, rtol=1e-12, atol=1e-13, err_msg=name)
    assert network.loss(T) == pytest.approx(E().real, rel=1e-13, abs=1e-13)


@few
@given(problems, shapes, st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_gradients_agree_with_central_differences(problem, sizes, batch, seed):
    network, X, T = example(problem, sizes, batch, seed)
    network.forward(X)
    found = network.backward(T)
    varied = [*network.weights, *network.biases, X]
    for a, gradient in zip(varied, [*found.weights, *found.biases, found.inputs[0]], strict=True):
        for at in np.ndindex(a.shape):
            kept, sides = a[at], []
            for h in (1e-5, -1e-5):
                a[at] = kept + h
                network.forward(X)
                sides.append(network.loss(T))
            a[at] = kept
            assert gradient[at] == pytest.approx((sides[0] - sides[1]) / 2e-5, rel=1e-6, abs=1e-7)


def test_one_sample_by_hand():
    """A 1-1-1 network on paper: every number written out with scalars."""
    network = Network((1, 1, 1))
    network.weights = [np.array([[0.5]]), np.array([[-2.0]])]
    network.biases = [np.array([0.25]), np.array([1.0])]
    x, t, η = 3.0, 0.5, 0.1
    y_j = 1 / (1 + math.exp(-(0.5 * x + 0.25)))
    y_k = -2 * y_j + 1
    δ_k = y_k - t
    δ_j = δ_k * -2 * (1 - y_j) * y_j

    assert network.forward([[x]]).item() == pytest.approx(y_k, rel=1e-15)
    assert network.inputs[1] is network.outputs[0]
    assert network.outputs[0].item() == pytest.approx(y_j, rel=1e-15)
    found = network.backward([[t]])
    assert [δ.item() for δ in found.deltas] == pytest.approx([δ_j, δ_k], rel=1e-14)
    assert [g.item() for g in found.weights] == pytest.approx([x * δ_j, y_j * δ_k], rel=1e-14)
    assert [g.item() for g in found.inputs] == pytest.approx([0.5 * δ_j, -2 * δ_k], rel=1e-14)

    assert network.step([[x]], [[t]], lr=η) == pytest.approx((y_k - t) ** 2 / 2, rel=1e-14)
    assert [W.item() for W in network.weights] == pytest.approx([0.5 - η * x * δ_j, -2 - η * y_j * δ_k], rel=1e-14)
    assert [b.item() for b in network.biases] == pytest.approx([0.25 - η * δ_j, 1 - η * δ_k], rel=1e-14)


def test_undecided_softmax_has_entropy_log_3_a_sample():
    network = Network((2, 3), "classification")
    network.weights, network.biases = [np.zeros((2, 3))], [np.zeros(3)]
    np.testing.assert_allclose(network.forward(np.ones((5, 2))), 1 / 3, rtol=1e-15)
    assert network.loss(np.eye(3)[[0, 1, 2, 0, 1]]) == pytest.approx(5 * math.log(3), rel=1e-15)


@pytest.mark.parametrize("problem", PROBLEMS)
def test_float32_stays_float32(problem):
    network, X, T = example(problem, (3, 4, 2), 5, seed=0, dtype=np.float32)
    network.step(X, T, lr=np.float64(0.1))
    network.forward(X)
    found = network.backward(T)
    arrays = [*network.weights, *network.biases, *network.inputs, *network.outputs]
    arrays += [*found.deltas, *found.weights, *found.biases, *found.inputs]
    assert {a.dtype for a in arrays} == {np.dtype(np.float32)}


def test_sigmoid_neither_overflows_nor_loses_small_values():
    u = np.array([-1000.0, -40.0, 0.0, 40.0, 1000.0])
    wanted = [0.0, math.exp(-40) / (1 + math.exp(-40)), 0.5, 1.0, 1.0]
    np.testing.assert_allclose(sigmoid(u), wanted, rtol=1e-15)


def test_softmax_does_not_overflow():
    wanted = [[1 / (1 + math.exp(-1)), math.exp(-1) / (1 + math.exp(-1)), 0], [1 / 3] * 3]
    np.testing.assert_allclose(softmax(np.array([[1000.0, 999.0, -1000.0], [-1000.0] * 3])), wanted, rtol=1e-15)


def test_certain_and_right_costs_nothing_certain_and_wrong_is_infinite():
    network = Network((1, 2), "classification")
    network.weights, network.biases = [np.array([[2000.0, 0.0]])], [np.zeros(2)]
    assert network.forward([[1.0]]).tolist() == [[1.0, 0.0]]
    assert network.loss([[1.0, 0.0]]) == 0
    with pytest.warns(RuntimeWarning, match="divide by zero"):
        assert network.loss([[0.0, 1.0]]) == math.inf
    assert network.backward([[0.0, 1.0]]).deltas[0].tolist() == [[1.0, -1.0]]


def test_start_is_drawn_from_the_seed_with_the_documented_deviation():
    first, again, other = (Network((100, 100, 1), rng=rng) for rng in (7, np.random.default_rng(7), 8))
    drawn = [network.weights + network.biases for network in (first, again, other)]
    for a, b, c in zip(*drawn, strict=True):
        np.testing.assert_array_equal(a, b)
        assert (a != c).all()
    assert abs(first.weights[0].mean()) < 5 * SIGMA / 100
    assert first.weights[0].std() == pytest.approx(SIGMA, rel=0.05)


def test_step_forgets_the_pass_it_used_and_keeps_the_old_arrays():
    network, X, T = example("regression", (2, 3, 1), 4, seed=1)
    before, copies = network.weights, [W.copy() for W in network.weights]
    network.step(X, T, lr=0.1)
    for old, copy, new in zip(before, copies, network.weights, strict=True):
        np.testing.assert_array_equal(old, copy)
        assert (new != old).all()
    with pytest.raises(RuntimeError, match=r"backward: .* call forward\(X\) first"):
        network.backward(T)


@pytest.mark.parametrize(
    ("X", "T", "lr"),
    [([[1.0]], [[1.0]], 0.1), ([[1.0, 2.0]], [1.0], 0.1), ([[1.0, 2.0]], [[1.0]], math.nan)],
)
def test_a_refused_step_changes_nothing(X, T, lr):
    network = Network((2, 3, 1), rng=0)
    kept = [a.copy() for a in network.weights + network.biases]
    with pytest.raises(ValueError, match=r"X must be|T must be|lr must be"):
        network.step(X, T, lr)
    for a, b in zip(network.weights + network.biases, kept, strict=True):
        np.testing.assert_array_equal(a, b)


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        (((2, 1), "ranking"), ValueError, "'regression' or 'classification', got 'ranking'"),
        (((2,),), ValueError, r"two or more positive integers, input to output, got \(2,\)"),
        (((2, 0, 1),), ValueError, r"positive integers.*got \(2, 0, 1\)"),
        (((2, 1.5),), TypeError, r"positive integers.*got \(2, 1.5\)"),
        ((3,), TypeError, "positive integers.*got 3"),
        (((2, 1), "regression", 0, np.int64), TypeError, "floating type such as np.float64, got int64"),
    ],
)
def test_bad_networks_are_refused(arguments, error, message):
    with pytest.raises(error, match=message):
        Network(*arguments)


@pytest.mark.parametrize(
    ("X", "error", "message"),
    [
        (np.zeros((5, 3)), ValueError, r"X must be \(samples, 2\), got \(5, 3\)"),
        (np.zeros(2), ValueError, r"X must be \(samples, 2\), got \(2,\); one sample per row"),
        ([["a", "b"]], TypeError, "X must hold real numbers, got dtype <U1"),
        ([[1j, 0]], TypeError, "X must hold real numbers, got dtype complex128"),
    ],
)
def test_bad_inputs_are_refused(X, error, message):
    with pytest.raises(error, match=message):
        Network((2, 1)).forward(X)


@pytest.mark.parametrize("method", ["loss", "backward"])
def test_bad_targets_are_refused(method):
    network = Network((2, 3), "classification", rng=0)
    with pytest.raises(RuntimeError, match=rf"{method}: .* call forward"):
        getattr(network, method)(np.eye(3))
    network.forward(np.zeros((3, 2)))
    with pytest.raises(ValueError, match=r"T must be \(3, 3\) .* got \(3,\)"):
        getattr(network, method)([0, 1, 2])
    for row in ([0, 0, 0], [0.5, 0.5, 0.5], [0, math.nan, 1]):
        with pytest.raises(ValueError, match=r"must sum to 1 .* row 1 is"):
            getattr(network, method)([[1, 0, 0], row, [0, 0, 1]])
