"""What belongs to libraries, and what is as good as never another: the course of a function does not lead there."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Container
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np

OURS = __name__.partition(".")[0]
COMPARED = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__")
NUMBERS = (np.generic, int, float, complex)  # as whose classes dtypes are given
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
    """Say whether something is as good as never replaced by another: a module, a library's class, but a dtype."""
    return isinstance(x, ModuleType) or (isinstance(x, type) and is_foreign(x) and not issubclass(x, NUMBERS))


def is_computed(stored: Any) -> bool:
    """Say whether what a class holds for an attribute is a descriptor other than a slot."""
    return hasattr(type(stored), "__get__") and not inspect.ismemberdescriptor(stored)


def is_generated(method: Any) -> bool:
    """Say whether a special method is one that dataclasses write, which reads all fields there are."""
    return bool(method.__code__.co_filename == "<string>") and method.__name__ in COMPARED


def choose_names(
    owner: Any, names: list[str], kinds: dict[type, frozenset[str] | None], perhaps: Container[str]
) -> list[str]:
    """Give those of some names that an object may have, in a fifth of the time that asking it for each takes.

    ``kinds`` are the names that classes hold, as far as they are known; None where __getattr__ may give any. Those in
    ``perhaps`` it may get some day.
    """
    kind, stored = type(owner), getattr(owner, "__dict__", ())
    if kind not in kinds:
        known = frozenset(x for base in kind.__mro__ for x in base.__dict__)
        kinds[kind] = None if "__getattr__" in known else known
    held = kinds[kind]
    if held is None:
        return names
    open_to = perhaps if is_open(owner) else ()
    return [name for name in names if name in held or name in stored or name in open_to]
