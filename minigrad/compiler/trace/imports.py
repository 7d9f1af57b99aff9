"""Which module a function's code imports, where it does so itself: what it reads of that is outside it, too."""

from __future__ import annotations

import dis
import sys
from collections.abc import Mapping, Sequence
from importlib.util import resolve_name
from typing import Any


def find_module(instructions: Sequence[dis.Instruction], i: int, names: Mapping[str, Any]) -> Any:
    """Give what IMPORT_NAME, the instruction at i, leaves: a module, as it has been imported; None before it has.

    It is the whole name's where parts of it are asked for, as in ``from a.b import c``, else that of its first part.
    """
    level, parts = (x.argval for x in instructions[i - 2 : i])
    name = instructions[i].argval
    if level:
        name = resolve_name("." * level + name, names.get("__package__") or "")
    return sys.modules.get(name if parts else name.partition(".")[0])
