"""Link: one step from a function to what it reads outside itself: a closure cell, a global, an attribute, an item."""

from __future__ import annotations

import builtins
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from operator import is_
from types import CellType
from typing import Any

import numpy as np

MISSING: Any = object()
Key = tuple[Any, ...]
WHOLE = 1 << 20  # bytes: of a larger array a sample is compared in every call
SAMPLE = 1024
SCALARS = (int, float, complex, str, bytes, bool, type(None))


class Link:
    """Where something outside is found: in ``owner``, by ``name``; ``seen`` is what was found there last."""

    def __init__(self, owner: Any, name: Any, called: str) -> None:
        self.owner, self.name, self.called = owner, name, called
        self.seen = self.read()

    @property
    def key(self) -> Key:
        """What tells two of them apart."""
        return (type(self), id(self.owner), self.name)

    def read(self) -> Any:
        """Give what is there now, or MISSING."""
        raise NotImplementedError

    def put(self, value: Any) -> None:
        """Put back what was there."""
        raise NotImplementedError

    def holds(self) -> bool:
        """Say whether it still is what it was, or an equal number or string."""
        return is_same(self.read(), self.seen)

    def renew(self) -> bool:
        """Take what is there now for what was seen; say whether that is another object, if an equal one."""
        before, self.seen = self.seen, self.read()
        return before is not self.seen

    def write(self, owner: str, name: Callable[[Any], str]) -> str:
        """Write what reads what is there; ``name`` gives a thing a name in the code."""
        raise NotImplementedError

    def write_check(self, owner: str, seen: str, name: Callable[[Any], str]) -> str:
        """Write what tells that another object is there."""
        return f"{self.write(owner, name)} is not {seen}"


class Cell(Link):
    """A variable of an enclosing function; the check, as code, has it for a variable of its own."""

    def write(self, owner: str, name: Callable[[Any], str]) -> str:
        """Write the variable."""
        return owner

    def read(self) -> Any:
        """Give the variable's value."""
        try:
            return self.owner.cell_contents
        except ValueError:
            return MISSING

    def put(self, value: Any) -> None:
        """Set the variable."""
        self.owner.cell_contents = value


class Item(Link):
    """An item of a list or a dict; the globals of a module are one."""

    def write(self, owner: str, name: Callable[[Any], str]) -> str:
        """Write the index."""
        return f"{owner}[{name(self.name)}]"

    def read(self) -> Any:
        """Give the item."""
        try:
            return self.owner[self.name]
        except (KeyError, IndexError, TypeError):
            return MISSING

    def put(self, value: Any) -> None:
        """Set the item."""
        self.owner[self.name] = value


class Attribute(Link):
    """An attribute that is stored, not computed."""

    def write(self, owner: str, name: Callable[[Any], str]) -> str:
        """Write the attribute."""
        return f"{owner}.{self.name}"

    def read(self) -> Any:
        """Give the attribute."""
        return getattr(self.owner, self.name, MISSING)

    def put(self, value: Any) -> None:
        """Set the attribute."""
        setattr(self.owner, self.name, value)


class Current(Link):
    """What a context variable is in this context."""

    def write(self, owner: str, name: Callable[[Any], str]) -> str:
        """Write the call."""
        return f"{name(get_current)}({owner})"

    def read(self) -> Any:
        """Give it, or its default; MISSING without either."""
        return get_current(self.owner)

    def put(self, value: Any) -> None:
        """Set it."""
        if value is not MISSING:
            self.owner.set(value)


class Stored(Link):
    """Whether an object stores an attribute, which its class computes as long as it does not."""

    def write_check(self, owner: str, seen: str, name: Callable[[Any], str]) -> str:
        """Write the check."""
        return f"({self.name!r} in {owner}.__dict__) is not {seen}"

    def read(self) -> Any:
        """Say so."""
        return self.name in self.owner.__dict__

    def put(self, value: Any) -> None:
        """Let it be computed again; what was stored has a link of its own."""
        if not value:
            self.owner.__dict__.pop(self.name, None)


class Contents(Link):
    """What is in a list, another sequence, a dict or a set, or was added to it; in a dict not what ``past`` names."""

    past: frozenset[Any] = frozenset()

    def write_check(self, owner: str, seen: str, name: Callable[[Any], str]) -> str:
        """Write the check."""
        return f"not {name(is_unchanged)}({owner}, {seen}, {name(self.past)})"

    def read(self) -> Any:
        """Give a list of the contents."""
        return _contents(self.owner, self.past)

    def look_past(self, names: Iterable[Any]) -> None:
        """Watch these items of a dict no longer; that they are there, all the same."""
        self.past = frozenset(names)
        self.seen = self.read()

    def holds_past(self, names: set[Any]) -> bool:
        """Say whether all of it is what it was, but for these items of a dict."""
        if not isinstance(self.owner, dict):
            return self.holds()
        before, now = dict(zip(self.seen[::2], self.seen[1::2], strict=True)), self.owner
        return list(before) == list(now) and all(is_same(before[x], now[x]) for x in before if x not in names)

    def put(self, value: Any) -> None:
        """Put the contents back."""
        if isinstance(self.owner, dict):
            self.owner.clear()
            self.owner.update(zip(value[::2], value[1::2], strict=True))
        elif isinstance(self.owner, set):
            self.owner.clear()
            self.owner.update(value)
        else:
            while self.owner:
                self.owner.pop()
            self.owner.extend(value)

    def holds(self) -> bool:
        """Say whether all of it is what it was."""
        now = self.read()
        return len(now) == len(self.seen) and all(map(is_same, now, self.seen))

    def renew(self) -> bool:
        """Take the contents for those that were seen."""
        before, self.seen = self.seen, self.read()
        return not is_unchanged(self.owner, before, self.past)


class Elements(Link):
    """The elements of an array that the function has computed with before the compiled code does; some of many."""

    def write_check(self, owner: str, seen: str, name: Callable[[Any], str]) -> str:
        """Write the check."""
        return (
            f"{name(_take_sample)}({owner}) != {seen}" if self.owner.nbytes > WHOLE else f"{owner}.tobytes() != {seen}"
        )

    def read(self) -> Any:
        """Give the elements as bytes."""
        return _take_sample(self.owner) if self.owner.nbytes > WHOLE else self.owner.tobytes()

    def renew(self) -> bool:
        """Take the elements for those that were seen."""
        before, self.seen = self.seen, self.read()
        return bool(before != self.seen)


class Buffer(Elements):
    """The numbers in a bytearray or an array of Python's own, whose objects are made anew at each look."""

    def write_check(self, owner: str, seen: str, name: Callable[[Any], str]) -> str:
        """Write the check."""
        return f"{name(bytes)}({owner}) != {seen}"

    def read(self) -> Any:
        """Give the numbers as bytes."""
        return bytes(self.owner)

    def put(self, value: Any) -> None:
        """Put the numbers back, where there are as many."""
        if len(value) == len(self.read()):
            memoryview(self.owner).cast("B")[:] = value


def _take_sample(array: np.ndarray[Any, Any]) -> bytes:
    """Give about a thousand elements throughout an array, as bytes."""
    return array.flat[:: max(1, array.size // SAMPLE)].tobytes()


def _contents(owner: Any, past: frozenset[Any]) -> list[Any]:
    if not isinstance(owner, dict):
        return list(owner)
    return [x for name, value in owner.items() for x in (name, None if name in past else value)]


def is_unchanged(owner: Any, seen: list[Any], past: frozenset[Any]) -> bool:
    """Say whether a list or a dict still has the very same contents, but for items of a dict that nobody looks at."""
    now = _contents(owner, past)
    return len(now) == len(seen) and all(map(is_, now, seen))


def renew_links(links: Iterable[Link]) -> bool:
    """Take what all links lead to now for what was seen; say whether one leads to another object."""
    renewed = [link.renew() for link in links]
    return any(renewed)


def is_same(a: Any, b: Any, contents: bool = False) -> bool:
    """Say whether two values are one, or equal numbers or strings of one type; or arrays, by their ``contents``."""
    if a is b:
        return True
    if type(a) is not type(b):
        return False
    if isinstance(a, tuple | list):
        return len(a) == len(b) and all(is_same(x, y, contents) for x, y in zip(a, b, strict=True))
    if isinstance(a, np.ndarray | np.generic) and contents:
        return (a.shape, a.dtype, a.tobytes()) == (b.shape, b.dtype, b.tobytes())
    if isinstance(a, float):
        return a.hex() == b.hex()
    return isinstance(a, SCALARS) and bool(a == b)


def get_current(variable: ContextVar[Any]) -> Any:
    """Give what a context variable is here, or its default; MISSING without either."""
    try:
        return variable.get()
    except LookupError:
        return MISSING


def global_of(namespace: Mapping[str, Any], name: str) -> Link | None:
    """Give the link to a global of a function; None if it is Python's own."""
    return None if name not in namespace and hasattr(builtins, name) else Item(namespace, name, name)


def cell_of(cell: CellType, name: str) -> Link:
    """Give the link to a variable of an enclosing function."""
    return Cell(cell, name, name)
