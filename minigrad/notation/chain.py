"""What the chain rule is written with before any derivative is put in: ∂y/∂x, and its product with the gradient of y.

They are operations on expressions alone: nothing computes them, and no gradient flows through them.
"""

from __future__ import annotations

from typing import Any

from minigrad.engine.node import Node, order_nodes
from minigrad.notation.index.along import Along
from minigrad.notation.index.axes import follow_axes
from minigrad.ops.base import Op, Shape
from minigrad.ops.networks.normalization import Standardize
from minigrad.ops.reduction import Softmax, normalize_axis


class Partial(Op):
    """All the derivatives of y's elements by x's, ∂y/∂x, of the axes of y and then those of x."""

    name, letters, text = "partial", "yx", "∂{y}/∂{x}"
    vjps = (None, None)
    differentiable = False

    def shape(self, *shapes: Shape) -> Shape:
        """Give the axes of both."""
        return (*shapes[0], *shapes[1])

    def follow(self, *shapes: Shape) -> Along:
        """Give each axis an index of its own."""
        n = len(shapes[0])
        return Along((tuple(range(n)), tuple(range(n, n + len(shapes[1])))))


partial = Partial()


class Chain(Op):
    """The chain rule, ∂E/∂x = Σ ∂E/∂y ∂y/∂x over the elements of y.

    ``carried`` says of each axis of y with which axis of x it runs along, so that there is nothing to add up over it,
    or None; x has ``ndim``. An activation function's all run along, and the product is one of elements.
    """

    name, letters, binds, fields = "chain", "gj", 2, ("carried", "ndim")
    vjps = (None, None)
    differentiable = False

    def __init__(self, carried: tuple[int | None, ...] = (0,), ndim: int = 1) -> None:
        self.carried, self.ndim = carried, ndim

    @property
    def text(self) -> str:  # type: ignore[override]
        """Write ⊙ for a product of elements and · for any other."""
        return "{g} ⊙ {j}" if self.carried == tuple(range(self.ndim)) else "{g} · {j}"

    def shape(self, *shapes: Shape) -> Shape:
        """Give the axes of x, which come last."""
        return shapes[1][len(self.carried) :]

    def follow(self, *shapes: Shape) -> Along:
        """Say that it sums over the axes of y that run along with none of x."""
        labels = tuple(f"r{i}" if axis is None else axis for i, axis in enumerate(self.carried))
        bound = tuple(label for label in labels if isinstance(label, str))
        return Along((labels, (*labels, *range(self.ndim))), bound)


def chain_gradient(g: Node, y: Node, x: Node, definition: Node) -> Any:
    """Give ∂E/∂x = ∂E/∂y · ∂y/∂x, for y with this definition, g being ∂E/∂y."""
    return g.apply(Chain(axes_carried(definition, x), x.ndim), (g, y.apply(partial, (y, x))))


def axes_carried(y: Node, x: Node) -> tuple[int | None, ...]:
    """Say of each axis of y with which axis of x it runs along: y at i depends on x at the same i alone."""
    carried: dict[Node, tuple[int | None, ...]] = {x: tuple(range(x.ndim))}
    for node in _path(y, x):
        ways = [_through(node, i, carried[part]) for i, part in enumerate(node.inputs) if part in carried]
        carried[node] = tuple(axes[0] if len(set(axes)) == 1 else None for axes in zip(*ways, strict=True))
    return carried[y]


def _path(y: Node, x: Node) -> list[Node]:
    """Give the Nodes from x to y, each after its inputs."""
    reached = {x}
    path = []
    for node in order_nodes([y]):
        if node is not x and any(isinstance(part, Node) and part in reached for part in node.inputs):
            reached.add(node)
            path.append(node)
    return path


def _through(node: Node, i: int, carried: tuple[int | None, ...]) -> tuple[int | None, ...]:
    """Follow the axes of a Node's input i to the Node's own; those that are mixed are lost."""
    follows = follow_axes(node)
    labels = follows.inputs[i] if follows else None
    if labels is None:
        return (None,) * node.ndim
    mixed = normalize_axis(node.op.axis, node.ndim) if isinstance(node.op, Softmax | Standardize) else ()
    where = {label: axis for label, axis in zip(labels, carried, strict=True) if isinstance(label, int)}
    return tuple(None if k in mixed else where.get(k) for k in range(node.ndim))
