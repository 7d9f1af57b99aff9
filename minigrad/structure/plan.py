"""What a derivation is going to say: whose gradients get a line, in which order, and why."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from minigrad.engine.node import Node
from minigrad.notation.formula import text
from minigrad.notation.symbols import Symbol
from minigrad.ops.arithmetic import add, subtract
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

    def step(self, x: Node, names: Mapping[Node, Symbol] | None = None) -> str:
        """Say in a few words by which step the gradient of x comes; ``names`` go before the symbols."""
        users, symbols = self.users.get(x, []), names or self.symbols
        called = symbols[x] if names else self.called(x)
        if len(users) != 1:
            return f"sum over the {len(users)} uses of {called}" if users else "E itself"
        (user,) = users
        if user.op == matmul:
            return f"product {text(user, symbols, expand=user)}"
        if user.op in (add, subtract):
            return f"sum over the batch: {called} was broadcast" if x.shape != user.shape else "a term of a sum"
        return f"chain rule through {user.op.name if user.op else user.name}"
