"""Rows: the Nodes of a graph that correspond from segment to segment, and are one symbol with an index."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from minigrad.engine.node import Node
from minigrad.notation.symbols import At, Indexed, Symbol


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
class Indexing:
    """The rows of a graph, and the row and the index of each Node on one."""

    rows: tuple[Row, ...]
    place: Mapping[Node, tuple[Row, int]] = field(default_factory=dict)

    def move(self, node: Node, shift: int) -> Node | None:
        """Give the Node that corresponds to one, so many segments on; the Node itself if it is on no row."""
        row, index = self.place.get(node, (None, 0))
        return node if row is None else row.at(index + shift)

    def name(self, node: Node, origin: tuple[str, int] | None = None, of: str = "name") -> Symbol | None:
        """Give the symbol of a Node on a row: with the number of its index, or the letter of an ``origin``'s, t − 1.

        ``of`` is which of a row's symbols that is: its name, its delta or its total.
        """
        row, index = self.place.get(node, (None, 0))
        if row is None or not getattr(row, of):
            return None
        at = At(row.letter, index - origin[1]) if origin and origin[0] == row.letter else At("", index)
        return Indexed(getattr(row, of), at)
