"""Graphs as such: traced from functions, printed, evaluated, and refused where they are wrong."""

import numpy as np
import pytest

from minigrad import Tensor, sigmoid
from minigrad.algebra.facts import sums_to_one
from minigrad.algebra.rewrite import RewriteError, rewrite
from minigrad.algebra.simplify import simplify
from minigrad.algebra.trace import trace
from minigrad.engine.node import Node, order_nodes


def tensor(name, *shape, seed=0):
    return Tensor(np.random.default_rng([seed, *name.encode()]).normal(size=shape), requires_grad=True, name=name)


def test_nodes_are_interned_per_table_and_inputs_are_not():
    table = {}
    x, z = (Node(name="x", shape=(3,), table=table) for _ in range(2))
    assert (1 - x * x) is (1 - x * x)
    assert (x * x) is not (z * z)
    assert len(order_nodes([x * x + x * x])) == 3


def test_a_graph_prints_as_assignments_and_evaluates_with_other_values():
    a = tensor("a", 3)
    graph = trace((np.tanh(a) * 2.0).sum())
    assert str(graph) == "v1 = tanh(a)\nv2 = v1 ⊙ 2\nv3 = Σ v2\nreturn v3"
    assert graph(a=np.zeros(3)) == 0
    assert len(graph) == 3


def network(X, W, b, T):
    Y = sigmoid(X @ W + b)
    return ((Y - T) ** 2).sum() / 2


def test_a_function_is_traced_by_the_names_of_its_parameters():
    rng = np.random.default_rng(4)
    arrays = [rng.normal(size=shape) for shape in [(5, 4), (4, 3), (3,), (5, 3)]]
    graph = trace(network, *arrays)
    assert set(graph.inputs) == {"X", "W", "b", "T"}
    np.testing.assert_allclose(graph(), network(*arrays), rtol=1e-14)
    others = {name: rng.normal(size=x.shape) for name, x in zip("XWbT", arrays, strict=True)}
    np.testing.assert_allclose(graph(**others), network(**others), rtol=1e-14)
    np.testing.assert_allclose(graph(W=others["W"]), network(arrays[0], others["W"], *arrays[2:]), rtol=1e-14)
    h = 1e-6
    moved = [graph(b=arrays[2] + sign * h * np.eye(3)[1]) for sign in (1, -1)]
    np.testing.assert_allclose(graph.gradient("b")()[1], (moved[0] - moved[1]) / (2 * h), rtol=1e-7)


def test_a_traced_function_may_give_several_results_and_take_indices():
    def f(x, i):
        return x[i], x.sum()

    graph = trace(f, np.arange(4.0), np.array([2, 0]))
    first, total = graph(x=np.arange(4.0) + 1)
    np.testing.assert_array_equal(first, [3, 1])
    assert total == 10
    with pytest.raises(TypeError, match=r"the function returned the float 1\.0, which has no record"):
        trace(lambda x: 1.0, np.ones(3))


def test_graphs_print_as_assignments():
    arrays = [np.ones(shape) for shape in [(5, 4), (4, 3), (3,), (5, 3)]]
    graph = trace(network, *arrays)
    assert (
        str(graph)
        == """\
v1 = X W
v2 = v1 + b
v3 = σ(v2)
v4 = v3 − T
v5 = v4²
v6 = Σ v5
v7 = v6 / 2
return v7"""
    )
    assert (
        str(simplify(graph.gradient(["W", "b"])))
        == """\
v1 = Xᵀ
v2 = X W
v3 = v2 + b
v4 = σ(v3)
v5 = v4 − T
v6 = 1 − v4
v7 = v6 ⊙ v4
v8 = v5 ⊙ v7
v9 = v1 v8
v10 = Σₙ v8
return v9, v10"""
    )


def test_bad_graphs():
    a, twin = tensor("a", 3), tensor("a", 3, seed=1)
    with pytest.raises(ValueError, match="two inputs are called 'a'"):
        trace((a * twin).sum())
    with pytest.raises(ValueError, match="scalar output"):
        trace(a * 2.0).gradient("a")
    with pytest.raises(ValueError, match="no input is called 'c'"):
        trace(a.sum()).gradient("c")
    with pytest.raises(TypeError, match="no input is called 'c'"):
        trace(a.sum())(c=1)
    with pytest.raises(TypeError, match="wanted a Tensor or a function"):
        trace(3)
    with pytest.raises(ValueError, match="contradict"):
        sums_to_one(Tensor([[0.5, 0.6]], name="T"))
    with pytest.raises(ValueError, match="no input is called 'S'"):
        simplify(trace(a.sum()), [sums_to_one("S")])


def test_rules_that_undo_each_other_are_an_error():
    x = Node(name="x", shape=(3,), table={})
    swap = [lambda node: node.inputs[1] + node.inputs[0] if node.op and node.op.name == "add" else None]
    with pytest.raises(RewriteError, match="undo each other"):
        rewrite([x + 1.0], swap)
