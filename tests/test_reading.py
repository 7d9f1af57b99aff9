"""One reading of a graph: a symbol means the same in the derivation, the picture, the stepper and the NumPy code."""

import inspect
import json
import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from minigrad import Tensor, data, derive, draw, losses, nn, sigmoid, softmax, stepper
from minigrad.ops.common.alphabet import plain_digits
from tests.reading_by_hand import BY_HAND
from tests.reading_cases import CASES, T, X, error, parameter, rng, total_input


def lines_of(text):
    return [line.strip() for line in text.strip().splitlines()]


def unspaced(text):
    return re.sub(r"\s+", "", text)


def drawn(E, **more):
    """All text in the picture, without spaces, which a picture breaks lines at."""
    tree = ET.fromstring(re.sub(r"<!DOCTYPE[^>]*>", "", draw(E, fold=False, **more).svg()))
    return unspaced("".join(tree.itertext()))


@pytest.fixture(params=[*CASES, *BY_HAND])
def case(request):
    build, titles, forward, lines = (CASES | BY_HAND)[request.param]
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
            above, beside = rf"^ +# {re.escape(symbol)} = .*\n +\w+ = ", rf"^ +\w+ += .*# {re.escape(symbol)} = "
            assert re.search(f"{above}|{beside}", source, re.MULTILINE), source
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
