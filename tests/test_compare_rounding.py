"""Rounding is no mistake: what is right is right, in whatever precision, order or container it comes."""

import numpy as np
import pytest

from minigrad import Tensor, compare, derive, losses, softmax
from tests.byhand import LAYERS, WORDS, soft
from tests.networks import NETWORKS

networks = pytest.mark.parametrize("build", NETWORKS)
layers = pytest.mark.parametrize("net", LAYERS, ids=lambda net: "-".join(net.functions))


def spaced(x):
    """The same numbers, in an array with gaps."""
    wide = np.zeros((*x.shape, 2), x.dtype)
    wide[..., 0] = x
    return wide[..., 0]


FORMS = {
    "float32": lambda x: x.astype(np.float32),
    "float32 in float64": lambda x: x.astype(np.float32).astype(np.float64),
    "longdouble": lambda x: x.astype(np.longdouble),
    "Fortran": np.asfortranarray,
    "list": lambda x: x.tolist(),
    "view": lambda x: np.ascontiguousarray(x.T).T,
    "gaps": spaced,
    "backwards": lambda x: np.flip(np.flip(x).copy()),
    "read-only": lambda x: np.broadcast_to(x, x.shape),
    "tensor": Tensor,
}


@networks
@pytest.mark.parametrize("form", FORMS)
def test_what_is_right_is_right_in_every_form(build, form):
    loss, given = build()
    lines = derive(loss, given=given, fold=False)
    arrays = {line.symbol: FORMS[form](np.array(line.value)) for line in lines}
    assert compare(loss, arrays, given=given)


def run(derivation, dtype, rng=None):
    """Execute the derivation's own code on inputs of another precision, or that are off by a rounding."""
    space = {}
    exec(derivation.to_numpy(), space)
    inputs = [np.asarray(x, np.float64) for x in derivation.graph.values.values()]
    if rng is not None:
        inputs = [x * (1 + np.finfo(dtype).eps * rng.uniform(-1, 1, x.shape)) for x in inputs]
    E, gradients = space["loss_and_gradients"](*(x.astype(dtype) for x in inputs))
    return E, gradients


@networks
@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.longdouble])
def test_code_that_runs_in_another_precision_is_right(build, dtype):
    loss, given = build()
    derivation = derive(loss, given=given)
    for rng in (None, np.random.default_rng(0), np.random.default_rng(1)):
        E, gradients = run(derivation, dtype, rng)
        assert compare(loss, {"E": E, **{f"d{name}": g for name, g in gradients.items()}}, given=given)


@layers
def test_layers_by_hand_in_single_precision(net):
    """The same code with float32 arrays, against a loss of float64 and of float32."""
    single = type(net)(net.sizes, net.functions, net.error, net.rows)
    single.X, single.T = net.X.astype(np.float32), net.T.astype(np.float32)
    single.p = {name: value.astype(np.float32) for name, value in net.p.items()}
    for mine in (net, single):
        v = mine.forward()
        arrays = {key: value for key, value in v.items() if key != "Y0"} | mine.backward(v)
        assert compare(net.loss_of(), arrays)
        assert compare(net.loss_of(np.float32), arrays)


@layers
def test_a_few_ulps_of_the_terms_that_were_summed(net):
    """∂E/∂W = Σₙ yₙ δₙ may be off by some ulps of Σₙ |yₙ| |δₙ|, however small the sum itself is."""
    v = net.forward()
    g = net.backward(v)
    rng = np.random.default_rng(3)
    for kind in (np.float32, np.float64):
        noisy = {}
        for i in range(1, len(net.functions) + 1):
            y, δ = np.abs(v[f"Y{i - 1}"]), np.abs(g[f"δ{i}"])
            for key, terms in ((f"dW{i}", y.T @ δ), (f"db{i}", δ.sum(axis=0))):
                noisy[key] = (g[key] + 4 * np.finfo(kind).eps * terms * rng.uniform(-1, 1, terms.shape)).astype(kind)
        assert compare(net.loss_of(), noisy)


@layers
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_at_the_minimum_every_gradient_is_rounding(net, dtype):
    """Where Y = T the gradient is 0, and what is computed is what is left of it: of any size, and right."""
    net = type(net)(net.sizes, net.functions, net.error, net.rows)
    v = net.forward()
    net.T = v[f"Y{len(net.functions)}"].copy()
    net.X, net.T = net.X.astype(dtype), net.T.astype(dtype)
    net.p = {name: value.astype(dtype) for name, value in net.p.items()}
    v = net.forward()
    mine = net.backward(v)
    if net.error == "CE":
        mine = {key: value for key, value in mine.items() if key != f"dY{len(net.functions)}"}
    for loss in (net.loss_of(), net.loss_of(dtype)):
        result = compare(loss, mine)
        assert result, result
        zeros = {key: np.zeros_like(value) for key, value in mine.items()}
        assert compare(loss, zeros)
        wrong = compare(loss, {"dW1": mine["dW1"] + 0.01})
        assert "times what it should be" not in wrong.first.slip
        assert "sign" not in wrong.first.slip
        assert "% of the largest" not in str(wrong)


def test_a_gradient_that_cancels_is_rounding_and_not_a_multiple():
    """A bias of the keys is added to every score of a row alike, so softmax does not see it: ∂E/∂b = 0."""
    rng = np.random.default_rng(5)
    X, Q, K, b, T = (rng.normal(size=shape) for shape in ((6, 4), (4, 4), (4, 4), (4,), (6, 4)))
    Wq, Wk, bk = (Tensor(x, requires_grad=True, name=name) for x, name in ((Q, "Q"), (K, "K"), (b, "b")))
    x = Tensor(X, name="X")
    loss = losses.squared_error(softmax((x @ Wq) @ (x @ Wk + bk).T) @ X, T)
    A = soft((X @ Q) @ (X @ K + b).T)
    dA = (A @ X - T) @ X.T
    dS = A * (dA - (A * dA).sum(axis=1, keepdims=True))
    db = (dS.T @ (X @ Q)).sum(axis=0)
    assert 0 < np.abs(db).max() < 1e-12
    for mine in (db, -db, 1.7 * db, db[::-1], np.zeros(4), np.float32(db)):
        assert compare(loss, {"db": mine})
    said = compare(loss, {"db": np.array([0.1, 0.2, -0.3, 0.1])}).first.slip
    assert "times" not in said
    assert "sign" not in said


def test_scalars_of_no_axes():
    x = np.linspace(0.1, 2.0, 7)
    w, b = (Tensor(value, requires_grad=True, name=name) for value, name in ((0.3, "w"), (-0.2, "b")))
    loss = losses.squared_error(np.tanh(w * x + b), np.ones(7))
    y = np.tanh(0.3 * x - 0.2)
    δ = (y - 1) * (1 - y**2)
    for form in (float, np.float64, np.float32, np.asarray, lambda g: Tensor(g)):
        assert compare(loss, {"dw": form((δ * x).sum()), "db": form(δ.sum())})
    assert compare(loss, {"dw": -(δ * x).sum()}).first.slip == "the sign is wrong"
    assert compare(loss, {"db": δ}).first.slip == "it is not summed over axis 0, the batch"


def test_no_samples_and_dead_units_are_right():
    W, X = Tensor(np.ones((3, 2)), requires_grad=True, name="W"), np.zeros((0, 3))
    assert compare(losses.squared_error(X @ W, np.zeros((0, 2))), {"dW": np.zeros((3, 2))})
    W, X = Tensor(-np.ones((3, 2)), requires_grad=True, name="W"), np.ones((4, 3))
    loss = losses.squared_error(np.maximum(X @ W, 0), np.ones((4, 2)))
    assert compare(loss, {"dW": np.zeros((3, 2))})
    assert compare(loss, {"dW": -np.zeros((3, 2), np.float32)})
    assert not compare(loss, {"dW": np.full((3, 2), 1e-3)})


def test_infinite_where_it_is_infinite_is_right():
    x = Tensor(np.array([0.0, 1.0, 4.0]), requires_grad=True, name="x")
    with np.errstate(divide="ignore"):
        loss = np.sqrt(x).sum()
        assert compare(loss, {"dx": 0.5 / np.sqrt(x.data)})
        assert not compare(loss, {"dx": np.array([1e9, 0.5, 0.25])})
        assert not compare(loss, {"dx": np.array([np.inf, np.nan, 0.25])})


def test_a_difference_that_is_no_rounding_is_seen_in_single_precision_too():
    for net, kind in ((LAYERS[0], np.float32), (LAYERS[2], np.float64), (WORDS[0], np.float32), (WORDS[1], float)):
        loss = net.loss_of()
        for line in derive(loss):
            if line.target.op is None:
                value = np.array(line.value, kind)
                off = np.zeros_like(value)
                off.flat[np.argmax(np.abs(value))] = 0.01 * np.abs(value).max()
                assert not compare(loss, {line.symbol: value + off})
