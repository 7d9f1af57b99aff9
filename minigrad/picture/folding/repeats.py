"""Where a scene repeats itself: consecutive segments of operations, of one structure and wired alike."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

from minigrad.picture.scene.parts import Box, Operation, Scene

LONGEST_SEGMENT = 400  # operations


@dataclass(frozen=True)
class Repeat:
    """Segments of as many operations each; ``twins`` gives of each box its segment and what it is in the first."""

    segments: tuple[tuple[Operation, ...], ...]
    twins: dict[str, tuple[int, str]]


def find(scene: Scene, least: int) -> Repeat | None:
    """Give the repeat of at least ``least`` segments that hides most operations; None where nothing repeats.

    Two segments are alike if their operations are, in order, with values of the same shapes, and if each operand comes
    from the same place: from within, from the segment before, from one box outside that all share, or from an input
    of its own. What the first one has from a segment before, it may have from anywhere.
    """
    return _Search(scene, least).best()


class _Search:
    def __init__(self, scene: Scene, least: int) -> None:
        self.least = least
        self.boxes = {box.id: box for box in scene.boxes}
        self.pulled = {box.of for box in scene.boxes if box.of}
        self.operations = ordered(scene.operations)
        self.made = {op.output: i for i, op in enumerate(self.operations)}
        self.users: dict[str, list[int]] = {}
        for i, op in enumerate(self.operations):
            for x in op.inputs:
                self.users.setdefault(x, []).append(i)
        folded = {cluster.id for cluster in scene.clusters if cluster.count > 1}
        self.keys = [i if op.cluster in folded else self._key(op) for i, op in enumerate(self.operations)]
        self.crossing = self._crossing()

    def _key(self, op: Operation) -> tuple[object, ...]:
        shapes = tuple(self.boxes[x].shape for x in op.inputs)
        return op.op, op.label, self.boxes[op.output].shape, shapes, op.output in self.pulled

    def _crossing(self) -> list[int]:
        """Count, before each operation, the values from earlier that are still needed."""
        change = [0] * (len(self.operations) + 1)
        for x, i in self.made.items():
            change[i + 1] += 1
            change[max([i, *self.users.get(x, ())]) + 1 if self.users.get(x) else i + 1] -= 1
        return list(accumulate(change))

    def best(self) -> Repeat | None:
        count = len(self.operations)
        found, saved = None, 0
        for period in range(1, min(count // self.least, LONGEST_SEGMENT) + 1):
            for start, end in self._alike(period):
                if (end - start) - period <= saved:
                    continue
                repeat = self._aligned(start, end, period)
                hidden = (len(repeat.segments) - 1) * period if repeat else 0
                if hidden > saved:
                    found, saved = repeat, hidden
        return found

    def _alike(self, period: int) -> list[tuple[int, int]]:
        """Give the stretches in which every operation is like the one a period before."""
        spans, start = [], None
        for i in range(period, len(self.keys) + 1):
            if i < len(self.keys) and self.keys[i] == self.keys[i - period]:
                start = i - period if start is None else start
            elif start is not None:
                if i - start >= self.least * period:
                    spans.append((start, i))
                start = None
        return spans

    def _aligned(self, start: int, end: int, period: int) -> Repeat | None:
        """Part a stretch into segments where fewest values go from one to the next, and no frame is cut."""

        def cost(cut: int) -> tuple[int, bool, int]:
            frame = self.operations[cut].cluster
            splits = frame is not None and cut > 0 and self.operations[cut - 1].cluster == frame
            return self.crossing[cut + period], splits, cut

        for cut in sorted(range(start, min(start + period, end - self.least * period + 1)), key=cost)[:3]:
            repeat = self._verified(cut, end, period)
            if repeat is not None:
                return repeat
        return None

    def _verified(self, start: int, end: int, period: int) -> Repeat | None:
        """Give the segments from a place on that are wired like those before them."""
        twins: dict[str, tuple[int, str]] = {op.output: (0, op.output) for op in self._segment(start, period)}
        carried: dict[tuple[int, int], str] = {}
        segments = [self._segment(start, period)]
        for at in range(start + period, end - period + 1, period):
            more = self._twins(start, at, period, twins, carried)
            if more is None:
                break
            twins |= more
            segments.append(self._segment(at, period))
        if len(segments) < self.least:
            return None
        for segment, first in list(twins.values()):
            if segment == 1:
                twins[first] = (0, first)
        return Repeat(tuple(segments), twins)

    def _segment(self, at: int, period: int) -> tuple[Operation, ...]:
        return tuple(self.operations[at : at + period])

    def _twins(
        self, start: int, at: int, period: int, known: dict[str, tuple[int, str]], carried: dict[tuple[int, int], str]
    ) -> dict[str, tuple[int, str]] | None:
        """Compare a segment with the first; give its boxes beside the first's, None if they are not alike."""
        number = (at - start) // period
        found: dict[str, tuple[int, str]] = {}
        taken: dict[str, str] = {}
        pairs = zip(self._segment(start, period), self._segment(at, period), strict=True)
        for place, (first, op) in enumerate(pairs):
            found[op.output] = number, first.output
            for slot, (a, b) in enumerate(zip(first.inputs, op.inputs, strict=True)):
                if b in found:
                    alike = found[b][1] == a
                elif a == b:
                    alike = True
                elif b in self.made:
                    source = known.get(b, (-1, ""))
                    outside = self.made.get(a, -1) < start
                    alike = source[0] == number - 1 and outside
                    alike = alike and carried.setdefault((place, slot), source[1]) == source[1]
                else:
                    alike = self._own(a, start, period) and self._own(b, at, period) and self._similar(a, b)
                    alike = alike and taken.setdefault(a, b) == b
                    found[b] = number, a
                if not alike:
                    return None
        return found

    def _own(self, x: str, at: int, period: int) -> bool:
        return x not in self.made and all(at <= i < at + period for i in self.users[x])

    def _similar(self, a: str, b: str) -> bool:
        x, y = self.boxes[a], self.boxes[b]
        return x.kind == y.kind and x.shape == y.shape and (a in self.pulled) == (b in self.pulled)


def ordered(operations: Sequence[Operation]) -> list[Operation]:
    """Put operations in the order of computation, each as late as it can be: first the way that is longest."""
    made = {op.output: op for op in operations}
    depth: dict[str, int] = {}
    for op in operations:
        depth[op.output] = 1 + max((depth.get(x, 0) for x in op.inputs), default=0)
    found: dict[str, Operation] = {}
    stack = [(op.output, False) for op in sorted(operations, key=lambda op: depth[op.output])]
    while stack:
        x, ready = stack.pop()
        if x in found or x not in made:
            continue
        if ready:
            found[x] = made[x]
        else:
            stack.append((x, True))
            stack.extend((y, False) for y in sorted(made[x].inputs, key=lambda y: depth.get(y, 0)))
    return list(found.values())


def gradients(scene: Scene) -> dict[str, Box]:
    """Give the box of the gradient of each box that has one."""
    return {box.of: box for box in scene.boxes if box.of}
