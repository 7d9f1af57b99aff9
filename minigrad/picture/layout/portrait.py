"""The layout for a page that is higher than wide: lanes run downwards, inputs stand left of them, gradients right.

It is computed as if lanes ran from left to right, as in ``layered``: x is along the lanes and y across them, from
inputs to gradients; ``arrange`` turns it. What stands beside a lane is ahead of its operation, one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import sqrt

from minigrad.picture import style
from minigrad.picture.layout.layered import PAD, STACK, TITLE, Layout
from minigrad.picture.layout.measure import width
from minigrad.picture.layout.routes import Label, Point, Route, Router
from minigrad.picture.layout.shapes import Rect
from minigrad.picture.scene.parts import Arrow, Cluster, Operation

WIRE, CLEAR = 12.0, 14.0  # between wires that run along a lane, and beside the last of them
TWO_LINES = 32.0  # along a lane: what a label of two lines needs
INSIDE, NEW_FRAME = 26.0, 30.0  # between operations, and what a frame that begins there needs more


class Portrait(Layout):
    """The places of a scene's parts, whose lanes run downwards once they are turned."""

    over = PAD + 14

    def rect(self, width: float, height: float) -> Rect:
        """Give a rectangle of a size, whose place is not known yet; it is turned as all is."""
        return Rect(0, 0, height, width)

    def titled(self, frame: Rect, cluster: Cluster) -> Rect:
        """Give a frame with room for its title, which stands where the lanes begin, before the first of them."""
        lanes = [self.rows[self.row[op.id]].lane for op in self.scene.operations if op.cluster == cluster.id]
        y = min(frame.y, min(lanes) - _title_width(cluster.title))
        return Rect(frame.x - TITLE + 4, y, frame.w + TITLE - 4, frame.bottom - y)

    def words(self, arrow: Arrow, lines: int = 2) -> float:
        """Give the width of an arrow's label, in one line or in two."""
        runs = self.type.label(arrow.upstream, arrow.local, arrow.left)
        parts = style.in_two_lines(runs) if lines == 2 else (runs,)
        return max(width(part, 11, style.SERIF) for part in parts)

    def gradients(self, op: Operation) -> list[str]:
        """Give the inputs beside an operation's lane that have gradients."""
        return [x for x in self.lanes.side[op.id] if x in self.lanes.gradient]

    @property
    def start(self) -> float:
        """Where the first lane begins: below a title, if there is one."""
        return PAD + 4 + (TITLE if self._begins(0) else 0)

    def _begins(self, depth: int) -> bool:
        """Say whether a frame begins at a depth."""
        starts: dict[str, int] = {}
        for box in self.scene.boxes:
            if box.cluster:
                column = self.column[box.of or box.id]
                starts[box.cluster] = min(column, starts.get(box.cluster, column))
        return depth in starts.values()

    def gap_before(self, depth: int) -> float:
        """Give the room between two operations; more where a frame begins."""
        return INSIDE + (NEW_FRAME if self._begins(depth) else 0)

    def wire_edge(self, depth: int, start: float) -> float:
        """Give where lines between rows may run: before the frames that begin there."""
        return start - PAD - (TITLE + 2 if self.gap_before(depth) > INSIDE else 2)

    def _measure_columns(self) -> list[list[float]]:
        wide = [[0.0, 0.0, 0.0] for _ in range(1 + max(self.column.values(), default=0))]
        for op in self.scene.operations:
            place = wide[self.column[op.id]]
            place[0] = max(place[0], self._stack(op))
            place[1] = max(place[1], self.rects[op.id].w, TWO_LINES if op.output in self.lanes.gradient else 0)
        for box in self.scene.boxes:
            if self.on_lane(box.of or box.id):
                place = wide[self.column[box.of or box.id]]
                place[2] = max(place[2], self.rects[box.id].w)
        return wide

    def _slots(self, op: Operation) -> list[tuple[str, float]]:
        """Give what stands beside an operation's lane, with the room along it that it and its gradient need."""
        found = []
        for x in self.lanes.side[op.id]:
            both = [x, self.lanes.gradient[x].id] if x in self.lanes.gradient else [x]
            found.append((x, max(self.rects[name].w for name in both)))
        return found

    def _stack(self, op: Operation) -> float:
        slots = self._slots(op)
        return sum(room for _, room in slots) + STACK * (len(slots) - 1) if slots else 0.0

    def _measure_stacks(self) -> None:
        for op in self.scene.operations:
            row = self.rows[self.row[op.id]]
            side, gradients = self.lanes.side[op.id], self.gradients(op)
            if side:
                row.above = max(row.above, self.near(op) + max(self.rects[x].h for x in side))
            if gradients:
                boxes = [self.rects[self.lanes.gradient[x].id].h for x in gradients]
                row.below = max(row.below, self.reach(op) + max(boxes))
        for arrow in self.scene.arrows:
            if arrow.kind == "backward":
                self._make_room(arrow)
        for cluster in self.scene.clusters:
            rows = {self.row[op.id] for op in self.scene.operations if op.cluster == cluster.id}
            for row in (self.rows[i] for i in rows):
                row.above = max(row.above, _title_width(cluster.title) - PAD)

    def _make_room(self, arrow: Arrow) -> None:
        """Keep the lanes so far apart that an arrow's label stands between them, or leave room for it on the right."""
        x, op = self.lanes.boxes[arrow.target].of or "", self.lanes.made[self.lanes.boxes[arrow.source].of or ""]
        row, words = self.rows[self.row[op.id]], self.words(arrow)
        if self.is_straight(x, op):
            row.apart = max(row.apart, self.rects[op.id].h / 2 + words + 18)
        elif self.passes(x, op):
            self.label = max(self.label, words + 14)
        elif x not in self.lanes.side[op.id]:
            row.below = max(row.below, WIRE * (2 + len(self.gradients(op))) + words + 14)

    def near(self, op: Operation) -> float:
        """Give the distance of what stands before an operation's lane from the lane."""
        return CLEAR + WIRE * len(self.lanes.side[op.id])

    def reach(self, op: Operation) -> float:
        """Give that of the gradients behind the backward lane, with room for wires and labels."""
        side = self.gradients(op)
        arrows = [a for a in self.scene.arrows if a.kind == "backward" and self.lanes.boxes[a.target].of in side]
        mine = [self.words(a, 1) for a in arrows if self.lanes.boxes[a.source].of == op.output]
        return WIRE * len(side) + max(mine, default=0.0) + 22

    def _place_stacks(self) -> None:
        for op in self.scene.operations:
            row, first = self.rows[self.row[op.id]], self.x[self.column[op.id]][0]
            x = first + self.wide[self.column[op.id]][0] / 2 - self._stack(op)
            for name, room in self._slots(op):
                a = self.rects[name]
                a.x, a.y = x + (room - a.w) / 2, row.lane - self.near(op) - a.h
                if name in self.lanes.gradient:
                    f = self.rects[self.lanes.gradient[name].id]
                    f.x, f.y = x + (room - f.w) / 2, row.back + self.reach(op)
                x += room + STACK


class PortraitRouter(Router):
    """Finds the ways of arrows in a portrait layout; the farther something is ahead, the nearer to the lane it runs."""

    layout: Portrait

    def from_side(self, x: str, op: Operation) -> tuple[Point, ...]:
        """Reach an operation from an input that stands ahead of it, along its lane."""
        a, b, side = self.rects[x], self.rects[op.id], self.lanes.side[op.id]
        step = min(WIRE, (b.h / 2 - 2) / len(side))
        y = b.cy - step * (side.index(x) + 1)
        return ((a.cx, a.bottom), (a.cx, y), (b.cx - _half(b, b.cy - y), y))

    def from_above(self, op: Operation, y: float) -> tuple[Point, ...]:
        """Reach an operation from a line that passes beside its row."""
        b = self.rects[op.id]
        return ((b.cx, y), (b.cx, b.y))

    def _up(self, x: str, y: float) -> tuple[Point, ...]:
        a = self.rects[x]
        return ((a.cx, a.y), (a.cx, y))

    def _down(self, x: str, y: float) -> tuple[Point, ...]:
        f = self.rects[self.lanes.gradient[x].id]
        return ((f.cx, y), (f.cx, f.bottom))

    def _turn(self, x: str, op: Operation, y: float) -> tuple[Point, ...]:
        first, *others = super()._turn(x, op, y)
        if self.layout.on_lane(x):
            return (first, *others)
        a, (gap, _) = self.rects[x], others[0]
        out = self.layout.rows[self.layout.row[x]].top - 6
        return ((a.cx, a.y), (a.cx, out), (gap, out), *others[1:])

    def _return(self, x: str, op: Operation, y: float) -> tuple[Point, ...]:
        first, *others = super()._return(x, op, y)
        if self.layout.on_lane(x):
            return (first, *others)
        f, (gap, _) = self.rects[self.lanes.gradient[x].id], first
        out = self.layout.rows[self.layout.row[x]].bottom + 6
        return (first, (gap, out), (f.cx, out), (f.cx, f.bottom))

    def offset(self, op: Operation, n: int) -> float:
        """Say how far behind the backward lane the n-th further line runs: behind those to what stands beside it."""
        return WIRE * (n + len(self.layout.gradients(op))) if n else 0.0

    def to_side(self, arrow: Arrow, x: str, op: Operation) -> Route:
        """Reach a gradient that stands behind the backward lane."""
        g, f = self.rects[arrow.source], self.rects[arrow.target]
        y = g.cy + min(WIRE, (g.h / 2 - 4) / (1 + len(self.lanes.side[op.id]))) * (1 + self._rank(x, op))
        points = ((g.x, y), (f.cx, y), (f.cx, f.y))
        return Route(arrow, points, Label(f.cx - 5, y + 8, "start"))

    def _rank(self, x: str, op: Operation) -> int:
        return self.layout.gradients(op).index(x)

    def beside(self, x: float, y: float, below: bool = False) -> Label:
        """Say where the label of a line along a lane stands: before it, and that of a further line behind it."""
        return Label(x - 3, y + (8 if below else -8), "start" if below else "end", 2)

    def along(self, x: float, y: float) -> Label:
        """Say where the label of a line behind a row stands."""
        return Label(x, y + 7, "start", 2)


def _half(ellipse: Rect, off: float) -> float:
    """Give half the length of an ellipse along the lane, at a distance from its middle."""
    return ellipse.w / 2 * sqrt(max(0.0, 1 - (2 * off / ellipse.h) ** 2))


def _title_width(title: str) -> float:
    return width((style.Run(title),), 11, style.SANS) + 18


def turned(rects: Iterable[Rect]) -> None:
    """Turn rectangles, so that what ran along x runs along y."""
    for r in rects:
        r.x, r.y, r.w, r.h = r.y, r.x, r.h, r.w
