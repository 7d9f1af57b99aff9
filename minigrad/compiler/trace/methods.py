"""What classes hold for their objects: methods, descriptors, and the special methods that operators ask for."""

from __future__ import annotations

from collections.abc import Callable
from functools import partialmethod, singledispatchmethod
from types import FunctionType
from typing import Any

from minigrad.compiler.trace.foreign import is_foreign
from minigrad.compiler.trace.links import MISSING, Attribute, Link, Method

METHODS = (FunctionType, classmethod, staticmethod)


class Held(Link):
    """What a class itself holds by a name, such as a descriptor, which gives something else when it is asked for."""

    def write(self, owner: str, name: Callable[[Any], str]) -> str:
        """Write what reads it."""
        return f"{owner}.__dict__[{self.name!r}]"

    def read(self) -> Any:
        """Give it, or MISSING."""
        return self.owner.__dict__.get(self.name, MISSING)

    def put(self, value: Any) -> None:
        """Let the class hold it again."""
        setattr(self.owner, self.name, value)


class Kind(Link):
    """Of which class an object is: its operators and calls are looked up there, and not among its attributes."""

    def write(self, owner: str, name: Callable[[Any], str]) -> str:
        """Write the class."""
        return f"{owner}.__class__"

    def read(self) -> Any:
        """Give the class."""
        return self.owner.__class__

    def put(self, value: Any) -> None:
        """Make it one of that class again."""
        self.owner.__class__ = value


class LayerKind(Kind):
    """Of which class one of this library's layers is: it sends all calls to look at everything when that changes."""

    tells = True


def list_kind_links(value: Any, name: str) -> list[Link]:
    """Give the links to a special method: to the object's class, and to what that class, or one of its bases, has."""
    kind = type(value)
    return [
        Kind(value, "__class__", f"the class of a {kind.__name__}"),
        Attribute(kind, name, f"{kind.__name__}.{name}"),
    ]


def list_method_links(owner: Any, name: str, stored: Any) -> list[Link]:
    """Give the links to a method, or to a descriptor, of a class of the user's; others may take their place."""
    called = f"{type(owner).__name__}.{name}"
    if isinstance(stored, FunctionType) and is_foreign(stored):
        return []
    if isinstance(stored, METHODS):
        return [Method(owner, name, called)]
    kinds = owner.__mro__ if isinstance(owner, type) else type(owner).__mro__
    return [Held(kind, name, called) for kind in kinds if name in kind.__dict__ and not is_foreign(kind)]


def list_functions(method: Any) -> list[Any]:
    """Give the functions that a descriptor of functools calls with the object first, and where it finds them."""
    if isinstance(method, partialmethod):
        return [method.func]
    if isinstance(method, singledispatchmethod):
        return [method.dispatcher.registry, *method.dispatcher.registry.values()]
    return []
