"""Where the layers of a graph end and its loss begins, and what a textbook calls that loss."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from typing import Any

from minigrad.algebra.graph import Graph
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Power, add, divide, multiply, negative, subtract
from minigrad.ops.base import Elementwise
from minigrad.ops.elementwise import log, square
from minigrad.ops.indexing import Gather, Index
from minigrad.ops.reduction import LogSoftmax, Sum
from minigrad.ops.shaping import BroadcastTo, Reshape

TITLES = {"CE": "cross-entropy", "SE": "squared error", "BCE": "binary cross-entropy"}


def find_loss(
    graph: Graph, users: Mapping[Node, list[Node]], parameters: Container[Node], taken: Container[Node]
) -> set[Node]:
    """Give the Nodes between the layers' outputs and the loss, the loss itself included.

    They are what the loss alone needs, is in no layer (``taken``), and is arithmetic on one stream: a sum of two
    streams, as where a residual connection ends, is none of the loss's.
    """
    (loss,) = graph.outputs
    region = {loss}
    stack = [loss]
    while stack:
        for x in stack.pop().inputs:
            if not isinstance(x, Node) or x.op is None or x in region or x in taken or not region.issuperset(users[x]):
                continue
            if x.ndim == 0 or _is_on_one_stream(x, parameters, taken):
                region.add(x)
                stack.append(x)
    return region


def _is_on_one_stream(x: Node, parameters: Container[Node], taken: Container[Node]) -> bool:
    if isinstance(x.op, LogSoftmax | Sum | Index | Reshape | BroadcastTo):
        return True
    if not isinstance(x.op, Elementwise):
        return False
    operands = [part for part in x.inputs if isinstance(part, Node)]
    if any(part in parameters for part in operands) and len(operands) > 1:
        return False
    if x.op != add:
        return True
    parts = [part for part in operands if part.op is not None and part not in taken]
    return len(parts) == len(operands) and all(_is_on_one_stream(part, parameters, taken) for part in parts)


def name_loss(region: Collection[Node]) -> str:
    """Name the loss that a region computes, by what it is made of: CE, SE, BCE, another "loss", or "" for one step.

    A cross-entropy weighs logarithms with targets or picks those of the labels; a squared error is a difference's.
    """
    logs = sum(node.op == log or isinstance(node.op, LogSoftmax) for node in region)
    if logs and any(_weighs(node) for node in region):
        return "BCE" if logs == 2 else "CE"
    if any(x.op == subtract for node in _squares(region) for x in node.inputs if isinstance(x, Node)):
        return "SE"
    return "loss" if len(region) > 2 and any(node.ndim for node in region) else ""


def _weighs(node: Node) -> bool:
    """Say whether a Node multiplies an array by one that is given, or picks some of its elements."""
    given = [isinstance(x, Node) and x.op is None and x.ndim > 0 for x in node.inputs]
    return isinstance(node.op, Index | Gather) or (node.op == multiply and any(given))


def _squares(region: Iterable[Node]) -> list[Node]:
    return [x for x in region if x.op == square or (isinstance(x.op, Power) and x.op.exponent == 2)]


def split_sum(expression: Any) -> list[Any]:
    """Give the terms of a sum of numbers, each with the sign and the factor that stand before the sum."""
    stack: list[tuple[Any, float]] = [(expression, 1.0)]
    terms: list[Any] = []
    while stack:
        x, factor = stack.pop()
        match x:
            case Node(op, (a, b)) if op in (add, subtract) and not x.shape:
                stack += [(b, -factor if op == subtract else factor), (a, factor)]
            case Node(op, (a,)) if op == negative and not x.shape:
                stack.append((a, -factor))
            case Node(op, (Node() as a, int() | float() as n)) if op == divide and not x.shape:
                stack.append((a, factor / n))
            case Node() if factor in (1.0, -1.0):
                terms.append(x if factor > 0 else -x)
            case _ if isinstance(x, Node) or x:
                terms.append(factor * x)
    return terms
