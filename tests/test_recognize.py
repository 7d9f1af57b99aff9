"""What is written by hand is seen as the operation that it is: the same lines and comparisons as with our own."""

import numpy as np
import pytest
from scipy import special

from minigrad import Tensor, derive, gelu, log_softmax, losses, relu, sigmoid, silu, softmax, trace
from minigrad.algebra.recognize import recognize
from minigrad.algebra.trace import lift_tensors
from minigrad.ops.elementwise import softplus
from minigrad.ops.reduction import log_sum_exp
from tests.written_by_hand import LABELS, RELUS, RNG, SIGMOIDS, TARGETS, B, W, X, network, softmax_less_maximum


def written(derivation):
    """Give the lines of a derivation, and of the way there."""
    names = derivation.symbols
    forward = [f"{name} = {type(node.op).__name__}:{node.op!r}" for name, node in derivation.forward if node in names]
    return [*map(str, derivation), *forward]


def assert_same_lines(by_hand, ours, loss=losses.squared_error, targets=TARGETS):
    derivation, ours_derived = (derive(network(f, loss, targets)) for f in (by_hand, ours))
    assert written(derivation) == written(ours_derived)
    assert derivation.to_numpy() == ours_derived.to_numpy()
    assert max(row.difference for row in derivation.check()) < 1e-6
    return derivation


def softmax_by_hand(u, axis=1):
    e = np.exp(u)
    return e / e.sum(axis=axis, keepdims=True)


SOFTMAXES = [
    softmax_by_hand,
    softmax_less_maximum,
    lambda u: softmax_by_hand(u, -1),
    lambda u: np.exp(u) * (1 / np.exp(u).sum(axis=1, keepdims=True)),
    lambda u: np.exp(u) / np.exp(u).sum(axis=1)[:, None],
    lambda u: np.exp(u) / np.exp(u).sum(axis=1).reshape(-1, 1),
    lambda u: np.exp(u - 3) / np.exp(u - 3).sum(axis=1, keepdims=True),
    lambda u: np.exp(u - np.max(u)) / np.exp(u - np.max(u)).sum(1, keepdims=True),
    lambda u: np.exp(u - u.max(axis=1)[:, None]) / np.sum(np.exp(u - u.max(axis=1)[:, None]), axis=1, keepdims=True),
]
TANHS = [
    lambda u: (np.exp(u) - np.exp(-u)) / (np.exp(u) + np.exp(-u)),
    lambda u: (1 - np.exp(-2 * u)) / (1 + np.exp(-2 * u)),
    lambda u: (np.exp(2 * u) - 1) / (np.exp(2 * u) + 1),
    lambda u: 1 - 2 / (np.exp(u) ** 2 + 1),
    lambda u: np.sinh(u) / np.cosh(u),
    lambda u: np.expm1(2 * u) / (np.exp(2 * u) + 1),
]


SELF_GATED = [
    (lambda u: u * sigmoid(u), silu),
    (lambda u: sigmoid(u) * u, silu),
    (lambda u: u / (1 + np.exp(-u)), silu),
    (lambda u: u * (1 / (1 + np.exp(-u))), silu),
    (lambda u: u * special.ndtr(u), gelu),
    (lambda u: special.ndtr(u) * u, gelu),
]


@pytest.mark.parametrize(("by_hand", "ours"), SELF_GATED)
def test_what_gates_itself(by_hand, ours):
    """u σ(u) is silu and u Φ(u) is gelu, though σ and Φ are operations themselves."""
    derivation = assert_same_lines(by_hand, ours)
    np.testing.assert_allclose(ours(X), by_hand(Tensor(X)).data, rtol=1e-12)
    slope = "σ(U₁) + Y₁ ⊙ (1 − σ(U₁))" if ours is silu else "Φ(U₁) + U₁ ⊙ φ(U₁)"
    assert str(derivation[1]) == f"δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ ({slope})"


def test_a_gate_of_something_else_or_with_a_name_is_none():
    u, w = (Tensor(x, requires_grad=True, name=name) for x, name in ((X, "u"), (2 * X, "w")))
    s = sigmoid(u)
    s.name = "s"
    for y in (w * sigmoid(u), u * s, u + sigmoid(u), np.maximum(u, sigmoid(u))):
        assert "silu" not in str(derive((y**2).sum()))


@pytest.mark.parametrize("by_hand", SIGMOIDS)
def test_sigmoid(by_hand):
    derivation = assert_same_lines(by_hand, sigmoid)
    assert str(derivation[1]) == "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁) ⊙ Y₁"


@pytest.mark.parametrize("by_hand", TANHS)
def test_tanh(by_hand):
    derivation = assert_same_lines(by_hand, np.tanh)
    assert str(derivation[1]) == "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (1 − Y₁²)"


@pytest.mark.parametrize("by_hand", RELUS)
def test_relu(by_hand):
    derivation = assert_same_lines(by_hand, relu)
    assert str(derivation[1]) == "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ (U₁ > 0)"


@pytest.mark.parametrize("by_hand", SOFTMAXES)
@pytest.mark.parametrize("loss", [lambda y, t: -(t * np.log(y)).sum(), losses.cross_entropy])
def test_softmax(by_hand, loss):
    derivation = assert_same_lines(by_hand, softmax, loss, LABELS)
    assert str(derivation[0]) == "δ₁ = ∂E/∂U₁ = Y₁ − T    (Σ T = 1 along axis -1)"


@pytest.mark.parametrize(
    "by_hand",
    [
        lambda u: u - np.log(np.exp(u).sum(axis=1, keepdims=True)),
        lambda u: u - np.log(np.exp(u).sum(axis=1))[:, None],
        lambda u: u - u.max(axis=1, keepdims=True) - np.log(np.exp(u - u.max(axis=1, keepdims=True)).sum(1)[:, None]),
    ],
)
def test_log_softmax(by_hand):
    assert_same_lines(by_hand, log_softmax, lambda y, t: -(t * y).sum(), LABELS)


@pytest.mark.parametrize(
    "by_hand",
    [
        lambda u: np.log(1 + np.exp(u)),
        lambda u: np.log(np.exp(u) + 1.0),
        lambda u: np.log1p(np.exp(u)),
        lambda u: np.logaddexp(0, u),
        lambda u: np.maximum(u, 0) + np.log1p(np.exp(-np.abs(u))),
        lambda u: np.log(2 + np.expm1(u)),
        lambda u: -np.log(1 / (1 + np.exp(u))),
        lambda u: u + np.log(1 + np.exp(-u)),
        lambda u: np.maximum(u, 0) + np.log(1 + np.exp(-abs(u))),
    ],
)
def test_softplus(by_hand):
    derivation = assert_same_lines(by_hand, softplus)
    assert [str(line) for line in derivation][:2] == ["∂E/∂Y₁ = Y₁ − T", "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ σ(U₁)"]


@pytest.mark.parametrize(
    "by_hand",
    [
        lambda u: np.log(np.exp(u).sum(axis=1)),
        lambda u: np.log(np.sum(np.exp(u), axis=-1, keepdims=True)),
        lambda u: np.log(np.exp(u - u.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)) + u.max(1, keepdims=True),
        lambda u: u.max(axis=1) + np.log(np.exp(u - u.max(axis=1)[:, None]).sum(axis=1)),
    ],
)
def test_log_sum_exp(by_hand):
    """With the targets' own logits it is the cross-entropy: δ = softmax(u) − t."""
    derivation = derive(network(by_hand, lambda y, t: y.sum() - (t * TARGETS).sum(), LABELS))
    assert str(derivation[0]) == "δ₁ = ∂E/∂U₁ = softmax(Y₁)"
    assert max(row.difference for row in derivation.check()) < 1e-6
    u = Tensor(X @ W + B, requires_grad=True, name="u")
    loss = by_hand(u).sum() - (Tensor(LABELS, name="T") * u).sum()
    assert str(derive(loss)) == "∂E/∂u = softmax(u) − T"


def test_log_sum_exp_over_all_and_over_no_axis():
    u = Tensor(TARGETS, requires_grad=True, name="u")
    derivation = derive(np.log(np.exp(u).sum()))
    assert str(derivation) == "∂E/∂u = exp(u − log(Σ exp(u)))"
    assert derivation.to_text("index")
    assert max(row.difference for row in derivation.check()) < 1e-6
    assert log_sum_exp(np.array([1000.0, 1000.0])) == 1000 + np.log(2)


@pytest.mark.parametrize(
    ("variance", "line"),
    [
        (lambda x: ((x - x.mean()) ** 2).mean(), "0.4 (x − (Σ x) / 5)"),
        (lambda x: ((x - x.sum() / 5) ** 2).sum() / len(x), "0.4 (x − (Σ x) / 5)"),
        (lambda x: np.mean(np.square(x - np.mean(x))), "0.4 (x − (Σ x) / 5)"),
        (lambda x: ((x.mean() - x) ** 2).mean(), "0.4 (x − (Σ x) / 5)"),
        (lambda x: (x**2).mean() - x.mean() ** 2, "0.4 (x − (Σ x) / 5)"),
    ],
)
def test_variance(variance, line):
    """The deviations from the mean add up to 0, so that nothing comes back through it."""
    x = Tensor(RNG.normal(size=5), requires_grad=True, name="x")
    derivation = derive(variance(x))
    assert str(derivation) == f"∂E/∂x = {line}"
    assert max(row.difference for row in derivation.check()) < 1e-6


@pytest.mark.parametrize(("axis", "mean"), [(0, "(Σₙ x) / 4"), (1, "(Σₖ x) / 2")])
def test_variance_along_an_axis(axis, mean):
    x = Tensor(TARGETS, requires_grad=True, name="x")
    derivation = derive(0.5 * ((x - x.mean(axis=axis, keepdims=True)) ** 2).sum())
    assert str(derivation) == f"∂E/∂x = x − {mean}"
    assert max(row.difference for row in derivation.check()) < 1e-6


def test_columns_have_a_softmax_too():
    u = Tensor(TARGETS, requires_grad=True, name="u")
    by_hand, ours = (trace(f(u)) for f in (lambda u: softmax_by_hand(u, 0), lambda u: softmax(u, 0)))
    nodes = {u: by_hand.inputs["u"]}
    assert str(recognize(by_hand, nodes, set())[0]) == str(ours)


@pytest.mark.parametrize("shape", [(3,), (1, 3), (4, 1), (2, 3, 4), (0, 3)])
def test_softmax_of_any_shape(shape):
    u = Tensor(RNG.normal(size=shape), requires_grad=True, name="u")
    graph, nodes = lift_tensors([np.exp(u) / np.exp(u).sum(axis=-1, keepdims=True)])
    found, _ = recognize(graph, nodes, set())
    assert str(found) == ("v1 = softmax(u)\nreturn v1" if shape[-1] > 1 and shape[0] else str(found))


def test_dtypes_stay():
    for dtype in (np.float32, np.float64):
        u = Tensor(TARGETS.astype(dtype), requires_grad=True, name="u")
        graph, nodes = lift_tensors([1 / (1 + np.exp(-u))])
        (y,) = recognize(graph, nodes, set())[0].outputs
        assert (y.op, y.dtype) == (sigmoid, dtype)


@pytest.mark.parametrize(
    "choose",
    [
        lambda u: u[np.arange(5)[::-1], [0, 1, 2, 0, 1]],  # other rows
        lambda u: u[np.arange(4), [0, 1, 2, 0]],  # not all of them
        lambda u: u[[0, 0, 2, 3, 4], [0, 1, 2, 0, 1]],  # one twice
        lambda u: u[:, [0, 1, 2, 0, 1]],
        lambda u: u[2, 1],
    ],
)
def test_other_elements_are_no_choice_of_classes(choose):
    u = Tensor(np.arange(15.0).reshape(5, 3), requires_grad=True, name="u")
    derivation = derive((choose(u) ** 2).sum())
    assert [t.name for t in derivation.inputs] == ["u"]
    assert "T" not in str(derivation)
    assert max(line.difference for line in derivation.check()) < 1e-7


def test_classes_are_chosen_where_no_other_is_infinite():
    """T ⊙ log y is 0 ⊙ ∞ where another class cannot be: then it stays as it was written."""
    y = Tensor([[0.5, 0.5, 0.0], [0.2, 0.3, 0.5]], requires_grad=True, name="y")
    derivation = derive(-np.log(y[np.arange(2), [0, 2]]).sum())
    assert "log(Σₖ T ⊙ y)" in derivation.to_text() + "".join(map(str, derivation.forward_lines))
    assert max(line.difference for line in derivation.check()) < 1e-7


def test_two_choices_of_classes_have_two_names_and_one_that_is_taken_is_left():
    u = Tensor(np.arange(6.0).reshape(2, 3), requires_grad=True, name="T")
    first, again, other = u[np.arange(2), [0, 1]], u[np.arange(2), [0, 1]], u[np.arange(2), [2, 2]]
    derivation = derive((first * again * other).sum())
    assert {"T′", "T″"} <= {t.name for t in derivation.inputs}
    assert max(line.difference for line in derivation.check()) < 1e-7
