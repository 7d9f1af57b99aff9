"""Where kernels find values: a piece of the step's memory, an array that it is bound to or passed, or a number.

Everything that a step computes has an address that stays, since a captured graph has it written into it: what differs
between calls is copied to such a place before.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from math import prod
from typing import Any

import numpy as np

from minigrad.compiler.cuda.registry import C_TYPES
from minigrad.compiler.passes.fuse import Alone, Number, Product, Unit, fuse_loops, is_reduction
from minigrad.compiler.passes.layouts import Layout
from minigrad.compiler.passes.lower import is_view
from minigrad.compiler.passes.memory import Memory, Step, plan_memory
from minigrad.compiler.passes.plan import Plan, root
from minigrad.compiler.refusals import Unsupported
from minigrad.engine.node import Node

ALIGNED = 256  # bytes, to which a GPU's allocations are, and the widest loads of its products


@dataclass(frozen=True)
class Place:
    """An address: ``offset`` bytes into the step's ``memory``, ``results``, ``numbers`` or ``scratch``, or an array.

    ``bound`` and ``passed`` are the arrays of that number among those of the step, ``constants`` what it brings along.
    """

    kind: str
    number: int = 0
    offset: int = 0


@dataclass
class Kernel:
    """One kernel while it is written: its parameters, each of which is a place, and its lines.

    Kernels that are alike but for their places have one text, and are compiled once.
    """

    lines: list[str] = field(default_factory=list)
    parameters: dict[tuple[Place, str], str] = field(default_factory=dict)

    def point(self, place: Place, dtype: np.dtype[Any]) -> str:
        """Name the pointer to a place, as one to elements of a dtype."""
        return self.parameters.setdefault((place, C_TYPES[dtype.name]), f"p{len(self.parameters)}")

    def write(self, name: str) -> str:
        """Give the whole as a function."""
        listed = ", ".join(f"{kind} *{p}" for (_, kind), p in self.parameters.items())
        return "\n".join([f"KERNEL {name}({listed}) {{", *(f"    {line}" for line in self.lines), "}"])


@dataclass(frozen=True)
class Launch:
    """A kernel by its number, the blocks and threads (x, y) of each, and the places that it is given."""

    kernel: int
    blocks: int
    threads: tuple[int, int]
    places: tuple[Place, ...]


@dataclass(eq=False)
class Numbers:
    """Operations on numbers, which one thread computes after another."""

    members: list[Node]


Work = Unit | Numbers


class Places:
    """The memory of one plan: which values are stored, and where each is found.

    ``given`` are the numbers that the host computes before, in slots of eight bytes.
    """

    def __init__(
        self, plan: Plan, returned: Sequence[Any], updates: Mapping[Node, Any], calls: Container[Node],
        bound: Sequence[Node], passed: Sequence[Node], given: Sequence[Node],
    ) -> None:  # fmt: skip
        self.plan, self.returned, self.calls = plan, returned, calls
        self.kept = {root(x) for x in (*returned, *(v for _, v in plan.copies)) if isinstance(x, Node)}
        self.final = set(updates.values()) & set(plan.in_place)
        self.works = self.order_works()
        self.readers = _find_readers(self.works)
        self.where: dict[Node, Place] = {x: Place("bound", i) for i, x in enumerate(bound)}
        self.where |= {x: Place("passed", i) for i, x in enumerate(passed)}
        self.where |= {x: Place("numbers", 0, 8 * i) for i, x in enumerate(given)}
        self.constants: list[Any] = []
        self.nbytes = self.result_bytes = self.scratch = 0
        self.allocate_memory()

    def order_works(self) -> list[Any]:
        """Give what is to be done, in order."""
        return list(_join_numbers(fuse_loops(self.plan, self.calls), self.calls))

    def allocate_memory(self) -> None:
        """Give what is stored its place: what is returned in a block of its own, which each call copies."""
        fresh = [x for x in self.returned if isinstance(x, Node) and x.op is not None and not is_view(x.op)]
        for x in dict.fromkeys(fresh):
            if x not in self.plan.in_place and x not in self.where:
                self.where[x] = Place("results", 0, self.result_bytes)
                self.result_bytes += -(-max(x.size, 1) * x.dtype.itemsize // ALIGNED) * ALIGNED
        elsewhere = {*self.where, *self.plan.in_place}
        steps = [Step([x for x in self.find_stored(w) if x not in elsewhere], self.find_reads(w)) for w in self.works]
        offsets: dict[Memory, int] = {}
        for x, memory in plan_memory(steps, self.kept, ALIGNED).items():
            if memory not in offsets:
                offsets[memory] = self.nbytes
                self.nbytes += max(memory.nbytes, ALIGNED)
            self.where[x] = Place("memory", 0, offsets[memory])

    def find_reads(self, work: Any) -> list[Node]:
        """Give the stored values that some work reads."""
        inside = set(work.members)
        found = [x for node in work.members for x in node.inputs if isinstance(x, Node)]
        return [root(x) for x in found if root(x) not in inside or is_view(x.op) or is_reduction(x)]

    def find_stored(self, work: Any) -> list[Node]:
        """Give the results of some work that something outside of it needs; of several units, outside of each."""
        if hasattr(work, "units"):
            return [x for unit in work.units for x in self.find_stored(unit)]
        if isinstance(work, Product) and work.into is not None:
            return []
        if isinstance(work, Product | Alone):
            return [work.node]
        mine: set[Work | None] = {work}
        return [
            x
            for x in work.members
            if is_reduction(x) or x in self.kept or x in self.final or self.readers.get(x, mine) - mine
        ]

    def find(self, base: Node) -> Place:
        """Give the place of a value; a constant array gets one."""
        base = self.plan.in_place.get(base, base)
        if base not in self.where:
            if base.value is None:
                raise Unsupported(f"{base!r} without a value")
            self.constants.append(base.value)
            self.where[base] = Place("constants", len(self.constants) - 1)
        return self.where[base]

    def take_scratch(self, sizes: Sequence[int]) -> list[Place]:
        """Give room for what a kernel leaves to the one after it."""
        places, offset = [], 0
        for nbytes in sizes:
            places.append(Place("scratch", 0, offset))
            offset += -(-nbytes // ALIGNED) * ALIGNED
        self.scratch = max(self.scratch, offset)
        return places


def write_letters(flat: str, letters: Sequence[str], sizes: Sequence[int]) -> list[str]:
    """Write what counts along each axis, of the number of an element in all of them."""
    if len(letters) == 1:
        return [f"const INDEX {letters[0]} = {flat};"]
    lines = []
    for k, letter in enumerate(letters):
        after = prod(sizes[k + 1 :])
        divided = f"{flat} / {after}" if after != 1 else flat
        lines.append(f"const INDEX {letter} = {divided}{f' % {sizes[k]}' if k else ''};")
    return lines


def write_place(offset: int, strides: Sequence[int], letters: Sequence[str]) -> str:
    """Write an index: offset + Σ letter · stride."""
    terms = [letter if s == 1 else f"{letter} * {s}" for letter, s in zip(letters, strides, strict=True) if s]
    return " + ".join([*terms, str(offset)] if offset or not terms else terms)


def spread_layout(at: Layout, own: tuple[int, ...], shape: tuple[int, ...]) -> Layout:
    """Give the layout of an operand as it is broadcast to the shape of a kernel's elements."""
    extra = len(shape) - len(own)
    strides = tuple(s if n == m else 0 for s, n, m in zip(at.strides, own, shape[extra:], strict=True))
    return Layout(at.base, at.offset, (0,) * extra + strides)


def _join_numbers(units: Iterable[Unit], calls: Container[Node]) -> Iterable[Work]:
    """Put operations on numbers that follow each other together."""
    numbers: list[Node] = []
    for unit in units:
        if isinstance(unit, Number) and unit.node not in calls:
            numbers.append(unit.node)
            continue
        if numbers:
            yield Numbers(numbers)
            numbers = []
        yield unit
    if numbers:
        yield Numbers(numbers)


def _find_readers(works: Iterable[Any]) -> dict[Node, set[Work | None]]:
    """Find what reads each value; None is any that reads it through a view, its own one too."""
    found: dict[Node, set[Work | None]] = {}
    for work in [unit for joined in works for unit in getattr(joined, "units", [joined])]:
        for x in (x for node in work.members for x in node.inputs if isinstance(x, Node)):
            found.setdefault(root(x), set()).add(None if is_view(x.op) else work)
    return found
