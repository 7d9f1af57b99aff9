"""Link: one step from a function to what it reads outside itself: a closure cell, a global, an attribute, an item."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from operator import attrgetter
from typing import Any

import numpy as np

from minigrad.ops.common.dtypes import read_bits

MISSING: Any = object()
Key = tuple[Any, ...]
SCALARS = (int, float, complex, str, bytes, bool, type(None))


class Link:
    """Where something outside is found: in ``owner``, by ``name``; ``seen`` is what was found there last."""

    tells = False  # does the owner tell of another by itself, so that no call has to look?
    which = False  # does the code ask which of two equal lists it is?

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
        return self.is_same(self.read(), self.seen)

    def is_same(self, now: Any, before: Any) -> bool:
        """Say whether something is what it was, or equal to it, unless the code asks which it is."""
        return now is before or (not (self.which and isinstance(now, list | tuple)) and is_same(now, before))

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
    """An attribute that is stored, not computed: by its owner, or by the ``holder`` among the owner's classes."""

    def __init__(self, owner: Any, name: str, called: str) -> None:
        super().__init__(owner, name, called)
        self.holder = find_holder(owner, name)

    def renew(self) -> bool:
        """Take what is there now, and who holds it."""
        self.holder = find_holder(self.owner, self.name)
        return super().renew()

    def write(self, owner: str, name: Callable[[Any], str]) -> str:
        """Write the attribute."""
        return f"{owner}.{self.name}"

    def read(self) -> Any:
        """Give the attribute."""
        return getattr(self.owner, self.name, MISSING)

    def put(self, value: Any) -> None:
        """Set the attribute where it was; what is a class's stays so, and later changes of that are seen."""
        if self.holder is not self.owner and self.name in getattr(self.owner, "__dict__", ()):
            delattr(self.owner, self.name)
        if self.read() is not value:
            setattr(self.holder, self.name, value)


class Form(Link):
    """What an array or a Tensor says of itself, such as its shape: made anew at each look."""

    def renew(self) -> bool:
        """Take what it says now for what was seen; say whether that is another."""
        before, self.seen = self.seen, self.read()
        return bool(before != self.seen)

    def write_check(self, owner: str, seen: str, name: Callable[[Any], str]) -> str:
        """Write the check."""
        return f"{owner}.{self.name} != {seen}"

    def read(self) -> Any:
        """Give it."""
        return attrgetter(self.name)(self.owner)

    def put(self, value: Any) -> None:
        """Leave it: what the function has put in its place, its data have."""


class Perhaps(Attribute):
    """An attribute that is not there, and may be some day: of what asks with ``hasattr``, or catches the error."""

    def write(self, owner: str, name: Callable[[Any], str]) -> str:
        """Write what reads it, or says that it is missing."""
        return f"getattr({owner}, {self.name!r}, {name(MISSING)})"

    def put(self, value: Any) -> None:
        """Take it away again, or set it."""
        if value is not MISSING:
            super().put(value)
        elif self.name in getattr(self.owner, "__dict__", ()):
            delattr(self.owner, self.name)


class Part(Attribute):
    """An attribute of one of this library's layers, which sends all calls to look at everything when it is set."""

    tells = True


class Method(Link):
    """The function that a method is, of the class or in the place of that of the class."""

    def write(self, owner: str, name: Callable[[Any], str]) -> str:
        """Write what finds it."""
        return f"{name(get_function)}({owner}.{self.name})"

    def read(self) -> Any:
        """Give the function."""
        return get_function(getattr(self.owner, self.name, MISSING))

    def put(self, value: Any) -> None:
        """Take away what the object has been given in its place; the class keeps what it was given."""
        self.owner.__dict__.pop(self.name, None)


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
        return (a.shape, a.dtype, read_bits(a)) == (b.shape, b.dtype, read_bits(b))
    if isinstance(a, float):
        return a.hex() == b.hex()
    return isinstance(a, SCALARS) and bool(a == b)


def find_holder(owner: Any, name: str) -> Any:
    """Give the class that holds an attribute of an object's, or of another class's; or else the object itself."""
    kinds = owner.__mro__ if isinstance(owner, type) else type(owner).__mro__
    if name in getattr(owner, "__dict__", ()):
        return owner
    stored = next(((kind, kind.__dict__[name]) for kind in kinds if name in kind.__dict__), None)
    return owner if stored is None or hasattr(type(stored[1]), "__set__") else stored[0]


def get_function(method: Any) -> Any:
    """Give the function of a method, or what stands in the place of one."""
    return getattr(method, "__func__", method)


def get_current(variable: ContextVar[Any]) -> Any:
    """Give what a context variable is here, or its default; MISSING without either."""
    try:
        return variable.get()
    except LookupError:
        return MISSING
