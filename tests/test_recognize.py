"""What is written by hand is seen as the operation that it is: the same lines and comparisons as with our own."""

import copy
import weakref

import numpy as np
import pytest

from minigrad import Tensor, compare, derive, log_softmax, losses, nn, relu, sigmoid, softmax, trace
from minigrad.algebra.graph import Graph, evaluate
from minigrad.algebra.normal.forms import Forms, is_defined
from minigrad.algebra.recognize import recognize
from minigrad.algebra.trace import lift_tensors
from minigrad.data import one_hot
from minigrad.engine.node import Node
from minigrad.notation.ops_table import operations
from minigrad.ops.elementwise import softplus
from minigrad.ops.reduction import log_sum_exp

RNG = np.random.default_rng(0)
X, LABELS, TARGETS = RNG.normal(size=(4, 3)), one_hot([0, 1, 0, 1], 2), RNG.normal(size=(4, 2))
W, B = RNG.normal(size=(3, 2)), RNG.normal(size=2)


def network(activation, loss, targets=TARGETS):
    """Give the loss of one layer, X W₁ + b₁ and then what is to be recognized."""
    W1, b1 = Tensor(W, requires_grad=True, name="W1"), Tensor(B, requires_grad=True, name="b1")
    return loss(activation(Tensor(X, name="X") @ W1 + b1), Tensor(targets, name="T"))


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


def softmax_less_maximum(u):
    e = np.exp(u - u.max(axis=-1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


SIGMOIDS = [
    lambda u: 1 / (1 + np.exp(-u)),
    lambda u: 1.0 / (np.exp(-u) + 1.0),
    lambda u: (1 + np.exp(-u)) ** -1,
    lambda u: np.exp(u) / (1 + np.exp(u)),
    lambda u: np.exp(u) * (1 / (np.exp(u) + 1)),
    lambda u: 1 - 1 / (1 + np.exp(u)),
    lambda u: 1 / (1 + 1 / np.exp(u)),
    lambda u: 0.5 * 2 / (1 + np.exp(0 - u)),
    lambda u: np.where(u >= 0, 1 / (1 + np.exp(-abs(u))), np.exp(-abs(u)) / (1 + np.exp(-abs(u)))),
    lambda u: np.where(u > 0, 1 / (1 + np.exp(-u)), np.exp(u) / (1 + np.exp(u))),
]
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
]
RELUS = [
    lambda u: np.maximum(u, 0),
    lambda u: np.maximum(0, u),
    lambda u: (u + abs(u)) / 2,
    lambda u: u - np.minimum(u, 0),
    lambda u: -np.minimum(0, -u),
    lambda u: np.where(u > 0, u, 0),
    lambda u: np.where(u >= 0, u, 0.0),
    lambda u: np.where(u < 0, 0, u),
    lambda u: np.where(u > 0, u, 0 * u),
    lambda u: u * (u > 0),
    lambda u: (u >= 0) * u,
    lambda u: u * (u > 0).astype(np.float64),
    lambda u: u * np.where(u > 0, 1, 0),
    lambda u: u * (1.0 * (u > 0)),
]


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


@pytest.mark.parametrize(("axis", "mean"), [(0, "(Σ x) / 4"), (1, "(Σₖ x) / 2")])
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
    ("by_hand", "seen"),
    [
        (lambda u: 1 / (1 + np.exp(u)), "v1 = −u\nv2 = σ(v1)\nreturn v2"),
        (lambda u: 1 / (1 + np.exp(-2 * u)), "v1 = 2 u\nv2 = σ(v1)\nreturn v2"),
        (lambda u: u / (1 + np.exp(-u)), "v1 = σ(u)\nv2 = u ⊙ v1\nreturn v2"),
        (lambda u: 3 / (1 + np.exp(-u)), "v1 = σ(u)\nv2 = 3 v1\nreturn v2"),
        (lambda u: 1 / (1 + np.exp(-(u - 1) / 2)), "v1 = u − 1\nv2 = v1 / 2\nv3 = σ(v2)\nreturn v3"),
        (lambda u: 1 / (1 + np.exp(1 - u)), "v1 = u − 1\nv2 = σ(v1)\nreturn v2"),
    ],
)
def test_of_what_it_is_taken(by_hand, seen):
    u = Tensor(TARGETS, requires_grad=True, name="u")
    graph, nodes = lift_tensors([by_hand(u)])
    found = recognize(graph, nodes, set())[0]
    assert str(found) == seen
    np.testing.assert_allclose(found(), by_hand(TARGETS), rtol=1e-12)


@pytest.mark.parametrize(
    "other",
    [
        lambda u: 1 / (2 + np.exp(-u)),
        lambda u: 1 / (1 - np.exp(-u)),
        lambda u: 1 / (1 + np.exp(-(u**2))) ** 2,
        lambda u: np.exp(u) / np.exp(u).sum(),
        lambda u: np.exp(u) / np.exp(2 * u).sum(axis=1, keepdims=True),
        lambda u: np.exp(u) / np.exp(-u).sum(axis=1, keepdims=True),
        lambda u: np.exp(u - u.max(axis=0)) / np.exp(u).sum(axis=1, keepdims=True),
        lambda u: np.maximum(u, 0.1),
        lambda u: np.maximum(u, -u),
        lambda u: (np.exp(u) - np.exp(-u)) / (np.exp(u) + np.exp(u)),
        lambda u: u - np.log(np.exp(u).sum(axis=0)) * 2,
        lambda u: np.log(softmax(u)),
        lambda u: 1 - sigmoid(u),
        lambda u: np.exp(np.exp(np.exp(u))),
    ],
)
def test_what_is_something_else_stays(other):
    u = Tensor(np.abs(TARGETS) / 4 + 0.1, requires_grad=True, name="u")
    graph, nodes = lift_tensors([other(u)])
    (found,) = recognize(graph, nodes, set())[0].outputs
    assert found.op == graph.outputs[0].op
    np.testing.assert_allclose(*evaluate([found, graph.outputs[0]], graph.values))


def test_compare_of_a_right_array_says_right():
    loss = network(lambda u: 1 / (1 + np.exp(-u)), losses.squared_error)
    y = 1 / (1 + np.exp(-(X @ W + B)))
    assert str(compare(loss, {"dY1": y - TARGETS})) == "dY1 is right."
    delta = (y - TARGETS) * y * (1 - y)
    assert compare(loss, {"delta1": delta, "dW1": X.T @ delta, "db1": delta.sum(axis=0)}).ok
    assert not compare(loss, {"dY1": TARGETS - y}).ok


def test_a_deep_network_by_hand_has_the_lines_of_ours():
    def loss(hidden, output):
        model = nn.MLP((3, 5, 4, 2), hidden=hidden, output=output, rng=0)
        return losses.cross_entropy(model(Tensor(X, name="X")), Tensor(LABELS, name="T"))

    assert str(derive(loss(SIGMOIDS[0], softmax_less_maximum))) == str(derive(loss("sigmoid", "softmax")))


def test_what_has_a_name_is_not_swallowed():
    u = Tensor(TARGETS, requires_grad=True, name="u")
    e = np.exp(-u)
    y = 1 / (1 + e)
    graph, nodes = lift_tensors([y])
    found, places = recognize(graph, nodes, {nodes[e]})
    assert found.outputs[0] is graph.outputs[0]
    assert places[e] is nodes[e]
    found, places = recognize(graph, nodes, {nodes[y], nodes[u]})
    assert places[y] is found.outputs[0]
    assert found.outputs[0].op == sigmoid
    lines = str(derive((y * y).sum(), names={"e": e, "y": y}))
    assert "∂E/∂e" in lines


def test_an_input_is_not_lost_for_having_no_effect():
    """softmax(u − c) is softmax(u), but c has a gradient all the same: 0."""
    u, c = Tensor(TARGETS, requires_grad=True, name="u"), Tensor(np.ones((4, 1)), requires_grad=True, name="c")
    e = np.exp(u - c)
    derivation = derive((e / e.sum(axis=1, keepdims=True) * TARGETS).sum())
    assert {line.of for line in derivation} >= {"u", "c"}
    assert max(row.difference for row in derivation.check()) < 1e-6


@pytest.mark.parametrize("by_hand", RELUS[:3])
def test_where_a_kink_is_touched_the_lines_are_those_of_the_engine(by_hand):
    """At 0 the engine took ½ for the maximum; relu would say 0."""
    u = Tensor(np.array([-1.0, 0.0, 2.0]), requires_grad=True, name="u")
    derivation = derive((by_hand(u) * np.array([1.0, 2.0, 3.0])).sum())
    assert max(row.engine for row in derivation.check()) == 0
    assert derivation[0].value.tolist() == [0, 1, 3]


def test_a_mask_knows_what_it_is_and_keeps_nothing_alive():
    u = Tensor(TARGETS, requires_grad=True, name="u")
    v = u * 2
    mask = v > 0.5
    assert not mask.requires_grad
    assert str(derive((mask * v).sum())) == "∂E/∂u = 2 (2 u > 0.5)"
    assert str(derive((np.where(mask, v, 1.0)).sum())) == "∂E/∂u = 2 (2 u > 0.5)"
    assert str(derive((np.where(mask, v, 1.0)).sum(), names={"m": mask})) == "∂E/∂u = 2 m"
    watched = weakref.ref(v)
    del v
    assert watched() is None
    assert mask.comparison is None
    assert "where(x" in str(derive(np.where(mask, u, 1.0).sum()))  # what it was is not known any more
    assert copy.deepcopy(mask).data.tolist() == mask.data.tolist()


def test_a_function_given_by_cases_has_its_slope_by_cases():
    derivation = derive(network(lambda u: np.where(u > 0, u, 0.1 * u), losses.squared_error))
    assert str(derivation[1]) == "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ where(U₁ > 0, 1, 0.1)"
    assert max(row.difference for row in derivation.check()) < 1e-6
    derivation = derive(network(lambda u: np.where(u > 0, u, np.exp(u) - 1), losses.squared_error))
    assert str(derivation[1]) == "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ where(U₁ > 0, 1, exp(U₁))"


def test_a_mask_of_another_computation_stays_a_constant():
    """The loss does not depend on v, and its derivation does not speak of it."""
    u, v = (Tensor(TARGETS, requires_grad=True, name=name) for name in "uv")
    w = 2 * v
    assert [line.of for line in derive((np.where(w > 0, u, 0) * u).sum())] == ["u"]


@pytest.mark.parametrize("op", [op for op in operations() if is_defined(op)], ids=lambda op: op.name)
def test_every_definition_is_the_operation(op):
    """As a function, in values; and as a form, of one operand or several."""
    x = RNG.normal(size=(3, 4))
    np.testing.assert_allclose(op.definition(Tensor(x)).data, op.forward(x), rtol=1e-12)
    table = {}
    a, b = (Node(name=name, shape=(3, 4), table=table) for name in "ab")
    for u in (a, a + b, a * b, -a, 2 * a):
        graph = Graph([op.definition(u)], {a: x, b: x})
        assert recognize(graph, {}, set())[0].outputs[0] is op(u)


def test_forms_of_random_expressions_are_equal_only_if_the_functions_are():
    """Random expressions of two variables: equal forms have equal values, at points that no form knows of."""
    rng = np.random.default_rng(1)
    table, forms, seen = {}, Forms(), {}
    a, b = (Node(name=name, table=table) for name in "ab")
    pool = [a, b]
    points = rng.normal(size=(2, 50))
    for _ in range(600):
        x, y = (pool[i] for i in rng.integers(max(0, len(pool) - 12), len(pool), size=2))
        new = [lambda x=x, y=y: x + y, lambda x=x, y=y: x - y, lambda x=x, y=y: x * y, lambda x=x, y=y: x / y,
               lambda x=x: np.exp(x), lambda x=x: -x, lambda x=x, y=y: np.maximum(x, y), lambda x=x: abs(x),
               lambda x=x: np.log(1 + np.exp(x)), lambda x=x: 2 * x][rng.integers(10)]()  # fmt: skip
        if not isinstance(new, Node):
            continue
        pool.append(new)
        with np.errstate(all="ignore"):
            (value,) = evaluate([new], {a: points[0], b: points[1]})
        other = seen.setdefault(forms.of(new).key, value)
        fine = np.isfinite(other) & np.isfinite(value) & (np.abs(other) < 1e6)
        np.testing.assert_allclose(value[fine], other[fine], rtol=1e-6, atol=1e-6)
    assert len(seen) > 100
