"""A layout -> SVG, with nothing but text and paths, so that every viewer shows the same."""

from __future__ import annotations

from html import escape

from minigrad.picture import style
from minigrad.picture.layout.arrange import arrange
from minigrad.picture.layout.lanes import Lanes
from minigrad.picture.layout.measure import HEIGHTS, width
from minigrad.picture.layout.routes import Route, path, shortened
from minigrad.picture.layout.shapes import Rect
from minigrad.picture.legend import legend
from minigrad.picture.marks import paper, rounded, text
from minigrad.picture.scene.parts import Box, Operation, Scene
from minigrad.picture.setting import Setting
from minigrad.picture.style import Run, Typesetter

POINT = 4 / 3  # in pixels


def svg(scene: Scene, prefix: str, setting: Setting) -> str:
    """Draw a scene by our own layout; every id begins with ``prefix``."""
    return _Sheet(scene, prefix, setting).text()


class _Sheet:
    def __init__(self, scene: Scene, prefix: str, setting: Setting) -> None:
        self.scene, self.prefix, self.setting, self.look = scene, prefix, setting, setting.look
        self.type, self.largest = Typesetter(scene, setting.look, setting.words), style.largest(scene)
        most = setting.width and setting.width / POINT
        self.layout = arrange(scene, self.type, setting.values, setting.down, most)
        self.boxes = {box.id: box for box in scene.boxes}
        lanes = Lanes(scene)
        self.on_lane = {box.id for box in scene.boxes if box.kind == "data" and lanes.on_lane(box.id)}
        self.parts: list[str] = []

    def text(self) -> str:
        layout = self.layout
        said, wide, tall = legend(any(box.of for box in self.scene.boxes), self.setting, max(layout.width - 30, 330))
        total = max(layout.width, wide + 30)
        high = layout.height + tall + 16
        titles = {cluster.id: cluster.title for cluster in self.scene.clusters}
        for name, rect in layout.frames.items():
            self._frame(name, titles[name], rect)
        for route in layout.routes:
            self._line(route)
        for box in self.scene.boxes:
            self._box(box)
        for op in self.scene.operations:
            self._operation(op)
        for route in layout.routes:
            self._label(route)
        shift = (total - layout.width) / 2
        below = f'<g transform="translate({(total - wide) / 2:.1f},{layout.height + 6:.1f})">{said}</g>'
        size = min(POINT, (self.setting.width or total * POINT) / total)
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{total * size:.0f}" height="{high * size:.0f}" '
            f'viewBox="0 0 {total:.1f} {high:.1f}" role="img" aria-label="{self.setting.words["picture"]}">'
            f"{'' if self.setting.transparent else paper(self.look)}"
            f'<g transform="translate({shift:.1f},0)">\n{chr(10).join(self.parts)}\n</g>{below}</svg>\n'
        )

    def _frame(self, name: str, title: str, rect: Rect) -> None:
        self.parts.append(
            f'<g id="{self.prefix}{name}" class="cluster"><title>{escape(title)}</title>'
            f"{rounded(rect, 10, self.look.frame, self.look.ground)}"
            f"{text((Run(title),), rect.x + 8, rect.y + 15, 11, style.SANS, self.look.title)}</g>"
        )

    def _box(self, box: Box) -> None:
        rect, lines = self.layout.rects[box.id], self.layout.lines[box.id]
        border = 2.0 if box.kind == "loss" else 1.0
        parts = [rounded(rect, 8, self.look.lines[box.kind], self.look.tints[box.kind], border)]
        y = rect.y
        for i, line in enumerate(lines):
            y += HEIGHTS[line.size]
            if line.size == 14:
                *symbol, shape = line.runs
                parts.append(text(symbol, rect.x + 5, y - 5, 14, line.font, self.look.ink))
                at = rect.x + 5 + width(symbol, 14) + 1
                parts.append(text((shape,), at, y - 5, 8, style.SANS, self.look.ink))
                if len(lines) > 1:
                    parts.append(
                        f'<path d="M{rect.x:.1f},{y + 1:.1f}h{rect.w:.1f}" stroke="{self.look.lines[box.kind]}" '
                        f'stroke-width=".8"/>'
                    )
                    y += 2
            else:
                drop = 4 if line.font == style.SERIF else 1
                base = y - drop + (i > 0)
                parts.append(text(line.runs, rect.x + 5, base, line.size, line.font, self.look.ink))
        self.parts.append(
            f'<g id="{self.prefix}{box.id}" class="node {box.kind}"><title>{escape(self.type.tooltip(box))}</title>'
            f"{''.join(parts)}</g>"
        )

    def _operation(self, op: Operation) -> None:
        rect = self.layout.rects[op.id]
        size = 13 if len(op.label) <= 2 else 9
        sign = text(
            (Run(op.label),), rect.cx, rect.cy + size * 0.33, size, style.SERIF, self.look.on_operation, "middle"
        )
        self.parts.append(
            f'<g id="{self.prefix}{op.id}" class="node operation"><title>{escape(op.op.replace("_", " "))}</title>'
            f'<ellipse cx="{rect.cx:.1f}" cy="{rect.cy:.1f}" rx="{rect.w / 2:.1f}" ry="{rect.h / 2:.1f}" '
            f'fill="{self.look.operation}"/>{sign}</g>'
        )

    def _line(self, route: Route) -> None:
        arrow = route.arrow
        if arrow.kind == "same":
            dashes, color, pen = ' stroke-dasharray="1 4"', self.look.pale, 1.4
        elif arrow.kind == "backward":
            pen = style.pen(arrow.magnitude, self.largest)
            dashes, color = f' stroke-dasharray="{4 + pen:.1f} {2 + pen:.1f}"', self.look.lines["gradient"]
        else:
            source = self.boxes.get(arrow.source)
            kind = source.kind if source and source.kind in ("data", "parameter") else "value"
            if source and source.id in self.on_lane:
                kind = "value"
            dashes, color, pen = "", self.look.lines[kind], 1.6
        points, head = route.points, ""
        if route.head:
            reach = 6 + 1.2 * pen
            points, (x, y), dx, dy = shortened(points, reach - 1)
            wide = 2.2 + 0.9 * pen
            ax, ay = x - dx * reach, y - dy * reach
            head = (
                f'<polygon points="{x:.1f},{y:.1f} {ax - dy * wide:.1f},{ay + dx * wide:.1f} '
                f'{ax + dy * wide:.1f},{ay - dx * wide:.1f}" fill="{color}"/>'
            )
        self.parts.append(
            f'<g id="{self.prefix}{arrow.id}" class="edge {arrow.kind}"><title>{escape(self._said(route))}</title>'
            f'<path d="{path(points)}" fill="none" stroke="{color}" stroke-width="{pen:g}"{dashes}/>{head}</g>'
        )

    def _label(self, route: Route) -> None:
        if route.label is not None:
            runs = self.type.label(route.arrow.upstream, route.arrow.local, route.arrow.left)
            at = route.label
            parts = style.in_two_lines(runs) if at.lines == 2 else (runs,)
            for i, part in enumerate(parts):
                y = at.y + 14 * (i - (len(parts) - 1) / 2) + 4 * (len(parts) - 1)
                self.parts.append(text(part, at.x, y, 11, style.SERIF, self.look.ink, at.anchor, self.look.paper))

    def _said(self, route: Route) -> str:
        kind = "same" if route.arrow.kind == "same" else "forward"
        return route.arrow.label or self.setting.words[kind]
