"""Which line of the user's code computed a result, and what it called the operands: known of what is debugged."""

from __future__ import annotations

from typing import Any
from weakref import ref


class Line:
    """The place of an operation, as ``file.py:line``, its name, and the names of its operands there.

    No dataclass, nor is what else is imported with minigrad: the module takes a tenth of the time that all of ours do.
    """

    __slots__ = ("names", "operation", "place", "result")

    def __init__(self, place: str | None, operation: str, names: tuple[str, ...], result: ref[Any]) -> None:
        self.place, self.operation, self.names, self.result = place, operation, names, result


_lines: dict[int, Line] = {}  # by the id of the result, for as long as that lives


def note_line(t: Any, place: str | None, operation: str, names: tuple[str, ...]) -> None:
    """Remember where a result was computed of what is recorded."""
    key = id(t)
    _lines[key] = Line(place, operation, names, ref(t, lambda dead: _lines.pop(key, None)))


def find_line(t: Any) -> Line | None:
    """Give what is known of where a result was computed."""
    line = _lines.get(id(t))
    return line if line is not None and line.result() is t else None


def write_place(t: Any) -> str:
    """Give `` at model.py:7``, or nothing where that is not known."""
    line = find_line(t)
    return f" at {line.place}" if line is not None and line.place else ""
