"""Data of a narrower dtype than all that is computed from them: a formula writes T, and not the T that NumPy widens."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

from minigrad.algebra.graph import Graph
from minigrad.algebra.rewrite import substitute_nodes
from minigrad.engine.claims import declared_one_hot, is_one_hot
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor
from minigrad.ops.base import Elementwise
from minigrad.ops.linalg import Inner, LogLikelihood, MatMul

_WIDENING = (Elementwise, MatMul, Inner, LogLikelihood)  # what computes in one dtype, which its operands are cast to


def widen_inputs(graph: Graph, nodes: dict[Tensor, Any], kept: Container[Node]) -> tuple[Graph, dict[Tensor, Any]]:
    """Give an equal graph in which inputs that all their users cast to one floating dtype have that; not those kept.

    So rules of real numbers, which keep away from a mixture of dtypes, see a float32 T beside a float64 model as they
    would see one of its kind: −T is a sign before it. Integers stay what they are: code that is written from the
    formulas may be given them, and they would wrap in −T and in T².
    """
    users: dict[Node, list[Node]] = {}
    for node in graph.nodes:
        for x in node.inputs:
            if isinstance(x, Node):
                users.setdefault(x, []).append(node)
    becomes: dict[Node, Any] = {}
    values = dict(graph.values)
    for x, value in graph.values.items():
        dtypes = {node.dtype if isinstance(node.op, _WIDENING) else x.dtype for node in users.get(x, ())}
        dtype = dtypes.pop() if len(dtypes) == 1 else x.dtype
        if x in kept or dtype == x.dtype or not x.dtype.kind == dtype.kind == "f":
            continue
        becomes[x] = Node(name=x.name, shape=x.shape, dtype=dtype, table=x.table)
        wide = values.pop(x).astype(dtype)
        values[becomes[x]] = declared_one_hot(wide) if is_one_hot(value) else wide
    if not becomes:
        return graph, nodes
    changed = substitute_nodes([*graph.outputs, *nodes.values()], becomes)
    n = len(graph.outputs)
    return Graph(changed[:n], values), dict(zip(nodes, changed[n:], strict=True))
