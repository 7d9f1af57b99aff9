"""A layout of our own, in plain Python: columns by depth, a row for each lane, parameters above, gradients below.

Every operation has three columns: its own inputs, itself, its value. A row has a forward lane and, below it, the
backward lane of the same tensors. Lines run along lanes, or in the gaps between columns and rows, so that none
crosses a box; the labels of the backward pass have room in the operations' column, where its lane is empty.
"""

from __future__ import annotations

from bisect import bisect

from minigrad.picture.layout.lanes import Lanes
from minigrad.picture.layout.measure import box_size, width
from minigrad.picture.layout.shapes import Rect, Row
from minigrad.picture.scene.parts import Box, Cluster, Operation, Scene
from minigrad.picture.style import SERIF, Line, Typesetter

PAD, TITLE, CLEAR, STACK = 12.0, 18.0, 20.0, 12.0  # around a frame, its title, between lane and stack, in a stack
GAP, NEAR = 46.0, 16.0  # between operations, between an operation's columns
TRACK, LABEL = 10.0, 17.0  # between lines above a row, and between those below it, which have labels


class Layout:
    """The places of a scene's boxes, operations and frames."""

    label = LABEL  # between the lines below a row
    over = PAD + TITLE + 2  # between a row and the lines above it, where a frame ends

    def __init__(self, scene: Scene, typesetter: Typesetter, values: bool) -> None:
        self.scene, self.lanes, self.type = scene, Lanes(scene), typesetter
        self.lines: dict[str, list[Line]] = {box.id: typesetter.lines(box, values) for box in scene.boxes}
        self.rects = {box.id: self.rect(*box_size(self.lines[box.id])) for box in scene.boxes}
        for op in scene.operations:
            self.rects[op.id] = self.rect(*operation_size(op, len(self.lanes.side[op.id])))
        self.row: dict[str, int] = {}
        self.column: dict[str, int] = {}  # of what lies on a lane: the depth of its operation
        self._assign_rows()
        self.x: list[tuple[float, float, float]] = []  # of each depth's three columns: the middle
        self.gaps: list[float] = []  # of the gap before each depth: its right edge
        self._columns()
        self.level: dict[tuple[str, str], int] = {}  # of the lines that pass above a row
        self.rows = [Row() for _ in range(1 + max(self.row.values(), default=0))]
        self._measure_rows()

    def rect(self, width: float, height: float) -> Rect:
        """Give a rectangle of a size, whose place is not known yet."""
        return Rect(0, 0, width, height)

    def _assign_rows(self) -> None:
        """Give each lane the first row that is free from its start to its last use."""
        taken: list[list[tuple[int, int]]] = []
        depth, users = self.lanes.depth, self.lanes.users
        for chain in self.lanes.chains():
            first, last = chain[0], chain[-1]
            if first not in self.lanes.made:
                self.column[first] = depth[(self.lanes.next[first] or self.lanes.home[first]).id] - 1
            start = self.column.get(first, depth[first] - 1)
            if first in self.lanes.made and self.lanes.made[first].inputs:
                start = min(start, depth[self.lanes.main[self.lanes.made[first].id]])
            end = max([depth[last], *(depth[op.id] for op in users.get(last, []))])
            row = next((i for i, spans in enumerate(taken) if _free(spans, start, end)), len(taken))
            if row == len(taken):
                taken.append([])
            taken[row].append((start, end))
            for x in chain:
                self.row[x] = row
                self.column.setdefault(x, depth[x])
                if x in self.lanes.made:
                    op = self.lanes.made[x]
                    self.row[op.id], self.column[op.id] = row, depth[x]
                    for side in self.lanes.side[op.id]:
                        self.row[side], self.column[side] = row, depth[x]

    def on_lane(self, x: str) -> bool:
        """Say whether a box lies on a lane, rather than above it."""
        return self.lanes.on_lane(x)

    def _columns(self) -> None:
        """Find the places along the lanes: each depth is as wide as what stands in it, its labels included."""
        edge, self.wide = self.start, self._measure_columns()
        wires = self._wires(len(self.wide))
        for depth, (a, b, c) in enumerate(self.wide):
            start = edge + (self.gap_before(depth) + TRACK * wires[depth] if depth else 0)
            self.gaps.append(self.wire_edge(depth, start))
            middle = start + a + (NEAR if a else 0)
            end = middle + b + (NEAR if b else 0)
            self.x.append((start + a / 2, middle + b / 2, end + c / 2))
            edge = end + c
        self.width = edge + PAD + 8
        for box in self.scene.boxes:
            name = box.of or box.id
            rect = self.rects[box.id]
            rect.x = self.x[self.column[name]][2 if self.on_lane(name) else 0] - rect.w / 2
        for op in self.scene.operations:
            self.rects[op.id].x = self.x[self.column[op.id]][1] - self.rects[op.id].w / 2

    @property
    def start(self) -> float:
        """Where the first lane begins."""
        return PAD + 8

    def gap_before(self, depth: int) -> float:
        """Give the room between two operations along a lane."""
        return GAP

    def wire_edge(self, depth: int, start: float) -> float:
        """Give where, before what begins at ``start``, lines between rows may run."""
        return start - PAD - 5

    def _measure_columns(self) -> list[list[float]]:
        """Give the widths of the three columns of each depth."""
        wide = [[0.0, 0.0, 0.0] for _ in range(1 + max(self.column.values(), default=0))]
        for box in self.scene.boxes:
            x = box.of or box.id
            place = wide[self.column[x]]
            i = 2 if self.on_lane(x) else 0
            place[i] = max(place[i], self.rects[box.id].w)
        for op in self.scene.operations:
            place = wide[self.column[op.id]]
            place[1] = max(place[1], self.rects[op.id].w)
        for arrow in self.scene.arrows:
            if arrow.kind == "backward":
                label = width(self.type.label(arrow.upstream, arrow.local, arrow.left), 11, SERIF)
                place = wide[self.column[self.lanes.boxes[arrow.source].of or ""]]
                place[1] = max(place[1], label + 26)
        return wide

    def _wires(self, deepest: int) -> list[int]:
        """Count the lines between rows that climb in the gap before each depth."""
        count = [0] * (deepest + 1)
        for op in self.scene.operations:
            for x in op.inputs:
                if self.row[x] != self.row[op.id]:
                    count[self.turn(x, op)] += 2 if x in self.lanes.gradient else 1
        return count

    def turn(self, x: str, op: Operation) -> int:
        """Give the depth before which the line from a box to an operation in another row changes rows."""
        if not self.on_lane(x):
            return self.column[x]
        last = self.lanes.next.get(x) is None
        return self.column[op.id] if last else self.column[x] + 1

    def passes(self, x: str, op: Operation) -> bool:
        """Say whether the line from a box to an operation must pass above what stands in the operation's row."""
        if self.is_straight(x, op) or x in self.lanes.side[op.id]:
            return False
        first = self.lanes.next.get(self.lanes.main[op.id]) is not op  # of its row's lane
        return self.row[x] == self.row[op.id] or (self.turn(x, op) < self.column[op.id] and not first)

    def is_straight(self, x: str, op: Operation) -> bool:
        """Say whether nothing stands between a box and an operation that it is an operand of."""
        return self.on_lane(x) and self.lanes.next.get(x) is op and self.lanes.main[op.id] == x

    def _measure_rows(self) -> None:
        passing = [(x, op) for op in self.scene.operations for x in op.inputs if self.passes(x, op)]
        for x, op in sorted(passing, key=lambda pair: self.column[pair[1].id] - self.column[pair[0]]):
            row, span = self.rows[self.row[op.id]], (self.column[x], self.column[op.id])
            self.level[x, op.id] = _stack(row.over, span)
            if x in self.lanes.gradient:
                _stack(row.under, span)
        for box in self.scene.boxes:
            x = box.of or box.id
            row, half = self.rows[self.row[x]], self.rects[box.id].h / 2
            if self.on_lane(x) and box.of:
                row.backward = max(row.backward, half)
            elif self.on_lane(x):
                row.forward = max(row.forward, half)
        for row in self.rows:
            row.above, row.below = row.forward, row.backward or row.forward
        self._measure_stacks()
        y = PAD
        for row in self.rows:
            row.top = y + len(row.over) * TRACK + self.over - 2
            y = row.bottom + PAD + len(row.under) * self.label + (PAD if row.under else 4)
        self.height = y + 6
        self._place()

    def _measure_stacks(self) -> None:
        """Make room above and below the lanes for what stands beside them."""
        for op in self.scene.operations:
            row, side = self.rows[self.row[op.id]], self.lanes.side[op.id]
            gradients = [self.lanes.gradient[x].id for x in side if x in self.lanes.gradient]
            row.above = max(row.above, CLEAR + self._height(side))
            row.below = max(row.below, CLEAR + self._height(gradients))

    def _height(self, names: list[str]) -> float:
        return sum(self.rects[name].h + STACK for name in names) - (STACK if names else 0)

    def _place(self) -> None:
        """Set each box on its lane, or in its column's stack."""
        for box in self.scene.boxes:
            x = box.of or box.id
            rect, row = self.rects[box.id], self.rows[self.row[x]]
            rect.y = (row.back if box.of else row.lane) - rect.h / 2
        for op in self.scene.operations:
            row, rect = self.rows[self.row[op.id]], self.rects[op.id]
            rect.y = row.lane - rect.h / 2
        self._place_stacks()

    def _place_stacks(self) -> None:
        """Stand what an operation alone needs above its lane, one above the other, and the gradients below."""
        for op in self.scene.operations:
            row = self.rows[self.row[op.id]]
            y = row.lane - CLEAR
            for x in self.lanes.side[op.id]:
                y -= self.rects[x].h
                self.rects[x].y = y
                y -= STACK
            y = row.back + CLEAR
            for x in self.lanes.side[op.id]:
                if x in self.lanes.gradient:
                    self.rects[self.lanes.gradient[x].id].y = y
                    y += self.rects[self.lanes.gradient[x].id].h + STACK

    def frames(self) -> dict[str, Rect]:
        """Give the frame of each cluster: around all that belongs to it, with room for its title."""
        members: dict[str, list[Rect]] = {}
        parts: list[Box | Operation] = [*self.scene.boxes, *self.scene.operations]
        for part in parts:
            if part.cluster:
                members.setdefault(part.cluster, []).append(self.rects[part.id])
        found, clusters = {}, {cluster.id: cluster for cluster in self.scene.clusters}
        for cluster, rects in members.items():
            x, y = min(r.x for r in rects) - PAD, min(r.y for r in rects) - PAD
            right, bottom = max(r.right for r in rects) + PAD, max(r.bottom for r in rects) + PAD
            found[cluster] = self.titled(Rect(x, y, right - x, bottom - y), clusters[cluster])
        return found

    def titled(self, frame: Rect, cluster: Cluster) -> Rect:
        """Give a frame with room for its title."""
        return Rect(frame.x, frame.y - TITLE + 4, frame.w, frame.h + TITLE - 4)


def operation_size(op: Operation, side: int) -> tuple[float, float]:
    """Give the width and height of an operation: a circle around a sign, else an ellipse around a word."""
    if len(op.label) <= 2:
        return 26.0, 26.0
    return max(24 + 5.6 * len(op.label), 12.0 * side), 26.0


def _free(spans: list[tuple[int, int]], start: int, end: int) -> bool:
    return all(end < a or b < start for a, b in spans)


def _stack(levels: list[list[tuple[int, int]]], span: tuple[int, int]) -> int:
    """Put a line on the first level where it meets no other, and give that level; each has its lines from left on."""
    for i, level in enumerate(levels):
        at = bisect(level, span)
        if (not at or level[at - 1][1] <= span[0]) and (at == len(level) or span[1] <= level[at][0]):
            level.insert(at, span)
            return i
    levels.append([span])
    return len(levels) - 1
