"""What compiled code sees of a change outside of it, in unusual places, and what it does not: as its docstring says."""

import ctypes
import json
import os
import sys
import warnings
from abc import ABC
from collections import ChainMap, UserDict, UserList
from contextlib import nullcontext
from contextvars import ContextVar
from dataclasses import asdict, astuple, dataclass
from enum import Enum, IntFlag
from functools import lru_cache, partial, partialmethod, singledispatch, singledispatchmethod
from importlib import import_module
from io import BytesIO, StringIO
from threading import Event
from types import MappingProxyType, ModuleType, SimpleNamespace
from typing import Any
from weakref import WeakKeyDictionary, WeakValueDictionary, ref

import numpy as np
import pytest
from scipy import sparse

from minigrad import Tensor, compile, nn, optim
from minigrad.compiler.calls.verify import DifferenceError
from minigrad.compiler.trace.traced import TraceError
from tests.compiling import as_code, each_backend, running

x = np.array([1.0, 2.0])
FACTOR = 2.0


class Model:
    """Has a method that another is put in the place of."""

    def scale(self, x):
        return 2 * x

    def __call__(self, x):
        return self.scale(x)


def by_a_method_of_the_object():
    model = Model()
    return lambda x: model(x), [lambda: setattr(model, "scale", lambda x: 5 * x), lambda: delattr(model, "scale")]


def by_a_method_of_the_class():
    class Own(Model):
        def scale(self, x):
            return 3 * x

    model = Own()
    return model, [lambda: setattr(Own, "scale", lambda self, x: 7 * x), lambda: delattr(Own, "scale")]


def by_a_class_in_the_place_of_another():
    kinds = SimpleNamespace(Model=Model)

    class Other(Model):
        def scale(self, x):
            return 9 * x

    return lambda x: kinds.Model()(x), [lambda: setattr(kinds, "Model", Other)]


def by_globals():
    def change(value):
        globals()["FACTOR"] = value

    return lambda x: x * globals()["FACTOR"], [lambda: change(5.0), lambda: change(2.0)]


def by_chain_map():
    chain = ChainMap({"k": 2.0}, {"m": 3.0})
    return lambda x: x * chain["k"] * chain["m"], [lambda: chain.update(k=5.0), lambda: chain.maps[1].update(m=4.0)]


def by_mapping_proxy():
    own: dict[str, Any] = {"k": 2.0, "m": [3.0]}
    proxy = MappingProxyType(own)
    return lambda x: x * proxy["k"] + sum(proxy["m"]), [lambda: own.update(k=5.0), lambda: own["m"].append(4.0)]


def by_user_containers():
    names: UserDict[str, float] = UserDict(k=2.0)
    numbers: UserList[float] = UserList([3.0])
    return lambda x: x * names["k"] + sum(numbers), [lambda: names.update(k=5.0), lambda: numbers.append(4.0)]


class Looked:
    """Gives attributes by a rule of its own."""

    def __init__(self):
        self.own = {"k": 2.0}

    def __getattribute__(self, name):
        own = object.__getattribute__(self, "own")
        return own[name] if name in own else object.__getattribute__(self, name)


def by_getattribute():
    looked = Looked()
    return lambda x: x * looked.k, [lambda: looked.own.update(k=5.0)]


class Descriptor:
    """An attribute that is computed of another."""

    def __get__(self, owner, kind=None):
        return owner.__dict__.get("held", 2.0)


def by_a_descriptor_of_ones_own():
    class Owner:
        k = Descriptor()

    owner = Owner()
    return lambda x: x * owner.k, [lambda: setattr(owner, "held", 5.0), lambda: delattr(owner, "held")]


def by_a_number_of_the_class():
    class Own(Model):
        factor = 2.0

        def scale(self, x):
            return self.factor * x

    model = Own()
    return lambda x: model(x), [lambda value=value: setattr(Own, "factor", value) for value in (3.0, 4.0, 5.0)]


def by_a_class_method():
    class Own:
        factor = 2.0

        @classmethod
        def scale(cls, x, k=1.0):
            return cls.factor * k * x

        @staticmethod
        def twice(x):
            return Own.factor * x

    own = Own()
    change = [lambda value=value: setattr(Own, "factor", value) for value in (3.0, 4.0)]
    return lambda x: own.scale(x) + Own.scale(x, k=2.0) + own.twice(x), change


def by_a_property_in_the_place_of_another():
    class Base:
        held = 3.0
        factor = property(lambda self: 2.0)

    class Own(Base):
        pass

    own = Own()
    changes = [lambda: setattr(Base, "factor", property(lambda self: self.held)), lambda: setattr(own, "held", 4.0)]
    return lambda x: x * own.factor, [*changes, lambda: setattr(Own, "factor", property(lambda self: 7.0))]


IMPORTING = """
def f(x):
    import minigrad_package.part as whole
    import minigrad_package.part
    from . import own, part
    from .part import factor, other

    return x * own + factor + part.factor * whole.other + other + minigrad_package.part.factor
"""


def by_modules_that_it_imports():
    package, module = ModuleType("minigrad_package"), ModuleType("minigrad_package.part")
    package.part, package.own, module.factor, module.other = module, 2.0, 3.0, 5.0
    sys.modules |= {"minigrad_package": package, "minigrad_package.part": module}

    namespace = {"__package__": "minigrad_package", "__name__": "minigrad_package.user"}
    exec(IMPORTING, namespace)  # since nothing here imports inside a function
    f = namespace["f"]
    changes = [lambda: setattr(module, "factor", 4.0), lambda: setattr(package, "own", 6.0)]
    return f, [*changes, lambda: setattr(module, "other", 7.0), lambda: setattr(module, "factor", 8.0)]


def by_an_attribute_that_may_be_missing():
    owner, other, held = SimpleNamespace(), Model(), Model()

    def f(x):
        x = x * getattr(owner, "factor", 3.0) + (1.0 if hasattr(other, "shift") else 0.0)
        for part in [held]:
            x = x * getattr(part, "power", 2.0)
        try:
            return x - other.late
        except AttributeError:
            return x

    changes = [
        lambda: setattr(owner, "factor", 4.0),
        lambda: setattr(owner, "factor", 5.0),
        lambda: delattr(owner, "factor"),
    ]
    changes += [
        lambda: setattr(other, "shift", None),
        lambda: setattr(Model, "late", 7.0),
        lambda: delattr(Model, "late"),
    ]
    changes += [
        lambda: setattr(held, "power", 0.5),
        lambda: delattr(other, "shift"),
        lambda: setattr(other, "late", 3.0),
    ]
    return f, [*changes, lambda: setattr(other, "late", 8.0), lambda: delattr(held, "power")]


def by_an_attribute_that_is_made_when_it_is_first_asked_for():
    owner = SimpleNamespace()

    def f(x):
        if not hasattr(owner, "factor"):
            owner.factor = 2.0
        return x * owner.factor

    return f, [lambda: setattr(owner, "factor", 5.0), lambda: setattr(owner, "factor", 6.0)]


def by_what_a_block_gives():
    class Block:
        def __enter__(self):
            return owner.factor

        def __exit__(self, *error):
            pass

    owner, block = SimpleNamespace(factor=2.0), Block()

    def f(x):
        with block as factor:
            return x * factor

    return f, [lambda: setattr(owner, "factor", 5.0), lambda: setattr(owner, "factor", 6.0)]


def by_a_method_that_super_calls():
    class Base:
        def scale(self, x):
            return 2 * x

    class Own(Base):
        def scale(self, x):
            return super().scale(x) + 1

    own = Own()
    return lambda x: own.scale(x), [lambda: setattr(Base, "scale", lambda self, x: 5 * x)]


def by_what_a_comparison_reads():
    class Own:
        factor = 2.0

        def __eq__(self, other):
            return self.factor == other

        def __lt__(self, other):
            return self.factor < other

    own = Own()
    changes = [lambda: setattr(own, "factor", 2.5), lambda: setattr(own, "factor", 5.0)]
    return lambda x: 2 * x if own == 2.0 else (3 * x if own < 3.0 else x), changes


def by_an_attribute_of_a_number():
    class Number(float):
        unit = 3.0

    class Numbers(np.ndarray):
        unit = 4.0

    number, numbers = Number(2.0), np.ones(2).view(Numbers)
    changes = [lambda: setattr(number, "unit", 5.0), lambda: setattr(numbers, "unit", 6.0)]
    return lambda x: x * number * number.unit + numbers.unit, changes


def by_memory_that_is_looked_at():
    memory = np.ones(2)
    view = memoryview(memory)
    return lambda x: x * view[0], [lambda: memory.fill(3.0)]


def by_a_gradient_that_is_there_or_not():
    w = Tensor(np.ones(2), requires_grad=True)
    changes = [lambda: setattr(w, "grad", Tensor(np.array([4.0, 5.0]))), lambda: setattr(w, "grad", None)]
    return lambda x: 2 * x if w.grad is None else x * w.grad, changes


def by_what_a_tensor_says_of_itself():
    owner = SimpleNamespace(w=Tensor(np.ones(3), name="w"), a=np.ones((2, 3)))

    def f(x):
        x = x * owner.w.shape[0] + owner.w.ndim + owner.w.size + (1 if owner.w.name == "w" else 2)
        return x + owner.a.shape[0] + (1 if owner.a.dtype == float else 2)

    changes = [lambda: setattr(owner.w, "data", np.ones((4, 3))), lambda: setattr(owner.w, "name", "v")]
    changes += [lambda: setattr(owner, "a", np.ones((3, 2)))]
    return f, [*changes, lambda: setattr(owner, "a", np.ones((3, 2), np.float32))]


def by_a_dtype():
    owner = SimpleNamespace(kind=np.float64)
    kinds = [np.float32, "f2", int, np.dtype(np.int8), float]
    return lambda x: x.astype(owner.kind), [lambda kind=kind: setattr(owner, "kind", kind) for kind in kinds]


def by_flags():
    class Way(IntFlag):
        TWICE = 1
        MORE = 2

    owner = SimpleNamespace(way=Way.TWICE)
    changes = [lambda: setattr(owner, "way", Way.MORE), lambda: setattr(owner, "way", Way.TWICE | Way.MORE)]
    return lambda x: x * (2.0 if owner.way & Way.TWICE else 3.0) + (Way.MORE in owner.way), changes


def by_which_of_equal_lists_it_is():
    owner, pair = SimpleNamespace(kept=[1]), (1, 2)
    first, place = owner.kept, {"pair": pair}

    def f(x):
        return x * (2 if owner.kept is first else 3) + (4 if place["pair"] is pair else 5)

    changes = [lambda: setattr(owner, "kept", [1]), lambda: place.update(pair=tuple(range(1, 3)))]
    return f, [*changes, lambda: setattr(owner, "kept", first)]


def by_other_code():
    def scale(x):
        return 2 * x

    def another(x):
        return 5 * x

    return lambda x: scale(x), [lambda: setattr(scale, "__code__", another.__code__)]


def by_special_methods():
    class Own(Model):
        def __call__(self, x):
            return 2 * x

        def __rmul__(self, x):
            return 3 * x

    class Other(Model):
        def __call__(self, x):
            return 7 * x

        def __rmul__(self, x):
            return 11 * x

    model = Own()
    changes = [lambda: setattr(Own, "__call__", lambda self, x: 5 * x)]
    changes += [lambda: setattr(Own, "__rmul__", lambda self, x: 4 * x), lambda: setattr(model, "__class__", Other)]
    return lambda x: model(x) + 2.0 * model, changes


def by_methods_that_functools_makes():
    @singledispatch
    def give(kind):
        return 2.0

    class Own:
        held = 1.0

        def scale(self, x, k):
            return x * k * self.held

        twice = partialmethod(scale, k=2.0)

        @singledispatchmethod
        def more(self, kind):
            return self.held

    own = Own()
    changes = [lambda: setattr(own, "held", 3.0), lambda: give.register(int, lambda kind: 5.0)]
    changes += [lambda: setattr(Own, "twice", partialmethod(Own.scale, k=7.0))]
    changes += [lambda: Own.__dict__["more"].register(int, lambda self, kind: 11.0)]
    return lambda x: own.twice(x) + give(3) + own.more(3), changes


def by_class_methods_in_the_place_of_others():
    class Own:
        give = classmethod(lambda cls: 2.0)
        take = staticmethod(lambda: 3.0)

    changes = [lambda: setattr(Own, "give", classmethod(lambda cls: 5.0))]
    changes += [lambda: setattr(Own, "take", staticmethod(lambda: 7.0))]
    return lambda x: x * Own.give() + Own.take(), changes


def by_a_pattern():
    @dataclass
    class Pair:
        first: float
        second: float

    owner = SimpleNamespace(pair=Pair(1.0, 2.0))

    def f(x):
        match owner.pair:
            case Pair(1.0, second):
                return x * second
            case Pair(first=first):
                return x + first

    changes = [lambda: setattr(owner.pair, "second", 5.0), lambda: setattr(owner.pair, "first", 3.0)]
    return f, [*changes, lambda: setattr(owner, "pair", Pair(1.0, 8.0))]


def by_a_slot_that_may_be_empty():
    class Slotted:
        __slots__ = ("k",)

    first, second = Slotted(), Slotted()
    first.k = 2.0

    def f(x):
        for part in (first, second):
            try:
                x = x * part.k
            except AttributeError:
                x = x - 1
        return x

    changes = [lambda: delattr(first, "k"), lambda: setattr(first, "k", 3.0), lambda: setattr(second, "k", 5.0)]
    return f, [*changes, lambda: delattr(second, "k")]


def by_attributes_that_may_be_missing_from_what_it_meets():
    parts = [SimpleNamespace(k=2.0), SimpleNamespace()]

    def f(x):
        for part in parts:
            try:
                x = x * part.k
            except AttributeError:
                x = x - 1
        return x

    return f, [lambda: setattr(parts[1], "k", 3.0), lambda: delattr(parts[0], "k")]


NAMELESS = """
class Own:
    k = 2.0

def f(x):
    try:
        return x * late * Own.k
    except NameError:
        return x + abs(-7.0)
"""


def by_names_that_come_and_go():
    """In a namespace without a name, as that of a configuration that is run."""
    namespace: dict[str, Any] = {}
    exec(NAMELESS, namespace)
    changes = [lambda: namespace.update(late=3.0), lambda: setattr(namespace["Own"], "k", 5.0)]
    changes += [lambda: namespace.pop("late"), lambda: namespace.update(abs=lambda k: 11.0)]
    return namespace["f"], [*changes, lambda: namespace.pop("abs")]


def by_a_variable_that_has_no_value_yet():
    def make():
        def f(x):
            try:
                return x * late
            except NameError:
                return x + 1

        def change(value):
            nonlocal late
            late = value

        def take_away():
            nonlocal late
            del late

        if False:
            late = 0.0
        return f, [lambda: change(3.0), lambda: change(4.0), take_away]

    return make()


def by_a_module_named_like_one_of_pythons():
    module = sys.modules["tabnanny"] = ModuleType("tabnanny")  # a file tabnanny.py beside the user's own
    module.__file__ = os.path.join(os.path.dirname(__file__), "tabnanny.py")
    exec("k = 2.0\ndef scale(x):\n    return k * x", module.__dict__)
    return lambda x: module.scale(x), [lambda: setattr(module, "k", 5.0)]


def by_a_detached_parameter():
    w = Tensor(np.array([2.0, 3.0]), requires_grad=True)
    changes = [lambda: setattr(w, "data", np.array([5.0, 7.0])), lambda: w.data.__setitem__(0, 11.0)]
    return lambda x: x * w.detach() + w.detach()[0], changes


def by_objects_that_it_makes():
    class Making(type):
        def __call__(cls, *args):
            return super().__call__(*args)

    class Own(metaclass=Making):
        k = 2.0

        def __init__(self, held):
            self.held = held

        def scale(self, x):
            return x * self.held * self.k

    @dataclass
    class Settings:
        share: float = 3.0

    def twice(self, held):
        self.held = 2 * held

    changes = [lambda: setattr(Own, "k", 5.0), lambda: setattr(Own, "__init__", twice)]
    changes += [lambda: setattr(Own, "scale", lambda self, x: x + self.k)]
    changes += [lambda: setattr(Settings.__init__, "__defaults__", (7.0,))]
    changes += [lambda: setattr(Making, "__call__", lambda cls, *args: SimpleNamespace(scale=lambda x: x * 11.0))]
    return lambda x: Own(3.0).scale(x) + Settings().share, changes


def by_a_method_that_super_calls_of_a_bound_method():
    class Base:
        k = 2.0

        def scale(self, x):
            return x * self.k

    class Own(Base):
        m = 1.0

        def scale(self, x):
            return super().scale(x) + __class__.m  # type: ignore[name-defined]

    changes = [lambda: setattr(Own, "m", 4.0), lambda: setattr(Base, "k", 5.0)]
    own = Own()
    return own.scale, [*changes, lambda: setattr(own, "k", 6.0)]


def by_weak_containers():
    class Kept:
        def __get__(self, owner, kind=None):
            return held[owner]

    class Own:
        k = Kept()

    own, part, held = Own(), SimpleNamespace(m=3.0), WeakKeyDictionary()
    held[own] = 2.0
    parts = WeakValueDictionary(a=Looked())
    parts["a"] = looked = Looked()
    changes = [lambda: held.update({own: 5.0}), lambda: looked.own.update(k=7.0), lambda: setattr(part, "m", 4.0)]
    return lambda x: x * own.k + parts["a"].k * part.m, changes


def by_the_class_of_what_is_asked_for():
    class First:
        pass

    class Second:
        pass

    owner = SimpleNamespace(part=First(), other=First())

    def f(x):
        x = x * 2 if isinstance(owner.part, First) else x
        return x + (1 if type(owner.other).__name__ == "First" else 0)

    changes = [lambda: setattr(owner, "part", Second()), lambda: setattr(owner.part, "__class__", First)]
    return f, [*changes, lambda: setattr(owner.other, "__class__", Second)]


def by_what_dir_gives():
    owner = SimpleNamespace(a=1.0)
    return lambda x: x * len([name for name in dir(owner) if name[0] != "_"]), [lambda: setattr(owner, "b", 1.0)]


def by_functions_that_libraries_keep():
    k = [2.0]
    vectorized = np.vectorize(lambda a: a * k[0])
    return lambda x: x + vectorized(np.ones(2)), [lambda: k.__setitem__(0, 4.0)]


def by_views_of_a_dict():
    d = {1.0: 1.0, 2.0: 2.0}
    keys, values, items = d.keys(), d.values(), d.items()
    f = lambda x: x * sum(keys) + sum(values) + sum(value for _, value in items)  # noqa: E731
    return f, [lambda: d.update({3.0: 4.0}), lambda: d.update({1.0: 7.0})]


def by_methods_of_what_python_has():
    d, numbers, a = {"k": 2.0}, [1.0, 2.0], np.array([1.0, 2.0])
    get, item, total, given = d.get, numbers.__getitem__, a.sum, partial(d.get, "k")
    changes = [lambda: d.update(k=5.0), lambda: numbers.__setitem__(1, 7.0), lambda: a.__setitem__(0, 9.0)]
    return lambda x: x * get("k") + item(1) + total() + given(), changes


def by_memory_of_c():
    class Pair(ctypes.Structure):
        _fields_ = (("k", ctypes.c_double),)

    number, numbers, pair = ctypes.c_double(2.0), (ctypes.c_double * 2)(1.0, 2.0), Pair(3.0)
    changes = [lambda: setattr(number, "value", 5.0), lambda: numbers.__setitem__(1, 7.0)]
    return lambda x: x * number.value + numbers[1] + pair.k, [*changes, lambda: setattr(pair, "k", 9.0)]


def by_arrays_of_other_kinds():
    table = np.zeros(2, [("a", float)])
    row, records, matrix = table[0], np.rec.array([(1.0,)], dtype=[("a", float)]), np.eye(2).view(np.matrix)
    masked, objects, flat = np.ma.array([1.0, 2.0], mask=[0, 1]), np.array([{"k": 2.0}, None]), table["a"].flat

    def f(x):
        return x * row["a"] + records.a[0] + float(matrix[0, 0]) + float(masked.sum()) + objects[0]["k"] + flat[1]

    changes = [lambda: table["a"].__setitem__(0, 5.0), lambda: records.a.__setitem__(0, 7.0)]
    changes += [lambda: matrix.__setitem__((0, 0), 3.0), lambda: masked.__setitem__(1, 11.0)]
    return f, [*changes, lambda: objects[0].update(k=13.0), lambda: table["a"].__setitem__(1, 17.0)]


def by_what_becomes_an_array():
    class Own:
        k = 1.0

        def __init__(self):
            self.a = np.array([1.0, 2.0])

        def __array__(self, dtype=None, copy=None):
            return self.a * self.k

    class Shown:
        def __init__(self):
            self.a = np.array([3.0, 5.0])

        @property
        def __array_interface__(self):
            return self.a.__array_interface__

    own, shown = Own(), Shown()
    changes = [lambda: own.a.__setitem__(0, 9.0), lambda: setattr(own, "k", 3.0), lambda: setattr(own, "a", np.ones(2))]
    changes += [lambda: setattr(shown, "a", np.ones(2)), lambda: shown.a.__setitem__(0, 4.0)]
    return lambda x: x * np.asarray(own) + np.asarray(shown), changes


def by_objects_of_numpys():
    polynomial, context = np.poly1d([1.0, 2.0]), nullcontext(2.0)

    def f(x):
        with context as k:
            return x * polynomial(2.0) + k

    return f, [lambda: polynomial.coeffs.__setitem__(0, 5.0), lambda: setattr(context, "enter_result", 7.0)]


def by_modules_within_modules():
    module, first, second = (ModuleType(f"minigrad_module_{i}") for i in range(3))
    module.part, first.k, second.k = first, 2.0, 9.0
    late = {"m": 3.0}
    module.__getattr__ = lambda name: late[name]
    changes = [lambda: setattr(first, "k", 5.0), lambda: setattr(module, "part", second), lambda: late.update(m=4.0)]
    return lambda x: x * module.part.k + module.m, changes


def by_operators_of_a_class():
    class Own:
        k = 2.0

        def __class_getitem__(cls, i):
            return cls.k * i

        def __rshift__(self, x):
            return x * self.k

        def __iadd__(self, x):
            return x - self.k

        def __format__(self, how):
            return str(self.k)

    own = Own()

    def f(x):
        other = own
        other += x
        return (own >> x) + other + Own[3] + float(f"{own}")

    return f, [lambda: setattr(Own, "k", 5.0), lambda: setattr(own, "k", 7.0)]


def by_settings_that_numpy_tells():
    kept = np.geterr(), np.get_printoptions()

    def f(x):
        return x * (2.0 if np.geterr()["over"] == "warn" else 3.0) + np.get_printoptions()["precision"]

    def put_back():
        np.seterr(**kept[0])
        np.set_printoptions(**kept[1])

    return f, [lambda: np.seterr(over="ignore"), lambda: np.set_printoptions(precision=3), put_back]


def by_modules_of_some_name():
    package, first, second = (ModuleType(name) for name in ("named_package", "named_package.first", "named_package.k"))
    sys.modules |= {x.__name__: x for x in (package, first, second)}
    package.first, first.k, second.k, package.m = first, 2.0, 3.0, 5.0
    owner, other = SimpleNamespace(name="named_package.k"), ModuleType("named_package.first")
    other.k = 13.0

    def f(x):
        late = import_module("named_package.first")
        x = x * late.k + sys.modules.get(owner.name).k
        return x + __import__("named_package").m + import_module(".first", "named_package").k

    changes = [lambda: setattr(first, "k", 7.0), lambda: setattr(second, "k", 9.0), lambda: setattr(package, "m", 1.0)]
    return f, [*changes, lambda: sys.modules.__setitem__("named_package.first", other)]


def by_the_value_of_a_member():
    class Way(Enum):
        TWICE = 2.0

    change = partial(setattr, Way.TWICE)
    return lambda x: x * Way.TWICE.value + len(Way.TWICE.name), [
        lambda: change("_value_", 5.0),
        lambda: change("_name_", "MANY"),
    ]


def by_a_class_that_is_registered():
    class Base(ABC):  # noqa: B024
        pass

    class Within(Base):
        pass

    class First:
        pass

    class Second:
        pass

    @singledispatch
    def give(x):
        return 1.0

    give.register(Base, lambda x: 7.0)
    first, second, third = First(), Second(), SimpleNamespace()

    def f(x):
        x = x * (2 if isinstance(first, Base) else 3)
        return x + (4 if issubclass(type(second), Base) else 5) + give(third)

    changes = [lambda: Base.register(First), lambda: Within.register(Second), lambda: Base.register(SimpleNamespace)]
    return f, changes


def by_flags_and_strides_of_an_array():
    a, owner = np.ones((2, 3)), SimpleNamespace(a=np.ones((2, 2)))

    def f(x):
        return x * (2 if a.flags.writeable else 3) + owner.a.strides[0] + (1 if owner.a.flags["C_CONTIGUOUS"] else 0)

    changes = [lambda: a.setflags(write=False), lambda: setattr(owner, "a", np.asfortranarray(owner.a))]
    return f, [*changes, lambda: a.setflags(write=True)]


def by_objects_in_arrays():
    parts, table = np.empty((1, 3), object), np.zeros(2, [("a", object), ("b", float), ("c", object, (2,))])
    parts[0, 0], parts[0, 1], parts[0, 2] = np.ones(2), 2.0, [1.0]
    table["a"], table["b"], table["c"] = 3.0, 5.0, 7.0
    table["a"][0] = np.ones(2)
    row = table[0]

    def f(x):
        x = x * parts[0, 0] + parts[0, 1] + sum(parts[0, 2])
        return x + row["a"] + row["b"] + row["c"][1] + table[1]["a"] + table["b"][1]

    def reuse():
        parts[0, 1] = None  # so that the next number may lie where the last one did
        parts[0, 1] = float("11.0")

    changes = [lambda: parts[0, 0].__setitem__(0, 4.0), lambda: parts.__setitem__((0, 0), np.array([2.0, 9.0]))]
    changes += [reuse, lambda: parts[0, 2].append(8.0), lambda: row["a"].__setitem__(1, 6.0)]
    changes += [lambda: table["b"].__setitem__(0, 6.0), lambda: table["c"][0].__setitem__(1, 2.0)]
    return f, [*changes, lambda: table.__setitem__(1, (1.0, 2.0, 3.0)), lambda: row["a"].__setitem__(0, 0.5)]


def by_files_in_memory():
    first, second = BytesIO(b"2.0"), StringIO("3.0\n5.0")

    def f(x):
        second.seek(0)
        x = x * float(first.getvalue()) + sum(map(float, second))
        second.seek(0)
        return x

    def write(stream, text):
        stream.seek(0)
        stream.truncate()
        stream.write(text)
        stream.seek(0)

    return f, [lambda: write(first, b"7.0"), lambda: write(second, "11.0")]


def by_what_python_calls_things():
    class Own:
        k = 2.0

        def __repr__(self):
            return "a" * int(self.k)

    def g():
        pass

    def f(x):
        return x * len(Own.__name__) + len(g.__name__) + Own.__dict__["k"] + len(f"{own!r}") + late.get(1.0)

    own, late = Own(), ContextVar("late")
    changes = [lambda: setattr(Own, "__name__", "Another"), lambda: setattr(g, "__name__", "other")]
    return f, [*changes, lambda: setattr(Own, "k", 5.0), lambda: setattr(own, "k", 7.0), lambda: late.set(9.0)]


def by_attributes_of_a_class_that_asks_for_none_but_its_own():
    held = {"k": 2.0}

    class Making(type):
        def __getattr__(cls, name):
            return held[name]  # KeyError, and no AttributeError, for what tools ask for

    Own = Making("Own", (), {})
    return lambda x: x * Own.k, [lambda: held.update(k=5.0)]


def by_another_class_of_a_layer():
    layer = nn.Linear(2, 2, rng=0)

    class Other(nn.Linear):
        def __call__(self, x):
            return 2 * super().__call__(x)

    return lambda x: layer(x).detach(), [lambda: setattr(layer, "__class__", Other)]


def by_all_that_something_holds():
    @dataclass
    class Pair:
        first: float
        second: float

    pair, module = Pair(2.0, 3.0), ModuleType("minigrad_held")
    module.k = 5.0

    def f(x):
        return (
            x * astuple(pair)[0]
            + asdict(pair)["second"]
            + vars(module)["k"]
            + json.loads(json.dumps(vars(pair)))["first"]
        )

    return f, [
        lambda: setattr(pair, "first", 4.0),
        lambda: setattr(pair, "second", 7.0),
        lambda: setattr(module, "k", 9.0),
    ]


def by_what_a_class_says_of_others():
    answers, kept = {"instance": True, "hook": True}, []

    class Asking(type):
        def __instancecheck__(cls, x):
            return answers["instance"]

    class Hooking(ABC):  # noqa: B024
        @classmethod
        def __subclasshook__(cls, kind):
            return answers["hook"]

    class Base:
        k = 1.0

    Own, part = Asking("Own", (), {}), object()

    def f(x):
        x = x * (2 if isinstance(part, Own) else 3) + sum(kind.k for kind in Base.__subclasses__())
        return x + (4 if issubclass(Base, Hooking) else 5)

    changes = [lambda: answers.update(instance=False), lambda: kept.append(type("First", (Base,), {"k": 7.0}))]
    return f, [*changes, lambda: setattr(kept[0], "k", 9.0)]


def by_objects_in_unusual_places():
    """As keys of a dict, in a frozen set, with slots alone."""

    class Own:
        def __init__(self, k):
            self.k = k

    @dataclass(slots=True)
    class Slotted:
        k: float

    key, within, slotted = Own(2.0), Own(3.0), Slotted(5.0)
    by_key, frozen = {key: 1.0}, frozenset([within])

    def f(x):
        x = x * sum(part.k * share for part, share in by_key.items()) + sum(part.k for part in frozen)
        return x + asdict(slotted)["k"]

    return f, [lambda: setattr(key, "k", 4.0), lambda: setattr(within, "k", 6.0), lambda: setattr(slotted, "k", 8.0)]


def by_a_sparse_matrix():
    matrix = sparse.csr_matrix(np.eye(2))
    return lambda x: x * matrix.sum(), [lambda: matrix.data.__setitem__(0, 5.0)]


WATCHED = [
    *(by_another_class_of_a_layer, by_all_that_something_holds, by_what_a_class_says_of_others, by_a_sparse_matrix),
    by_objects_in_unusual_places,
    *(by_settings_that_numpy_tells, by_modules_of_some_name, by_the_value_of_a_member, by_a_class_that_is_registered),
    *(by_flags_and_strides_of_an_array, by_objects_in_arrays, by_files_in_memory, by_what_python_calls_things),
    by_attributes_of_a_class_that_asks_for_none_but_its_own,
    *(by_an_attribute_that_may_be_missing, by_an_attribute_that_is_made_when_it_is_first_asked_for),
    *(by_what_a_block_gives, by_flags, by_a_method_that_super_calls, by_what_a_comparison_reads, by_a_dtype),
    *(by_an_attribute_of_a_number, by_memory_that_is_looked_at, by_a_gradient_that_is_there_or_not),
    *(by_what_a_tensor_says_of_itself, by_which_of_equal_lists_it_is),
    *(by_a_number_of_the_class, by_a_class_method, by_a_property_in_the_place_of_another, by_modules_that_it_imports),
    *(by_a_method_of_the_object, by_a_method_of_the_class, by_a_class_in_the_place_of_another, by_globals),
    *(by_other_code, by_special_methods, by_methods_that_functools_makes, by_class_methods_in_the_place_of_others),
    *(by_a_pattern, by_a_slot_that_may_be_empty, by_attributes_that_may_be_missing_from_what_it_meets),
    *(by_names_that_come_and_go, by_a_variable_that_has_no_value_yet, by_a_module_named_like_one_of_pythons),
    *(by_a_detached_parameter, by_objects_that_it_makes, by_a_method_that_super_calls_of_a_bound_method),
    *(by_views_of_a_dict, by_methods_of_what_python_has, by_memory_of_c, by_arrays_of_other_kinds),
    *(by_what_becomes_an_array, by_objects_of_numpys, by_modules_within_modules, by_operators_of_a_class),
    *(by_weak_containers, by_the_class_of_what_is_asked_for, by_what_dir_gives, by_functions_that_libraries_keep),
    *(by_chain_map, by_mapping_proxy, by_user_containers, by_getattribute, by_a_descriptor_of_ones_own),
]


@pytest.mark.parametrize("backend", ["numpy", "interpreted"])
@pytest.mark.parametrize("way", WATCHED, ids=lambda way: way.__name__)
def test_what_it_reads_is_seen_when_it_changes(way, backend):
    f, changes = way()
    with running(backend):
        compiled = as_code(f, backend)
        for change in (lambda: None, *changes):
            change()
            for _ in range(2):
                found, wanted = compiled(x), f(x)
                np.testing.assert_allclose(found, wanted, rtol=1e-12)
                assert found.dtype == wanted.dtype


def test_what_a_class_holds_is_not_given_to_its_objects():
    """What code reads anew, and what a function writes that cannot be traced, is put back where it was."""

    class Own:
        factor = 2.0

    def write(x):
        own.factor = own.factor + 1.0
        return x * own.factor

    own = Own()
    compiled, written = compile(lambda x: x * own.factor), compile(write)
    for value in (2.0, 3.0, 4.0):
        Own.factor = value
        np.testing.assert_array_equal(compiled(x), value * x)
        with pytest.raises(TraceError):
            written(x)
        assert vars(own) == {}


def test_a_number_of_the_class_of_two_objects_is_that_of_each():
    class Own:
        factor = 2.0

    first, second = Own(), Own()
    compiled = compile(lambda x: x * first.factor + second.factor)
    for value in (2.0, 3.0, 4.0, 5.0, 6.0):
        Own.factor = value
        np.testing.assert_array_equal(compiled(x), value * x + value)
    second.factor = 0.5
    np.testing.assert_array_equal(compiled(x), 6.0 * x + 0.5)
    Own.factor = 7.0
    np.testing.assert_array_equal(compiled(x), 7.0 * x + 0.5)


def by_a_computed_name():
    owner = SimpleNamespace(k1=2.0)
    return lambda x: x * getattr(owner, "k" + str(len(x) - 1)), lambda: setattr(owner, "k1", 5.0)


def by_a_large_container():
    numbers = [1.0] * 2000
    return lambda x: x * sum(numbers), lambda: numbers.__setitem__(500, 5.0)


def by_a_cache():
    owner = SimpleNamespace(k1=2.0)
    found = lru_cache(lambda name: getattr(owner, name + "1"))

    def change():
        owner.k1 = 5.0
        found.cache_clear()

    return lambda x: x * found("k"), change


def by_what_a_library_keeps():
    event = Event()
    return lambda x: x * (2.0 if event.is_set() else 3.0), event.set


def by_another_function_of_a_library(monkeypatch):
    return lambda x: np.tanh(x), lambda: monkeypatch.setattr(np, "tanh", lambda x: 3 * x)


def by_a_reference_that_others_have_let_go_of():
    class Own:
        k = 2.0

    kept = [Own()]
    seen = ref(kept[0])
    return lambda x: x * (3.0 if seen() is None else seen().k), kept.clear


def by_an_array_that_numpy_computes_with_too():
    weights = np.array([2.0, 3.0])
    return lambda x: x * weights + float(np.sort(weights)[0]), lambda: weights.__setitem__(0, 9.0)


def by_a_file(tmp_path):
    path = tmp_path / "factor"
    path.write_text("2.0", encoding="utf-8")
    return lambda x: x * float(path.read_text(encoding="utf-8")), lambda: path.write_text("5.0", encoding="utf-8")


def by_the_environment():
    return lambda x: x * float(os.environ["MINIGRAD_FACTOR"]), lambda: os.environ.update(MINIGRAD_FACTOR="5.0")


UNWATCHED = {
    "a computed name": by_a_computed_name,
    "more in a container": by_a_large_container,
    "a cache of functools": by_a_cache,
    "an Event": by_what_a_library_keeps,
    "np.exp = g": by_another_function_of_a_library,
    "an array that is an operand and that NumPy alone computes with as well": by_an_array_that_numpy_computes_with_too,
    "files": by_a_file,
    "the environment": by_the_environment,
}


@pytest.mark.parametrize("said", UNWATCHED)
def test_what_the_docstring_lists_is_not_seen_and_found_by_verify(said, tmp_path, monkeypatch):
    """Whatever comes to be watched is to leave the list."""
    monkeypatch.setenv("MINIGRAD_FACTOR", "2.0")
    words = " ".join(str(compile.__doc__).split())
    start = words.index("Not watched is")
    assert said in words[start : words.index("pass that as an argument", start)]
    way = UNWATCHED[said]
    f, change = way(*{"files": [tmp_path], "np.exp = g": [monkeypatch]}.get(said, []))
    compiled, verified = compile(f), compile(f, verify_every=1)
    before = compiled(x)
    verified(x)
    change()
    assert not np.allclose(f(x), before)
    assert not np.allclose(compiled(x), f(x))
    with pytest.raises(DifferenceError):
        verified(x)


def test_an_object_that_was_read_lives_on():
    """By a weak reference the function sees it, too, which verify calls: so no difference is found, either."""
    assert "who else has let go of an object (a weak reference)" in " ".join(str(compile.__doc__).split())
    f, let_go = by_a_reference_that_others_have_let_go_of()
    compiled = compile(f, verify_every=1)
    for change in (let_go, lambda: None):
        np.testing.assert_array_equal(compiled(x), 2.0 * x)
        change()


@pytest.mark.parametrize("known", [x, [1.0, 2.0]], ids=["array", "list"])
def test_whether_an_argument_is_an_array_or_list_from_outside_is_not_seen(known):
    assert "whether an argument is an array or list from outside" in " ".join(str(compile.__doc__).split())

    def f(y):
        return y[0] if y is known else 3 * y[1]

    compiled, verified = compile(f), compile(f, verify_every=1)
    for code in (compiled, verified):
        np.testing.assert_array_equal(code(known.copy()), 3 * known[1])
    np.testing.assert_array_equal(compiled(known), 3 * known[1])
    for code in (verified, compile(f)):  # the first call of each trace is verified
        with pytest.raises(DifferenceError, match="which of equal things it is"):
            code(known)


def test_what_is_printed_is_printed_while_it_is_traced(capsys):
    assert "it prints while it is traced" in " ".join(str(compile.__doc__).split())

    @compile
    def f(x):
        print("computing")
        return 2 * x

    f(x)
    assert "computing" in capsys.readouterr().out
    f(x)
    assert capsys.readouterr().out == ""


@each_backend
def test_whether_two_arguments_are_one_array_is_asked_anew(backend):
    """Traced for two arrays first, the code must not stand for a call with one."""

    def f(x, y):
        return np.sum(x * 2) if x is y else np.sum(x * y)

    a, b = np.arange(3.0), np.arange(3.0) + 1
    with running(backend):
        code = as_code(f, backend)
        for _ in range(2):
            assert code(a, b) == 8
            with pytest.raises(DifferenceError, match="differs from the function itself"):
                code(a, a)


@each_backend
def test_an_array_from_outside_that_is_given_another_shape_in_place(backend):
    a, x = np.ones(3), np.arange(3.0)
    with running(backend):
        code = as_code(lambda x: x * a + 1, backend)
        for shape in ((3,), (3, 1), (1, 3), (3,)):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", DeprecationWarning)  # of NumPy 2.5
                a.shape = shape
            np.testing.assert_array_equal(code(x), x * a + 1, strict=True)


def test_a_set_among_the_arguments_is_refused_with_a_way_out():
    code = compile(lambda x, s: x * len(s))
    with pytest.raises(TypeError, match=r"an argument is a set.*frozenset"):
        code(np.ones(2), {1, 2})
    assert code(np.ones(2), frozenset({1, 2}))[0] == 2


@pytest.mark.parametrize("order", [0, 1])
def test_arrays_that_look_at_one_memory_are_locked_and_opened_again(order):
    """A view can be opened when its base can, in whichever order the function names them."""
    base = np.ones((2, 2))
    view = base[0]
    f = (lambda x: x * base[1] + view, lambda x: x * view + base[1])[order]
    code = compile(f)
    for value in (1.0, 3.0):
        base[0], base[1] = value, 2 * value
        np.testing.assert_array_equal(code(x), f(x))
        assert base.flags.writeable
        assert view.flags.writeable


def test_all_that_objects_hold_is_not_what_the_librarys_own_keep():
    """Where code asks for vars of something, the arrays of compiled functions and optimizers are their own affair."""
    note, w = SimpleNamespace(k=2.0), Tensor(np.ones(2), requires_grad=True)
    owner = SimpleNamespace(inner=compile(lambda x: x * w), optimizer=optim.Adam([w], lr=0.1))

    def f(x):
        owner.optimizer.zero_grad()
        E = (owner.inner(x) * vars(note)["k"]).sum()
        E.backward()
        owner.optimizer.step()
        return E

    code, twin = compile(f), Tensor(np.ones(2), requires_grad=True)
    rule = optim.Adam([twin], lr=0.1)
    for k in (2.0, 2.0, 5.0, 5.0):
        note.k = k
        owner.inner(x)
        rule.zero_grad()
        E = (x * twin * k).sum()
        E.backward()
        rule.step()
        np.testing.assert_allclose(code(x).data, E.data, rtol=1e-12)
        np.testing.assert_allclose(w.data, twin.data, rtol=1e-12)
