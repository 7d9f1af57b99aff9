"""What a reading is made from: a loss's graph, the Tensors that it was recorded from, their values and gradients."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from minigrad.algebra.class_numbers import write_one_hot
from minigrad.algebra.facts import SumsToOne, carried_facts, check_fact, check_facts
from minigrad.algebra.graph import Graph
from minigrad.algebra.recognize import recognize
from minigrad.algebra.respell import respell
from minigrad.algebra.ties import choose_without_ties
from minigrad.algebra.trace import lift_tensors, names_of
from minigrad.algebra.widen import widen_inputs
from minigrad.engine.backward import pullback
from minigrad.engine.messages.arguments import shown
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.overwriting import read_elements
from minigrad.ops.common.alphabet import printable, to_subscript
from minigrad.ops.common.libraries import bring, on_host
from minigrad.ops.common.unit import make_one
from minigrad.structure.reading import Reading, read_graph, role_of_array
from minigrad.structure.varying_numbers import lift_varying_numbers


class Variables(dict[str, Any]):
    """Names that nobody chose for a reader: of all variables of a function. What one was on the way may be swallowed.

    With e = exp(u) and y = e / Σ e, y is softmax(u) for all that e has a name.
    """


@dataclass(frozen=True, eq=False)
class Source:
    """A graph of one scalar and what it was recorded from.

    ``nodes`` maps each Tensor of the record to its Node, ``parameters`` are the inputs that require a gradient,
    ``named`` are the user's own names of results, and ``unnamed`` the inputs that have none of the user's.
    """

    graph: Graph
    loss: Tensor
    nodes: Mapping[Tensor, Any]
    parameters: frozenset[Node]
    named: dict[Node, str]
    unnamed: frozenset[Node] = frozenset()

    @cached_property
    def reading(self) -> Reading:
        """What a reader sees in the graph."""
        return read_graph(self.graph, self.parameters, self.named, self.unnamed)

    def facts(self, given: Iterable[SumsToOne] = ()) -> tuple[SumsToOne, ...]:
        """Give the facts that are ``given``, checked, and those that the inputs bring along.

        Raises ``ValueError`` for a fact about something that is no input, or that the values contradict.
        """
        found = tuple(dict.fromkeys([*check_facts(given), *carried_facts(self.graph)]))
        for fact in found:
            check_fact(fact, self.graph)
        return found

    @cached_property
    def gradients(self) -> dict[Node, Any]:
        """The gradient of each Node that one flows to, as the engine computes it."""
        with np.errstate(all="ignore"):  # a picture of where a NaN arose
            found = pullback(self.loss, make_one(self.loss.array), keep=self.nodes)
        gradients: dict[Node, Any] = {}
        for t, node in self.nodes.items():
            if t in found:  # two tensors that were computed alike are one Node
                g = bring(found[t])
                gradients[node] = gradients[node] + g if node in gradients else g
        return gradients

    @cached_property
    def whole_gradients(self) -> dict[Node, Any]:
        """The gradients, and those of the parts of an operation that is one kernel, computed anew from its inputs."""
        (output,) = self.graph.outputs
        tensors: dict[Node, Any] = {}
        for node in (x for x in self.graph.nodes if x.op is not None):
            after = any(x in tensors for x in node.inputs if isinstance(x, Node))
            if node.op is not None and (after or node not in self.gradients or node is output):
                inputs = (tensors.get(x, self.values[x]) if isinstance(x, Node) else x for x in node.inputs)
                found = node.op(*inputs)
                if not (isinstance(found, Tensor) and found.requires_grad):  # a comparison, or of constants
                    array = found.data if isinstance(found, Tensor) else found
                    found = Tensor(array, requires_grad=np.asarray(array).dtype.kind in "fc")
                tensors[node] = found
        loss, parts = tensors[output], {t: node for node, t in tensors.items()}
        slopes = pullback(loss, np.ones((), loss.dtype), keep=parts) if loss.op is not None else {}
        return {parts[t]: np.asarray(g) for t, g in slopes.items() if t in parts} | self.gradients

    @cached_property
    def values(self) -> dict[Node, Any]:
        """The value of every Node: what was recorded, and for the parts of an operation that is one kernel anew."""
        found = {node: self.graph.values.get(node, on_host(read_elements(t))) for t, node in self.nodes.items()}
        for node in self.graph.nodes:
            if node in found:
                continue
            if node.op is None:
                found[node] = self.graph.values[node] if node.value is None else node.value
            else:
                found[node] = node.op.forward(*(found[x] if isinstance(x, Node) else x for x in node.inputs))
        return found


def _call_it(loss: Any) -> str:
    return "; call it, and give the loss of what it returns" if callable(loss) else "; write E = …, and give E"


def read_loss(loss: Tensor | Graph, names: Mapping[str, Any] | None = None, caller: str = "draw") -> Source:
    """Read a recorded scalar, or a traced graph of one.

    ``names=locals()`` names the tensors and arrays that have no name of their own. Inputs of one name are numbered,
    W₁ and W₂.

    Raises ``TypeError`` for anything else, ``ValueError`` for a tensor that has no record or is no scalar, and for a
    graph of several outputs or without the values of its inputs; ``caller`` is named in the message.
    """
    if isinstance(loss, Graph):
        return _of_graph(loss, caller)
    if not isinstance(loss, Tensor):
        raise TypeError(f"{caller}: wanted a loss, a Tensor or a traced Graph, not {shown(loss)}{_call_it(loss)}")
    if loss.shape:
        raise ValueError(
            f"{caller}: wanted a recorded scalar loss, and this has shape {loss.shape}; reduce it, with .sum() say"
        )
    if loss.op is None or loss.serial <= 0:
        raise ValueError(
            f"{caller}: wanted a recorded scalar, and this was not recorded, so that there is no record to read; "
            f"compute it outside of no_grad() from tensors with requires_grad=True"
        )
    called = names_of(names)
    whole = {} if isinstance(names, Variables) else called
    source = _of_tensor(loss, called, whole)
    roles = _roles(source)
    return _of_tensor(loss, {**called, **roles}, whole, set(roles.values())) if roles else source


def _roles(source: Source) -> dict[int, str]:
    """Give the arrays and tensors without a name that are a network's data, x, or its targets, t, by identity.

    Arrays become inputs like those with a name: what is claimed of them counts, and code takes them as arguments. Not
    so where there are several of a kind, as a recurrent network has targets for each step, and not zeros that a
    network starts from.
    """
    reading = source.reading
    arrays = [x for x in source.graph.nodes if x.op is None and x.value is not None and x.ndim]
    tensors = {x: t for t, x in source.nodes.items() if isinstance(x, Node) and x in source.unnamed and x.ndim}
    tensors = {x: t for x, t in tensors.items() if t.op is None and x not in source.parameters}
    roles = {x: role_of_array(x, reading) for x in (*arrays, *tensors)}
    counts, taken = Counter(roles.values()), {reading.symbols[x] for x in reading.symbols if x not in roles}
    alone = {x: role for x, role in roles.items() if role and counts[role] == 1 and role not in taken}
    found = {id(x.value): role for x, role in alone.items() if x not in tensors and (role == "t" or np.any(x.value))}
    return found | {id(tensors[x]): role for x, role in alone.items() if x in tensors}


def _of_tensor(loss: Tensor, called: Mapping[int, str], whole: Container[int], roles: Container[str] = ()) -> Source:
    """Read a recorded loss; of the results in ``whole`` none is swallowed by an operation that is recognized."""
    graph, nodes = lift_tensors([loss], _distinct(loss, called), called)
    own = {node for t, node in nodes.items() if t.name or id(t) in whole}
    graph, nodes, chosen = write_one_hot(graph, nodes, own)
    for change in (respell, recognize, respell):
        graph, nodes = change(graph, nodes, {node for t, node in nodes.items() if t.name or id(t) in whole})
    graph, nodes = choose_without_ties(graph, nodes)
    own = {node for t, node in nodes.items() if t.name or id(t) in whole}
    graph, nodes, label = write_one_hot(graph, nodes, own, one=True)
    chosen |= label
    graph, nodes = widen_inputs(graph, nodes, {nodes[t] for t in nodes if t.requires_grad})
    graph, nodes = lift_varying_numbers(graph, nodes)
    named: dict[Node, str] = {}
    unnamed = []
    for t, node in nodes.items():
        name = printable(t.name or "") or called.get(id(t))
        if name is None and isinstance(node, Node) and node.op is None:
            unnamed.append(node)
        elif name and t.op is not None and isinstance(node, Node) and node.op is not None:
            named.setdefault(node, name)
    named = _number_results(graph, named)
    unnamed += [node for name, node in graph.inputs.items() if name in roles or node in chosen]
    parameters = frozenset(node for t, node in nodes.items() if t.op is None and t.requires_grad)
    return Source(graph, loss, nodes, parameters, named, frozenset(unnamed))


def _distinct(loss: Tensor, called: Mapping[int, str]) -> dict[Tensor, str]:
    """Number the inputs that have one name: two layers' W become W1 and W2."""
    leaves: dict[Tensor, str | None] = {}
    seen: dict[Tensor, None] = {loss: None}
    stack = [loss]
    while stack:
        t = stack.pop()
        if t.op is None:
            leaves[t] = t.name or called.get(id(t))
        for x in reversed(t.inputs):
            if isinstance(x, Tensor) and x not in seen:
                seen[x] = None
                stack.append(x)
    many = Counter(leaves.values())
    so_far: Counter[str | None] = Counter()
    result: dict[Tensor, str] = {}
    for t, name in leaves.items():
        so_far[name] += 1
        if name is not None:
            result[t] = f"{name}{so_far[name]}" if many[name] > 1 else name
    return result


def _number_results(graph: Graph, named: Mapping[Node, str]) -> dict[Node, str]:
    """Number the results that have one name, in the order of evaluation: a gate i of each step is i₁, i₂, …"""
    many, so_far = Counter(named.values()), Counter[str]()
    found = dict(named)
    for node in graph.nodes:
        name = named.get(node, "")
        if many[name] > 1:
            so_far[name] += 1
            found[node] = f"{name}{to_subscript(so_far[name])}"
    return found


def _of_graph(graph: Graph, caller: str) -> Source:
    """Run a graph's operations on Tensors of the values that it was traced with."""
    if len(graph.outputs) != 1 or not isinstance(graph.outputs[0], Node) or graph.outputs[0].shape:
        raise ValueError(f"{caller}: wanted a graph of one scalar output, not {len(graph.outputs)} outputs")
    if graph.outputs[0].op is None:
        raise ValueError(f"{caller}: the graph has no operations")
    for x in graph.nodes:
        if x.op is None and x.value is None and x not in graph.values:
            raise ValueError(f"{caller}: the input {x.name!r} has no value; trace the loss with one")
    for change in (respell, recognize, respell):
        graph, _ = change(graph, {}, set())
    graph, _ = choose_without_ties(graph, {})
    (output,) = graph.outputs
    tensors: dict[Node, Any] = {}
    for node in graph.nodes:
        if node.op is not None:
            tensors[node] = node.op(*(tensors[x] if isinstance(x, Node) else x for x in node.inputs))
        elif node.value is not None:
            tensors[node] = np.asarray(node.value)
        else:
            value = np.asarray(graph.values[node])
            tensors[node] = Tensor(value, requires_grad=value.dtype.kind in "fc", name=node.name)
    if not isinstance(tensors[output], Tensor) or tensors[output].op is None:
        raise ValueError(f"{caller}: no input of the graph has a gradient")
    nodes = {t: node for node, t in tensors.items() if isinstance(t, Tensor)}
    parameters = frozenset(node for t, node in nodes.items() if t.op is None and t.requires_grad)
    return Source(graph, tensors[output], nodes, parameters, {})
