"""Which module a function's code imports, where it does so itself: what it reads of that is outside it, too."""

from __future__ import annotations

import dis
import importlib
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import resolve_name
from types import CodeType, ModuleType
from typing import Any

from minigrad.compiler.trace.foreign import is_foreign
from minigrad.compiler.trace.links import Item


def gives_modules(x: Any) -> bool:
    """Say whether something gives modules by their names."""
    return x is sys.modules or x is importlib.import_module


def find_module(instructions: Sequence[dis.Instruction], i: int, names: Mapping[str, Any]) -> Any:
    """Give what IMPORT_NAME, the instruction at i, leaves: a module, as it has been imported; None before it has.

    It is the whole name's where parts of it are asked for, as in ``from a.b import c``, else that of its first part.
    """
    level, parts = (x.argval for x in instructions[i - 2 : i])
    name = instructions[i].argval
    if level:
        name = resolve_name("." * level + name, names.get("__package__") or "")
    return sys.modules.get(name if parts else name.partition(".")[0])


def link_modules(codes: Iterable[CodeType], names: Iterable[str]) -> Iterator[Item]:
    """Give the links to those of the user's modules of which some code has the name.

    Or a relative one, with that of the package; or they are above such a one. More ``names`` are known otherwise.
    """
    names = [*names, *(x for code in codes for x in code.co_consts if isinstance(x, str))]
    whole = [name for name in names if not name.startswith(".")]
    relative = [name for name in names if name.strip(".") and name.startswith(".")]
    found = dict.fromkeys(whole)
    found |= {name.partition(".")[0]: None for name in whole}
    found |= {package + name: None for name in relative for package in whole if not name.startswith("..")}
    for name in found:
        module = sys.modules.get(name)
        if isinstance(module, ModuleType) and not is_foreign(module):
            yield Item(sys.modules, name, f"the module {name}")
