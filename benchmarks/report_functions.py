"""The functions beyond networks as Markdown, each compiled figure beside its target."""

from typing import Any

from benchmarks.columns import BACKENDS, NATIVE
from benchmarks.layout import cell, duration, table, verdict
from benchmarks.targets import FUNCTIONS

LEGEND = (
    "One thread, float64 where no other is named. Compiled code returns a fresh array, as the others do; `jax` is "
    "under jit, and returns one of its own."
)
POSITION = {"compiled": 0, NATIVE: 1}


def table_of(found: dict[str, Any]) -> str:
    """Give one row for each function, one column for each way to compute it."""
    names = list(dict.fromkeys(["manual", "minigrad", *BACKENDS, *(name for case in found.values() for name in case)]))
    rows = [[case, *(_beside_target(case, columns, name) for name in names)] for case, columns in found.items()]
    return table(["function", *names], rows)


def _beside_target(case: str, columns: dict[str, Any], name: str) -> str:
    if name not in columns:
        return ""
    text = cell(columns[name], name)
    if case in FUNCTIONS and name in POSITION:
        target = FUNCTIONS[case][POSITION[name]]
        text += f" ≤ {duration(target)} {verdict(columns[name]['seconds'], target)}"
    return text
