"""What an operation is given that is no operand, and what is said of it."""

from __future__ import annotations

from typing import Any


def find_wrong(inputs: tuple[Any, ...], error: Exception) -> Any:
    """Give the first that is no array, and no number unless an attribute was asked of it; ... where there is none."""
    asked = type(error) is AttributeError
    found = (x for x in inputs if not hasattr(x, "shape") and (asked or not isinstance(x, int | float | complex)))
    return next(found, ...)


def say_wrong(called: str, x: Any) -> str:
    """Say that something is no operand of an operation."""
    if isinstance(x, list | tuple | int | float | complex):
        return f"{called}: wanted a Tensor or an array, not a {type(x).__name__}; write np.array(…)"
    given = "None" if x is None else f"a {type(x).__name__}"
    return f"{called}: wanted a Tensor, an array or a number, not {given}. Write {called}(x) of numbers"
