"""What a derivation is going to say: which Nodes have a symbol, whose gradients get a line, in which order, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from minigrad.algebra.graph import Graph
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor
from minigrad.notation.formula import text
from minigrad.notation.symbols import pretty_name
from minigrad.ops.arithmetic import add, subtract
from minigrad.ops.linalg import matmul
from minigrad.structure.layers import layers


class Plan:
    """The symbols of a graph's Nodes, and the lines of its derivation before there are formulas.

    ``symbols`` has the symbol of each named Node, in the order of evaluation, ``aliases`` what a total input is called
    that is the layer's output too. ``targets`` are those that may have a line, in the lines' order: each named result
    from the loss backwards, and each wanted input as soon as all that its gradient is made of is known. ``deltas`` has
    the symbol of the gradient of a pre-activation.
    """

    def __init__(self, graph: Graph, symbols: Mapping[Node, str], wanted: Sequence[Node]) -> None:
        self.graph, self.values, self.wanted = graph, graph.values, set(wanted)
        self.symbols = {x: symbols[x] for x in graph.nodes if x in symbols}
        self.aliases: dict[Node, str] = {}
        self.deltas: dict[Node, str] = {}
        self.users: dict[Node, list[Node]] = {}
        for node in graph.nodes:
            for x in dict.fromkeys(x for x in node.inputs if isinstance(x, Node)):
                self.users.setdefault(x, []).append(node)
        self.targets = self._ordered()

    def called(self, x: Node) -> str:
        """Give the name of what a gradient belongs to."""
        return self.aliases.get(x) or self.symbols[x]

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
        return any(user.op == matmul and user.inputs[0] is x for user in self.users.get(x, []))

    def step(self, x: Node) -> str:
        """Say in a few words by which step the gradient of x comes."""
        users = self.users.get(x, [])
        if len(users) != 1:
            return f"sum over the {len(users)} uses of {self.called(x)}" if users else "E itself"
        (user,) = users
        if user.op == matmul:
            return f"product {text(user, {p: s for p, s in self.symbols.items() if p is not user})}"
        if user.op in (add, subtract):
            return f"sum over the batch: {self.called(x)} was broadcast" if x.shape != user.shape else "a term of a sum"
        return f"chain rule through {user.op.name if user.op else user.name}"


def planned(graph: Graph, nodes: Mapping[Tensor, Any], wanted: Sequence[Tensor], called: Mapping[int, str]) -> Plan:
    """Give symbols to the inputs, the tensors that have a name, and the layers; their own names go first.

    Raises ``ValueError`` for a name that stands for two tensors, and for a result in ``wanted`` that has none.
    """
    (output,) = graph.outputs
    symbols: dict[Node, str] = {x: pretty_name(name) for name, x in graph.inputs.items()}
    for t, node in nodes.items():
        name = t.name or called.get(id(t))
        if t.op is not None and name and isinstance(node, Node) and node.op is not None and node is not output:
            symbols.setdefault(node, pretty_name(name))
    taken: dict[str, Node] = {}
    for node, name in symbols.items():
        if taken.setdefault(name, node) is not node:
            raise ValueError(f"derive: two tensors are called {name!r}; give one of them another name")
    for t in wanted:
        if nodes[t] not in symbols:
            raise ValueError("derive: a result in wrt has no name to be called by; give it one, or names=locals()")
    leaves = {x for x in nodes.values() if isinstance(x, Node) and x.op is None}
    learnt = {nodes[t] for t in nodes if t.op is None and t.requires_grad}
    deltas: dict[Node, str] = {}
    aliases: dict[Node, str] = {}
    named = {nodes[t] for t in nodes if t.op is None and (t.name or id(t) in called)}
    for layer in layers(graph, learnt & leaves, named):
        u, y = layer.u, layer.y
        if u is not y or u not in symbols:
            deltas[u] = f"δ{layer.number}"
        if u is y and u not in symbols:
            aliases[u] = _free(f"U{layer.number}", taken)
        for node, name in ((y, f"Y{layer.number}"), (u, f"U{layer.number}")):
            if node not in symbols and node is not output:
                symbols[node] = _free(name, taken)
                taken[symbols[node]] = node
    plan = Plan(graph, symbols, [nodes[t] for t in wanted])
    plan.deltas, plan.aliases = deltas, aliases
    return plan


def _free(name: str, taken: Mapping[str, Node]) -> str:
    """Give the name, primed where a tensor has it already."""
    while name in taken:
        name += "′"
    return name
