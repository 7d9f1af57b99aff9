"""From which number a backward pass starts: from the η that all of its gradients are multiplied by, instead of 1.

c (Yᵀ δ) = Yᵀ (c δ): w ← w − η ∂E/∂w then costs one product with η for each pass instead of one for each weight.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.engine.node import Node, order_nodes
from minigrad.ops.arithmetic import multiply

Products = dict[Node, tuple[Node, Node]]


def find_factors(
    outputs: Sequence[Any], seeds: Sequence[Node], gradients: set[Node]
) -> tuple[dict[Node, Node], dict[Node, Node]]:
    """Give the c of each pass that may start from it, by its seed, and {c ⊙ g: g}, the products that go then.

    Gradients of gradients are no multiples of the 1 that they come of: c ⊙ g stays where g is of several passes.
    """
    factors: dict[Node, Node] = {}
    products: dict[Node, Node] = {}
    passes = _find_passes(outputs, seeds) if gradients else {}
    for seed in seeds if gradients else ():
        found = _find_products(outputs, seed, gradients)
        common = {c for c, _ in found.values()}
        if len(common) == 1 and all(passes[g] == {seed} for _, g in found.values()):
            (factors[seed],) = common
            products |= {product: g for product, (_, g) in found.items()}
    return factors, products


def _find_products(outputs: Sequence[Any], seed: Node, gradients: set[Node]) -> Products:
    """Find the products {c ⊙ g: (c, g)} by which alone a seed reaches the outputs; none if by others too."""
    depends: set[Node] = {seed}
    found: Products = {}
    for node in order_nodes(outputs):
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


def _find_passes(outputs: Sequence[Any], seeds: Sequence[Node]) -> dict[Node, frozenset[Node]]:
    """Give the seeds that each expression depends on; those of none are left out."""
    passes = {seed: frozenset((seed,)) for seed in seeds}
    for node in order_nodes(outputs):
        reached = [passes[x] for x in node.inputs if x in passes] if node.op is not None else []
        if reached:
            passes[node] = reached[0].union(*reached[1:])
    return passes
