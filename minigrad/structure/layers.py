"""Which of a graph's Nodes make a layer, by shape alone: products with parameters, a bias, and what acts on that."""

from __future__ import annotations

import re
from collections.abc import Collection, Container, Iterable, Mapping
from dataclasses import dataclass
from itertools import chain

from minigrad.algebra.graph import Graph
from minigrad.algebra.ties import CHOOSERS
from minigrad.engine.node import Node
from minigrad.ops.arithmetic import Power, absolute, add, maximum, minimum, multiply, subtract
from minigrad.ops.base import Elementwise
from minigrad.ops.common.alphabet import plain_digits, to_subscript
from minigrad.ops.elementwise import square
from minigrad.ops.indexing import Index
from minigrad.ops.linalg import matmul
from minigrad.ops.networks.convolution import Convolution, TransposedConvolution
from minigrad.ops.reduction import LogSoftmax, Reduction, Sum
from minigrad.ops.shaping import BroadcastTo, Cast, Reshape, Transpose
from minigrad.structure.loss import LOGARITHMS

_BOUNDS = (add, maximum, minimum, *CHOOSERS)
_MOVES = (Reshape, Transpose, Index, BroadcastTo)


@dataclass(frozen=True, eq=False)
class Layer:
    """One layer of a network, u = x W + h V + b and y = f(u).

    ``u`` is the total input, a product with a parameter, or with a filter at every place, or the ``sum`` of several and
    a bias; ``y`` the output, u itself where nothing acts on it; ``acting`` are the Nodes after u up to y, in order.
    ``number`` is a subscript.
    """

    number: str
    u: Node
    y: Node
    sum: tuple[Node, ...]
    acting: tuple[Node, ...]

    @property
    def nodes(self) -> Iterable[Node]:
        """Everything that the layer computes."""
        return chain(self.sum, self.acting)


def find_users(nodes: Iterable[Node]) -> dict[Node, list[Node]]:
    """Give the Nodes that each one is an operand of, each once."""
    found: dict[Node, list[Node]] = {}
    for node in nodes:
        for x in dict.fromkeys(x for x in node.inputs if isinstance(x, Node)):
            found.setdefault(x, []).append(node)
    return found


def find_layers(graph: Graph, parameters: Container[Node], named: Container[Node] | None = None) -> list[Layer]:
    """Find the layers of a graph, in the order of evaluation.

    A layer is a product with a parameter, as a convolution is too, or a sum of such products and of parameters, as a
    single neuron's is, and then all that acts on the total input alone, element by element or along its axes, up to
    what enters the next layer or the loss. The loss is what comes after the last layer: where targets meet the output,
    and before that a logarithm.

    A layer is numbered by the digits in its parameters' names, W₂ say, if all are ``named`` (by default every input is)
    and the layers have different ones; and else in the order of evaluation.
    """
    return _Finder(graph, parameters).layers(named)


def is_weight(x: object, parameters: Container[Node]) -> bool:
    """Say whether x is a parameter, as it is or turned around."""
    while isinstance(x, Node) and isinstance(x.op, _MOVES):
        (x,) = x.inputs
    return isinstance(x, Node) and x in parameters


def is_product(x: Node) -> bool:
    """Say whether x is a product as layers have it: of matrices, or of a filter and the image at every place."""
    return x.op == matmul or isinstance(x.op, Convolution | TransposedConvolution)


def find_model(graph: Graph, parameters: Container[Node]) -> set[Node]:
    """Give, for a graph without layers, the Nodes that act on one parameter alone, before any targets are met."""
    finder = _Finder(graph, parameters)
    return {node for x in graph.nodes if x in parameters for node in finder.acting_on(x)}


class _Finder:
    def __init__(self, graph: Graph, parameters: Container[Node]) -> None:
        self.graph, self.parameters = graph, parameters
        self.users = find_users(graph.nodes)
        self.place = {node: i for i, node in enumerate(graph.nodes)}
        self.sums = self._find_sums()
        self.hidden = self._leading_to({node for group in self.sums.values() for node in group})

    def layers(self, named: Container[Node] | None) -> list[Layer]:
        found = []
        for u, group in self.sums.items():
            acting = self.acting_on(u)
            found.append((u, acting[-1] if acting else u, group, acting))
        numbers = self._numbers([group for *_, group, _ in found], named)
        return [Layer(number, *parts) for number, parts in zip(numbers, found, strict=True)]

    def _find_sums(self) -> dict[Node, tuple[Node, ...]]:
        """Give the total inputs, and the products and sums that each is made of."""
        found: dict[Node, tuple[Node, ...]] = {}
        inside: set[Node] = set()
        for node in reversed(self.graph.nodes):  # the outermost sum first
            if node not in inside and (node.op == add or is_product(node)):
                group = self._affine(node)
                if group:
                    found[node] = tuple(sorted(group, key=self.place.__getitem__))
                    inside.update(group)
        return dict(reversed(found.items()))

    def _affine(self, node: Node) -> list[Node]:
        """Give the sums and products in x W + h V + b, whose terms are all products with parameters, or parameters.

        A product that other operations need too is a layer by itself. Nothing, if a term is of another kind. A single
        neuron's w x + b, Σ w ⊙ x + b or w₁ x₁ + w₂ x₂ + b is of numbers; without a bias that is any product.
        """
        group: list[Node] = []
        turned: list[Node] = []  # what brings a bias into shape, which makes no layer of a sum: w[::-1] + 0.1
        stack: list[object] = [node]
        bias = False
        while stack:
            x = stack.pop()
            if not isinstance(x, Node):  # a number, as the 0 that Python's sum begins with
                continue
            alone = x is node or len(self.users[x]) == 1
            if alone and x.op == add and x.shape == node.shape:
                group.append(x)
                stack.extend(x.inputs)
            elif self._is_product(x):
                group += [x] if alone else []
            elif alone and (parts := self._weigh(x)):
                group += parts
            elif self._is_bias(x, node):
                bias = True
                turned += self._turning(x)
            else:
                return []
        neuron = bias and len(group) > 1 and node is not self.graph.outputs[0]
        return [*group, *turned] if neuron or any(is_product(x) for x in group) else []

    def _weigh(self, x: Node) -> list[Node]:
        """Give the Nodes of what one neuron's inputs come to: w x of two numbers, or the sum of w ⊙ x."""
        if x.shape:
            return []
        product = x.inputs[0] if isinstance(x.op, Sum) else x
        if not isinstance(product, Node) or product.op != multiply or (product is not x and self._is_needed(product)):
            return []
        weights = [is_weight(part, self.parameters) for part in product.inputs]
        return list(dict.fromkeys([product, x])) if sum(weights) == 1 else []

    def _is_needed(self, x: Node) -> bool:
        return len(self.users[x]) > 1

    def _is_product(self, x: Node) -> bool:
        return is_product(x) and any(is_weight(part, self.parameters) for part in x.inputs)

    def _is_bias(self, x: object, total: Node) -> bool:
        """Say whether what is added is a parameter, or a leaf that is the same for every row."""
        if is_weight(x, self.parameters):
            return True
        if not isinstance(x, Node) or x.op is not None or not x.ndim:
            return False
        return x.size <= (total.shape or (1,))[-1]

    def _turning(self, x: Node) -> list[Node]:
        """Give the Nodes that turn a bias around for the sum, if nothing else needs them."""
        found = []
        while isinstance(x, Node) and x.op is not None and len(self.users[x]) == 1:
            found.append(x)
            (x,) = x.inputs
        return found

    def _leading_to(self, ends: Collection[Node]) -> set[Node]:
        """Give the Nodes from which a product of a layer is computed."""
        found: set[Node] = set()
        for node in reversed(self.graph.nodes):
            if any(user in ends or user in found for user in self.users.get(node, ())):
                found.add(node)
        return found

    def acting_on(self, u: Node) -> tuple[Node, ...]:
        """Give the Nodes after u that are computed from u alone, up to the last that all of them lead to."""
        hidden = u in self.hidden
        region: dict[Node, None] = {u: None}
        waists: list[Node] = []
        waiting = set(self.users.get(u, ()))
        while waiting:
            node = min(waiting, key=self.place.__getitem__)
            waiting.remove(node)
            if not self._acts(node, region, hidden, u):
                break
            region[node] = None
            if not waiting and node.shape == u.shape:
                waists.append(node)
            waiting.update(self.users.get(node, ()))
        if waists and not hidden and not self._meets_targets(waists[-1]):
            chain = set(waists)  # and beside it is t log y + (1 − t) log(1 − y)
            aside = [self.place[x] for x in region if x.op in LOGARITHMS and x not in chain]
            waists = _without_measure([x for x in waists if self.place[x] < min(aside, default=len(self.place))])
        end = self.place[waists[-1]] if waists else -1
        return tuple(node for node in region if node is not u and self.place[node] <= end)

    def _acts(self, node: Node, region: Container[Node], hidden: bool, u: Node) -> bool:
        """Say whether a Node acts on the region alone, and keeps the shape; in the last layer, without the targets.

        What is computed of each row or column, a mean or a norm, and meets all of u again, keeps it too.
        """
        if node is self.graph.outputs[0] or isinstance(node.op, LogSoftmax):  # that logarithm belongs to the loss
            return False
        operands = [x for x in node.inputs if isinstance(x, Node)]
        own = [x for x in operands if x in region]
        others = [x for x in operands if x not in region]
        if isinstance(node.op, Transpose) or (any(x.shape != node.shape for x in own) and not _is_along(node, u)):
            return False
        if others and not isinstance(node.op, Elementwise):
            return False
        masks = hidden and node.op not in (add, subtract)  # a dropout mask; a sum is where a residual connection ends
        several = node.size > 1  # a number beside one output is its target, as an array is beside an array
        return all(x.op is None and (masks or (several and not x.ndim) or x in self.parameters) for x in others)

    def _meets_targets(self, y: Node) -> bool:
        """Say whether something is subtracted from y, so that y is the output whose error is measured."""
        differences = (user for user in self.users.get(y, ()) if user.op in (add, subtract))
        return any(isinstance(x, Node) and x is not y and x.ndim for node in differences for x in node.inputs)

    def _numbers(self, groups: list[tuple[Node, ...]], named: Container[Node] | None) -> list[str]:
        digits = []
        for group in groups:
            weights = [x for node in group for x in node.inputs if isinstance(x, Node) and x in self.parameters]
            names = [str(x.name) if named is None or x in named else "" for x in weights]
            own = {"".join(re.findall(r"\d+", plain_digits(name))) for name in names}
            digits.append(own.pop() if len(own) == 1 else "")
        distinct = all(digits) and len(set(digits)) == len(digits)
        return [to_subscript(int(own) if distinct else i) for i, own in enumerate(digits, 1)]


def _is_along(node: Node, u: Node) -> bool:
    """Say whether a Node is a reduction along some axes of u, or its shape alone, or has the shape of u again."""
    if isinstance(node.op, Reduction):
        return node.op.axis is not None and node.inputs[0].shape == u.shape and u.ndim > 1
    return isinstance(node.op, Reshape) or (isinstance(node.op, Elementwise) and node.shape == u.shape)


def _without_measure(acting: list[Node]) -> list[Node]:
    """Leave to the loss what measures an output: a logarithm in −Σ T log y, or the square of y − c, and their sum."""
    logs = [i for i, node in enumerate(acting) if node.op in LOGARITHMS]
    if logs:
        acting = acting[: logs[-1]]
        while len(acting) > 1 and acting[-1].op in _BOUNDS:  # log(y + ε), log(max(y, ε))
            acting = acting[:-1]
        return acting
    while len(acting) > 1 and (acting[-1].op in (square, absolute) or isinstance(acting[-1].op, Power | Sum)):
        acting = acting[:-1]
        if acting[-1].op in (add, subtract):  # if that is all that acts, the layer is a linear one
            acting = acting[:-1]
    return acting


def describe_layer(layer: Layer) -> str:
    """Say in a word or two what acts in a layer: sigmoid, exp, or linear."""
    names = list(dict.fromkeys(node.op.name.replace("_", " ") for node in layer.acting if node.op is not None))
    names = [name for name in names if name != Cast.name] or ["linear"]
    return ", ".join(names if len(names) <= 3 else [*names[:2], "…"])


def layer_of_each(layers: Iterable[Layer]) -> Mapping[Node, Layer]:
    """Give the layer that each Node is computed in."""
    return {node: layer for layer in layers for node in layer.nodes}
