"""One sample, a row or a vector, is derived as the book does it: no sums over samples, no shapes."""

from html import unescape
from itertools import pairwise

import numpy as np
import pytest

from minigrad import Tensor, data, derive, draw, losses, sigmoid, softmax
from minigrad.notation.formula import text
from tests.reading_data import LABELS, RNG, X, exact


def network(sizes, output):
    """Give the layers' parameters by name, with as many units each as sizes say."""
    parameters = {}
    for i, shape in enumerate(pairwise(sizes), 1):
        parameters |= {f"W{i}": RNG.normal(size=shape), f"b{i}": RNG.normal(size=shape[1:])}
    W1, b1, W2, b2 = (Tensor(x, requires_grad=True, name=name) for name, x in parameters.items())

    def loss(x, t):
        Y1 = sigmoid(Tensor(x, name="x" if x.ndim == 1 else "X") @ W1 + b1)
        t = Tensor(t, name="t" if x.ndim == 1 else "T")
        U2 = Y1 @ W2 + b2
        return losses.cross_entropy(softmax(U2), t) if output == "softmax" else losses.squared_error(U2, t)

    return loss


ONE_ROW = """
δ₂ = ∂E/∂U₂ = Y₂ − T    (Σ T = 1 along axis -1)
∂E/∂W₂ = Y₁ᵀ δ₂
∂E/∂b₂ = δ₂
∂E/∂Y₁ = δ₂ W₂ᵀ
δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁
∂E/∂W₁ = Xᵀ δ₁
∂E/∂b₁ = δ₁
""".strip()
ONE_VECTOR = """
δ₂ = ∂E/∂U₂ = Y₂ − t    (Σ t = 1 along axis -1)
∂E/∂W₂ = Y₁ δ₂ᵀ
∂E/∂b₂ = δ₂
∂E/∂Y₁ = W₂ δ₂
δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁
∂E/∂W₁ = x δ₁ᵀ
∂E/∂b₁ = δ₁
""".strip()
BY_INDEX = """
δₖ = ∂E/∂uₖ = yₖ − tₖ    (Σ T = 1 along axis -1)
∂E/∂wⱼₖ = yⱼ δₖ
∂E/∂bₖ = δₖ
∂E/∂yⱼ = Σᵣ δᵣ wⱼᵣ
δⱼ = ∂E/∂uⱼ = (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ
∂E/∂wᵢⱼ = xᵢ δⱼ
∂E/∂bⱼ = δⱼ
""".strip()


def without_fact(lines):
    return lines.replace("    (Σ T = 1 along axis -1)", "").replace("    (Σ t = 1 along axis -1)", "")


@pytest.mark.parametrize("sizes", [(4, 5, 3), (1, 5, 3), (4, 1, 3)])
def test_one_sample_is_derived_without_a_sum_or_a_shape(sizes):
    loss, T = network(sizes, "softmax"), data.one_hot(LABELS, 3)
    row = exact(derive(loss(X[:1, : sizes[0]], T[:1])))
    vector = exact(derive(loss(X[0, : sizes[0]], T[0])))
    assert (str(row), str(vector)) == (ONE_ROW, ONE_VECTOR)
    if 1 not in sizes:
        assert row.to_text("index") == BY_INDEX
        assert vector.to_text("index") == BY_INDEX.replace("Σ T", "Σ t")


@pytest.mark.parametrize("outputs", [1, 3])
def test_one_sample_of_a_regression(outputs):
    loss, t = network((4, 5, outputs), "identity"), RNG.normal(size=(1, outputs))
    row, vector = exact(derive(loss(X[:1], t))), exact(derive(loss(X[0], t[0])))
    assert (str(row), str(vector)) == (without_fact(ONE_ROW), without_fact(ONE_VECTOR))
    if outputs > 1:
        assert row.to_text("index") == vector.to_text("index") == without_fact(BY_INDEX)


def test_an_outer_product_is_one_in_every_format():
    derivation = derive(network((4, 5, 3), "identity")(X[0], np.ones(3)))
    assert "∂E/∂W₂ = Y₁ δ₂ᵀ" in derivation.to_text()
    assert "dE/dW2 = Y1 @ delta2.T" in derivation.to_text("text")
    assert r"= Y_1 \delta_2^{\top}" in derivation.to_latex()
    source = derivation.to_numpy()
    assert "dW2 = np.outer(Y1, δ2)" in source
    assert "dY1 = W2 @ δ2" in source


def test_matrices_to_the_left_of_vectors_are_layers_too():
    x, t = Tensor(X[0], name="x"), Tensor(np.ones(3), name="t")
    W1, b1, W2, b2 = (Tensor(RNG.normal(size=shape), requires_grad=True) for shape in ((5, 4), 5, (3, 5), 3))
    Y1 = np.tanh(W1 @ x + b1)
    derivation = exact(derive(losses.squared_error(W2 @ Y1 + b2, t), names=locals()))
    assert derivation.to_text().splitlines() == [
        "δ₂ = ∂E/∂U₂ = Y₂ − t",
        "∂E/∂W₂ = δ₂ Y₁ᵀ",
        "∂E/∂b₂ = δ₂",
        "∂E/∂Y₁ = W₂ᵀ δ₂",
        "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁²)",
        "∂E/∂W₁ = δ₁ xᵀ",
        "∂E/∂b₁ = δ₁",
    ]
    assert derivation.to_text("index").splitlines() == [
        "δₖ = ∂E/∂uₖ = yₖ − tₖ",
        "∂E/∂wₖⱼ = δₖ yⱼ",
        "∂E/∂bₖ = δₖ",
        "∂E/∂yⱼ = Σᵣ δᵣ wᵣⱼ",
        "δⱼ = ∂E/∂uⱼ = (Σᵣ δᵣ wᵣⱼ)(1 − yⱼ²)",
        "∂E/∂wⱼᵢ = δⱼ xᵢ",
        "∂E/∂bⱼ = δⱼ",
    ]


ONE_UNIT = """
∂E/∂Y₁ = Y₁ − t
δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁
∂E/∂w = δ₁ x
∂E/∂b = δ₁
""".strip()


@pytest.mark.parametrize(("bias", "target"), [((), ()), ((1,), ()), ((1,), (1,)), (None, ())])
@pytest.mark.parametrize("loss", ["half square", "its sum", "cross-entropy"])
def test_one_unit_on_x_of_one_axis_has_a_total_input_and_an_output(bias, target, loss):
    x, w = Tensor(X[0], name="x"), Tensor(RNG.normal(size=4), requires_grad=True, name="w")
    b = 0.0 if bias is None else Tensor(np.full(bias, 0.3), requires_grad=True, name="b")
    t = Tensor(np.full(target, 0.7), name="t")
    U = x @ w if bias is None else x @ w + b
    y = sigmoid(U)
    square = 0.5 * (y - t) ** 2
    cross = -(t * np.log(y) + (1 - t) * np.log(1 - y))
    E = (
        cross.sum()
        if loss == "cross-entropy"
        else square
        if loss == "half square" and not square.shape
        else square.sum()
    )
    derivation = exact(derive(E))
    lines = ONE_UNIT.splitlines()
    if loss == "cross-entropy":
        lines = ["δ₁ = ∂E/∂U₁ = Y₁ − t", *lines[2:]]
    assert str(derivation).splitlines() == lines[: len(lines) - (bias is None)]
    total = "U₁ = x w" + (" + b" if bias is not None else "")
    assert [f"{name} = {text(node, derivation.symbols, node)}" for name, node in derivation.forward][:2] == [
        total, "Y₁ = σ(U₁)",
    ]  # fmt: skip
    assert total in derivation.to_numpy()


def test_one_unit_on_several_samples():
    w, b = Tensor(RNG.normal(size=4), requires_grad=True, name="w"), Tensor(0.1, requires_grad=True, name="b")
    Y = sigmoid(Tensor(X, name="X") @ w + b)
    derivation = exact(derive((0.5 * (Y - Tensor(np.ones(6), name="T")) ** 2).sum()))
    assert derivation.to_text().splitlines()[2:] == ["∂E/∂w = Xᵀ δ₁", "∂E/∂b = Σ δ₁"]
    assert derivation.to_text("index").splitlines()[2:] == ["∂E/∂wᵢ = Σₙ δₙ xₙᵢ", "∂E/∂b = Σₙ δₙ"]


def test_one_sample_of_a_logistic_regression_is_read_as_many_are():
    x, w = Tensor(X[0], name="x"), Tensor(RNG.normal(size=4), requires_grad=True, name="w")
    y, t = 1 / (1 + np.exp(-(w @ x))), Tensor(1.0, name="t")
    derivation = exact(derive(-(t * np.log(y) + (1 - t) * np.log(1 - y)), forward=True))
    assert str(derivation).splitlines() == [
        "U₁ = w x",
        "Y₁ = σ(U₁)",
        "E = −(t ⊙ log(Y₁) + (1 − t) ⊙ log(1 − Y₁))",
        "δ₁ = ∂E/∂U₁ = Y₁ − t",
        "∂E/∂w = δ₁ x",
    ]
    assert "Loss · binary cross-entropy" in unescape(draw(-(t * np.log(y) + (1 - t) * np.log(1 - y))).svg())


def test_a_matrix_of_one_number_is_that_number():
    C, h = Tensor(RNG.normal(size=(1, 4)), requires_grad=True, name="C"), Tensor(X[:1].T, name="h")
    derivation = exact(derive(0.5 * ((C @ h).sum() - 0.3) ** 2))
    assert str(derivation).splitlines() == ["δ₁ = ∂E/∂U₁ = Y₁ − 0.3", "∂E/∂C = δ₁ hᵀ"]


def test_what_a_shift_leaves_as_it_is_has_a_delta_that_the_lines_after_it_use():
    W = Tensor(RNG.normal(size=(4, 3)), requires_grad=True, name="W")
    U = Tensor(X, name="X") @ W
    derivation = exact(derive((U - U.mean(axis=0)).var(axis=0).sum()))
    lines = str(derivation).splitlines()
    assert lines[1:] == ["δ₁ = ∂E/∂U₁ = ∂E/∂Y₁", "∂E/∂W = Xᵀ δ₁"]
    assert {box.heading: box.formula for box in draw((U - U.mean(axis=0)).var(axis=0).sum()).scene.boxes}[
        "∂E/∂W"
    ] == "Xᵀ δ₁"
