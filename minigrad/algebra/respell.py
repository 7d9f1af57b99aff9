"""One spelling of what people write in several: a ⊙ a is a², x[:, None] a reshape, and the larger never ties.

Each rule of ``SPELLINGS`` is applied to the forward graph, before operations are recognized in it and after, so that a
loss is called the same, and its lines read the same, however it was written.
"""

from __future__ import annotations

from collections.abc import Mapping, Set
from typing import Any

from minigrad.algebra.graph import Graph
from minigrad.algebra.rewrite import Rewriting, Rule, rebuild_node
from minigrad.algebra.rules import logarithms, spellings
from minigrad.engine.node import Node, count_uses, order_nodes
from minigrad.engine.tensor import Tensor
from minigrad.ops.base import Elementwise
from minigrad.ops.shaping import Concatenate, Reshape

SPELLINGS: tuple[Rule, ...] = (
    spellings.product_with_itself,
    spellings.part_of_joined,
    spellings.index_of_all,
    spellings.axes_of_reduction,
    spellings.reshape_of_function,
    spellings.product_of_rows,
    spellings.trace_of_product,
    spellings.sum_by_ones,
    spellings.transpose_of_function,
    spellings.log_of_one_less,
    logarithms.exp_of_log_softmax,
)


def respell(graph: Graph, nodes: Mapping[Tensor, Any], named: Set[Node]) -> tuple[Graph, dict[Tensor, Any]]:
    """Apply the rules to a graph; ``nodes`` has the Node of each Tensor, and what is ``named`` keeps its place."""
    rewriting = Rewriting(SPELLINGS)
    if not any(rewriting.rules_of(node) for node in graph.nodes):
        return graph, dict(nodes)
    found, becomes = _respelled(graph, named, rewriting)
    there = {becomes[x] for x in graph.nodes if x in named or (x.op is None and x.value is None)}
    if not there <= set(found.nodes):  # of what is joined, and not taken, E would be said not to depend on
        rules = [rule for rule in SPELLINGS if rule is not spellings.part_of_joined]
        found, becomes = _respelled(graph, named, Rewriting(rules))
    return found, _moved(nodes, becomes)


def _respelled(graph: Graph, named: Set[Node], rewriting: Rewriting) -> tuple[Graph, dict[Node, Any]]:
    """Give the graph, and what each of its Nodes becomes."""
    kept, becomes, made = set(named), dict[Node, Any](), set[Any]()
    uses = count_uses(graph.nodes, graph.outputs)
    for node in graph.nodes:
        new = rebuild_node(node, becomes)
        if _would_compute_twice(node, uses):
            becomes[node] = new
            continue
        again = rewriting.apply_first(new) if isinstance(new, Node) else new
        while again is not new and not _loses(new, again, kept) and not (node in kept and again in made):
            new, again = again, rewriting.apply_first(again) if isinstance(again, Node) else again
        if node in kept and isinstance(new, Node):
            kept.add(new)
        becomes[node] = new
        made.add(new)
    outputs = [becomes[x] if isinstance(x, Node) else x for x in graph.outputs]
    return Graph(outputs, graph.values), becomes


def _would_compute_twice(node: Node, uses: Mapping[Node, int]) -> bool:
    """Say whether a function is needed as it is, too, so that its column must not be a function of a column."""
    (x, *_) = node.inputs or (None,)
    return isinstance(node.op, Reshape) and isinstance(x, Node) and isinstance(x.op, Elementwise) and uses[x] > 1


def _moved(nodes: Mapping[Tensor, Any], becomes: Mapping[Node, Any]) -> dict[Tensor, Any]:
    """Give the Node that each Tensor is after it; a part of what is joined is not the array that was.

    It is a use of that, whose gradient is a share of the array's, and would be added to it.
    """
    owner: dict[Any, Node] = {}
    for x, new in becomes.items():
        owner.setdefault(new, x)
    return {t: x if owner.get(becomes.get(x), x) is not x else becomes.get(x, x) for t, x in nodes.items()}


def _loses(before: Node, after: Any, kept: Set[Node]) -> bool:
    """Say whether something that has a name is not to be seen any more: a rule looks two operations deep."""
    near = [x for x in before.inputs if isinstance(x, Node)]
    if not (near and isinstance(near[0].op, Concatenate)):  # what was joined may be used elsewhere
        near += [y for x in near for y in x.inputs if isinstance(y, Node)]
    named = {x for x in near if x in kept}
    return bool(named) and not named.issubset(order_nodes([after]))
