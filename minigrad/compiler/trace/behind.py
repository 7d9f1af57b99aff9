"""What an object gives without being asked for it by name: by operators, when it is called, or as its contents."""

from __future__ import annotations

import inspect
from array import array
from collections import ChainMap, UserDict, UserList
from collections.abc import Callable, ItemsView, Iterable, KeysView, ValuesView
from contextvars import ContextVar
from functools import partial
from io import BytesIO, StringIO
from operator import attrgetter, methodcaller
from types import BuiltinMethodType, FunctionType, MappingProxyType, MethodType, MethodWrapperType, ModuleType
from typing import Any, Protocol
from weakref import WeakKeyDictionary, WeakSet, WeakValueDictionary, ref

import numpy as np

from minigrad.compiler.trace.asking import SPECIAL, TEXT
from minigrad.compiler.trace.contents import WHOLE, Buffer, Objects, Stream, list_parts
from minigrad.compiler.trace.foreign import OURS, is_foreign, is_generated, is_layer, is_made_by_statement
from minigrad.compiler.trace.links import SCALARS, Attribute, Current, Link, Part
from minigrad.compiler.trace.methods import LayerKind, list_kind_links, list_method_links
from minigrad.compiler.trace.variables import find_variable

MAKING = ("__new__", "__init__", "__post_init__", "__class_getitem__", "__subclasshook__", "__call__", *SPECIAL)
LONGEST = 1000  # the contents of a longer list or dict are not watched
COMPUTING = (OURS, "numpy", "scipy")
FUNCTIONS = (FunctionType, MethodType, partial)
READABLE = ("numpy.", "contextlib", "scipy.sparse.")  # whose objects keep in their attributes what they were given

Later = tuple[Callable[..., None], Any, str]


class Finder(Protocol):
    """What follows functions: it notes links, and the names of attributes that may be asked for.

    ``later`` are special methods to follow, and how, if it turns out that some code ``asks`` what something is.
    """

    links: dict[Any, Link]
    names: dict[str, None]
    asks: bool
    later: list[Later]

    def add(self, link: Link) -> Any:
        """Note a link, and give what it leads to."""

    def follow(self, value: Any, args: tuple[Any, ...] = ()) -> None:
        """Follow what may be called, or has parts that may be."""


def follow_behind(finder: Finder, value: Any) -> None:
    """Follow what an object gives without being asked for it by name: by operators, say, or when it is called."""
    called = type(value).__name__
    if _shows_memory(value):
        finder.links.setdefault((Buffer, id(value)), Buffer(value, "", f"the contents of a {called}"))
    if isinstance(value, BytesIO | StringIO):
        finder.links.setdefault((Stream, id(value)), Stream(value, "", f"the contents of a {called}"))
    elif isinstance(value, ContextVar):
        finder.follow(finder.add(Current(value, "get", value.name)))
    elif isinstance(value, ref):
        finder.follow(value())
    elif isinstance(value, ChainMap):
        finder.follow(value.maps)
    elif isinstance(value, UserDict | UserList | WeakKeyDictionary | WeakValueDictionary | WeakSet):
        finder.follow(vars(value)["data"])
    elif isinstance(value, KeysView | ValuesView | ItemsView) and hasattr(value, "mapping"):
        finder.follow(value.mapping)
    elif isinstance(value, attrgetter | methodcaller):
        named = value.__reduce__()[1]
        finder.names |= {name: None for path in named if isinstance(path, str) for name in path.split(".")}
    elif isinstance(value, type):
        follow_class(finder, value)
    elif is_layer(value):
        finder.add(LayerKind(value, "__class__", f"the class of a {called}"))
        for name, part in [*vars(value).items()]:  # its numbers it reads as settings, which are watched
            if part is None or not isinstance(part, SCALARS):
                finder.follow(finder.add(Part(value, name, f"{called}.{name}")))
    elif is_foreign(type(value)):
        follow_foreign(finder, value)
    if not isinstance(value, type) and not is_foreign(type(value)):
        for name in list_own(type(value), SPECIAL):
            follow_special(finder, value, name)


def follow_later(finder: Finder) -> bool:
    """Follow what counts if code asks what something is; say whether there was such."""
    if not finder.asks:
        return False
    for follow, x, name in finder.later:
        follow(finder, x, name)
    return bool(finder.later)


def list_own(kind: type, names: Iterable[str]) -> list[str]:
    """Give those of some names that a class of the user's holds, in a tenth of the time that looking for each takes."""
    held = {name for base in kind.__mro__ if not is_foreign(base) for name in base.__dict__}
    return [name for name in names if name in held]


def follow_foreign(finder: Finder, value: Any) -> None:
    """Follow what an object of a library's keeps for the user: a method its object, np.vectorize(f) its f."""
    called, module = type(value).__name__, type(value).__module__
    if isinstance(value, BuiltinMethodType | MethodWrapperType):
        if not isinstance(value.__self__, ModuleType):
            finder.follow(finder.add(Attribute(value, "__self__", f"the object of {value.__name__}")))
    elif isinstance(value, np.flatiter):
        finder.follow(finder.add(Attribute(value, "base", "the array of a.flat")))
    elif is_made_by_statement(type(value)):
        for name, part in [*getattr(value, "__dict__", {}).items()]:
            if f"{module}.".startswith(READABLE):
                finder.follow(finder.add(Attribute(value, name, f"{called}.{name}")))
            elif isinstance(part, FunctionType):
                finder.follow(part)


def keeps_its_own(x: Any) -> bool:
    """Say whether a class or a function is of a library whose objects' attributes are its own affair."""
    return str(x.__module__).partition(".")[0] in COMPUTING


def follow_getter(finder: Finder, owner: Any, stored: Any) -> None:
    """Follow what a library's property reads of the object that it is asked of, as an Enum's member has its value."""
    read = getattr(stored, "fget", None)
    if isinstance(read, FunctionType) and is_foreign(read) and not keeps_its_own(read):
        for name in read.__code__.co_names:
            if name in getattr(owner, "__dict__", ()):
                finder.follow(finder.add(Attribute(owner, name, f"{type(owner).__name__}.{name}")))


def follow_within(finder: Finder, f: FunctionType) -> None:
    """Follow what a library's function keeps for the user: that which ``fit`` compiles has the loss."""
    ours = str(f.__module__).partition(".")[0] == OURS
    for value in (find_variable(cell, "") for cell in f.__closure__ or ()):
        if ours or isinstance(value, FUNCTIONS):
            finder.follow(value)


def list_inside(x: Any) -> list[Any]:
    """Give what is in a container: of a dict its keys, too, but for texts, which may be the names of anything."""
    if not isinstance(x, dict | MappingProxyType):
        return list(x)
    return [*(key for key in x if not isinstance(key, str)), *x.values()]


def follow_elements(finder: Finder, value: Any) -> None:
    """Follow what is in an array of objects, or in a row of a table, which looks at the table's memory."""
    if isinstance(value, np.void) and not value.dtype.hasobject:
        finder.links.setdefault((Buffer, id(value)), Buffer(value, "", "the contents of a row"))
    elif value.dtype.hasobject and value.size <= LONGEST:
        finder.links.setdefault((Objects, id(value)), Objects(value, "", "the objects in an array"))
        for part in list_parts(value):
            finder.follow(part)


def _shows_memory(value: Any) -> bool:
    """Say whether an object shows its memory, as an array of Python's or of ctypes does, and no file of a gigabyte."""
    try:
        size = memoryview(value).nbytes
    except (TypeError, ValueError, BufferError):  # the second of what has been closed
        return False
    return 0 < size < WHOLE or isinstance(value, bytearray | array | memoryview)


def follow_class(finder: Finder, kind: type) -> None:
    """Follow how objects of a class are made, and their special methods; others are asked for by name."""
    for name in list_own(type(kind), ("__call__", *SPECIAL)):
        follow_special(finder, kind, name)
    for name in list_own(kind, MAKING):
        follow_making(finder, kind, name)


def follow_making(finder: Finder, kind: type, name: str) -> None:
    """Follow a method that a class has for its objects."""
    if name in TEXT and not finder.asks:
        finder.later.append((follow_making, kind, name))
        return
    method = inspect.getattr_static(kind, name, None)
    function = inspect.unwrap(getattr(method, "__func__", method)) if method is not None else None
    generated = isinstance(function, FunctionType) and name in SPECIAL and is_generated(function)
    if isinstance(function, FunctionType) and not (generated or is_foreign(function)):
        for link in list_method_links(kind, name, method):
            finder.add(link)
        finder.follow(function, (kind,) if isinstance(method, classmethod) else ())


def follow_special(finder: Finder, value: Any, name: str, args: tuple[Any, ...] = ()) -> None:
    """Follow a method that calls and operators look for in the object's class."""
    if name in TEXT and not finder.asks:
        finder.later.append((follow_special, value, name))
        return
    method = inspect.getattr_static(type(value), name, None)
    method = method.fget if isinstance(method, property) else method
    function = inspect.unwrap(method) if callable(method) else None
    if isinstance(function, FunctionType) and not is_generated(function):
        for link in list_kind_links(value, name):
            finder.add(link)
        finder.follow(method, (value, *args))
