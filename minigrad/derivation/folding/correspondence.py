"""Which expressions of a derivation say the same of another t: compared Node by Node, each leaf moved along its row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from minigrad.algebra.rewrite import substitute_nodes
from minigrad.derivation.cut import Cut
from minigrad.engine.node import Node, order_nodes
from minigrad.structure.alike import alike_expressions
from minigrad.structure.rows import Indexing


class Correspondence:
    """The leaves of a cut graph's expressions, and what each becomes some segments on.

    ``values`` gives the Node of the graph that a leaf stands for, ``gradients`` that whose gradient it stands for, and
    ``parts``, for one of the parts of a stack's gradient, the stack and the Node that it comes back to.
    """

    def __init__(self, cut: Cut, indexing: Indexing, gradient: Mapping[Node, Node]) -> None:
        self.cut, self.indexing, self.gradient = cut, indexing, gradient
        self.values = {a: x for x, a in cut.atom.items() if isinstance(a, Node) and a.op is None}
        self.gradients = {g: x for x, g in gradient.items()}
        self.part: dict[tuple[Node, Node], Node] = {}
        for joined in indexing.joined & gradient.keys():
            if all(cut.atom[x] in self.values for x in joined.inputs if isinstance(x, Node)):
                at = [(joined, x) for x in joined.inputs if isinstance(x, Node)]
                self.part |= {(a, x): Node(shape=x.shape, dtype=x.dtype, table=x.table) for a, x in at}
        self.parts = {leaf: at for at, leaf in self.part.items()}

    def move(self, leaf: Node, shift: int) -> Any:
        """Give what a leaf becomes so many segments on; None if there is none there."""
        if leaf in self.parts:
            joined, at = self.parts[leaf]
            after = self.indexing.move(at, shift)
            return None if after is None else self.part.get((joined, after))
        x = self.gradients.get(leaf)
        node = self.indexing.move(self.values[leaf] if x is None else x, shift)
        if node is None:
            return None
        return self.cut.atom[node] if x is None else self.gradient.get(node)

    def moved(self, expression: Any, shift: int) -> Any:
        """Give an expression so many segments on."""
        return substitute_nodes([expression], {x: self.move(x, shift) for x in self.leaves(expression)})[0]

    def leaves(self, expression: Any) -> list[Node]:
        """Give the symbols of values and gradients in an expression."""
        return [x for x in order_nodes([expression]) if self.stands_for_one(x)]

    def stands_for_one(self, x: Node) -> bool:
        """Say whether a Node is the symbol of a value, of a gradient, or of a part of one."""
        return x in self.values or x in self.gradients or x in self.parts

    def alike(self, one: Any, other: Any, shift: int) -> bool:
        """Say whether an expression is another one, so many segments on, operation by operation."""

        def matches(a: Node, b: Any) -> bool | None:
            return self.move(a, shift) is b if self.stands_for_one(a) else None

        return alike_expressions(one, other, matches)
