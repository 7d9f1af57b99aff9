"""The numbers of the chain rule: what each arrow of a scene adds to a gradient, and the local derivative in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.algebra.graph import evaluate
from minigrad.engine.backward import pullback
from minigrad.engine.node import Node
from minigrad.ops.base import Elementwise
from minigrad.picture.scene.parts import Box, Operation, Scene
from minigrad.structure.chain_rule import copy_step


@dataclass(frozen=True, eq=False)
class Product:
    """What an arrow adds to its gradient, and the local derivative that it multiplies by; None where unknown."""

    value: Any = None
    local: Any = None


def products(scene: Scene) -> dict[str, Product]:
    """Give the product of each backward arrow whose operation is in the scene whole, with its numbers."""
    boxes = {box.id: box for box in scene.boxes}
    gradients = {box.of: box for box in scene.boxes if box.of}
    symbols = {box.symbol: box.value for box in scene.boxes if box.value is not None}
    arrows = {(a.source, a.target): a for a in scene.arrows if a.kind == "backward"}
    found: dict[str, Product] = {}
    for operation in scene.operations:
        upstream = gradients.get(operation.output)
        if upstream is None or upstream.value is None:
            continue
        for key, product in _through(operation, boxes, np.asarray(upstream.value)).items():
            arrow = arrows.get((upstream.id, gradients[key].id)) if key in gradients else None
            if arrow is not None:
                local = product.local if product.local is not None else _named(arrow.local, symbols)
                found[arrow.id] = Product(product.value, local)
    return found


def _through(operation: Operation, boxes: Mapping[str, Box], upstream: Any) -> dict[str, Product]:
    """Pull a gradient back through one operation, by the operation's own rules; {} if it stands for several."""
    inputs = {boxes[key].node: key for key in operation.inputs}
    y = boxes[operation.output].node
    if y is None or None in inputs or any(boxes[key].value is None for key in operation.inputs):
        return {}
    nodes = _between(y, inputs)
    if nodes is None:
        return {}
    copies = copy_step(nodes, {})
    output = copies[y]
    g = Node(name="g", shape=output.shape, dtype=output.dtype, table=output.table)
    pulled = pullback(output, g)
    known = {copies[x]: np.asarray(boxes[key].value) for x, key in inputs.items() if x in copies}
    wanted = [(x, key) for x, key in inputs.items() if x in copies and copies[x] in pulled]
    expressions = [pulled[copies[x]] for x, _ in wanted]
    values = evaluate(expressions, known | {g: upstream})
    # Of a scalar, and element by element, ∂y/∂x is what a gradient of ones becomes; else it is a larger matrix.
    alike = all(isinstance(node.op, Elementwise) and node.shape == y.shape for node in nodes)
    ones: list[Any] = [None] * len(values)
    if alike or not y.shape:
        ones = evaluate(expressions, known | {g: np.ones_like(upstream)})
    return {
        key: Product(value, local if x.shape == y.shape or not y.shape else None)
        for (x, key), value, local in zip(wanted, values, ones, strict=True)
    }


def _between(y: Node, inputs: Mapping[Any, str]) -> list[Node] | None:
    """Give the Nodes from the inputs to y, each after its operands; None if another input is needed."""
    done: dict[Node, None] = {}
    stack = [y]
    while stack:
        node = stack[-1]
        if node.op is None and node.value is None:
            return None
        missing = [
            x for x in node.inputs if isinstance(x, Node) and x not in done and x not in inputs and x.value is None
        ]
        if missing:
            stack.extend(missing)
        else:
            done[stack.pop()] = None
    return list(done)


def _named(local: str, symbols: Mapping[str, Any]) -> Any:
    """Give the value of a local derivative that is a tensor of the scene, or its transpose."""
    if local in symbols:
        return symbols[local]
    value = symbols.get(local.removesuffix("ᵀ"))
    return None if value is None else np.swapaxes(value, -1, -2)
