"""recognize: where an expression is what an operation's own definition builds, the operation itself stands for it.

An operation is found by matching its ``definition`` backwards: an expression r is op(u) if the definition, called with
a Node u that r is computed from, has the same normal form. Nothing else is known of any operation, nor has one to be
told of.

Equal is meant of functions of real numbers. relu's derivative at 0 is 0, that of ``np.maximum(u, 0)`` is ½: where the
recorded values touch such a place and the two differ, what was written is left as it is, so that a derivation's lines
are those of the engine.
"""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping, Set
from typing import Any

import numpy as np

from minigrad.algebra.composites import find_composite
from minigrad.algebra.definitions import find_numbers, read_definitions, vary_operation
from minigrad.algebra.graph import Graph, evaluate
from minigrad.algebra.normal.forms import Forms, is_defined, looks_through, tells
from minigrad.algebra.normal.quotients import Quotient
from minigrad.algebra.operands import find_operands, has_sign
from minigrad.algebra.rewrite import rebuild_node, substitute_nodes
from minigrad.engine.backward import pullback
from minigrad.engine.node import Node, order_nodes
from minigrad.engine.tensor import Tensor
from minigrad.engine.writing.overwriting import read_elements
from minigrad.ops.arithmetic import add, divide, multiply, negative, subtract
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.reduction import LogSumExp, Sum

MOST = 40  # operations between an operation written by hand and what it is applied to


def recognize(graph: Graph, nodes: Mapping[Tensor, Any], named: Set[Node]) -> tuple[Graph, dict[Tensor, Any]]:
    """Put the operations that a graph has in the hand-written form of their definitions in its place.

    ``nodes`` has the Node of each recorded Tensor; what it is afterwards comes with the graph, without those Tensors
    that are the whole operation and a part of it. A Node that is ``named`` stays: nothing is recognized that it is in
    the midst of.
    """
    if not any(tells(node.op) or _is_scaled(node) or find_composite(node) is not None for node in graph.nodes):
        return graph, dict(nodes)
    known = graph.values | {node: read_elements(t) for t, node in nodes.items() if isinstance(node, Node)}
    finder = _Finder(set(named), known)
    becomes: dict[Node, Any] = {}
    told: set[Any] = set()  # what has a telling operation in it, as far down as one can look through
    within: set[Node] = set()  # what came out as the very operation that it is a part of
    for node in graph.nodes:
        new = rebuild_node(node, becomes)
        if (
            tells(node.op)
            or _is_scaled(node)
            or (looks_through(node.op) and any(x in told for x in node.inputs if isinstance(x, Node)))
        ):
            told.add(node)
            found = finder.find(new)
            same: set[Node] = set() if found is new else _parts_alike(node, found, becomes)
            if _only_within(node, same, graph):
                new = found
                within |= same
        whole = find_composite(new, finder.named)
        new = new if whole is None else whole
        if node in named:
            finder.named.add(new)
        becomes[node] = new
        finder.learn(node, new)
    outputs = [becomes[x] if isinstance(x, Node) else x for x in graph.outputs]
    return Graph(outputs, graph.values), {t: becomes.get(x, x) for t, x in nodes.items() if x not in within}


def _parts_alike(node: Node, found: Node, becomes: Mapping[Node, Any]) -> set[Node]:
    """Give the parts of a Node that have become what it becomes: in where(c, σ(u), σ(u)) either of the two."""
    return {x for x in _down_from(node) if becomes.get(x) is found}


def _only_within(node: Node, parts: set[Node], graph: Graph) -> bool:
    """Say whether only a Node itself is computed from some of its parts, so that its gradient is all of theirs."""
    if not parts:
        return True
    inside = {node, *_down_from(node)}
    return not any(x in parts for user in graph.nodes if user not in inside for x in user.inputs)


def _down_from(node: Node) -> list[Node]:
    """Give what a Node is made of, as far down as one can look through."""
    found: dict[Node, None] = {}
    stack = [node]
    while stack and len(found) < MOST:
        for x in stack.pop().inputs:
            if isinstance(x, Node) and x not in found and x.value is None:
                found[x] = None
                if looks_through(x.op):
                    stack.append(x)
    return list(found)


class _Finder:
    """Finds the operation that an expression is; ``named`` are not looked into, ``known`` holds recorded values."""

    def __init__(self, named: set[Node], known: dict[Node, Any]) -> None:
        self.named, self.known, self.forms = named, known, Forms(named)

    def learn(self, old: Node, new: Node) -> None:
        """Remember the recorded value of a Node by what it has become."""
        if new is not old and old in self.known:
            self.known[new] = self.known[old]

    def find(self, r: Any) -> Any:
        """Give the operation that r is, or is a multiple of, as x / (1 + exp(−x)) is of σ(x); else r."""
        if not isinstance(r, Node):
            return r
        found = self._match(r)
        if found is None and r.op == divide and isinstance(r.inputs[1], Node) and not _is_number(r.inputs[0], 1):
            one_over = self._match(1 / r.inputs[1])
            found = self._multiple(*r.inputs) if one_over is None else r.inputs[0] * one_over
        if found is None and r.op in (add, subtract):
            found = self._two_terms(r)
        return r if found is None or (found.shape, found.dtype) != (r.shape, r.dtype) else found

    def _multiple(self, above: Any, below: Node) -> Any:
        """Give a f if (a b) / c is that, f being an operation that b / c is; else None."""
        if not isinstance(above, Node) or above.op != multiply or above in self.named:
            return None
        for i, part in enumerate(above.inputs):
            if isinstance(part, Node):
                found = self._match(part / below)
                if found is not None:
                    return found * above.inputs[1] if i == 0 else above.inputs[0] * found
        return None

    def _two_terms(self, r: Node) -> Any:
        """Give f + c, f being what two terms of a sum of three are: max(u, 0) − u t + log(1 + exp(−|u|))."""
        terms = self._terms(r)
        if len(terms) != 3 or not all(isinstance(x, Node) and x.shape == r.shape for x, _ in terms):
            return None
        for i, (rest, sign) in enumerate(terms):
            (a, plus), (b, also) = terms[:i] + terms[i + 1 :]
            found = self._match(a + b) if plus and also else None
            if found is not None:
                return found + rest if sign else found - rest
        return None

    def _terms(self, r: Node) -> list[tuple[Any, bool]]:
        """Give the terms of a sum of sums, and whether each is added."""
        found: list[tuple[Any, bool]] = []
        for i, x in enumerate(r.inputs):
            plus = i == 0 or r.op == add
            if isinstance(x, Node) and x.op in (add, subtract) and x not in self.named:
                found += [(x.inputs[0], plus), (x.inputs[1], plus == (x.op == add))]
            else:
                found.append((x, plus))
        return found

    def _match(self, r: Node) -> Node | None:
        form = None if is_defined(r.op) else self.forms.of_root(r)
        if form is None:
            return None
        kinds = self.forms.atoms.kinds(form)
        may_be = [known for known in read_definitions() if known.may_be(form, kinds)]
        inside = self._inside(r) if may_be else []
        axes = {x.op.axis for x in (r, *inside) if isinstance(x.op, Sum | LogSumExp)}
        numbers = find_numbers([r, *inside])
        for known in may_be:
            for u in find_operands(inside):
                for one in vary_operation(known, u, axes, numbers):
                    made = self._made(one, u, r, form)
                    if made is not None:
                        return made
        return None

    def _made(self, op: Op, u: Node, r: Node, form: Quotient) -> Node | None:
        """Give op(u) if it is r and makes nothing disappear."""
        if op.shape(u.shape) != r.shape:
            return None
        made: Node = op(u)
        if made.dtype != r.dtype or op.definition is None:
            return None
        if not self.forms.are_equal(self.forms.of_root(op.definition(u)), form):
            return None
        if (op.chooses or "step" in self.forms.atoms.kinds(form)) and not self._slopes_agree(made, u, r):
            return None
        return made if self._keeps_all(made, u, r) else None

    def _keeps_all(self, made: Node, u: Node, r: Node) -> bool:
        """Say whether all inputs of r, and what has a name, are still there: in softmax(u − c), c cancels."""
        near = {u, *self._leaves(made)}
        gone = [x for x in self._leaves(r) if x not in near]
        if not gone:
            return True
        stays = set(order_nodes([made]))
        return all(x in stays or not (x in self.named or x.op is None) for x in order_nodes(gone) if x.value is None)

    def _inside(self, r: Node) -> list[Node]:
        """Give what r is made of, as far down as one can look through, in the order in which it was computed.

        Nothing below it, if all of that comes by one operation that has a definition: log(softmax(u)) is a function of
        softmax, and max(standardize(u), 0) is relu of that. But 1 − σ(−u) is not left at that.
        """
        leaves = self._leaves(r)
        whole = len(leaves) == 1 and is_defined(leaves[0].op) and not has_sign(leaves[0].inputs[0])
        ends = set(leaves) if whole and not (_is_scaled(leaves[0]) and _adds(r)) else set()  # but 2 σ(2 u) − 1
        found = dict.fromkeys(leaves)
        stack = [r]
        while stack and len(found) < MOST:
            node = stack.pop()
            for x in node.inputs:
                if isinstance(x, Node) and x.value is None and (x not in found or is_defined(x.op)):
                    found.setdefault(x)
                    if looks_through(x.op) and x not in self.named and x not in ends:
                        stack.append(x)
        return sorted(found, key=lambda x: x.serial)

    def _leaves(self, r: Node) -> list[Node]:
        """Give what r is a function of: what one cannot look through, and operations that have a definition."""
        found: dict[Node, None] = {}
        seen, stack = {r}, [r]
        while stack:
            for x in stack.pop().inputs:
                if not isinstance(x, Node) or x in seen or x.value is not None:
                    continue
                seen.add(x)
                if x in self.named or is_defined(x.op) or not looks_through(x.op) or len(seen) > MOST:
                    found.setdefault(x)
                else:
                    stack.append(x)
        return list(found)

    def _slopes_agree(self, made: Node, u: Node, r: Node) -> bool:
        """Say whether an operation with a kink has the derivative that the engine took, at the recorded values."""
        at = Node(name="u", shape=u.shape, dtype=u.dtype, table=u.table)
        g = Node(value=np.ones(r.shape, r.dtype), shape=r.shape, dtype=r.dtype, table=r.table)
        (value,) = evaluate([u], self.known) if u not in self.known else (self.known[u],)
        known = ChainMap({at: value}, self.known)
        slopes = [pullback(x, g).get(at, 0.0) for x in substitute_nodes([made, r], {u: at})]
        with np.errstate(all="ignore"):
            ours, theirs = evaluate(slopes, known)
        ours, theirs = (np.broadcast_to(slope, u.shape) for slope in (ours, theirs))
        return np.allclose(ours, theirs, 1e-6 if u.dtype.itemsize < 8 else 1e-12, 0.0, equal_nan=True)


def _is_number(x: Any, n: float) -> bool:
    return not isinstance(x, Node) and not np.ndim(x) and x == n


def _is_scaled(node: Node) -> bool:
    """Say whether an operation of elements that has a definition is applied to a multiple: σ(2 u)."""
    op = node.op
    if not isinstance(op, Elementwise) or not is_defined(op) or len(node.inputs) != 1:
        return False
    x = node.inputs[0]
    if not isinstance(x, Node) or x.op not in (multiply, divide, add, negative):
        return False
    return any(not isinstance(part, Node) for part in x.inputs) or len(set(x.inputs)) == 1


def _adds(r: Node) -> bool:
    """Say whether an expression is a sum or a difference, or a multiple of one: ½ (1 + tanh(u / 2))."""
    parts = [x for x in r.inputs if isinstance(x, Node)]
    scaled = r.op in (multiply, divide) and len(parts) == 1 and parts[0] is not r
    return r.op in (add, subtract) or (scaled and parts[0].op in (add, subtract))
