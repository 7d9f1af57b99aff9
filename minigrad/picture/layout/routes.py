"""The lines of our own layout: corners where they run, and where their labels go."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import sqrt
from typing import Literal

from minigrad.picture.layout.layered import NEAR, PAD, TRACK, Layout
from minigrad.picture.layout.shapes import Rect
from minigrad.picture.scene.parts import Arrow, Operation

Point = tuple[float, float]


@dataclass(frozen=True)
class Label:
    """Where the words of an arrow stand: the point of the baseline that the ``anchor`` names, and in how many lines."""

    x: float
    y: float
    anchor: Literal["start", "middle", "end"] = "middle"
    lines: Literal[1, 2] = 1


@dataclass(frozen=True)
class Route:
    """A line of an arrow, from its source to its target, and its label's place."""

    arrow: Arrow
    points: tuple[Point, ...]
    label: Label | None = None
    head: bool = True


class Router:
    """Finds a way for every arrow of a scene through the gaps that its layout left."""

    def __init__(self, layout: Layout) -> None:
        self.layout, self.lanes, self.rects = layout, layout.lanes, layout.rects
        self._wires: dict[int, int] = {}  # how many lines climb in the gap before a depth so far
        self._turned: dict[tuple[str, str], float] = {}
        self._extra: dict[str, int] = {}  # of an operation: lines that reach it beside the lane's so far

    def routes(self) -> list[Route]:
        """Give the ways of all arrows, those of the backward pass mirrored."""
        scene, found = self.layout.scene, []
        operations = {op.id: op for op in scene.operations}
        for arrow in scene.arrows:
            if arrow.kind == "same":
                found += self._same(arrow)
            elif arrow.kind == "backward":
                op = self.lanes.made[self.lanes.boxes[arrow.source].of or ""]
                found.append(self._backward(arrow, self.lanes.boxes[arrow.target].of or "", op))
            elif arrow.source in operations:
                a, b = self.rects[arrow.source], self.rects[arrow.target]
                found.append(Route(arrow, ((a.right, a.cy), (b.x, b.cy))))
            else:
                found.append(self._forward(arrow, arrow.source, operations[arrow.target]))
        return found

    def _same(self, arrow: Arrow) -> list[Route]:
        if not self.layout.on_lane(arrow.source):
            return []
        a, b = self.rects[arrow.source], self.rects[arrow.target]
        return [Route(arrow, ((a.cx, a.bottom), (b.cx, b.y)), head=False)]

    def _forward(self, arrow: Arrow, x: str, op: Operation) -> Route:
        layout, a, b = self.layout, self.rects[x], self.rects[op.id]
        if layout.is_straight(x, op):
            return Route(arrow, ((a.right, a.cy), (b.x, b.cy)))
        side = self.lanes.side[op.id]
        if x in side:
            return Route(arrow, self.from_side(x, op))
        if layout.passes(x, op):
            row = layout.rows[layout.row[op.id]]
            y = row.top - layout.over - TRACK * layout.level[x, op.id]
            start = self._up(x, y) if layout.row[x] == layout.row[op.id] else self._turn(x, op, y)
            return Route(arrow, (*start, *self.from_above(op, y)))
        straight = layout.is_straight(self.lanes.main[op.id], op)
        n = self._extra[op.id] = self._extra.get(op.id, 0) + straight
        dy = (-1) ** n * 4.0 * ((n + 1) // 2) * 1.5
        end = b.cx - b.w / 2 * sqrt(max(0.0, 1 - (2 * dy / b.h) ** 2))
        return Route(arrow, (*self._turn(x, op, b.cy + dy), (end, b.cy + dy)))

    def from_side(self, x: str, op: Operation) -> tuple[Point, ...]:
        """Reach an operation from an input that stands beside its lane."""
        a, b, side = self.rects[x], self.rects[op.id], self.lanes.side[op.id]
        off = 12.0 * (side.index(x) - (len(side) - 1) / 2)
        return ((a.right, a.cy), (b.cx + off, a.cy), (b.cx + off, edge(b, off)))

    def from_above(self, op: Operation, y: float) -> tuple[Point, ...]:
        """Reach an operation from a line that passes above its row."""
        b, off = self.rects[op.id], 6.0 * len(self.lanes.side[op.id])
        return ((b.cx + off, y), (b.cx + off, edge(b, off)))

    def _up(self, x: str, y: float) -> tuple[Point, ...]:
        """Leave a box upwards, or one that stands in a stack to its right and then upwards."""
        a = self.rects[x]
        if self.layout.on_lane(x):
            return ((a.cx, a.y), (a.cx, y))
        beyond = self._stack_edge(x)
        return ((a.right, a.cy), (beyond, a.cy), (beyond, y))

    def _stack_edge(self, x: str) -> float:
        stack = self.lanes.side[self.lanes.home[x].id]
        gradients = [self.lanes.gradient[name].id for name in stack if name in self.lanes.gradient]
        return max(self.rects[name].right for name in (*stack, *gradients)) + NEAR / 2

    def _turn(self, x: str, op: Operation, y: float) -> tuple[Point, ...]:
        """Leave a box along its lane, and change rows in a gap."""
        a, depth = self.rects[x], self.layout.turn(x, op)
        n = self._wires[depth] = self._wires.get(depth, 0) + 1
        gap = self.layout.gaps[depth] - TRACK * (n - 0.5)
        self._turned[x, op.id] = gap
        return ((a.right if self.layout.on_lane(x) else a.x, a.cy), (gap, a.cy), (gap, y))

    def _backward(self, arrow: Arrow, x: str, op: Operation) -> Route:
        layout = self.layout
        g, f = self.rects[arrow.source], self.rects[arrow.target]  # of the result, and of the operand
        middle = layout.x[layout.column[op.id]][1]
        if layout.is_straight(x, op):
            return Route(arrow, ((g.x, g.cy), (f.right, f.cy)), self.beside(middle, g.cy))
        if x in self.lanes.side[op.id]:
            return self.to_side(arrow, x, op)
        row = layout.rows[layout.row[op.id]]
        if layout.passes(x, op):
            y = row.bottom + PAD + layout.label * (layout.level[x, op.id] + 1)
            label = self.along((max(f.cx, layout.gaps[layout.column[x] + 1]) + g.cx) / 2, y)
            end = self._down(x, y) if layout.row[x] == layout.row[op.id] else self._return(x, op, y)
            return Route(arrow, ((g.cx, g.bottom), (g.cx, y), *end), label)
        straight = layout.is_straight(self.lanes.main[op.id], op) and self.lanes.main[op.id] in self.lanes.gradient
        key = f"back {op.id}"
        n = self._extra[key] = self._extra.get(key, -1) + 1
        dy = self.offset(op, n + straight)
        end = self._return(x, op, g.cy + dy)
        return Route(arrow, ((g.x, g.cy + dy), *end), self.beside(middle, g.cy + dy, below=dy > 0))

    def offset(self, op: Operation, n: int) -> float:
        """Say how far below the backward lane the n-th further line from an operation runs."""
        return 12.0 * n

    def to_side(self, arrow: Arrow, x: str, op: Operation) -> Route:
        """Reach a gradient that stands beside its lane."""
        g, f = self.rects[arrow.source], self.rects[arrow.target]
        side = [name for name in self.lanes.side[op.id] if name in self.lanes.gradient]
        label = self.beside(self.layout.x[self.layout.column[op.id]][1], f.cy)
        if f.cy < g.bottom + 10:
            return Route(arrow, ((g.x, min(f.cy, g.bottom - 6)), (f.right, min(f.cy, g.bottom - 6))), label)
        down = g.x + 12 + 12 * side.index(x)
        return Route(arrow, ((down, g.bottom), (down, f.cy), (f.right, f.cy)), label)

    def beside(self, x: float, y: float, below: bool = False) -> Label:
        """Say where the label of a line along a lane stands."""
        return Label(x, y + (12 if below else -6))

    def along(self, x: float, y: float) -> Label:
        """Say where the label of a line below a row stands."""
        return Label(x, y - 5)

    def _down(self, x: str, y: float) -> tuple[Point, ...]:
        """Reach a gradient from below, or one that stands in a stack from its right."""
        f = self.rects[self.lanes.gradient[x].id]
        if self.layout.on_lane(x):
            return ((f.cx, y), (f.cx, f.bottom))
        beyond = self._stack_edge(x)
        return ((beyond, y), (beyond, f.cy), (f.right, f.cy))

    def _return(self, x: str, op: Operation, y: float) -> tuple[Point, ...]:
        """Change rows where the way forward did, beside it, and reach a gradient along its lane."""
        f = self.rects[self.lanes.gradient[x].id]
        depth = self.layout.turn(x, op)
        n = self._wires[depth] = self._wires.get(depth, 0) + 1
        gap = self.layout.gaps[depth] - TRACK * (n - 0.5)
        if not self.layout.on_lane(x):
            return ((gap, y), (gap, f.cy), (f.x, f.cy))
        shift = 9.0 if self.lanes.next.get(x) is not None else 0.0
        return ((gap, y), (gap, f.cy + shift), (f.right, f.cy + shift))


def edge(ellipse: Rect, off: float) -> float:
    """Give the upper edge of an ellipse at a distance from its middle."""
    return ellipse.cy - ellipse.h / 2 * sqrt(max(0.0, 1 - (2 * off / ellipse.w) ** 2))


def path(points: tuple[Point, ...], radius: float = 9.0) -> str:
    """Write a line with rounded corners in SVG's path language."""
    parts = [f"M{points[0][0]:.1f},{points[0][1]:.1f}"]
    for i in range(1, len(points) - 1):
        (ax, ay), (bx, by), (cx, cy) = points[i - 1 : i + 2]
        before, after = abs(bx - ax) + abs(by - ay), abs(cx - bx) + abs(cy - by)
        r = min(radius, before / 2, after / 2)
        if r < 0.1:
            continue
        px, py = bx + (ax - bx) * r / before, by + (ay - by) * r / before
        qx, qy = bx + (cx - bx) * r / after, by + (cy - by) * r / after
        parts.append(f"L{px:.1f},{py:.1f}Q{bx:.1f},{by:.1f} {qx:.1f},{qy:.1f}")
    parts.append(f"L{points[-1][0]:.1f},{points[-1][1]:.1f}")
    return "".join(parts)


def shortened(points: tuple[Point, ...], by: float) -> tuple[tuple[Point, ...], Point, float, float]:
    """Take a bit off a line's end for an arrow's head; give the tip and the direction it points to."""
    moved = [(a, b) for a, b in pairwise(points) if abs(a[0] - b[0]) + abs(a[1] - b[1]) > 0.1]
    if not moved:
        return points, points[-1], 1.0, 0.0
    (ax, ay), (bx, by_) = moved[-1]
    length = sqrt((bx - ax) ** 2 + (by_ - ay) ** 2)
    dx, dy = (bx - ax) / length, (by_ - ay) / length
    return (*points[:-1], (bx - dx * by, by_ - dy * by)), (bx, by_), dx, dy
