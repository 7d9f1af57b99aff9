"""The results as Markdown, each figure beside its target."""

from typing import Any

from benchmarks import recorded, report_compiled, report_compiling, report_functions
from benchmarks.columns import COMPILED, OURS
from benchmarks.layout import cell, table, verdict
from benchmarks.targets import CHECKPOINT, DIGITS
from benchmarks.workloads import WORKLOADS

# Microseconds an operation, bytes an operation, milliseconds. The target for forward was set where NumPy alone took
# 0.41 µs an operation, so that on another machine their ratio says more.
FORWARD, NUMPY_FORWARD, BACKWARD, GROWTH, BYTES, IMPORT = 0.75, 0.41, 0.60, 1.3, 600, 15
RECORDED = 1.0  # microseconds that a recorded call takes beyond the bare ufunc
DRAW = 3  # seconds
DERIVE, DERIVE_GROWTH = {"3": 50, "50": 1500}, 1.3  # milliseconds by the number of layers; beside linear
STEPS = 500  # milliseconds for all steps of a network of 3 layers, checked


def markdown(results: dict[str, Any]) -> str:
    """Give whatever was measured as headings and tables."""
    parts = ["# Benchmarks", machine(results["about"])]
    if results["steps"]:
        parts += ["## Training steps", LEGEND, steps(results["steps"])]
        parts += ["## Compiled training steps", report_compiled.LEGEND, report_compiled.steps(results["steps"])]
    if results.get("loaded"):
        parts += ["## A busy machine", report_functions.LEGEND_OF_LOADED, report_functions.loaded(results["loaded"])]
    if results.get("networks"):
        found = report_functions.table_of(results["networks"], "network")
        parts += ["## Networks of other kinds", report_functions.LEGEND_OF_NETWORKS, found]
    if results.get("loops"):
        found = report_functions.table_of(results["loops"], "loop")
        parts += ["## Loops over time", report_functions.LEGEND_OF_LOOPS, found]
    if results.get("digits"):
        parts += ["## Digits, from nothing", digits(results["digits"])]
    if results.get("functions"):
        parts += [
            "## Functions beyond networks",
            report_functions.LEGEND,
            report_functions.table_of(results["functions"]),
        ]
    if results.get("compile"):
        parts += ["## What compiling costs", report_compiling.LEGEND, report_compiling.table_of(results["compile"])]
    if results["chain"]:
        parts += ["## A chain of tiny operations", chain(results["chain"])]
    if results.get("checkpoint"):
        parts += ["## Memory with checkpoints", checkpointed(results["checkpoint"])]
    if results["derive"]:
        parts += ["## Trace, simplify and derive an MLP", derivation(results["derive"])]
    if results.get("draw"):
        parts += ["## Draw a large graph", drawing(results["draw"])]
    if results["import"]:
        parts += ["## Import", imports(results["import"])]
    return "\n\n".join(parts) + "\n"


LEGEND = (
    "Median time of a step, and its ratio to the manual step's: the median over the rounds of an interleaved run, "
    "with its quartiles. The target is for minigrad. Each rival has a run of its own, with the manual step."
)


def machine(about: dict[str, Any]) -> str:
    """List the processor and the versions."""
    return "\n".join(f"- {name}: {value}" for name, value in about.items())


def steps(measured: dict[str, Any]) -> str:
    """Give one row for each step and dtype, one column for each way to compute it, and the BLAS behind them."""
    found = [(WORKLOADS[name], dtype, step) for name, by_dtype in measured.items() for dtype, step in by_dtype.items()]
    every = dict.fromkeys([*OURS, *(name for _, _, step in found for name in step["columns"])])
    names = [name for name in every if name not in COMPILED]
    rows = []
    for workload, dtype, step in found:
        columns, threads = step["columns"], str(step["blas"].get("threads", "?"))
        cells = [cell(columns[name], name) if name in columns else "" for name in names]
        target = [f"{workload.target:.2f}×", verdict(columns["minigrad"]["ratio"], workload.target)]
        rows.append([str(workload), dtype, threads, *cells, *target])
    heading = ["step", "dtype", "threads", *names, "target", "verdict"]
    kernels = dict.fromkeys(blas(step["blas"]) for _, _, step in found)
    return table(heading, rows) + "\n\nBLAS: " + "; ".join(kernels)


def blas(found: dict[str, Any]) -> str:
    """Name the library and the kernel that it chose for this processor."""
    return f"{found['config'] or found['name']}, kernel {found['kernel']}"


def digits(found: dict[str, float]) -> str:
    """Give the time that W12 takes, and how good it is then."""
    seconds, accuracy = DIGITS
    rows = [
        ["seconds, with compiling", f"{found['seconds']:.1f}", f"{seconds:g}", verdict(found["seconds"], seconds)],
        ["wrong of the test digits", f"{1 - found['accuracy']:.2%}", f"{1 - accuracy:.0%}",
         verdict(1 - found["accuracy"], 1 - accuracy)],
    ]  # fmt: skip
    return table(["W12: 1797 images, 8 × 8", "measured", "target", "verdict"], rows)


def chain(found: dict[str, Any]) -> str:
    """Give the cost of an operation at both lengths, beside NumPy's own."""
    short, long, relative, growth = (found[key] for key in ("short", "long", "relative", "growth"))

    def microseconds(key: str) -> list[str]:
        return [f"{length[key] * 1e6:.2f} µs" for length in (short, long)]

    rows = [
        ["forward", *microseconds("forward"), f"{FORWARD} µs", verdict(short["forward"] * 1e6, FORWARD)],
        ["forward by NumPy alone", *microseconds("numpy_forward"), f"was {NUMPY_FORWARD} µs", ""],
        [
            "forward / NumPy alone",
            *(f"{ratio:.2f}×" for ratio in relative),
            f"{FORWARD / NUMPY_FORWARD:.2f}×",
            verdict(relative[0], FORWARD / NUMPY_FORWARD),
        ],
        ["backward", *microseconds("backward"), f"{BACKWARD} µs", verdict(short["backward"] * 1e6, BACKWARD)],
        ["backward by NumPy alone", *microseconds("numpy_backward"), "", ""],
        ["growth of forward + backward", "", f"{growth:.2f}×", f"{GROWTH}×", verdict(growth, GROWTH)],
        *(
            [f"its floor: a bare object an operation, {name}", "", f"{value:.2f}×", "", ""]
            for name, value in found.get("floor", {}).items()
        ),
        ["freeing", *microseconds("freeing"), "", ""],
        *_recorded(found.get("recorded", {})),
        ["memory held (at 10⁵)", f"{found['bytes']:.0f} bytes", "", f"{BYTES} bytes", verdict(found["bytes"], BYTES)],
    ]
    return table(["an operation", "10³ operations", "10⁶ operations", "target", "verdict"], rows)


def _recorded(seconds: dict[str, float]) -> list[list[str]]:
    """Give what a recorded call of each library takes beyond the bare ufunc's time."""
    over = {name: (value - seconds[recorded.BARE]) * 1e6 for name, value in seconds.items() if name != recorded.BARE}
    bars = {recorded.OURS: [f"{RECORDED:.1f} µs", verdict(over.get(recorded.OURS, 0.0), RECORDED)]}
    return [
        [f"{name} of 10 numbers, over {recorded.BARE}", f"{value:.2f} µs", "", *bars.get(name, ["", ""])]
        for name, value in over.items()
    ]


def checkpointed(found: dict[str, Any]) -> str:
    """Give the memory of W8's gradient over each number of steps, and how it grows, beside the root of their ratio."""
    lengths = list(next(iter(found.values())))
    few, many = lengths[0], lengths[-1]
    ours, theirs = found["minigrad"], found.get("jax")
    rows = []
    for name, sizes in found.items():
        growth = sizes[many] / sizes[few]
        target = ["", ""]
        if name == "minigrad" and theirs is not None:
            ratio = ours[many] / theirs[many]
            target = [f"{ratio:.2f}× jax ≤ {CHECKPOINT}×", verdict(ratio, CHECKPOINT)]
        rows.append([name, *(f"{sizes[n] / 1e6:.2f} MB" for n in lengths), f"{growth:.2f}×", *target])
    root = (int(many) / int(few)) ** 0.5
    heading = ["W8's gradient", *(f"{n} steps" for n in lengths), f"growth (√T: {root:g}×)", "target", "verdict"]
    return table(heading, rows)


def derivation(found: dict[str, Any]) -> str:
    """Give the time at each depth, and that of a layer in the deepest network beside one of 25 layers."""
    rows = []
    for depth, seconds in found["seconds"].items():
        target = [f"{DERIVE[depth]} ms", verdict(seconds * 1e3, DERIVE[depth])] if depth in DERIVE else ["", ""]
        rows.append([f"{depth} layers", f"{seconds * 1e3:.1f} ms", *target])
    growth = [f"{found['growth']:.2f}×", f"{DERIVE_GROWTH}×", verdict(found["growth"], DERIVE_GROWTH)]
    steps = [f"{found['steps'] * 1e3:.1f} ms", f"{STEPS} ms", verdict(found["steps"] * 1e3, STEPS)]
    last = [["growth of a layer's time", *growth], ["3 layers, each line's steps told and checked", *steps]]
    return table(["a network", "time", "target", "verdict"], [*rows, *last])


def drawing(found: dict[str, Any]) -> str:
    """Give the time of each way to a picture of the graph, and what laid out draw's."""
    rows = [
        [name, f"{seconds:.2f} s", f"{DRAW:g} s", verdict(seconds, DRAW)] for name, seconds in found["seconds"].items()
    ]
    heading = [f"{found['parts']} boxes and operations to SVG", "time", "target", "verdict"]
    return table(heading, rows) + f"\n\ndraw's was {found['how']}."


def imports(found: dict[str, Any]) -> str:
    """Give both times, and the difference beside its target."""
    low, high = (seconds * 1e3 for seconds in found["quartiles"])
    own = found["difference"] * 1e3
    row = [
        f"{found['numpy'] * 1e3:.1f} ms",
        f"{found['minigrad'] * 1e3:.1f} ms",
        f"{own:.1f} ms ({low:.1f}–{high:.1f})",
        f"{IMPORT} ms",
        verdict(own, IMPORT),
    ]
    return table(["import numpy", "import minigrad", "minigrad's own", "target", "verdict"], [row])
