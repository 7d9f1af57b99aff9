"""A scene -> the places of all that is in it, whichever way its lanes run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from minigrad.picture.layout.bands import cut_in_bands
from minigrad.picture.layout.layered import Layout
from minigrad.picture.layout.portrait import Portrait, PortraitRouter, turned
from minigrad.picture.layout.routes import Label, Route, Router
from minigrad.picture.layout.shapes import Rect
from minigrad.picture.scene.parts import Scene
from minigrad.picture.style import Line, Typesetter

SMALLEST = 0.8  # of its size is a picture that is too wide, before it is cut once more


@dataclass(frozen=True, eq=False)
class Arrangement:
    """Where everything stands: boxes and operations (``rects``), frames, and the lines of the arrows."""

    lines: Mapping[str, list[Line]]
    rects: dict[str, Rect]
    frames: dict[str, Rect]
    routes: list[Route]
    width: float
    height: float


def arrange(
    scene: Scene, typesetter: Typesetter, values: bool, down: bool = False, most: float | None = None
) -> Arrangement:
    """Find places for a scene, its lanes running ``down``, or to the right in bands no wider than ``most``."""
    if not down:
        layout = Layout(scene, typesetter, values)
        routes, frames = Router(layout).routes(), layout.frames()
        long = Arrangement(layout.lines, layout.rects, frames, routes, layout.width, layout.height)
        return long if most is None else _in_bands(long, most)
    portrait = Portrait(scene, typesetter, values)
    routes, frames = PortraitRouter(portrait).routes(), portrait.frames()
    turned(portrait.rects.values())
    turned(frames.values())
    return Arrangement(
        portrait.lines, portrait.rects, frames, list(map(_turned, routes)), portrait.height, portrait.width
    )


def _in_bands(long: Arrangement, most: float) -> Arrangement:
    """Cut a long picture into bands that stand one below the other, if it is wider than ``most`` and can be cut."""
    boxes = [*long.rects.values(), *long.frames.values()]
    labels = [route.arrow.label for route in long.routes]
    bands = cut_in_bands(boxes, long.routes, labels, long.width, most / SMALLEST)
    if bands is None:
        return long
    routes = list(map(bands.lead, long.routes))
    bands.move(boxes)
    return replace(long, routes=routes, width=bands.width, height=bands.height)


def _turned(route: Route) -> Route:
    label = route.label and Label(route.label.y, route.label.x, route.label.anchor, route.label.lines)
    return replace(route, points=tuple((y, x) for x, y in route.points), label=label)
