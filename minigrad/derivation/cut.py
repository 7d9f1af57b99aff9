"""A graph cut at the Nodes that have a symbol: each is an input of what comes after it, defined by what comes before.

So each line of a derivation is a small expression of symbols from the start, however deep the network is, and no
rewriting can open what has a name.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

from minigrad.algebra.graph import Graph, evaluate
from minigrad.algebra.rewrite import rebuild_node, substitute_nodes
from minigrad.engine.backward import pullback
from minigrad.engine.node import Node, order_nodes, seed_node


class Cut:
    """The pieces of a graph between its named Nodes.

    ``atom`` maps each Node of the graph to what stands for it after the cut: for a named one, and for one of the
    ``constants``, an input Node of its own; ``definitions`` gives the expression of each, in the order of evaluation;
    ``output`` is the loss by them.
    """

    def __init__(self, graph: Graph, named: Mapping[Node, str], constants: Container[Node] = ()) -> None:
        self.graph = graph
        self.atom: dict[Node, Any] = {}
        self.definitions: dict[Node, Any] = {}
        (output,) = graph.outputs
        for node in graph.nodes:
            new = rebuild_node(node, self.atom)
            if node in named and (node.op is not None or node in constants) and node is not output:
                self.atom[node] = Node(name=named[node], shape=node.shape, dtype=node.dtype, table=node.table)
                self.definitions[self.atom[node]] = new
            else:
                self.atom[node] = new
        self.output = self.atom[output]

    def gradients(self, symbols: Mapping[Node, Node] | None = None, keep: Container[Node] = ()) -> dict[Node, Any]:
        """Give the raw ∂E/∂atom of every atom and input, in terms of atoms alone, and of what is to ``keep`` besides.

        With ``symbols``, {atom: what stands for its gradient}, each is given by the gradients just after it instead.
        """
        symbols = symbols or {}
        seed = seed_node(self.output)
        total: dict[Node, Any] = dict(pullback(self.output, seed, keep=keep))
        for atom, expression in reversed(self.definitions.items()):
            if atom not in total or not isinstance(expression, Node):
                continue
            for x, g in pullback(expression, symbols.get(atom, total[atom]), keep=keep).items():
                total[x] = total[x] + g if x in total else g
        own = {x: atom for atom, x in self.definitions.items() if isinstance(x, Node) and x.op is not None}
        by_atoms = substitute_nodes(total.values(), own)  # rules that speak of y mean the atom
        return dict(zip(total, by_atoms, strict=True))

    def values(self) -> dict[Node, Any]:
        """Evaluate every atom: the values of all of them and of the inputs."""
        known: dict[Node, Any] = dict(self.graph.values)
        for atom, expression in self.definitions.items():
            (known[atom],) = evaluate([expression], known)
        return known

    def loss(self, changed: Mapping[Node, Any], before: Mapping[Node, Any]) -> Any:
        """Evaluate E with some Nodes at another value; what these do not reach keeps its value from ``before``."""
        known = dict(before) | dict(changed)
        moved = set(changed)
        for atom, expression in self.definitions.items():
            if atom not in changed and not moved.isdisjoint(self._parts(expression)):
                (known[atom],) = evaluate([expression], known)
                moved.add(atom)
        return evaluate([self.output], known)[0]

    def moved_loss(self, moves: Mapping[Node, Any], before: Mapping[Node, Any]) -> Any:
        """Evaluate E with something added to the values of some Nodes, each on top of what moved it already."""
        known = dict(before) | {x: before[x] + d for x, d in moves.items()}
        moved = set(moves)
        for atom, expression in self.definitions.items():
            if not moved.isdisjoint(self._parts(expression)):
                (known[atom],) = evaluate([expression], known)
                known[atom] = known[atom] + moves.get(atom, 0.0)
                moved.add(atom)
        return evaluate([self.output], known)[0]

    def _parts(self, expression: Any) -> list[Node]:
        """Give the atoms and inputs that an expression is made of."""
        return [x for x in order_nodes([expression]) if x.op is None]
