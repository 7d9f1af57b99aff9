"""What the tour found out about one problem."""

from __future__ import annotations

from dataclasses import dataclass, field

from minigrad.app.tour.checks import Differences, Price
from minigrad.app.tour.problems import Problem
from minigrad.app.tour.runs import Run
from minigrad.app.tour.work import Work


@dataclass
class Chapter:
    """One problem's runs, comparisons, times and work; ``pictures`` names the file of each picture."""

    problem: Problem
    runs: list[Run]
    differences: Differences
    prices: list[Price]
    work: Work
    pictures: dict[str, str] = field(default_factory=dict)

    @property
    def worst(self) -> float:
        """The largest difference of any quantity in any layer."""
        return max(value for layer in self.differences for value in layer.values())
