"""What repeats is compared by the symbols that a folded derivation has, H₃ and δ₃ of t = 3, and by layers' numbers."""

import numpy as np
import pytest

from minigrad import Tensor, compare, derive
from tests.reading_cases import parameter

X = np.random.default_rng(5).normal(size=(2, 3))
XS = np.random.default_rng(6).normal(size=(5, 2, 3))
A, B, V, W = (parameter(name, 3, 3) for name in "ABVW")


def after_a_layer():
    """A recurrence that begins with the second layer, so that the third step is the fourth."""
    h = np.tanh(np.tanh(Tensor(X, name="X") @ A) @ B)
    for x in XS:
        h = np.tanh(x @ V + h @ W)
    return 0.5 * ((h - 1) ** 2).sum()


@pytest.fixture
def by_hand():
    """The loss, what H₁ … H₆ are, and ∂E/∂H₁ … ∂E/∂H₆, by NumPy alone."""
    states = [np.tanh(np.tanh(X @ A.data) @ B.data)]
    for x in XS:
        states.append(np.tanh(x @ V.data + states[-1] @ W.data))
    slopes = [states[-1] - 1]
    for h in states[:0:-1]:
        slopes.append(slopes[-1] * (1 - h**2) @ W.data.T)
    return after_a_layer(), dict(enumerate(states, 1)), dict(enumerate(slopes[::-1], 1))


def test_what_a_folded_derivation_calls_it_is_known_and_the_number_of_the_layer_too(by_hand):
    loss, states, slopes = by_hand
    assert "Hₜ = tanh(Uₜ)  for t = 1 … 6" in str(derive(loss, forward=True))
    assert "Y₇ = tanh(U₇)" in str(derive(loss, forward=True, fold=False))
    for t in (1, 3, 6):
        delta = slopes[t] * (1 - states[t] ** 2)
        assert compare(loss, {f"H{t}": states[t], f"dH{t}": slopes[t], f"δ{t}": delta})
        assert compare(loss, {f"Y{t + 1}": states[t], f"dY{t + 1}": slopes[t], f"delta{t + 1}": delta})


def test_a_wrong_one_is_told_by_either_name(by_hand):
    loss, states, slopes = by_hand
    assert not compare(loss, {"H3": states[2]})
    assert not compare(loss, {"Y3": states[3]})
    assert "sign" in compare(loss, {"dH3": -slopes[3]}).first.slip
    with pytest.raises(ValueError, match="no gradient or value is called 'H9'"):
        compare(loss, {"H9": states[3]})


def test_a_gate_is_compared_by_its_raised_number():
    Wx, xs, h = parameter("Wx", 3, 9), X[None] * np.arange(1.0, 5.0)[:, None, None], np.zeros((2, 3))
    gates = []
    for x in xs:
        u = x @ Wx
        gates.append(np.exp(-(u.data[:, 3:6] ** 2)))
        h = np.tanh(u[:, :3]) * h + np.exp(-(u[:, 3:6] ** 2)) * np.sin(u[:, 6:])
    loss = (h**2).sum()
    assert "G⁽²⁾ₜ" in str(derive(loss, forward=True))
    assert compare(loss, {"G⁽²⁾₃": gates[2], "G(2)4": gates[3]})
    assert not compare(loss, {"G⁽²⁾₃": gates[1]})


def test_a_parameter_called_e_goes_by_that_name_and_its_gradient_by_de():
    rng = np.random.default_rng(3)
    table, x = rng.normal(size=(4, 3)), rng.normal(size=3)
    loss = (np.tanh(Tensor(table, requires_grad=True, name="E") @ x) ** 2).sum()
    h = np.tanh(table @ x)
    right = np.outer(2 * h * (1 - h**2), x)
    assert compare(loss, {"E": right})
    assert compare(loss, {"dE": right})
    row = compare(loss, {"dE": -right}).first
    assert (row.key, row.symbol) == ("dE", "∂E/∂E′")
