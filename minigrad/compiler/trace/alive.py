"""The traced values that somebody holds, each of which has a number."""

from __future__ import annotations

from typing import Any
from weakref import WeakSet


class Alive(WeakSet[Any]):
    """The traced values that there still are; ``made`` is how many there have been."""

    made = 0

    def enroll(self, x: Any) -> int:
        """Add one, and give its number."""
        self.add(x)
        self.made += 1
        return self.made - 1
