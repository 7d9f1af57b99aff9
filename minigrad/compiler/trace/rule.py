"""What an update rule offers to who writes down its step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Protocol

from minigrad.engine.tensor import Tensor


class UpdateRule(Protocol):
    """What an optimizer offers: parameters with their running values, settings, and the rule that writes new ones."""

    params: list[Tensor]
    settings: ClassVar[tuple[str, ...]]

    @property
    def states(self) -> list[dict[str, Any]]:
        """The running values of each parameter, by name."""

    def write_update(self, settings: Mapping[str, Any], w: Any, g: Any, buf: Any, state: dict[str, Any]) -> None:
        """Write the new w, and the new running values, in place."""

    def follow_parameters(self) -> None:
        """Take the arrays that the parameters have now for those to write to."""
