"""What compiling costs, as Markdown."""

from typing import Any

from benchmarks import targets
from benchmarks.columns import BACKENDS, NATIVE
from benchmarks.layout import Row, duration, table, verdict

LEGEND = (
    "Seconds of the processor from the layers to the first result of W2 in float32: tracing, planning and one step; "
    "for native code in a fresh process, after importing minigrad, numba and SciPy's BLAS. Memory is what a step in "
    "float32 holds in arrays between calls, with the parameters and without X and T, and what a call adds at its peak; "
    "BLAS's own is not counted. NumPy buffers up to 32 KiB where a row is added to every row of a large array, in the "
    "hand-optimized code too."
)
TIMES = {
    "trace": ("tracing and planning W2", targets.TRACE),
    "native": ("native code of W2, nothing kept", targets.COLD),
    "cached": ("native code of W2, kept by another process", targets.CACHED),
}


def table_of(found: dict[str, Any]) -> str:
    """Give the times and, for each large step, its memory beside the hand-optimized code's."""
    rows: list[Row] = []
    for key, (label, target) in TIMES.items():
        if key in found:
            middle, low, high = found[key]
            text = f"{duration(middle)} ({duration(low)}–{duration(high)})"
            rows.append([label, text, duration(target), verdict(middle, target)])
    for workload, by_column in found["memory"].items():
        rows += _memory(workload, by_column)
    return table(["compiling", "measured", "target", "verdict"], rows)


def _memory(workload: str, by_column: dict[str, dict[str, int]]) -> list[Row]:
    whole = {name: bytes_of["held"] + bytes_of["call"] for name, bytes_of in by_column.items()}
    rows: list[Row] = [[f"memory of {workload}, optimized", f"{whole['optimized'] / 1e6:.2f} MB", "", ""]]
    rows += [["beyond it in a call, optimized", f"{by_column['optimized']['call']} bytes", "", ""]]
    for name in (name for name in ("compiled", NATIVE) if name in BACKENDS and name in whole):
        ratio, call = whole[name] / whole["optimized"], by_column[name]["call"]
        text = f"{whole[name] / 1e6:.2f} MB, {ratio:.3f}× the optimized"
        rows.append([f"memory of {workload}, {name}", text, f"{targets.MEMORY}×", verdict(ratio, targets.MEMORY)])
        limit = f"{targets.CALL} bytes"
        rows.append([f"beyond it in a call, {name}", f"{call} bytes", limit, verdict(call, targets.CALL)])
    return rows
