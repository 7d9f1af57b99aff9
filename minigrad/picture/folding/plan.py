"""What a picture shows once: the repeats of a graph as the steps that are drawn, and what everything is called then."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from minigrad.engine.node import Node
from minigrad.ops.common.alphabet import to_superscript
from minigrad.structure.indexing import find_indexing
from minigrad.structure.reading import Reading
from minigrad.structure.repeats import program_order
from minigrad.structure.rows import IndexedNames, Indexing, Loop, Row
from minigrad.structure.source import Source
from minigrad.structure.steps import Step, find_steps, name_values


@dataclass(frozen=True, eq=False)
class Fold:
    """Segments of steps that are drawn once: the first has the index ``first``; ``own`` are rows of their inputs."""

    letter: str
    first: int
    segments: tuple[tuple[Step, ...], ...]
    own: tuple[tuple[Node, ...], ...]

    @property
    def rows(self) -> list[tuple[Node, ...]]:
        """The outputs of steps that correspond, and the inputs that do."""
        return [*(tuple(step.output for step in steps) for steps in zip(*self.segments, strict=True)), *self.own]


@dataclass(frozen=True, eq=False)
class FoldPlan:
    """The reading that a picture goes by, its steps, what is called what, and what is folded, ``least`` times or more.

    ``least`` is 0 where nothing is to be folded.
    """

    reading: Reading
    steps: Sequence[Step]
    names: IndexedNames
    folds: Sequence[Fold] = ()
    least: int = 0


def plan_folds(source: Source, least: int) -> FoldPlan:
    """Plan a picture: what repeats ``least`` times is folded and called by an index, as it is in a derivation."""
    reading, indexing = source.reading, Indexing()
    if least:
        serials = ((t.serial, node) for t, node in source.nodes.items())
        indexed, indexing = find_indexing(reading, program_order(serials, reading.graph.nodes), least)
        reading = indexed if indexing.rows else reading
    steps = find_steps(reading)
    folds = [fold for loop in indexing.loops for fold in _fold(loop, reading, steps, least)]
    indexing = _name_the_rest(reading, indexing, folds)
    symbols = {x: str(indexing.name(x)) for x in indexing.place if x not in reading.symbols}
    symbols = name_values(replace(reading, symbols=reading.symbols | symbols), {step.output for step in steps})
    return FoldPlan(reading, steps, IndexedNames(reading, indexing, symbols), folds, least)


def _fold(loop: Loop, reading: Reading, steps: Iterable[Step], least: int) -> list[Fold]:
    """Give a repeat's steps, as many segments from the middle on as are grouped alike; nothing if these are too few."""
    place, count = loop.repeat.places, loop.repeat.count
    width = len(loop.repeat.segments[0])
    segments: list[list[Step]] = [[] for _ in range(count)]
    for step in steps:
        row, t = place.get(step.output, (width, 0))
        if row < width and step.output is not reading.graph.outputs[0]:
            segments[t].append(step)
    for segment in segments:
        segment.sort(key=lambda step: place[step.output])
    kinds = [tuple(_kind(step, place) for step in segment) for segment in segments]
    start = end = count // 2
    while start > 0 and kinds[start - 1] == kinds[count // 2]:
        start -= 1
    while end < count and kinds[end] == kinds[count // 2]:
        end += 1
    if not kinds[count // 2] or end - start < least:
        return []
    used = {x for segment in segments[start:end] for step in segment for x in step.inputs}
    own = tuple(nodes[start:end] for nodes in loop.repeat.own if _are_inputs(nodes[start:end], used))
    return [Fold(loop.letter, loop.first + start, tuple(map(tuple, segments[start:end])), own)]


def _kind(step: Step, place: Mapping[Node, tuple[int, int]]) -> tuple[object, ...]:
    """Say what a step is: its name, and where in its segment its operations are."""
    _, t = place[step.output]
    rows = [place.get(node, (-1, t)) for node in step.nodes]
    return step.op, step.label, *((row, other - t) for row, other in rows)


def _are_inputs(nodes: Sequence[Node], used: Container[Node]) -> bool:
    return all(x.op is None and x in used for x in nodes)


def _name_the_rest(reading: Reading, indexing: Indexing, folds: Sequence[Fold]) -> Indexing:
    """Give the rows of what has a box and no symbol too: v⁽¹⁾ₜ, v⁽²⁾ₜ, …"""
    unnamed = [(fold, nodes) for fold in folds for nodes in fold.rows if indexing.place.keys().isdisjoint(nodes)]
    taken = {row.name for row in indexing.rows} | set(reading.symbols.values())
    more: list[Row] = []
    for number, (fold, nodes) in enumerate(unnamed, 1):
        name = f"v⁽{to_superscript(number)}⁾" if len(unnamed) > 1 else "v"
        while name in taken:
            name += "′"
        more.append(Row(name, fold.letter, fold.first, nodes))
    return add_rows(indexing, more)


def add_rows(indexing: Indexing, rows: Sequence[Row]) -> Indexing:
    """Give an indexing with more rows."""
    place = dict(indexing.place)
    for row in rows:
        for i, node in enumerate(row.nodes):
            place.setdefault(node, (row, row.first + i))
    return replace(indexing, rows=(*indexing.rows, *rows), place=place)
