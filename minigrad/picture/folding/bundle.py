"""Inputs that only one operation needs, and that are alike: shown as one box, ×50."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from minigrad.picture.folding.counted import counted
from minigrad.picture.scene.parts import Arrow, Box, Operation, Scene


def bundled(scene: Scene, least: int) -> Scene:
    """Give a scene in which ``least`` inputs or more of one operation, of one kind and shape, are one box.

    So are their gradients. A loss that adds up an error for each of 50 steps has 50 targets, all read at one place.
    """
    gradient = {box.of: box.id for box in scene.boxes if box.of}
    first: dict[str, str] = {}
    members: dict[str, list[Box]] = {}
    boxes = {box.id: box for box in scene.boxes}
    for group in _groups(scene, boxes):
        if len(group) >= least:
            for keys in (group, [gradient[x] for x in group if x in gradient]):
                first |= dict.fromkeys(keys, keys[0]) if keys else {}
                members |= {keys[0]: [boxes[key] for key in keys]} if keys else {}
    if not first:
        return scene
    kept = tuple(_box(box, members.get(box.id, [])) for box in scene.boxes if first.get(box.id, box.id) == box.id)
    operations = tuple(
        replace(op, inputs=tuple(dict.fromkeys(first.get(x, x) for x in op.inputs))) for op in scene.operations
    )
    return Scene(kept, operations, _arrows(scene, first), scene.clusters)


def _groups(scene: Scene, boxes: dict[str, Box]) -> list[list[str]]:
    """Give the inputs of each operation that nothing else needs, by their kind and shape."""
    users: dict[str, list[Operation]] = {}
    for op in scene.operations:
        for x in op.inputs:
            users.setdefault(x, []).append(op)
    made = {op.output for op in scene.operations}
    pulled = {box.of for box in scene.boxes if box.of}
    found: dict[tuple[object, ...], list[str]] = {}
    for x, (op, *more) in users.items():
        if x not in made and not more:
            found.setdefault((op.id, boxes[x].kind, boxes[x].shape, x in pulled), []).append(x)
    return list(found.values())


def _box(box: Box, members: Sequence[Box]) -> Box:
    if not members:
        return box
    symbol, heading, formula = (
        counted([getattr(member, name) for member in members]) or getattr(box, name)
        for name in ("symbol", "heading", "formula")
    )
    return replace(
        box, symbol=symbol, heading=heading, formula=formula, value=None, node=None,
        magnitude=max(member.magnitude for member in members), count=sum(member.count for member in members),
    )  # fmt: skip


def _arrows(scene: Scene, first: dict[str, str]) -> tuple[Arrow, ...]:
    groups: dict[tuple[str, str], list[Arrow]] = {}
    for arrow in scene.arrows:
        ends = first.get(arrow.source, arrow.source), first.get(arrow.target, arrow.target)
        groups.setdefault(ends, []).append(arrow)
    found = []
    for (source, target), group in groups.items():
        upstream, local = (
            counted([getattr(arrow, name) for arrow in group]) or getattr(group[0], name)
            for name in ("upstream", "local")
        )
        found.append(
            replace(
                group[0], source=source, target=target, upstream=upstream, local=local,
                magnitude=max(arrow.magnitude for arrow in group),
            )
        )  # fmt: skip
    return tuple(found)
