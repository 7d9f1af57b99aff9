"""A layout -> SVG, with nothing but text and paths, so that every viewer shows the same."""

from __future__ import annotations

from html import escape

from minigrad.picture import style
from minigrad.picture.layout.layered import Layout, Rect
from minigrad.picture.layout.measure import HEIGHTS, width
from minigrad.picture.layout.routes import Route, Router, path, shortened
from minigrad.picture.look import LIGHT, Look
from minigrad.picture.scene.parts import Box, Operation, Scene
from minigrad.picture.style import Run, Typesetter

POINT = 4 / 3  # in pixels
_LEGEND_HEIGHT = 40.0


def svg(scene: Scene, prefix: str, values: bool, look: Look = LIGHT, transparent: bool = False) -> str:
    """Draw a scene by our own layout; every id begins with ``prefix``."""
    return _Sheet(scene, prefix, values, look).text(transparent)


class _Sheet:
    def __init__(self, scene: Scene, prefix: str, values: bool, look: Look) -> None:
        self.scene, self.prefix, self.look = scene, prefix, look
        self.type, self.largest = Typesetter(scene, look), style.largest(scene)
        self.layout = Layout(scene, self.type, values)
        self.boxes = {box.id: box for box in scene.boxes}
        self.parts: list[str] = []

    def text(self, transparent: bool) -> str:
        layout = self.layout
        legend = _legend(any(box.of for box in self.scene.boxes), self.look)
        total = max(layout.width, legend[1] + 40)
        high = layout.height + _LEGEND_HEIGHT
        titles = {cluster.id: cluster.title for cluster in self.scene.clusters}
        for name, rect in layout.frames().items():
            self._frame(name, titles[name], rect)
        routes = Router(layout).routes()
        for route in routes:
            self._line(route)
        for box in self.scene.boxes:
            self._box(box)
        for op in self.scene.operations:
            self._operation(op)
        for route in routes:
            self._label(route)
        shift = (total - layout.width) / 2
        legend_at = f'<g transform="translate({(total - legend[1]) / 2:.1f},{layout.height + 8:.1f})">{legend[0]}</g>'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{total * POINT:.0f}" height="{high * POINT:.0f}" '
            f'viewBox="0 0 {total:.1f} {high:.1f}" role="img" aria-label="The backward graph of a loss">'
            f"{'' if transparent else _paper(self.look)}"
            f'<g transform="translate({shift:.1f},0)">\n{chr(10).join(self.parts)}\n</g>{legend_at}</svg>\n'
        )

    def _frame(self, name: str, title: str, rect: Rect) -> None:
        self.parts.append(
            f'<g id="{self.prefix}{name}" class="cluster"><title>{escape(title)}</title>'
            f"{_rounded(rect, 10, self.look.frame, self.look.ground)}"
            f"{_text((Run(title),), rect.x + 8, rect.y + 15, 11, style.SANS, self.look.title)}</g>"
        )

    def _box(self, box: Box) -> None:
        rect, lines = self.layout.rects[box.id], self.layout.lines[box.id]
        border = 2.0 if box.kind == "loss" else 1.0
        parts = [_rounded(rect, 8, self.look.lines[box.kind], self.look.tints[box.kind], border)]
        y = rect.y
        for i, line in enumerate(lines):
            y += HEIGHTS[line.size]
            if line.size == 14:
                *symbol, shape = line.runs
                parts.append(_text(symbol, rect.x + 5, y - 5, 14, line.font, self.look.ink))
                at = rect.x + 5 + width(symbol, 14) + 1
                parts.append(_text((shape,), at, y - 5, 8, style.SANS, self.look.ink))
                if len(lines) > 1:
                    parts.append(
                        f'<path d="M{rect.x:.1f},{y + 1:.1f}h{rect.w:.1f}" stroke="{self.look.lines[box.kind]}" '
                        f'stroke-width=".8"/>'
                    )
                    y += 2
            else:
                drop = 4 if line.font == style.SERIF else 1
                base = y - drop + (i > 0)
                parts.append(_text(line.runs, rect.x + 5, base, line.size, line.font, self.look.ink))
        self.parts.append(
            f'<g id="{self.prefix}{box.id}" class="node {box.kind}"><title>{escape(style.tooltip(box))}</title>'
            f"{''.join(parts)}</g>"
        )

    def _operation(self, op: Operation) -> None:
        rect = self.layout.rects[op.id]
        size = 13 if len(op.label) <= 2 else 9
        sign = _text(
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
            if source and source.kind == "data" and self.layout.on_lane(source.id):
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
            f'<g id="{self.prefix}{arrow.id}" class="edge {arrow.kind}"><title>{escape(_said(route))}</title>'
            f'<path d="{path(points)}" fill="none" stroke="{color}" stroke-width="{pen:g}"{dashes}/>{head}</g>'
        )

    def _label(self, route: Route) -> None:
        if route.label is not None:
            runs = self.type.label(route.arrow.upstream, route.arrow.local, route.arrow.left)
            halo = self.look.paper
            self.parts.append(_text(runs, *route.label, 11, style.SERIF, self.look.ink, "middle", halo))


def _said(route: Route) -> str:
    kinds = {"forward": "forward", "same": "the same tensor"}
    return route.arrow.label or kinds.get(route.arrow.kind, "backward")


def _paper(look: Look) -> str:
    return f'<rect width="100%" height="100%" fill="{look.paper}"/>'


def _rounded(rect: Rect, radius: float, line: str, tint: str, border: float = 1.0) -> str:
    return (
        f'<rect x="{rect.x:.1f}" y="{rect.y:.1f}" width="{rect.w:.1f}" height="{rect.h:.1f}" rx="{radius:g}" '
        f'fill="{tint}" stroke="{line}" stroke-width="{border:g}"/>'
    )


def _text(
    runs: tuple[Run, ...] | list[Run], x: float, y: float, size: float, font: str, color: str, anchor: str = "start",
    halo: str = "",
) -> str:  # fmt: skip
    """Write a line of text; spaces are no-break ones, which no viewer drops."""
    spans = []
    for run in runs:
        look = ' font-weight="bold"' * run.bold + ' font-style="italic"' * run.italic
        look += f' fill="{run.color}"' if run.color else ""
        letters = escape(run.text).replace(" ", "\u00a0")
        spans.append(f"<tspan{look}>{letters}</tspan>" if look else letters)
    place = f' text-anchor="{anchor}"' if anchor != "start" else ""
    under = f' paint-order="stroke" stroke="{halo}" stroke-width="3" stroke-opacity=".8"' if halo else ""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-family="{font}" font-size="{size:g}" fill="{color}"{place}{under}>'
        f"{''.join(spans)}</text>"
    )


def _legend(backward: bool, look: Look) -> tuple[str, float]:
    """Give the legend, its upper left corner at 0, and its width."""
    parts, x = [], 0.0
    size = 11

    def say(*runs: Run) -> None:
        nonlocal x
        parts.append(_text(runs, x, 14, size, style.SANS, look.ink))
        x += width(runs, size, style.SANS) + 18

    for kind, name in style.LEGEND.items():
        if backward or kind != "gradient":
            parts.append(_rounded(Rect(x, 2, 20, 16), 3, look.lines[kind], look.tints[kind]))
            x += 26
            say(Run(name))
    blue, orange = look.lines["value"], look.lines["gradient"]
    parts.append(f'<path d="M{x:.1f},10h16" stroke="{blue}" stroke-width="1.6"/>')
    parts.append(f'<polygon points="{x + 24:.1f},10 {x + 15:.1f},6 {x + 15:.1f},14" fill="{blue}"/>')
    x += 30
    say(Run("forward"))
    if backward:
        parts.append(
            f'<path d="M{x + 8:.1f},10h22" stroke="{orange}" stroke-width="1.6" stroke-dasharray="5 3"/>'
            f'<polygon points="{x:.1f},10 {x + 9:.1f},6 {x + 9:.1f},14" fill="{orange}"/>'
        )
        x += 36
        say(Run("backward: "), Run("upstream δ", True, color=look.upstream), Run(" × "),
            Run("local derivative", color=look.local), Run("; width ∝ max|∂E|"))  # fmt: skip
        parts.append(f'<path d="M{x:.1f},10h18" stroke="{look.pale}" stroke-width="1.4" stroke-dasharray="1 4"/>')
        x += 24
        say(Run("same tensor"))
    return "".join(parts), x - 18
