"""A graph's operations, grouped into the steps that a textbook would draw: affine, σ, softmax, cross-entropy."""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import dataclass
from itertools import count

import numpy as np

from minigrad.engine.node import Node
from minigrad.notation.template import short_sign
from minigrad.ops.arithmetic import divide, multiply, negative
from minigrad.ops.base import Op
from minigrad.ops.common.alphabet import to_subscript
from minigrad.ops.elementwise import log
from minigrad.ops.linalg import matmul
from minigrad.ops.networks.convolution import Convolving
from minigrad.ops.shaping import Reshape, Transpose
from minigrad.structure.reading import Reading
from minigrad.structure.shared_parts import SHORT, find_shared_parts

_MOVES = (Reshape, Transpose)


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


def find_steps(reading: Reading) -> list[Step]:
    """Group the operations that lead to a graph's one output, in the order of computation.

    The products and the bias of a layer's total input become one step, affine, or a filter's ∗ 3×3; a transpose and a
    scale by a number join the product that they belong to, as in Q Kᵀ / √d, unless they have a name; what stands
    between the last layer and the loss becomes one too, if it is one of the textbook's and a formula that needs nothing
    long twice, as the steps of a pendulum need each other; but for what several gradients would have to write out
    (``find_shared_parts``). Everything else is a step by itself.
    """
    graph = reading.graph
    (loss,) = graph.outputs
    inside: dict[Node, list[Node]] = {}  # the output of a group -> what is in it besides
    names: dict[Node, str] = {}
    labels: dict[Node, str] = {}
    some = len(reading.loss) < sum(node.op is not None for node in graph.nodes)
    if reading.loss_kind and some and not _is_tangled(reading):
        apart = find_shared_parts(reading)
        one = [x for x in graph.nodes if x in reading.loss and x is not loss and x not in apart]
        inside[loss], names[loss] = one, reading.loss_kind
    taken = {node for group in inside.values() for node in group}
    for layer in reading.layers:
        if len(layer.sum) > 1 and not any(x in reading.named for x in layer.sum if x is not layer.u):
            inside[layer.u], names[layer.u] = [x for x in layer.sum if x is not layer.u], "affine"
            taken.update(inside[layer.u])
            for x in layer.sum:
                if isinstance(x.op, Convolving):
                    labels[layer.u] = _label(x.op, x)
    for node in graph.nodes:
        for x in _joining(node, reading.users, reading.named):
            if x not in taken and node not in taken and x not in names and node not in names:
                inside.setdefault(node, []).extend([*inside.pop(x, []), x])
                taken.add(x)
    found = []
    for node in graph.nodes:
        if node.op is None or node in taken:
            continue
        nodes = (*inside.get(node, ()), node)
        op = next((x.op for x in nodes if x.op == matmul), node.op)
        label = labels.get(node) or names.get(node) or _label(op, node)
        found.append(Step(nodes, _operands(nodes, reading.symbols), names.get(node, op.name), label))
    return found


def _is_tangled(reading: Reading) -> bool:
    """Say whether a part of the loss, of more than two operations, is needed twice in it."""
    for x in reading.loss:
        within, stack = {x}, [x]
        while stack and len(within) <= SHORT and len(reading.users.get(x, ())) > 1:
            new = {y for y in stack.pop().inputs if isinstance(y, Node) and y in reading.loss} - within
            within |= new
            stack.extend(new)
        if len(within) > SHORT:
            return True
    return False


def _label(op: Op, node: Node) -> str:
    """Call an operation by its sign or its name; a kernel's with its size and how it moves: ∗ 3×3, stride 2."""
    called = "ln" if op == log else short_sign(op.text) or op.name.replace("_", " ")
    geometry = getattr(op, "geometry", None)
    return f"{called} {geometry(*(np.shape(x) for x in node.inputs))}" if geometry else called


def name_values(reading: Reading, results: Container[Node]) -> dict[Node, str]:
    """Give the symbols of a reading, E for the loss, and v₁, v₂, … for the ``results`` that have none."""
    (loss,) = reading.graph.outputs
    symbols = reading.symbols | {loss: "E"}
    unnamed = [x for x in reading.graph.nodes if x in results and x not in symbols]
    taken = set(symbols.values())
    numbers = (n for n in count(1) if f"v{to_subscript(n)}" not in taken)
    return symbols | {x: f"v{to_subscript(n)}" for x, n in zip(unnamed, numbers, strict=False)}


def _operands(group: tuple[Node, ...], symbols: Container[Node]) -> tuple[Node, ...]:
    """Give what a group's Nodes are computed from and is not in it, but for numbers without a symbol, each once."""
    inside = set(group)
    outside = (x for node in group for x in node.inputs if isinstance(x, Node) and x not in inside)
    return tuple(dict.fromkeys(x for x in outside if x.value is None or x.ndim or x in symbols))


def _joining(node: Node, users: Mapping[Node, list[Node]], named: Container[Node]) -> list[Node]:
    """Give the operands that a Node is one step with: what it only turns around, or the product that it scales."""
    operands = [x for x in node.inputs if isinstance(x, Node) and x.op is not None]
    operands = [x for x in operands if len(users[x]) == 1 and x not in named]
    if node.op == matmul or isinstance(node.op, _MOVES):
        return [x for x in operands if isinstance(x.op, _MOVES)]
    scales = node.op in (multiply, divide) and any(np.ndim(x) == 0 for x in node.inputs)
    return [x for x in operands if x.op == matmul and (scales or node.op == negative)]
