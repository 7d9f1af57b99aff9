"""What belongs to libraries, and what is as good as never another: the course of a function does not lead there."""

from __future__ import annotations

import inspect
import os
import sys
import sysconfig
from collections.abc import Container
from functools import lru_cache
from pathlib import Path
from types import FunctionType, ModuleType, SimpleNamespace
from typing import Any

import numpy as np

OURS = __name__.partition(".")[0]
COMPARED = ("__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__", "__hash__")
NUMBERS = (np.generic, int, float, complex)  # as whose classes dtypes are given
FOREIGN = {OURS, "numpy", "scipy", "numba"}
NAMELESS = (None, "builtins")
HEAP, IMMUTABLE = 1 << 9, 1 << 8  # of a class's flags: made as Python runs; made by C for good
INSTALLED = {Path(sysconfig.get_path(name)) for name in ("purelib", "platlib")}
PYTHONS = {Path(os.__file__).parent, *(Path(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib"))}


def is_foreign(x: Any) -> bool:
    """Say whether a function, a class or a module belongs to a library rather than to the user."""
    name = x.__name__ if isinstance(x, ModuleType) else getattr(x, "__module__", None)
    if name in NAMELESS:  # code that was run in a namespace without a name is the user's, and so are its classes
        return not isinstance(x, FunctionType) and not (
            isinstance(x, type) and x.__flags__ & (HEAP | IMMUTABLE) == HEAP
        )
    return not isinstance(name, str) or is_foreign_name(name.partition(".")[0])


def is_made_by_statement(kind: type) -> bool:
    """Say whether a class was made as Python runs, and not by C for good."""
    return kind.__flags__ & (HEAP | IMMUTABLE) == HEAP


@lru_cache(maxsize=1024)
def is_foreign_name(name: str) -> bool:
    """Say whether a module is a library's; the user's own may have the name of one of Python's, test.py or code.py."""
    if name not in sys.stdlib_module_names:
        return name in FOREIGN
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is None or any(Path(file).is_relative_to(path) for path in PYTHONS)


def is_ready(x: Any) -> bool:
    """Say whether something is a class that is not followed into: a library's, of whatever is installed."""
    return isinstance(x, type) and (is_foreign(x) or _is_installed(str(x.__module__).partition(".")[0]))


@lru_cache(maxsize=1024)
def _is_installed(name: str) -> bool:
    file = getattr(sys.modules.get(name), "__file__", None)
    return file is not None and any(Path(file).is_relative_to(path) for path in INSTALLED)


def is_layer(x: Any) -> bool:
    """Say whether something is one of this library's layers, or of a class made of one."""
    return any(str(base.__module__).startswith(f"{OURS}.nn.") for base in type(x).__mro__)


def is_open(x: Any) -> bool:
    """Say whether an object may get another attribute some day: one of the user's classes, or a namespace."""
    return hasattr(x, "__dict__") and (isinstance(x, SimpleNamespace) or not is_foreign(type(x)))


def is_settled(x: Any) -> bool:
    """Say whether something is as good as never replaced by another: a library's module or class, but a dtype."""
    return isinstance(x, ModuleType | type) and is_foreign(x) and not (isinstance(x, type) and issubclass(x, NUMBERS))


def is_computed(stored: Any) -> bool:
    """Say whether what a class holds for an attribute is a descriptor other than a slot."""
    return hasattr(type(stored), "__get__") and not inspect.ismemberdescriptor(stored)


def is_generated(method: Any) -> bool:
    """Say whether a special method is one that dataclasses write, which reads all fields there are."""
    return bool(method.__code__.co_filename == "<string>") and method.__name__ in COMPARED


def _list_slots(kind: type) -> tuple[str, ...]:
    slots: Any = kind.__dict__.get("__slots__", ())
    return (slots,) if isinstance(slots, str) else tuple(slots)


def choose_names(
    owner: Any, names: list[str], kinds: dict[type, frozenset[str] | None], perhaps: Container[str]
) -> list[str]:
    """Give those of some names that an object may have, in a fifth of the time that asking it for each takes.

    ``kinds`` are the names that classes hold, as far as they are known; None where its own rule may give any. Those in
    ``perhaps`` it may get some day.
    """
    kind, stored = type(owner), getattr(owner, "__dict__", ())
    if "__dict__" in names:  # code asks for all that it holds
        names = [*names, *(x for base in kind.__mro__ for x in _list_slots(base))]
    if isinstance(owner, type):
        return [name for name in names if any(name in base.__dict__ for base in owner.__mro__)]
    if kind not in kinds:
        known = frozenset(x for base in kind.__mro__ for x in base.__dict__)
        computes = "__getattr__" in known or isinstance(getattr(kind, "__getattribute__", None), FunctionType)
        kinds[kind] = None if computes else known
    held = kinds[kind]
    if held is None:
        return names
    open_to = perhaps if is_open(owner) else ()
    return [name for name in names if name in held or name in stored or name in open_to]
