"""A table of forms of call: NumPy's functions, operators and methods with each of their options, as users write them.

A form is an expression of the operands below, or statements and, last, an expression. Those in ``RIGHT`` give NumPy's
value in NumPy's dtype and a gradient that agrees with central differences; those in ``REFUSED`` are an error that names
the function and the argument and says what to write. ``operators``, ``reductions``, ``elementwise``, ``arranging``,
``products``, ``analysis``, ``methods``, ``writing`` and ``odd`` have the rows, ``uncompiled`` says of which no code is
made.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from textwrap import indent
from typing import Any, NamedTuple

import numpy as np

Array = np.ndarray[Any, Any]


def _spread(low: float, high: float, *shape: int, seed: int = 0) -> Array:
    """Give numbers of an even grid, shuffled: no two are so close that a finite difference would cross a kink."""
    size = int(np.prod(shape))
    grid = low + (high - low) * (np.arange(size) + 0.6) / size
    return np.random.default_rng(seed).permutation(grid).reshape(shape)


OPERANDS: dict[str, Array] = {
    "x": _spread(-2, 2, 2, 3),
    "z": _spread(-2, 2, 2, 3, seed=1) + 0.05,
    "y": _spread(-1.7, 1.7, 3, seed=2),
    "p": _spread(0.2, 0.9, 2, 3, seed=3),  # within (0, 1)
    "q": _spread(1.2, 3.5, 3, seed=4),  # greater than 1
    "v": _spread(-2, 2, 5, seed=5),
    "c": _spread(-2, 2, 2, 3, 4, seed=6),
    "M": _spread(-1, 1, 3, 3, seed=7) + 2 * np.eye(3),
    "s": np.array(0.7),
}
NAMES: dict[str, Any] = {
    "np": np,
    "mask": np.array([[True, False, True], [False, True, True]]),
    "rows": np.array([1, 0, 1]),
    "A": np.arange(6.0).reshape(2, 3) / 4 + 0.1,
}


class Refused(NamedTuple):
    """A form that is an error: of which type, and what it says, in parts that are set apart by " | "."""

    code: str
    error: type[Exception]
    says: str


def split_forms(text: str) -> list[str]:
    """Give the forms of a text, which are set apart by two spaces or more, or stand on lines of their own."""
    return re.split(r"\s{2,}", text.strip())


def operands_of(code: str) -> list[str]:
    """Give the names of the operands that a form uses."""
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    return [name for name in OPERANDS if name in used]


def as_function(code: str, **names: Any) -> Callable[..., Any]:
    """Give a form as a function of its operands; ``names`` take the place of those that it finds."""
    *statements, last = [part.strip() for part in code.split(";")]
    body = indent("\n".join([*statements, f"return {last}"]), "    ")
    world = NAMES | names
    exec(f"def form({', '.join(operands_of(code))}):\n{body}", world)
    form: Callable[..., Any] = world["form"]
    return form
