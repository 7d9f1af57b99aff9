"""A loss's forward and backward pass in numbers, as somebody does it by hand: right, or with one thing done otherwise.

The engine's own walk knows no mistakes. This one can be told what to do wrong, and so gives the array that a mistake
would give, with no rule of its own for any operation.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from minigrad.algebra.graph import Graph
from minigrad.engine.backward import unbroadcast
from minigrad.engine.node import Node
from minigrad.ops.base import Rule, Shape

Values = Mapping[Node, Any]


class Tape:
    """The operations of a loss in order, who uses what, what the Nodes are called, and which inputs are learned.

    The order is that of the longest way to E: it does not depend on how the graph was read, and of a recurrent
    network the first step is first.
    """

    def __init__(self, graph: Graph, names: Mapping[Node, str], learned: Sequence[Node] = ()) -> None:
        (self.output,) = graph.outputs
        self.names, self.learned = names, tuple(learned)
        far: dict[Node, int] = dict.fromkeys(graph.nodes, 0)
        for y in reversed(graph.nodes):
            for x in y.inputs:
                if isinstance(x, Node):
                    far[x] = max(far[x], far[y] + 1)
        self.nodes = sorted(graph.nodes, key=lambda x: -far[x])
        self.users: dict[Node, list[Node]] = {}
        for y in self.nodes:
            for x in dict.fromkeys(x for x in y.inputs if isinstance(x, Node)):
                self.users.setdefault(x, []).append(y)
        self._above: dict[Node, list[Node]] = {}
        self._place = {y: i for i, y in enumerate(self.nodes)}
        self.visited = 0  # operations, in all that was computed: how long something takes, on any machine
        self.written: dict[Any, str] = {}  # what formulas and names are written as: a slip in each place asks again

    def behind(self, changed: Collection[Node]) -> list[Node]:
        """Give what is computed from some Nodes, in order, but for these themselves."""
        reached = {y for x in changed if x in self._place for y in self.above(x)}
        return sorted((y for y in reached if y not in changed), key=self._place.__getitem__)

    def above(self, x: Node) -> list[Node]:
        """Give the Nodes that depend on x, the last one first, and x as the last: those that a gradient passes."""
        if x not in self._above:
            reached = {x}
            for y in self.nodes:
                if any(isinstance(part, Node) and part in reached for part in y.inputs):
                    reached.add(y)
            self._above[x] = [y for y in reversed(self.nodes) if y in reached]
        return self._above[x]


@dataclass(frozen=True, eq=False)
class Calculation:
    """One way to compute E and its gradients; every field but the first two is something done otherwise.

    ``values`` is what each Node is taken to be. ``rules`` has another rule for an operand, {(y, i): rule}, None for
    none; ``bridges`` another way back from y to one Node u behind it, {y: (u, function of ∂E/∂y)}; ``seen`` other
    values that the rules of one operation are given, {y: {Node: value}}; ``given`` gradients that are not computed,
    but known; ``touch`` what is done to each number on its way.
    """

    tape: Tape
    values: Values
    rules: Mapping[tuple[Node, int], Rule | None] = field(default_factory=dict)
    bridges: Mapping[Node, tuple[Node, Callable[[Any], Any]]] = field(default_factory=dict)
    seen: Mapping[Node, Values] = field(default_factory=dict)
    given: Values = field(default_factory=dict)
    touch: Callable[[Any], Any] | None = None

    def walk(self, nodes: Sequence[Node], seeds: Values | None = None) -> dict[Node, Any]:
        """Give ∂E/∂x of some Nodes, which stand in the order of the way back: the chain rule, from ∂E/∂E = 1."""
        total = {self.tape.output: np.float64(1)} if seeds is None else dict(seeds)
        inside = set(nodes)
        self.tape.visited += len(nodes)
        for y in nodes:
            if y in self.given:
                total[y] = self.given[y]
            if y not in total or y.op is None:
                continue
            for x, g in self.shares(y, total[y]):
                if x in inside:
                    total[x] = total[x] + g if x in total else g
        return total

    def shares(self, y: Node, g: Any) -> Iterator[tuple[Node, Any]]:
        """Give what an operation passes on of g = ∂E/∂y: a share for each of its operands."""
        if y in self.bridges:
            u, through = self.bridges[y]
            yield u, through(g)
            return
        known = {**self.values, **self.seen[y]} if y in self.seen else self.values
        values = [known[x] if isinstance(x, Node) else x for x in y.inputs]
        for i, x in enumerate(y.inputs):
            if isinstance(x, Node) and y.op is not None:
                rule = self.rules[y, i] if (y, i) in self.rules else y.op.vjps[i]
                if rule is not None:
                    share = _or_nan(rule, x.shape, y.op, g, known[y], *values)
                    share = unbroadcast(share, x.shape) if np.shape(share) != x.shape else share
                    yield x, self.touch(share) if self.touch else share

    def gradient(self, x: Node) -> Any:
        """Give ∂E/∂x, zeros where E does not depend on x."""
        with np.errstate(all="ignore"):
            found = self.walk(self.tape.above(x)).get(x, 0.0)
        return np.broadcast_to(found, x.shape)

    def with_values(self, changed: Values) -> Calculation:
        """Let some Nodes have other values, and all that is computed from them too."""
        values = {**self.values, **changed}
        with np.errstate(all="ignore"):
            for y in self.tape.behind(changed):
                assert y.op is not None
                self.tape.visited += 1
                inputs = [values[x] if isinstance(x, Node) else x for x in y.inputs]
                values[y] = _or_nan(y.op.forward, y.shape, *inputs)
        return replace(self, values=values)

    def with_held(self, changed: Values) -> Calculation:
        """Let some Nodes have other values on the way back alone: what was computed from them stays as it is.

        A view of one, such as its transpose, has the other values too.
        """
        values, moved = {**self.values, **changed}, set(changed)
        for y in self.tape.nodes:
            if y.op is not None and y.op.views and y.inputs[0] in moved and y not in changed:
                values[y] = y.op.forward(*(values[x] if isinstance(x, Node) else x for x in y.inputs))
                moved.add(y)
        return replace(self, values=values)

    def with_seen(self, y: Node, changed: Values) -> Calculation:
        """Let the rules of y alone be given other values of it or its operands."""
        return replace(self, seen={**self.seen, y: {**self.seen.get(y, {}), **changed}})

    def with_rules(self, changed: Mapping[tuple[Node, int], Rule | None]) -> Calculation:
        """Let some operands have another rule, or none."""
        return replace(self, rules={**self.rules, **changed})

    def with_bridges(self, changed: Mapping[Node, tuple[Node, Callable[[Any], Any]]]) -> Calculation:
        """Let some gradients go back to one Node by a function of one's own."""
        return replace(self, bridges={**self.bridges, **changed})

    def with_gradient(self, y: Node, g: Any) -> Calculation:
        """Let ∂E/∂y be g, whatever comes before it."""
        return replace(self, given={**self.given, y: g})


def _or_nan(compute: Callable[..., Any], shape: Shape, *arguments: Any) -> Any:
    """Compute, and give NaN where there is nothing: by a mistake a matrix may have no decomposition, or no inverse."""
    try:
        return compute(*arguments)
    except np.linalg.LinAlgError:
        return np.full(shape, np.nan)


def calculate(graph: Graph, names: Mapping[Node, str], learned: Sequence[Node] = ()) -> Calculation:
    """Compute a graph's values from those that it was traced with, in double precision at least."""
    values = {x: _precise(value) for x, value in graph.values.items()}
    return Calculation(Tape(graph, names, learned), forward(graph.nodes, values))


def forward(nodes: Sequence[Node], values: Values, touch: Callable[[Any], Any] | None = None) -> dict[Node, Any]:
    """Compute the values of Nodes in order from those of the leaves; what is chosen is not touched again."""
    found = dict(values)
    with np.errstate(all="ignore"):
        for y in nodes:
            if y in found:
                continue
            if y.op is None:
                found[y] = _precise(y.value)
                continue
            value = y.op.forward(*(found[x] if isinstance(x, Node) else x for x in y.inputs))
            found[y] = touch(value) if touch and not y.op.chooses else value
    return found


def _precise(x: Any) -> Any:
    """Give floating-point numbers in double precision or better; whole numbers and truth values as they are."""
    x = np.asarray(x)
    return x.astype(np.result_type(x, np.float64)) if x.dtype.kind in "fc" else x


def depends_only_on(y: Node, u: Node) -> bool:
    """Say whether y is a function of u alone, besides constants."""
    below = [x for x in _until(y, u) if x.op is None and x.value is None]
    return y is not u and not below


def _until(y: Node, u: Node) -> list[Node]:
    """Give what y is made of, down to u."""
    found: dict[Node, None] = {}
    stack = [y]
    while stack:
        x = stack.pop()
        if x is not u and x not in found:
            found[x] = None
            stack.extend(part for part in x.inputs if isinstance(part, Node))
    return list(found)
