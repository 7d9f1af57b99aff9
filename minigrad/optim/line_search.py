"""How far to go along a direction: the strong conditions of Wolfe (Nocedal & Wright 2006, algorithms 3.5 and 3.6)."""

from __future__ import annotations

from collections.abc import Callable
from math import inf, isfinite, sqrt

Point = tuple[float, float, float]  # α, E there, and the slope of E along the direction


class LineSearch:
    """A search for α > 0 where E has fallen enough, E(α) ≤ E(0) + c₁ α E′(0), and is flat enough, |E′(α)| ≤ c₂ |E′(0)|.

    ``look(α)`` gives E and its slope there; ``most`` is how often it may be asked. Where E is not finite, α is too far.
    """

    def __init__(
        self, look: Callable[[float], tuple[float, float]], start: Point, c1: float, c2: float, most: int
    ) -> None:
        self.look, self.start, self.c1, self.c2, self.most = look, start, c1, c2, most

    def find(self, alpha: float) -> Point:
        """Give the point that was found, trying α first; where none was, the lowest, which may be the start."""
        before = best = self.start
        for _ in range(self.most):
            now = self._see(alpha)
            best = min(best, now, key=lambda point: point[1])
            if self._is_high(now) or (before is not self.start and now[1] >= before[1]):
                return self._zoom(before, now, best)
            if self._is_flat(now):
                return now
            if now[2] >= 0:
                return self._zoom(now, before, best)
            before, alpha = now, 2 * alpha
        return best

    def _zoom(self, low: Point, high: Point, best: Point) -> Point:
        """Look between a point that is low and one beyond which E rises, ever closer."""
        while self.most > 0 and abs(high[0] - low[0]) > 1e-12 * (1 + low[0]):
            now = self._see(_between(low, high))
            best = min(best, now, key=lambda point: point[1])
            if self._is_high(now) or now[1] >= low[1]:
                high = now
            elif self._is_flat(now):
                return now
            else:
                high = low if now[2] * (high[0] - low[0]) >= 0 else high
                low = now
        return best

    def _see(self, alpha: float) -> Point:
        self.most -= 1
        value, slope = self.look(alpha)
        return (alpha, value, slope) if isfinite(value) and isfinite(slope) else (alpha, inf, inf)

    def _is_high(self, point: Point) -> bool:
        return not point[1] <= self.start[1] + self.c1 * point[0] * self.start[2]

    def _is_flat(self, point: Point) -> bool:
        return abs(point[2]) <= -self.c2 * self.start[2]


def _between(a: Point, b: Point) -> float:
    """Give where the cubic through two points with their slopes is lowest, if that is well between them, or their mean.

    (Nocedal & Wright 2006, eq. 3.59)
    """
    middle = (a[0] + b[0]) / 2
    if not isfinite(b[1]):
        return middle
    d1 = a[2] + b[2] - 3 * (a[1] - b[1]) / (a[0] - b[0])
    inside = d1 * d1 - a[2] * b[2]
    if inside < 0:
        return middle
    d2 = sqrt(inside) * (1 if b[0] > a[0] else -1)
    bottom = b[2] - a[2] + 2 * d2
    if not bottom:
        return middle
    found = b[0] - (b[0] - a[0]) * (b[2] + d2 - d1) / bottom
    return found if abs(found - middle) < 0.4 * abs(b[0] - a[0]) else middle
