"""The sign of an operation between its operands in Python. In a formula an operation's own ``text`` has it."""

from __future__ import annotations

from typing import NamedTuple

from minigrad.ops import arithmetic
from minigrad.ops.base import Op
from minigrad.ops.linalg import matmul


class Infix(NamedTuple):
    """A sign between two operands, and how tightly Python has it bind."""

    sign: str
    binds: int


INFIX: dict[Op, Infix] = {  # * / @ bind alike, from left to right
    arithmetic.add: Infix("+", 1),
    arithmetic.subtract: Infix("-", 1),
    arithmetic.multiply: Infix("*", 2),
    arithmetic.divide: Infix("/", 2),
    matmul: Infix("@", 2),
    arithmetic.power: Infix("**", 4),
    arithmetic.greater: Infix(">", 0),
    arithmetic.greater_equal: Infix(">=", 0),
    arithmetic.less: Infix("<", 0),
    arithmetic.less_equal: Infix("<=", 0),
    arithmetic.equal: Infix("==", 0),
    arithmetic.not_equal: Infix("!=", 0),
}
