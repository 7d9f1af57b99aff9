"""The scene of a picture: every tensor has its box, every gradient its arrow with the right two factors."""

import numpy as np
import pytest

from minigrad import Tensor, derive, draw, losses, no_grad, sigmoid, softmax, sums_to_one, trace
from minigrad.nn import MLP
from minigrad.picture.scene.build import scene
from minigrad.picture.stepper.products import products
from tests.networks import parameter, textbook


def labels(shown):
    return {arrow.id: arrow.label for arrow in shown.arrows if arrow.kind == "backward"}


def test_the_textbook_network():
    E, t = textbook()
    shown = scene(E, given=[sums_to_one(t)])
    assert [operation.label for operation in shown.operations] == ["affine", "σ", "affine", "softmax", "CE"]
    assert labels(shown) == {
        "gE-gY2": "1 × (−t / Y₂)",
        "gY2-gU2": "∂E/∂Y₂ × (diag Y₂ − Y₂ᵀY₂)",
        "gU2-gb2": "δ₂ × 1",
        "gU2-gW2": "Y₁ᵀ × δ₂",
        "gU2-gY1": "δ₂ × W₂ᵀ",
        "gY1-gU1": "∂E/∂Y₁ × (1 − Y₁) ⊙ Y₁",
        "gU1-gb1": "δ₁ × 1",
        "gU1-gW1": "xᵀ × δ₁",
    }
    headings = {box.id: f"{box.heading} = {box.formula}" for box in shown.boxes if box.formula}
    assert headings["gU2"] == "δ₂ = ∂E/∂U₂ = Y₂ − t"
    assert headings["gU1"] == "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁"
    assert headings["E"] == "E = −Σ t ⊙ log(Y₂)"
    assert [cluster.title for cluster in shown.clusters] == [
        "Layer 1 · sigmoid", "Layer 2 · softmax", "Loss · cross-entropy"
    ]  # fmt: skip


def test_the_numbers_are_the_engines():
    E, _ = textbook()
    shown = scene(E)
    leaves = {box.symbol: box for box in shown.boxes if box.kind == "parameter"}
    gradients = {box.of: box.value for box in shown.boxes if box.kind == "gradient"}
    assert set(leaves) == {"W₁", "b₁", "W₂", "b₂"}
    a = leaves["W₂"].value, leaves["b₂"].value
    z = 1 / (1 + np.exp(-(np.array([[0.5, -1.0]]) @ leaves["W₁"].value + leaves["b₁"].value)))
    y = np.exp(z @ a[0] + a[1])
    delta = y / y.sum() - [[0.0, 1.0]]
    np.testing.assert_allclose(gradients["U2"], delta)
    np.testing.assert_allclose(gradients["W2"], z.T @ delta)
    np.testing.assert_allclose(gradients["b1"], delta @ a[0].T * z * (1 - z))


def test_a_traced_function_has_the_same_scene_as_its_record():
    def loss(x, W):
        return (np.tanh(x @ W) ** 2).sum()

    x, W = np.ones((2, 3)), np.full((3, 2), 0.1)
    traced = scene(trace(loss, x, W))
    recorded = scene(loss(parameter(x, "x"), parameter(W, "W")))
    assert labels(traced) == labels(recorded)
    for a, b in zip(traced.boxes, recorded.boxes, strict=True):
        np.testing.assert_allclose(a.value, b.value)


def test_every_tensor_has_a_box_and_every_gradient_one():
    E = losses.squared_error(MLP([2, 3, 1], output="identity", rng=0)(np.ones((4, 2))), np.ones((4, 1)))
    shown = scene(E)
    symbols = [box.symbol for box in shown.boxes]
    assert symbols[:10] == ["x", "W₁", "b₁", "U₁", "Y₁", "W₂", "b₂", "Y₂", "t", "E"]
    assert [box.of for box in shown.boxes if box.kind == "gradient"] == ["E", "Y2", "b2", "W2", "Y1", "U1", "b1", "W1"]
    assert len({part.id for part in (*shown.boxes, *shown.operations, *shown.arrows)}) == len(shown) + len(shown.arrows)


def test_forward_alone_and_without_numbers():
    E, _ = textbook()
    assert {arrow.kind for arrow in scene(E, backward=False).arrows} == {"forward"}
    assert all(box.value is None for box in scene(E, values=False).boxes)


def test_two_layers_of_one_name_are_numbered():
    x = Tensor([[1.0, 2.0]], name="x")
    first, second = parameter(np.eye(2), "W"), parameter(np.eye(2), "W")
    shown = scene((np.tanh(x @ first) @ second).sum())
    assert [box.symbol for box in shown.boxes if box.kind == "parameter"] == ["W₁", "W₂"]


def test_an_elementwise_graph_is_shown_operation_by_operation():
    w = parameter([1.0, 2.0], "w")
    shown = scene((w * w + np.sin(w)).sum())
    assert [operation.label for operation in shown.operations] == ["(·)²", "sin", "+", "Σ"]
    assert labels(shown)["gv2-gw"] == "∂E/∂v₂ × cos(w)"


def test_attention_is_drawn_as_it_is_written():
    X, Wq, Wk = Tensor(np.eye(3), name="X"), parameter(np.eye(3), "Q"), parameter(np.eye(3), "K")
    q, k = X @ Wq, X @ Wk
    q.name, k.name = "q", "k"
    shown = scene((softmax(q @ k.T / 2.0) ** 2).sum())
    assert next(box.formula for box in shown.boxes if box.id == "v1") == "q kᵀ / 2"
    assert labels(shown)["gv1-gq"] == "∂E/∂v₁ × 0.5 k"
    assert labels(shown)["gv1-gk"] == "(∂E/∂v₁)ᵀ × 0.5 q"


def test_what_has_no_scene():
    with pytest.raises(ValueError, match=r"shape \(2,\); reduce it"):
        scene(parameter([1.0, 2.0], "w") * 2)
    with no_grad(), pytest.raises(ValueError, match="no record"):
        scene(parameter([1.0, 2.0], "w").sum())
    with pytest.raises(ValueError, match="no record"):
        scene(Tensor(1.0))
    with pytest.raises(TypeError, match="not a ndarray"):
        scene(np.ones(3))
    with pytest.raises(ValueError, match="one scalar output"):
        scene(trace(lambda x: (x * 2, x * 3), np.ones(2)))


@pytest.mark.parametrize("fold", [False, 2])
def test_what_a_gradient_is_of_stands_above_it(fold):
    """Where nothing acts on U it is Y: the box above δ = ∂E/∂U is called both."""
    rng = np.random.default_rng(0)
    for output in ("identity", "softmax"):
        model = MLP([2, 2, 2, 2, 2], output=output, rng=0)
        T = Tensor(np.eye(2)[[0, 1, 1]], name="T")
        loss = losses.softmax_cross_entropy if output == "identity" else losses.cross_entropy
        shown = scene(loss(model(Tensor(rng.normal(size=(3, 2)), name="X")), T), fold=fold)
        for box in shown.boxes:
            if box.of:
                of = box.heading.rpartition("∂E/∂")[2]
                assert of in shown.by_id[box.of].heading.split(" = "), box.heading
    assert "U₄ = Y₄" in [box.heading for box in scene(losses.squared_error(MLP([2] * 5, output="identity", rng=0)(
        np.ones((3, 2))), np.ones((3, 2)))).boxes]  # fmt: skip


NEURONS = {
    "w @ x + b": lambda w, x, b: w @ x + b,
    "b + x @ w": lambda w, x, b: b + x @ w,
    "(w * x).sum() + b": lambda w, x, b: (w * x).sum() + b,
    "np.sum(x * w) + b": lambda w, x, b: np.sum(x * w) + b,
    "np.dot(w, x) + b": lambda w, x, b: np.dot(w, x) + b,
    "w1 x1 + w2 x2 + b": lambda w, x, b: w[0] * x[0] + w[1] * x[1] + b,
}


@pytest.mark.parametrize("way", NEURONS)
def test_a_single_neuron_is_complete(way):
    """Weights, bias and what acts are in one frame, however the total input is written; δ is as it should be."""
    w, x, b, t = parameter([0.4, -0.3], "w"), Tensor([0.5, -1.0], name="x"), parameter(0.1, "b"), 1.0
    if way.startswith("w1"):
        w, x = [parameter(0.4, "w1"), parameter(-0.3, "w2")], [Tensor(0.5, name="x1"), Tensor(-1.0, name="x2")]
    y = sigmoid(NEURONS[way](w, x, b))
    E = losses.squared_error(y, t)
    shown = scene(E)
    frame = next(cluster for cluster in shown.clusters if cluster.title == "Layer 1 · sigmoid")
    inside = {box.symbol for box in shown.boxes if box.cluster == frame.id}
    assert inside > {"b", "U₁", "Y₁", "δ₁", "∂E/∂b"}
    assert inside >= ({"w₁", "w₂"} if way.startswith("w1") else {"w"})
    assert [x.label for x in shown.operations if x.cluster == frame.id] == ["affine", "σ"]
    out = 1 / (1 + np.exp(-(0.4 * 0.5 + 0.3 + 0.1)))
    (delta,) = (box.value for box in shown.boxes if box.symbol == "δ₁")
    np.testing.assert_allclose(delta, (out - t) * out * (1 - out))
    derivation = derive(E)
    assert derivation.check().first is None
    assert "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁" in str(derivation)


def test_a_product_without_a_bias_is_no_neuron():
    x, w = Tensor(0.5, name="x"), parameter(0.4, "w")
    assert not any("Layer" in cluster.title for cluster in scene(np.sin(w * x) * 2).clusters)


ACTING = {"sigmoid": sigmoid, "tanh": np.tanh, "linear": lambda u: u, "exp": np.exp, "twice": lambda u: 2 * sigmoid(u)}
MEASURES = {
    "squared error": losses.squared_error,
    "half": lambda y, t: 0.5 * ((y - t) ** 2).sum(),
    "mean": lambda y, t: ((y - t) ** 2).mean(),
    "size": lambda y, t: abs(y - t).sum(),
    "yes or no": lambda y, t: losses.binary_cross_entropy(sigmoid(y), t),
}


@pytest.mark.parametrize("measure", MEASURES)
@pytest.mark.parametrize("acting", ACTING)
@pytest.mark.parametrize("target", [1.0, 0.3, Tensor(0.3, name="t")], ids=["one", "number", "tensor"])
def test_one_output_is_drawn_whatever_measures_it(acting, measure, target):
    """Its target may be a number, which no box stands for: all that a gradient flows through has one, and the right."""
    w, x, b = parameter([0.4, -0.3], "w"), Tensor([0.5, -1.0], name="x"), parameter(0.1, "b")
    shown = scene(MEASURES[measure](ACTING[acting](x @ w + b), target))
    parts = set(shown.by_id)
    assert {end for arrow in shown.arrows for end in (arrow.source, arrow.target)} <= parts
    found = products(shown)
    for box in shown.boxes:
        terms = [found[a.id].value for a in shown.arrows if a.kind == "backward" and a.target == box.id]
        if terms:
            np.testing.assert_allclose(sum(terms), box.value, rtol=1e-9, atol=1e-12)
    assert [box.symbol for box in shown.boxes if box.kind == "gradient" and box.symbol.startswith("δ")] == ["δ₁"]
    assert draw(MEASURES[measure](ACTING[acting](x @ w + b), target)).source.startswith("digraph")


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (lambda u: losses.squared_error(u, 1.0), "δ₁ = ∂E/∂U₁ = Y₁ − 1"),
        (lambda u: losses.squared_error(sigmoid(u), 1.0), "∂E/∂Y₁ = Y₁ − 1"),
        (lambda u: losses.binary_cross_entropy(sigmoid(u), 1.0), "δ₁ = ∂E/∂U₁ = Y₁ − 1"),
        (lambda u: losses.binary_cross_entropy(sigmoid(u), Tensor(0.3, name="t")), "δ₁ = ∂E/∂U₁ = Y₁ − t"),
    ],
)
def test_a_target_that_is_a_number_is_the_losss(measure, said):
    derivation = derive(measure(Tensor([0.5, -1.0], name="x") @ parameter([0.4, -0.3], "w") + parameter(0.1, "b")))
    assert str(derivation).splitlines()[0] == said
    assert derivation.check().first is None
