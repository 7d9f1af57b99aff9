"""Where native code finds values: numbers by name, arrays as a pointer and the place of their first element."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.backend import Draft
from minigrad.compiler.native.crew import count_pieces, count_threads
from minigrad.compiler.native.registry import ARRAYS, DTYPES, Lines, find_kernel, is_typed
from minigrad.compiler.native.together import group_units
from minigrad.compiler.passes.fuse import Loops, Number, Product, Unit, fuse_loops, is_reduction
from minigrad.compiler.passes.layouts import Layout, contiguous_strides, layout
from minigrad.compiler.passes.lower import is_view
from minigrad.compiler.passes.memory import Memory, Step, plan_memory
from minigrad.compiler.passes.plan import Plan, root
from minigrad.compiler.refusals import Refusal, Unsupported
from minigrad.compiler.trace.sources import Argument, Gradient, NumberOutside
from minigrad.engine.node import Node

ALIGNED = 64  # bytes, a cache line and the widest vector
LONG = 400  # operations of a step, from which on its compiled loops stay loops


class Values:
    """The memory and the names of one plan, and how an operation on single elements is written."""

    def __init__(self, draft: Draft) -> None:
        plan = self.plan = draft.plan
        self.rolled = is_long(plan)
        self.returned, self.inputs, self.exact = draft.returned, draft.inputs, draft.exact
        untyped = [Refusal("", f"native code has no dtype {x.dtype}") for x in self.inputs if not is_typed(x)]
        if untyped:
            raise Unsupported(*untyped)
        self.kept = {root(x) for x in (*self.returned, *(v for _, v in plan.copies)) if isinstance(x, Node)}
        self.final = set(draft.updates.values()) & set(plan.in_place)
        self.units = fuse_loops(plan)
        self.readers = _find_readers(self.units)
        brought = Argument | NumberOutside | Gradient
        self.bound = [x for x, source in self.inputs.items() if not isinstance(source, brought)]
        self.passed = [x for x, source in self.inputs.items() if isinstance(source, brought)]
        self.places: dict[Node, int] = {}  # of the bound, when they are asked for
        self.constants: list[Node] = []
        self.names: dict[Node, str] = {}  # of numbers
        self.pointers: dict[Node, str] = {}
        self.offset: dict[Node, int] = {}  # in bytes, of what is stored in the plan's memory
        self.nbytes = self.scratch = 0
        self.turns = 1  # in which threads share the units that go through samples together
        self.reserved = 0  # bytes of scratch that others of them use
        self.kinds: set[str] = set()
        self.lines: Lines = []

    # memory

    def allocate_memory(self, outside: Iterable[Node] = ()) -> None:
        """Give what is stored an offset in the one block of memory that a step has, but for what goes outside of it."""
        self.fresh = {x: f"r{i}" for i, x in enumerate(dict.fromkeys(x for x in self.returned if np.shape(x)))}
        elsewhere = {*self.fresh, *self.plan.in_place, *outside}
        steps = [self.see_step(units, elsewhere) for units in self.group_units()]
        places: dict[Memory, int] = {}
        for x, memory in plan_memory(steps, self.kept, ALIGNED).items():
            if memory not in places:
                places[memory] = self.nbytes
                self.nbytes += memory.nbytes
            self.offset[x] = places[memory]

    def group_units(self) -> list[list[Unit]]:
        """Give the units that run as one, of which none may use the memory of another."""
        return group_units(self.units, self.plan.in_place, self.find_stored)

    def see_step(self, units: Sequence[Unit], elsewhere: Container[Node]) -> Step:
        """Give what units that run as one store and read."""
        stored = [x for unit in units for x in self.find_stored(unit) if x not in elsewhere]
        over = find_overwritable(units[0], stored) if len(units) == 1 else ()
        return Step(stored, [x for unit in units for x in self.find_reads(unit)], over)

    def count_parts(self, work: int, most: int) -> int:
        """Give into how many parts, of so many at most, a loop of so many multiplications is cut for threads."""
        return self.turns if self.turns > 1 else min(count_pieces(work), most)

    def find_reads(self, unit: Unit) -> list[Node]:
        """Give the stored arrays that a unit reads."""
        inside = set(unit.members)
        found = [x for node in unit.members for x in node.inputs if isinstance(x, Node)]
        return [root(x) for x in found if root(x) not in inside or is_view(x.op) or is_reduction(x)]

    def find_stored(self, unit: Unit) -> list[Node]:
        """Give the results of a unit that something outside of it needs as arrays."""
        if isinstance(unit, Number):
            return []
        if isinstance(unit, Product):
            return [] if unit.into is not None else [unit.node]
        mine: set[Unit | None] = {unit}
        arrays = [x for x in unit.members if x.shape]
        return [x for x in arrays if x in self.kept or x in self.final or self.readers.get(x, mine) - mine]

    def pointer(self, base: Node) -> tuple[str, int]:
        """Give the name of a pointer and the number of elements from it to an array's first, also of a view."""
        if base not in self.plan.in_place and is_view(base.op):
            at = layout(base)
            name, first = self.pointer(at.base)
            return name, first + at.offset
        if base in self.plan.in_place:
            base = self.plan.in_place[base]
        if base in self.offset:
            return f"m{DTYPES[base.dtype.name]}", self.offset[base] // base.dtype.itemsize
        if base in self.fresh:
            return self.fresh[base], 0
        if base not in self.pointers:
            if base.value is None:
                raise Unsupported(f"{base!r} without a value")
            self.constants.append(base)
            self.pointers[base] = f"c{len(self.constants)}"
        return self.pointers[base], 0

    def find_word(self, x: Node) -> int | None:
        """Give which word of the context is the address of an array, if that is one which the code is given."""
        at = layout(x)
        self.places = self.places or {x: i for i, x in enumerate(self.bound)}
        i = self.places.get(at.base)
        if i is None or at.strides != contiguous_strides(x.shape):
            return None
        name, first = self.pointer(at.base)
        return i + ARRAYS if (name, first + at.offset) == (f"w{i}", 0) else None

    # values

    def number(self, x: Any, dtype: np.dtype[Any]) -> str:
        """Write a number as an operand in an operation on a dtype."""
        if isinstance(x, Node):
            written = self.names.get(x)
            if written is None and x.value is not None:
                return self.number(x.value.item(), x.dtype)
            if written is None:
                raise Unsupported(f"{x!r}")
            return f"np.{dtype.name}({written})" if x.weak and dtype.kind == "f" else written
        if isinstance(x, float) and dtype.kind in "iu":  # NumPy computes in float64 where the two meet
            dtype = np.dtype(np.float64)
        if dtype.kind == "f":  # machine code has no integers as large as Python's
            x = float(x)
        odd = "np.nan" if np.isnan(x) else "np.inf" if x > 0 else "-np.inf"
        written = repr(x) if np.isfinite(x) else odd
        return f"np.{dtype.name}({written})" if dtype.kind in "fi" else written

    def expression(self, node: Node, values: list[str]) -> str:
        """Write an elementwise operation on written operands."""
        element = find_kernel(node).element
        if element is None:
            raise Unsupported(Refusal(repr(node.op), "it is not computed element by element"))
        return element(node, values)


def is_long(plan: Plan) -> bool:
    """Say whether a step has so many operations that what it takes to compile counts more than a turn of a loop."""
    return len(plan.first) + len(plan.second) >= LONG


def find_overwritable(unit: Unit, stored: Sequence[Node]) -> list[Node]:
    """Find the operands of a loop that a result may be written over, element by element, as it goes.

    They are read in the order of the loop alone, and before anything is stored. What is near in the cache is written to
    then, and a step needs less of it.
    """
    if not isinstance(unit, Loops) or any(is_reduction(x) and x.size == prod(unit.shape) for x in stored):
        return []  # what is gathered, even over one element, starts before the loop
    places = {x: i for i, x in enumerate(unit.members)}
    first = min((places[x] for x in stored if not is_reduction(x)), default=-1)
    early: dict[Node, None] = {}
    otherwise: set[Node] = set()
    for node, i in places.items():
        for x in (x for x in node.inputs if isinstance(x, Node) and x.shape and x not in places):
            at = layout(x)
            plain = x.shape == unit.shape and at.base.size == x.size and at.strides == contiguous_strides(x.shape)
            if not plain:
                otherwise.add(at.base)
            elif i <= first:
                early[at.base] = None
    return [x for x in early if x not in otherwise]


def spread_layout(at: Layout, own: tuple[int, ...], shape: tuple[int, ...]) -> Layout:
    """Give the layout of an operand as it is broadcast to a loop's shape."""
    extra = len(shape) - len(own)
    strides = tuple(s if n == m else 0 for s, n, m in zip(at.strides, own, shape[extra:], strict=True))
    return Layout(at.base, at.offset, (0,) * extra + strides)


def read_element(base: Node, place: str) -> str:
    """Write reading an element; of truth values each byte but 0 is True, as a mask of 0 and 255 that is a view has."""
    return f"({place} != 0)" if base.dtype.kind == "b" else place


def write_element(offset: int, strides: Sequence[int], letters: Sequence[str]) -> str:
    """Write an index: offset + Σ letter · stride."""
    terms = [letter if s == 1 else f"{letter} * {s}" for letter, s in zip(letters, strides, strict=True) if s]
    return " + ".join([*terms, str(offset)] if offset or not terms else terms)


def write_heads(letters: Sequence[str], counts: Sequence[int]) -> Lines:
    """Write the heads of loops inside each other, each over so many."""
    return ["    " * i + f"for {x} in range({n}):" for i, (x, n) in enumerate(zip(letters, counts, strict=True))]


def write_shared(turns: int) -> str:
    """Write the head of a loop that threads share, each of which has its number in ``me``."""
    return f"for t in shared(crew, {turns}, {count_threads()}):"


def share_range(letter: str, n: int, turns: int, step: int = 1, kind: str = "range") -> Lines:
    """Write the heads of a loop over n, in so many parts that threads share, one for each turn t; or of one.

    All but the last part are of whole steps.
    """
    if turns == 1:
        return [f"for {letter} in {kind}({n}):"]
    each = -(-(n // step) // turns) * step
    own = f"{kind}(t * {each}, min(t * {each} + {each}, {n}))"
    return [write_shared(-(-n // each)), f"    for {letter} in {own}:"]


def _find_readers(units: Sequence[Unit]) -> dict[Node, set[Unit | None]]:
    """Find the units that read each array; None is any of them that reads it through a view, its own one too."""
    found: dict[Node, set[Unit | None]] = {}
    for unit in units:
        for x in (x for node in unit.members for x in node.inputs if isinstance(x, Node)):
            found.setdefault(root(x), set()).add(None if is_view(x.op) else unit)
    return found
