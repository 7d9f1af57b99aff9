"""What a function's variables hold at the end of a turn, as far as Python can tell: so that two ends can be compared.

A traced value is known by which turn made it, counted from the last one back, and as which of that turn's; everything
else by its contents. What has contents that cannot be read, such as a generator, is refused.
"""

from __future__ import annotations

import enum
import re
from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Sequence
from functools import partial
from types import (
    BuiltinFunctionType,
    CodeType,
    EllipsisType,
    FrameType,
    FunctionType,
    MethodType,
    ModuleType,
    NoneType,
    NotImplementedType,
)
from typing import Any

import numpy as np

from minigrad.compiler.trace.foreign import is_made_by_statement
from minigrad.compiler.trace.traced import Traced
from minigrad.compiler.trace.turn_number import TurnNumber
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor
from minigrad.ops.base import Op, number_key
from minigrad.ops.common.dtypes import read_bits

MOST = 20_000  # things that are looked at
LARGE = 1 << 20  # bytes of an array, beyond which SAMPLE of its elements are compared
SAMPLE = 1024
OURS = __name__.partition(".")[0]
TRACING = f"{OURS}.compiler.record"  # whose function calls the one that is traced

PLAIN = (str, bytes, NoneType, EllipsisType, NotImplementedType, range)
NUMBERS = (bool, int, float, complex)
KNOWN = (
    type, ModuleType, BuiltinFunctionType, CodeType, np.dtype, np.ufunc, re.Pattern, Node, Op, type(np.sum),
    type(len), property, enum.Enum,
)  # fmt: skip


class StateError(Exception):
    """A variable holds what cannot be compared."""


class PythonState:
    """The variables of a frame and of those that it is called from, up to the call that is traced.

    ``starts`` are the numbers of traced values there were when each turn began.
    """

    def __init__(self, tracer: Any, frame: FrameType, starts: Sequence[int]) -> None:
        self.tracer, self.starts = tracer, starts
        self.known: dict[int, int] = {}
        self.alive: list[Any] = []  # so that no other gets the id of one that is known
        self.found: dict[str, list[Any]] = {}  # what is said of each variable
        self.found["the number of operations"] = [starts[-1] - starts[-2]]
        for name, x in self.list_variables(frame):
            self.found[name] = list(self.describe(x, name))
        self.known, self.alive = {}, []

    def list_variables(self, frame: FrameType | None) -> Iterator[tuple[str, Any]]:
        """Give all variables by name, and what the trace itself holds that a function can ask for."""
        depth = 0
        while frame is not None and frame.f_globals.get("__name__") != TRACING:
            if frame.f_globals.get("__name__", "").partition(".")[0] != OURS:
                for name, x in frame.f_locals.items():
                    yield name + "'" * depth, x
                depth += 1
            frame = frame.f_back
        tracer = self.tracer
        yield "what has been updated", [*map(str, tracer.updates), tracer.draws]
        yield "what has a gradient", [(id(t), t.stored_grad) for t, _ in tracer.before.values()]
        yield "what a gradient was taken of", [sorted(tracer.set_to_none), sorted(tracer.moved_params)]

    def find_difference(self, other: PythonState) -> str | None:
        """Give the name of a variable that holds something else in another state."""
        names = dict.fromkeys((*self.found, *other.found))
        return next((name for name in names if self.found.get(name) != other.found.get(name)), None)

    def describe(self, x: Any, name: str) -> Iterator[Any]:
        """Say what a variable holds, all that it leads to included."""
        waiting = [x]
        while waiting:
            x = waiting.pop()
            if type(x) in PLAIN:
                yield type(x), x
            elif type(x) in NUMBERS:
                yield number_key(x)
            elif type(x) is TurnNumber:
                yield "t", id(x.loop), x.scale, x.shift, len(self.starts) - x.turn
            elif isinstance(x, KNOWN) or x is self.tracer:
                yield id(x)
            elif id(x) in self.known:
                yield "again", self.known[id(x)]
            else:
                self.known[id(x)] = len(self.known)
                self.alive.append(x)
                if len(self.known) > MOST:
                    raise StateError("its variables lead to more than can be compared")
                said, parts = self.open(x, name)
                yield said
                waiting += parts

    def open(self, x: Any, name: str) -> tuple[Any, list[Any]]:
        """Say what something is, and give what it holds."""
        if isinstance(x, Traced):
            return self.place(x), [getattr(x, "stored_grad", None)]
        if isinstance(x, Tensor):
            return (id(x), id(x.array), x.serial > 0), [getattr(x, "stored_grad", None)]
        if isinstance(x, np.ndarray):
            return _read_array(x), []
        if isinstance(x, np.generic):
            return (x.dtype.str, read_bits(x)), []
        if isinstance(x, np.random.Generator):
            return str(x.bit_generator.state), []
        if isinstance(x, slice):
            return "slice", [x.start, x.stop, x.step]
        kind: Any
        for kind in (list, tuple, deque):
            if isinstance(x, kind):
                return (id(type(x)), kind.__len__(x)), [*kind.__iter__(x), *list_attributes(x)]
        if isinstance(x, dict):
            return (id(type(x)), len(x)), [*dict.keys(x), *dict.values(x), *list_attributes(x)]
        if type(x) in (set, frozenset):
            if not all(type(part) in (*PLAIN, *NUMBERS) for part in x):
                raise StateError(f"{name} holds a set of more than numbers and names")
            return (type(x), frozenset(map(number_key, x))), []
        if isinstance(x, FunctionType):
            cells = [_read_cell(cell) for cell in x.__closure__ or ()]
            return id(x.__code__), [*cells, x.__defaults__, x.__kwdefaults__, *list_attributes(x)]
        if isinstance(x, MethodType):
            return "method", [x.__self__, x.__func__]
        if isinstance(x, partial):
            return "partial", [x.func, x.args, x.keywords]
        if all(map(_is_written_in_python, type(x).__mro__)):
            return id(type(x)), list(list_attributes(x))
        raise StateError(f"{name} holds a {type(x).__name__}, which cannot be compared")

    def place(self, x: Traced) -> Any:
        """Say which traced value one is."""
        kind = x.shape, x.dtype.char, x.plain, x.serial > 0, x.node.weak, x.name
        turn = bisect_right(self.starts, x.order) - 1
        if turn < 0:
            return (id(x), *kind)
        return ("of a turn", len(self.starts) - turn, x.order - self.starts[turn], *kind)


def list_attributes(x: Any) -> Iterator[Any]:
    """Give the names and contents of an object's attributes."""
    for name, value in (getattr(x, "__dict__", None) or {}).items():
        yield name
        yield value
    for kind in type(x).__mro__:
        slots = kind.__dict__.get("__slots__", ())
        for name in (slots,) if isinstance(slots, str) else slots:
            if name not in ("__dict__", "__weakref__"):
                yield name
                yield getattr(x, name, None)


def _is_written_in_python(kind: type) -> bool:
    """Say whether the attributes of a class's objects are all that they hold."""
    written = is_made_by_statement(kind) and "__module__" in kind.__dict__
    return kind is object or (written and not isinstance(kind.__dict__.get("__new__"), BuiltinFunctionType))


def _read_cell(cell: Any) -> Any:
    try:
        return cell.cell_contents
    except ValueError:  # nothing yet
        return None


def _read_array(x: np.ndarray[Any, Any]) -> Any:
    if x.dtype.hasobject:
        raise StateError("an array of objects cannot be compared")
    part = x if x.nbytes <= LARGE else x.reshape(-1)[:: max(1, x.size // SAMPLE)]
    return x.shape, x.dtype.str, x.strides, read_bits(part)
