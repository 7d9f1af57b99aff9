"""The ways in which people write a network or its data that are not our own blocks, each with its derivation's text."""

import re
from functools import reduce
from itertools import pairwise, product
from operator import add

import numpy as np
import pytest

from minigrad import Tensor, data, derive, draw, losses, nn, sigmoid, softmax
from minigrad.algebra.graph import evaluate
from minigrad.app.tour.runs import write_loss
from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.notation.running import Running, RunningSum, fold_sums
from minigrad.ops.indexing import Index

RNG = np.random.default_rng(4)
LABELS = np.arange(6) % 3
X = RNG.normal(size=(6, 4))


def exact(derivation):
    """Give a derivation whose every line agrees with the engine and with finite differences."""
    differences = derivation.check()
    assert max(line.engine for line in differences) < 1e-12
    assert max(line.numeric for line in differences) < 1e-7
    return derivation


def classifier(x, t):
    """Give the cross-entropy of one layer, in the dtype of the targets."""
    W, b = (RNG.normal(size=shape).astype(t.dtype) for shape in ((4, t.shape[-1]), t.shape[-1:]))
    W, b = Tensor(W, requires_grad=True, name="W1"), Tensor(b, requires_grad=True, name="b1")
    return losses.cross_entropy(softmax(Tensor(x.astype(t.dtype), name="X") @ W + b), Tensor(t, name="T"))


def delta(x, t):
    """Derive a classifier's cross-entropy, and give its first line."""
    derivation = derive(classifier(x, t))
    return str((exact(derivation) if t.dtype == np.float64 else derivation)[0])


KNOWN = "δ₁ = ∂E/∂U₁ = Y₁ − T    (Σ T = 1 along axis -1)"


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "rows",
    [
        slice(3), slice(2, 5), slice(None, None, 2), slice(None, None, -1), slice(1), 0, (slice(3), slice(None)),
        (None, 2, slice(None)), ...,
    ],
    ids=str,
)  # fmt: skip
def test_a_view_of_one_hot_rows_sums_to_1(rows, dtype):
    T = data.one_hot(LABELS, 3, dtype)
    x = X[rows[:2]] if isinstance(rows, tuple) else X[rows]
    assert {delta(x, T[rows]), delta(x, T[rows][...][...])} == {KNOWN}


@pytest.mark.parametrize("key", [(slice(None), slice(2)), (slice(None), slice(None, None, -1))], ids=str)
def test_a_view_of_parts_of_the_rows_claims_nothing(key):
    T = data.one_hot(LABELS, 3)[key]
    line = derive(classifier(X, T))[0]
    assert not line.facts
    assert (line.supposing is not None) == (T.shape[1] == 3)


def test_parts_and_batches_of_one_hot_targets_keep_their_fact():
    T = data.one_hot(LABELS, 3)
    X_train, T_train, X_test, T_test = data.split(X, T[::-1], 2, rng=0)
    assert {delta(X_train, T_train), delta(X_test, T_test), delta(X_test[1:], T_test[1:])} == {KNOWN}
    for x, t in [*data.batches(X, T, 4), *data.batches(X, T, 4, rng=0), *data.batches(X_train, T_train[:4], 3)]:
        assert delta(x, t) == KNOWN


def test_a_fact_does_not_outlive_what_was_written_over_it():
    T = data.one_hot(LABELS, 3)
    part = T[:3]
    T[0] = 0.5
    assert delta(X[:3], part) == "δ₁ = ∂E/∂U₁ = Y₁ ⊙ Σₖ tₖ − T"
    assert delta(X[1:3], part[1:]) == KNOWN


SUPPOSED = "Y₁ ⊙ Σₖ tₖ − T = Y₁ − T if Σ T = 1, as in this T"


def test_rows_that_sum_to_1_unsaid_show_what_the_line_would_be():
    shuffled = data.one_hot(LABELS, 3)[RNG.permutation(6)]
    soft = RNG.dirichlet(np.ones(3), size=6)
    for T in (shuffled, soft, np.eye(3)[LABELS], soft.astype(np.float32)):
        assert delta(X, T).removeprefix("δ₁ = ∂E/∂U₁ = ") == SUPPOSED
    assert delta(X, 2 * soft).removeprefix("δ₁ = ∂E/∂U₁ = ") == "Y₁ ⊙ Σₖ tₖ − T"
    assert delta(X[:1], soft[:1]).removeprefix("δ₁ = ∂E/∂U₁ = ") == SUPPOSED


def test_what_a_line_supposes_is_checked_and_kept_apart_from_its_formula():
    T = np.eye(3)[LABELS]
    derivation = derive(losses.cross_entropy(nn.MLP((4, 5, 3), rng=0)(Tensor(X, name="X")), Tensor(T, name="T")))
    first, *others = derivation
    assert (first.formula, first.facts, str(*first.supposing.facts)) == (
        "Y₂ ⊙ Σₖ tₖ − T", (), "Σ T = 1 along axis -1",
    )  # fmt: skip
    (supposed,) = [first.supposing.node]
    (value,) = evaluate([supposed], derivation.graph.values)
    np.testing.assert_allclose(value, first.value, atol=1e-15)
    assert not any(line.supposing for line in others)


def test_every_format_says_what_is_supposed():
    T = np.eye(3)[LABELS]
    derivation = derive(classifier(X, T))
    first = {notation: derivation.to_text(notation).splitlines()[0] for notation in ("matrix", "index", "text")}
    assert first == {
        "matrix": f"δ₁ = ∂E/∂U₁ = {SUPPOSED}",
        "index": "δⱼ = ∂E/∂uⱼ = yⱼ Σᵣ tᵣ − tⱼ = yⱼ − tⱼ if Σ T = 1, as in this T",
        "text": "delta1 = dE/dU1 = Y1 * sum_k t_k - T = Y1 - T if sum T = 1, as in this T",
    }
    tex = r"= Y_1 - T \quad \text{if }\Sigma\text{ T = 1, as in this T}"
    assert tex in derivation.to_latex()
    assert f"{tex}$ |" in derivation.to_markdown()
    assert "<mtext>&nbsp;if Σ T = 1, as in this T</mtext>" in derivation.to_mathml()[0]
    assert "<mtext>&nbsp;if Σ T = 1, as in this T</mtext>" in derivation.to_html("index")


def test_a_sum_over_another_axis_names_it():
    T = Tensor(RNG.dirichlet(np.ones(6), size=3).T, name="T")  # each column sums to 1
    U = Tensor(RNG.normal(size=(6, 3)), requires_grad=True, name="U")
    loss = -(T * np.log(softmax(U, axis=0))).sum()
    assert str(exact(derive(loss))).endswith(" − T = softmax(U) − T if Σ T = 1 along axis 0, as in this T")


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


def signature(E, **kwargs):
    """Give the arguments of a derivation's code, and the keys of its gradients."""
    source = derive(E, **kwargs).to_numpy()
    returned = source.split("return E, {")[-1]
    return re.findall(r"def loss_and_gradients\((.*)\)", source)[0], re.findall(r'"(\w+)"', returned)


def layers_by_name():
    shapes = {"W1": (4, 5), "b1": (5,), "W2": (5, 3), "b2": (3,)}
    return {name: Tensor(RNG.normal(size=shape), requires_grad=True, name=name) for name, shape in shapes.items()}


@pytest.mark.parametrize("loss", ["cross-entropy", "by hand", "squared error", "mean", "turned", "decay"])
def test_code_takes_the_data_the_parameters_as_they_are_used_and_the_targets(loss):
    W1, b1, W2, b2 = (p := layers_by_name()).values()
    x, t = Tensor(X, name="X"), Tensor(data.one_hot(LABELS, 3), name="T")
    Y = softmax(np.tanh(b1 + x @ W1) @ W2 + b2)
    E = {
        "cross-entropy": lambda: losses.cross_entropy(Y, t),
        "by hand": lambda: -(t * np.log(Y)).sum(),
        "squared error": lambda: losses.squared_error(Y, t),
        "mean": lambda: ((t - Y) ** 2).mean(),
        "turned": lambda: 0.5 * (np.square(t - Y)).sum(axis=1).sum(),
        "decay": lambda: 0.01 * (W2**2).sum() + losses.cross_entropy(Y, t),
    }[loss]()
    assert signature(E) == ("X, W1, b1, W2, b2, T", [*p])
    assert signature(E, wrt=[W2, W1]) == ("X, W1, b1, W2, b2, T", ["W1", "W2"])


def test_arrays_without_a_name_and_data_that_are_a_target_too_have_their_place():
    rng = np.random.default_rng(0)
    x, t = rng.normal(size=(40, 4)), rng.normal(size=(40, 3))
    W = Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W")
    assert signature(((x @ W - t) ** 2).sum()) == ("x, W, t", ["W"])
    assert signature(((t - x @ W) ** 2).sum(), names={"T": t}) == ("x, W, T", ["W"])
    X, h = Tensor(x, name="X"), Tensor(rng.normal(size=(4, 4)), requires_grad=True, name="H")
    assert signature(((X - np.tanh(X @ h)) ** 2).sum()) == ("X, H", ["H"])  # an autoencoder's target is its input


def test_a_small_loss_is_written_by_its_digits():
    x, w = Tensor([1.0, 0.5], name="x"), Tensor([0.3, 0.4], requires_grad=True, name="w")
    E = 0.5 * (x @ w - (0.5 - np.sqrt(8.6e-5))) ** 2
    assert f"{E.item():.1e}" == "4.3e-05"
    assert "4.3e−05" in draw(E).svg()
    assert [write_loss(x) for x in (4.3e-05, 0.00043, 0.0043, 0.43, 0.0, 12.5)] == [
        "4.3e-05", "0.00043", "0.0043", "0.4300", "0.0000", "12.5000",
    ]  # fmt: skip


@pytest.mark.parametrize("rows", [1, 5])
def test_gradients_of_inputs_are_summed_over_the_letters_of_the_book(rows):
    x = Tensor(X[:rows], requires_grad=True, name="X")
    derivation = exact(derive(losses.squared_error(nn.MLP((4, 5, 3), output="identity", rng=0)(x), np.ones((rows, 3)))))
    by_index = {line.of: text for line, text in zip(derivation, derivation.to_text("index").splitlines(), strict=True)}
    assert by_index["Y₁"] == "∂E/∂yⱼ = Σᵣ δᵣ wⱼᵣ"
    assert by_index["U₁"] == "δⱼ = ∂E/∂uⱼ = (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ"
    assert by_index["X"] == "∂E/∂xᵢ = Σ_q δ_q w_iq"
    assert r"\frac{\partial E}{\partial x_i} &= \sum_{q} \delta_q w_{iq}" in derivation.to_latex("index")
    assert "<munder><mo>∑</mo><mrow><mi>q</mi></mrow></munder>" in derivation.to_mathml("index")[-1]


def test_one_layer_and_deep_nets_sum_over_r():
    x = Tensor(X, requires_grad=True, name="X")
    for sizes, last in ((4, 3), "∂E/∂xᵢ = Σᵣ δᵣ wᵢᵣ"), ((4, 5, 6, 3), "∂E/∂xⱼ = Σᵣ δ⁽¹⁾ᵣ w⁽¹⁾ⱼᵣ"):
        E = losses.squared_error(nn.MLP(sizes, output="identity", rng=0)(x), np.ones((6, 3)))
        assert derive(E).to_text("index").splitlines()[-1] == last


ATTENTION = """
∂E/∂Y = Y − T
δ₃ = ∂E/∂V = Aᵀ ∂E/∂Y
∂E/∂Wv = Xᵀ δ₃
∂E/∂A = ∂E/∂Y Vᵀ
∂E/∂v₁ = A ⊙ (∂E/∂A − Σₖ ∂E/∂A ⊙ A)
δ₂ = ∂E/∂K = (∂E/∂v₁)ᵀ Q / 2
∂E/∂Wk = Xᵀ δ₂
δ₁ = ∂E/∂Q = ∂E/∂v₁ K / 2
∂E/∂Wq = Xᵀ δ₁
""".strip()


def attention(*named):
    x, t = Tensor(X, name="X"), Tensor(RNG.normal(size=(6, 4)), name="T")
    Wq, Wk, Wv = (Tensor(RNG.normal(size=(4, 4)), requires_grad=True, name=name) for name in ("Wq", "Wk", "Wv"))
    Q, K, V = x @ Wq, x @ Wk, x @ Wv
    A = softmax(Q @ K.T / 2)
    Y = A @ V
    own = locals()
    return losses.squared_error(Y, t), {name: own[name] for name in named}


def test_scores_of_attention_have_a_line_of_their_own():
    E, names = attention(*"QKVAY")
    derivation = exact(derive(E, names=names))
    assert str(derivation) == ATTENTION
    assert "v1 = Q @ K.T / 2" in derivation.to_numpy()
    assert [box.formula for box in draw(E, names=names).scene.boxes if box.symbol == "v₁"] == ["Q Kᵀ / 2"]
    E, _ = attention()
    assert str(exact(derive(E))).splitlines() == [
        "∂E/∂v₃ = v₃ − T",
        "δ₃ = ∂E/∂U₃ = v₂ᵀ ∂E/∂v₃",
        "∂E/∂Wv = Xᵀ δ₃",
        "∂E/∂v₂ = ∂E/∂v₃ Y₃ᵀ",
        "∂E/∂v₁ = v₂ ⊙ (∂E/∂v₂ − Σₖ ∂E/∂v₂ ⊙ v₂)",
        "δ₂ = ∂E/∂U₂ = (∂E/∂v₁)ᵀ Y₁ / 2",
        "∂E/∂Wk = Xᵀ δ₂",
        "δ₁ = ∂E/∂U₁ = ∂E/∂v₁ Y₂ / 2",
        "∂E/∂Wq = Xᵀ δ₁",
    ]


def test_what_is_used_twice_and_is_short_needs_no_symbol():
    W = Tensor(RNG.normal(size=(4, 3)), requires_grad=True, name="W")
    U = Tensor(X, name="X") @ W
    derivation = exact(derive(((np.tanh(U) * sigmoid(U) - 1.0) ** 2).sum(), names={"U": U}))
    assert not [name for name, _ in derivation.forward if name.startswith("v")]


def test_sums_in_a_residual_net_have_symbols_and_lines():
    Y = Tensor(X, name="X") @ Tensor(RNG.normal(size=(4, 4)), requires_grad=True, name="W1")
    for i in range(2, 8):
        Y = Y + np.tanh(Y @ Tensor(RNG.normal(size=(4, 4)) / 3, requires_grad=True, name=f"W{i}"))
    derivation = exact(derive(losses.squared_error(Y, Tensor(X, name="T")), fold=False))
    lines = {line.of: str(line) for line in derivation}
    assert lines["W₇"] == "∂E/∂W₇ = v₅ᵀ δ₇"
    assert lines["v₄"] == "∂E/∂v₄ = ∂E/∂v₅ + δ₆ W₆ᵀ"
    assert max(map(len, lines.values())) < 45


def image(h, w, n=2):
    return Tensor(RNG.normal(size=(n, h, w)), name="x"), Tensor(RNG.normal(size=(n, h - 2, w - 2)), name="T")


def test_an_image_through_a_kernel_by_slices_is_a_few_short_lines():
    x, T = image(6, 7)
    k = Tensor(RNG.normal(size=(3, 3)), requires_grad=True, name="k")
    u = sum(x[:, i : i + 4, j : j + 5] * k[i, j] for i in range(3) for j in range(3))
    y = np.tanh(u)
    derivation = exact(derive(losses.squared_error(y, T), names={"U": u, "Y": y}))
    assert derivation.to_text().splitlines() == [
        "∂E/∂Y = Y − T",
        "∂E/∂U = ∂E/∂Y ⊙ (1 − Y²)",
        "∂E/∂k = Σᵢⱼ scatter(Σ ∂E/∂U ⊙ x[:, i:i+4, j:j+5], [i, j])",
    ]
    assert str(derivation.forward_lines[0]) == "U = Σᵢⱼ x[:, i:i+4, j:j+5] ⊙ k[i, j]"
    assert r"\sum_{ij} \operatorname{scatter}\left( \sum" in derivation.to_latex()
    unnamed = exact(derive(losses.squared_error(y, T)))
    assert max(map(len, str(unnamed).splitlines())) < 70
    assert [line.split(" = ")[0] for line in str(unnamed).splitlines()] == ["∂E/∂v₃₇", "∂E/∂v₃₆", "∂E/∂k"]


def test_a_convolution_by_products_of_slices_is_a_layer():
    x, T = Tensor(RNG.normal(size=(2, 6, 6, 3)), name="x"), Tensor(RNG.normal(size=(2, 4, 4, 2)), name="T")
    k = Tensor(RNG.normal(size=(3, 3, 3, 2)), requires_grad=True, name="k")
    b = Tensor(RNG.normal(size=2), requires_grad=True, name="b")
    u = sum(x[:, i : i + 4, j : j + 4] @ k[i, j] for i in range(3) for j in range(3)) + b
    derivation = exact(derive(losses.squared_error(np.maximum(u, 0), T)))
    assert str(derivation.forward_lines[0]) == "U₁ = Σᵢⱼ x[:, i:i+4, j:j+4] k[i, j] + b"
    assert derivation.to_text().splitlines() == [
        "∂E/∂Y₁ = Y₁ − T",
        "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (U₁ > 0)",
        "∂E/∂k = Σᵢⱼ scatter(reshape(x[:, i:i+4, j:j+4])ᵀ reshape(δ₁), [i, j])",
        "∂E/∂b = Σ δ₁",
    ]


def written_out(expression, sizes):
    """Open the sums of an expression that was made to be written: its terms at each place of their indices."""

    def placed(key, at):
        if isinstance(key, tuple):
            return tuple(placed(part, at) for part in key)
        if isinstance(key, slice):
            return slice(placed(key.start, at), placed(key.stop, at), key.step)
        return at[key.letter] * key.step + key.offset if isinstance(key, Running) else key

    def opened(node, at):
        if not isinstance(node, Node) or node.op is None:
            return node
        if isinstance(node.op, RunningSum):
            grid = product(*(range(n) for n in sizes.values()))
            return sum(opened(node.inputs[0], dict(zip(sizes, places, strict=True))) for places in grid)
        op = Index(placed(node.op.key, at)) if type(node.op) is Index else node.op
        return op(*(opened(x, at) for x in node.inputs))

    return opened(expression, {})


@pytest.mark.parametrize(
    ("terms", "text_of_it", "sizes"),
    [
        (lambda x, k: [x[i : i + 3] * k[i] for i in range(5)], "Σᵢ x[i:i+3] ⊙ k[i]", {"i": 5}),
        (lambda x, k: [x[2 * i + 1 : 2 * i + 4] * k[i] for i in range(4)], "Σᵢ x[2i+1:2i+4] ⊙ k[i]", {"i": 4}),
        (lambda x, k: [x[4 - i] * k[i : i + 2] for i in range(4)], None, {}),
        (lambda x, k: [x[i : i + 3] * k[i] for i in (0, 1, 2, 4)], None, {}),
        (lambda x, k: [x[i : i + 3] * k[i] for i in range(3)], None, {}),
        (lambda x, k: [np.exp(x[i : i + 3]) / (1 + k[j]) for j in (3, 4) for i in (1, 2)],
         "Σᵢⱼ exp(x[i+1:i+4]) / (1 + k[j+3])", {"i": 2, "j": 2}),
        (lambda x, k: [k[:3], *(x[i : i + 3] for i in range(4)), x[9:12] ** 2],
         "k[:3] + Σᵢ x[i:i+3] + x[9:12]²", {"i": 4}),
    ],
)  # fmt: skip
def test_terms_that_differ_in_an_index_are_written_once(terms, text_of_it, sizes):
    x, k = Node(name="x", shape=(12,), table={}), Node(name="k", shape=(5,))
    k.table = x.table
    expression = reduce(add, terms(x, k))
    folded = fold_sums(expression, {})
    assert (text(expression) == text_of_it) if text_of_it else (folded is expression and "Σ" not in text(expression))
    known = {x: RNG.normal(size=12), k: RNG.normal(size=5)}
    value, again = evaluate([expression, written_out(folded, sizes)], known)
    np.testing.assert_allclose(value, again, rtol=1e-12)
