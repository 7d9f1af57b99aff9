"""From the expressions that a function was traced as to the ones that are cheapest to run.

Everything here keeps the value: kernels are opened into the calls that they make, so that those can share buffers and
common parts; a factor of all gradients goes into the backward pass's seed; sums of products become inner products.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.algebra.rewrite import give_dtype, rebuild_node, rewrite, substitute_nodes
from minigrad.algebra.simplify import EXACT_RULES, simplify
from minigrad.compiler.passes.factor import factor_sums
from minigrad.compiler.passes.seeds import find_factors
from minigrad.engine.node import Node, order_nodes, seed_node
from minigrad.ops.arithmetic import Power, add, multiply, power
from minigrad.ops.base import Elementwise, Op, Shape, as_floating
from minigrad.ops.elementwise import exp, log, sqrt, square
from minigrad.ops.indexing import Index, Scatter, gives_view
from minigrad.ops.linalg import Affine, HalfSquaredDistance, matmul, vdot
from minigrad.ops.matrices.norms import Norm
from minigrad.ops.networks.normalization import Standardize
from minigrad.ops.places.moving import Diagonal, Roll, Tril
from minigrad.ops.reduction import LogSoftmax, LogSumExp, Max, Softmax, Sum, make_finite, normalize_axis
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose


def lower_outputs(outputs: Sequence[Any], seeds: Iterable[Node], gradients: Iterable[Node]) -> list[Any]:
    """Give equal outputs, simplified, in operations that are each one call of NumPy, or one line of a loop."""
    outputs = _seeded(list(outputs), list(seeds), set(gradients))
    outputs = rewrite_nodes(outputs, _defined)
    outputs = list(simplify(Graph(outputs, {})).outputs)
    for rule in (_opened, _inner, _added_at):
        outputs = rewrite_nodes(outputs, rule)
    return factor_sums(outputs)


def lower_exactly(outputs: Sequence[Any], seeds: Iterable[Node], gradients: Iterable[Node]) -> list[Any]:
    """Give outputs that are equal bit for bit, ∞, NaN and −0 too, by the rules that keep those, and no others."""
    outputs = _seeded(list(outputs), list(seeds), set())
    outputs = rewrite_nodes(outputs, _defined)
    return rewrite_nodes(rewrite(outputs, EXACT_RULES), _opened)


def rewrite_nodes(outputs: Sequence[Any], rule: Callable[[Node], Any]) -> list[Any]:
    """Replace each Node, inputs first, by what a rule makes of it; None leaves it."""
    becomes: dict[Node, Any] = {}  # those that are another: until there is one, none can be
    for node in order_nodes(outputs):
        new = rebuild_node(node, becomes) if becomes else node
        made = rule(new) if isinstance(new, Node) else None
        if made is not None or new is not node:
            becomes[node] = new if made is None else made
    return [becomes.get(x, x) if isinstance(x, Node) else x for x in outputs]


def _seeded(outputs: list[Any], seeds: list[Node], gradients: set[Node]) -> list[Any]:
    """Start each backward pass from c instead of 1 if every gradient of it is multiplied by the same number c."""
    factors, products = find_factors(outputs, seeds, gradients)
    becomes: dict[Node, Any] = {seed: factors[seed] if seed in factors else seed_node(seed) for seed in seeds}
    becomes |= products
    replaced: dict[Node, Any] = {}
    starts = set(seeds)  # not the list: == between Nodes is an expression too
    for node in order_nodes(outputs):
        if node in starts:
            replaced[node] = becomes[node]
        else:
            new = replaced[becomes[node]] if node in becomes else rebuild_node(node, replaced)
            replaced[node] = _retyped(new, node)
    return [replaced[x] if isinstance(x, Node) else x for x in outputs]


def _retyped(new: Any, old: Node) -> Any:
    """Give an array that a number fills the dtype that it had: c has none yet, and would make float64 of float32."""
    if not isinstance(new, Node) or new.dtype == old.dtype or not isinstance(new.op, BroadcastTo | Reshape):
        return new
    return new.apply(new.op, (Cast(old.dtype)(new.inputs[0]),))


def _defined(node: Node) -> Any:
    """Open the kernels whose parts the simplifier should see."""
    if isinstance(node.op, Affine | HalfSquaredDistance):
        return node.op.definition(*node.inputs)
    return node.op.forward(*node.inputs) if isinstance(node.op, Standardize) else None


def _opened(node: Node) -> Any:
    """Open the kernels that are several calls of NumPy, in the same calls."""
    op, inputs = node.op, node.inputs
    if op == square or (isinstance(op, Power) and op.exponent == 2 and isinstance(op.exponent, int)):
        return inputs[0] * inputs[0] if inputs[0].dtype == node.dtype else None  # True² is an int8, True ⊙ True is not
    if isinstance(op, Power) and op.exponent == 0.5 and inputs[0].dtype == node.dtype:
        return sqrt(inputs[0])  # as NumPy computes it of arrays: (−∞) ** 0.5 of a scalar would be ∞
    if op == power and node.dtype.kind == "f" and isinstance(inputs[0], Node) and _is_half(inputs[1]):
        root = sqrt(Cast(node.dtype)(inputs[0]))  # as its loop does where one exponent is that of all elements
        return root if root.shape == node.shape else BroadcastTo(node.shape)(root)
    if isinstance(op, Scatter) and not node.shape and node.dtype.kind == "f":
        return Sum()(inputs[0])
    if isinstance(op, Transpose) and isinstance(inputs[0], Node) and node.shape == inputs[0].shape == (1,) * node.ndim:
        return give_dtype(inputs[0])  # one element, which has nowhere to go
    if isinstance(op, Roll | Tril):
        return op.as_simpler(*inputs)
    if isinstance(op, Elementwise) and not isinstance(op.forward, np.ufunc):
        return _open_forward(node, op)
    if isinstance(op, BroadcastTo | Reshape | Transpose | Cast) and not isinstance(inputs[0], Node):
        return node.apply(op, (restore_type(inputs[0], Node(dtype=node.dtype, table=node.table)),))
    if isinstance(op, Softmax | LogSumExp):
        inputs = (as_floating(inputs[0]),)
    if isinstance(op, Softmax):
        (x,) = inputs
        (axis,) = normalize_axis(op.axis, x.ndim)
        shifted = x - Max(axis, True)(x)
        exponentials = exp(shifted)
        total = Sum(axis, True)(exponentials)
        return shifted - log(total) if isinstance(op, LogSoftmax) else exponentials / total
    if isinstance(op, Norm | Standardize):
        return op.forward(*inputs)
    if isinstance(op, LogSumExp):
        top = make_finite(Max(op.axis, True)(inputs[0]))
        total = log(Sum(op.axis, True)(exp(inputs[0] - top))) + top
        return total if op.keepdims else Reshape(node.shape)(total)
    return None


def _open_forward(node: Node, op: Elementwise) -> Any:
    """Open a forward that is written in NumPy's syntax, as sigmoid's is, into the operations that it calls.

    It is called with inputs of its own, so that what it calls can be opened in turn without a look at the whole graph.
    One that does more than compute with operations, such as to look at elements, stays the one operation that it is.
    """
    inner = [
        Node(shape=x.shape, dtype=x.dtype, table=node.table, weak=x.weak) if isinstance(x, Node) else x
        for x in node.inputs
    ]
    try:
        made = op.forward(*inner)
    except Exception:  # whatever a function raises that was not meant for expressions
        return None
    if not isinstance(made, Node) or made.op == op or (made.shape, made.dtype) != (node.shape, node.dtype):
        return None
    (made,) = rewrite_nodes([made], _opened)
    given = {x: given for x, given in zip(inner, node.inputs, strict=True) if isinstance(x, Node)}
    return substitute_nodes([made], given)[0]


def _inner(node: Node) -> Any:
    """Σ a b over all elements is an inner product, which needs no array of products; so is that of two vectors."""
    product = node
    if isinstance(node.op, Sum) and not node.shape and not node.op.keepdims:
        (product,) = node.inputs
        if not isinstance(product, Node) or product.op != multiply:
            return None
    elif node.op != matmul or node.shape:
        return None
    a, b = product.inputs
    same = isinstance(a, Node) and isinstance(b, Node) and a.shape == b.shape and a.dtype == b.dtype == product.dtype
    return vdot(a, b) if same and a.shape and product.dtype.kind == "f" else None


class Spread(BroadcastTo):
    """Broadcasting into an array of its own, not as a view."""

    name = "spread"


def unspread(x: Any) -> Any:
    """Give the number that fills an array, if one does."""
    return x.inputs[0] if isinstance(x, Node) and isinstance(x.op, Spread) and not np.shape(x.inputs[0]) else x


class AddAt(Op):
    """y with x added at an index that names every element once: what a sum of y and a scattered x comes to."""

    name, letters, text, fields = "add_at", "yx", "{y} + scatter({x})", ("key",)

    def __init__(self, key: Any) -> None:
        self.key = key

    def forward(self, y: Any, x: Any) -> Any:
        """Add to a copy of y."""
        changed = np.array(y)
        changed[self.key] += x
        return changed

    def shape(self, *shapes: Shape) -> Shape:
        """Give the shape of y."""
        return shapes[0]

    def _key(self) -> tuple[Any, ...]:
        return Index(self.key)._key()


def _added_at(node: Node) -> Any:
    """y + scatter(x) needs no array of zeros; scatter(a) + scatter(b) = scatter(a + b) at one index."""
    if node.op != add or not node.shape or not all(isinstance(x, Node) and x.shape == node.shape for x in node.inputs):
        return None
    a, b = node.inputs
    if isinstance(a.op, Scatter) and a.op == b.op:
        return a.op(a.inputs[0] + b.inputs[0])
    for y, x in ((a, b), (b, a)):
        same = x.dtype == y.dtype == node.dtype
        if same and isinstance(x.op, Scatter) and x.inputs[0].shape and gives_view(x.op.key):
            return AddAt(x.op.key)(y, x.inputs[0])
    return None


def _is_half(x: Any) -> bool:
    return isinstance(x, Node) and x.value is not None and not x.shape and bool(x.value == 0.5)


def restore_type(new: Any, old: Any) -> Any:
    """Give a simplified value the shape and dtype of the original: one that became a number is an array again."""
    if not isinstance(old, Node) or old.weak:
        whole = isinstance(old, Node) and old.dtype.kind == "f" and isinstance(new, int)
        return float(new) if whole else new  # x⁰ of a Python number is 1.0
    if not isinstance(new, Node):
        new = Node(value=np.asarray(new, old.dtype), dtype=old.dtype, table=old.table)
    if new.dtype != old.dtype:
        new = Cast(old.dtype)(new)
    return new if new.shape == old.shape else BroadcastTo(old.shape)(new)


def hold_output(x: Any) -> Any:
    """Give a copy of a value that is an input itself, or a view: it may outlive what that memory holds."""
    if not isinstance(x, Node) or (not x.shape and (x.op is not None or x.weak or x.value is not None)):
        return x  # of an input without axes the caller has the array, too
    return copy_array(x) if x.op is None or is_view(x.op) else x


def hold_input(x: Any) -> Any:
    """Give a copy of a value that is an input itself, or a view of one: it may be read when that memory is written."""
    seen = x
    while isinstance(seen, Node) and is_view(seen.op):
        (seen,) = seen.inputs
    return x if isinstance(seen, Node) and seen.op is not None else copy_array(x)


def copy_array(x: Node) -> Node:
    """Give a copy of an array."""
    return x.apply(Cast(x.dtype), (x,))


def part_arrays(values: Sequence[Any]) -> list[Any]:
    """Give each value an array of its own, where one is two of them: the gradients of b and c in b + c, say."""
    seen: set[Node] = set()
    parted = []
    for x in values:
        again = isinstance(x, Node) and x.shape and x in seen
        # in no table, which would give one copy for all
        parted.append(Node(Cast(x.dtype), (x,), shape=x.shape, dtype=x.dtype) if again else x)
        seen |= {x} if isinstance(x, Node) else set()
    return parted


def is_view(op: Op | None) -> bool:
    """Say whether an operation gives other sight of its input's memory, rather than an array of its own."""
    if op is None or not op.views:  # most are none: a compilation asks a hundred times for each
        return False
    if isinstance(op, Index):  # a diagonal is one to NumPy's function, and a copy as the index that code writes
        return not isinstance(op, Scatter | Diagonal) and op.shows
    return isinstance(op, Transpose | Reshape | BroadcastTo) and not isinstance(op, Spread)
