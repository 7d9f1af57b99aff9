"""Repeats in a graph of Nodes: which segments correspond, what is carried, shared, and each segment's own."""

import numpy as np
import pytest

from minigrad import losses, sigmoid
from minigrad.algebra.trace import lift_tensors
from minigrad.nn import MLP
from minigrad.structure.repeats import find_repeats, program_order
from tests.recurrent import gated, gru, parameter, recurrent, residual, stacked


def found(loss, least=4):
    graph, nodes = lift_tensors([loss])
    return find_repeats(program_order(((t.serial, node) for t, node in nodes.items()), graph.nodes), least)


def names(nodes):
    return {x.name for x in nodes}


@pytest.mark.parametrize("sliced", [False, True])
@pytest.mark.parametrize("start", ["zeros", "given"])
@pytest.mark.parametrize("each", [False, True])
def test_the_steps_of_a_recurrent_network(each, start, sliced):
    (repeat,) = found(recurrent(7, each, start, sliced))
    assert repeat.count == 7
    labels = [node.op.name for node in repeat.segments[3]]
    assert labels[sliced : 6 + sliced] == ["matmul", "matmul", "add", "add", "tanh", "matmul"][: 6 if each else 5]
    carried = {repeat.segments[0][place].op.name for place in repeat.carried}
    assert carried == ({"tanh", "add"} if each else {"tanh"})
    assert names(repeat.shared) >= {"Wx", "Wh", "b"} | ({"X"} if sliced else set())
    assert len(repeat.own) == (0 if sliced else 1)


def test_a_first_step_that_has_no_state_before_it_is_none_of_them():
    (repeat,) = found(recurrent(7, start="none"))
    assert repeat.count == 6
    h1 = next(x for x in repeat.segments[0][1].inputs if x.op is not None)
    assert h1.op.name == "tanh"
    assert h1 not in repeat.places


def test_what_corresponds_has_one_row():
    (repeat,) = found(recurrent(6, sliced=True))
    assert all(repeat.places[node] == (i, t) for t, nodes in enumerate(repeat.segments) for i, node in enumerate(nodes))
    (row,) = (i for i, node in enumerate(repeat.segments[0]) if node.op.name == "index")
    assert [node.op.key for node in repeat.row(row)] == [0, 1, 2, 3, 4, 5]


def test_a_cell_and_a_state_are_carried():
    (repeat,) = found(gated(9))
    assert repeat.count == 9
    assert sorted(repeat.segments[0][place].op.name for place in repeat.carried) == ["add", "multiply"]
    assert len(repeat.shared) == 12
    assert len(repeat.own) == 1


def test_other_recurrent_networks():
    (one,), (two,) = found(gru(5)[0]), found(stacked(5))
    assert (one.count, len(one.carried)) == (5, 1)
    assert (two.count, len(two.carried)) == (5, 2)


def test_each_block_of_a_residual_network_has_weights_of_its_own():
    (repeat,) = found(residual(20))
    assert repeat.count == 20
    assert [names(row) for row in repeat.own] == [{f"{name}{i}" for i in range(1, 21)} for name in "WbV"]
    assert [repeat.places[x][1] for x in repeat.own[0]] == list(range(20))


def test_equal_layers_between_others():
    E = losses.squared_error(MLP([2, *[3] * 50, 1], rng=0)(np.ones((4, 2))), np.ones((4, 1)))
    (repeat,) = found(E)
    assert repeat.count == 49
    assert repeat.own[0][0].name == "W₂"


def test_two_loops_one_after_the_other():
    w, h = parameter("w", (3,)), parameter("h", (3,))
    for _ in range(7):
        h = np.sin(h) * w
    states = []
    for _ in range(9):
        h = np.tanh(h) + w
        states.append(h)
    E = 0
    for state in states:
        E = E + (state**2).sum()
    first, second, third = found(E)
    assert (first.count, second.count) == (7, 9)
    assert third.count >= 8
    assert all(x in second.places for x in third.own[0])  # results of an earlier loop


@pytest.mark.parametrize(("count", "least", "repeats"), [(3, 4, 0), (4, 4, 1), (2, 2, 1), (1, 2, 0)])
def test_how_often_is_enough(count, least, repeats):
    assert len(found(recurrent(count), least)) == repeats


def test_what_is_wired_differently_is_no_repeat():
    w = parameter("w", (3, 3))
    values = [w]
    for i in range(8):
        values.append(sigmoid(values[-1]) * values[i // 2])
    assert found(values[-1].sum()) == []


def test_numbers_must_agree_and_an_index_must_move_evenly():
    w = parameter("w", (9, 3))
    E = sum((np.sin(w[i]) * 2.0).sum() for i in (0, 2, 4, 6, 8))
    assert found(E)[0].count >= 4
    assert found(sum((np.sin(w[i]) * 2.0).sum() for i in (0, 1, 5, 3, 8, 2))) == []
    assert found(sum((np.sin(w[i]) * (i + 2.0)).sum() for i in range(6))) == []


def test_the_work_grows_with_the_size_alone(monkeypatch):
    asked = []
    original = find_repeats.__globals__["shape_of_operation"]
    monkeypatch.setitem(find_repeats.__globals__, "shape_of_operation", lambda x: asked.append(x) or original(x))
    counts = []
    for steps in (25, 100):
        asked.clear()
        assert found(gated(steps))[0].count == steps
        counts.append(len(asked))
    assert counts[1] < 4.5 * counts[0]
