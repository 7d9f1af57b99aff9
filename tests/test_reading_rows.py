"""The ways in which people write a network or its data that are not our own blocks, each with its derivation's text."""

import numpy as np
import pytest

from minigrad import Tensor, data, derive, losses, nn, softmax
from minigrad.algebra.graph import evaluate
from tests.reading_data import LABELS, RNG, X, exact


def classifier(x, t):
    """Give the cross-entropy of one layer, in the dtype of the targets."""
    W, b = (RNG.normal(size=shape).astype(t.dtype) for shape in ((4, t.shape[-1]), t.shape[-1:]))
    W, b = Tensor(W, requires_grad=True, name="W1"), Tensor(b, requires_grad=True, name="b1")
    return losses.cross_entropy(softmax(Tensor(x.astype(t.dtype), name="X") @ W + b), Tensor(t, name="T"))


def delta(x, t):
    """Derive a classifier's cross-entropy, and give its first line."""
    derivation = derive(classifier(x, t))
    return str((exact(derivation) if t.dtype == np.float64 else derivation)[0])


KNOWN = "δ₁ = ∂E/∂U₁ = Y₁ − T    (Σ T = 1 along axis -1)"


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize(
    "rows",
    [
        slice(3), slice(2, 5), slice(None, None, 2), slice(None, None, -1), slice(1), 0, (slice(3), slice(None)),
        (None, 2, slice(None)), ...,
    ],
    ids=str,
)  # fmt: skip
def test_a_view_of_one_hot_rows_sums_to_1(rows, dtype):
    T = data.one_hot(LABELS, 3, dtype)
    x = X[rows[:2]] if isinstance(rows, tuple) else X[rows]
    assert {delta(x, T[rows]), delta(x, T[rows][...][...])} == {KNOWN}


@pytest.mark.parametrize("key", [(slice(None), slice(2)), (slice(None), slice(None, None, -1))], ids=str)
def test_a_view_of_parts_of_the_rows_claims_nothing(key):
    T = data.one_hot(LABELS, 3)[key]
    line = derive(classifier(X, T))[0]
    assert not line.facts
    assert (line.supposing is not None) == (T.shape[1] == 3)


def test_parts_and_batches_of_one_hot_targets_keep_their_fact():
    T = data.one_hot(LABELS, 3)
    X_train, T_train, X_test, T_test = data.split(X, T[::-1], 2, rng=0)
    assert {delta(X_train, T_train), delta(X_test, T_test), delta(X_test[1:], T_test[1:])} == {KNOWN}
    for x, t in [*data.batches(X, T, 4), *data.batches(X, T, 4, rng=0), *data.batches(X_train, T_train[:4], 3)]:
        assert delta(x, t) == KNOWN


def test_a_fact_does_not_outlive_what_was_written_over_it():
    T = data.one_hot(LABELS, 3)
    part = T[:3]
    T[0] = 0.5
    assert delta(X[:3], part) == "δ₁ = ∂E/∂U₁ = Y₁ ⊙ Σₖ tₖ − T"
    assert delta(X[1:3], part[1:]) == KNOWN


SUPPOSED = "Y₁ ⊙ Σₖ tₖ − T = Y₁ − T if Σ T = 1, as in this T"


def test_rows_that_sum_to_1_unsaid_show_what_the_line_would_be():
    shuffled = data.one_hot(LABELS, 3)[RNG.permutation(6)]
    soft = RNG.dirichlet(np.ones(3), size=6)
    for T in (shuffled, soft, np.eye(3)[LABELS], soft.astype(np.float32)):
        assert delta(X, T).removeprefix("δ₁ = ∂E/∂U₁ = ") == SUPPOSED
    assert delta(X, 2 * soft).removeprefix("δ₁ = ∂E/∂U₁ = ") == "Y₁ ⊙ Σₖ tₖ − T"
    assert delta(X[:1], soft[:1]).removeprefix("δ₁ = ∂E/∂U₁ = ") == SUPPOSED


def test_what_a_line_supposes_is_checked_and_kept_apart_from_its_formula():
    T = np.eye(3)[LABELS]
    derivation = derive(losses.cross_entropy(nn.MLP((4, 5, 3), rng=0)(Tensor(X, name="X")), Tensor(T, name="T")))
    first, *others = derivation
    assert (first.formula, first.facts, str(*first.supposing.facts)) == (
        "Y₂ ⊙ Σₖ tₖ − T", (), "Σ T = 1 along axis -1",
    )  # fmt: skip
    (supposed,) = [first.supposing.node]
    (value,) = evaluate([supposed], derivation.graph.values)
    np.testing.assert_allclose(value, first.value, atol=1e-15)
    assert not any(line.supposing for line in others)


def test_every_format_says_what_is_supposed():
    T = np.eye(3)[LABELS]
    derivation = derive(classifier(X, T))
    first = {notation: derivation.to_text(notation).splitlines()[0] for notation in ("matrix", "index", "text")}
    assert first == {
        "matrix": f"δ₁ = ∂E/∂U₁ = {SUPPOSED}",
        "index": "δⱼ = ∂E/∂uⱼ = yⱼ Σᵣ tᵣ − tⱼ = yⱼ − tⱼ if Σ T = 1, as in this T",
        "text": "delta1 = dE/dU1 = Y1 * sum_k t_k - T = Y1 - T if sum T = 1, as in this T",
    }
    tex = r"= Y_1 - T \quad \text{if }\Sigma\text{ T = 1, as in this T}"
    assert tex in derivation.to_latex()
    assert f"{tex}$ |" in derivation.to_markdown()
    assert "<mtext>&nbsp;if Σ T = 1, as in this T</mtext>" in derivation.to_mathml()[0]
    assert "<mtext>&nbsp;if Σ T = 1, as in this T</mtext>" in derivation.to_html("index")


def test_a_sum_over_another_axis_names_it():
    T = Tensor(RNG.dirichlet(np.ones(6), size=3).T, name="T")  # each column sums to 1
    U = Tensor(RNG.normal(size=(6, 3)), requires_grad=True, name="U")
    loss = -(T * np.log(softmax(U, axis=0))).sum()
    assert str(exact(derive(loss))).endswith(" − T = softmax(U) − T if Σ T = 1 along axis 0, as in this T")
