"""Derivations of what repeats: one line for all t, forward and backward, with every t of it checked."""

from textwrap import dedent

import numpy as np
import pytest

from minigrad import Tensor, derive, losses, nn, softmax
from minigrad.algebra.simplify import simplify
from minigrad.data import one_hot
from tests.recurrent import data, equal_layers, gated, gru, parameter, recurrent, residual, stacked


def lines(loss, **options):
    """Give the lines of a derivation of which every value is right."""
    derivation = derive(loss, **options)
    assert max(row.difference for row in derivation.check()) < 1e-6
    return derivation


def text(written):
    return dedent(written).strip()


@pytest.mark.parametrize("steps", [5, 50])
def test_a_recurrent_network_with_the_loss_at_the_end(steps):
    assert str(lines(recurrent(steps), forward=True)) == text(f"""
        H₀ = 0
        Uₜ = xₜ Wx + Hₜ₋₁ Wh + b  for t = 1 … {steps}
        Hₜ = tanh(Uₜ)  for t = 1 … {steps}
        Y⁽²⁾ = U⁽²⁾ = H_T V
        E = ½ Σ (Y⁽²⁾ − t)²
        δ⁽²⁾ = ∂E/∂U⁽²⁾ = Y⁽²⁾ − t
        ∂E/∂V = H_Tᵀ δ⁽²⁾
        δ_T = ∂E/∂U_T = δ⁽²⁾ Vᵀ ⊙ (1 − H_T²)
        δₜ = ∂E/∂Uₜ = δₜ₊₁ Whᵀ ⊙ (1 − Hₜ²)  for t = {steps - 1} … 1
        ∂E/∂Wx = Σₜ xₜᵀ δₜ
        ∂E/∂Wh = Σₜ Hₜ₋₁ᵀ δₜ
        ∂E/∂b = Σₜ Σₙ δₜ
    """).replace("_T", {5: "₅", 50: "₅₀"}[steps])


@pytest.mark.parametrize("steps", [5, 50])
def test_a_recurrent_network_with_a_loss_at_each_step(steps):
    assert str(lines(recurrent(steps, each=True, sliced=True))) == text(f"""
        δ⁽²⁾ₜ = ∂E/∂U⁽²⁾ₜ = Y⁽²⁾ₜ − t  for t = {steps} … 1
        δ⁽¹⁾_T = ∂E/∂U⁽¹⁾_T = δ⁽²⁾_T Vᵀ ⊙ (1 − H⁽¹⁾_T²)
        δ⁽¹⁾ₜ = ∂E/∂U⁽¹⁾ₜ = (δ⁽¹⁾ₜ₊₁ Whᵀ + δ⁽²⁾ₜ Vᵀ) ⊙ (1 − H⁽¹⁾ₜ²)  for t = {steps - 1} … 1
        ∂E/∂V = Σₜ H⁽¹⁾ₜᵀ δ⁽²⁾ₜ
        ∂E/∂Wx = Σₜ Xₜᵀ δ⁽¹⁾ₜ
        ∂E/∂Wh = Σₜ H⁽¹⁾ₜ₋₁ᵀ δ⁽¹⁾ₜ
        ∂E/∂b = Σₜ Σₙ δ⁽¹⁾ₜ
    """).replace("_T", {5: "₅", 50: "₅₀"}[steps])


def test_the_values_are_those_of_backpropagation_through_time_by_hand():
    steps = 7
    Wx, Wh, b, V = (parameter(name).data for name in ("Wx", "Wh", "b", "V"))
    X, H, Y = data(steps), [np.zeros((5, 4))], []
    for t in range(steps):
        H.append(np.tanh(X[t] @ Wx + H[-1] @ Wh + b))
        Y.append(H[-1] @ V)
    δ, after = [None] * steps, np.zeros((5, 4))
    for t in reversed(range(steps)):
        δ[t] = after = ((Y[t] - 1) @ V.T + after @ Wh.T) * (1 - H[t + 1] ** 2)
    derivation = derive(recurrent(steps, each=True))
    values = {line.symbol: line.value for line in derivation}
    np.testing.assert_allclose(values["δ⁽¹⁾ₜ"], δ[:-1])
    np.testing.assert_allclose(values["δ⁽¹⁾₇"], δ[-1])
    np.testing.assert_allclose(values["δ⁽²⁾ₜ"], np.stack(Y) - 1)
    np.testing.assert_allclose(values["∂E/∂Wh"], sum(H[t].T @ δ[t] for t in range(steps)))
    np.testing.assert_allclose(values["∂E/∂Wx"], sum(X[t].T @ δ[t] for t in range(steps)))
    np.testing.assert_allclose(values["∂E/∂b"], sum(δ).sum(axis=0))
    (hidden,) = (line for line in derivation.forward_lines if line.symbol == "H⁽¹⁾ₜ")
    np.testing.assert_allclose(hidden.value, H[1:])
    (line,) = (line for line in derivation if line.symbol == "δ⁽¹⁾ₜ")
    assert (line.letter, line.indices) == ("t", (1, 2, 3, 4, 5, 6))
    assert line.shape == (6, 5, 4)


def test_a_first_step_of_its_own_and_a_state_that_is_learned():
    first = str(lines(recurrent(5, start="none"), forward=True)).splitlines()
    assert first[:3] == [
        "U₁ = x₁ Wx + b",
        "Uₜ = xₜ Wx + Hₜ₋₁ Wh + b  for t = 2 … 5",
        "Hₜ = tanh(Uₜ)  for t = 1 … 5",
    ]
    assert "∂E/∂Wh = Σₜ Hₜ₋₁ᵀ δₜ  Σ over t = 2 … 5" in first
    assert "∂E/∂Wx = Σₜ xₜᵀ δₜ" in first
    assert str(lines(recurrent(5, start="given"))).splitlines()[-1] == "∂E/∂h₀ = δ₁ Whᵀ"


def test_a_long_short_term_memory():
    written = str(lines(gated(6), forward=True)).splitlines()
    assert written[0] == "C₀ = H₀ = 0"
    assert {
        "Cₜ = Y⁽²⁾ₜ ⊙ Cₜ₋₁ + Y⁽¹⁾ₜ ⊙ Y⁽⁴⁾ₜ  for t = 1 … 6",
        "Hₜ = Y⁽³⁾ₜ ⊙ tanh(Cₜ)  for t = 1 … 6",
        "∂E/∂C₆ = ∂E/∂H₆ ⊙ Y⁽³⁾₆ ⊙ (1 − tanh(C₆)²)",
        "∂E/∂Cₜ = ∂E/∂Cₜ₊₁ ⊙ Y⁽²⁾ₜ₊₁ + ∂E/∂Hₜ ⊙ Y⁽³⁾ₜ ⊙ (1 − tanh(Cₜ)²)  for t = 5 … 1",
        "δ⁽²⁾ₜ = ∂E/∂U⁽²⁾ₜ = ∂E/∂Y⁽²⁾ₜ ⊙ (1 − Y⁽²⁾ₜ) ⊙ Y⁽²⁾ₜ  for t = 6 … 1",
        "∂E/∂Uf = Σₜ Hₜ₋₁ᵀ δ⁽²⁾ₜ",
    } <= set(written)
    assert len(derive(gated(12))) == len(derive(gated(6))) == 24


def test_the_users_names_of_one_step_are_those_of_all():
    loss, names = gru(5)
    written = str(lines(loss, names=names, forward=True)).splitlines()
    assert {
        "rₜ = σ(U⁽²⁾ₜ)  for t = 1 … 5",
        "hₜ = (1 − zₜ) ⊙ hₜ₋₁ + zₜ ⊙ gₜ  for t = 1 … 5",
        "∂E/∂hₜ = ∂E/∂hₜ₊₁ ⊙ (1 − zₜ₊₁) + δ⁽³⁾ₜ₊₁ Uᵀ ⊙ rₜ₊₁ + δ⁽²⁾ₜ₊₁ Urᵀ + δ⁽¹⁾ₜ₊₁ Uzᵀ  for t = 4 … 1",
        "∂E/∂U = Σₜ (rₜ ⊙ hₜ₋₁)ᵀ δ⁽³⁾ₜ",
    } <= set(written)


def test_the_blocks_of_a_residual_network():
    assert str(lines(residual(20))) == text("""
        Hₗ = Hₗ₋₁ + Y⁽²⁾ₗ  for l = 1 … 20
        ∂E/∂H₂₀ = 2 H₂₀
        δ⁽²⁾ₗ = ∂E/∂U⁽²⁾ₗ = ∂E/∂Hₗ  for l = 20 … 1
        ∂E/∂Vₗ = Y⁽¹⁾ₗᵀ δ⁽²⁾ₗ  for l = 20 … 1
        ∂E/∂Y⁽¹⁾ₗ = δ⁽²⁾ₗ Vₗᵀ  for l = 20 … 1
        δ⁽¹⁾ₗ = ∂E/∂U⁽¹⁾ₗ = ∂E/∂Y⁽¹⁾ₗ ⊙ (1 − Y⁽¹⁾ₗ²)  for l = 20 … 1
        ∂E/∂Wₗ = Hₗ₋₁ᵀ δ⁽¹⁾ₗ  for l = 20 … 1
        ∂E/∂bₗ = Σₙ δ⁽¹⁾ₗ  for l = 20 … 1
        ∂E/∂Hₗ = ∂E/∂Hₗ₊₁ + δ⁽¹⁾ₗ₊₁ Wₗ₊₁ᵀ  for l = 19 … 1
    """)


def test_fifty_equal_layers():
    assert str(lines(equal_layers(49), forward=True)) == text("""
        U₁ = X W₁ + b₁
        Uₗ = Yₗ₋₁ Wₗ + bₗ  for l = 2 … 50
        Yₗ = σ(Uₗ)  for l = 1 … 50
        Y₅₁ = U₅₁ = Y₅₀ W₅₁ + b₅₁
        E = ½ Σ (Y₅₁ − T)²
        δ₅₁ = ∂E/∂U₅₁ = Y₅₁ − T
        ∂E/∂W₅₁ = Y₅₀ᵀ δ₅₁
        ∂E/∂b₅₁ = Σₙ δ₅₁
        ∂E/∂Y₅₀ = δ₅₁ W₅₁ᵀ
        δₗ = ∂E/∂Uₗ = ∂E/∂Yₗ ⊙ (1 − Yₗ) ⊙ Yₗ  for l = 50 … 1
        ∂E/∂Wₗ = Yₗ₋₁ᵀ δₗ  for l = 50 … 2
        ∂E/∂bₗ = Σₙ δₗ  for l = 50 … 2
        ∂E/∂Yₗ = δₗ₊₁ Wₗ₊₁ᵀ  for l = 49 … 1
        ∂E/∂W₁ = Xᵀ δ₁
        ∂E/∂b₁ = Σₙ δ₁
    """)


def test_two_recurrent_layers_one_on_the_other():
    written = str(lines(stacked(5))).splitlines()
    assert written[:2] == [
        "δ⁽²⁾₅ = ∂E/∂U⁽²⁾₅ = 2 H⁽²⁾₅ ⊙ (1 − H⁽²⁾₅²)",
        "δ⁽²⁾ₜ = ∂E/∂U⁽²⁾ₜ = δ⁽²⁾ₜ₊₁ Dᵀ ⊙ (1 − H⁽²⁾ₜ²)  for t = 4 … 1",
    ]
    assert "δ⁽¹⁾ₜ = ∂E/∂U⁽¹⁾ₜ = (δ⁽²⁾ₜ Cᵀ + δ⁽¹⁾ₜ₊₁ Bᵀ) ⊙ (1 − H⁽¹⁾ₜ²)  for t = 4 … 1" in written


def test_targets_that_are_one_hot_at_each_step():
    Wh, V, h = parameter("Wh"), parameter("V"), parameter("h0")
    labels = one_hot(np.array([0, 1, 1, 0, 1]), 2)
    E = 0
    for _ in range(5):
        h = np.tanh(h @ Wh)
        E = E - (labels * np.log(softmax(h @ V))).sum()
    first = lines(E, names={"T": labels})[0]
    assert str(first) == "δ⁽²⁾ₜ = ∂E/∂U⁽²⁾ₜ = Y⁽²⁾ₜ − T  for t = 5 … 1    (Σ T = 1 along axis -1)"


@pytest.mark.parametrize("steps", [1, 2, 3])
def test_a_few_steps_are_written_out(steps):
    written = str(derive(recurrent(steps)))
    assert written == str(derive(recurrent(steps), fold=False))
    assert "ₜ" not in written


def test_fold_says_how_often_is_enough():
    assert "for t" in str(lines(recurrent(3), fold=2))
    assert "for t" not in str(derive(recurrent(6), fold=7))
    assert str(derive(recurrent(6), fold=False)) == str(derive(recurrent(6)).unfolded)
    assert str(derive(recurrent(6), fold=True)) == str(derive(recurrent(6)))
    for wrong in (1, -3, "yes", 2.5, None):
        with pytest.raises(ValueError, match="fold is"):
            derive(recurrent(5), fold=wrong)


def test_every_notation():
    derivation = derive(recurrent(5, each=True))
    assert derivation.to_text("index").splitlines()[2:4] == [
        "δₜ,ⱼ = ∂E/∂uₜ,ⱼ = (Σᵣ δₜ₊₁,ᵣ Whⱼᵣ + Σᵣ δₜ,ᵣ vⱼᵣ)(1 − hₜ,ⱼ²)  for t = 4 … 1",
        "∂E/∂vⱼₖ = Σₜ Σₙ hₜ,ₙⱼ δₜ,ₙₖ",
    ]
    assert derivation.to_text("text").splitlines()[2:4] == [
        "delta1[t] = dE/dU1[t] = (delta1[t+1] @ Wh.T + delta2[t] @ V.T) * (1 - H1[t]^2)  for t = 4 ... 1",
        "dE/dV = sum_t H1[t].T @ delta2[t]",
    ]
    latex = derivation.to_latex()
    assert r"\delta^{(1)}_{t+1} {\mathrm{Wh}}^{\top} + \delta^{(2)}_t V^{\top}" in latex
    assert r"&& \text{for } t = 4, \ldots, 1" in latex
    assert "for t = 4 … 1" in derivation.to_html()
    assert r"\sum_{t} {H^{(1)}_{t-1}}^{\top} \delta^{(1)}_t" in derivation.to_markdown()


def test_the_code_of_a_folded_derivation_is_that_of_all_steps():
    loss = recurrent(5)
    assert derive(loss).to_numpy() == derive(loss, fold=False).to_numpy()


def test_a_wrong_value_at_one_step_is_found():
    derivation = derive(recurrent(6))
    (line,) = (line for line in derivation if line.symbol == "δₜ")
    line.value[2, 0, 0] += 1e-3
    assert [row.symbol for row in derivation.check() if row.difference > 1e-6] == ["δₜ"]


def test_what_repeats_but_says_something_else_has_a_line_of_its_own():
    Wh, h, E = parameter("Wh"), parameter("h0"), 0
    for t in range(8):
        h = np.tanh(h @ Wh)
        if t == 4:
            middle = h
    E = (h * h).sum() + (middle**3).sum()
    written = str(lines(E)).splitlines()
    assert any(row.startswith("δ₅ = ∂E/∂U₅ = (") for row in written)
    assert [row.split("  ")[-1] for row in written if row.startswith("δₜ")] == ["for t = 7 … 6", "for t = 4 … 1"]


def test_the_work_grows_with_the_number_of_steps_alone(monkeypatch):
    asked = []
    monkeypatch.setattr("minigrad.derivation.folding.recurrence.simplify", lambda *x: asked.append(1) or simplify(*x))
    counts = []
    for steps in (10, 40):
        asked.clear()
        derive(recurrent(steps, each=True))
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_values_of_other_dtypes_and_of_no_rows():
    rng = np.random.default_rng(0)
    W = Tensor(rng.normal(size=(3, 3)).astype(np.float32), requires_grad=True, name="W")
    for rows in (0, 1, 4):
        h = np.ones((rows, 3), np.float32)
        for _ in range(5):
            h = np.tanh(h @ W)
        derivation = derive(losses.squared_error(h, np.zeros((rows, 3), np.float32)))
        assert max(row.difference for row in derivation.check()) < 1e-3
        assert all(line.value.dtype == np.float32 for line in derivation)


def test_a_part_of_an_input_that_is_learned_and_a_stack_of_all_states():
    """What an index or a stack gives back is another thing for each t, and is written out."""
    X, W, V = parameter("X", (5, 5, 3)), parameter("Wx"), parameter("V")
    h, states, Wh = parameter("h0"), [], parameter("Wh")
    for t in range(5):
        h = np.tanh(X[t] @ W + h @ Wh)
        states.append(h)
    written = str(lines((h * h).sum())).splitlines()
    assert "∂E/∂Xₜ = δₜ Wxᵀ  for t = 5 … 1" in written
    assert written[-2].startswith("∂E/∂X = scatter(") or written[-1].startswith("∂E/∂X = scatter(")
    written = str(lines(((np.stack(states) @ V) ** 2).sum())).splitlines()
    assert any("[3]" in row for row in written)
    assert "∂E/∂Wx = Σₜ Xₜᵀ δₜ" in written


def test_a_loss_of_many_forms_over_the_steps():
    W, V, h = parameter("Wh"), parameter("V"), parameter("h0")
    states = []
    for _ in range(6):
        h = np.tanh(h @ W)
        states.append(h)
    summed = sum(losses.squared_error(h @ V, np.ones((5, 2))) for h in states) / 6
    written = str(lines(summed)).splitlines()
    assert written[0] == "δ⁽²⁾ₜ = ∂E/∂U⁽²⁾ₜ = (Y⁽²⁾ₜ − tₜ) / 6  for t = 6 … 1"
    E = 0
    for h in states:
        E = E - losses.squared_error(h @ V, np.ones((5, 2)))
    assert str(lines(E + 0.1 * (W * W).sum())).splitlines()[-2] == "∂E/∂Wh = Σₜ H⁽¹⁾ₜ₋₁ᵀ δ⁽¹⁾ₜ + 0.2 Wh"


def test_two_directions():
    W, U, A, B, V = (
        parameter(n, s) for n, s in (("W", (3, 4)), ("U", (4, 4)), ("A", (3, 4)), ("B", (4, 4)), ("V", (8, 2)))
    )
    X, ahead, back, E = data(6), [np.zeros((5, 4))], [np.zeros((5, 4))], 0
    for t in range(6):
        ahead.append(np.tanh(X[t] @ W + ahead[-1] @ U))
    for t in reversed(range(6)):
        back.append(np.tanh(X[t] @ A + back[-1] @ B))
    for h, k in zip(ahead[1:], back[:0:-1], strict=True):
        E = E + losses.squared_error(np.concatenate([h, k], axis=1) @ V, np.ones((5, 2)))
    assert sum("for t" in line for line in str(lines(E)).splitlines()) >= 2


def test_a_net_that_reads_letters():
    """Each step has rows of the embedding of its own, and one-hot targets of its own."""
    rng = np.random.default_rng(3)
    embedding, W, U, V = (parameter(n, s) for n, s in (("A", (7, 3)), ("W", (3, 4)), ("U", (4, 4)), ("V", (4, 7))))
    letters, h, E = rng.integers(7, size=(7, 5)), np.zeros((5, 4)), 0
    for t in range(6):
        h = np.tanh(embedding[letters[t]] @ W + h @ U)
        E = E + losses.cross_entropy(softmax(h @ V), one_hot(letters[t + 1], 7))
    written = str(lines(E / 6)).splitlines()
    assert written[0] == "δ⁽²⁾ₜ = ∂E/∂U⁽²⁾ₜ = (Y⁽²⁾ₜ − tₜ) / 6  for t = 6 … 1    (Σ tₜ = 1 along axis -1)"
    assert {"∂E/∂Xₜ = δ⁽¹⁾ₜ Wᵀ  for t = 6 … 1", "∂E/∂W = Σₜ Xₜᵀ δ⁽¹⁾ₜ"} <= set(written)


@pytest.mark.parametrize("own", [False, True])
def test_targets_of_each_step_that_are_no_one_hot_are_not_taken_for_such(own):
    V, W, h, E = parameter("V"), parameter("Wh"), parameter("h0"), 0
    for t in range(5):
        h = np.tanh(h @ W)
        rows = one_hot(np.array([0, 1, 1, 0, 1]), 2) * (1 + own * (t == 2))
        E = E + losses.cross_entropy(softmax(h @ V), rows)
    assert ("Σ tₜ = 1" in str(lines(E))) is False


def swinging(steps):
    """A mass on a spring: two values, carried from step to step, of each other."""
    x, v = (Tensor(values, requires_grad=True, name=name) for name, values in (("x0", [1.0, 0.5]), ("v0", [0.0, 1.0])))
    k = Tensor(0.3, requires_grad=True, name="k")
    for _ in range(steps):
        v = v - 0.1 * k * x
        x = x + 0.1 * v
    return 0.5 * (x**2).sum()


def test_each_of_several_values_that_are_carried_has_a_name_of_its_own():
    derivation = derive(swinging(8), forward=True)
    assert str(derivation).splitlines()[:4] == [
        "H₀ = x₀",
        "C₀ = v₀ − 0.1 k x₀",
        "Hₜ = Hₜ₋₁ + 0.1 Cₜ₋₁  for t = 1 … 7",
        "Cₜ = Cₜ₋₁ − 0.1 k Hₜ  for t = 1 … 7",
    ]
    assert derivation.check().first is None
    A = np.eye(3)
    w = Tensor(np.ones(3), requires_grad=True, name="w")
    for t in range(5):
        w = w - 0.1 * A @ (A @ w - np.full(3, float(t)))
    written = str(derive((w**2).sum(), forward=True))
    assert "Hₜ = Hₜ₋₁ − xₜ (c₂ Hₜ₋₁ − dₜ)  for t = 1 … 5" in written  # c₂ is one for all t, and no c of the cₜ


def outputs_of(cell, steps=6):
    X = Tensor(np.random.default_rng(0).normal(size=(5, steps, 3)), name="X")
    return cell(3, 4, rng=0, gives="all")(X), parameter("V")


@pytest.mark.parametrize("cell", [nn.RNN, nn.LSTM, nn.GRU])
def test_the_last_of_all_states_is_the_last_state(cell):
    states, V = outputs_of(cell)
    by_hand = losses.squared_error(states[:, -1] @ V, np.ones((5, 2)))
    X = Tensor(np.random.default_rng(0).normal(size=(5, 6, 3)), name="X")
    last = losses.squared_error(cell(3, 4, rng=0, gives="last")(X) @ V, np.ones((5, 2)))
    assert str(lines(by_hand, forward=True)) == str(lines(last, forward=True))
    assert str(lines(by_hand, fold=False)) == str(lines(last, fold=False))


def test_two_recurrent_layers_have_states_of_their_own():
    states, V = outputs_of(nn.RNN)
    E = losses.squared_error(nn.RNN(4, 4, rng=1, gives="all")(states)[:, -1] @ V, np.ones((5, 2)))
    assert str(lines(E, forward=True)) == text("""
        h⁽¹⁾₀ = 0
        U⁽¹⁾ₜ = Xₜ Wx₁ + h⁽¹⁾ₜ₋₁ Wh₁ + b₁  for t = 1 … 6
        h⁽¹⁾ₜ = tanh(U⁽¹⁾ₜ)  for t = 1 … 6
        h⁽²⁾₀ = 0
        U⁽²⁾ₜ = h⁽¹⁾ₜ Wx₂ + h⁽²⁾ₜ₋₁ Wh₂ + b₂  for t = 1 … 6
        h⁽²⁾ₜ = tanh(U⁽²⁾ₜ)  for t = 1 … 6
        Y⁽³⁾ = U⁽³⁾ = h⁽²⁾₆ V
        E = ½ Σ (Y⁽³⁾ − t)²
        δ⁽³⁾ = ∂E/∂U⁽³⁾ = Y⁽³⁾ − t
        ∂E/∂V = h⁽²⁾₆ᵀ δ⁽³⁾
        δ⁽²⁾₆ = ∂E/∂U⁽²⁾₆ = δ⁽³⁾ Vᵀ ⊙ (1 − h⁽²⁾₆²)
        δ⁽²⁾ₜ = ∂E/∂U⁽²⁾ₜ = δ⁽²⁾ₜ₊₁ Wh₂ᵀ ⊙ (1 − h⁽²⁾ₜ²)  for t = 5 … 1
        ∂E/∂Wx₂ = Σₜ h⁽¹⁾ₜᵀ δ⁽²⁾ₜ
        ∂E/∂Wh₂ = Σₜ h⁽²⁾ₜ₋₁ᵀ δ⁽²⁾ₜ
        ∂E/∂b₂ = Σₜ Σₙ δ⁽²⁾ₜ
        δ⁽¹⁾₆ = ∂E/∂U⁽¹⁾₆ = δ⁽²⁾₆ Wx₂ᵀ ⊙ (1 − h⁽¹⁾₆²)
        δ⁽¹⁾ₜ = ∂E/∂U⁽¹⁾ₜ = (δ⁽²⁾ₜ Wx₂ᵀ + δ⁽¹⁾ₜ₊₁ Wh₁ᵀ) ⊙ (1 − h⁽¹⁾ₜ²)  for t = 5 … 1
        ∂E/∂Wx₁ = Σₜ Xₜᵀ δ⁽¹⁾ₜ
        ∂E/∂Wh₁ = Σₜ h⁽¹⁾ₜ₋₁ᵀ δ⁽¹⁾ₜ
        ∂E/∂b₁ = Σₜ Σₙ δ⁽¹⁾ₜ
    """)


def test_what_is_joined_and_not_taken_has_a_gradient_still():
    a, b = parameter("a", (3,)), parameter("b", (3,))
    values = {line.of: line.value for line in lines((np.stack([a, b])[1] ** 2).sum())}
    np.testing.assert_allclose(values["a"], np.zeros(3))
    np.testing.assert_allclose(values["b"], 2 * b.data)
    part = np.concatenate([np.tanh(a), b])[:3]
    part.name = "part"  # a name of the user's own keeps its place, beside that of the array that was joined
    assert "∂E/∂part = 2 part" in str(lines((part * part).sum() + np.tanh(a).sum()))


@pytest.mark.parametrize("axis", [0, 1, -1])
def test_a_loss_of_all_states_joined_comes_back_to_each(axis):
    X, Wx, Wh, V, h, every = data(6), *(parameter(name) for name in ("Wx", "Wh", "V")), np.zeros((5, 4)), []
    for x in X:
        h = np.tanh(x @ Wx + h @ Wh)
        every.append(h)
    states = np.stack(every, axis=axis)
    E = (states**2).sum() if axis == -1 else ((states @ V - 1) ** 2).sum()
    written = str(lines(E, forward=True)).splitlines()
    assert "S = stack(H₁, …, H₆)" in [line.replace("⁽¹⁾", "") for line in written]
    assert {line.replace("⁽¹⁾", "") for line in written} >= {
        "∂E/∂S = 2 S" if axis == -1 else "∂E/∂S = δ⁽²⁾ Vᵀ",
        "δ₆ = ∂E/∂U₆ = ∂E/∂S₆ ⊙ (1 − H₆²)",
        "δₜ = ∂E/∂Uₜ = (∂E/∂Sₜ + δₜ₊₁ Whᵀ) ⊙ (1 − Hₜ²)  for t = 5 … 1",
    }
    derivation = derive(E)
    for line in derivation:
        assert max(line.check_steps()) < 1e-9
    (S,) = (line for line in derivation if line.symbol == "∂E/∂S")
    (δ,) = (line for line in derivation if line.letter == "t" and line.symbol.startswith("δ"))
    after = np.take(S.value, 5, axis) * (1 - every[5].data ** 2)
    for t in reversed(range(5)):  # as it is done by hand
        after = (np.take(S.value, t, axis) + after @ Wh.data.T) * (1 - every[t].data ** 2)
        np.testing.assert_allclose(δ.value[t], after)
