"""Rectangles, rows of them, and the lines between: what every layout of ours is put together from."""

from __future__ import annotations

from dataclasses import dataclass, field

BETWEEN = 30.0  # between the two lanes of a row


@dataclass
class Rect:
    """A rectangle; x and y are those of its top left corner."""

    x: float
    y: float
    w: float
    h: float

    @property
    def right(self) -> float:
        """The right edge."""
        return self.x + self.w

    @property
    def bottom(self) -> float:
        """The lower edge."""
        return self.y + self.h

    @property
    def cx(self) -> float:
        """The middle, from left to right."""
        return self.x + self.w / 2

    @property
    def cy(self) -> float:
        """The middle, from top to bottom."""
        return self.y + self.h / 2


@dataclass
class Row:
    """A lane of values and, below it, that of their gradients, with what stands above and below."""

    top: float = 0.0  # of the boxes
    above: float = 0.0  # from there to the forward lane's middle
    forward: float = 0.0  # half the height of the forward lane's boxes
    backward: float = 0.0
    apart: float = 0.0  # between the middles of the two lanes at least
    below: float = 0.0  # from the backward lane's middle to the lowest edge
    over: list[list[tuple[int, int]]] = field(default_factory=list)  # the lines that pass above, level by level
    under: list[list[tuple[int, int]]] = field(default_factory=list)

    @property
    def lane(self) -> float:
        """The middle of the forward lane."""
        return self.top + self.above

    @property
    def back(self) -> float:
        """The middle of the backward lane."""
        return self.lane + max(self.apart, self.forward + (BETWEEN + self.backward if self.backward else 0))

    @property
    def bottom(self) -> float:
        """The lower edge of the lowest box."""
        return self.back + self.below
