"""The benchmarks' columns do the same work, and the harness computes what it says."""

import gc
import json
import os
import sys
import tracemalloc
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from benchmarks import __main__ as command
from benchmarks import (
    chain,
    compiling,
    derivation,
    drawing,
    floor,
    functions,
    imports,
    layout,
    machine,
    optimized,
    report,
    timing,
    worker,
    workloads,
)
from benchmarks.columns import BASELINE, FLOOR, NATIVE, OURS, RIVALS, installed, measured, rival
from benchmarks.compiled import Epochs
from benchmarks.products import Products
from benchmarks.timing import Figure, calls_lasting, elapsed, figures, interleaved
from benchmarks.workloads import DTYPES, WORKLOADS, Workload
from minigrad import Tensor, textbook

SMALL = [workload.small() for workload in WORKLOADS.values()]
TOLERANCE = {"float32": 1e-5, "float64": 1e-12}

each_workload = pytest.mark.parametrize("workload", SMALL, ids=lambda w: w.name)
each_dtype = pytest.mark.parametrize("dtype", DTYPES)


def trained(column, start, steps=3):
    """Give the column after some steps, and E of each."""
    step = column(start)
    return step, [float(step()) for _ in range(steps)]


def assert_same_training(column, start, tolerance):
    manual, expected = trained(OURS[BASELINE], start)
    step, errors = trained(column, start)
    np.testing.assert_allclose(errors, expected, rtol=tolerance)
    for value, wanted, before in zip(step.parameters(), manual.parameters(), start.parameters, strict=True):
        assert value.dtype == wanted.dtype
        np.testing.assert_allclose(value, wanted, rtol=tolerance, atol=tolerance)
        assert np.abs(wanted - before).max() > 100 * tolerance, "the training must be seen to move the parameters"


# The columns


@each_workload
@each_dtype
def test_the_manual_step_is_the_textbooks(workload, dtype):
    start = workload.start(dtype, lr=0.5)
    problem = {"identity": "regression", "softmax": "classification"}[workload.output]
    network = textbook.Network(workload.sizes, problem, dtype=dtype)
    network.weights, network.biases = start.parameters[::2], start.parameters[1::2]
    manual, errors = trained(OURS[BASELINE], start)
    expected = [network.step(start.X, start.T, start.lr) for _ in errors]
    np.testing.assert_allclose(errors, expected, rtol=TOLERANCE[dtype])
    layers = zip(network.weights, network.biases, strict=True)
    for value, wanted in zip(manual.parameters(), (p for layer in layers for p in layer), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=TOLERANCE[dtype], atol=TOLERANCE[dtype])


@each_workload
@each_dtype
@pytest.mark.parametrize("name", [name for name in OURS if name not in (BASELINE, NATIVE)])
def test_our_columns_compute_the_same_numbers(name, workload, dtype):
    assert_same_training(OURS[name], workload.start(dtype, lr=0.5), TOLERANCE[dtype])


@pytest.mark.parametrize(("workload", "dtype"), [*zip(SMALL, DTYPES, strict=False)], ids=str)  # more is slow
def test_native_code_computes_the_same_numbers_in_steps_and_in_epochs(workload, dtype, monkeypatch):
    if NATIVE not in OURS:
        pytest.skip("numba or scipy is not installed")
    monkeypatch.setattr(workloads, "MOST_STEPS", 3)
    start = workload.start(dtype, lr=0.5)
    assert_same_training(OURS[NATIVE], start, TOLERANCE[dtype])
    assert_same_epoch(Epochs, start, TOLERANCE[dtype])


def assert_same_epoch(column, start, tolerance):
    manual, expected = trained(OURS[BASELINE], start)
    epochs = column(start)
    np.testing.assert_allclose(epochs(), expected, rtol=tolerance)
    for value, wanted in zip(epochs.parameters(), manual.parameters(), strict=True):
        np.testing.assert_allclose(value, wanted, rtol=tolerance, atol=tolerance)


@each_workload
def test_the_floor_has_every_product_of_the_step_and_nothing_else(workload):
    start = workload.start("float64")
    products = Products(start)
    for *_, out in products.calls:
        out[...] = np.nan
    products()
    for a, b, out in products.calls:
        np.testing.assert_allclose(out, a @ b, rtol=1e-12, atol=1e-12)
    sizes = [W.size for W in start.weights]
    multiplications = sum(len(a) * b.size for a, b, _ in products.calls)
    assert multiplications == workload.batch * (3 * sum(sizes) - sizes[0])


STEPWISE = [name for name in RIVALS if name not in ("jax-scan", "torch-compile")]


@each_workload
@each_dtype
@pytest.mark.parametrize("name", STEPWISE)
@pytest.mark.filterwarnings("default")
def test_rivals_compute_the_same_numbers(name, workload, dtype):
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    assert_same_training(rival(name), workload.start(dtype, lr=0.5), TOLERANCE[dtype])


@each_dtype
@pytest.mark.parametrize("workload", SMALL[:2], ids=lambda w: w.name)
@pytest.mark.filterwarnings("default")
def test_rivals_that_make_many_steps_in_a_call_compute_the_same_numbers(workload, dtype, monkeypatch):
    if not installed("jax-scan"):
        pytest.skip("jax is not installed")
    monkeypatch.setattr(workloads, "MOST_STEPS", 3)
    assert_same_epoch(rival("jax-scan"), workload.start(dtype, lr=0.5), TOLERANCE[dtype])


@pytest.mark.filterwarnings("default")
def test_a_rival_compiled_as_a_whole_computes_the_same_numbers():
    if not installed("torch-compile"):
        pytest.skip("torch is not installed")
    assert_same_training(rival("torch-compile"), SMALL[1].start("float64", lr=0.5), 1e-12)


@pytest.mark.parametrize("joined", [0, 30])  # no layer has its bias in W, or all but the second of 4-6-5-3
def test_the_optimized_step_is_the_same_in_large_networks(joined, monkeypatch):
    monkeypatch.setattr(optimized, "CHUNK", 10)  # the small networks fit into one chunk otherwise
    monkeypatch.setattr(optimized, "JOINED", joined)
    assert_same_training(optimized.Optimized, SMALL[1].start("float64", lr=0.5), 1e-12)


@pytest.mark.parametrize("name", OURS)
def test_columns_leave_the_start_as_it_was(name):
    start, same = (SMALL[2].start("float64", lr=0.5) for _ in range(2))
    trained(OURS[name], start)
    arrays = [[s.X, s.T, *s.weights, *s.biases] for s in (start, same)]
    for used, untouched in zip(*arrays, strict=True):
        np.testing.assert_array_equal(used, untouched)


def test_a_workload_has_its_shapes_and_a_rate_for_the_sum_over_the_batch():
    start = WORKLOADS["W2"].start("float32", lr=0.08)
    assert (start.X.shape, start.T.shape, start.lr) == ((8, 4), (8, 3), 0.01)
    assert [p.shape for p in start.parameters] == [(4, 25), (25,), (25, 25), (25,), (25, 3), (3,)]
    assert {a.dtype for a in (start.X, start.T, *start.parameters)} == {np.dtype(np.float32)}
    np.testing.assert_array_equal(start.T.sum(axis=1), np.ones(8))


# Functions, and what compiling costs


@pytest.mark.parametrize("case", functions.CASES)
def test_a_functions_columns_compute_the_same_numbers(case, monkeypatch):
    monkeypatch.setattr(functions, "BACKENDS", {"compiled": "numpy"})  # native code of every case would take long
    columns = functions.CASES[case](small=True)
    assert list(columns) == [BASELINE, "minigrad", "compiled"]
    manual = columns.pop(BASELINE)
    expected = [manual() for _ in range(3)]
    assert np.isfinite(np.stack(expected)).all()
    tolerance = TOLERANCE["float32" if "float32" in case else "float64"]
    for column in columns.values():
        results = [column() for _ in expected]
        results = [value.data if isinstance(value, Tensor) else value for value in results]
        np.testing.assert_allclose(results, expected, rtol=tolerance, atol=tolerance)


def test_steps_of_functions_move_their_parameters():
    for case in ("Adam step of W3, float64", "logistic regression, 10⁵ × 50"):
        manual = functions.CASES[case](small=True)[BASELINE]
        first, second = manual(), manual()
        assert second < first, case


@pytest.mark.filterwarnings("default")
def test_functions_by_jax_compute_the_same_numbers():
    if not installed("jax"):
        pytest.skip("jax is not installed")
    for case, by_jax in import_module("benchmarks.functions_jax").CASES.items():
        np.testing.assert_allclose(by_jax(small=True)(), functions.CASES[case](small=True)[BASELINE](), rtol=1e-12)


def test_memory_is_that_held_between_calls_and_what_a_call_adds():
    class Column:
        def __init__(self, start):
            self.held = np.empty(100_000, np.uint8)

        def __call__(self):
            np.empty(1_000_000, np.uint8)

    found = compiling.memory(Column, None)
    assert found["held"] == 100_000
    assert 1_000_000 <= found["call"] < 1_010_000
    assert not tracemalloc.is_tracing()


def test_native_code_is_timed_with_an_empty_cache_and_then_with_the_same(monkeypatch):
    folders = []

    def run(arguments, threads, more):
        folders.append((more["MINIGRAD_CACHE"], os.listdir(more["MINIGRAD_CACHE"])))
        Path(more["MINIGRAD_CACHE"], "code").touch()
        return "2.0" if len(folders) == 1 else "0.25"

    monkeypatch.setattr(machine, "run", run)
    assert compiling._fresh_processes() == (2.0, 0.25)
    assert folders == [(folders[0][0], []), (folders[0][0], ["code"])]


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


def test_a_large_graph_is_drawn_whole_and_folded():
    found = drawing.measure(rounds=1, parts=60)
    assert found["parts"] == 65
    assert list(found["seconds"]) == ["draw", "draw, repeats folded", "our own layout"]
    assert min(found["seconds"].values()) > 0
    assert found["how"].startswith("laid out by")
    text = report.markdown(results() | {"draw": found | {"seconds": {"draw": 4.0, "our own layout": 2.0}}})
    assert row(text, "draw") == ["draw", "4.00 s", "3 s", "missed"]
    assert row(text, "our own layout") == ["our own layout", "2.00 s", "3 s", "met"]


# The report and the command line


def results():
    figure = {"seconds": 2e-5, "ratio": 1.0, "quartiles": [1.0, 1.0], "rounds": 5}
    columns = {"manual": figure, "minigrad": figure | {"ratio": 1.65, "quartiles": [1.6, 1.7]}, "jax": figure}
    cost = {"forward": 0.7e-6, "backward": 0.7e-6, "freeing": 1e-7, "numpy_forward": 0.35e-6, "numpy_backward": 5e-7}
    blas = {"name": "b", "config": "OpenBLAS 0.3", "kernel": "Zen", "threads": 2}
    step = {"float32": {"blas": blas, "columns": columns}}
    depths = {"3": 0.02, "25": 0.5, "50": 1.6, "100": 2.0}
    return {
        "about": {"numpy": "2.4"},
        "steps": {"W1": step, "W2": step},
        "chain": {"short": cost, "long": cost, "relative": [2.0, 4.0], "growth": 1.5, "bytes": 600.0},
        "derive": {"seconds": depths, "growth": 1.25, "steps": 0.04, "rounds": 9},
        "import": {"numpy": 0.1, "minigrad": 0.12, "difference": 0.02, "quartiles": [0.019, 0.022], "rounds": 15},
    }


def row(text, beginning):
    (line,) = (line for line in text.splitlines() if line.startswith(f"| {beginning} |"))
    return [part.strip() for part in line.strip("|").split("|")]


def test_the_report_puts_each_figure_beside_its_target():
    text = report.markdown(results())
    figure, jax = "20 µs, 1.65× (1.60–1.70)", "20 µs, 1.00× (1.00–1.00)"
    heading = ["step", "dtype", "threads", "manual", "optimized", "minigrad", "minigrad expr", "jax", "target", ""]
    assert row(text.split("## Compiled")[0], "step") == heading
    assert row(text, "W1: 1-3-1, batch 1")[2:] == ["2", "20 µs", "", figure, "", jax, "1.70×", "met"]
    assert row(text, "W2: 4-25-25-3, batch 8")[-2:] == ["1.60×", "missed"]
    assert row(text, "forward") == ["forward", "0.70 µs", "0.70 µs", "0.75 µs", "met"]
    assert row(text, "forward / NumPy alone")[1:] == ["2.00×", "4.00×", "1.83×", "missed"]
    assert row(text, "backward")[-1] == "missed"
    assert row(text, "growth of forward + backward")[2:] == ["1.50×", "1.3×", "missed"]
    assert row(text, "memory held (at 10⁵)")[-1] == "met"
    assert row(text, "3 layers") == ["3 layers", "20.0 ms", "50 ms", "met"]
    assert row(text, "25 layers") == ["25 layers", "500.0 ms", "", ""]
    assert row(text, "50 layers") == ["50 layers", "1600.0 ms", "1500 ms", "missed"]
    assert row(text, "growth of a layer's time")[1:] == ["1.25×", "1.3×", "met"]
    assert row(text, "3 layers, each line's steps told and checked")[1:] == ["40.0 ms", "500 ms", "met"]
    assert row(text, "100.0 ms") == ["100.0 ms", "120.0 ms", "20.0 ms (19.0–22.0)", "15 ms", "missed"]
    assert "- numpy: 2.4" in text
    assert "BLAS: OpenBLAS 0.3, kernel Zen\n" in text


def test_the_report_puts_compiled_steps_beside_their_targets_and_the_floor():
    figure = {"seconds": 2e-5, "ratio": 0.6, "quartiles": [0.58, 0.62], "rounds": 5}
    ours = dict.fromkeys(["manual", "minigrad", "compiled", NATIVE], figure)
    columns = ours | {FLOOR: figure | {"ratio": 0.5}}
    step = {dtype: {"blas": results()["steps"]["W1"]["float32"]["blas"], "columns": columns} for dtype in DTYPES}
    columns |= {"native epochs": figure | {"seconds": 3e-8, "ratio": 0.0015, "quartiles": [0.0014, 0.0016]}}
    text = report.markdown(results() | {"steps": {"W1": step, "W5": step}}).split("## Compiled")[1]
    assert row(text, "W1: 1-3-1, batch 1, float32")[2:] == [
        "20 µs, 0.60× (0.58–0.62) ≤ 0.45 missed",
        "20 µs, 0.60× (0.58–0.62) ≤ 0.05 missed",
        "30 ns, 0.0015× (0.0014–0.0016) ≤ 0.003 met",
        "20 µs, 0.50× (0.58–0.62)",
    ]
    assert "≤ 0.7 met" in row(text, "W5: 2048-2048-2048-1000, batch 512, float64")[2]
    assert row(text, "W5 | float32") == ["W5", "float32", "1.20×", "1.10×", "missed"]
    assert "Not measured: `native`" in report.markdown(results())


def test_the_report_puts_functions_and_compiling_beside_their_targets():
    figure = {"seconds": 8e-6, "ratio": 1.2, "quartiles": [1.1, 1.3], "rounds": 5}
    bytes_of = {"held": 900, "call": 200}
    found = {
        "functions": {
            "Rosenbrock's gradient, 1000-d": {"manual": figure, "compiled": figure},
            "other": {"jax": figure},
        },
        "compile": {
            "trace": [0.05, 0.04, 0.2],
            "memory": {"W4": {"optimized": {"held": 1000, "call": 0}, "compiled": bytes_of | {"call": 2000}}},
        },
    }
    text = report.markdown(results() | found)
    assert row(text, "Rosenbrock's gradient, 1000-d")[3] == "8 µs, 1.20× (1.10–1.30) ≤ 7 µs missed"
    assert row(text, "other")[-1] == "8 µs, 1.20× (1.10–1.30)"
    assert row(text, "tracing and planning W2")[1:] == ["50 ms (40 ms–200 ms)", "100 ms", "met"]
    assert row(text, "memory of W4, compiled")[1:] == ["0.00 MB, 2.900× the optimized", "1.05×", "missed"]
    assert row(text, "beyond it in a call, compiled")[1:] == ["2000 bytes", "1024 bytes", "missed"]


def test_the_report_leaves_out_what_was_not_measured():
    text = report.markdown(results() | {"steps": {}, "derive": None, "import": None})
    headings = [line for line in text.splitlines() if line.startswith("#")]
    assert headings == ["# Benchmarks", "## A chain of tiny operations"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(9.4e-6, "9.4 µs"), (123.4e-6, "123 µs"), (4.56e-3, "4.56 ms"), (0.25, "250 ms"), (12.3, "12.3 s")],
)
def test_durations_are_readable(seconds, text):
    assert layout.duration(seconds) == text


def test_the_command_writes_what_it_prints(monkeypatch, tmp_path, capsys):
    asked = []
    monkeypatch.setattr(command, "measure", lambda *given: asked.append(given) or results())
    command.main(["--quick", "--only", "W1,chain", "--out", str(tmp_path / "new")])
    assert asked == [(("W1", "chain"), (), command.QUICK)]
    assert json.loads((tmp_path / "new" / "benchmarks.json").read_text("utf-8")) == results()
    assert (tmp_path / "new" / "benchmarks.md").read_text("utf-8") in capsys.readouterr().out


def test_each_part_is_measured_by_a_worker_with_its_threads(monkeypatch):
    ran = []

    def run(arguments, threads):
        task = json.loads(arguments[2])
        ran.append((task["task"], task.get("dtype"), threads))
        return json.dumps(len(ran))

    monkeypatch.setattr(machine, "run", run)
    found = command.measure(("W3", "W4", "chain", "derive"), (), command.QUICK)
    w3, w4 = (("W3", dtype, 1) for dtype in DTYPES), (("W4", dtype, 2) for dtype in DTYPES)
    assert ran == [*w3, *w4, ("chain", None, 1), ("derive", None, 1)]
    assert found["steps"] == {"W3": {"float32": 1, "float64": 2}, "W4": {"float32": 3, "float64": 4}}
    assert (found["chain"], found["derive"]) == (5, 6)
    assert found["import"] is None


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (["--only", "W1,W9"], "'W9' is not one of W1, W2"),
        (["--rivals", "tinygrad"], "'tinygrad' is not one of torch, torch-compile"),
    ],
)
def test_unknown_names_are_refused(argv, message, capsys):
    with pytest.raises(SystemExit):
        command.arguments(argv)
    assert message in capsys.readouterr().err


def test_a_rival_that_is_not_installed_is_refused_before_anything_is_measured(monkeypatch, capsys):
    monkeypatch.setattr(command, "installed", lambda name: name != "jax")
    with pytest.raises(SystemExit):
        command.arguments(["--rivals", "torch,jax"])
    assert "not installed: jax; try  pip install jax" in capsys.readouterr().err


def test_a_small_workload_keeps_its_layers():
    assert WORKLOADS["W5"].small() == Workload("W5", (7, 6, 5, 4), "softmax", 5, target=1.02)


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
