"""Numbers that a learner types, worked out by hand, in the place of code: each is as precise as its digits."""

from __future__ import annotations

import ast
from typing import Any, NamedTuple

import numpy as np

COARSE = 0.01  # of the largest element: numbers of fewer digits say too little


class Typed(NamedTuple):
    """What typed numbers come to: the right ones in the place of those that are right as far as their digits go."""

    array: Any
    is_coarse: bool = False


def round_to_digits(source: str, array: Any, right: Any) -> Typed:
    """Let typed numbers be the right ones where they differ by no more than half a unit of their last digit.

    They are coarse where all would be right so, but for some with too few digits to tell. What is code, or of another
    shape, stays as it is.
    """
    precision = _half_units(source)
    if precision is None or np.shape(precision) != np.shape(right) or np.shape(array) != np.shape(right):
        return Typed(array)
    off, most = np.abs(array - right), COARSE * np.abs(right).max(initial=0.0)
    near = off <= np.minimum(precision, most) * (1 + 1e-9)
    coarse = bool((off <= precision * (1 + 1e-9)).all() and not near.all())
    return Typed(np.where(near, right, array), coarse)


def _half_units(source: str) -> Any:
    """Give for ``[[0.37, -1.2]]`` half a unit of the last digit of each number; None for anything else."""
    try:
        tree: ast.AST = ast.parse(source.strip()).body[-1]
    except (SyntaxError, ValueError, IndexError):
        return None
    tree = tree.value if isinstance(tree, ast.Expr | ast.Assign) else tree
    if isinstance(tree, ast.Call) and ast.unparse(tree.func) == "np.array" and len(tree.args) == 1:
        tree = tree.args[0]
    try:
        return np.array(_units_in(tree, source.strip()))
    except ValueError:  # no number, or rows of different lengths
        return None


def _units_in(tree: ast.AST, source: str) -> Any:
    match tree:
        case ast.List(elts=elements) | ast.Tuple(elts=elements):
            return [_units_in(element, source) for element in elements]
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=operand):
            return _units_in(operand, source)
        case ast.Constant(value=int() | float()):
            digits, _, power = (ast.get_source_segment(source, tree) or "").lower().partition("e")
            return 0.5 * 10.0 ** (int(power or 0) - len(digits.partition(".")[2]))
    raise ValueError("no number")
