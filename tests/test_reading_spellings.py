"""Losses and functions as people write them in NumPy: each reads as the textbook has it, in lines, picture and code."""

import inspect

import numpy as np
import pytest

from minigrad import Tensor, data, derive, draw, losses, softmax
from minigrad.ops.common.alphabet import plain_digits
from tests.reading_cases import T, X, error, parameter, rng, total_input

LABELS = np.array([0, 1, 2, 0, 1])
TRUTH = (T.data > 0) * 1.0
S = Tensor(TRUTH, name="T")


def one_hot():
    return Tensor(data.one_hot(LABELS, 3), name="T")


def distance(of):
    return lambda: of(total_input() - T)


def classes(of):
    return lambda: of(total_input())


def shares(u):
    return np.exp(u) / np.exp(u).sum(axis=1, keepdims=True)


def logistic(u):
    return 1 / (1 + np.exp(-u))


def cases(u):
    return np.select([u > 1, u < -1], [u, -u], u**2)


def deviations(d):
    return d.std(axis=0, ddof=1).sum()


def stable(u):
    return (np.maximum(u, 0) - u * S + np.log1p(np.exp(-np.abs(u)))).mean()


def column(u):
    v = np.exp(u)
    return -(one_hot() * np.log((v.T / v.sum(axis=1)).T)).sum()


def masked_attention():
    Q, K, V = (X @ parameter(name, 4, 3) for name in ("Wq", "Wk", "Wv"))
    scores = np.where(np.tril(np.ones((5, 5))) > 0, Q @ K.T / 2, -1e9)
    return losses.squared_error(shares(scores) @ V, T)


def one_label():
    x = Tensor(X.data[0], name="x")
    u = x @ parameter("W", 4, 3) + parameter("b", 3)
    e = np.exp(u - u.max())
    return -np.log((e / e.sum())[2])


def rows_of_a_table():
    table = parameter("V", 6, 4)
    return error_of(table[np.array([0, 3, 3, 5, 1])] @ parameter("W", 4, 3))


def error_of(y):
    return losses.squared_error(np.tanh(y), T)


SQUARE, LINEAR = ["Layer 1 · linear", "Loss · squared error"], ["Layer 1 · linear", "Loss"]
CROSS = ["Layer 1 · softmax", "Loss · cross-entropy"]
HALF, NEAR = ("E = ½ Σ (Y₁ − T)²", "δ₁ = ∂E/∂U₁ = Y₁ − T")
ENTROPY, EXACT = "E = −Σ T ⊙ log(Y₁)", "δ₁ = ∂E/∂U₁ = Y₁ − T    (Σ T = 1 along axis -1)"
SPELLINGS = {
    "a difference times itself": (distance(lambda d: 0.5 * (d * d).sum()), SQUARE, HALF, NEAR),
    "elements in a row": (distance(lambda d: 0.5 * d.ravel() @ d.ravel()), SQUARE, HALF, NEAR),
    "an inner product": (distance(lambda d: 0.5 * np.inner(d.ravel(), d.ravel())), SQUARE, HALF, NEAR),
    "a trace": (distance(lambda d: 0.5 * np.trace(d.T @ d)), SQUARE, HALF, NEAR),
    "a diagonal": (distance(lambda d: 0.5 * np.diag(d @ d.T).sum()), SQUARE, HALF, NEAR),
    "a norm squared": (distance(lambda d: 0.5 * np.linalg.norm(d) ** 2), LINEAR, "E = 0.5 ‖Y₁ − T‖²", NEAR),
    "a power of 1/3": (
        distance(lambda d: ((np.abs(d) ** 3).sum(axis=1) ** (1 / 3)).sum()), LINEAR,
        "E = Σ (Σₖ |Y₁ − T|³) ^ (1/3)",
        "δ₁ = ∂E/∂U₁ = (Σₖ |Y₁ − T|³) ^ (−2/3) ⊙ (T − Y₁)² ⊙ sign(Y₁ − T)"),
    "deviations of each column": (
        distance(deviations), SQUARE,
        "E = Σ √((Σₙ (Y₁ − T − (Σₙ (Y₁ − T)) / 5)²) / 4)",
        "δ₁ = ∂E/∂U₁ = (Y₁ − T − (Σₙ (Y₁ − T)) / 5) / (4 √((Σₙ (Y₁ − T − (Σₙ (Y₁ − T)) / 5)²) / 4))"),
    "the largest of each row": (
        distance(lambda d: np.abs(d).max(axis=1).sum()), LINEAR, "E = Σ maxₖ(|Y₁ − T|)",
        "δ₁ = ∂E/∂U₁ = (|Y₁ − T| = maxₖ(|Y₁ − T|)) ⊙ sign(Y₁ − T)"),
    "a quantile": (
        distance(lambda d: np.maximum(0.75 * d, -0.25 * d).sum()), LINEAR,
        "E = Σ maximum(0.75 (Y₁ − T), −0.25 (Y₁ − T))",
        "δ₁ = ∂E/∂U₁ = where(0.75 (Y₁ − T) > −0.25 (Y₁ − T), 0.75, −0.25)"),
    "softmax by columns": (classes(column), CROSS, ENTROPY, EXACT),
    "softmax by a product with ones": (
        classes(lambda u: -(one_hot() * np.log(np.exp(u) / (np.exp(u) @ np.ones((3, 1))))).sum()),
        CROSS, ENTROPY, EXACT),
    "softmax by a logarithm": (
        classes(lambda u: -(one_hot() * np.log(np.exp(u - np.log(np.exp(u).sum(axis=1))[:, None]))).sum()),
        CROSS, ENTROPY, EXACT),
    "a trace of targets": (classes(lambda u: -np.trace(one_hot().T @ np.log(shares(u)))), CROSS, ENTROPY, EXACT),
    "a tensor product of targets": (
        classes(lambda u: -np.tensordot(one_hot(), np.log(shares(u)), 2)), CROSS, ENTROPY, EXACT),
    "one sample's label": (
        one_label, CROSS, ENTROPY, EXACT),
    "a bound below": (
        classes(lambda u: -(one_hot() * np.log(np.clip(shares(u), 1e-9, 1))).sum()),
        ["Layer 1 · softmax", "Loss · cross-entropy"], "E = −Σ T ⊙ log(minimum(maximum(Y₁, 1e−09), 1))", ""),
    "logarithms to base 2": (
        classes(lambda u: -(one_hot() * np.log2(shares(u))).sum()), CROSS, "E = −Σ T ⊙ log₂(Y₁)", ""),
    "logarithms of 1 + x": (
        classes(lambda u: -(S * np.log(logistic(u)) + (1 - S) * np.log1p(-logistic(u))).sum()),
        ["Layer 1 · sigmoid", "Loss · binary cross-entropy"],
        "E = −Σ (T ⊙ log(Y₁) + (1 − T) ⊙ log(1 − Y₁))", NEAR),
    "a stable cross-entropy": (
        classes(stable), LINEAR, "E = (Σ (softplus(Y₁) − Y₁ ⊙ T)) / 15", "δ₁ = ∂E/∂U₁ = (σ(Y₁) − T) / 15"),
    "two losses": (
        classes(lambda u: 0.5 * ((u - T) ** 2).sum() - (one_hot() * np.log(shares(u))).sum()),
        ["Layer 1 · linear", "Loss · squared error + cross-entropy"], "", ""),
    "a logarithm that weighs no targets": (
        classes(lambda u: np.log(np.diag(np.linalg.cholesky(u.T @ u + np.eye(3)))).sum()), LINEAR, "", ""),
    "a norm of parameters": (
        lambda: losses.squared_error(X @ (W := parameter("W", 4, 3)), T) + 0.05 * np.linalg.norm(W) ** 2,
        SQUARE, "E = ½ Σ (Y₁ − T)² + 0.05 ‖W‖²", "∂E/∂W = Xᵀ δ₁ + 0.1 W"),
    "targets without a name": (
        classes(lambda u: -((0.9 * one_hot() + 0.1 / 3) * np.log(shares(u))).sum()), CROSS, "E = −Σ t ⊙ log(Y₁)",
        "δ₁ = ∂E/∂U₁ = Y₁ ⊙ Σₖ t − t = Y₁ − t if Σ t = 1, as in this t"),
    "σ by tanh": (lambda: error(lambda u: 0.5 * (1 + np.tanh(u / 2))), ["Layer 1 · sigmoid", SQUARE[1]],
                  "Y₁ = σ(U₁)", "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁"),
    "elu by a maximum and a minimum": (
        lambda: error(lambda u: np.maximum(u, 0) + np.minimum(np.exp(u) - 1, 0)), ["Layer 1 · elu", SQUARE[1]],
        "Y₁ = elu(U₁)", "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ where(U₁ > 0, 1, Y₁ + 1)"),
    "relu of a normalized batch": (
        lambda: error(lambda u: np.maximum((u - u.mean(axis=0)) / np.sqrt(u.var(axis=0) + 1e-5), 0)),
        ["Layer 1 · standardize, relu", SQUARE[1]], "Y₁ = relu(v₁)", "∂E/∂v₁ = ∂E/∂Y₁ ⊙ (v₁ > 0)"),
    "relu of shares": (
        lambda: error(lambda u: np.maximum(softmax(u) - 0.3, 0)),
        ["Layer 1 · softmax, subtract, relu", SQUARE[1]], "Y₁ = relu(v₂)", ""),
    "a bounded rectifier": (
        lambda: error(lambda u: np.clip(u, 0, 6)), ["Layer 1 · relu, minimum", SQUARE[1]],
        "Y₁ = minimum(relu(U₁), 6)", "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (relu(U₁) < 6) ⊙ (U₁ > 0)"),
    "between two bounds": (
        lambda: error(lambda u: np.maximum(-1, np.minimum(u, 1))), ["Layer 1 · minimum, maximum", SQUARE[1]],
        "Y₁ = maximum(−1, minimum(U₁, 1))", "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (U₁ > −1) ⊙ (U₁ < 1)"),
    "three cases": (
        lambda: error(cases), ["Layer 1 · greater, less, …", SQUARE[1]],
        "Y₁ = where(U₁ > 1, U₁, where(U₁ < −1, −U₁, U₁²))",
        "δ₁ = ∂E/∂U₁ = where(U₁ > 1, ∂E/∂Y₁, where(U₁ < −1, −∂E/∂Y₁, 2 U₁ ⊙ ∂E/∂Y₁))"),
    "standardized without ε": (
        lambda: error(lambda u: (u - u.mean(axis=1, keepdims=True)) / u.std(axis=1, keepdims=True)),
        ["Layer 1 · standardize", SQUARE[1]], "Y₁ = standardize(U₁)", ""),
    "attention behind a mask": (
        masked_attention, ["Layer 1 · linear", "Layer 2 · linear", "Layer 3 · linear", SQUARE[1]],
        "v₃ = softmax(where(c₁, v₁, −1e+09))", "∂E/∂v₃ = ∂E/∂v₄ Y₃ᵀ"),
    "rows of a table": (
        rows_of_a_table, ["Layer 1 · tanh", SQUARE[1]], "U₁ = V[[0, 3, 3, 5, 1]] W",
        "∂E/∂V = scatter(δ₁ Wᵀ, [[0, 3, 3, 5, 1]])"),
}  # fmt: skip


@pytest.fixture(params=SPELLINGS)
def spelling(request):
    build, *said = SPELLINGS[request.param]
    rng.bit_generator.state = np.random.default_rng(1).bit_generator.state  # the same numbers whatever ran before
    return build(), *said


def test_the_lines_are_the_textbooks_and_true(spelling):
    E, titles, forward, line = spelling
    derivation = derive(E)
    assert [cluster.title for cluster in draw(E, fold=False).scene.clusters] == titles
    assert forward in [*map(str, derivation.forward_lines), ""]
    assert line in [*map(str, derivation), ""]
    assert derivation.check().first is None


def test_the_code_is_right(spelling):
    E, *_ = spelling
    derivation = derive(E)
    space = {}
    exec(derivation.to_numpy(), space)
    given = {plain_digits(name): derivation.graph.values[x] for name, x in derivation.graph.inputs.items()}
    function = space["loss_and_gradients"]
    value, gradients = function(**{name: given[name] for name in inspect.signature(function).parameters})
    np.testing.assert_allclose(value, E.item(), rtol=1e-12)
    true = {plain_digits(line.of): line.value for line in derivation}
    for name, gradient in gradients.items():
        np.testing.assert_allclose(gradient, true[name], rtol=1e-9, atol=1e-12)


def test_what_ties_is_left_as_it_was_written():
    """relu's slope at 0 is 0 and that of a maximum ½: a formula without the tie would not be the engine's."""
    u = X.data[:, :3] @ np.eye(3)
    u[0] = 0
    W = Tensor(np.eye(3), requires_grad=True, name="W")
    derivation = derive(losses.squared_error(np.maximum(Tensor(u, name="X") @ W, 0), T))
    assert str(derivation[1]) == "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ ((U₁ > 0) + 0.5 (U₁ = 0))"
    assert max(line.engine for line in derivation.check()) < 1e-12


def test_a_vector_beside_a_column_is_a_row_and_one_beside_rows_is_none():
    x, y = (Tensor(np.arange(1.0, n), requires_grad=True, name=name) for name, n in (("x", 4), ("y", 5)))
    lines = str(derive(((x[:, None] / 2 - y / 3) ** 2).sum(), forward=True)).splitlines()
    assert lines[0] == "E = Σ (x / 2 − (y / 3)ᵀ)²"
    Y = Tensor(rng.normal(size=(3, 4)), requires_grad=True, name="Y")
    assert str(derive(((Y - Y.mean(axis=0)) ** 2).sum())) == "∂E/∂Y = 2 (Y − (Σₙ Y) / 3)"


def test_axes_that_are_no_matrix_s_change_places_by_name():
    x = Tensor(rng.normal(size=(2, 3, 4, 5)), requires_grad=True, name="X")
    E = ((x.transpose(0, 2, 1, 3) @ x.transpose(0, 2, 3, 1)) ** 2).sum()
    assert "transpose(X, (0, 2, 1, 3))" in str(derive(E, forward=True))


def test_softmax_by_hand_is_named_where_its_parts_have_names():
    u = total_input()
    e = np.exp(u)
    e.name = "A"
    E = -(one_hot() * np.log(e / e.sum(axis=1, keepdims=True))).sum()
    assert "A" in [symbol for symbol, _ in derive(E).forward]
    assert str(derive(-(one_hot() * np.log(softmax(total_input()))).sum())[0]) == EXACT


def test_what_a_mask_hides_does_not_hide_how_the_rest_is_checked():
    """Beside −10⁹ a step by a share of the largest would move all other scores by thousands."""
    Q, K, V = (X @ parameter(name, 4, 3) for name in ("Wq", "Wk", "Wv"))
    hidden = np.triu(np.full((5, 5), -1e9), 1)
    derivation = derive(losses.squared_error(shares(Q @ K.T / 2 + hidden) @ V, T))
    assert derivation.check().first is None
    assert max(off for line in derivation for off in line.check_steps()) < 1e-9


def test_cholesky_of_a_symmetric_matrix_is_checked_along_symmetric_ones():
    """NumPy reads one triangle, and the gradient is of both: moving one alone would say twice what it should."""
    A = Tensor(np.cov(rng.normal(size=(3, 9))), requires_grad=True, name="A")
    B = A + 0.1 * np.eye(3)
    B.name = "B"
    derivation = derive(np.log(np.diag(np.linalg.cholesky(B))).sum() + (B**2).sum())
    assert derivation.check().first is None
    assert max(off for line in derivation for off in line.check_steps()) < 1e-8


def bounded(d):
    c = np.clip(d, -1, 1)
    return (c * (d - 0.5 * c)).sum()


def smaller(d):
    a = np.abs(d)
    q = np.minimum(a, 1)
    return (0.5 * q**2 + (a - q)).sum()


def masked(d):
    small = np.abs(d) <= 1
    return (small * 0.5 * d**2 + (1 - small) * (np.abs(d) - 0.5)).sum()


def inverted(d):
    small = np.abs(d) < 1
    return (0.5 * d**2 * small + ~small * (np.abs(d) - 0.5)).mean()


@pytest.mark.parametrize(
    ("huber", "formula"),
    [
        (bounded, "minimum(maximum(Y₁ − T, −1), 1)"),
        (smaller, "minimum(|Y₁ − T|, 1) ⊙ sign(Y₁ − T)"),
        (masked, "where(|Y₁ − T| ≤ 1, Y₁ − T, sign(Y₁ − T))"),
        (inverted, "where(|Y₁ − T| < 1, (Y₁ − T) / 15, sign(Y₁ − T) / 15)"),
    ],
)
def test_hubers_loss_has_one_choice_however_it_is_written(huber, formula):
    loss = distance(huber)()
    derivation = derive(loss)
    assert str(derivation).splitlines()[0] == f"δ₁ = ∂E/∂U₁ = {formula}"
    assert derivation.check().first is None
    assert {box.heading: box.formula for box in draw(loss).scene.boxes}["∂E/∂W"] == "Xᵀ δ₁"
