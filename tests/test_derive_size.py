"""How much a derivation computes, beside the hand-derived δ code, and how its work grows with the depth."""

import ast
import inspect
import textwrap

import numpy as np
import pytest

from benchmarks.byhand import Manual
from benchmarks.workloads import WORKLOADS
from minigrad import Tensor, compare, data, derive, losses, nn, simplify, sums_to_one, trace
from minigrad.algebra.graph import Graph
from tests.counting import calls


def written_by_hand(function):
    """Count the operations of the backward part of a step by hand: of the lines that assign a δ, dW or db."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    count = 0
    for statement in definition.body:
        targets = [name.id for name in ast.walk(statement) if isinstance(name, ast.Name)]
        if isinstance(statement, ast.Assign) and targets[0].startswith(("δ", "dW", "db")):
            for part in ast.walk(statement.value):
                transposed = isinstance(part, ast.Attribute) and part.attr == "T"
                count += transposed or isinstance(part, ast.BinOp | ast.UnaryOp | ast.Call)
    return count


def step_of(name, labels):
    """Give the loss of a workload's step as its users would write it, literally."""
    start = WORKLOADS[name].start("float64")
    model = nn.MLP([start.X.shape[1], *map(len, start.biases)], rng=0)
    return losses.cross_entropy(model(Tensor(start.X, name="X")), Tensor(labels(start.T), name="T")), model


def backward_operations(loss, given):
    """Count what the simplified gradient computes beyond the layers' outputs, which the forward pass has."""
    graph = trace(loss)
    gradient = graph.gradient([name for name in graph.inputs if name not in "XT"])
    simple = simplify(gradient, given)
    (y,) = (node for node in simple.nodes if node.op is not None and node.op.name == "softmax")
    assert len(simple) < len(gradient)
    return len(simple) - len(Graph([y], {}))


def test_the_hand_written_backward_part_is_counted():
    def step(y, T, X):
        E = -(T * np.log(y)).sum()
        δ1 = y - T
        dW1, db1 = X.T @ δ1, δ1.sum(axis=0)
        return E, dW1 - db1

    assert written_by_hand(step) == 4


def test_the_simplified_gradient_of_a_three_layer_step_has_no_more_operations_than_the_hand_derived_code():
    by_hand = written_by_hand(Manual._three_layers_classification)
    assert by_hand == 20
    loss, _ = step_of("W2", np.asarray)
    assert backward_operations(loss, [sums_to_one("T")]) <= by_hand


@pytest.mark.parametrize("fact", ["declared", "one_hot"])
def test_the_derivations_lines_have_no_more_operations_than_the_hand_derived_code(fact):
    by_hand = written_by_hand(Manual._three_layers_classification)
    labels = np.asarray if fact == "declared" else lambda T: data.one_hot(T.argmax(axis=1), T.shape[1])
    loss, model = step_of("W2", labels)
    lines = derive(loss, model.parameters(), given=[sums_to_one("T")] if fact == "declared" else [])
    y = next(node for symbol, node in lines.forward if symbol == "Y₃")
    whole = Graph([line.node for line in lines], {})
    assert len(whole) - len(Graph([y], {})) <= by_hand
    assert max(d.difference for d in lines.check()) < 1e-7


@pytest.mark.parametrize(
    "task",
    [lambda loss: derive(loss, given=[sums_to_one("T")]), lambda loss: simplify(trace(loss).gradient())],
    ids=["derive", "simplify"],
)
def test_the_work_grows_linearly_with_the_depth(task):
    calls(2, task)  # whatever is kept between calls is there
    short, long = calls(10, task), calls(40, task)
    assert long / short < 4 * 1.3


def test_operations_grow_by_the_same_number_with_each_layer():
    def operations(depth):
        X, T = Tensor(np.ones((4, 3)), name="X"), Tensor(np.eye(3)[[0, 1, 2, 0]], name="T")
        graph = trace(losses.cross_entropy(nn.MLP((3,) * (depth + 1), rng=0)(X), T))
        return len(simplify(graph.gradient(), [sums_to_one("T")]))

    first, second, third = (operations(depth) for depth in (3, 4, 9))
    assert third - second == 5 * (second - first)


def pendulum(steps):
    """A pendulum by Euler's method: no layer, and each step needs both numbers of the one before twice."""
    k, x, v = Tensor(0.7, requires_grad=True, name="k"), Tensor(1.0, requires_grad=True, name="x0"), 0.0
    for _ in range(steps):
        v = v - 0.1 * k * np.sin(x)
        x = x + 0.1 * v
    return (x - 0.3) ** 2


def test_numbers_that_need_each_other_step_by_step_are_written_once():
    sizes, codes = [], []
    for steps in (5, 10, 20):
        derivation = derive(pendulum(steps), fold=False)
        sizes.append(len(str(derivation)))
        codes.append(len(derivation.to_numpy()))
    assert sizes[2] < 2.5 * sizes[1] < 6 * sizes[0]
    assert codes[2] < 2.5 * codes[1] < 6 * codes[0]
    assert max(line.difference for line in derivation.check()) < 1e-6
    space = {}
    exec(derivation.to_numpy(), space)
    E, gradients = space["loss_and_gradients"](k=0.7, x0=1.0)
    by_hand = pendulum_by_hand(20, 0.7, 1.0)
    np.testing.assert_allclose([E, gradients["k"], gradients["x0"]], by_hand)
    assert compare(pendulum(20), {"dk": by_hand[1], "dx0": by_hand[2]}).ok


def pendulum_by_hand(steps, k, x0):
    """E and its derivatives by k and x₀, carried forward beside the numbers themselves."""
    x, v = np.array([x0, 0.0, 1.0]), np.zeros(3)  # the number, ∂/∂k and ∂/∂x₀
    for _ in range(steps):
        slope = np.cos(x[0]) * x[1:]
        v = v - 0.1 * np.array([k * np.sin(x[0]), np.sin(x[0]) + k * slope[0], k * slope[1]])
        x = x + 0.1 * v
    return (x[0] - 0.3) ** 2, *(2 * (x[0] - 0.3) * x[1:])


def test_what_is_cut_off_at_both_ends_is_its_own_gradient():
    x, t = Tensor(np.linspace(-2, 2, 12).reshape(4, 3), name="X"), Tensor(np.ones((4, 2)), name="T")
    y = x @ Tensor(np.linspace(-1, 1, 6).reshape(3, 2), requires_grad=True, name="W")
    r = np.clip(y - t, -1, 1)
    lines = str(derive((r * (y - t - 0.5 * r)).sum())).splitlines()  # Huber's
    assert max(map(len, lines)) < 90
    assert lines[0] == "δ₁ = ∂E/∂U₁ = minimum(maximum(Y₁ − T, −1), 1)"


def test_the_tanh_of_gelu_has_a_line_however_the_cube_is_written():
    x, t = Tensor(np.linspace(-2, 2, 12).reshape(4, 3), name="X"), Tensor(np.ones((4, 2)), name="T")
    u = x @ Tensor(np.linspace(-1, 1, 6).reshape(3, 2), requires_grad=True, name="W")
    for cube in (u * u * u, u**3):
        lines = derive(losses.squared_error(0.5 * u * (1 + np.tanh(0.797885 * (u + 0.044715 * cube))), t))
        assert max(len(str(line)) for line in lines) < 120
        assert max(line.difference for line in lines.check()) < 1e-6
