"""OutsideFinder: follows functions by their code, from one to the next, and notes what they read outside themselves."""

from __future__ import annotations

import inspect
from collections import Counter, deque
from collections.abc import Mapping
from functools import cached_property, partial
from threading import local
from types import CodeType, FunctionType, MappingProxyType, MethodType, ModuleType
from typing import Any

import numpy as np

from minigrad.compiler.trace.asking import (
    asks_what_it_is,
    asks_which,
    find_asked_names,
    find_names_that_may_be_missing,
    read_instructions,
)
from minigrad.compiler.trace.behind import (
    LONGEST,
    Later,
    follow_behind,
    follow_elements,
    follow_getter,
    follow_special,
    follow_within,
    keeps_its_own,
    list_inside,
)
from minigrad.compiler.trace.contents import Contents
from minigrad.compiler.trace.foreign import choose_names, is_computed, is_foreign, is_ready
from minigrad.compiler.trace.imports import find_module, gives_modules, link_modules
from minigrad.compiler.trace.links import MISSING, SCALARS, Attribute, Form, Item, Link, Perhaps, Stored
from minigrad.compiler.trace.methods import list_functions, list_method_links
from minigrad.compiler.trace.told import ASKING, Told, find_told, link_registered
from minigrad.compiler.trace.variables import cell_of, global_of
from minigrad.engine.tensor import Tensor

LOADS = {f"LOAD_{name}" for name in ["DEREF", "CLASSDEREF", "GLOBAL", "NAME", "FAST", "FAST_BORROW", "FAST_CHECK"]}
ATTRIBUTES = {"LOAD_ATTR", "LOAD_METHOD", "LOAD_SUPER_ATTR", "LOAD_SUPER_METHOD"}
SUBSCRIPTS = {"BINARY_SUBSCR"}
PLAIN = (*SCALARS, Tensor, np.ndarray, np.generic)
# What a Tensor or an array says of itself -> what to watch for it.
FORMS = {x: x for x in ("shape", "dtype", "name", "requires_grad")} | {"ndim": "shape", "size": "shape"}
MEMORY = {"strides": "strides", "nbytes": "nbytes", "itemsize": "dtype", "flags": "flags.num"}  # of arrays alone
ASKING_BY_NAME = {"getattr", "__getattribute__", "setattr", "delattr", "__setattr__"}
READING_ALL = {"vars", "dir", "asdict", "astuple", "dumps"}  # what asks for all that an object holds
INDEXED = (list, tuple, dict, MappingProxyType)
CONTAINERS = (*INDEXED, set, frozenset, deque)


class OutsideFinder:
    """Follows functions; ``links`` are those found so far, by their keys."""

    def __init__(self) -> None:
        self.links: dict[Any, Link] = {}
        self.known: dict[Any, Any] = {}  # what has been followed, and is kept so that no other has its id
        self.objects: dict[int, Any] = {}
        self.kinds: dict[type, frozenset[str] | None] = {}  # what classes hold; None where __getattr__ may give any
        self.asks = self.asks_which = False  # what type something has? which of equal things it is?
        self.later: list[Later] = []
        self.names: dict[str, None] = {}  # of attributes whose owner the code does not tell
        self.strings: dict[str, None] = {}  # that may be such names, of a function that calls getattr
        self.asks_by_name = self.asks_modules = False  # for attributes, and for modules, by their names?
        self.perhaps: dict[str, None] = {}  # those that it may also find missing
        self.codes: dict[CodeType, Any] = {}  # all that has been read, and the package that it is in

    def try_names(self) -> None:
        """Look up all such names in all objects, and in those that are found by that."""
        tried: dict[int, int] = {}  # so many of the names
        found = True
        while found:
            self.names |= self.perhaps | (self.strings if self.asks_by_name else {})
            packages = [x for x in self.codes.values() if x]
            for link in link_modules(self.codes, [*self.strings, *packages]) if self.asks_modules else ():
                module = self.add(link)
                self.objects.setdefault(id(module), module)
            names = list(self.names)
            found = False
            for x in list(self.objects.values()):
                new, tried[id(x)] = names[tried.get(id(x), 0) :], len(names)
                found = found or bool(new)
                for name in choose_names(x, new, self.kinds, self.perhaps):
                    value = self.attribute(x, name, *((Perhaps, Perhaps) if name in self.perhaps else ()))
                    if value is not MISSING:
                        self.follow(value)

    def follow(self, value: Any, args: tuple[Any, ...] = (), called: bool = True) -> None:
        """Follow what may be called, with those arguments first, or has parts that may be."""
        if isinstance(value, str) and value.replace(".", "").isidentifier():
            self.strings[value] = None
        if self.note_asking(value):
            return
        if isinstance(value, ModuleType) and called and not is_foreign(value):  # which a function is given
            self.objects.setdefault(id(value), value)
        others = (*PLAIN, FunctionType, MethodType, ModuleType, *CONTAINERS)
        own = isinstance(value, SCALARS) and type(value) not in SCALARS and not is_foreign(type(value))
        if (own or not isinstance(value, others)) and not is_ready(value) and id(value) not in self.objects:
            self.objects[id(value)] = value
            follow_behind(self, value)
        if isinstance(value, np.ndarray | np.void):
            follow_elements(self, value)
        if isinstance(value, MethodType):
            value, args = value.__func__, (value.__self__, *args)
        for x in args:
            if x is not MISSING and id(x) not in self.objects and not isinstance(x, SCALARS):
                self.follow(x)
        if isinstance(value, partial) and not hasattr(value, "__wrapped__"):
            self.follow(value.func, value.args + args)
            for part in filter(None, (value.args, value.keywords)):
                self.follow(part)
            return
        wrapped = inspect.getattr_static(value, "__wrapped__", None) if callable(value) else None
        if wrapped is not None:
            self.follow(wrapped, args)
            if is_foreign(type(value)) and hasattr(value, "rules"):  # a derivative of the user's own
                for rule in self.add(Form(value, "rules", f"the rules of {getattr(value, '__name__', 'a function')}")):
                    self.follow(rule)
            if hasattr(value, "registry"):  # of singledispatch
                self.follow(value.registry)
                self.add(link_registered())
        if isinstance(value, FunctionType):
            self.follow_function(value, args)
        elif isinstance(value, CONTAINERS):
            self.follow_parts(value)
        elif called and not isinstance(value, type) and not is_foreign(type(value)):
            follow_special(self, value, "__call__", args)

    def note_asking(self, value: Any) -> bool:
        """Note what something gives of Python's or NumPy's own, modules by name or settings, if it is such."""
        if gives_modules(value):
            self.asks_modules = True
        elif told := find_told(value):
            self.add(told)
        else:
            return False
        return True

    def follow_parts(self, value: Any) -> None:
        """Note what is in a list, a dict or a set, and follow each of it."""
        if id(value) in self.known or len(value) > LONGEST:
            return
        self.known[id(value)] = value
        if not isinstance(value, tuple | frozenset):
            self.add(Contents(value, "is_unchanged", f"the contents of a {type(value).__name__}"))
        for part in list_inside(value):
            self.follow(part)

    def follow_function(self, f: FunctionType, args: tuple[Any, ...]) -> None:
        """Follow the names in a function's code, if it is not a library's."""
        key = (id(f.__code__), id(f.__globals__), id(f.__closure__), *map(id, args))
        if key in self.known:
            return
        self.known[key] = (f, args)
        if is_foreign(f):
            follow_within(self, f)
            return
        self.add(Attribute(f, "__code__", f"the code of {f.__name__}"))
        cells = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
        names = f.__code__.co_varnames[: f.__code__.co_argcount]
        asked = {"__defaults__": f.__defaults__ and len(args) < len(names), "__kwdefaults__": f.__kwdefaults__}
        for name in (name for name, given in asked.items() if given):  # others may take their place
            self.follow(self.add(Attribute(f, name, f"{f.__name__}.{name}")))
        self.scan(f.__code__, cells, f.__globals__, dict(zip(names, args, strict=False)))

    def scan(self, code: CodeType, cells: Mapping[str, Any], names: Mapping[str, Any], known: dict[str, Any]) -> None:
        """Read code, and the code of functions within it; ``known`` are the values of local names."""
        instructions = read_instructions(code)
        stores = Counter(x.argval for x in instructions if x.opname == "STORE_FAST")
        local = {name: value for name, value in known.items() if not stores[name]}
        asked = find_asked_names(code)
        value = module = MISSING
        for i, x in enumerate(instructions):
            following = instructions[i + 1].opname if i + 1 < len(instructions) else ""
            if x.opname in LOADS:
                value = self.load(x, cells, names, local)
            elif x.opname == "STORE_GLOBAL" or (x.opname == "STORE_DEREF" and x.argval in cells):
                self.load(x, cells, names, local)  # what it sets is to be what it has set
            elif x.opname == "IMPORT_NAME":
                module = value = find_module(instructions, i, names) or MISSING
            elif x.opname == "IMPORT_FROM":
                value = self.attribute(module, x.argval)
            elif x.opname in ATTRIBUTES or x.opname == "STORE_ATTR":
                self.names |= {x.argval: None} if value is MISSING else {}
                value = MISSING if value is MISSING else self.attribute(value, x.argval, Attribute, Perhaps)
            elif x.opname == "LOAD_CONST" and value is not MISSING and x.argval in asked:
                self.attribute(value, x.argval, Perhaps, Perhaps)  # getattr(value, "name")
                value = MISSING
            elif x.opname == "STORE_FAST" and value is not MISSING and stores[x.argval] == 1:
                local[x.argval], value = value, MISSING
            elif x.opname == "LOAD_CONST" and following in SUBSCRIPTS and isinstance(value, INDEXED):
                key = x.argval
                value = value[key] if isinstance(value, tuple) else self.add(Item(value, key, f"[{key!r}]"))
            elif x.opname not in SUBSCRIPTS:
                value = MISSING
            if isinstance(value, type) and "MATCH_CLASS" in [y.opname for y in instructions[i + 1 : i + 3]]:
                self.perhaps |= dict.fromkeys(getattr(value, "__match_args__", ()))
            if value is not MISSING:
                self.follow(value, called=following not in ATTRIBUTES)
        self.asks |= asks_what_it_is(code)
        self.asks_which |= asks_which(code)
        if not ASKING.isdisjoint(code.co_names):
            self.add(link_registered())
        self.codes[code] = names.get("__package__")
        self.asks_modules |= "__import__" in code.co_names
        if "globals" in code.co_names:
            for name in (x for x in code.co_consts if isinstance(x, str) and x in names):
                self.follow(self.add(Item(names, name, name)))
        if not ASKING_BY_NAME.isdisjoint(code.co_names):
            self.names |= {x: None for x in code.co_consts if isinstance(x, str) and x.isidentifier()}
            self.asks_by_name = True
        self.perhaps |= dict.fromkeys(find_names_that_may_be_missing(code))
        if not READING_ALL.isdisjoint(code.co_names):
            self.names["__dict__"] = None
        for constant in code.co_consts:
            if isinstance(constant, CodeType):
                self.scan(constant, cells, names, {})

    def load(self, x: Any, cells: Mapping[str, Any], names: Mapping[str, Any], local: dict[str, Any]) -> Any:
        """Give what a name stands for."""
        if x.opname.startswith("LOAD_FAST") or (x.opname == "LOAD_DEREF" and x.argval not in cells):
            return local.get(x.argval, MISSING)
        return self.add(cell_of(cells[x.argval], x.argval) if x.argval in cells else global_of(names, x.argval))

    def attribute(self, owner: Any, name: str, kind: type[Attribute] = Attribute, absent: Any = None) -> Any:
        """Give an attribute, as stored; what a property computes is followed.

        ``kind`` is the link to one that is there, ``absent`` that to one that is not, if it is watched.
        """
        form = FORMS.get(name) or (MEMORY.get(name) if isinstance(owner, np.ndarray) else None)
        if form and isinstance(owner, Tensor | np.ndarray):
            return self.add(Form(owner, form, f"{type(owner).__name__}.{name}"))
        if is_foreign(type(owner) if isinstance(owner, PLAIN) else owner) and isinstance(owner, (*PLAIN, ModuleType)):
            self.note_asking(getattr(owner, "__dict__", {}).get(name))
            return MISSING
        if name == "__dict__":
            return MISSING if keeps_its_own(type(owner)) else getattr(owner, name, MISSING)
        if isinstance(owner, local) and hasattr(owner, name):
            return self.add(Attribute(owner, name, f"{type(owner).__name__}.{name}"))
        if name == "__subclasses__" and isinstance(owner, type):
            self.follow(self.add(Told(owner.__subclasses__, owner.__qualname__, f"the classes of {owner}")))
            return MISSING
        stored = inspect.getattr_static(owner, name, MISSING)
        if inspect.isgetsetdescriptor(stored):  # what Python itself keeps, as the name of a class
            return self.add(Attribute(owner, name, f"{type(owner).__name__}.{name}"))
        if isinstance(stored, cached_property) and hasattr(owner, "__dict__"):
            self.add(Stored(owner, name, f"{type(owner).__name__}.{name}"))
            self.follow(stored.func, (owner,))
            return MISSING
        if isinstance(stored, property):
            self.add(Attribute(type(owner), name, f"{type(owner).__name__}.{name}"))
            self.follow(stored.fget, (owner,))
            follow_getter(self, owner, stored)
            return MISSING
        if is_computed(stored) and (isinstance(owner, type) or name not in getattr(owner, "__dict__", ())):
            self.follow_computed(owner, name, stored)
            return MISSING
        if isinstance(asked := inspect.getattr_static(type(owner), "__getattribute__", None), FunctionType):
            self.follow(asked, (owner,))
        if stored is MISSING:
            computing = inspect.getattr_static(type(owner), "__getattr__", None)
            if isinstance(inspect.unwrap(computing), FunctionType) and not is_foreign(computing):
                if hasattr(owner, "__dict__"):
                    self.add(Stored(owner, name, f"{type(owner).__name__}.{name}"))
                self.follow(computing, (owner,))
            elif isinstance(owner, ModuleType) and "__getattr__" in vars(owner):
                self.follow(vars(owner)["__getattr__"])
            elif absent and computing is None and "__getattr__" not in getattr(owner, "__dict__", ()):
                self.add(absent(owner, name, f"{type(owner).__name__}.{name}"))
            return MISSING
        link = kind(owner, name, f"{type(owner).__name__}.{name}")
        return self.add(link if link.seen is not MISSING else Perhaps(owner, name, link.called))  # an empty slot

    def follow_computed(self, owner: Any, name: str, stored: Any) -> None:
        """Follow a method, or what a descriptor computes; of the user's own methods another one may take the place."""
        for link in list_method_links(owner, name, stored):
            self.add(link)
        own = owner if isinstance(owner, type) else type(owner)
        for kind in own.__mro__:  # super() may ask for any of them
            method: Any = kind.__dict__.get(name)
            for function in list_functions(method):
                self.follow(function, () if own is owner else (owner,))
            if isinstance(method, classmethod | staticmethod):
                self.follow(method.__func__, (own,) if isinstance(method, classmethod) else ())
            elif isinstance(inspect.unwrap(method), FunctionType):
                if kind is not own and not is_foreign(kind):
                    self.add(Attribute(kind, name, f"{kind.__name__}.{name}"))
                self.follow(method, () if own is owner else (owner,))
        if isinstance(get := inspect.getattr_static(type(stored), "__get__", None), FunctionType):
            self.follow(get, (stored, owner))
        follow_getter(self, owner, stored)

    def add(self, link: Link) -> Any:
        """Note a link, and give what it leads to."""
        if not isinstance(link, Contents | Form) and link.read() is not link.seen:
            return MISSING  # made anew whenever it is asked for, as a bound method is
        return self.links.setdefault(link.key, link).seen
