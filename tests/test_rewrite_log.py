"""The log of a rewriting: each change is an equation, and all of them in turn lead to the result."""

import numpy as np
import pytest

from minigrad import simplify, trace
from minigrad.algebra.graph import Graph, evaluate
from minigrad.algebra.rewrite import Change, rebuild_node
from minigrad.engine.node import Node, order_nodes
from tests.networks import NETWORKS


def replaced(expression, change):
    """Put what a Node became in its place."""
    made = {change.before: change.after}
    for node in order_nodes([expression]):
        if node not in made:
            made[node] = rebuild_node(node, made)
    return made[expression]


@pytest.mark.parametrize("network", NETWORKS)
def test_each_change_is_an_equation(network):
    loss, given = network()
    gradient = trace(loss).gradient()
    log: list[Change] = []
    simplify(gradient, given, log)
    assert log
    for before, after, rule in log:
        assert rule.__doc__
        one, other = evaluate([before, after], gradient.values)
        np.testing.assert_allclose(np.broadcast_to(other, np.shape(one)), one, rtol=1e-9, atol=1e-9)


def test_the_changes_in_turn_lead_to_the_result():
    x = Node(name="x", shape=(3,), table={})
    y = Node(name="y", shape=(3,), table=x.table)
    start = Graph([y * (x / y + 0 - (-x)) - y * 1.0 * x], {x: np.ones(3), y: np.full(3, 2.0)})
    log: list[Change] = []
    (end,) = simplify(start, log=log).outputs
    (state,) = start.outputs
    for change in log:
        state = replaced(state, change)
    assert state is end
    assert str(Graph([end], start.values)) == "return x"


def test_without_a_log_the_result_is_the_same():
    loss, given = NETWORKS[1]()
    gradient = trace(loss).gradient()
    assert str(simplify(gradient, given, [])) == str(simplify(gradient, given))
