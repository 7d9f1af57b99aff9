"""Every slip that compare knows, made in NumPy by hand on several networks: each is named first, and alone."""

import numpy as np
import pytest

from minigrad import Tensor, compare, derive, losses, softmax
from minigrad.ops.common.alphabet import to_subscript
from tests.byhand import LAYERS, logistic
from tests.slips_by_hand import SYMBOLS, layers, named, recurrent, values_of


def hidden(net):
    """The layers that have a function and another layer after them."""
    return [i for i, name in enumerate(net.functions[:-1], 1) if name != "identity"]


@layers
def test_the_networks_by_hand_are_right(net):
    v = net.forward()
    assert compare(net.loss_of(), values_of(v) | net.backward(v))


@recurrent
def test_the_recurrent_networks_by_hand_are_right(net):
    assert compare(net.loss_of(), net.gradients())


def input_of(i):
    return f"Y{to_subscript(i - 1)}" if i > 1 else "X"


@layers
def test_a_bias_forgotten(net):
    for i in range(1, len(net.functions) + 1):
        v, n = net.forward(forgotten=i), to_subscript(i)
        g, last = net.backward(v), len(net.functions)
        says = f"b{n} is forgotten in {input_of(i)} W{n} + b{n}"
        output = i == last and net.functions[-1] == "identity"
        equation = f"Y{n} = {input_of(i)} W{n} + b{n}" if output else f"U{n} = {input_of(i)} W{n} + b{n}"
        says = f"b{n} is forgotten in {equation}"
        assert named(net, g) == (f"dY{last}", says)
        assert named(net, values_of(v) | g) == (f"U{i}", says)
        for key in (f"dW{last}", "dW1", "db1"):
            assert named(net, {key: g[key]}) == (key, says)
        if i < last:  # δ is right, and only the product after that layer is fed with the wrong Y
            fed = net.backward(net.forward(), fed={f"Y{i}": v[f"Y{i}"]})
            assert named(net, fed) == (f"dW{i + 1}", says)


@layers
def test_the_argument_in_place_of_the_output(net):
    v = net.forward()
    for i in hidden(net):
        key, n = f"dW{i + 1}", to_subscript(i)
        fed = net.backward(v, fed={f"Y{i}": v[f"U{i}"]})
        assert named(net, fed) == (key, f"U{n} is used in place of Y{n}")


@layers
def test_a_derivative_that_is_given_the_argument(net):
    v = net.forward()
    given_u = {"sigmoid": lambda u, y: u * (1 - u), "tanh": lambda u, y: 1 - u**2}
    given_y = {"sigmoid": lambda u, y: logistic(y) * (1 - logistic(y)), "tanh": lambda u, y: 1 - np.tanh(y) ** 2}
    for i in hidden(net):
        name, n = net.functions[i - 1], to_subscript(i)
        if name not in given_u:
            continue
        f = SYMBOLS[name].format(f"U{n}")
        g = net.backward(v, slopes={i: given_u[name]})
        says = f"U{n} is taken for Y{n} in f′, the derivative of {f}"
        assert named(net, g) == (f"δ{i}", says)
        assert named(net, {"dW1": g["dW1"]}) == ("dW1", says)
        g = net.backward(v, slopes={i: given_y[name]})
        says = f"f′ is taken at Y{n} instead of U{n}, the derivative of {f}"
        assert named(net, g) == (f"δ{i}", says)
        assert named(net, {"db1": g["db1"]}) == ("db1", says)


OTHERS = {  # another function's f′, as text by n and as a learner writes it
    "tanh": [("1 − Y{0}²", lambda u, y: 1 - y**2), ("1 − tanh(U{0})²", lambda u, y: 1 - np.tanh(u) ** 2)],
    "sigmoid": [
        ("(1 − Y{0}) ⊙ Y{0}", lambda u, y: y * (1 - y)),
        ("(1 − σ(U{0})) ⊙ σ(U{0})", lambda u, y: logistic(u) * (1 - logistic(u))),
    ],
    "relu": [("U{0} > 0", lambda u, y: u > 0)],
    "sin": [("cos(U{0})", lambda u, y: np.cos(u))],
    "square": [("2 U{0}", lambda u, y: 2 * u)],
}


@layers
@pytest.mark.parametrize("other", OTHERS)
def test_another_functions_derivative(net, other):
    v = net.forward()
    for i in hidden(net):
        name, n = net.functions[i - 1], to_subscript(i)
        for formula, rule in OTHERS[other] if name != other else ():
            says = f"f′ is that of {other}, {formula.format(n)}, and should be that of {SYMBOLS[name].format(f'U{n}')}"
            g = net.backward(v, slopes={i: rule})
            assert named(net, g) == (f"δ{i}", says)
            assert named(net, {"dW1": g["dW1"]}) == ("dW1", says)
            assert named(net, {f"db{i}": -g[f"db{i}"]}) == (f"db{i}", f"{says}, and the sign is wrong")


@layers
def test_a_missing_derivative(net):
    v = net.forward()
    for i in hidden(net):
        g = net.backward(v, slopes={i: lambda u, y: 1})
        says = f"f′ is missing, the derivative of {SYMBOLS[net.functions[i - 1]].format(f'U{to_subscript(i)}')}"
        assert named(net, g) == (f"δ{i}", says)
        assert named(net, {"dW1": g["dW1"]}) == ("dW1", says)


@pytest.mark.parametrize("net", [net for net in LAYERS if net.functions[-1] == "softmax"], ids=str)
def test_only_the_diagonal_of_softmaxs_jacobian(net):
    n = len(net.functions)
    g = net.backward(net.forward(), slopes={n: lambda u, y: y * (1 - y)})
    says = f"only the diagonal of the Jacobian of softmax(U{to_subscript(n)}) is there, ∂yₖ/∂uₖ"
    assert named(net, g) == (f"δ{n}", says)
    for key in ("dW1", f"db{n}", "dY1"):
        assert named(net, {key: g[key]}) == (key, says)


def test_only_the_diagonal_inside_attention():
    rng = np.random.default_rng(4)
    X, W, T = rng.normal(size=(5, 4)), rng.normal(size=(4, 4)), rng.normal(size=(5, 4))
    recorded = Tensor(W, requires_grad=True, name="W")
    loss = losses.squared_error(softmax(Tensor(X, name="X") @ recorded @ X.T) @ X, T)
    e = np.exp(X @ W @ X.T)
    A = e / e.sum(axis=1, keepdims=True)
    dA = (A @ X - T) @ X.T
    assert compare(loss, {"dW": X.T @ (A * (dA - (dA * A).sum(axis=1, keepdims=True))) @ X})
    row = compare(loss, {"dW": X.T @ (A * (1 - A) * dA) @ X}).first
    assert row.slip.startswith("only the diagonal of the Jacobian of softmax(")


@layers
@pytest.mark.parametrize("rate", [0.5, 0.01, 1e-3])
def test_a_weight_that_was_already_updated(net, rate):
    v = net.forward()
    g, n = net.backward(v), len(net.functions)
    after = {f"W{i}": net.p[f"W{i}"] - rate * g[f"dW{i}"] for i in range(2, n + 1)}
    for i in range(2, n + 1):
        mine = net.backward(v, weights={f"W{i}": after[f"W{i}"]})
        says = f"W{to_subscript(i)} was already updated, with η = {rate:g}"
        assert named(net, mine) == (f"dY{i - 1}", says)
        for key in ("dW1", "db1", f"dY{i - 1}"):
            assert named(net, {key: mine[key]}) == (key, says)
    mine = net.backward(v, weights=after)
    *others, last = [f"W{to_subscript(i)}" for i in range(n, 1, -1)]
    says = f"{', '.join(others)} and {last} were" if others else f"{last} was"
    assert named(net, {"dW1": mine["dW1"]}) == ("dW1", f"{says} already updated, with η = {rate:g}")


def test_a_slip_by_which_a_matrix_has_no_decomposition_is_none():
    """Of exp(−d / l²) without exp there is no Cholesky decomposition: it is not what was done, and raises nothing."""
    points = np.arange(5.0)
    distance = (points[:, None] - points) ** 2
    length = Tensor(0.7, requires_grad=True, name="l")
    K = np.exp(-distance / length**2) + 0.1 * np.eye(5)
    E = np.log(np.diag(np.linalg.cholesky(K))).sum()
    (line,) = (line for line in derive(E) if line.of == "l")
    right = float(line.value)
    assert compare(E, {"l": right})
    assert "it is no usual slip" in str(compare(E, {"l": 1.1 * right}))
    assert derive(E).check().first is None
