"""Derivatives that have no closed form: asking for one is an error, and not asking costs nothing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn


def no_closed_form(name: str, operand: str) -> Callable[..., Any]:
    """Give a rule that says of a function that its derivative by an operand has no closed form, and what to do."""

    def refuse(y: Any, *inputs: Any) -> NoReturn:
        raise TypeError(
            f"scipy.special.{name}: its derivative by the {operand} has no closed form, so that no gradient reaches it."
            f" Give the {operand} as a constant: a number, an array, or minigrad.stop_gradient(…)"
        )

    return refuse
