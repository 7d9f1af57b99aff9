"""A graph's operations, grouped into the steps that a textbook would draw: affine, σ, softmax, cross-entropy."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.engine.node import Node
from minigrad.notation.template import short_sign
from minigrad.ops.arithmetic import Power, add, divide, multiply, negative, subtract
from minigrad.ops.base import Elementwise
from minigrad.ops.elementwise import cos, identity, log, relu, sigmoid, sin, square, tanh
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import LogSoftmax, Sum
from minigrad.ops.shaping import BroadcastTo, Index, Reshape, Transpose

TITLES = {"CE": "cross-entropy", "SE": "squared error", "BCE": "binary cross-entropy", "loss": "other"}
_MOVES = (Reshape, Transpose)
_ACTIVATIONS = (sigmoid, tanh, relu, sin, cos, identity)


@dataclass(frozen=True, eq=False)
class Step:
    """One operation of a picture: the Nodes in it, in order, what it is called, and the operands from outside."""

    nodes: tuple[Node, ...]
    inputs: tuple[Node, ...]
    op: str
    label: str

    @property
    def output(self) -> Node:
        """The Node whose value the step gives."""
        return self.nodes[-1]


def steps(graph: Graph, parameters: Container[Node], named: Container[Node] = ()) -> list[Step]:
    """Group the operations that lead to a graph's one output, in the order of computation.

    A product and the parameter added to it become one step, affine; a transpose and a scale by a number join the
    product that they belong to, as in Q Kᵀ / √d, unless they are ``named``; what stands between the last layer and a
    loss becomes one too, if it is one of the textbook's. Everything else is a step by itself.
    """
    users = uses(graph.nodes)
    inside: dict[Node, list[Node]] = {}  # the output of a group -> what is in it besides
    place = {node: i for i, node in enumerate(graph.nodes)}
    (loss,) = graph.outputs
    names: dict[Node, str] = {}
    region = _loss_region(loss, users, parameters)
    kind = _loss(region)
    if kind and len(region) < sum(node.op is not None for node in graph.nodes):
        inside[loss], names[loss] = [node for node in graph.nodes if node in region and node is not loss], kind
    taken = {node for group in inside.values() for node in group}
    for node in reversed(graph.nodes):  # the outermost sum first
        if node.op == add and node not in taken and node not in names:
            terms = _affine(node, users, parameters)
            group = set(terms) - {node}
            if any(x.op == matmul for x in terms):
                inside[node], names[node] = sorted(group, key=place.__getitem__), "affine"
                taken |= group
    for node in graph.nodes:
        for x in _joining(node, users, named):
            if x not in taken and node not in taken and x not in names and node not in names:
                inside.setdefault(node, []).extend([*inside.pop(x, []), x])
                taken.add(x)
    found = []
    for node in graph.nodes:
        if node.op is None or node in taken:
            continue
        nodes = (*inside.get(node, ()), node)
        op = next((x.op for x in nodes if x.op == matmul), node.op)
        label = names.get(node) or ("ln" if op == log else short_sign(op.text) or op.name.replace("_", " "))
        found.append(Step(nodes, _operands(nodes), names.get(node, op.name), label))
    return found


def uses(nodes: Iterable[Node]) -> dict[Node, list[Node]]:
    """Give the Nodes that each one is an operand of."""
    found: dict[Node, list[Node]] = {}
    for node in nodes:
        for x in node.inputs:
            if isinstance(x, Node):
                found.setdefault(x, []).append(node)
    return found


def _operands(group: tuple[Node, ...]) -> tuple[Node, ...]:
    """Give what a group's Nodes are computed from and is not in it, but for constants without axes, each once."""
    inside = set(group)
    outside = (x for node in group for x in node.inputs if isinstance(x, Node) and x not in inside)
    return tuple(dict.fromkeys(x for x in outside if x.value is None or x.ndim))


def _affine(node: Node, users: Mapping[Node, list[Node]], parameters: Container[Node]) -> list[Node]:
    """Give the sums and products in x W + h V + b, whose terms are all products with parameters, or parameters.

    Nothing, if a term is of another kind, or another operation needs a part of it too.
    """
    found, stack = [], [node]
    while stack:
        x = stack.pop()
        if x.op == add and (x is node or len(users[x]) == 1) and not any(np.ndim(part) == 0 for part in x.inputs):
            stack.extend(x.inputs)
        elif not (x in parameters or (x.op == matmul and x.inputs[1] in parameters and len(users[x]) == 1)):
            return []
        if x.op is not None:
            found.append(x)
    return found


def _joining(node: Node, users: Mapping[Node, list[Node]], named: Container[Node]) -> list[Node]:
    """Give the operands that a Node is one step with: what it only turns around, or the product that it scales."""
    operands = [x for x in node.inputs if isinstance(x, Node) and x.op is not None]
    operands = [x for x in operands if len(users[x]) == 1 and x not in named]
    if node.op == matmul or isinstance(node.op, _MOVES):
        return [x for x in operands if isinstance(x.op, _MOVES)]
    scales = node.op in (multiply, divide) and any(np.ndim(x) == 0 for x in node.inputs)
    return [x for x in operands if x.op == matmul and (scales or node.op == negative)]


def _loss_region(loss: Node, users: Mapping[Node, list[Node]], parameters: Container[Node]) -> set[Node]:
    """Give the Nodes between the last layer and the loss: what only the loss needs, and is arithmetic on one stream.

    A sum of two streams, as where a residual connection ends, is not in it, and an activation function is not.
    """
    region = {loss}
    stack = [loss]
    while stack:
        for x in stack.pop().inputs:
            if not isinstance(x, Node) or x.op is None or x in region or not region.issuperset(users[x]):
                continue
            if x.ndim == 0 or _elementwise(x, parameters):
                region.add(x)
                stack.append(x)
    return region


def _elementwise(x: Node, parameters: Container[Node]) -> bool:
    if isinstance(x.op, LogSoftmax | Sum | Index | Reshape | BroadcastTo):
        return True
    if not isinstance(x.op, Elementwise) or x.op in _ACTIVATIONS:
        return False
    operands = [part for part in x.inputs if isinstance(part, Node)]
    if any(part in parameters for part in operands) and len(operands) > 1:
        return False
    return x.op != add or all(part.op is not None and _elementwise(part, parameters) for part in operands)


def _loss(region: set[Node]) -> str:
    """Name the loss that a region computes, by what it is made of; nothing for one without a name."""
    logs = sum(node.op == log for node in region)
    if any(isinstance(node.op, LogSoftmax) for node in region) or logs == 1:
        return "CE"
    if logs == 2:
        return "BCE"
    squares = [n for n in region if n.op == square or (isinstance(n.op, Power) and n.op.exponent == 2)]
    if any(x.op == subtract for n in squares for x in n.inputs if isinstance(x, Node)):
        return "SE"
    return "loss" if len(region) > 2 and any(node.ndim for node in region) else ""
