"""All columns by name: ours, and the rivals, which are imported only when one is asked for."""

from collections.abc import Callable, Iterable
from importlib import import_module
from importlib.metadata import version
from importlib.util import find_spec
from typing import Any

from benchmarks.byhand import Manual
from benchmarks.compiled import Compiled, Epochs, Native
from benchmarks.engine import Expressions, Layers
from benchmarks.optimized import Optimized
from benchmarks.products import Products
from benchmarks.workloads import Column, Start

BASELINE, NATIVE, EPOCHS, FLOOR = "manual", "native", "native epochs", "BLAS products alone"
COMPILED = {"compiled", NATIVE, EPOCHS, FLOOR, "jax-scan", "torch-compile"}  # which the report has in a table of theirs
RIVALS = ("torch", "torch-compile", "jax", "jax-scan", "autograd", "mygrad", "casadi")
OF_NUMBERS = ("casadi",)  # which have functions and loops, and no steps of networks


def installed(name: str) -> bool:
    """Say whether a rival, or another package, can be imported."""
    return find_spec(package(name)) is not None


def package(name: str) -> str:
    """Give the package of a rival: `jax-scan` is one way to use jax."""
    return name.partition("-")[0]


BACKENDS = {"compiled": "numpy"}
if all(map(installed, ("numba", "scipy"))):
    BACKENDS[NATIVE] = "native"

OURS: dict[str, type[Column]] = {
    BASELINE: Manual,
    "optimized": Optimized,
    "minigrad": Layers,
    "minigrad expr": Expressions,
    "compiled": Compiled,
} | ({NATIVE: Native} if NATIVE in BACKENDS else {})


def measured() -> dict[str, Callable[[Start], Callable[[], Any]]]:
    """Give our columns: those that train in the same way, whole epochs in one call, the floor."""
    return {**OURS, **({EPOCHS: Epochs} if NATIVE in BACKENDS else {}), FLOOR: Products}


def rival(name: str) -> type[Column]:
    """Give the rival's column, importing the rival."""
    _, _, way = name.partition("-")
    step: type[Column] = getattr(import_module(f"benchmarks.rival_{package(name)}"), way.capitalize() or "Step")
    return step


def versions(names: Iterable[str]) -> dict[str, str]:
    """Give the versions of the packages behind the names."""
    return {name: version(name) for name in dict.fromkeys(map(package, names))}
