"""Links to what is in a container, an array or a buffer: watched all at once, whatever a function takes of it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import is_
from types import MappingProxyType
from typing import Any

import numpy as np

from minigrad.compiler.trace.links import Link, is_same

WHOLE = 1 << 20  # bytes: of a larger array a sample is compared in every call
SAMPLE = 1024


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
        return list(before) == list(now) and all(self.is_same(before[x], now[x]) for x in before if x not in names)

    def put(self, value: Any) -> None:
        """Put the contents back; behind a proxy, whose dict has a link of its own if the function knows it."""
        if isinstance(self.owner, MappingProxyType):
            return
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
        return len(now) == len(self.seen) and all(map(self.is_same, now, self.seen))

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


class Stream(Elements):
    """What is in a file in memory, and where it is read next."""

    def write_check(self, owner: str, seen: str, name: Callable[[Any], str]) -> str:
        """Write the check."""
        return f"{name(_read_stream)}({owner}) != {seen}"

    def read(self) -> Any:
        """Give both."""
        return _read_stream(self.owner)

    def put(self, value: Any) -> None:
        """Put both back."""
        content, place = value
        self.owner.seek(0)
        self.owner.truncate()
        self.owner.write(content)
        self.owner.seek(place)


class Objects(Link):
    """The objects in an array, or in a row of one: others may take their places."""

    def write_check(self, owner: str, seen: str, name: Callable[[Any], str]) -> str:
        """Write the check."""
        return f"not {name(is_same)}({name(list_parts)}({owner}), {seen})"

    def read(self) -> Any:
        """Give them, and the numbers beside them as bytes."""
        return list_parts(self.owner)

    def renew(self) -> bool:
        """Take those that are there now."""
        before, self.seen = self.seen, self.read()
        return not is_same(before, self.seen)

    def put(self, value: Any) -> None:
        """Leave them: arrays that a function names are locked while it is traced."""


def list_parts(x: Any) -> list[Any]:
    """Give the objects in an array or in a row of one, and the numbers beside them, field by field, as bytes."""
    if x.dtype.names is None:
        return list(x.flat) if x.dtype.hasobject else [x.tobytes()]
    found = []
    for name in x.dtype.names:
        single = isinstance(x, np.void) and x.dtype[name].kind == "O"
        found += [x[name]] if single else list_parts(x[name])
    return found


def _read_stream(stream: Any) -> tuple[Any, int]:
    return (stream.getvalue(), stream.tell()) if not stream.closed else (b"", -1)


def _take_sample(array: np.ndarray[Any, Any]) -> bytes:
    """Give about a thousand elements throughout an array, as bytes."""
    return array.flat[:: max(1, array.size // SAMPLE)].tobytes()


def _contents(owner: Any, past: frozenset[Any]) -> list[Any]:
    if not isinstance(owner, dict | MappingProxyType):
        return list(owner)
    return [x for name, value in owner.items() for x in (name, None if name in past else value)]


def is_unchanged(owner: Any, seen: list[Any], past: frozenset[Any]) -> bool:
    """Say whether a list or a dict still has the very same contents, but for items of a dict that nobody looks at."""
    now = _contents(owner, past)
    return len(now) == len(seen) and all(map(is_, now, seen))
