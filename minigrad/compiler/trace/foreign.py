"""What belongs to libraries, and what is as good as never another: the course of a function does not lead there."""

from __future__ import annotations

import inspect
import sys
from types import ModuleType, SimpleNamespace
from typing import Any

OURS = __name__.partition(".")[0]
FOREIGN = sys.stdlib_module_names | {OURS, "numpy", "scipy", "numba"}


def is_foreign(x: Any) -> bool:
    """Say whether a function, a class or a module belongs to a library rather than to the user."""
    name = x.__name__ if isinstance(x, ModuleType) else getattr(x, "__module__", None)
    return not isinstance(name, str) or name.partition(".")[0] in FOREIGN


def is_layer(x: Any) -> bool:
    """Say whether something is one of this library's layers, or of a class made of one."""
    return any(base.__module__.startswith(f"{OURS}.nn.") for base in type(x).__mro__)


def is_open(x: Any) -> bool:
    """Say whether an object may get another attribute some day: one of the user's classes, or a namespace."""
    return hasattr(x, "__dict__") and (isinstance(x, SimpleNamespace) or not is_foreign(type(x)))


def is_settled(x: Any) -> bool:
    """Say whether something is as good as never replaced by another: a module, a library's class."""
    return isinstance(x, ModuleType) or (isinstance(x, type) and is_foreign(x))


def is_computed(stored: Any) -> bool:
    """Say whether what a class holds for an attribute is a descriptor other than a slot."""
    return hasattr(type(stored), "__get__") and not inspect.ismemberdescriptor(stored)
