"""Numbers that differ from step to step, as x and y of ``for x, y in data``: x₁, x₂, … of one row, xₜ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.engine.node import Node, table_of_living
from minigrad.engine.tensor import Tensor
from minigrad.structure.repeats import LEAST, find_repeats, program_order
from minigrad.structure.wiring import shape_of_operation

Place = tuple[Node, int]  # an operand of an operation


def lift_varying_numbers(graph: Graph, nodes: Mapping[Tensor, Any]) -> tuple[Graph, dict[Tensor, Any]]:
    """Put a constant of its own in the place of each number that is another in each segment of what repeats.

    A number is a part of its operation, so that steps that differ in one are not alike; a constant is an input of each.
    """
    serials = [(t.serial, node) for t, node in nodes.items()]
    varying = _find_varying(graph, serials) if _may_vary(graph.nodes) else set()
    if not varying:
        return graph, dict(nodes)
    becomes: dict[Node, Any] = {}
    for node in graph.nodes:
        inputs = tuple(
            _constant(x, node) if (node, i) in varying else becomes.get(x, x) if isinstance(x, Node) else x
            for i, x in enumerate(node.inputs)
        )
        changed = any(x is not y for x, y in zip(inputs, node.inputs, strict=True))
        becomes[node] = node.apply_alike(inputs) if changed else node
    outputs = [becomes[x] if isinstance(x, Node) else x for x in graph.outputs]
    return Graph(outputs, graph.values), {t: becomes.get(x, x) for t, x in nodes.items()}


def _constant(x: Any, node: Node) -> Node:
    """Give a number as a constant of its own: two steps that have one number have two."""
    return Node(value=np.asarray(x, node.dtype), dtype=node.dtype, table=node.table)


def _is_number(x: Any, node: Node) -> bool:
    return isinstance(x, float) and not isinstance(x, Node) and node.dtype.kind == "f"


def _may_vary(nodes: Sequence[Node]) -> bool:
    """Say whether so many operations of one kind have numbers that differ: it costs less than to look for repeats."""
    found: dict[Hashable, Counter[float]] = {}
    for node in nodes:
        for i, x in enumerate(node.inputs):
            if _is_number(x, node):
                found.setdefault((shape_of_operation(node), i), Counter())[x] += 1
    return any(len(counts) > 1 and counts.total() >= LEAST for counts in found.values())


def _find_varying(graph: Graph, serials: Sequence[tuple[int, Any]]) -> set[Place]:
    """Give the operands that are numbers, and not the same in all segments, if each number were an input."""
    table = table_of_living()
    copies: dict[Node, Node] = {}
    places: dict[Node, Place] = {}
    for node in program_order(serials, graph.nodes):
        inputs: list[Any] = [copies[x] if isinstance(x, Node) else x for x in node.inputs]
        for i, x in enumerate(node.inputs):
            if _is_number(x, node):
                inputs[i] = Node(value=np.asarray(x), dtype=node.dtype, table=table)
                places[inputs[i]] = node, i
        leaf = node.op is None
        copies[node] = node if leaf else Node(node.op, tuple(inputs), shape=node.shape, dtype=node.dtype, table=table)
    found: set[Place] = set()
    for repeat in find_repeats(list(copies.values())):
        for row in repeat.own:
            if all(x in places for x in row) and len({x.value.item() for x in row}) > 1:
                found |= {places[x] for x in row}
    return found
