"""Data of a narrower dtype than all that is computed from them: a formula writes T, and not the T that NumPy widens."""

from __future__ import annotations

from collections.abc import Container
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph, evaluate
from minigrad.algebra.rewrite import substitute_nodes
from minigrad.engine.claims import declared_one_hot, declared_whole, is_one_hot
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor
from minigrad.ops.arithmetic import add, multiply, negative, subtract
from minigrad.ops.base import Elementwise
from minigrad.ops.linalg import Inner, LogLikelihood, MatMul
from minigrad.ops.shaping import Cast

_WIDENING = (Elementwise, MatMul, Inner, LogLikelihood, Cast)  # what computes in one dtype, which operands are cast to
_WHOLE = (add, subtract, multiply, negative)  # what is the same of whole numbers and of floats, unless it wraps
_MOST = 32  # operations on data before they meet a wider dtype: chains of thousands would take the square of the time
Users = dict[Node, list[Node]]


def widen_inputs(graph: Graph, nodes: dict[Tensor, Any], kept: Container[Node]) -> tuple[Graph, dict[Tensor, Any]]:
    """Give an equal graph in which inputs that all their users cast to one floating dtype have that; not those kept.

    So rules of real numbers, which keep away from a mixture of dtypes, see a float32 T beside a float64 model as they
    would see one of its kind: −T is a sign before it. They see whole numbers and truth values so, too, and all of them
    where 1 − T comes first, unless that wraps or is rounded; code that is written from the formulas begins by making
    floats of whole numbers.
    """
    users: Users = {}
    for node in graph.nodes:
        for x in node.inputs:
            if isinstance(x, Node):
                users.setdefault(x, []).append(node)
    narrow: dict[Node, None] = {}
    wide = {x: _find_dtype(x, users, narrow) for x in graph.values if x not in kept}
    becomes: dict[Node, Any] = {}
    values = dict(graph.values)
    for x, dtype in wide.items():
        if dtype is None or dtype == x.dtype or not _alike(x, wide, users, narrow):
            continue
        becomes[x] = Node(name=x.name, shape=x.shape, dtype=dtype, table=x.table)
        values[becomes[x]] = _widened(values.pop(x), dtype)
    if not becomes:
        return graph, nodes
    first = list(narrow)
    if not _same(evaluate(first, graph.values), evaluate(substitute_nodes(first, becomes), values)):
        return graph, nodes
    changed = substitute_nodes([*graph.outputs, *nodes.values()], becomes)
    n = len(graph.outputs)
    return Graph(changed[:n], values), dict(zip(nodes, changed[n:], strict=True))


def _find_dtype(x: Node, users: Users, narrow: dict[Node, None]) -> np.dtype[Any] | None:
    """Give the one floating dtype in which all that uses x computes in the end; ``narrow`` gets what comes before."""
    found, first, stack = set(), dict[Node, None](), [x] if x.dtype.kind in "fiub" else []
    while stack and len(first) < _MOST:
        for user in users.get(stack.pop(), ()):
            if user in first:
                continue
            if user.op in _WHOLE and (user.dtype.kind in "iu" or user.dtype == x.dtype):
                first[user] = None
                stack.append(user)
            else:
                found.add(user.dtype if isinstance(user.op, _WIDENING) else None)
    dtype = found.pop() if len(found) == 1 and not stack else None
    if dtype is None or dtype.kind != "f" or dtype == x.dtype:
        return None
    narrow.update(first)
    return dtype


def _alike(x: Node, wide: dict[Node, np.dtype[Any] | None], users: Users, narrow: Container[Node]) -> bool:
    """Say whether all that x meets before it is a wide float is widened as it is, or a known number."""
    met = [y for user in users.get(x, ()) if user in narrow for y in user.inputs]
    return all(not isinstance(y, Node) or y in narrow or y.value is not None or wide.get(y) == wide[x] for y in met)


def _widened(value: Any, dtype: np.dtype[Any]) -> Any:
    """Give an array in a floating dtype, with what is claimed of it."""
    wide = value.astype(dtype)
    if is_one_hot(value):
        declared_one_hot(wide)
    return wide if value.dtype.kind == "f" else declared_whole(wide)


def _same(before: list[Any], after: list[Any]) -> bool:
    return all(np.array_equal(a, b) for a, b in zip(before, after, strict=True))
