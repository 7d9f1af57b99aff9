"""A learner's own gradients against the derivation: every usual slip, on several networks, is recognised."""

import re

import numpy as np
import pytest

from minigrad import Tensor, compare, derive, losses, nn, relu, softmax, sums_to_one
from minigrad.ops.common.alphabet import plain_digits, to_subscript
from tests.networks import NETWORKS, attention, gate_residual_and_tied, layer_normalization, mlp
from tests.samples import SAMPLES


def network(sizes=(4, 6, 5, 3), rows=7, hidden="sigmoid", output="softmax", reduction="sum"):
    rng = np.random.default_rng(2)
    X = Tensor(rng.normal(size=(rows, sizes[0])), name="X")
    T = Tensor(np.eye(sizes[-1])[np.arange(rows) % sizes[-1]], name="T")
    error = losses.cross_entropy if output == "softmax" else losses.squared_error
    return error(nn.MLP(sizes, hidden=hidden, output=output, rng=1)(X), T, reduction=reduction)


MLPS = [
    {},
    {"reduction": "mean"},
    {"hidden": "tanh", "output": "identity"},
    {"hidden": relu, "output": "sigmoid", "reduction": "mean"},
    {"sizes": (4, 4, 4, 4), "rows": 4},
    {"sizes": (3, 5, 6, 5, 6, 2), "output": "identity"},
]
mlps = pytest.mark.parametrize("loss", [network(**options) for options in MLPS])


def truth(loss, given=()):
    """Give every line's value, by its symbol."""
    return {line.symbol: np.array(line.value) for line in derive(loss, given=given, fold=False)}


def inputs_of(loss):
    """Give the values of a loss's inputs by name."""
    return {plain_digits(node.name): value for node, value in derive(loss).graph.values.items()}


def slip(loss, key, array):
    """Give what is said of one array that is wrong."""
    result = compare(loss, {key: array})
    assert not result
    assert not result.ok
    assert result.first.key == key
    return result.first.slip


@pytest.mark.parametrize("build", NETWORKS)
def test_what_is_right_is_right_to_rounding(build):
    loss, given = build()
    values = truth(loss, given)
    result = compare(loss, values, given=given)
    assert result.ok
    assert result
    assert result.first is None
    assert [row.symbol for row in result] == list(values)
    assert compare(loss, {key: value.astype(np.float32) for key, value in values.items()}, given=given).ok


def test_the_hand_written_network_is_right():
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(5, 4)), np.eye(3)[rng.integers(3, size=5)]
    model = nn.MLP((4, 6, 3), rng=0)
    parameters = [p.data for p in model.parameters()]
    Y1 = 1 / (1 + np.exp(-(X @ parameters[0] + parameters[1])))
    U2 = Y1 @ parameters[2] + parameters[3]
    Y2 = np.exp(U2) / np.exp(U2).sum(axis=1, keepdims=True)
    δ2 = Y2 - T
    δ1 = (δ2 @ parameters[2].T) * (1 - Y1) * Y1
    loss = losses.cross_entropy(model(Tensor(X, name="X")), Tensor(T, name="T"))
    mine = {"δ2": δ2, "dW2": Y1.T @ δ2, "db2": δ2.sum(axis=0), "dY1": δ2 @ parameters[2].T, "δ1": δ1}
    mine |= {"dW1": X.T @ δ1, "db1": δ1.sum(axis=0), "dX": δ1 @ parameters[0].T, "dY2": -T / Y2}
    assert compare(loss, mine)


@mlps
def test_a_wrong_sign_a_factor_and_any_multiple(loss):
    for i, (key, value) in enumerate(truth(loss).items()):
        assert slip(loss, key, -value) == "the sign is wrong"
        assert slip(loss, key, 2 * value) == "a factor ½ is missing"
        assert slip(loss, key, value / 2) == "there is a factor ½ too many"
        assert slip(loss, key, -2 * value) == "the sign is wrong and a factor ½ is missing"
        if i % 4 == 0:  # every slip is tried before that is said
            assert slip(loss, key, 1.7 * value) == "it is 1.7 times what it should be"


@mlps
def test_transposed(loss):
    for key, value in truth(loss).items():
        if value.ndim > 1:
            assert slip(loss, key, value.T) == "it is transposed"
            assert slip(loss, key, -value.T) == "it is transposed, and the sign is wrong"


@pytest.mark.parametrize("options", [{}, {"output": "identity", "hidden": "tanh"}, {"sizes": (4, 3), "rows": 5}])
def test_the_number_of_samples(options):
    loss, summed = (network(reduction=reduction, **options) for reduction in ("mean", "sum"))
    n = options.get("rows", 7)
    for key, value in truth(loss).items():
        assert slip(loss, key, n * value) == f"1/N is missing, N = {n}"
        assert "1/N is there twice" in slip(loss, key, value / n)
        assert slip(summed, key, value) == f"it is divided by {n}, and E is not, which is a sum"


@mlps
def test_a_missing_derivative_of_an_activation(loss):
    values = truth(loss)
    for i in range(1, sum(key.startswith("δ") for key in values)):
        n = to_subscript(i)
        said = slip(loss, f"δ{n}", values[f"∂E/∂Y{n}"])
        assert said.startswith("f′ is missing, the derivative of ")
        assert said.endswith((f"(U{n})", f"U{n}, 0)"))


def test_a_missing_derivative_is_found_from_the_weights_alone():
    loss = network(hidden="tanh", output="identity")
    values = truth(loss)
    assert slip(loss, "dW1", inputs_of(loss)["X"].T @ values["∂E/∂Y₁"]) == "f′ is missing, the derivative of tanh(U₁)"
    assert slip(loss, "db1", -values["∂E/∂Y₁"].sum(axis=0)) == (
        "f′ is missing, the derivative of tanh(U₁), and the sign is wrong"
    )


def test_the_output_layers_derivative():
    loss = network(output="sigmoid", sizes=(4, 3))
    x = inputs_of(loss)
    Y1 = 1 / (1 + np.exp(-x["X"] @ x["W1"] - x["b1"]))
    assert slip(loss, "delta1", Y1 - x["T"]) == "f′ is missing, the derivative of σ(U₁)"


@mlps
def test_sums_over_no_axis_and_over_another(loss):
    values = truth(loss)
    for key, value in values.items():
        if key.startswith("∂E/∂b"):
            δ = values[f"δ{key[-1]}"]
            assert slip(loss, key, δ) == "it is not summed over axis 0, the batch"
            assert slip(loss, key, δ.sum(axis=1)) == "it is summed over axis 1 instead of axis 0"
            assert slip(loss, key, value[None]) == "it kept axis 0, with length 1, in the sum"
            assert "it is divided by" in slip(loss, key, δ.mean(axis=0)) or "twice" in slip(loss, key, δ.mean(axis=0))


def test_a_product_that_is_not_summed_over_the_samples():
    loss = network(output="identity")
    values = truth(loss)
    X = inputs_of(loss)["X"]
    assert slip(loss, "dW1", X[:, :, None] * values["δ₁"][:, None]) == "it is not summed over the batch"


def test_a_factor_of_a_product_that_is_not_transposed():
    loss = network(sizes=(4, 4, 4), rows=4, output="identity")
    values, inputs = truth(loss), inputs_of(loss)
    assert slip(loss, "dY1", values["δ₂"] @ inputs["W2"]) == "W₂ is not transposed"
    assert slip(loss, "dW1", inputs["X"] @ values["δ₁"]) == "X is not transposed"


def test_one_use_of_several_forgotten():
    loss, _ = gate_residual_and_tied()
    values, inputs = truth(loss), inputs_of(loss)
    assert slip(loss, "dV", values["∂E/∂V"] - 0.1 * inputs["V"]) == "the part that comes through V² is missing"


def test_what_follows_from_a_wrong_one_is_told_from_what_is_wrong_itself():
    loss = network(output="identity")
    values, inputs = truth(loss), inputs_of(loss)
    δ2 = values["∂E/∂Y₂"]  # without f′
    Y1 = 1 / (1 + np.exp(-inputs["X"] @ inputs["W1"] - inputs["b1"]))
    dY1 = δ2 @ inputs["W2"].T
    δ1 = dY1 * Y1 * (1 - Y1)
    mine = {"dW1": -inputs["X"].T @ δ1, "δ1": δ1, "dY1": dY1, "dW2": Y1.T @ δ2, "δ2": δ2, "δ3": values["δ₃"]}
    result = compare(loss, mine)
    assert result.first.key == "δ2"
    assert [row.key for row in result] == ["δ3", "δ2", "dW2", "dY1", "δ1", "dW1"]
    assert [row.follows for row in result] == [False, False, True, True, True, False]
    assert result["dW1"].slip == "the sign is wrong, besides what follows from the wrong ones before it"
    assert str(result).splitlines()[:2] == [
        "Look at δ2 first: f′ is missing, the derivative of σ(U₂).",
        "It should be δ₂ = ∂E/∂U₂ = ∂E/∂Y₂ ⊙ (1 − Y₂) ⊙ Y₂.",
    ]
    assert str(result).splitlines()[2].startswith("It differs most at [")
    assert "→ dW2 follows from δ2" in repr(result)


def test_attention_and_no_usual_slip():
    loss, _ = attention()
    values = truth(loss)
    assert slip(loss, "dW_q", -values["∂E/∂W_q"]) == "the sign is wrong"
    assert slip(loss, "delta_1", values["δ₁"] + 1) == "it is no usual slip"
    spoilt = values["δ₁"].copy()
    spoilt[1, 2] = np.nan
    row = compare(loss, {"δ1": spoilt}).first
    assert row.slip == "it holds NaN or infinity"
    assert row.at == (1, 2)


@pytest.mark.parametrize("key", ["δ₂", "δ2", "delta2", "delta_2", "δ_2", "dU2", "∂E/∂U₂", "∂E/∂U2", "dE/dU2", " dU_2 "])
def test_spellings_of_delta(key):
    loss, given = mlp()
    assert compare(loss, {key: truth(loss)["δ₂"]}, given=given)


@pytest.mark.parametrize("key", ["dW1", "dW₁", "∂E/∂W₁", "∂E/∂W1", "dE/dW1", "dW_1", "W1", "W₁"])
def test_spellings_of_a_weight(key):
    loss, given = mlp()
    assert compare(loss, {key: Tensor(truth(loss)["∂E/∂W₁"])}, given=given)


def test_names_and_facts_are_those_of_derive():
    W = Tensor(np.ones((3, 2)), requires_grad=True)
    loss = ((np.arange(6.0).reshape(2, 3) @ W) ** 2).sum()
    loss.backward()
    assert compare(loss, {"dW": W.grad}, names=locals())
    with pytest.raises(ValueError, match="no input is called 'T'"):
        compare(loss, {"dx1": W.grad}, given=[sums_to_one("T")])


def test_bad_input():
    loss, _ = mlp()
    δ2 = truth(loss)["δ₂"]
    with pytest.raises(ValueError, match=r"called 'dW9'; there are dY2, delta2, dW2, db2, .* Did you mean dW"):
        compare(loss, {"dW9": δ2})
    with pytest.raises(ValueError, match="'δ2' and 'dU2' are the same gradient, δ₂"):
        compare(loss, {"δ2": δ2, "dU2": δ2})
    with pytest.raises(ValueError, match="nothing to compare; there are dY2, delta2"):
        compare(loss, {})
    with pytest.raises(TypeError, match="'δ2' is no array of real numbers, but list"):
        compare(loss, {"δ2": ["a"]})
    assert slip(loss, "dW2", np.ones((2, 2))) == "its shape is (2, 2), and should be (5, 3)"
    assert slip(loss, "dW2", truth(loss)["∂E/∂W₂"].ravel()) == "its numbers are right, in shape (15,) instead of (5, 3)"


@pytest.mark.parametrize("row", [row for row in SAMPLES if row.op.differentiable][::4], ids=str)
def test_the_gradient_of_any_operation_can_be_compared(row):
    """Whatever the operation is, what is right is right, and what is wrong is not, whichever slip it is taken for."""
    xs = [Tensor(x, requires_grad=True, name=name) for x, name in zip(row.arrays(), "abc", strict=False)]
    y = row.call(*xs)
    loss = (np.cos(1.0 + np.arange(y.size)).reshape(y.shape) * y).sum()
    values = {key: value for key, value in truth(loss).items() if not np.iscomplexobj(value)}
    assert not values or compare(loss, values)
    for key, value in values.items():
        assert slip(loss, key, value[None] if value.ndim else np.stack([value, value]))
        if value.size:
            assert slip(loss, key, value + 1)
            assert str(compare(loss, {key: value + 1})).startswith("Look at")


def test_a_gain_that_is_not_summed():
    loss, _ = layer_normalization()
    values, inputs = truth(loss), inputs_of(loss)
    u = inputs["X"] @ inputs["W"]
    z = (u - u.mean(axis=1, keepdims=True)) / np.sqrt(u.var(axis=1, keepdims=True) + 1e-5)
    product = (inputs["gain"] * z - inputs["T"]) * z
    np.testing.assert_allclose(product.sum(axis=0), values["∂E/∂gain"])
    assert slip(loss, "dgain", product) == "it is not summed over axis 0, the batch"
    assert slip(loss, "dgain", -product) == "it is not summed over axis 0, the batch, and the sign is wrong"


def test_what_it_should_be_says_what_it_is_if_the_targets_sum_to_1():
    X, T = np.arange(8.0).reshape(4, 2) / 7 - 0.5, np.eye(3)[[0, 1, 2, 1]]
    W = Tensor(np.ones((2, 3)) * [0.1, 0.2, 0.4], requires_grad=True, name="W1")
    u = Tensor(X, name="X") @ W
    loss = losses.softmax_cross_entropy(u, T, reduction="mean")
    result = compare(loss, {"dU1": softmax(u.array) - T}, names={"T": T})
    assert str(result).splitlines()[:2] == [
        "Look at dU1 first: 1/N is missing, N = 4.",
        "It should be δ₁ = ∂E/∂U₁ = (softmax(Y₁) ⊙ Σₖ tₖ) / 4 − T / 4"
        " = (softmax(Y₁) − T) / 4 if Σ T = 1, as in this T.",
    ]
    with pytest.raises(KeyError) as raised:
        result["du1"]
    assert str(raised.value) == "nothing called 'du1' was compared; there are dU1. Did you mean dU1?"
    with pytest.raises(ValueError, match=r"no gradient or value is called 'dw1'.* Did you mean dW1"):
        compare(loss, {"dw1": X})


def test_a_comparison_in_japanese_says_the_same():
    """What is right, wrong, or follows is the same; the sentences, and those of the card, are Japanese."""
    loss = network()
    lines = {line.symbol: line.value for line in derive(loss)}
    arrays = {"delta3": lines["δ₃"], "dW3": lines["∂E/∂W₃"].T, "dY2": -lines["∂E/∂Y₂"], "delta2": -lines["δ₂"]}
    english, japanese = compare(loss, arrays), compare(loss, arrays, lang="ja")
    assert [row.right for row in english] == [row.right for row in japanese]
    assert str(japanese).splitlines()[0] == "まず dW3 を見てください。転置されています。"
    assert str(japanese).splitlines()[1] == f"正しくは {english.first.equation} です。"
    assert str(japanese).splitlines()[-1] == "→ delta2 は dY2 の誤りから続いています"
    for written in (str(japanese), re.sub(r"<style>.*?</style>|<[^>]*>", "", japanese._repr_html_(), flags=re.DOTALL)):
        assert not re.search(r"\b(is|right|wrong|look|should|follows|differs|Comparison)\b", written)
    assert str(compare(loss, {"delta3": lines["δ₃"]}, lang="ja")) == "delta3 は正解です。"
    with pytest.raises(ValueError, match="compare: lang must be one of 'en', 'ja', not the str 'fr'"):
        compare(loss, arrays, lang="fr")


def test_another_layers_value_is_told_from_other_slips():
    """Two hidden layers of one width: Y₁ where Y₂ is due, in ∂E/∂W or in f′."""
    loss = network(sizes=(4, 5, 5, 3), hidden="tanh", rows=7)
    found = derive(loss)
    of = {line.symbol: line.value for line in found}
    values = {symbol: line.value for line in found.forward_lines for symbol in line.names}
    Y1, Y2 = values["Y₁"], values["Y₂"]
    assert compare(loss, {"dW3": Y1.T @ of["δ₃"]}).first.slip == "Y₁ is used in place of Y₂"
    delta2 = of["∂E/∂Y₂"] * (1 - Y1**2)
    assert compare(loss, {"delta2": delta2}).first.slip == "Y₁ is taken for Y₂ in f′, the derivative of tanh(U₂)"
    assert compare(loss, {"dW3": Y2.T @ of["δ₃"], "delta2": of["∂E/∂Y₂"] * (1 - Y2**2)}).ok


def test_a_slip_in_an_array_that_is_transposed_too_or_not_summed():
    """What is wrong with its shape hides no other slip; without one, only the shape is spoken of."""
    loss = network(rows=7)
    found = derive(loss)
    of = {line.symbol: line.value for line in found}
    values = {symbol: line.value for line in found.forward_lines for symbol in line.names}
    slip = lambda **arrays: compare(loss, arrays).first.slip  # noqa: E731
    assert slip(dW2=(-values["Y₁"].T @ of["δ₂"]).T) == "it is transposed, and the sign is wrong"
    assert slip(dW2=(values["U₁"].T @ of["δ₂"]).T) == "U₁ is used in place of Y₁, and it is transposed"
    assert slip(dW2=of["∂E/∂W₂"].T) == "it is transposed"
    assert slip(db2=of["∂E/∂Y₂"]) == "f′ is missing, the derivative of σ(U₂), and it is not summed over axis 0"
    assert slip(db2=of["δ₂"]) == "it is not summed over axis 0, the batch"
    assert slip(dW2=np.ones((5, 6))) == "its shape is (5, 6), and should be (6, 5)"
