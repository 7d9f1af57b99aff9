"""What is seen as an operation and what is not: names, inputs, kinks, masks, definitions and random expressions."""

import copy
import weakref

import numpy as np
import pytest

from minigrad import Tensor, compare, derive, losses, nn, sigmoid, softmax
from minigrad.algebra.graph import Graph, evaluate
from minigrad.algebra.normal.forms import Forms, is_defined
from minigrad.algebra.recognize import recognize
from minigrad.algebra.trace import lift_tensors
from minigrad.engine.node import Node
from minigrad.notation.ops_table import operations
from tests.written_by_hand import LABELS, RELUS, RNG, SIGMOIDS, TARGETS, B, W, X, network, softmax_less_maximum


@pytest.mark.parametrize(
    ("by_hand", "seen"),
    [
        (lambda u: 1 / (1 + np.exp(u)), "v1 = −u\nv2 = σ(v1)\nreturn v2"),
        (lambda u: 1 / (1 + np.exp(-2 * u)), "v1 = 2 u\nv2 = σ(v1)\nreturn v2"),
        (lambda u: u / (1 + np.exp(-u)), "v1 = silu(u)\nreturn v1"),
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
    _, (again, number) = mask.comparison  # computed anew
    np.testing.assert_array_equal(again.data, 2 * TARGETS)
    assert number == 0.5
    assert str(derive((mask * (u * 2)).sum())) == "∂E/∂u = 2 (2 u > 0.5)"
    w = Tensor(TARGETS, requires_grad=True, name="w")
    del u, again
    assert mask.comparison is None
    assert "where(x" in str(derive(np.where(mask, w, 1.0).sum()))  # what it was is not known any more
    assert copy.deepcopy(mask).data.tolist() == mask.data.tolist()


def test_a_function_given_by_cases_has_its_slope_by_cases():
    derivation = derive(network(lambda u: np.where(u > 0, u, 0.1 * u), losses.squared_error))
    assert str(derivation[1]) == "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ where(U₁ > 0, 1, 0.1)"
    assert max(row.difference for row in derivation.check()) < 1e-6
    derivation = derive(network(lambda u: np.where(u > 0, u, np.exp(u) - 1), losses.squared_error))
    assert str(derivation[1]) == "δ₁ = ∂E/∂U₁ = ∂E/∂Y₁ ⊙ where(U₁ > 0, 1, Y₁ + 1)"  # it is elu, where eᵘ = y + 1


@pytest.mark.parametrize("f", [np.exp, np.tanh, lambda k: np.exp(k) / np.exp(k).sum(), lambda k: np.maximum(k, 0)])
def test_a_function_of_truth_values_is_none_that_needs_their_sign(f):
    u = Node(name="u", shape=(3,), table={})
    k = u > 0
    graph = Graph([f(k) * u], {u: np.array([-1.0, 0.5, 2.0])})
    found, _ = recognize(graph, {}, set())
    before, after = evaluate([*graph.outputs, *found.outputs], graph.values)
    np.testing.assert_allclose(after, before)


def test_a_mask_of_another_computation_stays_a_constant():
    """The loss does not depend on v, and its derivation does not speak of it."""
    u, v = (Tensor(TARGETS, requires_grad=True, name=name) for name in "uv")
    w = 2 * v
    assert [line.of for line in derive((np.where(w > 0, u, 0) * u).sum())] == ["u"]


DEFINED = [op for op in operations() if is_defined(op)]


@pytest.mark.parametrize("op", DEFINED, ids=lambda op: op.name)
def test_every_definition_has_the_values_of_the_operation(op):
    x = RNG.normal(size=(3, 4))
    np.testing.assert_allclose(op.definition(Tensor(x)).data, op.forward(x), rtol=1e-12)


NOT_SEEN = (
    "standardize",
    "logsigmoid",
)  # by hand: a variance is no part of a form, and log σ(u) stays a cross-entropy's


@pytest.mark.parametrize("op", [op for op in DEFINED if op.name not in NOT_SEEN], ids=lambda op: op.name)
def test_every_definition_is_the_operation(op):
    """As a form, of one operand or several."""
    x = RNG.normal(size=(3, 4))
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
