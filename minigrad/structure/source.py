"""What a picture is made from: a loss's graph, with the value and the gradient of each of its Nodes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.algebra.trace import lift_tensors
from minigrad.engine.backward import pullback
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor


@dataclass(frozen=True, eq=False)
class Source:
    """A graph of one scalar, the inputs whose gradients are wanted, and arrays; ``names`` are the user's own."""

    graph: Graph
    parameters: frozenset[Node]
    values: dict[Node, Any]
    gradients: dict[Node, Any]
    names: dict[Node, str]


def source(loss: Tensor | Graph, names: Mapping[str, Any] | None = None) -> Source:
    """Read a recorded scalar, or a traced graph of one.

    Raises ``TypeError`` for anything else, ``ValueError`` for a tensor that has no record or is no scalar, and for a
    graph of several outputs or without the values of its inputs.
    """
    if isinstance(loss, Graph):
        return _of_graph(loss)
    if not isinstance(loss, Tensor):
        raise TypeError(f"draw: wanted a loss, a Tensor or a traced Graph, not {type(loss).__name__}")
    if loss.shape:
        raise ValueError(f"draw: wanted a recorded scalar, and this has shape {loss.shape}; reduce it, with .sum() say")
    if loss.op is None or loss.serial <= 0:
        raise ValueError(
            "draw: wanted a recorded scalar, and this has no record; compute it outside of no_grad() from tensors "
            "with requires_grad=True"
        )
    return _of_tensor(loss, names or {})


def _of_tensor(loss: Tensor, names: Mapping[str, Any]) -> Source:
    called = {x: name for name, x in names.items() if isinstance(x, Tensor) and x.name is None}
    graph, nodes = lift_tensors([loss], _distinct(loss, called))
    found = pullback(loss, np.ones((), loss.dtype), keep=nodes)
    known: dict[Node, Any] = {}
    gradients: dict[Node, Any] = {}
    for t, node in nodes.items():
        known[node] = t.data
        if t in found:  # two tensors that were computed alike are one Node
            gradients[node] = gradients[node] + found[t] if node in gradients else np.asarray(found[t])
    arrays = {id(x): name for name, x in names.items() if isinstance(x, np.ndarray)}
    own = {node: t.name or called[t] for t, node in nodes.items() if t.op is not None and (t.name or t in called)}
    own |= {node: arrays[id(node.value)] for node in graph.nodes if id(node.value) in arrays}
    parameters = frozenset(node for t, node in nodes.items() if t.op is None and t in found)
    return Source(graph, parameters, _evaluated(graph, known), gradients, own)


def _distinct(loss: Tensor, called: Mapping[Tensor, str]) -> dict[Tensor, str]:
    """Number the inputs that have one name: two layers' W become W1 and W2."""
    leaves: dict[Tensor, str | None] = {}
    seen: dict[Tensor, None] = {loss: None}
    stack = [loss]
    while stack:
        t = stack.pop()
        if t.op is None:
            leaves[t] = called.get(t) or t.name
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


def _of_graph(graph: Graph) -> Source:
    """Run a graph's operations on Tensors of the values that it was traced with."""
    if len(graph.outputs) != 1 or not isinstance(graph.outputs[0], Node) or graph.outputs[0].shape:
        raise ValueError(f"draw: wanted a graph of one scalar output, not {len(graph.outputs)} outputs")
    (output,) = graph.outputs
    if output.op is None:
        raise ValueError("draw: the graph has no operations")
    tensors: dict[Node, Any] = {}
    for node in graph.nodes:
        if node.op is not None:
            tensors[node] = node.op(*(tensors[x] if isinstance(x, Node) else x for x in node.inputs))
        elif node.value is not None:
            tensors[node] = np.asarray(node.value)
        elif node in graph.values:
            value = np.asarray(graph.values[node])
            tensors[node] = Tensor(value, requires_grad=value.dtype.kind == "f", name=node.name)
        else:
            raise ValueError(f"draw: the input {node.name!r} has no value; trace the loss with one")
    if not isinstance(tensors[output], Tensor) or tensors[output].op is None:
        raise ValueError("draw: no input of the graph has a gradient")
    recorded = {node: t for node, t in tensors.items() if isinstance(t, Tensor)}
    found = pullback(tensors[output], np.ones((), output.dtype), keep=set(recorded.values()))
    gradients = {node: np.asarray(found[t]) for node, t in recorded.items() if t in found}
    parameters = frozenset(node for node in gradients if node.op is None)
    values = {node: getattr(t, "data", t) for node, t in tensors.items()}
    return Source(graph, parameters, values, gradients, {})


def _evaluated(graph: Graph, known: dict[Node, Any]) -> dict[Node, Any]:
    """Give the value of every Node: what was recorded, and for the parts of an operation that is one kernel anew."""
    found = dict(known)
    for node in graph.nodes:
        if node not in found:
            inputs = (found[x] if isinstance(x, Node) else x for x in node.inputs)
            found[node] = node.value if node.op is None else node.op.forward(*inputs)
    return found
