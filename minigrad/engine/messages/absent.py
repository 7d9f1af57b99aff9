"""Names that a user looks for where they are not: what is meant, and where it is."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib import import_module


def find_close(name: str, known: Iterable[str], similarity: float = 0.6) -> str | None:
    """Give the one of the names that are ``known`` that is most like a name, or None; the same in other letters first.

    What it needs is imported with the first mistake: it takes a tenth of the time that all of minigrad takes.
    """
    known = list(known)
    same = [other for other in known if other.lower() == name.lower()]
    found: list[str] = import_module("difflib").get_close_matches(name, known, 1, similarity)
    return next(iter([*same, *found]), None)


class AbsentKey(KeyError):
    """A ``KeyError`` whose sentence is printed as it is; Python's own puts it between quotes."""

    def __str__(self) -> str:
        return str(self.args[0])


def absent(owner: str, name: str, meant: Mapping[str, str], known: Iterable[str] = ()) -> AttributeError:
    """Give the error for a name that an object or a module has not.

    ``meant`` says what to write for names of other libraries' or of other rooms'; ``known`` are its own names, of which
    a close one may be meant.
    """
    way = meant.get(name) or meant.get(name.lower())
    if way is None:
        close = find_close(name.lower(), {other.lower() for other in known if not other.startswith("_")}, 0.7)
        way = next((f"Did you mean {other}?" for other in known if other.lower() == close), "")
    return AttributeError(f"{owner} has no attribute {name!r}{f'. {way}' if way else ''}", name=name)
