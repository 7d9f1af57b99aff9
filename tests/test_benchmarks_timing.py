"""How the benchmarks measure: timing, with a clock that only the columns move, the chain, and workers."""

import gc
import json
import sys
import tracemalloc

import numpy as np
import pytest

from benchmarks import (
    chain,
    derivation,
    floor,
    imports,
    machine,
    timing,
    worker,
)
from benchmarks.columns import BASELINE, FLOOR, OURS, measured
from benchmarks.timing import Figure, calls_lasting, elapsed, figures, interleaved
from benchmarks.workloads import WORKLOADS
from minigrad import Tensor

SMALL = [workload.small() for workload in WORKLOADS.values()]


# Timing, with a clock that only the columns move


class FakeTime:
    def __init__(self):
        self.now = 0.0
        self.log = []

    def __call__(self):
        return self.now

    def column(self, name, *seconds):
        """Make a column whose calls take these seconds in turn, over and over."""
        calls = 0

        def call():
            nonlocal calls
            self.now += seconds[calls % len(seconds)]
            calls += 1
            self.log.append(name)

        return call


def test_a_measurement_lasts_as_long_as_asked_without_the_warm_up():
    time = FakeTime()
    assert calls_lasting(1.0, time.column("a", 0.125), time) == 8
    assert calls_lasting(1.0, time.column("a", 5.0), time) == 1
    assert elapsed(time.column("a", 0.25), 4, time) == 1.0


def test_columns_too_fast_for_the_clock_are_called_more_often():
    time = FakeTime()
    resting = [0.0] * 7  # the warm-up, one call, two calls, then three of four
    assert calls_lasting(1.0, time.column("a", *resting, 1.0), time) == 4


def test_columns_take_turns_and_each_round_begins_with_the_next():
    time = FakeTime()
    columns = {name: time.column(name, 1.0) for name in "abc"}
    samples = interleaved(columns, budget=0, rounds=4, shortest=0, clock=time)
    assert samples == {name: [1.0] * 4 for name in "abc"}
    assert "".join(time.log[6:]) == "abcbcacababc"  # after two calls of each to warm up and to calibrate


def test_rounds_go_on_until_the_budget_is_spent():
    time = FakeTime()
    columns = {"a": time.column("a", 1.0), "b": time.column("b", 3.0)}
    assert len(interleaved(columns, budget=10, rounds=1, shortest=0, clock=time)["a"]) == 3


def test_a_rest_and_a_call_come_before_each_measurement(monkeypatch):
    time = FakeTime()
    monkeypatch.setattr(timing, "sleep", lambda seconds: time.log.append(seconds))
    samples = interleaved({"a": time.column("a", 1.0), "b": time.column("b", 2.0)}, 0, 2, 0, time, rest=0.5)
    assert samples == {"a": [1.0] * 2, "b": [2.0] * 2}
    assert time.log[4:] == [0.5, "a", "a", 0.5, "b", "b", 0.5, "b", "b", 0.5, "a", "a"]


def test_a_sample_is_seconds_a_call():
    time = FakeTime()
    samples = interleaved({"a": time.column("a", 0.25)}, budget=0, rounds=2, shortest=1.0, clock=time)
    assert samples == {"a": [0.25, 0.25]}


def test_ratios_are_taken_within_each_round():
    found = figures({"manual": [1.0, 10.0, 2.0], "ours": [2.0, 11.0, 6.0]}, "manual")
    assert found["manual"] == Figure(2.0, 1.0, (1.0, 1.0), 3)
    assert found["ours"] == Figure(6.0, 2.0, (1.55, 2.5), 3)  # of 1.1, 2 and 3; the ratio of the medians would be 3


def test_a_call_of_several_steps_counts_as_so_many(monkeypatch):
    time = FakeTime()
    several = time.column("b", 6.0)
    several.steps = 3
    monkeypatch.setattr(timing, "elapsed", lambda call, times, clock: elapsed(call, times, time))
    found = timing.in_turns({"a": time.column("a", 1.0), "b": several}, "a", budget=0, rounds=2, shortest=0)
    assert (found["a"].seconds, found["b"].seconds, found["b"].ratio) == (1.0, 2.0, 2.0)


# The chain


def test_the_chain_by_numpy_is_the_chain_by_minigrad(monkeypatch):
    monkeypatch.setattr(chain, "w", np.linspace(0.5, 1.5, 10))
    monkeypatch.setattr(chain, "b", np.linspace(-1, 1, 10))
    x = Tensor(chain.x0, requires_grad=True)
    y = chain.chain(x, 20)
    y.backward(chain.g0)
    np.testing.assert_array_equal(y.data, chain.chain(chain.x0, 20))
    np.testing.assert_array_equal(x.grad.data, chain.numpy_backward(chain.g0, 20))


def test_the_chains_ratios_are_taken_within_each_round(monkeypatch):
    monkeypatch.setattr(chain, "SHORT", 30_000)
    monkeypatch.setattr(chain, "LONG", 60_000)
    speed = iter([9.0, 1.0, 1.0, 5.0, 5.0, 2.0, 2.0])  # of the machine: the warm-up, then three rounds of two chains

    def minigrad_times(turns):
        slow = minigrad_times.slow = next(speed)
        each = 2 * turns * slow * (1 if turns == 15_000 else 1.5)
        return 2 * each, each, 0.1 * each

    monkeypatch.setattr(chain, "_minigrad_times", minigrad_times)
    monkeypatch.setattr(chain, "_numpy_times", lambda turns: (2 * turns * minigrad_times.slow,) * 2)
    found = chain.measure(rounds=3)
    assert found["short"] == pytest.approx(dict(zip(chain.COSTS, (4, 2, 0.2, 2, 2), strict=True)))
    assert found["long"] == pytest.approx(dict(zip(chain.COSTS, (6, 3, 0.3, 2, 2), strict=True)))
    assert found["relative"] == pytest.approx([2, 3])
    assert found["growth"] == pytest.approx(1.5)


def test_the_memory_of_an_operation_includes_its_elements():
    assert chain.bytes_per_operation(3000) > 80
    assert not tracemalloc.is_tracing()


# Workers


def test_a_workers_environment_is_cleaned_and_its_threads_are_set():
    outer = {"PATH": "/bin", "OPENBLAS_CORETYPE": "Haswell", "PYTHONDONTWRITEBYTECODE": "1", "OMP_NUM_THREADS": "8"}
    before = dict(outer)
    inner = machine.environment(2, outer)
    assert inner["PATH"] == "/bin"
    assert inner.keys() & {*machine.CLEARED} == set()
    assert {inner[name] for name in machine.THREADS} == {"2"}
    assert outer == before
    assert "XLA_FLAGS" in machine.environment(1, outer)


def test_a_worker_that_fails_ends_the_run(capfd):
    with pytest.raises(SystemExit, match="own message is above"):
        machine.run(["-c", "raise OSError('no luck')"])
    assert "no luck" in capfd.readouterr().err


def test_a_worker_measures_all_columns(monkeypatch, capsys):
    monkeypatch.setitem(WORKLOADS, "W1", SMALL[0])
    task = {"task": "W1", "dtype": "float32", "rivals": [], "seconds": 0, "rounds": 2, "shortest": 0}
    monkeypatch.setattr(sys, "argv", ["worker", json.dumps(task)])
    worker.main()
    found = json.loads(capsys.readouterr().out)
    assert found["blas"] == machine.blas()
    columns = found["columns"]
    assert list(columns) == list(measured())
    assert columns[FLOOR]["ratio"] > 0
    assert columns[BASELINE]["ratio"] == 1
    assert {column["rounds"] for column in columns.values()} == {2}
    assert min(column["seconds"] for column in columns.values()) > 0


def test_rivals_are_measured_beside_the_manual_step(monkeypatch):
    monkeypatch.setattr(worker, "rival", {"torch": OURS["optimized"]}.__getitem__)
    found = worker.step_figures(SMALL[0], "float64", ["torch"], seconds=0, rounds=2, shortest=0)
    assert list(found) == [*measured(), "torch"]


def test_imports_take_turns(monkeypatch):
    loaded = []
    monkeypatch.setattr(imports, "run", lambda arguments: loaded.append(arguments[-1]))
    found = imports.measure(rounds=2)
    numpy, ours = "import numpy", "import minigrad"
    assert loaded == [numpy, numpy, ours, ours, numpy, ours, ours, numpy]
    assert found["quartiles"][0] <= found["difference"] <= found["quartiles"][1]


def test_a_derivation_is_measured_at_each_depth_and_does_the_work(monkeypatch):
    monkeypatch.setattr(derivation, "DEPTHS", (2, 3, 6))
    monkeypatch.setattr(derivation, "FIRST", 3)
    monkeypatch.setattr(derivation, "LAST", 6)
    found = derivation.measure(rounds=2)
    assert list(found["seconds"]) == ["2", "3", "6"]
    assert min(found["seconds"].values()) > 0
    assert found["growth"] > 0
    assert found["steps"] > 0
    assert found["rounds"] == 2
    assert derivation.told(derivation.network(3)) == 5 + 10 * 2  # 5 to the first δ, and then 2 a line
    operations, lines = zip(*(derivation.shown(derivation.network(depth)) for depth in (2, 3, 6)), strict=True)
    assert lines == (7, 11, 23)  # 4 a layer, but for ∂E/∂X
    assert operations[2] - operations[1] == 3 * (operations[1] - operations[0])


# The floor of the chain


def test_the_bare_chain_computes_what_the_chain_of_products_does(monkeypatch):
    monkeypatch.setattr(floor, "w", np.linspace(0.5, 1.5, 10))
    t = floor.forward(7)
    np.testing.assert_allclose(t.data, floor.x0 * floor.w**7, rtol=1e-14)
    np.testing.assert_allclose(floor.backward(t), floor.w**7, rtol=1e-14)


def test_the_floor_is_measured_with_the_collector_and_without(monkeypatch):
    monkeypatch.setattr(floor, "SHORT", 10)
    monkeypatch.setattr(floor, "LONG", 30)
    states = []
    monkeypatch.setattr(floor, "seconds", lambda length: states.append(gc.isenabled()) or length)
    assert floor.growth(2) == {"with the collector": 3.0, "without it": 3.0}
    assert states == [True, True, True, False, False, True, True, False, False]
    assert gc.isenabled()
