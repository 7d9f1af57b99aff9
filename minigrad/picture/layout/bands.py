"""A long picture, cut between its layers into bands that stand one below the other, as the lines of a text do."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

from minigrad.picture.layout.routes import Label, Point, Route
from minigrad.picture.layout.shapes import Rect

MARGIN, TRACK, GUTTER = 12.0, 10.0, 26.0  # beside a band, between the wires there, between two bands
NARROWEST = 150.0  # of a band
LETTER = 6.2  # the width of a letter of a label


@dataclass(frozen=True)
class Band:
    """A stretch of the long picture, from ``start`` to ``end``, and by how much it is moved."""

    start: float
    end: float
    dx: float = 0.0
    dy: float = 0.0


@dataclass(frozen=True)
class Bands:
    """Where a long picture is cut, at ``cuts``; the heights of the wires that run over each cut are ``crossing``."""

    bands: Sequence[Band]
    crossing: Sequence[Sequence[float]]
    gutters: Sequence[float]  # the upper edge of the room below each band
    width: float
    height: float

    def find(self, x: float) -> Band:
        """Give the band that a place of the long picture is in."""
        return next((band for band in self.bands if x < band.end), self.bands[-1])

    def move(self, rects: Iterable[Rect]) -> None:
        """Move rectangles to their bands."""
        for r in rects:
            band = self.find(r.cx)
            r.x, r.y = r.x + band.dx, r.y + band.dy

    def lead(self, route: Route) -> Route:
        """Give a line whose way over each cut leads down behind the band, back below it, and down again."""
        points = [self._moved(route.points[0])]
        for (ax, ay), (bx, by) in pairwise(route.points):
            over = [i for i, band in enumerate(self.bands[:-1]) if min(ax, bx) < band.end <= max(ax, bx)]
            for i in over if ax < bx else reversed(over):
                way = self._connect(i, ay)
                points += way if ax < bx else reversed(way)
            points.append(self._moved((bx, by)))
        return replace(route, points=tuple(points), label=route.label and self._moved_label(route.label))

    def _connect(self, i: int, y: float) -> list[Point]:
        """Give the corners of the way from band i to the next, for a wire at a height; those further up go outside."""
        above, below = self.bands[i], self.bands[i + 1]
        inner = sum(other > y for other in self.crossing[i])
        outer = len(self.crossing[i]) - 1 - inner
        right = above.end + above.dx + MARGIN / 2 + TRACK * inner
        left = below.start + below.dx - MARGIN / 2 - TRACK * outer
        gutter = self.gutters[i] + GUTTER / 2 + TRACK * inner
        return [(right, y + above.dy), (right, gutter), (left, gutter), (left, y + below.dy)]

    def _moved(self, point: Point) -> Point:
        band = self.find(point[0])
        return point[0] + band.dx, point[1] + band.dy

    def _moved_label(self, label: Label) -> Label:
        x, y = self._moved((label.x, label.y))
        return replace(label, x=x, y=y)


def cut_in_bands(
    boxes: Sequence[Rect], routes: Sequence[Route], words: Sequence[str], width: float, most: float
) -> Bands | None:
    """Cut where no box, frame or label stands, so that no band is wider than ``most``; None where that does nothing.

    ``words`` are the labels of the routes. The bands are as few as can be, and as alike as these can be; none holds
    less than an operation.
    """
    places = [(r.x, r.right) for r in boxes]
    places += [_extent(route.label, text) for route, text in zip(routes, words, strict=True) if route.label]
    gaps = [gap for gap in _free(places) if NARROWEST < gap < width - NARROWEST]
    if width <= most or not gaps:
        return None
    limits = sorted({b - a for a in (0.0, *gaps) for b in (*gaps, width) if b > a})
    least = len(_fill(gaps, width, most))
    cuts = next(cuts for cuts in (_fill(gaps, width, limit) for limit in (*limits, most)) if len(cuts) <= least)
    return _stack([0.0, *cuts, width], boxes, routes) if cuts else None


def _extent(label: Label, text: str) -> tuple[float, float]:
    long = LETTER * len(text) / label.lines
    start = label.x - {"start": 0.0, "middle": long / 2, "end": long}[label.anchor]
    return start, start + long


def _free(places: Iterable[tuple[float, float]]) -> list[float]:
    """Give the middles of the stretches where nothing stands, from left to right."""
    found, reached = [], None
    for start, end in sorted(places):
        if reached is not None and start - reached > 8:
            found.append((start + reached) / 2)
        reached = end if reached is None else max(reached, end)
    return found


def _fill(gaps: Sequence[float], width: float, most: float) -> list[float]:
    """Choose the cuts by which each band holds as much as it can; one that holds too much alone stays whole."""
    cuts, start = [], 0.0
    for gap, following in zip(gaps, (*gaps[1:], width), strict=True):
        if following - start > most:
            cuts.append(gap)
            start = gap
    return cuts


def _stack(edges: Sequence[float], boxes: Sequence[Rect], routes: Sequence[Route]) -> Bands:
    """Stand the bands one below the other, with room for the wires between them."""
    crossing = [_crossing(cut, routes) for cut in edges[1:-1]]
    left = max((MARGIN + TRACK * len(wires) for wires in crossing), default=0.0)
    bands, gutters, y = [], [], 0.0
    for i, (start, end) in enumerate(pairwise(edges)):
        top, bottom = _heights(start, end, boxes, routes)
        bands.append(Band(start, end, left - start, y - top))
        y += bottom - top
        gutters.append(y)
        y += GUTTER + TRACK * (len(crossing[i]) - 1) if i < len(crossing) else 0.0
    right = [MARGIN + TRACK * len(wires) for wires in crossing] + [0.0]
    width = max(band.end + band.dx + room for band, room in zip(bands, right, strict=True))
    return Bands(bands, crossing, gutters, width, y)


def _crossing(cut: float, routes: Sequence[Route]) -> list[float]:
    segments = [pair for route in routes for pair in pairwise(route.points)]
    return [ay for (ax, ay), (bx, _) in segments if min(ax, bx) < cut <= max(ax, bx)]


def _heights(start: float, end: float, boxes: Sequence[Rect], routes: Sequence[Route]) -> tuple[float, float]:
    """Give the upper and the lower edge of what is in a band."""
    ys = [y for r in boxes if start <= r.cx < end for y in (r.y, r.bottom)]
    for route in routes:
        for (ax, ay), (bx, by) in pairwise(route.points):
            if max(ax, bx) >= start and min(ax, bx) < end:
                ys += [ay, by]
        if route.label and start <= route.label.x < end:
            ys += [route.label.y - 12, route.label.y + 6]
    return min(ys) - MARGIN, max(ys) + MARGIN
