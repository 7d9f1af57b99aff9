"""From the expressions that a function was traced as to the ones that are cheapest to run.

Everything here keeps the value: kernels are opened into the calls that they make, so that those can share buffers and
common parts; a factor of all gradients goes into the backward pass's seed; sums of products become inner products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.graph.graph import Graph
from minigrad.graph.node import Node, ordered
from minigrad.graph.rewrite import rebuilt
from minigrad.graph.simplify import simplify
from minigrad.op import Op
from minigrad.ops.arithmetic import Power, maximum, minimum, multiply
from minigrad.ops.elementwise import exp, identity, log, relu, sigmoid, square
from minigrad.ops.linalg import Affine, HalfSquaredDistance, vdot
from minigrad.ops.reduction import LogSoftmax, Max, Softmax, Sum, normalize_axis
from minigrad.ops.shaping import BroadcastTo, Cast, Index, Reshape, Scatter, Transpose, is_basic


def lowered(outputs: Sequence[Any], seeds: Iterable[Node], gradients: Iterable[Node]) -> list[Any]:
    """Give equal outputs, simplified, in operations that are each one call of NumPy."""
    outputs = _seeded(list(outputs), list(seeds), set(gradients))
    outputs = _rewritten(outputs, _defined)
    outputs = list(simplify(Graph(outputs, {})).outputs)
    return _rewritten(_rewritten(outputs, _opened), _inner)


def _rewritten(outputs: list[Any], rule: Callable[[Node], Any]) -> list[Any]:
    """Replace each Node, inputs first, by what a rule makes of it; None leaves it."""
    becomes: dict[Node, Any] = {}
    for node in ordered(outputs):
        new = rebuilt(node, becomes)
        made = rule(new) if isinstance(new, Node) else None
        becomes[node] = new if made is None else made
    return [becomes[x] if isinstance(x, Node) else x for x in outputs]


def _seeded(outputs: list[Any], seeds: list[Node], gradients: set[Node]) -> list[Any]:
    """Start each backward pass from c instead of 1 if every gradient of it is multiplied by the same number c.

    c (Yᵀ δ) = Yᵀ (c δ): w ← w − η ∂E/∂w then costs one product with η for each pass instead of one for each weight.
    """
    becomes: dict[Node, Any] = {}
    for seed in seeds:
        scaled = _scaled(outputs, seed, gradients)
        factors = {c for c, _ in scaled.values()} if scaled else set()
        if scaled and len(factors) == 1:
            (becomes[seed],) = factors
            becomes.update({product: g for product, (_, g) in scaled.items()})
        else:
            becomes[seed] = Node(value=np.ones((), seed.dtype), dtype=seed.dtype, table=seed.table)
    replaced: dict[Node, Any] = {}
    starts = set(seeds)  # not the list: == between Nodes is an expression too
    for node in ordered(outputs):
        if node in starts:
            replaced[node] = becomes[node]
        else:
            replaced[node] = replaced[becomes[node]] if node in becomes else rebuilt(node, replaced)
    return [replaced[x] if isinstance(x, Node) else x for x in outputs]


def _scaled(outputs: list[Any], seed: Node, gradients: set[Node]) -> dict[Node, tuple[Node, Node]]:
    """Find the products {c ⊙ g: (c, g)} by which alone a seed reaches the outputs; none if it reaches them otherwise."""
    depends: set[Node] = {seed}
    found: dict[Node, tuple[Node, Node]] = {}
    for node in ordered(outputs):
        reached = [x for x in node.inputs if x in depends] if node.op is not None else []
        if not reached:
            continue
        if node.op == multiply and len(reached) == 1 and reached[0] in gradients:
            (g,) = reached
            c = node.inputs[1] if node.inputs[0] is g else node.inputs[0]
            if isinstance(c, Node) and c.weak and c.op is None:
                found[node] = (c, g)
                continue
        depends.add(node)
    return {} if any(x in depends for x in outputs if isinstance(x, Node)) else found


def _defined(node: Node) -> Any:
    """Open the kernels whose parts the simplifier should see."""
    if isinstance(node.op, Affine | HalfSquaredDistance):
        return node.op.definition(*node.inputs)
    return None


def _opened(node: Node) -> Any:
    """Open the kernels that are several calls of NumPy, in the same calls."""
    op, inputs = node.op, node.inputs
    if op == sigmoid:
        (x,) = inputs
        highest = float(np.floor(np.log(np.finfo(x.dtype).max))) if x.dtype.kind == "f" else 709.0
        y = exp(minimum(x, highest))
        return y / (y + 1)
    if op == relu:
        return maximum(inputs[0], 0)
    if op == square or (isinstance(op, Power) and op.exponent == 2 and isinstance(op.exponent, int)):
        return inputs[0] * inputs[0]
    if op == identity:
        return inputs[0]
    if isinstance(op, Softmax):
        (x,) = inputs
        (axis,) = normalize_axis(op.axis, x.ndim)
        shifted = x - Max(axis, True)(x)
        exponentials = exp(shifted)
        total = Sum(axis, True)(exponentials)
        return shifted - log(total) if isinstance(op, LogSoftmax) else exponentials / total
    return None


def _inner(node: Node) -> Any:
    """Σ a b over all elements is an inner product, which needs no array of products."""
    if not isinstance(node.op, Sum) or node.shape or node.op.keepdims:
        return None
    (x,) = node.inputs
    if not isinstance(x, Node) or x.op != multiply or x.dtype.kind != "f":
        return None
    a, b = x.inputs
    same = isinstance(a, Node) and isinstance(b, Node) and a.shape == b.shape == x.shape and a.dtype == b.dtype
    return vdot(a, b) if same else None


def held(x: Any) -> Any:
    """Give a copy of a value that is an input itself, or a view of one, so that it may outlive what is written to it."""
    if not isinstance(x, Node) or not x.shape:
        return x
    source = x
    while is_view(source.op):
        (source,) = source.inputs
    return x._apply(Cast(x.dtype), (x,)) if source.op is None else x


def is_view(op: Op | None) -> bool:
    """Say whether an operation gives other sight of its input's memory, rather than an array of its own."""
    if isinstance(op, Index):
        return not isinstance(op, Scatter) and is_basic(op.key)
    return isinstance(op, Transpose | Reshape | BroadcastTo)
