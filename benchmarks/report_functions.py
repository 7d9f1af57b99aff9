"""The functions, and the networks that are no MLPs, as Markdown, each compiled figure beside its target."""

from typing import Any

from benchmarks.columns import BACKENDS, NATIVE
from benchmarks.layout import cell, duration, table, verdict
from benchmarks.targets import FUNCTIONS, LOADED, LOOPS, NETWORKS

LEGEND = (
    "One thread, float64 where no other is named. Compiled code returns a fresh array, as the others do; `jax` is "
    "under jit, and returns one of its own."
)
LEGEND_OF_NETWORKS = (
    "Two threads, float32. A step is forward, gradient and w ← w − η ∂E/∂w; the rivals are in the same interleaved "
    "run, with a rest between the columns."
)
LEGEND_OF_LOOPS = (
    "Two threads, W8 in float32, the others in float64; each is a plain `for`, JAX's a `scan` under jit. By hand, W8 "
    "goes back through time, and the gradients of the others take one complex step for each number that they are by."
)
LEGEND_OF_LOADED = (
    "Two threads, and beside them as many processes that do nothing but compute; all columns in one interleaved run. "
    "What a thread does alone takes three times as long there, by fair shares."
)
TARGETS = FUNCTIONS | NETWORKS | LOOPS
POSITION = {"compiled": 0, NATIVE: 1}


def table_of(found: dict[str, Any], kind: str = "function") -> str:
    """Give one row for each function, or for whatever ``kind`` says, one column for each way to compute it."""
    names = list(dict.fromkeys(["manual", "minigrad", *BACKENDS, *(name for case in found.values() for name in case)]))
    rows = [[case, *(_beside_target(case, columns, name) for name in names)] for case, columns in found.items()]
    return table([kind, *names], rows)


def loaded(found: dict[str, Any]) -> str:
    """Give one row for each dtype, and how native code does beside JAX."""
    rows = []
    for case, columns in found.items():
        if "jax" in columns and NATIVE in columns:
            ratio = columns[NATIVE]["ratio"] / columns["jax"]["ratio"]
            rows.append([case, f"{ratio:.2f}×", f"{LOADED:.2f}×", verdict(ratio, LOADED)])
    beside = [table(["step", "native / jax", "target", "verdict"], rows)] if rows else []
    return "\n\n".join([table_of(found, "step"), *beside])


def _beside_target(case: str, columns: dict[str, Any], name: str) -> str:
    if name not in columns:
        return ""
    text = cell(columns[name], name)
    if case in TARGETS and name in POSITION:
        target = TARGETS[case][POSITION[name]]
        text += f" ≤ {duration(target)} {verdict(columns[name]['seconds'], target)}"
    return text
