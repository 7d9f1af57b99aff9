"""All columns by name: ours, and the rivals, which are imported only when one is asked for."""

from collections.abc import Iterable
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec

from benchmarks.byhand import Manual
from benchmarks.engine import Expressions, Layers
from benchmarks.optimised import Optimised
from benchmarks.workloads import Column

BASELINE = "manual"
OURS: dict[str, type[Column]] = {
    BASELINE: Manual,
    "optimised": Optimised,
    "minigrad": Layers,
    "minigrad expr": Expressions,
}
RIVALS = ("torch", "jax", "autograd", "mygrad")


def rival(name: str) -> type[Column]:
    """Give the rival's column, importing the rival."""
    step: type[Column] = import_module(f"benchmarks.rival_{name}").Step
    return step


def installed(name: str) -> bool:
    """Say whether a rival can be imported."""
    return find_spec(name) is not None


def versions(names: Iterable[str]) -> dict[str, str]:
    """Give the versions of the packages."""
    return {name: version(name) for name in names}
