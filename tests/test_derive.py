"""Derivations: the textbook's lines as golden strings, every line's value against the engine."""

import re

import numpy as np
import pytest

from minigrad import Tensor, compare, data, derive, draw, losses, nn, optim, relu, sigmoid, softmax, sums_to_one
from minigrad.engine.claims import is_one_hot
from minigrad.ops.common.alphabet import to_subscript
from tests.networks import NETWORKS


def given_data(outputs=3, labels=True):
    rng = np.random.default_rng(1)
    T = np.eye(outputs)[np.arange(5) % outputs] if labels else rng.normal(size=(5, outputs))
    return Tensor(rng.normal(size=(5, 4)), name="X"), Tensor(T, name="T")


def exact(derivation):
    differences = derivation.check()
    assert len(differences) == len(derivation)
    assert max(line.engine for line in differences) < 1e-12
    assert max(line.numeric for line in differences) < 1e-7
    assert all(line.step for line in derivation)
    return derivation


def hidden(n, back="(1 − Y{0}) ⊙ Y{0}"):
    """Give the lines of hidden layer n."""
    here, before = to_subscript(n), to_subscript(n - 1)
    Y = f"Y{before}" if n > 1 else "X"
    return [
        f"δ{here} = ∂E/∂U{here} = ∂E/∂Y{here} ⊙ {back.format(here)}",
        f"∂E/∂W{here} = {Y}ᵀ δ{here}",
        f"∂E/∂b{here} = Σₙ δ{here}",
        *([f"∂E/∂{Y} = δ{here} W{here}ᵀ"] if n > 1 else []),
    ]


def last(n, delta):
    here, before = to_subscript(n), to_subscript(n - 1)
    Y = f"Y{before}" if n > 1 else "X"
    return [
        f"δ{here} = ∂E/∂U{here} = {delta}",
        f"∂E/∂W{here} = {Y}ᵀ δ{here}",
        f"∂E/∂b{here} = Σₙ δ{here}",
        *([f"∂E/∂{Y} = δ{here} W{here}ᵀ"] if n > 1 else []),
    ]


@pytest.mark.parametrize("depth", [1, 2, 3, 6])
@pytest.mark.parametrize("output", ["softmax", "identity"])
def test_an_mlps_derivation_is_the_textbooks(depth, output):
    X, T = given_data()
    model = nn.MLP((4,) * depth + (3,), output=output, rng=0)
    loss = losses.cross_entropy if output == "softmax" else losses.squared_error
    lines = [line for i in range(depth - 1, 0, -1) for line in hidden(i)]
    derivation = exact(derive(loss(model(X), T), given=[sums_to_one(T)], fold=False))
    n = to_subscript(depth)
    reason = "    (Σ T = 1 along axis -1)" if output == "softmax" else ""
    first, *others = last(depth, f"Y{n} − T")
    assert str(derivation).splitlines() == [first + reason, *others, *lines]


def test_without_the_fact_the_sum_over_t_stays():
    X, T = given_data()
    derivation = exact(derive(losses.cross_entropy(nn.MLP((4, 5, 3), rng=0)(X), T)))
    assert str(derivation[0]) == "δ₂ = ∂E/∂U₂ = Y₂ ⊙ Σₖ tₖ − T = Y₂ − T if Σ T = 1, as in this T"


@pytest.mark.parametrize(
    ("activation", "back"),
    [(np.tanh, "(1 − Y{0}²)"), (relu, "(U{0} > 0)"), ("sigmoid", "(1 − Y{0}) ⊙ Y{0}")],
)
def test_each_activation_gives_its_derivative(activation, back):
    X, T = given_data(labels=False)
    model = nn.MLP((4, 5, 3), hidden=activation, output="identity", rng=0)
    assert str(exact(derive(losses.squared_error(model(X), T)))).splitlines() == last(2, "Y₂ − T") + hidden(1, back)


def test_binary_cross_entropy_with_a_sigmoid():
    X, T = given_data(outputs=1, labels=False)
    T = Tensor((T.data > 0).astype(float), name="T")
    Y = nn.MLP((4, 5, 1), output="sigmoid", rng=0)(X)
    loss = -(T * np.log(Y) + (1 - T) * np.log(1 - Y)).sum()
    assert str(exact(derive(loss))).splitlines() == last(2, "Y₂ − T") + hidden(1)


def test_tied_weights_a_gate_weight_decay_and_a_residual_connection():
    rng = np.random.default_rng(0)
    X, T = given_data(outputs=4, labels=False)
    V, G = (Tensor(rng.normal(size=(4, 4)), requires_grad=True, name=name) for name in "VG")
    h = np.tanh(X @ V) * sigmoid(X @ G)
    loss = losses.squared_error(X + np.tanh(h @ V), T) + 0.05 * (V**2).sum()
    derivation = exact(derive(loss))
    assert {line.of for line in derivation} >= {"V", "G"}
    loss.backward()
    for line in derivation:
        if line.of in "VG":
            np.testing.assert_allclose(line.value, {"V": V, "G": G}[line.of].grad.data, rtol=1e-12)


def test_names_come_from_the_callers_variables():
    A = Tensor(np.ones((2, 2)), requires_grad=True)
    loss = (A * A).sum()
    assert str(derive(loss, names=locals())) == "∂E/∂A = 2 A"


def test_a_mean_divides_by_n_and_a_one_hot_array_brings_its_fact_along():
    X, T = given_data(labels=False)
    derivation = exact(derive(losses.squared_error(nn.MLP((4, 5, 3), output="identity", rng=0)(X), T, "mean")))
    assert str(derivation).splitlines() == last(2, "(Y₂ − T) / 5") + hidden(1)
    labels = Tensor(data.one_hot(np.arange(5) % 3), name="T")
    derivation = exact(derive(losses.cross_entropy(nn.MLP((4, 5, 3), rng=0)(X), labels)))
    assert str(derivation[0]) == "δ₂ = ∂E/∂U₂ = Y₂ − T    (Σ T = 1 along axis -1)"
    labels.data[0] = 0.5
    assert str(derive(losses.cross_entropy(nn.MLP((4, 5, 3), rng=0)(X), labels))[0]).endswith("Y₂ ⊙ Σₖ tₖ − T")


ARRANGED = {
    "astype": lambda T: T.astype(np.float32),
    "copy": lambda T: T.copy(),
    "rows": lambda T: T[[4, 3, 2, 1, 0]],
    "concatenate": lambda T: np.concatenate([T[3:], T[:3]]),
    "reshape": lambda T: T.reshape(1, 5, 3)[0],
    "all of it": lambda T: np.stack([T[[1, 0, 4]].astype(np.float16), T[:3].astype(np.float32)])[1].repeat(2, 0)[:5],
}


@pytest.mark.parametrize("how", ARRANGED)
def test_one_hot_rows_stay_such_in_what_is_made_of_them(how):
    X, _ = given_data(labels=False)
    T = ARRANGED[how](Tensor(data.one_hot(np.arange(5) % 3)))
    T.name = "T"
    line = str(derive(losses.cross_entropy(nn.MLP((4, 5, 3), rng=0)(X), T))[0])
    assert line == "δ₂ = ∂E/∂U₂ = Y₂ − T    (Σ T = 1 along axis -1)"


@pytest.mark.parametrize(
    "change", [lambda T: T + T, lambda T: T[:3].T, lambda T: T[:, [0, 0, 1]], lambda T: T.cumsum(0), lambda T: T * 0.5]
)
def test_other_rows_are_no_longer_one_hot(change):
    T = change(Tensor(data.one_hot(np.array([0, 0, 1, 2, 2]))))
    assert not is_one_hot(T.data)


@pytest.mark.parametrize("dtype", [np.float16, np.float32])
@pytest.mark.parametrize("by_hand", [False, True])
def test_narrower_targets_read_as_those_of_the_models_kind_do(dtype, by_hand):
    X, _ = given_data(labels=False)
    for T in (data.one_hot(np.arange(5) % 3, dtype=dtype), np.eye(3)[np.arange(5) % 3].astype(dtype)):
        Y = nn.MLP((4, 5, 3), rng=0)(X)
        line = str(exact(derive(-(T * np.log(Y)).sum() if by_hand else losses.cross_entropy(Y, T)))[0])
        assert line.startswith("δ₂ = ∂E/∂U₂ = Y₂ ")
        assert "Y₂ − t" in line
        assert "Σ t = 1" in line
    derivation = derive(losses.squared_error(nn.MLP((4, 5, 3), output="identity", rng=0)(X), T))
    assert str(exact(derivation)[0]) == "δ₂ = ∂E/∂U₂ = Y₂ − t"


def test_a_batch_of_no_samples_reads_as_any_other():
    X, T = np.zeros((0, 4)), data.one_hot(np.zeros(0, int), 3)
    derivation = derive(losses.cross_entropy(nn.MLP((4, 5, 3), rng=0)(X), T))
    assert str(derivation[0]) == "δ₂ = ∂E/∂U₂ = Y₂ − t    (Σ t = 1 along axis -1)"
    assert [str(line) for line in derivation[1:3]] == ["∂E/∂W₂ = Y₁ᵀ δ₂", "∂E/∂b₂ = Σₙ δ₂"]


def test_attention_by_the_names_of_the_callers_variables():
    rng = np.random.default_rng(0)
    X, T = given_data(outputs=4, labels=False)
    Wq, Wk, Wv = (Tensor(rng.normal(size=(4, 4)), requires_grad=True) for _ in range(3))
    Q, K, V = X @ Wq, X @ Wk, X @ Wv
    S = Q @ K.T / 2.0
    A = softmax(S)
    Y = A @ V
    lines = str(exact(derive(losses.squared_error(Y, T), names=locals()))).splitlines()
    assert {"∂E/∂Y = Y − T", "δ₃ = ∂E/∂V = Aᵀ ∂E/∂Y", "∂E/∂A = ∂E/∂Y Vᵀ"} < set(lines)
    assert {"∂E/∂S = A ⊙ (∂E/∂A − Σₖ ∂E/∂A ⊙ A)", "∂E/∂Wq = Xᵀ δ₁"} < set(lines)


def test_a_wrong_rule_is_caught_at_its_line(monkeypatch):
    X, T = given_data(labels=False)
    loss = losses.squared_error(nn.MLP((4, 5, 3), output="identity", rng=0)(X), T)
    monkeypatch.setattr(sigmoid, "vjps", (lambda op, g, y, x: g * y * (1 + y),))
    first = next(line for line in derive(loss).check() if line.difference > 1e-6)
    assert first.symbol == "δ₁"


def test_bad_input():
    X, T = given_data()
    W = Tensor(np.ones((4, 3)), requires_grad=True, name="W")
    other = Tensor(1.0, requires_grad=True, name="other")
    loss = losses.squared_error(X @ W, T)
    with pytest.raises(ValueError, match="scalar loss"):
        derive(X @ W)
    with pytest.raises(ValueError, match="does not depend on other"):
        derive(loss, wrt=[other])
    with pytest.raises(ValueError, match="not recorded"):
        derive(Tensor(1.0))
    with pytest.raises(ValueError, match="contradict"):
        derive(loss, given=[sums_to_one("X")])


def test_names_that_clash_are_refused():
    X, T = given_data()
    W = Tensor(np.ones((4, 3)), requires_grad=True, name="W")
    Y = X @ W
    loss = losses.squared_error(Y, T)
    Y.name = "T"  # an intermediate by the name of an input
    with pytest.raises(ValueError, match="two tensors are called 'T'; give one of them another name"):
        derive(loss)
    one, other = (Tensor(np.ones((4, 3)), requires_grad=True) for _ in range(2))
    with pytest.raises(ValueError, match="two tensors are called 'Y₁'"):  # Y1 is written Y₁
        derive(losses.squared_error(X @ one + X @ other, T), names={"Y1": one, "Y₁": other})


def test_parameters_of_one_name_are_numbered_as_they_are_in_a_picture():
    X, T = given_data()
    first, last = nn.Linear(4, 5, rng=0), nn.Linear(5, 3, rng=1)  # each calls its own W and b
    loss = losses.squared_error(last(np.tanh(first(X))), T)
    assert [line.symbol for line in derive(loss)] == [*("δ₂", "∂E/∂W₂", "∂E/∂b₂", "∂E/∂Y₁", "δ₁", "∂E/∂W₁", "∂E/∂b₁")]
    scene = draw(loss).scene
    assert {box.symbol for box in scene.boxes} >= {"W₁", "W₂", "b₁", "b₂", "Y₁"}
    gradients = {
        f"d{name}{i}": t for i, layer in ((1, first), (2, last)) for name, t in (("W", layer.W), ("b", layer.b))
    }
    loss.backward()
    assert compare(loss, {key: t.grad for key, t in gradients.items()})


def test_what_has_no_gradient_is_refused_by_name():
    X, T = given_data()
    W = Tensor(np.ones((4, 3)), requires_grad=True)
    Y = X @ W
    loss = losses.squared_error(Y, T)
    with pytest.raises(ValueError, match="no gradient flows to X; it requires none"):
        derive(loss, [X])
    with pytest.raises(ValueError, match=r"scalar loss, and this has shape \(5, 3\); reduce it"):
        derive(Y, [W])
    with pytest.raises(ValueError, match="a result in wrt has no name"):
        derive(loss, [Y])
    with pytest.raises(TypeError, match=r"wanted a Tensor, the loss, not the float 1\.0"):
        derive(1.0)
    assert list(map(str, derive(loss, [Y], names={"Y": Y}))) == ["δ₁ = ∂E/∂U₁ = Y − T"]


def test_a_fact_that_the_data_contradict_is_refused_wherever_it_is_given():
    X, T = given_data(labels=False)
    loss = losses.squared_error(X @ Tensor(np.ones((4, 3)), requires_grad=True, name="W"), T)
    with pytest.raises(ValueError, match="given Σ T = 1 along axis -1: the values contradict it, a sum is off by"):
        derive(loss, given=[sums_to_one("T")])
    with pytest.raises(ValueError, match="the values contradict it"):
        sums_to_one(T)
    with pytest.raises(ValueError, match="no input is called 'S'; there are"):
        derive(loss, given=[sums_to_one("S")])
    with pytest.raises(ValueError, match="the tensor has no name"):
        sums_to_one(Tensor([[1.0]]))
    column = Tensor(np.full((4, 3), 0.25), name="C")
    with pytest.raises(ValueError, match="the values contradict it"):
        sums_to_one(column)
    assert str(sums_to_one(column, axis=0)) == "Σ C = 1 along axis 0"


def test_a_loss_from_before_an_update_is_derived_by_the_values_that_it_used():
    rng = np.random.default_rng(0)
    X, T = rng.normal(size=(5, 3)), rng.normal(size=(5, 2))
    model = nn.MLP((3, 4, 2), rng=0)
    E = losses.squared_error(model(X), T)
    before = derive(E)
    E.backward()
    optim.SGD(model.parameters(), lr=0.5).step()
    after = derive(E)
    for line, other in zip(after, before, strict=True):
        np.testing.assert_array_equal(line.value, other.value)
    assert max(line.difference for line in after.check()) < 1e-7


@pytest.mark.parametrize("network", NETWORKS)
def test_what_is_called_v_in_a_line_is_said_before_the_lines(network):
    loss, given = network()
    derivation = derive(loss, given=given)
    written = str(derivation).splitlines()
    assert {line.split(" = ")[0] for line in written} >= set(re.findall("v[₀-₉]+", str(derivation)))
    assert [line.split(" = ")[0] for line in written][-len(derivation) :] == [line.symbol for line in derivation]


def test_what_is_said_beside_the_formulas_is_in_the_language_that_was_asked_for():
    """No word of English is left, in any format, and the formulas are the same."""
    x, t = Tensor([[0.5, -1.0], [1.0, 0.3]], name="x"), data.one_hot([0, 1], 2)
    E = losses.cross_entropy(nn.MLP((2, 3, 2), hidden="sigmoid", output="softmax", rng=0)(x), t)
    english, japanese = derive(E), derive(E, lang="ja")
    assert str(japanese).splitlines()[0] == "δ₂ = ∂E/∂U₂ = Y₂ − t    (軸 -1 について Σ t = 1)"
    assert str(japanese).splitlines()[1:] == str(english).splitlines()[1:]
    assert "連鎖律" in str(japanese[0].steps())
    assert "the chain rule" not in japanese.to_text(steps=True)
    assert r"\text{(軸 -1 について }" in japanese.to_latex()
    assert "(軸 -1 について sum t = 1)" in japanese.to_text("text")
    for written in (japanese.to_html(steps=True), japanese.to_markdown(), str(japanese.check())):
        words = re.sub(r"<style>.*?</style>|<[^>]*>|\$[^$]*\$", "", written, flags=re.DOTALL)
        assert not re.search(r"\b(the|chain|rule|product|sum|by|shape|equation|engine|agree)\b", words)
    assert str(japanese.showing()) == str(english)
    assert japanese.exercise(1).lang == "ja"
    assert english.exercise(1).lang == "en"
    assert str(japanese.exercise(lang="en")) == str(english.exercise())
    assert str(japanese.exercise()) == str(english.exercise(lang="ja"))
    assert japanese.exercise(lang="en")["dW1"].hints[1].words == "the chain rule"
    with pytest.raises(ValueError, match="lang must be one of 'en', 'ja', not the str 'de'"):
        derive(E, lang="de")


def test_a_folded_derivation_in_japanese_says_for_which_t_a_line_is():
    w = Tensor(np.eye(2), requires_grad=True, name="w")
    h = Tensor(np.ones((1, 2)), name="h")
    for _ in range(6):
        h = np.tanh(h @ w)
    found = derive((h**2).sum(), forward=True, lang="ja")
    english = str(derive((h**2).sum(), forward=True))
    assert "（t = 6 … 2）" in str(found) or "（t = 5 … 1）" in str(found)
    assert re.sub(r"  for (.*)", r"  （\1）", english) == str(found)
    assert "連鎖律" in str(found[1].steps())
    assert r"\text{（} t = " in found.to_latex()
