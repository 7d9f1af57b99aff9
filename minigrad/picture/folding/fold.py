"""A scene -> a shorter one that says as much: what repeats is shown once, in a frame titled ×50."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import accumulate
from typing import Any

from minigrad.engine.node import Node
from minigrad.ops.alphabet import LOWERED_DIGITS, plain_digits
from minigrad.ops.arithmetic import add
from minigrad.picture.folding.bundle import bundled
from minigrad.picture.folding.counted import counted
from minigrad.picture.folding.repeats import Repeat, find, gradients, ordered
from minigrad.picture.scene.parts import Arrow, Box, Cluster, Operation, Scene
from minigrad.structure.chain_rule import write_formula
from minigrad.structure.repeats import least_repeats


def folded(scene: Scene, fold: Any = "auto") -> Scene:
    """Fold what repeats at least four times, or ``fold`` times, by the rule that derivations have too.

    Raises ``ValueError`` as ``least_repeats`` does.
    """
    least = least_repeats(fold)
    if not least:
        return scene
    while (repeat := find(scene, least)) is not None:
        scene = _Folding(scene, repeat).scene()
    return bundled(scene, least)


class _Folding:
    """One repeat while it is being folded; the first segment's parts stand for those of all."""

    def __init__(self, scene: Scene, repeat: Repeat) -> None:
        self.old, self.repeat = scene, repeat
        self.count = len(repeat.segments)
        self.gradient = gradients(scene)
        self.twins = dict(repeat.twins)  # of boxes and operations: the segment, and what it is in the first
        for number, segment in enumerate(repeat.segments):
            self.twins |= {op.id: (number, a.id) for op, a in zip(segment, repeat.segments[0], strict=True)}
        for x, (number, a) in repeat.twins.items():
            if x in self.gradient:
                self.twins[self.gradient[x].id] = number, self.gradient[a].id
        self.members: dict[str, list[Any]] = {}
        for key, (_, a) in sorted(self.twins.items(), key=lambda item: item[1][0]):
            self.members.setdefault(a, []).append(scene.by_id[key])
        self.shared = self._shared()
        self.first = self._first()
        self.title = self._title()
        self.key = f"repeat{1 + sum(cluster.count > 1 for cluster in scene.clusters)}"

    def scene(self) -> Scene:
        """Give the scene with the first segment in the place of all."""
        arrows = self._arrows()
        boxes = tuple(self._box(box) for box in self.old.boxes if self._stays(box.id))
        operations = tuple(self._operation(op) for op in ordered(self.old.operations) if self._stays(op.id))
        used = {box.cluster for box in boxes} | {op.cluster for op in operations}
        clusters = [cluster for cluster in self.old.clusters if cluster.id in used]
        place = next((i for i, cluster in enumerate(clusters) if cluster.id == "loss"), len(clusters))
        clusters.insert(place, Cluster(self.key, self.title, self.count))
        return Scene(boxes, operations, arrows, tuple(clusters))

    def _shared(self) -> set[str]:
        """Give the inputs that only the repeat needs, and that stand beside its lane: a parameter, or what is added."""
        made = {op.output for op in self.old.operations}
        inner = {x: op for op in self.repeat.segments[-1] + self.repeat.segments[0] for x in op.inputs if x not in made}
        outer = {x for op in self.old.operations if op.id not in self.twins for x in op.inputs}
        kinds = {box.id: box.kind for box in self.old.boxes}
        beside = {x for x, op in inner.items() if kinds[x] == "parameter" or x != op.inputs[0]}
        return beside - outer - self.twins.keys()

    def _first(self) -> int:
        """Give the number of the first segment: that of the first value in it whose number goes up by one."""
        boxes = {box.id: box for box in self.old.boxes}
        for op in self.repeat.segments[0]:
            text = counted([boxes[x.output].symbol for x in self._all(op)], exceptions=False) or ""
            before, _, after = text.partition("ₗ")
            if after.startswith("₊") and not before.endswith(tuple(LOWERED_DIGITS + "₋")):
                return 1 + int(plain_digits(after[1:]))
        return 1

    def _title(self) -> str:
        span = f"×{self.count}, l = {self.first} … {self.first + self.count - 1}"
        titles = {cluster.id: cluster.title for cluster in self.old.clusters}
        inner = [{op.cluster or "" for op in segment} for segment in self.repeat.segments]
        if all(len(names) == 1 and "" not in names for names in inner):
            return f"{self._text([titles[str(*names)] for names in inner])}  {span}"
        labels = [op.label for op in self.repeat.segments[0]]
        said = ", ".join(labels if len(labels) <= 5 else [*labels[:3], "…", labels[-1]])
        return f"Block l · {said}  {span}"

    def _all(self, part: Any) -> list[Any]:
        return self.members[part.id]

    def _text(self, texts: Sequence[str], exceptions: bool = True) -> str:
        found = counted(texts, self.first, exceptions) if len(texts) == self.count else None
        return texts[0] if found is None else found

    def _stays(self, key: str) -> bool:
        return self.twins.get(key, (0, key))[0] == 0

    def _twin(self, key: str) -> str:
        return self.twins.get(key, (0, key))[1]

    def _box(self, box: Box) -> Box:
        if box.id not in self.twins:
            cluster = self.key if (box.of or box.id) in self.shared else box.cluster
            total = self._total(box) if box.of else None
            box = box if total is None else replace(box, formula=total, node=None)
            return replace(box, cluster=cluster)
        boxes: list[Box] = self._all(box)
        return replace(
            box, symbol=self._text([b.symbol for b in boxes], exceptions=False),
            heading=self._text([b.heading for b in boxes], exceptions=False),
            formula=self._text([b.formula for b in boxes]), value=None, node=None, cluster=self.key,
            magnitude=max(b.magnitude for b in boxes), count=self.count * box.count,
        )  # fmt: skip

    def _operation(self, op: Operation) -> Operation:
        inputs = tuple(dict.fromkeys(self._twin(x) for x in op.inputs))
        return replace(op, inputs=inputs, cluster=self.key if op.id in self.twins else op.cluster)

    def _arrows(self) -> tuple[Arrow, ...]:
        """Keep one of the arrows between the same places; those from one segment to the next are understood."""
        groups: dict[tuple[str, str], list[Arrow]] = {}
        for arrow in self.old.arrows:
            ends = [self.twins.get(key) for key in (arrow.source, arrow.target)]
            if ends[0] and ends[1] and ends[0][0] != ends[1][0]:
                continue
            groups.setdefault((self._twin(arrow.source), self._twin(arrow.target)), []).append(arrow)
        return tuple(self._arrow(source, target, group) for (source, target), group in groups.items())

    def _arrow(self, source: str, target: str, group: list[Arrow]) -> Arrow:
        group = self._in_order(group)
        return replace(
            group[0], source=source, target=target, magnitude=max(arrow.magnitude for arrow in group),
            upstream=self._text([arrow.upstream for arrow in group]), local=self._text([a.local for a in group]),
        )  # fmt: skip

    def _in_order(self, arrows: Iterable[Arrow]) -> list[Arrow]:
        return sorted(arrows, key=lambda arrow: max(self.twins.get(x, (0, x))[0] for x in (arrow.source, arrow.target)))

    def _total(self, box: Box) -> str | None:
        """Write a sum of one term for each segment, as a shared parameter's gradient is, with Σₗ; None for others."""
        arrows = [arrow for arrow in self.old.arrows if arrow.kind == "backward" and arrow.target == box.id]
        if not any(arrow.source in self.twins for arrow in arrows):
            return None
        parts = _summands(box, len(arrows))
        if parts is None:
            return None
        groups: dict[str, list[tuple[Arrow, str]]] = {}
        for arrow, text in zip(arrows, parts, strict=True):
            groups.setdefault(self._twin(arrow.source), []).append((arrow, text))
        said = []
        for group in groups.values():
            texts = dict(group)
            several = [texts[arrow] for arrow in self._in_order(texts)]
            one = counted(several, self.first) if len(several) == self.count else None
            said += several if one is None else [f"Σₗ ({one})" if " + " in one or " − " in one else f"Σₗ {one}"]
        return " + ".join(said).replace("+ −", "− ")


def _summands(box: Box, count: int) -> list[str] | None:
    """Give the terms that a gradient was added up from, as text; None if it is no such sum.

    Of one that is written with Σₗ already, the terms are what stands between plus signs outside of brackets.
    """
    node: Any = box.node
    if node is None:
        depths = accumulate((letter == "(") - (letter == ")") for letter in box.formula)
        marked = "".join("\n" if c == "+" and not depth else c for c, depth in zip(box.formula, depths, strict=True))
        terms = marked.split(" \n ")
        return terms if len(terms) == count else None
    found: list[str] = []
    while len(found) < count - 1:
        if not isinstance(node, Node) or node.op != add:
            return None
        node, last = node.inputs
        found.append(write_formula(last))
    return [write_formula(node), *reversed(found)]
