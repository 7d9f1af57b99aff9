"""Elements chosen by class numbers, y[np.arange(N), labels], as the sum Σₖ T ⊙ y over a row with a one-hot T.

That is how a textbook writes the loss of a classification, E = −Σ tₖ log yₖ, and what its δ = y − t is said of. Where
E is written with the numbers themselves, T is made of them, and brings along the fact that its rows sum to 1.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph, evaluate
from minigrad.algebra.rewrite import rebuild_node
from minigrad.engine.claims import declared_one_hot
from minigrad.engine.node import Node
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.overwriting import read_elements
from minigrad.ops.arithmetic import add, divide, multiply, negative, subtract
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.elementwise import log
from minigrad.ops.indexing import Index, hash_key
from minigrad.ops.reduction import Softmax, Sum

NAMES = ("T", "T′", "T″")
ARITHMETIC = (add, subtract, multiply, divide, negative)


def write_one_hot(
    graph: Graph, nodes: Mapping[Tensor, Any], named: Container[Node], one: bool = False
) -> tuple[Graph, dict[Tensor, Any], set[Node]]:
    """Put Σₖ T ⊙ y for y[np.arange(N), labels], for a y of (N, classes); give the new inputs T, too.

    Of ``one`` sample, whose softmax y is, it is y[label] alone. A function of what is chosen is chosen of the function,
    log y[…] = Σₖ T ⊙ log y, unless that is ``named`` or would be infinite elsewhere, where T ⊙ y is not 0.
    """
    known = {node: read_elements(t) for t, node in nodes.items() if isinstance(node, Node)}
    writer = _Writer(graph, known, named, one)
    becomes: dict[Node, Any] = {}
    for node in graph.nodes:
        becomes[node] = writer.rewrite(node, rebuild_node(node, becomes))
    if not writer.targets:
        return graph, dict(nodes), set()
    outputs = [becomes[x] if isinstance(x, Node) else x for x in graph.outputs]
    values = graph.values | dict(writer.targets.values())
    return (
        Graph(outputs, values),
        {t: becomes.get(x, x) for t, x in nodes.items()},
        {T for T, _ in writer.targets.values()},
    )


class _Writer:
    """Writes the sums; ``targets`` are T and its rows by class numbers, ``whole`` what a sum chooses of."""

    def __init__(self, graph: Graph, known: Mapping[Node, Any], named: Container[Node], one: bool) -> None:
        self.one = one
        self.known, self.named = dict(graph.values) | dict(known), named
        self.names = [name for name in NAMES if name not in graph.inputs]
        self.targets: dict[Any, tuple[Node, Any]] = {}
        self.whole: dict[Node, tuple[Node, Node]] = {}  # a sum Σₖ T ⊙ y, or what is computed of it -> T and y

    def rewrite(self, node: Node, new: Node) -> Any:
        """Give what stands for a Node that has been rebuilt of what its inputs became."""
        match new:
            case Node(Index(key=key), (Node() as y,)) if type(new.op) is Index:
                chosen = (self.choose_one if self.one else self.choose)(key, node, y)
                return new if chosen is None else chosen
            case Node(Elementwise() as f, _) if node not in self.named:
                return self.move_inside(f, node, new)
        return new

    def choose(self, key: Any, node: Node, y: Node) -> Node | None:
        """Give Σₖ T ⊙ y for y[np.arange(N), labels]; None for anything else."""
        labels = find_class_numbers(key, y.shape)
        if labels is None or not self.is_finite(node.inputs[0]):
            return None
        T = self.target(key, labels, y)
        return None if T is None else self.sum(T, y, node)

    def choose_one(self, key: Any, node: Node, y: Node) -> Node | None:
        """Give Σ T ⊙ y for y[label], y being the softmax of one sample; of another vector y[1] is no class."""
        if not (isinstance(y.op, Softmax) or (y.op == log and isinstance(y.inputs[0].op, Softmax))):
            return None
        parts = key if isinstance(key, tuple) else (key,)
        ones = all(isinstance(part, int | np.integer) and not isinstance(part, bool) for part in parts)
        if not ones or len(parts) != y.ndim or y.size != y.shape[-1] or y.size < 2:
            return None
        T = self.target(key, parts[-1], y) if self.is_finite(node.inputs[0]) else None
        return None if T is None else self.sum(T, y, node)

    def move_inside(self, f: Op, node: Node, new: Node) -> Any:
        """Give Σₖ T ⊙ f(y) for f(Σₖ T ⊙ y), where f is a function of that and of numbers; arithmetic stays outside.

        But that is within what is taken of it: log(1 − Σₖ T ⊙ y) is Σₖ T ⊙ log(1 − y).
        """
        chosen = [x for x in new.inputs if isinstance(x, Node) and x in self.whole]
        others = [x for x in new.inputs if not isinstance(x, Node) or x not in self.whole]
        if len(chosen) != 1 or any(getattr(x, "ndim", 0) or _is_computed(x) for x in others):
            return new
        T, y = self.whole[chosen[0]]
        inside = node.apply(f, tuple(y if x is chosen[0] else x for x in new.inputs))
        with np.errstate(all="ignore"):
            (value,) = evaluate([inside], self.known) if y in self.known else (np.nan,)
        if inside.dtype != node.dtype or not np.all(np.isfinite(value)):
            return new
        self.known[inside] = value
        if f in ARITHMETIC:
            self.whole[new] = T, inside
            return new
        return self.sum(T, inside, node)

    def sum(self, T: Node, y: Node, node: Node) -> Node:
        """Write Σₖ T ⊙ y in the shape of a Node."""
        reduce = Sum(1, keepdims=node.ndim == 2) if node.shape else Sum()
        total: Node = (T * y).apply(reduce, (T * y,))
        self.whole[total] = T, y
        return total

    def target(self, key: Any, labels: Any, y: Node) -> Node | None:
        """Give the T of some class numbers, one for all places that choose by them; None where names have run out."""
        kept = (hash_key(key), y.shape, y.dtype)
        if kept not in self.targets:
            if len(self.targets) == len(self.names):
                return None
            T = Node(name=self.names[len(self.targets)], shape=y.shape, dtype=y.dtype, table=y.table)
            rows = np.zeros(y.shape, y.dtype)
            rows[(*np.indices(rows.shape[:-1]), labels)] = 1
            self.targets[kept] = T, declared_one_hot(rows)
        return self.targets[kept][0]

    def is_finite(self, x: Any) -> bool:
        """Say whether all recorded values of a Node are known, and finite: 0 ⊙ ∞ would be NaN."""
        return x in self.known and bool(np.all(np.isfinite(self.known[x])))


def _is_computed(x: Any) -> bool:
    """Say whether an operand is a result, as E of the steps before is, which may have a T of its own."""
    return isinstance(x, Node) and x.op is not None


def find_class_numbers(key: Any, shape: tuple[int, ...]) -> Any:
    """Give the labels of an index (np.arange(N), labels) into (N, classes), also of columns (N, 1); None of another."""
    if not isinstance(key, tuple) or len(key) != 2 or len(shape) != 2 or 0 in shape:
        return None
    if not all(isinstance(part, np.ndarray | list | range) and np.asarray(part).dtype.kind in "iu" for part in key):
        return None
    rows, labels = np.broadcast_arrays(*key)
    if rows.shape not in ((shape[0],), (shape[0], 1)) or not np.array_equal(rows.ravel(), np.arange(shape[0])):
        return None
    return labels.ravel()
