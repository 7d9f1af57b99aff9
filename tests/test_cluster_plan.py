"""The simulation of a step on a cluster: what it says where that can be said by a formula."""

from functools import partial

import pytest

from benchmarks.cluster_plan import find_costs
from benchmarks.cluster_steps import Costs, Work, find_even, find_fan, grow, simulate
from minigrad.cluster import crew as crew_module
from minigrad.cluster.blocks import find_rows
from minigrad.cluster.crew import Crew
from minigrad.cluster.holder import Holder
from tests.test_cluster import MEAN, Cluster, T, X, network

COSTS = Costs(loop=3e-4, wire=1e-4)
LONG = Work(0.5)
FANS = [(1, 8), (2, 8), (8, 8), (9, 8), (100, 8), (100, 100), (15, 2), (5, 1)]


@pytest.mark.parametrize(("workers", "fan"), FANS)
def test_messages_and_bytes(workers, fan):
    """Two messages a worker, whoever calls it; of the client's as many as it calls."""
    step = simulate(workers, fan, COSTS, Work(0.01, 300, 500))
    assert step.messages == 2 * workers
    assert step.sent == workers * 800
    assert step.at_client == min(workers, fan) * 800


@pytest.mark.parametrize("workers", [1, 2, 7, 100])
def test_where_the_client_calls_all(workers):
    """k messages one after the other, of which the last one comes back behind all others."""
    wanted = 0.5 + (workers + 3) * 3e-4 + 2 * 1e-4
    assert simulate(workers, workers, COSTS, LONG).seconds == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("workers", [1, 2, 5])
def test_in_a_row_the_last_one_is_reached_by_way_of_all(workers):
    wanted = 0.5 + workers * COSTS.round_trip
    assert simulate(workers, 1, COSTS, LONG).seconds == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize(("workers", "fan"), FANS)
def test_on_one_processor_nothing_is_done_at_once(workers, fan):
    """Without wires it is never idle: four turns of a loop for each worker, its blocks, and its sum added."""
    costs = Costs(3e-4, 0.0, byte=1e-9, adding=2e-9)
    wanted = workers * (4 * 3e-4 + 0.01 + 800 * 1e-9 + 500 * 2e-9)
    step = simulate(workers, fan, costs, Work(0.01, 300, 500), processors=1)
    assert step.seconds == pytest.approx(wanted, rel=1e-12)


def test_who_waits_needs_no_processor():
    work = Work(0.5, waiting=True)
    wanted = 0.5 + 4 * 3e-4 + 3e-4 + 2e-4  # the second one's message goes out behind the first one's
    assert simulate(2, 8, COSTS, work, processors=2).seconds == pytest.approx(wanted, rel=1e-12)
    assert simulate(2, 8, COSTS, work, processors=1).seconds < 0.51


def test_bytes_take_time_twice_half_at_each_end():
    plain, costs = Costs(0.0, 0.0), Costs(0.0, 0.0, byte=1e-9, adding=1e-10)
    assert simulate(1, 8, plain, Work(0.5, 10**6, 10**7)).seconds == 0.5
    wanted = 0.5 + 1.1e7 * 1e-9 + 1e7 * 1e-10
    assert simulate(1, 8, costs, Work(0.5, 10**6, 10**7)).seconds == pytest.approx(wanted, rel=1e-12)


@pytest.mark.parametrize("size", [400, 8 * 10**7])
def test_a_tree_is_shorter_than_a_hundred_calls(size):
    costs, work = Costs(3e-4, 1e-4, 2e-9, 1e-10), Work(0.1, size, size)
    best = find_fan(100, costs, work)
    assert 2 < best < 32
    at = {fan: simulate(100, fan, costs, work).seconds for fan in (1, best, 100)}
    assert at[best] < min(at[1], at[100])


@pytest.mark.parametrize(("workers", "fan"), FANS)
def test_the_tree_is_the_one_that_the_cluster_has(workers, fan, monkeypatch):
    """How many are called by way of each, in the order of the workers."""
    monkeypatch.setattr(crew_module, "FAN", fan)
    names = [f"{i:03}" for i in range(workers)]
    crew = Crew(Cluster(*names), find_rows((X, T)).cut(10), partial(Holder, network(), MEAN, None))

    def count(process):
        return 1 + sum(map(count, process.below))

    client = grow(workers, fan)
    order = [client]
    for process in order:
        order += process.below
    assert [count(process) for process in order[1:]] == [len(crew.tree[name]) for name in names]
    assert len(client.below) == len(crew.roots)


def test_from_what_size_on_two_workers_pay():
    """By the formula of two calls: C / 2 + 5 loops and 2 wires are as long as C."""
    row = {1: 5e-8, 2: 5e-8}
    rows = find_even(COSTS, row)
    assert rows == pytest.approx(2 * (5 * 3e-4 + 2e-4) / 5e-8, rel=1e-3)
    assert find_even(COSTS, {1: 5e-8, 2: 1e-7}) is None  # two at once are as slow as one after the other


def test_costs_are_found_again():
    """From what calls take by formula: in a worker's loop and the client's, one behind the other."""
    n, loop, wire, byte = 8, 2e-4, 5e-5, 2e-9
    call = 4 * loop + 2 * wire
    costs = find_costs({"call": call, "calls": call + (n - 1) * 2 * loop, "bytes": call + 8e6 * byte})
    assert (costs.loop, costs.wire, costs.byte) == pytest.approx((loop, wire, byte))
