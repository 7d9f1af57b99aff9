"""One reading of a graph: a symbol means the same in the derivation, the picture, the stepper and the NumPy code."""

import inspect
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from minigrad import Tensor, data, derive, draw, losses, nn, sigmoid, softmax, stepper
from minigrad.ops.alphabet import plain_digits

rng = np.random.default_rng(0)


def parameter(name, *shape):
    return Tensor(rng.normal(size=shape) / 2, requires_grad=True, name=name)


X = Tensor(rng.normal(size=(5, 4)), name="X")
T = Tensor(rng.normal(size=(5, 3)), name="T")


def total_input():
    return X @ parameter("W", 4, 3) + parameter("b", 3)


def error(activation):
    return losses.squared_error(activation(total_input()), T)


def two_products():
    h = Tensor(rng.normal(size=(5, 2)), name="h")
    U, V, b = parameter("U", 4, 3), parameter("V", 2, 3), parameter("b", 3)
    return losses.squared_error(np.tanh(X @ U + h @ V + b), T)


def identity_output(**name):
    H = np.tanh(X @ parameter("W1", 4, 3))
    Y = H @ parameter("W3", 3, 3)
    for key in name:
        Y.name = key
    return losses.squared_error(Y, T)


def dropped():
    kept = np.array([[1.0, 0.0, 2.0]])
    return losses.squared_error((sigmoid(total_input()) * kept) @ parameter("V", 3, 3), T)


def two_steps():
    Wx, Wh, b, h = parameter("Wx", 4, 3), parameter("Wh", 3, 3), parameter("b", 3), Tensor(np.zeros((5, 3)), name="h")
    for t in range(2):
        h = np.tanh(Tensor(rng.normal(size=(5, 4)), name=f"X{t + 1}") @ Wx + h @ Wh + b)
    return losses.squared_error(h, T)


def scalar_bias():
    x = Tensor([0.1, -0.2, 0.3], name="x")
    return 0.5 * (sigmoid(x @ parameter("w", 3) + parameter("b")) - 0.7) ** 2


CASES = {
    "exp": (lambda: error(np.exp), ["Layer 1 · exp", "Loss · squared error"],
            ["U₁ = X W + b", "Y₁ = exp(U₁)", "E = 0.5 Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ Y₁
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "chain": (lambda: error(lambda u: 2 * sigmoid(u) - 1),
              ["Layer 1 · sigmoid, multiply, subtract", "Loss · squared error"],
              ["U₁ = X W + b", "v₁ = σ(U₁)", "v₂ = 2 v₁", "Y₁ = v₂ − 1", "E = 0.5 Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = 2 ∂E/∂Y₁ ⊙ (1 − σ(U₁)) ⊙ σ(U₁)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "u is used twice": (lambda: error(lambda u: u * sigmoid(u)),
                        ["Layer 1 · sigmoid, multiply", "Loss · squared error"],
                        ["U₁ = X W + b", "v₁ = σ(U₁)", "Y₁ = U₁ ⊙ v₁", "E = 0.5 Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ σ(U₁) + ∂E/∂Y₁ ⊙ U₁ ⊙ (1 − σ(U₁)) ⊙ σ(U₁)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "two products": (two_products, ["Layer 1 · tanh", "Loss · squared error"],
                     ["U₁ = X U + h V + b", "Y₁ = tanh(U₁)", "E = 0.5 Σ (Y₁ − T)²"], """
        ∂E/∂Y₁ = Y₁ − T
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁²)
        ∂E/∂U = Xᵀ δ₁
        ∂E/∂V = hᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "a dropout mask": (dropped, ["Layer 1 · sigmoid, multiply", "Layer 2 · linear", "Loss · squared error"],
                       ["U₁ = X W + b", "v₁ = σ(U₁)", "Y₁ = v₁ ⊙ c₁", "Y₂ = Y₁ V", "E = 0.5 Σ (Y₂ − T)²"], """
        δ₂ = ∂E/∂U₂ = Y₂ − T
        ∂E/∂V = Y₁ᵀ δ₂
        ∂E/∂Y₁ = δ₂ Vᵀ
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ c₁ ⊙ (1 − σ(U₁)) ⊙ σ(U₁)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "a recurrent net": (two_steps, ["Layer 1 · tanh", "Layer 2 · tanh", "Loss · squared error"],
                        ["U₁ = X₁ Wx + h Wh + b", "Y₁ = tanh(U₁)", "U₂ = X₂ Wx + Y₁ Wh + b", "Y₂ = tanh(U₂)",
                         "E = 0.5 Σ (Y₂ − T)²"], """
        ∂E/∂Y₂ = Y₂ − T
        δ₂ = ∂E/∂U₂ = ∂E/∂Y₂ ⊙ (1 − Y₂²)
        ∂E/∂Y₁ = δ₂ Whᵀ
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁²)
        ∂E/∂Wx = X₂ᵀ δ₂ + X₁ᵀ δ₁
        ∂E/∂Wh = Y₁ᵀ δ₂ + hᵀ δ₁
        ∂E/∂b = Σₙ δ₂ + Σₙ δ₁"""),
    "an output named Y3": (lambda: identity_output(Y3=True),
                           ["Layer 1 · tanh", "Layer 3 · linear", "Loss · squared error"],
                           ["U₁ = X W₁", "Y₁ = tanh(U₁)", "Y₃ = Y₁ W₃", "E = 0.5 Σ (Y₃ − T)²"], """
        δ₃ = ∂E/∂U₃ = Y₃ − T
        ∂E/∂W₃ = Y₁ᵀ δ₃
        ∂E/∂Y₁ = δ₃ W₃ᵀ
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁²)
        ∂E/∂W₁ = Xᵀ δ₁"""),
    "an output named logits": (lambda: identity_output(logits=True),
                               ["Layer 1 · tanh", "Layer 3 · linear", "Loss · squared error"],
                               ["U₁ = X W₁", "Y₁ = tanh(U₁)", "logits = Y₁ W₃", "E = 0.5 Σ (logits − T)²"], """
        δ₃ = ∂E/∂logits = logits − T
        ∂E/∂W₃ = Y₁ᵀ δ₃
        ∂E/∂Y₁ = δ₃ W₃ᵀ
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁²)
        ∂E/∂W₁ = Xᵀ δ₁"""),
    "arrays without names": (
        lambda: losses.squared_error(nn.MLP([4, 3], output="identity", rng=0)(X.data), T.data),
        ["Layer 1 · linear", "Loss · squared error"], ["Y₁ = x W₁ + b₁", "E = 0.5 Σ (Y₁ − t)²"], """
        δ₁ = ∂E/∂U₁ = Y₁ − t
        ∂E/∂W₁ = xᵀ δ₁
        ∂E/∂b₁ = Σₙ δ₁"""),
    "a logarithm is the loss's": (
        lambda: -(T * np.log(softmax(total_input()) + 1e-9)).sum(),
        ["Layer 1 · softmax", "Loss · cross-entropy"],
        ["U₁ = X W + b", "Y₁ = softmax(U₁)", "v₁ = Y₁ + 1e−09", "E = −Σ T ⊙ log(v₁)"], """
        ∂E/∂Y₁ = −(T / (Y₁ + 1e−09))
        δ₁ = ∂E/∂U₁ = Y₁ ⊙ (∂E/∂Y₁ − Σₖ ∂E/∂Y₁ ⊙ Y₁)
        ∂E/∂W = Xᵀ δ₁
        ∂E/∂b = Σₙ δ₁"""),
    "a scalar": (scalar_bias, ["Layer 1 · sigmoid", "Loss · squared error"],
                 ["U₁ = x w + b", "Y₁ = σ(U₁)", "E = 0.5 (Y₁ − 0.7)²"], """
        ∂E/∂Y₁ = Y₁ − 0.7
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁
        ∂E/∂w = δ₁ x
        ∂E/∂b = δ₁"""),
}  # fmt: skip


def lines_of(text):
    return [line.strip() for line in text.strip().splitlines()]


def unspaced(text):
    return re.sub(r"\s+", "", text)


def drawn(E, **more):
    """All text in the picture, without spaces, which a picture breaks lines at."""
    tree = ET.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", draw(E, fold=False, **more).svg()))
    return unspaced("".join(tree.itertext()))


@pytest.fixture(params=CASES)
def case(request):
    build, titles, forward, lines = CASES[request.param]
    return build(), titles, forward, lines_of(lines)


def test_the_derivation(case):
    E, _, _, lines = case
    derivation = derive(E)
    assert list(map(str, derivation)) == lines
    assert max(line.difference for line in derivation.check()) < 1e-7


def test_the_picture(case):
    E, titles, forward, lines = case
    shown = drawn(E)
    for piece in [*titles, *forward]:
        symbol, _, formula = piece.partition(" = ")
        assert unspaced(symbol) in shown
        assert unspaced(formula) in shown
    for line in lines:
        if line.startswith("δ"):
            assert unspaced(" = ".join(line.split(" = ")[:2])) in shown
    assert [cluster.title for cluster in draw(E, fold=False).scene.clusters] == titles


def test_the_stepper(case, tmp_path):
    E, _, forward, lines = case
    page = stepper(E, tmp_path / "page.html", fold=False).read_text("utf-8")
    content = json.loads(re.search(r'type="application/json"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    nodes = content["nodes"].values()
    assert set(forward) <= {f"{node['symbol']} = {node['formula']}" for node in nodes}
    headings = {node["heading"] for node in nodes}
    assert {" = ".join(line.split(" = ")[:2]) for line in lines if line.startswith("δ")} <= headings


def test_the_code(case):
    """The code computes each value that has a symbol, under that name, and the gradients that the engine computes."""
    E, _, forward, _ = case
    derivation = derive(E)
    source = derivation.to_numpy()
    said = [symbol for symbol, _ in derivation.forward]
    for formula in forward:
        symbol = formula.split(" = ")[0]
        if symbol in said and symbol != "E":
            assert re.search(rf"^ +\w+ += .*# {re.escape(symbol)} = ", source, re.MULTILINE), source
    space = {}
    exec(source, space)
    function = space["loss_and_gradients"]
    arguments = inspect.signature(function).parameters
    given = {plain_digits(name): derivation.graph.values[x] for name, x in derivation.graph.inputs.items()}
    value, gradients = function(**{name: given[name] for name in arguments})
    np.testing.assert_allclose(value, E.item(), rtol=1e-12)
    true = {plain_digits(line.of): line.value for line in derivation}
    assert gradients.keys() <= true.keys()
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, true[name], rtol=1e-10, atol=1e-12)


def test_the_output_is_y_whatever_came_first_among_names():
    Y = np.tanh(X @ parameter("W1", 4, 3)) @ parameter("W3", 3, 3)
    E = losses.squared_error(Y, T)
    for names in ({"U3": Y, "Y3": Y}, {"Y3": Y, "U3": Y}, {"_": Y, "U3": Y, "Y3": Y}):
        assert str(derive(E, names=names)[0]) == "δ₃ = ∂E/∂U₃ = Y₃ − T"
        assert "δ₃=∂E/∂U₃" in drawn(E, names=names)
        assert [box.formula for box in draw(E, names=names).scene.boxes if box.symbol == "Y₃"] == ["Y₁ W₃"]


def test_the_loss_is_e_whatever_its_name():
    E = error(np.exp)
    assert str(derive(E, names={"f": E})[0]) == "∂E/∂Y₁ = Y₁ − T"
    assert [box.symbol for box in draw(E, names={"f": E}).scene.boxes if box.kind == "loss"] == ["E"]


def test_a_named_value_is_not_swallowed_by_its_layer_or_the_loss():
    W, b = parameter("W", 4, 3), parameter("b", 3)
    P = X @ W
    D = np.tanh(P + b) - T
    E = 0.5 * (D**2).sum()
    said = [symbol for symbol, _ in derive(E, names={"P": P, "D": D}).forward]
    assert said == ["P", "U₁", "Y₁", "D", "E"]
    boxes = [box.symbol for box in draw(E, names={"P": P, "D": D}).scene.boxes if not box.of]
    assert [symbol for symbol in boxes if symbol in said] == said


def test_a_loss_is_named_by_what_it_does():
    def title(E):
        return next(cluster.title for cluster in draw(E, fold=False).scene.clusters if cluster.id == "loss")

    assert title(error(lambda u: np.log(1 + np.exp(u)))) == "Loss · squared error"  # that logarithm is the layer's
    assert title(-(T.data * np.log(softmax(total_input()))).sum()) == "Loss · cross-entropy"
    assert title(losses.softmax_cross_entropy(total_input(), np.array([0, 1, 2, 0, 1]))) == "Loss · cross-entropy"
    assert title(np.log(np.exp(total_input()).sum(axis=1)).sum()) == "Loss"
    assert title(((softmax(total_input()) - T) ** 2).mean()) == "Loss · squared error"
    y = sigmoid(total_input())
    assert title(-(T.data * np.log(y) + (1 - T.data) * np.log(1 - y)).sum()) == "Loss · binary cross-entropy"


def test_one_hot_arrays_bring_their_fact_to_the_line_and_to_the_picture_whatever_they_are_called():
    one_hot = data.one_hot(np.arange(10) % 3, 3)
    inputs = rng.normal(size=(10, 4))
    parts = data.split(inputs, one_hot, test=0.5, rng=0)
    batch = next(iter(data.batches(inputs, one_hot, 4, rng=0)))
    model = nn.MLP([4, 5, 3], rng=0)
    for x, t in [(inputs[:3], one_hot[:3]), parts[:2], parts[2:], batch]:
        E = losses.cross_entropy(model(x), t)
        assert str(derive(E)[0]) == "δ₂ = ∂E/∂U₂ = Y₂ − t    (Σ t = 1 along axis -1)"
        formulas = [box.formula for box in draw(E).scene.boxes if box.heading == "δ₂ = ∂E/∂U₂"]
        assert formulas == ["Y₂ − t"]
        named = losses.cross_entropy(model(x), Tensor(t, name="T"))
        assert str(derive(named)[0]) == "δ₂ = ∂E/∂U₂ = Y₂ − T    (Σ T = 1 along axis -1)"
    unsaid = np.eye(3)[np.arange(10) % 3]
    E = losses.cross_entropy(model(inputs), unsaid)
    assert str(derive(E)[0]) == "δ₂ = ∂E/∂U₂ = Y₂ ⊙ Σₖ t − t = Y₂ − t if Σ t = 1, as in this t"
