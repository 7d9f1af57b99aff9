"""The benchmarks' columns do the same work as each other and as the textbook."""

import os
import tracemalloc
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from benchmarks import (
    checkpointed,
    compiling,
    functions,
    growing,
    loaded,
    loops,
    machine,
    networks,
    optimized,
    workloads,
)
from benchmarks.columns import BASELINE, NATIVE, OF_NUMBERS, OURS, RIVALS, installed, rival
from benchmarks.compiled import Epochs
from benchmarks.products import Products
from benchmarks.workloads import DTYPES, WORKLOADS, Workload
from minigrad import textbook

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


STEPWISE = [name for name in RIVALS if name not in ("jax-scan", "torch-compile", *OF_NUMBERS)]


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


def flat(value):
    """Give what a function returned, an array, a Tensor or several, as one row."""
    parts = value if isinstance(value, tuple) else (value,)
    return np.concatenate([flat(x) if isinstance(x, tuple) else np.ravel(getattr(x, "array", x)) for x in parts])


@pytest.mark.parametrize("case", functions.CASES)
def test_a_functions_columns_compute_the_same_numbers(case, monkeypatch):
    monkeypatch.setattr(functions, "BACKENDS", {"compiled": "numpy"})  # native code of every case would take long
    columns = functions.CASES[case](small=True)
    assert list(columns) == [BASELINE, "minigrad", "compiled"]
    manual = columns.pop(BASELINE)
    expected = [flat(manual()) for _ in range(3)]
    assert np.isfinite(np.stack(expected)).all()
    tolerance = TOLERANCE["float32" if "float32" in case else "float64"]
    for column in columns.values():
        results = [flat(column()) for _ in expected]
        np.testing.assert_allclose(results, expected, rtol=tolerance, atol=tolerance)


def test_steps_of_functions_move_their_parameters():
    for case in ("Adam step of W3, float64", "logistic regression, 10⁵ × 50"):
        manual = functions.CASES[case](small=True)[BASELINE]
        first, second = manual(), manual()
        assert second < first, case


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("name", ["autograd", "jax", "torch", "casadi"])
def test_functions_by_rivals_compute_the_same_numbers(name):
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    for case, theirs in import_module(f"benchmarks.functions_{name}").CASES.items():
        manual = functions.CASES[case](small=True)[BASELINE]
        np.testing.assert_allclose(flat(theirs(small=True)()), flat(manual()), rtol=1e-11, atol=1e-12)


@pytest.mark.filterwarnings("default")
@pytest.mark.parametrize("case", networks.STARTS)
def test_steps_of_other_networks_compute_the_same_numbers_also_by_rivals(case, monkeypatch):
    pytest.importorskip("scipy")  # whose Φ the step by hand takes
    monkeypatch.setattr(networks, "BACKENDS", {"compiled": "numpy"})
    start = networks.STARTS[case](small=True)
    columns = networks.columns(start)
    for name in filter(installed, ("torch", "jax")):
        columns[name] = import_module(f"benchmarks.networks_{name}").STEPS[start.name](start)
    manual = columns.pop(BASELINE)
    expected = [float(manual()) for _ in range(3)]
    moved = max(np.abs(p - before).max() for p, before in zip(manual.parameters(), start.parameters, strict=True))
    assert moved > 1e-4
    for column in columns.values():
        np.testing.assert_allclose([float(column()) for _ in expected], expected, rtol=1e-5)
        for value, wanted in zip(column.parameters(), manual.parameters(), strict=True):
            assert value.dtype == wanted.dtype
            np.testing.assert_allclose(value, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("case", loops.CASES)
def test_loops_compute_the_same_numbers_also_by_rivals(case, monkeypatch):
    monkeypatch.setattr(loops, "BACKENDS", {"compiled": "numpy"})
    columns = loops.CASES[case](small=True)
    for name in filter(installed, ("torch", "jax", "casadi")):
        theirs = import_module(f"benchmarks.loops_{name}").CASES
        columns |= {name: theirs[case](small=True)} if case in theirs else {}
    manual = columns.pop(BASELINE)
    tolerance = 1e-5 if "W8" in case else 1e-9
    for _ in range(2):  # the second step of W8 begins at what the first has made of the weights
        wanted = flat(manual())
        for column in columns.values():
            np.testing.assert_allclose(flat(column()), wanted, rtol=tolerance, atol=tolerance)


def test_parts_of_a_long_recurrent_network_compute_what_the_whole_does_in_less_memory():
    drawn = checkpointed.draw_long(100)
    parts, whole = (checkpointed.Recurrent(*drawn, parts=parts) for parts in (True, False))
    (E, found), (wanted, gradients) = parts(), whole()
    np.testing.assert_allclose(E, wanted, rtol=1e-6)
    for a, b in zip(found, gradients, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-6)
    assert checkpointed.peak_of(parts) < checkpointed.peak_of(whole) / 4
    if installed("jax"):
        code = import_module("benchmarks.checkpointed_jax").compiled(*drawn)
        value, theirs = code(list(drawn[0]), drawn[1])
        np.testing.assert_allclose(value, wanted, rtol=1e-5)
        for a, b in zip(theirs, gradients, strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5)


def test_a_busy_machine_is_busy_while_it_is_measured(monkeypatch):
    monkeypatch.setattr(loaded, "COLUMNS", (BASELINE, "compiled"))
    with loaded.busy_processes(1):
        found = loaded.measure([], 0.0, 1, 0.001, 0.0, small=True)
    assert [name[-7:] for name in found] == list(DTYPES)
    assert all(list(columns) == [BASELINE, "compiled"] for columns in found.values())


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


def test_a_small_workload_keeps_its_layers():
    assert WORKLOADS["W5"].small() == Workload("W5", (7, 6, 5, 4), "softmax", 5, target=1.02)


@pytest.mark.parametrize("kind", growing.KINDS)
def test_each_kind_of_growing_program_has_operations_in_proportion_to_its_parts(kind):
    few, more, most = (growing.first_call(growing.KINDS[kind](n)) for n in (3, 6, 12))
    assert most.operations - more.operations == 2 * (more.operations - few.operations) > 0
    assert most.traced > most.operations / 2
    assert most.seconds > 0
