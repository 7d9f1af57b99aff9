"""The way in: large matrices that are needed for a while alone are computed some rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from minigrad.algebra.rewrite import rebuild_node
from minigrad.compiler.blocking.making import Part, can_compute, compute_part
from minigrad.compiler.blocking.regions import Region, Search
from minigrad.compiler.passes.lower import rewrite_nodes
from minigrad.compiler.rolling.loop import Loop
from minigrad.engine.node import Node, order_nodes


def block_matrices(outputs: Sequence[Any]) -> list[Any]:
    """Give equal outputs, but for the order in which rows are added up, without the matrices that only they need."""
    nodes = order_nodes(outputs)
    if any(isinstance(x.op, Loop) for x in nodes):
        outputs = rewrite_nodes(outputs, _block_body)
        nodes = order_nodes(outputs)
    place = {node: i for i, node in enumerate(nodes)}
    found = [find_parts(region, place) for region in Search(nodes, outputs).find_regions()]
    parts = [part for parts in found if all(map(can_compute, parts)) for part in parts]
    return _Blocking(parts).rewrite(outputs) if parts else list(outputs)


def _block_body(node: Node) -> Any:
    """Do the same for a turn of a loop."""
    if not isinstance(node.op, Loop):
        return None
    body = node.op.body
    values = block_matrices(body.values)
    if all(x is y for x, y in zip(values, body.values, strict=True)):
        return None
    return Node(Loop(body.replace_values(values)), node.inputs, shape=node.shape, dtype=node.dtype, table=node.table)


def find_parts(region: Region, place: dict[Node, int]) -> list[Part]:
    """Give what is computed in each phase; what there is one of for each row is not computed again in a later one."""
    wanted: list[dict[Node, None]] = [{} for _ in range(max(region.phase.values()) + 1)]
    for x in region.wanted:
        wanted[region.phase[x]][x] = None
    small, members = set(region.small), region.nodes
    ends = set(region.wanted) - set(region.large) - small
    parts = []
    for phase in range(len(wanted))[::-1]:
        needed: set[Node] = set()
        stack = list(wanted[phase])
        while stack:
            node = stack.pop()
            if node in small and region.phase[node] < phase:
                wanted[region.phase[node]][node] = None
            elif node not in needed:
                needed.add(node)
                stack += [x for x in node.inputs if isinstance(x, Node) and x in members and x not in ends]
        if needed:
            nodes = sorted(needed, key=place.__getitem__)
            starts = [x for x in region.starts if x in needed]
            parts.append(Part(tuple(nodes), tuple(wanted[phase]), tuple(starts)))
    return parts


class _Blocking:
    """The rewriting. A part is there once all that it needs from elsewhere is."""

    def __init__(self, parts: Sequence[Part]) -> None:
        self.home = {x: part for part in parts for x in part.wanted}
        self.inside = {part: set(part.nodes) for part in parts}
        self.becomes: dict[Node, Any] = {}

    def rewrite(self, outputs: Sequence[Any]) -> list[Any]:
        """Give the outputs; as they are, if parts of two regions wait for each other."""
        waiting: set[Node | Part] = set()
        stack: list[Any] = [self.unit(x) for x in outputs if isinstance(x, Node)]
        done: set[Node | Part] = set()
        while stack:
            unit = stack.pop()
            if unit is None:
                unit = stack.pop()
                if unit not in done:
                    done.add(unit)
                    self.make(unit)
            elif unit not in done:
                if unit in waiting:
                    return list(outputs)
                waiting.add(unit)
                stack += (unit, None)
                stack += [x for x in map(self.unit, self.find_needed(unit)) if x not in done]
        return [self.becomes[x] if isinstance(x, Node) else x for x in outputs]

    def unit(self, node: Node) -> Node | Part:
        """Give the part that a Node is wanted of, or the Node."""
        return self.home.get(node, node)

    def find_needed(self, unit: Node | Part) -> list[Node]:
        """Give what must be there before."""
        if isinstance(unit, Node):
            return [x for x in unit.inputs if isinstance(x, Node)]
        inside = self.inside[unit]
        read = dict.fromkeys(x for node in unit.nodes for x in node.inputs if isinstance(x, Node))
        return [x for x in read if x not in inside]

    def make(self, unit: Node | Part) -> None:
        """Make a Node, or all that is wanted of a part."""
        if isinstance(unit, Node):
            self.becomes[unit] = rebuild_node(unit, self.becomes)
            return
        made = dict(self.becomes)
        nodes = []
        for node in unit.nodes:
            made[node] = rebuild_node(node, made)
            nodes.append(made[node])
        wanted, starts = (tuple(made[x] for x in group) for group in (unit.wanted, unit.starts))
        part = Part(tuple(nodes), wanted, starts)
        self.becomes.update(zip(unit.wanted, compute_part(part.with_masks()), strict=True))
