"""Where the layers of a graph end and its loss begins, and what a textbook calls that loss."""

from __future__ import annotations

from collections.abc import Collection, Container, Iterable, Mapping
from typing import Any

from minigrad.algebra.graph import Graph
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Power, Where, add, divide, multiply, negative, subtract
from minigrad.ops.base import Elementwise
from minigrad.ops.elements.exponential import log1p, log2, log10
from minigrad.ops.elementwise import log, square
from minigrad.ops.indexing import Gather, Index
from minigrad.ops.networks.activations import logsigmoid
from minigrad.ops.places.moving import Diagonal
from minigrad.ops.reduction import LogSoftmax, Sum
from minigrad.ops.shaping import BroadcastTo, Reshape

LOGARITHMS = (log, log1p, log2, log10)
_ADDING = (add, subtract, negative, multiply, divide)
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
    if not isinstance(x.op, Elementwise | Where):
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

    A cross-entropy weighs logarithms with targets or picks those of the labels; a squared error is a difference's. Of a
    sum of such, as SE + CE, each is named.
    """
    kinds = list(dict.fromkeys(filter(None, map(_kind, _terms(region)))))
    if kinds in ([], ["CE"]):  # of which Σ T log Y and Σ (1 − T) log(1 − Y) may be two, and those of one sample
        kinds = list(filter(None, [_kind(region)]))
    if kinds:
        return " + ".join(kinds)
    return "loss" if len(region) > 2 and any(node.ndim for node in region) else ""


def list_titles(kind: str) -> list[str]:
    """Give the textbook's names of what ``name_loss`` has named; none for another loss."""
    return [TITLES[part] for part in kind.split(" + ") if part in TITLES]


def _kind(region: Collection[Node]) -> str:
    """Name what one term of a loss is, or give nothing."""
    logs = sum(node.op in (*LOGARITHMS, logsigmoid) or isinstance(node.op, LogSoftmax) for node in region)
    if logs == 2 and any(_weighs(node, one=True) for node in region):
        return "BCE"
    if logs and any(_weighs(node) for node in region):
        return "CE"
    if any(isinstance(node.op, Where) or node.dtype.kind == "b" for node in region):  # Huber's, which chooses
        return ""
    if any(x.op == subtract for node in _squares(region) for x in node.inputs if isinstance(x, Node)):
        return "SE"
    return ""


def _terms(region: Collection[Node]) -> list[set[Node]]:
    """Part a loss into the numbers that it is the sum of, each with what it is computed from."""
    used = {x for node in region for x in node.inputs}
    stack = [node for node in region if node not in used]
    found: list[set[Node]] = []
    while stack:
        node = stack.pop()
        parts = [x for x in node.inputs if isinstance(x, Node) and x in region]
        if not node.ndim and node.op in _ADDING and parts and not any(x.ndim for x in parts):
            stack.extend(reversed(parts))
        else:
            found.append(_within(node, region))
    return found


def _within(node: Node, region: Container[Node]) -> set[Node]:
    """Give a Node and what of a region it is computed from."""
    found, stack = {node}, [node]
    while stack:
        new = {x for x in stack.pop().inputs if isinstance(x, Node) and x in region} - found
        found |= new
        stack.extend(new)
    return found


def _weighs(node: Node, one: bool = False) -> bool:
    """Say whether a Node multiplies an array by one that is given, or picks the elements of some labels.

    With ``one``, a number that is given counts too, which is the target of one sample.
    """
    given = [isinstance(x, Node) and x.op is None and (x.ndim > 0 or (one and x.value is None)) for x in node.inputs]
    if isinstance(node.op, Index) and not isinstance(node.op, Diagonal):
        parts = node.op.key if isinstance(node.op.key, tuple) else (node.op.key,)
        return any(not isinstance(part, slice) and part is not None and part is not Ellipsis for part in parts)
    return isinstance(node.op, Gather) or (node.op == multiply and any(given))


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


def split_terms(expression: Any) -> list[Any]:
    """Give the terms of a sum of expressions of one shape, as they are."""
    stack, terms = [expression], list[Any]()
    while stack:
        x = stack.pop()
        if isinstance(x, Node) and x.op == add and all(getattr(y, "shape", None) == x.shape for y in x.inputs):
            stack += x.inputs[::-1]
        else:
            terms.append(x)
    return terms
