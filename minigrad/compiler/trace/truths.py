"""Truth values of Python numbers, which compute as whole numbers: (a > 1) + (a > 2) is 2, where NumPy's is True.

While a function is traced, what compares two Python numbers looks as what compares two of NumPy's does; Python's
operators make numbers of it, NumPy's functions do not.
"""

from __future__ import annotations

from typing import Any, Never

import numpy as np

from minigrad.engine.cells import item
from minigrad.engine.node import Node
from minigrad.ops import arithmetic
from minigrad.ops.base import Op
from minigrad.ops.elements import logic

COMPARISONS = frozenset(
    (
        *(arithmetic.greater, arithmetic.greater_equal, arithmetic.less, arithmetic.less_equal),
        *(arithmetic.equal, arithmetic.not_equal),
    )
)
BITS = frozenset((logic.bitwise_and, logic.bitwise_or, logic.bitwise_xor))
NUMBERS = (bool, int, float, complex)


def is_truth(x: Any) -> bool:
    """Say whether an expression is a truth value of Python's: of a comparison of its numbers, or of two of those."""
    if type(x) is not Node or x.shape or x.op not in COMPARISONS | BITS:
        return False
    return all(type(a) in NUMBERS or is_truth(a) or (x.op in COMPARISONS and a.weak) for a in x.inputs)


def _is_number(x: Any) -> bool:
    return type(x) in NUMBERS or getattr(x, "weak", False) or is_truth(x)


def count_truths(op: Op, operands: tuple[Any, ...]) -> tuple[Any, ...]:
    """Give operands of an operator, truth values of Python's as numbers of Python's if there is nothing else."""
    if not op.operator:
        return operands
    nodes = [getattr(x, "node", x) for x in operands]
    if not any(map(is_truth, nodes)) or not all(map(_is_number, nodes)):
        return operands
    if op in BITS and all(type(x) is bool or is_truth(x) for x in nodes):  # which make another one
        return operands
    return tuple(item(x.astype(np.int64)) if is_truth(node) else x for x, node in zip(operands, nodes, strict=True))


def refuse_number(name: str) -> property:
    """Give what stands for a method of Python's numbers that asks what one is; arrays have none of that name."""

    def refuse(x: Any) -> Never:
        if not x.weak:
            raise AttributeError(f"'numpy.ndarray' object has no attribute {name!r}", name=name)
        raise x.frozen(f".{name}", "pass a Python int or a string, for which the function is traced anew")

    return property(refuse)


def as_numpys(x: Any) -> Any:
    """Give a truth value of Python's as one of NumPy's, and all else as it is."""
    return x.astype(np.bool_) if is_truth(getattr(x, "node", None)) else x
