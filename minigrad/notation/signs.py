"""The sign of an operation: between its operands in Python, and by itself, as a picture shows it."""

from __future__ import annotations

from typing import NamedTuple

from minigrad.notation.template import PAIRS, parse_template
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


def operation_sign(op: Op) -> str:
    """Give what stands for an operation by itself, as its own text has it: +, σ, √, |·|, (·)², log softmax.

    What no one sign says, a product of matrices or an index, is called by its name.
    """
    parts = parse_template(op.text)
    written = ""
    match [part.kind for part in parts]:
        case ["slot", "sign", "slot"]:
            written = parts[1].written.strip()
        case ["sign" | "word" | "sum", "slot" | "fence"]:
            written = parts[0].written.strip()
        case ["over"]:
            written = "÷"
        case ["root"]:
            written = "√"
        case ["raised"] if len(parts[0].inside) == 1:
            written = f"(·){parts[0].written}"
        case ["fence"] if [part.kind for part in parts[0].inside[0]] == ["slot"]:
            written = f"{parts[0].written}·{PAIRS[parts[0].written]}"
    return (written or op.name).replace("_", " ")
