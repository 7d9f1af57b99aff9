"""Networks and losses of papers and blog posts, by hand: each line as the paper has it, and picture and code alike."""

import re

import numpy as np
import pytest

from minigrad import Tensor, compare, derive, draw, stepper
from tests.reading_by_hand import softmax_by_hand

RNG = np.random.default_rng(3)
X, P, N = (Tensor(RNG.normal(size=(6, 4)), name=name) for name in "XPN")
TARGET, RATINGS = RNG.normal(size=(6, 1)), np.array([4.0, 2.0, 5.0])


def parameter(name, *shape):
    """A parameter whose values are its name's: those of others do not depend on it."""
    values = np.random.default_rng(sum(map(ord, name))).normal(size=shape) / 2
    return Tensor(values, requires_grad=True, name=name)


def softmax(u):
    e = np.exp(u - u.max())
    return e / e.sum()


def sigmoid(u):
    return 1 / (1 + np.exp(-u))


def decoder():
    """A decoder that is taught: at each step the word before goes in, and the next one is to be said."""
    Wx, Wh, V, s, E = parameter("Wx", 3, 3), parameter("Wh", 3, 3), parameter("V", 3, 3), np.zeros(3), 0
    for before, word in [(0, 1), (1, 2), (2, 0)]:
        s = np.tanh(np.eye(3)[before] @ Wx + s @ Wh)
        E = E - np.log(softmax(s @ V)[word])
    return E


def planar_flow():
    """Rezende & Mohamed 2015: z + u tanh(w z + b), with the logarithm of its determinant."""
    w, u, b = parameter("w", 4), parameter("u", 4), parameter("b")
    a = np.tanh(X @ w + b)
    return (0.5 * ((X + a[:, None] * u) ** 2).sum(1) - np.log(np.abs(1 + (1 - a**2) * (u @ w)))).mean()


def alignments():
    """The forward variables of connectionist temporal classification, for one label after a blank."""
    logs = np.log(softmax_by_hand(X @ parameter("W", 4, 3), True))
    blank, label = logs[0, 0], logs[0, 1]
    for t in range(1, 6):
        blank, label = blank + logs[t, 0], np.logaddexp(blank, label) + logs[t, 1]
    return -np.logaddexp(blank, label)


def long_short_term_memory():
    """All gates in one product, of which each is a slice."""
    Wx, Wh, b = parameter("Wx", 4, 12), parameter("Wh", 3, 12), parameter("b", 12)
    xs, h, c = Tensor(RNG.normal(size=(5, 2, 4)), name="x"), np.zeros((2, 3)), np.zeros((2, 3))
    for x in xs:
        u = x @ Wx + h @ Wh + b
        i, f, o, g = sigmoid(u[:, :3]), sigmoid(u[:, 3:6]), sigmoid(u[:, 6:9]), np.tanh(u[:, 9:])
        c = f * c + i * g
        h = o * np.tanh(c)
    return 0.5 * ((h - 1) ** 2).sum()


def mixture_density_network():
    """Bishop 1994: shares, means and widths of three normal distributions are slices of one output."""
    u = np.tanh(X @ parameter("W1", 4, 5)) @ parameter("W2", 5, 9)
    shares, m, s = softmax_by_hand(u[:, :3], False), u[:, 3:6], np.exp(u[:, 6:])
    likelihood = shares * np.exp(-0.5 * ((TARGET - m) / s) ** 2) / (s * np.sqrt(2 * np.pi))
    return -np.log(likelihood.sum(1)).mean()


def triplets():
    """Schroff et al. 2015: an anchor is to be nearer to a face of the same person than to another's, by a margin."""
    W = parameter("W", 4, 3)
    anchor, same, other = (np.tanh(x @ W) for x in (X, P, N))
    return np.maximum(((anchor - same) ** 2).sum(1) - ((anchor - other) ** 2).sum(1) + 0.2, 0).mean()


def state_space():
    """Numbers of Python for each step: what is put in, and what is to come out."""
    a, b, c, h, E = parameter("a"), parameter("b"), parameter("c"), 0.0, 0.0
    for x, y in [(0.3, 0.1), (0.5, -0.2), (-0.1, 0.4), (0.7, 0.2), (0.2, 0.9), (0.25, 0.2)]:
        h = a * h + b * x
        E = E + (c * h - y) ** 2
    return E


def matrix_factorization():
    U, V = parameter("U", 5, 2), parameter("V", 4, 2)
    return (((U[np.array([0, 1, 4])] * V[np.array([3, 2, 1])]).sum(1) - RATINGS) ** 2).mean()


MODELS = [
    state_space,
    mixture_density_network,
    triplets,
    matrix_factorization,
    decoder,
    planar_flow,
    alignments,
    long_short_term_memory,
]


def symbols(formula):
    """What has a number and no other name, of which a picture has more."""
    return set(re.findall("v[₀-₉⁽-⁾]+", formula))


LINES = {
    mixture_density_network: """
        U₁ = X W₁
        Y₁ = tanh(U₁)
        Y₂ = U₂ = Y₁ W₂
        v₂ = softmax(Y₂[:, :3])
        v₄ = t − Y₂[:, 3:6]
        v₆ = exp(Y₂[:, 6:])
        v₁₀ = exp(−0.5 (v₄ / v₆)²)
        v₁₁ = v₂ ⊙ v₁₀
        v₁₂ = 2.50663 v₆
        E = −(Σ log(Σₖ v₁₁ / v₁₂)) / 6
        ∂E/∂v₁₂ = v₁₁ / (6 Σₖ v₁₁ / v₁₂) / v₁₂²
        ∂E/∂v₁₁ = −0.166667 / (Σₖ v₁₁ / v₁₂) / v₁₂
        ∂E/∂v₁₀ = ∂E/∂v₁₁ ⊙ v₂
        ∂E/∂v₆ = 2.50663 ∂E/∂v₁₂ + ∂E/∂v₁₀ ⊙ v₁₀ ⊙ v₄² / v₆³
        ∂E/∂v₄ = −∂E/∂v₁₀ ⊙ v₁₀ ⊙ v₄ / v₆²
        ∂E/∂v₂ = ∂E/∂v₁₁ ⊙ v₁₀
        δ₂ = ∂E/∂U₂ = concatenate(v₂ ⊙ (∂E/∂v₂ − Σₖ ∂E/∂v₂ ⊙ v₂), −∂E/∂v₄, ∂E/∂v₆ ⊙ v₆)
        ∂E/∂W₂ = Y₁ᵀ δ₂
        ∂E/∂Y₁ = δ₂ W₂ᵀ
        δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁²)
        ∂E/∂W₁ = Xᵀ δ₁""",
    state_space: """
        H₁ = b ⊙ x₁
        Hₜ = a ⊙ Hₜ₋₁ + b ⊙ xₜ  for t = 2 … 6
        E = Σₜ (c ⊙ Hₜ − tₜ)²
        ∂E/∂c = Σₜ 2 (c ⊙ Hₜ − tₜ) ⊙ Hₜ
        ∂E/∂H₆ = 2 (c ⊙ H₆ − t₆) ⊙ c
        ∂E/∂Hₜ = ∂E/∂Hₜ₊₁ ⊙ a + 2 (c ⊙ Hₜ − tₜ) ⊙ c  for t = 5 … 1
        ∂E/∂a = Σₜ ∂E/∂Hₜ ⊙ Hₜ₋₁
        ∂E/∂b = Σₜ ∂E/∂Hₜ ⊙ xₜ""",
    matrix_factorization: """
        v₅ = Σₖ U[[0, 1, 4]] ⊙ V[[3, 2, 1]] − c₁
        E = (Σ v₅²) / 3
        ∂E/∂v₅ = 2 v₅ / 3
        ∂E/∂U = scatter(∂E/∂v₅ ⊙ V[[3, 2, 1]], [[0, 1, 4]])
        ∂E/∂V = scatter(∂E/∂v₅ ⊙ U[[0, 1, 4]], [[3, 2, 1]])""",
    long_short_term_memory: """
        H₀ = 0
        C₀ = 0
        Yₜ = Uₜ = xₜ Wx + Hₜ₋₁ Wh + b  for t = 1 … 5
        A⁽³⁾ₜ = Yₜ[:, 6:9]  for t = 1 … 5
        G⁽³⁾ₜ = σ(A⁽³⁾ₜ)  for t = 1 … 5
        A⁽²⁾ₜ = Yₜ[:, 3:6]  for t = 1 … 5
        G⁽²⁾ₜ = σ(A⁽²⁾ₜ)  for t = 1 … 5
        A⁽¹⁾ₜ = Yₜ[:, :3]  for t = 1 … 5
        G⁽¹⁾ₜ = σ(A⁽¹⁾ₜ)  for t = 1 … 5
        A⁽⁴⁾ₜ = Yₜ[:, 9:]  for t = 1 … 5
        G⁽⁴⁾ₜ = tanh(A⁽⁴⁾ₜ)  for t = 1 … 5
        Cₜ = G⁽²⁾ₜ ⊙ Cₜ₋₁ + G⁽¹⁾ₜ ⊙ G⁽⁴⁾ₜ  for t = 1 … 5
        Hₜ = G⁽³⁾ₜ ⊙ tanh(Cₜ)  for t = 1 … 5
        E = ½ Σ (H₅ − 1)²
        ∂E/∂H₅ = H₅ − 1
        ∂E/∂C₅ = ∂E/∂H₅ ⊙ G⁽³⁾₅ ⊙ (1 − tanh(C₅)²)
        ∂E/∂G⁽⁴⁾ₜ = ∂E/∂Cₜ ⊙ G⁽¹⁾ₜ  for t = 5 … 1
        ∂E/∂A⁽⁴⁾ₜ = ∂E/∂G⁽⁴⁾ₜ ⊙ (1 − G⁽⁴⁾ₜ²)  for t = 5 … 1
        ∂E/∂G⁽¹⁾ₜ = ∂E/∂Cₜ ⊙ G⁽⁴⁾ₜ  for t = 5 … 1
        ∂E/∂A⁽¹⁾ₜ = ∂E/∂G⁽¹⁾ₜ ⊙ (1 − G⁽¹⁾ₜ) ⊙ G⁽¹⁾ₜ  for t = 5 … 1
        ∂E/∂G⁽²⁾ₜ = ∂E/∂Cₜ ⊙ Cₜ₋₁  for t = 5 … 1
        ∂E/∂A⁽²⁾ₜ = ∂E/∂G⁽²⁾ₜ ⊙ (1 − G⁽²⁾ₜ) ⊙ G⁽²⁾ₜ  for t = 5 … 1
        ∂E/∂G⁽³⁾ₜ = ∂E/∂Hₜ ⊙ tanh(Cₜ)  for t = 5 … 1
        ∂E/∂A⁽³⁾ₜ = ∂E/∂G⁽³⁾ₜ ⊙ (1 − G⁽³⁾ₜ) ⊙ G⁽³⁾ₜ  for t = 5 … 1
        δₜ = ∂E/∂Uₜ = concatenate(∂E/∂A⁽¹⁾ₜ, ∂E/∂A⁽²⁾ₜ, ∂E/∂A⁽³⁾ₜ, ∂E/∂A⁽⁴⁾ₜ)  for t = 5 … 1
        ∂E/∂Hₜ = δₜ₊₁ Whᵀ  for t = 4 … 1
        ∂E/∂Cₜ = ∂E/∂Cₜ₊₁ ⊙ G⁽²⁾ₜ₊₁ + ∂E/∂Hₜ ⊙ G⁽³⁾ₜ ⊙ (1 − tanh(Cₜ)²)  for t = 4 … 1
        ∂E/∂Wx = Σₜ xₜᵀ δₜ
        ∂E/∂Wh = Σₜ Hₜ₋₁ᵀ δₜ
        ∂E/∂b = Σₜ Σₙ δₜ""",
}


@pytest.mark.parametrize("model", LINES, ids=lambda model: model.__name__)
def test_the_lines_are_the_papers(model):
    loss = model()
    lines = [line.strip() for line in LINES[model].strip().splitlines()]
    assert str(derive(loss, forward=True)).splitlines() == lines
    boxes = {frozenset(box.heading.split(" = ")): box.formula for box in draw(loss).scene.boxes}
    sides = (line.split("  for ")[0].split(" = ") for line in lines)
    drawn = {frozenset(names): formula for *names, formula in sides}
    common = [key for key in drawn if key in boxes and symbols(boxes[key]) <= symbols(drawn[key])]
    assert {key: boxes[key] for key in common} == {key: drawn[key] for key in common}
    assert len(common) >= (2 if "δ" in LINES[model] else 0)  # without layers, a picture has a box for each operation


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.__name__)
def test_lines_picture_code_and_comparison_agree(model):
    loss = model()
    derivation, whole = derive(loss, forward=True), derive(loss, fold=False)
    assert derivation.check().first is None
    assert whole.check().first is None
    assert compare(loss, {line.symbol: line.value for line in whole}).ok
    assert max(len(list(line.steps())) for line in whole) <= 8
    loss.backward()
    leaves = {t.name: t.grad for t in whole._nodes if t.op is None and t.requires_grad}
    space = {}
    exec(derivation.to_numpy(), space)
    given = {**dict(zip(whole.graph.inputs, whole.graph.values.values(), strict=True))}
    E, gradients = space["loss_and_gradients"](*given.values())
    np.testing.assert_allclose(E, loss.data)
    for name, gradient in leaves.items():
        np.testing.assert_allclose(gradients[name], gradient, rtol=1e-7, atol=1e-12)
    assert draw(loss).scene.boxes
    assert stepper(loss)


def test_the_margin_of_a_triplet_has_a_line_and_its_gradient_too():
    lines = str(derive(triplets())).splitlines()
    assert lines[0].endswith(" = Σₖ (Y₁ − Y₂)² − Σₖ (Y₁ − Y₃)² + 0.2")
    margin = lines[0].split(" = ")[0]
    assert lines[1] == f"∂E/∂{margin} = ({margin} > 0) / 6"
    assert f"∂E/∂Y₂ = 2 ∂E/∂{margin} ⊙ (Y₂ − Y₁)" in lines
    assert max(map(len, lines)) < 50


def test_what_is_needed_as_a_column_too_is_computed_once():
    lines = str(derive(planar_flow(), forward=True)).splitlines()
    assert [line for line in lines if line.endswith("X w + b")] == ["Y₁ = U₁ = X w + b"]


def test_an_embedding_called_e_is_no_loss():
    E, W = parameter("E", 5, 3), parameter("W", 3, 2)
    loss = (np.tanh(E[np.array([0, 2, 2, 4])] @ W) ** 2).sum()
    lines = str(derive(loss, forward=True)).splitlines()
    assert "E = Σ Y₁²" in lines
    assert "∂E/∂E′ = scatter(δ₁ Wᵀ, [[0, 2, 2, 4]])" in lines
    assert "∂E/∂E′" in {box.heading for box in draw(loss).scene.boxes}
    loss.backward()
    assert compare(loss, {"dE": E.grad})
    assert not compare(loss, {"dE": -E.grad})


def test_one_step_of_a_sequence_is_one_thing_however_often_it_is_taken():
    """x[t] is another view each time; the state that enters the products is H, joined with the input or not."""
    names = ("Wf", "Wi", "Wc", "Wo")
    U, V = ({name: parameter(k + name, n, 3) for name in names} for k, n in (("U", 4), ("V", 3)))
    xs, h, c = RNG.normal(size=(4, 2, 4)), np.zeros((2, 3)), np.zeros((2, 3))
    for t in range(4):
        f, i, g, o = (xs[t] @ U[name] + h @ V[name] for name in names)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
    lines = str(derive(0.5 * ((h - 1) ** 2).sum(), forward=True)).splitlines()
    assert len([line for line in lines if "xₜ UW" in line and line.startswith("U⁽")]) == 4
    assert "Hₜ = Y⁽⁴⁾ₜ ⊙ tanh(Cₜ)  for t = 1 … 4" in lines


def test_gates_of_a_step_that_no_other_follows_have_lines_of_their_own():
    """The state is joined with the input, so that the last step, whose state is not, is in no row."""
    rng = np.random.default_rng(0)
    W = parameter("W", 7, 16)

    def gate(a):
        return 1 / (1 + np.exp(-a))

    h = c = np.zeros((5, 4))
    for x in rng.normal(size=(6, 5, 3)):
        z = np.concatenate([x, h], axis=1) @ W
        c = gate(z[:, :4]) * c + gate(z[:, 4:8]) * np.tanh(z[:, 8:12])
        h = gate(z[:, 12:]) * np.tanh(c)
    derivation = derive(((h - 0.5) ** 2).mean())
    assert derivation.check()
    lines = str(derivation).splitlines()
    assert max(map(len, lines)) < 140
    (last,) = (line for line in lines if line.startswith("δ⁽²⁾ = ∂E/∂U⁽²⁾ = concatenate("))
    assert last.count(" ⊙ (1 − v") == 4
    assert any(line.endswith(" = tanh(Y⁽²⁾[:, 8:12])") for line in lines)
    assert lines[-1] == "∂E/∂W = Σₜ Hₜ₋₁ᵀ δₜ + H₅ᵀ δ⁽²⁾"
