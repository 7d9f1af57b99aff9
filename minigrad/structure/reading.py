"""What a reader sees in a recorded graph, once for all that shows one: layers, the loss, and what each is called."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass, field

from minigrad.algebra.graph import Graph
from minigrad.algebra.trace import is_output
from minigrad.engine.node import Node
from minigrad.notation.symbols import pretty_name
from minigrad.ops.common.alphabet import to_subscript
from minigrad.ops.linalg import matmul
from minigrad.structure.layers import Layer, find_layers, find_model, find_users
from minigrad.structure.loss import find_loss, name_loss

NOT_THE_LOSS = "E′"  # what the user calls E is written so: ∂E/∂E would be of the loss


@dataclass(frozen=True, eq=False)
class Reading:
    """A graph of one loss as a textbook would read it.

    ``layers`` are in the order of evaluation; ``loss`` has the Nodes after the last of them, and ``loss_kind`` what
    that is called (see ``name_loss``). ``users`` has the Nodes that each is an operand of, ``named`` the user's names.

    ``symbols`` has the symbol of each input, named result, total input U₁ and output Y₁, in the order of evaluation;
    an array without a name is x where it enters a layer, t where only the loss needs it, and else c₁, c₂, …; the loss
    is E, whatever its name, and what the user calls E is E′. ``totals`` has what a total input is called that is the
    layer's output too: such a Node is written Y₁, and its gradient is ∂E/∂U₁. ``deltas`` has the symbol of the gradient
    of each total input, δ₁.
    """

    graph: Graph
    parameters: Container[Node]
    named: Mapping[Node, str]
    users: Mapping[Node, list[Node]]
    layers: tuple[Layer, ...]
    loss: frozenset[Node]
    loss_kind: str
    symbols: dict[Node, str] = field(default_factory=dict)
    totals: dict[Node, str] = field(default_factory=dict)
    deltas: dict[Node, str] = field(default_factory=dict)

    @property
    def invented(self) -> set[Node]:
        """The results whose symbols are neither a user's nor those of a layer, and say nothing by themselves: v₁."""
        layers = {x for layer in self.layers for x in (layer.u, layer.y)}
        return {x for x in self.symbols if x.op is not None and x not in self.named and x not in layers}


def read_graph(
    graph: Graph,
    parameters: Container[Node],
    named: Mapping[Node, str],
    unnamed: Container[Node] = (),
) -> Reading:
    """Read the graph of one loss.

    ``parameters`` are the inputs that learn, ``named`` the results with a name of the user's own, and ``unnamed`` the
    inputs whose name is not the user's. A name of the user's goes before ours, and ours is primed where it is taken.

    Raises ``ValueError`` for a name that stands for two tensors.
    """
    users = find_users(graph.nodes)
    own = {x for x in graph.nodes if x.op is None and x not in unnamed}
    layers = tuple(find_layers(graph, parameters, own))
    taken = {node for layer in layers for node in layer.nodes} if layers else find_model(graph, parameters)
    loss = frozenset(find_loss(graph, users, parameters, taken | (named.keys() - set(graph.outputs))))
    reading = Reading(graph, parameters, named, users, layers, loss, name_loss(loss))
    _name_all(reading)
    return reading


def _name_all(reading: Reading) -> None:
    """Fill in the symbols: the user's names, and then those of the layers."""
    (output,) = reading.graph.outputs
    symbols = {x: pretty_name(name) for name, x in reading.graph.inputs.items()}
    symbols |= {x: pretty_name(name) for x, name in reading.named.items() if x is not output and x.op is not None}
    symbols |= {x: NOT_THE_LOSS for x, name in symbols.items() if name == "E"}
    taken: dict[str, Node] = {}
    for node, name in symbols.items():
        if taken.setdefault(name, node) is not node:
            raise ValueError(f"derive: two tensors are called {name!r}; give one of them another name")

    def called(node: Node, name: str) -> str:
        """Give a Node's symbol, its own or a name that is free: primed where a tensor has it already."""
        if node not in symbols:
            while name in taken:
                name += "′"
            symbols[node] = name
            taken[name] = node
        return symbols[node]

    for layer in reading.layers:
        u, y, number = layer.u, layer.y, layer.number
        if u is output:
            continue
        reading.deltas[u] = f"δ{number}"
        if u is not y:
            if y is not output:
                called(y, f"Y{number}")
            called(u, f"U{number}")
        elif is_output(called(u, f"Y{number}").rstrip("′")):
            reading.totals[u] = f"U{number}" if f"U{number}" not in taken else f"U{number}′"
    constants = 0
    for x in reading.graph.nodes:
        if x.op is None and x.value is not None and x.ndim and x not in symbols:
            constants += 1
            role = role_of_array(x, reading)
            called(x, role if role and role not in taken else f"c{to_subscript(constants)}")
    reading.symbols.update((x, symbols[x]) for x in reading.graph.nodes if x in symbols)


def order_inputs(reading: Reading) -> list[Node]:
    """Give the inputs, and the arrays among the operands, in the order in which a function takes them.

    First the data, then the parameters, and then the targets, which are what the loss alone needs; of each kind, what
    is used first comes first.
    """
    nodes = reading.graph.nodes
    if reading.layers:  # what decays weights comes after them
        nodes = sorted(nodes, key=reading.loss.__contains__)
    leaves = [x for node in nodes for x in node.inputs if isinstance(x, Node) and x.op is None]
    used = [x for x in leaves if x.value is None or x.ndim]
    inputs = dict.fromkeys([*used, *reading.graph.inputs.values()])

    def kind(x: Node) -> int:
        if x in reading.parameters:
            return 1
        users = reading.users.get(x, [])
        return 2 if users and reading.loss.issuperset(users) else 0

    return sorted(inputs, key=kind)


def role_of_array(constant: Node, reading: Reading) -> str:
    """Say what an array without a name is: t in the loss alone, x where it is multiplied with a parameter."""
    users = reading.users.get(constant, [])
    if reading.layers and users and all(user in reading.loss for user in users):
        return "t"
    products = {node for layer in reading.layers for node in layer.sum if node.op == matmul}
    return "x" if users and all(user in products for user in users) else ""
