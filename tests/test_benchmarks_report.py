"""The benchmarks' report and command line."""

import json

import pytest

from benchmarks import __main__ as command
from benchmarks import (
    drawing,
    layout,
    machine,
    recorded,
    report,
)
from benchmarks.columns import FLOOR, NATIVE
from benchmarks.workloads import DTYPES


def test_a_large_graph_is_drawn_whole_and_folded():
    found = drawing.measure(rounds=1, parts=60)
    assert found["parts"] == 65
    assert list(found["seconds"]) == ["draw", "draw, repeats folded", "our own layout"]
    assert min(found["seconds"].values()) > 0
    assert found["how"].startswith("laid out by")
    text = report.markdown(results() | {"draw": found | {"seconds": {"draw": 4.0, "our own layout": 2.0}}})
    assert row(text, "draw") == ["draw", "4.00 s", "3 s", "missed"]
    assert row(text, "our own layout") == ["our own layout", "2.00 s", "3 s", "met"]


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


def test_memory_with_checkpoints_stands_beside_jaxs_and_the_root_of_the_steps():
    ours, theirs = {"2500": 1_000_000, "10000": 1_900_000}, {"2500": 800_000, "10000": 2_000_000}
    text = report.markdown(results() | {"checkpoint": {"minigrad": ours, "jax": theirs}})
    assert "growth (√T: 2×)" in text
    assert row(text, "minigrad") == ["minigrad", "1.00 MB", "1.90 MB", "1.90×", "0.95× jax ≤ 1.3×", "met"]
    assert row(text, "jax") == ["jax", "0.80 MB", "2.00 MB", "2.50×", "", ""]
    alone = report.markdown(results() | {"checkpoint": {"minigrad": ours}})
    assert row(alone, "minigrad")[4:] == ["", ""]


def test_the_report_puts_each_figure_beside_its_target():
    text = report.markdown(results())
    figure, jax = "20 µs, 1.65× (1.60–1.70)", "20 µs, 1.00× (1.00–1.00)"
    heading = [
        "step",
        "dtype",
        "threads",
        "manual",
        "optimized",
        "minigrad",
        "minigrad expr",
        "jax",
        "target",
        "verdict",
    ]
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
        "digits": {"seconds": 6.0, "accuracy": 0.97},
        "loaded": {"W4 beside 2 busy processes, float32": {"native": figure, "jax": figure | {"ratio": 0.8}}},
        "networks": {"W6: convolutions, 64 × 28 × 28": {"native": figure, "torch": figure | {"seconds": 6e-3}}},
        "loops": {"W9: Kalman filter, 100 steps": {"native": figure, "jax": figure}},
        "compile": {
            "trace": [0.05, 0.04, 0.2],
            "memory": {"W4": {"optimized": {"held": 1000, "call": 0}, "compiled": bytes_of | {"call": 2000}}},
        },
    }
    text = report.markdown(results() | found)
    assert row(text, "Rosenbrock's gradient, 1000-d")[3] == "8 µs, 1.20× (1.10–1.30) ≤ 7 µs missed"
    assert row(text, "other")[-1] == "8 µs, 1.20× (1.10–1.30)"
    assert row(text, "W4 beside 2 busy processes, float32 | 1.50×")[1:] == ["1.50×", "1.20×", "missed"]
    assert row(text, "seconds, with compiling")[1:] == ["6.0", "20", "met"]
    assert row(text, "wrong of the test digits")[1:] == ["3.00%", "2%", "missed"]
    network = row(text, "W6: convolutions, 64 × 28 × 28")
    assert network[-2:] == ["8 µs, 1.20× (1.10–1.30) ≤ 5 ms met", "6 ms, 1.20× (1.10–1.30)"]
    assert row(text, "W9: Kalman filter, 100 steps")[-2] == "8 µs, 1.20× (1.10–1.30) ≤ 40 µs met"
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


def test_a_recorded_call_stands_beside_its_target_and_a_rivals_has_none():
    seconds = {recorded.BARE: 0.2e-6, recorded.OURS: 1.3e-6, recorded.TORCH: 1.5e-6}
    text = report.markdown(results() | {"chain": results()["chain"] | {"recorded": seconds}})
    assert "| np.exp(t) of 10 numbers, over np.exp(x) | 1.10 µs |  | 1.0 µs | missed |" in text
    assert "| torch.exp(t) of 10 numbers, over np.exp(x) | 1.30 µs |  |  |  |" in text
    assert recorded.measure(1, []).keys() == {recorded.BARE, recorded.OURS}


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
