"""Which of a graph's Nodes a textbook would give a symbol: the total inputs U₁, U₂, … and the outputs Y₁, Y₂, …"""

from __future__ import annotations

import re
from collections.abc import Container

from minigrad.algebra.graph import Graph
from minigrad.engine.node import Node
from minigrad.ops.alphabet import lower, plain_digits
from minigrad.ops.arithmetic import add
from minigrad.ops.linalg import matmul
from minigrad.ops.reduction import LogSoftmax


class Layer:
    """One layer of a network: its total input ``u``, its output ``y`` (u itself without a nonlinearity), its number."""

    def __init__(self, number: str, u: Node, y: Node) -> None:
        self.number, self.u, self.y = number, u, y


def layers(graph: Graph, wanted: Container[Node], named: Container[Node] | None = None) -> list[Layer]:
    """Find the layers: products with a parameter (an input that is ``wanted``), plus a bias, then what acts on that.

    A layer is numbered by the digits in its parameter's name, W₂ say, if all are ``named`` (by default every input
    is) and have different ones, and else in the order of evaluation.
    """
    users: dict[Node, list[Node]] = {}
    for node in graph.nodes:
        for x in node.inputs:
            if isinstance(x, Node):
                users.setdefault(x, []).append(node)
    found: list[Layer] = []
    digits: list[str] = []
    for node in graph.nodes:
        if node.op != matmul or node.inputs[1] not in wanted or node.inputs[1].op is not None:
            continue
        u = node
        for user in users.get(node, []):
            if user.op == add and user.shape == node.shape and any(_is_bias(x, node) for x in user.inputs):
                u = user
        after = users.get(u, [])
        y = after[0] if len(after) == 1 and _acts_on_one(after[0]) and after[0].shape == u.shape else u
        found.append(Layer("", u, y))
        name = str(node.inputs[1].name) if named is None or node.inputs[1] in named else ""
        digits.append("".join(re.findall(r"\d+", plain_digits(name))))
    own = all(digits) and len(set(digits)) == len(digits)
    for i, layer in enumerate(found):
        layer.number = lower(int(digits[i]) if own else i + 1)
    return found


def _is_bias(x: object, product: Node) -> bool:
    """Say whether what is added to a product is the same for every row: a leaf that is broadcast over them."""
    return isinstance(x, Node) and x is not product and x.op is None and x.size <= (product.shape or (1,))[-1]


def _acts_on_one(node: Node) -> bool:
    """Say whether an operation has one operand that varies, as an activation function has."""
    if node.op == add or isinstance(node.op, LogSoftmax):  # the logarithm belongs to the loss, not to the layer
        return False
    return sum(isinstance(x, Node) and x.ndim > 0 for x in node.inputs) == 1
