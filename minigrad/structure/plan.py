"""What a derivation is going to say: whose gradients get a line, in which order, and why."""

from __future__ import annotations

from collections.abc import Iterable

from minigrad.engine.node import Node
from minigrad.ops.linalg import matmul
from minigrad.structure.layers import is_weight
from minigrad.structure.reading import Reading


class Plan:
    """The lines of a derivation before there are formulas, by the symbols of a ``reading``.

    ``targets`` are those that may have a line, in the lines' order: each named result from the loss backwards, and each
    wanted input as soon as all that its gradient is made of is known.
    """

    def __init__(self, reading: Reading, wanted: Iterable[Node]) -> None:
        self.reading, self.graph, self.values = reading, reading.graph, reading.graph.values
        self.symbols, self.deltas, self.users = reading.symbols, reading.deltas, reading.users
        self.wanted = set(wanted)
        self.targets = self._ordered()

    def called(self, x: Node) -> str:
        """Give the name of what a gradient belongs to."""
        return self.reading.totals.get(x) or self.symbols[x]

    def symbol(self, x: Node) -> str:
        """Give the symbol of ∂E/∂x."""
        return self.deltas.get(x, f"∂E/∂{self.called(x)}")

    def _ordered(self) -> list[Node]:
        results = [x for x in self.graph.nodes if x in self.symbols and x.op is not None]
        place = {x: i for i, x in enumerate(results)}
        first: dict[Node, int] = {}  # a Node -> the place of the earliest named result that its gradient comes from
        for node in reversed(self.graph.nodes):
            uses = [place.get(user, first.get(user, len(results))) for user in self.users.get(node, [])]
            first[node] = min(uses, default=len(results))
        after: dict[int, list[Node]] = {}
        for x in self.graph.nodes:
            if x.op is None and x in self.wanted:
                after.setdefault(first[x], []).append(x)
        ordered: list[Node] = []
        for i in range(len(results), -1, -1):
            ordered += [results[i]] if i < len(results) else []
            ordered += sorted(after.get(i, []), key=self._is_layer_input)
        return ordered

    def _is_layer_input(self, x: Node) -> bool:
        """Say whether x is what a matrix is applied to, whose gradient comes last, as ∂E/∂Y does."""
        products = [user for user in self.users.get(x, []) if user.op == matmul]
        return any(y.inputs[1 - is_weight(y.inputs[1], self.reading.parameters)] is x for y in products)
