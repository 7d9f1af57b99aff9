"""Inputs that only one operation needs, and that are alike: shown as one box, ×50."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from minigrad.notation.symbols import split_name
from minigrad.ops.common.alphabet import to_superscript
from minigrad.picture.scene.parts import Box, Scene
from minigrad.structure.rows import Indexing, Row


@dataclass(frozen=True)
class Bundle:
    """The boxes of inputs that are alike, in the order of their ``row``; None where their names follow no rule."""

    boxes: tuple[Box, ...]
    row: Row | None
    first: int = 1


def find_bundles(scene: Scene, stands_for: Mapping[str, str], indexing: Indexing, least: int) -> list[Bundle]:
    """Give ``least`` inputs or more of one operation, of one kind and shape, that nothing else needs.

    ``stands_for`` has what is folded already, and the one that is left of each. A loss that adds up an error for each
    of 50 steps has 50 targets, all read at one place.
    """
    users: dict[str, dict[str, None]] = {}
    for op in scene.operations:
        for x in op.inputs:
            users.setdefault(x, {})[op.id] = None
    made = {op.output for op in scene.operations}
    pulled = {box.of for box in scene.boxes if box.of}
    groups: dict[tuple[object, ...], list[Box]] = {}
    for box in scene.boxes:
        alone = len(users.get(box.id, {})) == 1
        if alone and box.id not in made and box.id not in stands_for:
            (user,) = users[box.id]
            if user not in stands_for:
                groups.setdefault((user, box.kind, box.shape, box.id in pulled), []).append(box)
    return [_bundle(group, indexing) for group in groups.values() if len(group) >= least]


def _bundle(boxes: list[Box], indexing: Indexing) -> Bundle:
    """Give boxes by the row that they are on, or one of their own: a₁ … a₅."""
    places = [None if box.node is None else indexing.place.get(box.node) for box in boxes]
    rows = {place[0] for place in places if place}
    if len(rows) == 1 and all(places):
        index = {box.id: place[1] for box, place in zip(boxes, places, strict=True) if place}
        ordered = sorted(boxes, key=lambda box: index[box.id])
        return Bundle(tuple(ordered), rows.pop(), index[ordered[0].id])
    names = [split_name(box.symbol) for box in boxes]
    if len({(name.base, name.above) for name in names}) == 1 and all(name.below.isdigit() for name in names):
        numbers = [int(name.below) for name in names]
        if numbers == list(range(numbers[0], numbers[0] + len(numbers))):
            name = names[0].base + (f"⁽{to_superscript(names[0].above)}⁾" if names[0].above else "")
            nodes = tuple(box.node for box in boxes if box.node is not None)
            return Bundle(tuple(boxes), Row(name, "l", numbers[0], nodes), numbers[0])
    return Bundle(tuple(boxes), None)
