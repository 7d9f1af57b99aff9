"""A scene -> a shorter one that says as much: what repeats is shown once, in a frame titled ×50."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from minigrad.engine.node import Node
from minigrad.notation.running import run_index
from minigrad.notation.term import write_term
from minigrad.notation.writers.text import TEXT
from minigrad.ops.common.alphabet import plain_digits
from minigrad.picture.folding.bundle import find_bundles
from minigrad.picture.folding.plan import Fold, FoldPlan, add_rows
from minigrad.picture.scene.drafts import Drafts, FormulaWriter
from minigrad.picture.scene.parts import Arrow, Box, Cluster, Operation, Scene
from minigrad.picture.words import Words, title_layer
from minigrad.structure.rows import IndexedNames, Origin


def fold_scene(scene: Scene, drafts: Drafts, plan: FoldPlan, words: Words) -> Scene:
    """Give a scene with all formulas written, and what the plan folds shown once, the first segment for all."""
    return _Folding(scene, drafts, plan, words).scene()


@dataclass(frozen=True)
class _Twin:
    """What a box or an operation is in a fold: at which index, and which one of the first segment stands for it."""

    fold: int
    letter: str
    index: int
    first: str


class _Folding:
    def __init__(self, scene: Scene, drafts: Drafts, plan: FoldPlan, words: Words) -> None:
        self.old, self.drafts, self.plan, self.words = scene, drafts, plan, words
        self.gradient = {box.of: box.id for box in scene.boxes if box.of}
        self.of = {box.node: box.id for box in scene.boxes if box.node is not None}
        self.made = {op.output: op for op in scene.operations}
        self.twins: dict[str, _Twin] = {}
        self.members: dict[str, list[str]] = {}
        for number, fold in enumerate(plan.folds):
            for nodes in fold.rows:
                self._merge([self.of[x] for x in nodes], number, fold.letter, fold.first)
        indexing = plan.names.indexing
        stands_for = {key: twin.first for key, twin in self.twins.items()}
        bundles = find_bundles(scene, stands_for, indexing, plan.least) if plan.least else []
        for number, bundle in enumerate(bundles, len(plan.folds)):
            self._merge([box.id for box in bundle.boxes], number, bundle.row.letter if bundle.row else "", bundle.first)
        rows = [bundle.row for bundle in bundles if bundle.row and bundle.row not in indexing.rows]
        names = IndexedNames(plan.reading, add_rows(indexing, rows), plan.names.symbols)
        self.names, self.writer = names, FormulaWriter(names)
        self.frames = [self._frame(number, fold) for number, fold in enumerate(plan.folds)]
        self.shared = {x: number for number in range(len(plan.folds)) for x in self._shared(number)}

    def _merge(self, boxes: Sequence[str], fold: int, letter: str, first: int) -> None:
        """Put boxes together, and with them their gradients and the operations that they come from."""
        operations = [self.made[x].id for x in boxes if x in self.made]
        for keys in (boxes, operations, [self.gradient[x] for x in boxes if x in self.gradient]):
            if len(keys) == len(boxes):
                self.members[keys[0]] = list(keys)
                for i, key in enumerate(keys):
                    self.twins[key] = _Twin(fold, letter, first + i, keys[0])

    def scene(self) -> Scene:
        """Give the scene with the first segment in the place of all."""
        boxes = tuple(self._box(box) for box in self.old.boxes if self._stays(box.id))
        operations = tuple(self._operation(op) for op in self.old.operations if self._stays(op.id))
        used = {box.cluster for box in boxes} | {op.cluster for op in operations}
        clusters = [cluster for cluster in self.old.clusters if cluster.id in used]
        place = next((i for i, cluster in enumerate(clusters) if cluster.id == "loss"), len(clusters))
        clusters[place:place] = self.frames
        return Scene(boxes, operations, self._arrows(), tuple(clusters))

    def _stays(self, key: str) -> bool:
        return self._first(key) == key

    def _first(self, key: str) -> str:
        twin = self.twins.get(key)
        return twin.first if twin else key

    def _shared(self, number: int) -> set[str]:
        """Give the inputs that only a fold needs, and that stand beside its lane: a parameter, or what is added."""
        operations = self.old.operations
        inside = [op for op in operations if (twin := self.twins.get(op.id)) and twin.fold == number]
        inner = {x: op for op in inside for x in op.inputs if x not in self.made}
        outer = {x for op in operations if op.id not in {other.id for other in inside} for x in op.inputs}
        kinds = {box.id: box.kind for box in self.old.boxes}
        beside = {x for x, op in inner.items() if kinds[x] == "parameter" or x != op.inputs[0]}
        return beside - outer - self.twins.keys()

    def _frame(self, number: int, fold: Fold) -> Cluster:
        """Give the frame of a fold: a layer's, if its steps are in one, or a block's."""
        count, letter, steps = len(fold.segments), fold.letter, fold.segments[0]
        layer_of = {node: layer for layer in self.plan.reading.layers for node in layer.nodes}
        inner = [{layer_of.get(step.output) for step in segment} for segment in fold.segments]
        if all(len(found) == 1 and None not in found for found in inner):
            layers = [layer for found in inner for layer in found if layer]
            numbers = {layer.number for layer in layers}
            same = plain_digits(numbers.pop()) if len(numbers) == 1 else letter
            title = title_layer(layers[0], same, self.plan.reading.layers, self.words)
        else:
            labels = [step.label for step in steps]
            said = ", ".join(labels if len(labels) <= 5 else [*labels[:3], "…", labels[-1]])
            title = self.words["step" if letter == "t" else "block"].format(letter=letter, what=said)
        ends = {"letter": letter, "first": fold.first, "last": fold.first + count - 1}
        return Cluster(f"repeat{number + 1}", self.words["times"].format(title=title, count=count, **ends), count)

    def _box(self, box: Box) -> Box:
        keys = self.members.get(box.id)
        if keys is None:
            number = self.shared.get(box.of or box.id)
            return self._written(box if number is None else replace(box, cluster=self.frames[number].id))
        boxes: list[Any] = [self.old.by_id[key] for key in keys]
        middle = keys[_middle(len(keys), box.of is not None)]
        twin = self.twins[middle]
        merged = replace(
            box, value=None, node=None, magnitude=max(b.magnitude for b in boxes), count=len(boxes),
            cluster=self.frames[twin.fold].id if twin.fold < len(self.frames) else box.cluster,
        )  # fmt: skip
        return self._written(merged, middle)

    def _written(self, box: Box, middle: str | None = None) -> Box:
        """Give a box with its formula; one that stands for many is called and written as its ``middle`` is, for all."""
        draft, origin = self.drafts.boxes.get(middle or box.id), self._origin(middle)
        if origin is not None:
            x = self._node(middle)
            full = str(self.names.gradient(x, origin, own=False) if box.of else self.names.value(x, origin))
            symbol = str(self.names.gradient(x, origin)) if box.of else full
            total = str(self.names.total(x, origin)) if box.total else ""
            names = [total] * bool(total) + [symbol] * (symbol != full)
            box = replace(box, symbol=symbol, heading=" = ".join([*names, full]), total=total)
        if draft is None:
            return box
        if middle and origin:
            i = self.members[box.id].index(middle)
            before = self.drafts.boxes[self.members[box.id][i - 1]].expression if i else None
            draft = replace(draft, expression=run_index(draft.expression, before, *origin))
        folded = self.members and middle is None
        term = self.writer.sum(draft) if folded else self.writer.term(draft, origin)
        return replace(box, formula=write_term(term, TEXT), term=term)

    def _node(self, key: str | None) -> Node:
        """Give the Node of the graph that a box is of."""
        box: Any = self.old.by_id[key or ""]
        return self._node(box.of) if box.of else box.node

    def _origin(self, key: str | None) -> Origin | None:
        twin = self.twins.get(key or "")
        return (twin.letter, twin.index) if twin and twin.letter else None

    def _operation(self, op: Operation) -> Operation:
        if not self.members:
            return op
        inputs = tuple(dict.fromkeys(self._first(x) for x in op.inputs))
        twin = self.twins.get(op.id)
        return replace(op, inputs=inputs, cluster=self.frames[twin.fold].id if twin else op.cluster)

    def _arrows(self) -> tuple[Arrow, ...]:
        """Keep one of the arrows between the same places; those from one segment to the next are understood."""
        if not self.members:
            return tuple(self._arrow(arrow.source, arrow.target, [arrow]) for arrow in self.old.arrows)
        groups: dict[tuple[str, str], list[Arrow]] = {}
        for arrow in self.old.arrows:
            source, target = (self.twins.get(key) for key in (arrow.source, arrow.target))
            if source and target and source.fold == target.fold and source.index != target.index:
                continue
            groups.setdefault((self._first(arrow.source), self._first(arrow.target)), []).append(arrow)
        return tuple(self._arrow(source, target, group) for (source, target), group in groups.items())

    def _arrow(self, source: str, target: str, group: list[Arrow]) -> Arrow:
        first, magnitude = group[0], max(arrow.magnitude for arrow in group)
        if first.id not in self.drafts.arrows:
            same = first.source == source and first.target == target
            return first if same else replace(first, source=source, target=target)
        ends = [arrow.target if arrow.target in self.twins else arrow.source for arrow in group]
        order = sorted(range(len(group)), key=lambda i: self.twins[ends[i]].index if ends[i] in self.twins else 0)
        chosen = order[_middle(len(group), backward=True)]
        origin = self._origin(ends[chosen]) if len(group) > 1 else None
        upstream, local = self.writer.factors(self.drafts.arrows[group[chosen].id], origin)
        return replace(
            first, source=source, target=target, upstream=upstream, local=local, magnitude=magnitude
        )  # fmt: skip


def _middle(count: int, backward: bool) -> int:
    """Choose which of many says what is true of all: not the first going forward, nor the last going backward."""
    return (count - backward) // 2
