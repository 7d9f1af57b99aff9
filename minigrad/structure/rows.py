"""Rows: the Nodes of a graph that correspond from segment to segment, and are one symbol with an index.

``Loop`` is a repeat with its index, and ``IndexedNames`` what values and gradients are called, for one t or for all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from minigrad.engine.node import Node
from minigrad.notation.symbols import At, Indexed, Symbol
from minigrad.ops.shaping import Stack
from minigrad.structure.reading import Reading
from minigrad.structure.repeats import Repeat

Origin = tuple[str, int]  # the letter of an index, and the number that an expression is written for


@dataclass(frozen=True, eq=False)
class Row:
    """Nodes that correspond, of one symbol but for the index: ``nodes[i]`` is the one at ``first + i``.

    ``delta`` is what their gradients are called if they are total inputs, ``total`` what they are called then that are
    the output too. ``carried`` ones go into the next segment, and what the first of these took in their place stands
    at the front of ``nodes``.
    """

    name: str
    letter: str
    first: int
    nodes: tuple[Node, ...]
    delta: str = ""
    total: str = ""
    carried: bool = False

    def at(self, index: int) -> Node | None:
        """Give the Node at an index; None where there is none."""
        i = index - self.first
        return self.nodes[i] if 0 <= i < len(self.nodes) else None


@dataclass(frozen=True, eq=False)
class Loop:
    """A repeat with the letter of its index, and the index of its first segment."""

    repeat: Repeat
    letter: str
    first: int


@dataclass(frozen=True, eq=False)
class Indexing:
    """The rows of a graph, the row and the index of each Node on one, and the repeats that they are of.

    ``joined`` are the stacks of what follows on a row, all of a recurrent layer's states for example.
    """

    rows: tuple[Row, ...] = ()
    place: Mapping[Node, tuple[Row, int]] = field(default_factory=dict)
    loops: tuple[Loop, ...] = ()
    joined: frozenset[Node] = frozenset()

    def move(self, node: Node, shift: int) -> Node | None:
        """Give the Node that corresponds to one, so many segments on; the Node itself if it is on no row."""
        row, index = self.place.get(node, (None, 0))
        return node if row is None else row.at(index + shift)

    def name(self, node: Node, origin: Origin | None = None, of: str = "name") -> Symbol | None:
        """Give the symbol of a Node on a row: with the number of its index, or the letter of an ``origin``'s, t − 1.

        ``of`` is which of a row's symbols that is: its name, its delta or its total.
        """
        row, index = self.place.get(node, (None, 0))
        if row is None or not getattr(row, of):
            return None
        at = At(row.letter, index - origin[1]) if origin and origin[0] == row.letter else At("", index)
        return Indexed(getattr(row, of), at)

    def starts(self, x: Node) -> tuple[Symbol, ...]:
        """Give what a Node is called that stands at the front of rows: one constant may be both C₀ and H₀."""
        return tuple(Indexed(row.name, At("", row.first)) for row in self.rows if row.carried and row.nodes[0] is x)


def find_joined(nodes: Iterable[Node], place: Mapping[Node, tuple[Row, int]]) -> frozenset[Node]:
    """Give the stacks of Nodes that follow each other on one row."""
    found = set()
    for node in nodes:
        if isinstance(node.op, Stack):
            at = [place.get(x) if isinstance(x, Node) else None for x in node.inputs]
            first = at[0]
            if first is not None and len(at) > 1 and at == [(first[0], first[1] + i) for i in range(len(at))]:
                found.add(node)
    return frozenset(found)


class IndexedNames:
    """What values and gradients are called where some have an index: H₇, or in a formula for all t Hₜ₋₁."""

    def __init__(self, reading: Reading, indexing: Indexing, symbols: Mapping[Node, str] | None = None) -> None:
        self.reading, self.indexing = reading, indexing
        self.symbols = reading.symbols if symbols is None else symbols

    def value(self, x: Node, origin: Origin | None = None) -> Symbol:
        """Give the symbol of a Node; an input such as h₀ keeps its name where it stands for itself."""
        row, _ = self.indexing.place.get(x, (None, 0))
        if row is None or (x.op is None and x.value is None and row.carried and origin is None):
            return self.symbols[x]
        return self.indexing.name(x, origin) or self.symbols[x]

    def part(self, joined: Node, x: Node, origin: Origin | None = None) -> Symbol:
        """Give the symbol of what comes back through a stack to one of the Nodes on a row in it: ∂E/∂Sₜ."""
        at = self.indexing.name(x, origin)
        assert isinstance(at, Indexed)
        return at._replace(name=str(self.gradient(joined)))

    def total(self, x: Node, origin: Origin | None = None) -> Symbol | None:
        """Give U of a layer whose output is U itself, as nothing acts on it, and which is called Y; else nothing."""
        row, _ = self.indexing.place.get(x, (None, 0))
        return self.reading.totals.get(x) if row is None else self.indexing.name(x, origin, "total")

    def gradient(self, x: Node, origin: Origin | None = None, own: bool = True) -> Symbol:
        """Give the symbol of ∂E/∂x: δ of a total input, or, if it is not to be its ``own``, ∂E/∂U."""
        row, _ = self.indexing.place.get(x, (None, 0))
        delta: Symbol | None = self.reading.deltas.get(x)
        if row is None or (row.carried and x.op is None):
            return delta if own and delta else f"∂E/∂{self.reading.totals.get(x) or self.symbols[x]}"
        delta = self.indexing.name(x, origin, "delta")
        if own and delta is not None:
            return delta
        called = self.indexing.name(x, origin, "total" if row.total else "name")
        assert isinstance(called, Indexed)
        return called._replace(name=f"∂E/∂{called.name}")


def name_indexed(reading: Reading, indexing: Indexing) -> dict[Node, tuple[str, ...]]:
    """Give all that a Node is called where what repeats has an index, H₆ and U₆ say; nothing where nothing repeats.

    What its gradient is called comes last, δ₆, if that has a name of its own.
    """
    if not indexing.rows:
        return {}
    found: dict[Node, tuple[str, ...]] = {}
    for x, name in reading.symbols.items():
        called = [name, reading.totals.get(x), reading.deltas.get(x)]
        found[x] = tuple(dict.fromkeys(one for one in called if one))
    return found
