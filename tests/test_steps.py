"""How a line came: the steps as golden text, each against numbers, the last the line itself."""

import re
from dataclasses import replace

import numpy as np
import pytest
from latex2mathml.converter import convert

from minigrad import Tensor, derive, losses, nn, relu, sigmoid, softmax, sums_to_one
from minigrad.derivation.reasons.ways import MOST
from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.ops.shaping import BroadcastTo
from tests.counting import calls
from tests.derived_networks import NETWORKS as NAMED
from tests.networks import NETWORKS, mlp


def steps_of(derivation, symbol, notation="matrix"):
    """Give the text of one line's steps, without the spaces that align its columns."""
    (line,) = (line for line in derivation if line.symbol == symbol)
    rows = [[part.strip() for part in row.split("    ") if part.strip()] for row in column(line, notation)]
    return [" | ".join(row) for row in rows]


def column(line, notation):
    return line.steps().to_text(notation).splitlines()


def classification():
    loss, given = mlp()
    return derive(loss, given=given)


def test_softmax_with_cross_entropy_is_the_textbooks_way():
    wanted = """\
δ₂ = ∂E/∂U₂ = ∂E/∂Y₂ · ∂Y₂/∂U₂         the chain rule
   = Y₂ ⊙ (∂E/∂Y₂ − Σₖ ∂E/∂Y₂ ⊙ Y₂)    Y₂ = softmax(U₂)
   = Y₂ ⊙ (Σₖ T ⊙ Y₂ / Y₂ − T / Y₂)    ∂E/∂Y₂ = −T / Y₂
   = Y₂ ⊙ Σₖ tₖ − T                    a ⊙ (b / a) = b
   = Y₂ − T                            Σₖ tₖ = 1"""
    assert str(classification()[0].steps()) == wanted


def test_the_other_lines_of_the_network():
    derivation = classification()
    assert steps_of(derivation, "δ₁") == [
        "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ ∂Y₁/∂U₁ | the chain rule",
        "= ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁ | Y₁ = σ(U₁)",
    ]
    assert steps_of(derivation, "∂E/∂W₂") == [
        "∂E/∂W₂ = δ₂ · ∂U₂/∂W₂ | the chain rule",
        "= Y₁ᵀ δ₂ | U₂ = Y₁ W₂ + b₂",
    ]
    assert steps_of(derivation, "∂E/∂b₂") == [
        "∂E/∂b₂ = δ₂ · ∂U₂/∂b₂ | the chain rule",
        "= Σₙ δ₂ | U₂ = Y₁ W₂ + b₂",
    ]
    assert steps_of(derivation, "∂E/∂Y₁") == [
        "∂E/∂Y₁ = δ₂ · ∂U₂/∂Y₁ | the chain rule",
        "= δ₂ W₂ᵀ | U₂ = Y₁ W₂ + b₂",
    ]


def test_by_indices_they_are_the_books():
    loss, given = mlp(rows=1)
    derivation = derive(loss, given=given)
    assert steps_of(derivation, "δ₂", "index") == [
        "δₖ = ∂E/∂uₖ = Σᵣ ∂E/∂yᵣ · ∂yᵣ/∂uₖ | the chain rule",
        "= yₖ(∂E/∂yₖ − Σᵣ ∂E/∂yᵣ yᵣ) | yₖ = exp(uₖ) / (Σᵣ exp(uᵣ))",
        "= yₖ(Σᵣ tᵣ yᵣ / yᵣ − tₖ / yₖ) | ∂E/∂yₖ = −tₖ / yₖ",
        "= yₖ Σᵣ tᵣ − tₖ | a ⊙ (b / a) = b",
        "= yₖ − tₖ | Σₖ tₖ = 1",
    ]
    assert steps_of(derivation, "δ₁", "index") == [
        "δⱼ = ∂E/∂uⱼ = (Σᵣ δᵣ wⱼᵣ) ∂yⱼ/∂uⱼ | the chain rule",
        "= (Σᵣ δᵣ wⱼᵣ)(1 − yⱼ)yⱼ | yⱼ = σ(uⱼ)",
    ]
    assert steps_of(derivation, "∂E/∂W₂", "index") == [
        "∂E/∂wⱼₖ = δₖ · ∂uₖ/∂wⱼₖ | the chain rule",
        "= yⱼ δₖ | uₖ = Σⱼ yⱼ wⱼₖ + bₖ",
    ]


def test_the_samples_have_an_index_in_every_step_or_in_none():
    assert steps_of(classification(), "∂E/∂W₂", "index") == [
        "∂E/∂wⱼₖ = Σₙ δₙₖ · ∂uₙₖ/∂wⱼₖ | the chain rule",
        "= Σₙ yₙⱼ δₙₖ | uₖ = Σⱼ yⱼ wⱼₖ + bₖ",
    ]


@pytest.mark.parametrize(
    ("activation", "back", "by"),
    [(np.tanh, "(1 − Y₁²)", "tanh(U₁)"), (relu, "(U₁ > 0)", "relu(U₁)"), (sigmoid, "(1 − Y₁) ⊙ Y₁", "σ(U₁)")],
)
def test_squared_error_and_each_activation(activation, back, by):
    rng = np.random.default_rng(0)
    X, T = (Tensor(rng.normal(size=(5, n)), name=name) for n, name in ((4, "X"), (3, "T")))
    derivation = derive(losses.squared_error(nn.MLP((4, 6, 3), hidden=activation, output="identity", rng=0)(X), T))
    assert len(derivation[0].steps()) == 1
    assert steps_of(derivation, "δ₂")[0].startswith("δ₂ = ∂E/∂U₂ = Y₂ − T | E = ")
    assert steps_of(derivation, "δ₁") == [
        "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ ∂Y₁/∂U₁ | the chain rule",
        f"= ∂E/∂Y₁ ⊙ {back} | Y₁ = {by}",
    ]


def test_what_is_used_twice_has_a_sum_of_two():
    derivation = NAMED["residual connection"][0]()
    assert steps_of(derivation, "δ₁") == [
        "δ₁ = ∂E/∂H = ∂E/∂Y ⊙ ∂Y/∂H + δ₂ · ∂U₂/∂H | the chain rule",
        "= ∂E/∂Y + δ₂ W₂ᵀ | Y = H + Y₂; U₂ = H W₂",
    ]
    assert steps_of(derivation, "δ₂") == [
        "δ₂ = ∂E/∂U₂ = ∂E/∂Y₂ ⊙ ∂Y₂/∂U₂ | the chain rule",
        "= ∂E/∂Y₂ ⊙ (1 − Y₂²) | Y₂ = tanh(U₂)",
        "= ∂E/∂Y ⊙ (1 − Y₂²) | ∂E/∂Y₂ = ∂E/∂Y",
    ]
    assert steps_of(NAMED["tied weight used twice"][0](), "∂E/∂W") == [
        "∂E/∂W = δ₂ · ∂U₂/∂W + δ₁ · ∂U₁/∂W | the chain rule",
        "= Hᵀ δ₂ + Xᵀ δ₁ | U₂ = H W; U₁ = X W",
    ]


def test_what_the_loss_has_of_a_weight_directly_stands_beside_the_chain_rule():
    first, second = steps_of(NAMED["weight decay"][0](), "∂E/∂W")
    assert first == "∂E/∂W = δ₁ · ∂U₁/∂W + 0.02 W | the chain rule"
    assert second.startswith("= Xᵀ δ₁ + 0.02 W | U₁ = X W + b; E = ")


def test_a_mean_over_the_batch():
    first, *_, last = steps_of(NAMED["mean cross-entropy"][0](), "δ₁")
    assert (first, last) == ("δ₁ = ∂E/∂U₁ = ∂E/∂Y · ∂Y/∂U₁ | the chain rule", "= (Y − T) / 5 | Σₖ tₖ = 1")


def test_binary_cross_entropy_cancels_and_then_multiplies_out():
    assert steps_of(NAMED["binary cross-entropy"][0](), "δ₁") == [
        "δ₁ = ∂E/∂U₁ = ∂E/∂Y ⊙ ∂Y/∂U₁ | the chain rule",
        "= ∂E/∂Y ⊙ (1 − Y) ⊙ Y | Y = σ(U₁)",
        "= ((1 − T) / (1 − Y) − T / Y) ⊙ (1 − Y) ⊙ Y | ∂E/∂Y = (1 − T) / (1 − Y) − T / Y",
        "= Y ⊙ (1 − T) − (1 − Y) ⊙ T | a ⊙ (b / a) = b",
        "= Y − T | a ⊙ (b + c) = a ⊙ b + a ⊙ c",
    ]


def residual_layers(n):
    """Layers that add to their input, whose sums have no symbol."""
    rng = np.random.default_rng(0)
    Y = Tensor(rng.normal(size=(5, 4))) @ Tensor(rng.normal(size=(4, 4)), requires_grad=True, name="W1")
    for i in range(n):
        Y = Y + np.tanh(Y @ Tensor(rng.normal(size=(4, 4)) / 2, requires_grad=True, name=f"W{i + 2}"))
    return losses.squared_error(Y, Tensor(rng.normal(size=(5, 4)), name="T"))


def test_a_gradient_that_comes_from_many_layers_is_followed_back_to_the_sum_that_has_a_symbol():
    derivation = derive(residual_layers(6), fold=False)
    assert max(len(line.steps()) for line in derivation) <= MOST
    assert max(max(line.check_steps()) for line in derivation) < 1e-8
    assert steps_of(derivation, "∂E/∂Y₃") == [
        "∂E/∂Y₃ = ∂E/∂v₃ ⊙ ∂v₃/∂Y₃ + δ₄ · ∂U₄/∂Y₃ | the chain rule",
        "= ∂E/∂v₃ + δ₄ W₄ᵀ | v₃ = Y₁ + Y₂ + Y₃ + Y₄; U₄ = (Y₁ + Y₂ + Y₃) W₄",
    ]


def test_what_is_written_by_hand_has_the_steps_of_the_operations_that_it_is():
    rng = np.random.default_rng(1)
    X, T = Tensor(rng.normal(size=(5, 4)), name="X"), Tensor(np.eye(3)[[0, 1, 2, 0, 1]], name="T")
    model = nn.MLP((4, 5, 3), rng=0)
    W1, b1, W2, b2 = model.parameters()
    Y = 1 / (1 + np.exp(-(X @ W1 + b1)))
    Z = np.exp(Y @ W2 + b2)
    by_hand = -(T * np.log(Z / np.sum(Z, axis=1, keepdims=True))).sum()
    found, wanted = (derive(E, given=[sums_to_one(T)]) for E in (by_hand, losses.cross_entropy(model(X), T)))
    assert found.to_text(steps=True) == wanted.to_text(steps=True)


def test_a_gradient_that_is_put_in_a_part_of_a_formula_alone():
    rng = np.random.default_rng(1)
    X, T = Tensor(rng.normal(size=(5, 4)), name="X"), Tensor(np.eye(3)[[0, 1, 2, 0, 1]], name="T")
    W = Tensor(rng.normal(size=(4, 3)), requires_grad=True, name="W")
    for line in derive(losses.cross_entropy(softmax(X @ W), T, "mean")):
        assert all(step.equations or step.rule == "the chain rule" for step in line.steps())
        assert max(line.check_steps()) < 1e-8


def test_the_work_of_all_steps_grows_linearly_with_the_depth():
    def task(loss):
        for line in derive(loss, given=[sums_to_one("T")]):
            line.check_steps()

    calls(2, task)  # whatever is kept between calls is there
    assert calls(40, task) / calls(10, task) < 4 * 1.3


def test_an_equation_of_more_than_a_line_pushes_no_reason_away():
    rng = np.random.default_rng(0)
    X, T = (Tensor(rng.normal(size=(5, 3)), name=name) for name in "XT")
    K, V = (Tensor(rng.normal(size=(3, n)), requires_grad=True, name=name) for n, name in ((1, "K"), (3, "V")))
    H = sum(np.tanh(X * K.T / k) ** k for k in range(1, 6))
    (line,) = (line for line in derive(losses.squared_error(H @ V, T)) if line.of == "K")
    first, second, *_ = str(line.steps()).splitlines()
    of_each = r"∂E/∂(v[₀-₉]+) · ∂\{}/∂K"
    ways = r" \+ ".join(of_each.format(i) for i in range(1, 6))
    assert re.fullmatch(f"∂E/∂K = {ways}    the chain rule", first)
    assert len(second) > 150


@pytest.mark.parametrize("notation", ["matrix", "index"])
def test_the_steps_begin_and_end_as_the_line_is_written(notation):
    """Their letters are found for symbols, and the line's for the graph."""
    derivations = [derived() for derived, _ in NAMED.values()]
    derivations += [derive(loss, given=given, fold=False) for loss, given in (network() for network in NETWORKS)]
    for derivation in derivations:
        lines = [x for x in derivation.to_text(notation).splitlines() if x[0] in "∂δ"]  # past those that say what v₁ is
        for line, written in zip(derivation, lines, strict=True):
            steps = line.steps().to_text(notation).splitlines()
            names = written.split(" = ")[: len(line.names)]
            assert steps[0].startswith(" = ".join([*names, ""]))
            last = steps[-1].split(" = ", 1)[1].split("    ")[0].strip()
            assert last in written


def test_a_line_that_derive_did_not_write_has_no_steps():
    line = classification()[0]
    with pytest.raises(ValueError, match="how δ₂ came is not known"):
        replace(line, ways=None).steps()


def recurrent(steps):
    """Tanh cells with shared weights, the loss at the end."""
    rng = np.random.default_rng(4)
    Wx, Wh, V = (Tensor(rng.normal(size=s) / 2, requires_grad=True, name=n) for n, s in WEIGHTS.items())
    H = np.tanh(Tensor(rng.normal(size=(2, 3)), name="x1") @ Wx)
    for t in range(1, steps):
        H = np.tanh(Tensor(rng.normal(size=(2, 3)), name=f"x{t + 1}") @ Wx + H @ Wh)
    return losses.squared_error(H @ V, Tensor(rng.normal(size=(2, 2)), name="T"))


WEIGHTS = {"Wx": (3, 4), "Wh": (4, 4), "V": (4, 2)}


@pytest.mark.parametrize("loss", [lambda: recurrent(7), lambda: residual_layers(6)], ids=["recurrent", "residual"])
def test_a_line_for_all_t_is_told_for_one(loss):
    derivation = derive(loss(), forward=True)
    assert any(line.indices for line in derivation)
    for line in derivation:
        assert max(line.check_steps()) < 1e-8
        assert len(line.steps()) <= MOST
    lines = len(derivation) + len(derivation.forward_lines)
    assert len(derivation.to_text(steps=True).split("\n\n")) == lines
    assert derivation.to_html(steps=True).count("<tr><td><div") == lines
    assert "merror" not in convert(derivation.to_latex("index", steps=True))


def test_a_recurrent_layers_step_by_its_number():
    (line,) = (line for line in derive(recurrent(7)) if line.symbol == "δₜ")
    steps = str(line.steps()).splitlines()
    assert steps[0].split("    ")[0].replace("₄", "ₜ").replace("₃", "ₜ") == "δₜ = ∂E/∂Uₜ = ∂E/∂Hₜ ⊙ ∂Hₜ/∂Uₜ"
    assert "tanh(U" in steps[1]


def test_a_gradient_that_is_one_number_everywhere_is_written_as_that():
    x = Tensor(np.ones((2, 3)), requires_grad=True, name="x")
    w = Tensor(np.ones((3, 2)), requires_grad=True, name="w")
    assert str(derive(x.sum())) == "∂E/∂x = 1"
    assert str(derive(x.sum())[0].steps()) == "∂E/∂x = 1    E = Σ x"
    assert str(derive((x * 3).sum())) == "∂E/∂x = 3"
    assert str(derive((x @ w).sum())) == "δ₁ = ∂E/∂U₁ = 1\n∂E/∂w = xᵀ δ₁\n∂E/∂x = δ₁ wᵀ"
    w = Node(name="w", shape=(3, 2), table={})
    assert text(BroadcastTo((2, 3))(Node(value=np.ones(()), table=w.table)) @ w) == "broadcast_to(1) w"
