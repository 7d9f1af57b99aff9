"""Folding: what repeats is drawn once, and says how often."""

import numpy as np
import pytest

from minigrad import Tensor, draw, losses, sigmoid, softmax
from minigrad.nn import MLP
from minigrad.picture import draw as drawing
from minigrad.picture.scene.build import scene
from tests.networks import textbook


def parameter(shape, name):
    return Tensor(np.random.default_rng(len(name)).normal(size=shape), requires_grad=True, name=name)


def recurrent(steps, sliced=True):
    """A recurrent net, unrolled."""
    W, V, b, out = parameter((3, 4), "W"), parameter((4, 4), "V"), parameter((4,), "b"), parameter((4, 2), "R")
    X = Tensor(np.ones((steps, 2, 3)), name="X")
    h = Tensor(np.zeros((2, 4)), name="h0")
    for t in range(steps):
        x = X[t] if sliced else Tensor(X.data[t], name=f"x{t + 1}")
        h = np.tanh(x @ W + h @ V + b)
    return losses.squared_error(h @ out, np.zeros((2, 2)))


def residual(blocks):
    h = Tensor(np.ones((4, 5)), name="x")
    for _ in range(blocks):
        W, b, V = parameter((5, 5), "W"), parameter((5,), "b"), parameter((5, 5), "V")
        h = h + np.tanh(h @ W + b) @ V
    return losses.squared_error(h, np.zeros((4, 5)))


def said(shown):
    return {f"{box.heading} = {box.formula}" for box in shown.boxes}


@pytest.mark.parametrize("sliced", [True, False])
def test_an_unrolled_net_is_as_large_as_one_step(sliced):
    short, long = scene(recurrent(5, sliced)), scene(recurrent(50, sliced))
    assert len(short) == len(long) < 30
    assert [arrow.kind for arrow in short.arrows] == [arrow.kind for arrow in long.arrows]
    (step,) = (cluster for cluster in long.clusters if cluster.count > 1)
    assert step.count == 50
    assert "×50, t = 1 … 50" in step.title
    folded = [box for box in long.boxes if box.count == 50]
    assert folded
    assert all(box.cluster == step.id and box.value is None for box in folded)


def test_a_folded_step_is_written_in_terms_of_its_number():
    shown = said(scene(recurrent(50, sliced=False)))
    assert "Uₜ = xₜ W + Hₜ₋₁ V + b" in shown
    assert "∂E/∂Hₜ = δₜ₊₁ Vᵀ" in shown
    assert "δₜ = ∂E/∂Uₜ = ∂E/∂Hₜ ⊙ (1 − Hₜ²)" in shown
    assert "∂E/∂V = Σₜ Hₜ₋₁ᵀ δₜ" in shown
    assert "∂E/∂W = Σₜ xₜᵀ δₜ" in shown
    assert "∂E/∂R = H₅₀ᵀ δ⁽²⁾" in shown


def test_what_all_steps_share_is_in_their_frame_once():
    shown = scene(recurrent(50))
    boxes = {box.symbol: (box.cluster, box.count) for box in shown.boxes}
    assert boxes["W"] == boxes["∂E/∂W"] == boxes["V"] == boxes["b"] == boxes["h₀"] == ("repeat1", 1)
    assert boxes["R"][0] == "layer2"


def test_a_residual_net_folds_into_its_block():
    shown = scene(residual(12))
    (block,) = (cluster for cluster in shown.clusters if cluster.count > 1)
    assert block.title == "Block l · affine, tanh, matmul, +  ×12, l = 1 … 12"
    assert {"Hₗ = Hₗ₋₁ + Y⁽²⁾ₗ", "∂E/∂Hₗ = ∂E/∂Hₗ₊₁ + δ⁽¹⁾ₗ₊₁ Wₗ₊₁ᵀ"} <= said(shown)


def test_layers_of_one_size_fold_between_the_first_and_the_last():
    E = losses.squared_error(MLP([2, *[3] * 50, 1], output="identity", rng=0)(np.ones((4, 2))), np.ones((4, 1)))
    shown = scene(E)
    assert "Layer l · sigmoid  ×49, l = 2 … 50" in [cluster.title for cluster in shown.clusters]
    assert {"U₁ = x W₁ + b₁", "Uₗ = Yₗ₋₁ Wₗ + bₗ", "∂E/∂Y₁ = δ₂ W₂ᵀ", "∂E/∂Yₗ = δₗ₊₁ Wₗ₊₁ᵀ"} <= said(shown)


def test_two_repeats_in_one_net():
    h = Tensor([1.0, 2.0], requires_grad=True, name="w")
    for _ in range(7):
        h = np.sin(h)
    for _ in range(9):
        h = np.tanh(h) * 0.5
    shown = scene(h.sum())
    assert sorted(cluster.count for cluster in shown.clusters) == [7, 9]
    assert [op.label for op in shown.operations] == ["sin", "tanh", "⊙", "Σ"]


def test_inputs_of_one_operation_that_are_alike_are_one_box():
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    targets = [Tensor([float(i), 0.0], name=f"t{i}") for i in range(1, 31)]
    E = sum(((np.sin(w) - t) ** 2).sum() for t in targets)
    shown = scene(E)
    (target,) = (box for box in shown.boxes if box.symbol.startswith("t"))
    assert (target.symbol, target.count) == ("tₜ", 30)
    assert len(shown) < 10 < 30 < len(scene(E, fold=False))
    leaves = [Tensor([float(i)], requires_grad=True, name=f"a{i}") for i in range(1, 6)]
    shown = scene(np.concatenate(leaves).sum())
    assert [(box.symbol, box.count) for box in shown.boxes if box.count > 1] == [("aₗ", 5), ("∂E/∂aₗ", 5)]


def test_a_parameter_that_two_repeats_share():
    w = Tensor([1.0, 2.0], requires_grad=True, name="w")
    h = Tensor([0.5, 0.5], requires_grad=True, name="h")
    for _ in range(7):
        h = np.sin(h) * w
    for _ in range(9):
        h = np.tanh(h) + w
    shown = scene(h.sum())
    (formula,) = (box.formula for box in shown.boxes if box.symbol == "∂E/∂w")
    assert [op.label for op in shown.operations] == ["sin", "⊙", "tanh", "+", "Σ"]
    assert formula == "Σₜ ∂E/∂Cₜ + Σₜ ∂E/∂Hₜ ⊙ v⁽¹⁾ₜ"


def test_every_operation_is_there_again_when_unfolded():
    E = recurrent(50)
    whole = scene(E, fold=False)
    assert sum(op.label == "tanh" for op in whole.operations) == 50
    assert all(box.count == 1 for box in whole.boxes)
    assert len(scene(E, fold=51)) == len(whole) > len(scene(E, fold=50))


@pytest.mark.parametrize("sizes", [[4, 25, 25, 3], [4, 6, 5, 4, 3, 2]])
def test_nets_without_repeats_are_shown_whole(sizes):
    E = losses.cross_entropy(MLP(sizes, output="softmax", rng=0)(np.ones((1, 4))), np.eye(sizes[-1])[:1])
    assert said(scene(E)) == said(scene(E, fold=False))
    assert len(scene(E).arrows) == len(scene(E, fold=False).arrows)


def test_steps_that_are_wired_differently_do_not_fold():
    w = parameter((3, 3), "w")
    values = [w]
    for i in range(8):
        values.append(sigmoid(values[-1]) * values[i // 2])
    assert all(box.count == 1 for box in scene(softmax(values[-1]).sum()).boxes)


@pytest.mark.parametrize("own_layout", [True, False])
def test_a_folded_picture_says_how_often(own_layout, monkeypatch):
    if own_layout:
        monkeypatch.setattr(drawing.shutil, "which", lambda _: None)
    picture = draw(recurrent(50)).svg()
    assert "2×4\u00a0\u00a0×50" in picture.replace("&#160;", "\u00a0").replace(" ", "\u00a0")
    assert "×50, t = 1 … 50" in picture.replace("\u00a0", " ").replace("&#160;", " ")


def test_a_frame_is_folded_by_its_name():
    """It is one operation then; what stands around it, and the numbers there, are as they were."""
    E = textbook()[0]
    whole, folded = scene(E), scene(E, fold=["layer 1", "Loss"])
    assert [op.label for op in folded.operations] == ["Layer 1", "affine", "softmax", "Loss"]
    assert [cluster.title for cluster in folded.clusters] == ["Layer 2 · softmax"]
    assert "W₁" not in {box.symbol for box in folded.boxes}
    for box in folded.boxes:
        np.testing.assert_array_equal(box.value, whole.by_id[box.id].value)
    arrows = {arrow.label for arrow in folded.arrows if arrow.kind == "backward"}
    assert arrows >= {"∂E/∂E × ∂E/∂Y₂", "δ₂ × W₂ᵀ"}
    ends = {end for arrow in folded.arrows for end in (arrow.source, arrow.target)}
    assert ends <= set(folded.by_id)
    drawing = draw(E, fold="Layer 2")
    assert drawing.source.count("Layer 2") >= 1
    assert "∂Y₂/∂Y₁" in "".join(x.local for x in drawing.scene.arrows)
    assert draw(E, fold="Layer 2", direction="down").svg().startswith("<svg")


def test_a_frame_that_there_is_not():
    with pytest.raises(ValueError, match=r"of which there are 'Layer 1', 'Layer 2', 'Loss'; not 'Layer 9'"):
        draw(textbook()[0], fold="Layer 9")
