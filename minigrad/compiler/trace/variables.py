"""Variables: links to those of enclosing functions and of modules, whether or not they are there."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import CellType
from typing import Any

from minigrad.compiler.trace.links import MISSING, Cell, Item, Link


class Absent(Link):
    """A variable that has no value yet, or a global that would hide one of Python's own names."""

    def write(self, owner: str, name: Callable[[Any], str]) -> str:
        """Write the call that looks for it."""
        return f"{name(find_variable)}({owner}, {self.name!r})"

    def write_check(self, owner: str, seen: str, name: Callable[[Any], str]) -> str:
        """Write the check: of a module one that takes a third of the time."""
        if self.seen is MISSING and not isinstance(self.owner, CellType):
            return f"{self.name!r} in {owner}"
        return super().write_check(owner, seen, name)

    def read(self) -> Any:
        """Give its value, or MISSING."""
        return find_variable(self.owner, self.name)

    def put(self, value: Any) -> None:
        """Set it, or take it away again."""
        if isinstance(self.owner, CellType):
            if value is not MISSING:
                self.owner.cell_contents = value
            elif self.read() is not MISSING:
                del self.owner.cell_contents
        elif value is MISSING:
            self.owner.pop(self.name, None)
        else:
            self.owner[self.name] = value


def find_variable(owner: Any, name: str) -> Any:
    """Give the value of a variable of an enclosing function, or of a module's; MISSING without one."""
    if not isinstance(owner, CellType):
        return owner.get(name, MISSING)
    try:
        return owner.cell_contents
    except ValueError:
        return MISSING


def global_of(namespace: Mapping[str, Any], name: str) -> Link:
    """Give the link to a global of a function, and for what is not there, to that."""
    return Item(namespace, name, name) if name in namespace else Absent(namespace, name, name)


def cell_of(cell: CellType, name: str) -> Link:
    """Give the link to a variable of an enclosing function, and for what has no value yet, to that."""
    return Absent(cell, name, name) if find_variable(cell, name) is MISSING else Cell(cell, name, name)
