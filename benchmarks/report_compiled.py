"""The compiled code's figures as Markdown, each beside its target."""

from typing import Any

from benchmarks import targets
from benchmarks.columns import BASELINE, EPOCHS, FLOOR, NATIVE
from benchmarks.layout import cell, table, verdict
from benchmarks.workloads import DTYPES, WORKLOADS

TARGETS = {"compiled": targets.COMPILED, NATIVE: targets.NATIVE, EPOCHS: targets.IN_ONE_CALL}
RIVALS = ("jax", "jax-scan", "torch-compile")

LEGEND = (
    "The same run. Where BLAS has several threads there is a rest between the columns, so that no pool of threads "
    "still looks for work when the next column's begins. `native epochs` and `jax-scan` are steps of a call that "
    "makes many; the target of a ratio stands behind it. `BLAS products alone` is the floor of whatever multiplies "
    "these matrices by NumPy's BLAS, which on an AMD EPYC was quicker than PyTorch's MKL, and need not be on other "
    "processors; native code sums products by itself, and threads of its own share the large ones."
)
NOT_INSTALLED = "Not measured: `native`, which needs numba and SciPy (`pip install numba scipy`)."


def steps(measured: dict[str, Any]) -> str:
    """Give one row for each step and dtype, one column for each way to run it as code."""
    found = [(name, dtype, step["columns"]) for name, by_dtype in measured.items() for dtype, step in by_dtype.items()]
    shown = {name for _, _, columns in found for name in columns}
    names = [name for name in (BASELINE, "optimized", *TARGETS, FLOOR, *RIVALS) if name in shown]
    rows = [
        [f"{WORKLOADS[name]}, {dtype}", *(_beside_target(columns, column, name, dtype) for column in names)]
        for name, dtype, columns in found
    ]
    text = table(["step", *names], rows)
    return "\n\n".join(filter(None, [text, above_floor(found) if NATIVE in shown else NOT_INSTALLED]))


def _beside_target(columns: dict[str, Any], column: str, workload: str, dtype: str) -> str:
    if column not in columns:
        return ""
    text = cell(columns[column], column)
    if workload in TARGETS.get(column, ()):
        target = TARGETS[column][workload][DTYPES.index(dtype)]
        text += f" ≤ {target:g} {verdict(columns[column]['ratio'], target)}"
    return text


def above_floor(found: list[tuple[str, str, Any]]) -> str:
    """Set native code beside the products, where these are most of the step."""
    rows = []
    for name, dtype, columns in found:
        if name in targets.ABOVE_FLOOR and FLOOR in columns and NATIVE in columns:
            ratio, target = columns[NATIVE]["ratio"] / columns[FLOOR]["ratio"], targets.ABOVE_FLOOR[name]
            rows.append([name, dtype, f"{ratio:.2f}×", f"{target:.2f}×", verdict(ratio, target)])
    return table(["step", "dtype", "native / BLAS products alone", "target", "verdict"], rows) if rows else ""
