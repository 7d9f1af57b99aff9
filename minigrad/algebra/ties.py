"""The larger of two that never tie: where no recorded values do, its derivative is 1 or 0, without the ½ of a tie.

``np.maximum(u, v)`` has the slope [u > v] + ½ [u = v]. Where u = v at none of the values that a loss was recorded with,
the second term says nothing but 0, and a reader's formula has [u > v] alone; what does tie is left as it was written.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.algebra.rewrite import rebuild_node
from minigrad.engine.node import Node, order_nodes
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.overwriting import read_elements
from minigrad.ops.arithmetic import maximum, minimum
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.elements.signs import fmax, fmin
from minigrad.ops.reduction import Max, Min, normalize_axis, restore_axes


def _make_chooser(op: Elementwise, is_chosen: Callable[[Any, Any], Any], either: bool) -> Elementwise:
    """Give an operation whose operands never tie; with ``either`` the second is chosen where the first is not."""
    return Elementwise(
        op.name,
        op.forward,
        lambda y, a, b: is_chosen(a, b),
        (lambda y, a, b: np.where(is_chosen(a, b), 0, 1)) if either else (lambda y, a, b: is_chosen(b, a)),
        text=op.text,
        chooses=True,
    )


def _is_larger(a: Any, b: Any) -> Any:
    return a > b


def _is_smaller(a: Any, b: Any) -> Any:
    return a < b


# Of two that depend on one thing, the derivative is one choice, where(a > b, a′, b′); else each has a factor.
_PAIRS: dict[Op, tuple[Elementwise, Elementwise]] = {
    op: (_make_chooser(like, chosen, either=False), _make_chooser(like, chosen, either=True))
    for op, like, chosen in (
        (maximum, maximum, _is_larger),
        (fmax, maximum, _is_larger),  # where no NaN is, that is what it is
        (minimum, minimum, _is_smaller),
        (fmin, minimum, _is_smaller),
    )
}
CHOOSERS = frozenset(op for pair in _PAIRS.values() for op in pair)


class LargestAlone(Max):
    """The largest element over axes, where no two tie for it: ∂E/∂x = g where x is the largest."""

    name = "max"
    vjps = (lambda op, g, y, x: (x == restore_axes(y, x, op)) * restore_axes(g, x, op),)


class SmallestAlone(LargestAlone, Min):
    """The smallest element over axes, likewise."""

    name, text, extreme = "min", Min.text, Min.extreme


_ALONE = {Max: LargestAlone, Min: SmallestAlone}


def choose_without_ties(graph: Graph, nodes: Mapping[Tensor, Any]) -> tuple[Graph, dict[Tensor, Any]]:
    """Put operations that never tie for those which, at the recorded values, never do."""
    if not any(node.op in _PAIRS or type(node.op) in _ALONE for node in graph.nodes):
        return graph, dict(nodes)
    known = graph.values | {node: read_elements(t) for t, node in nodes.items() if isinstance(node, Node)}
    becomes: dict[Node, Any] = {}
    for node in graph.nodes:
        new = rebuild_node(node, becomes)
        op = _op_without_ties(node, known)
        becomes[node] = new if op is None else new.apply(op, new.inputs)
    outputs = [becomes[x] if isinstance(x, Node) else x for x in graph.outputs]
    return Graph(outputs, graph.values), {t: becomes.get(x, x) for t, x in nodes.items()}


def _op_without_ties(node: Node, known: dict[Node, Any]) -> Op | None:
    """Give the operation that stands for a Node's own, or None where it ties, or gives a choice of no numbers."""
    op = node.op
    if op in _PAIRS:
        a, b = (_value_of(x, known) for x in node.inputs)
        if np.any(a == b) or np.any(np.isnan(a)) or np.any(np.isnan(b)):
            return None
        return _PAIRS[op][_depend_on_one(*node.inputs)]
    if isinstance(op, Max) and type(op) in _ALONE:
        x = _value_of(node.inputs[0], known)
        most = op.forward(x)
        reached = x == (most if op.keepdims else np.expand_dims(most, normalize_axis(op.axis, x.ndim)))
        return _ALONE[type(op)](op.axis, op.keepdims) if np.all(reached.sum(op.axis) == 1) else None
    return None


def _value_of(x: Any, known: dict[Node, Any]) -> Any:
    """Give the recorded value of an operand, or that which follows from those of its operands, and remember it."""
    stack = [x] if isinstance(x, Node) else []
    while stack:
        node = stack[-1]
        missing = [] if node in known else [y for y in node.inputs if isinstance(y, Node) and y not in known]
        stack.extend(missing)
        if not missing:
            stack.pop()
            if node not in known:
                inputs = (known[y] if isinstance(y, Node) else y for y in node.inputs)
                with np.errstate(all="ignore"):
                    known[node] = node.value if node.op is None else node.op.forward(*inputs)
    return known[x] if isinstance(x, Node) else x


def _depend_on_one(a: Any, b: Any) -> bool:
    """Say whether two operands are computed from something in common that is itself computed."""
    if any(not isinstance(x, Node) or x.op is None for x in (a, b)):
        return False
    return any(x.op is not None for x in set(order_nodes([a])).intersection(order_nodes([b])))
