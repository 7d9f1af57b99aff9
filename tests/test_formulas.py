"""What other libraries name, and is said to be a line of NumPy's syntax, is that, with its gradient."""

from math import exp, expm1, log, log1p, tanh

import numpy as np
import pytest

import minigrad
from minigrad import gradcheck, losses, nn
from minigrad.engine.protocols.formulas import ACTIVATIONS, LOSSES

X = np.array([[-4.1, -1.3, -0.2], [0.3, 1.4, 6.3]])
U, LABELS = np.array([[0.3, -1.2, 0.8], [1.1, 0.4, -0.6]]), np.array([2, 0])


def sigmoid(x):
    return 1 / (1 + exp(-x))


OF_A_NUMBER = {
    "selu": lambda x: 1.0507009873554805 * (x if x > 0 else 1.6732632423543772 * expm1(x)),
    "celu": lambda x: max(0, x) + min(0, expm1(x)),
    "mish": lambda x: x * tanh(log1p(exp(x))),
    "softsign": lambda x: x / (1 + abs(x)),
    "hardtanh": lambda x: min(1, max(-1, x)),
    "relu6": lambda x: min(6, max(0, x)),
    "hardsigmoid": lambda x: min(6, max(0, x + 3)) / 6,
    "hardswish": lambda x: x * min(6, max(0, x + 3)) / 6,
    "tanhshrink": lambda x: x - tanh(x),
}
OF_A_PAIR = {"poisson_nll": lambda y, t: exp(y) - t * y}


def compute(formula, **names):
    """Run what a message says to write."""
    code, _, given = formula.partition(", with p = ")
    world = {"np": np, "minigrad": minigrad} | names
    return eval(code.partition(", of targets")[0], world | ({"p": eval(given, world)} if given else {}))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activations(name):
    def f(x):
        return compute(ACTIVATIONS[name], x=x)

    if name == "glu":
        np.testing.assert_allclose(f(X[:, :2]), X[:, :1] * np.vectorize(sigmoid)(X[:, 1:2]))
    else:
        np.testing.assert_allclose(f(X), np.vectorize(OF_A_NUMBER[name], [float])(X))
    assert gradcheck(f, X[:, :2])
    for room in (nn.functional, minigrad):
        with pytest.raises(AttributeError, match="Write") as caught:
            getattr(room, name)
        assert f"Write {ACTIVATIONS[name]}" in str(caught.value)


@pytest.mark.parametrize("name", OF_A_PAIR)
def test_losses_of_pairs(name):
    y, t = np.array([0.2, 0.7, 0.9]), np.array([0.0, 1.0, 1.0])
    wanted = sum(map(OF_A_PAIR[name], y, t))
    np.testing.assert_allclose(compute(LOSSES[name], y=y, t=t), wanted)
    assert gradcheck(lambda y: compute(LOSSES[name], y=y, t=t), y)


def test_losses_of_classes():
    hinges = sum(max(0, u - row[t] + 1) for row, t in zip(U, LABELS, strict=True) for j, u in enumerate(row) if j != t)
    np.testing.assert_allclose(compute(LOSSES["multiclass_hinge"], u=U, t=LABELS), hinges)
    p = [exp(row[t]) / sum(map(exp, row)) for row, t in zip(U, LABELS, strict=True)]
    np.testing.assert_allclose(compute(LOSSES["focal"], u=U, t=LABELS), sum(-((1 - x) ** 2) * log(x) for x in p))
    for name in ("multiclass_hinge", "focal"):
        assert gradcheck(lambda u, name=name: compute(LOSSES[name], u=u, t=LABELS), U)


def test_each_loss_is_named():
    assert {*OF_A_PAIR, "multiclass_hinge", "focal"} == set(LOSSES)
    for name, part in (
        ("L1Loss", "losses.absolute_error(y, t)"),
        ("smooth_l1_loss", "losses.huber(y, t, delta=1.0)"),
        ("BCELoss", "losses.binary_cross_entropy(y, t)"),
        ("binary_cross_entropy_with_logits", "losses.sigmoid_cross_entropy(u, t)"),
        ("kl_div", "losses.kl_divergence(y, t)"),
        ("hinge_loss", "losses.hinge(y, t)"),
        ("focal_loss", "Write -np.sum((1 - p) ** 2"),
    ):
        with pytest.raises(AttributeError) as caught:
            getattr(losses, name)
        assert part in str(caught.value)
