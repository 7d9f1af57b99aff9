"""Networks and losses of papers and blog posts, by hand: each line as the paper has it, and picture and code alike."""

import numpy as np
import pytest

from minigrad import Tensor, compare, derive, draw, stepper
from tests.reading_by_hand import softmax_by_hand
from tests.reading_cases import parameter

RNG = np.random.default_rng(3)
X = Tensor(RNG.normal(size=(6, 4)), name="X")


def softmax(u):
    e = np.exp(u - u.max())
    return e / e.sum()


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


MODELS = [decoder, planar_flow, alignments]


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


def test_what_is_needed_as_a_column_too_is_computed_once():
    lines = str(derive(planar_flow(), forward=True)).splitlines()
    assert [line for line in lines if line.endswith("X w + b")] == ["Y₁ = U₁ = X w + b"]
