"""How C computes one element of each elementwise operation, and what sums and extremes do with one.

An Elementwise whose forward is a ufunc is written by the ufunc's name, in the dtypes that NumPy computes it in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from minigrad.compiler.cuda.registry import C_TYPES, KERNELS, MATH, SUFFIXES, Kernel, Operand, Reduction, write_constant
from minigrad.compiler.passes.lower import AddAt, Spread
from minigrad.compiler.passes.promotion import find_loop_dtypes
from minigrad.engine.cells import Item
from minigrad.engine.node import Node
from minigrad.ops import arithmetic, cumulative, fft, indexing, linalg, parts, reduction, shaping
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.elements import rounding
from minigrad.ops.matrices import einsum, inverses
from minigrad.ops.networks import activations, windows
from minigrad.ops.networks.convolution import Convolving
from minigrad.ops.networks.pooling import Pooling
from minigrad.ops.places import assignment, sliding, sorting
from minigrad.ops.places.positions import Positions

SMALL = 4  # the largest power that is written as a product: pow takes some thirty instructions

# By a ufunc's name: {a} and {b} are its operands, {s} the suffix of helpers, {f} that of the C library's functions.
ALIKE = {
    "add": "{a} + {b}", "subtract": "{a} - {b}", "multiply": "{a} * {b}",
    "greater": "{a} > {b}", "greater_equal": "{a} >= {b}", "less": "{a} < {b}", "less_equal": "{a} <= {b}",
    "equal": "{a} == {b}", "not_equal": "{a} != {b}", "positive": "{a}", "negative": "-{a}", "square": "{a} * {a}",
    "maximum": "larger{s}({a}, {b})", "minimum": "smaller{s}({a}, {b})", "sign": "signum{s}({a})",
    "logical_not": "!({a} != 0)", "logical_and": "{a} != 0 && {b} != 0", "logical_or": "{a} != 0 || {b} != 0",
    "logical_xor": "({a} != 0) != ({b} != 0)", "floor_divide": "floored{s}({a}, {b})",
    "remainder": "left_over{s}({a}, {b})", "conjugate": "{a}",
}  # fmt: skip
NAMED = {  # the C library's own functions
    **{x: x for x in ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "sqrt", "cbrt", "sin", "cos", "tan")},
    **{x: x for x in ("sinh", "cosh", "tanh", "floor", "ceil", "trunc", "rint", "erf", "erfc", "j0", "j1", "y0", "y1")},
    **{"arcsin": "asin", "arccos": "acos", "arctan": "atan", "arcsinh": "asinh", "arccosh": "acosh"},
    **{"arctanh": "atanh", "absolute": "fabs", "fabs": "fabs", "gammaln": "lgamma", "gamma": "tgamma"},
}
NAMED_OF_TWO = {
    **{"arctan2": "atan2", "hypot": "hypot", "copysign": "copysign", "fmod": "fmod", "nextafter": "nextafter"},
    **{"power": "pow", "float_power": "pow", "fmax": "fmax", "fmin": "fmin"},
}
FLOATING = {
    **ALIKE,
    **{name: f"{c}{{f}}({{a}})" for name, c in NAMED.items()},
    **{name: f"{c}{{f}}({{a}}, {{b}})" for name, c in NAMED_OF_TWO.items()},
    "divide": "{a} / {b}", "reciprocal": "1 / {a}", "isnan": "{a} != {a}", "isfinite": "{a} - {a} == 0",
    "isinf": "{a} == {a} && {a} - {a} != 0", "signbit": "signbit({a})", "heaviside": "step{s}({a}, {b})",
    "logaddexp": "logaddexp{s}({a}, {b})", "logaddexp2": "logaddexp2{s}({a}, {b})",
    "ldexp": "ldexp{f}({a}, (int){b})",
    **dict.fromkeys(("deg2rad", "radians"), "{a} * {radian}"),
    **dict.fromkeys(("rad2deg", "degrees"), "{a} * {degree}"),
}  # fmt: skip
WHOLE = {
    **ALIKE, "add": "plus{s}({a}, {b})", "subtract": "minus{s}({a}, {b})", "multiply": "times{s}({a}, {b})",
    "negative": "minus{s}(0, {a})", "square": "times{s}({a}, {a})", "absolute": "size{s}({a})",
    "power": "raised{s}({a}, {b})", "fmod": "left_of{s}({a}, {b})", "fmax": "larger{s}({a}, {b})",
    "fmin": "smaller{s}({a}, {b})", "bitwise_and": "{a} & {b}", "bitwise_or": "{a} | {b}", "bitwise_xor": "{a} ^ {b}",
    "invert": "~{a}", "left_shift": "moved_left{s}({a}, {b})", "right_shift": "moved_right{s}({a}, {b})",
    "gcd": "divisor{s}({a}, {b})", "lcm": "multiple{s}({a}, {b})", "isnan": "false", "isinf": "false",
    "isfinite": "true", **dict.fromkeys(("floor", "ceil", "trunc", "rint"), "{a}"),
}  # fmt: skip
TRUTH = {
    **{x: ALIKE[x] for x in ("greater", "greater_equal", "less", "less_equal", "equal", "not_equal", "positive")},
    **{x: ALIKE[x] for x in ("logical_not", "logical_and", "logical_or", "logical_xor", "conjugate")},
    **dict.fromkeys(("add", "maximum", "fmax", "bitwise_or"), "{a} || {b}"),
    **dict.fromkeys(("multiply", "minimum", "fmin", "bitwise_and"), "{a} && {b}"),
    "bitwise_xor": "{a} != {b}", "absolute": "{a}", "invert": "!{a}", "isnan": "false", "isinf": "false",
    "isfinite": "true", **dict.fromkeys(("floor", "ceil", "trunc"), "{a}"),
}  # fmt: skip
CALLED: dict[str, tuple[type[Op], ...]] = {  # what is left to CuPy, and why
    "what sorts along an axis, or is taken in that order": (cumulative.AlongAxis,),
    "products of all but one": (cumulative.ProdOfOthers,),
    "a search for places": (sorting.SearchSorted, Positions, assignment.IsLast),
    "an assignment at indices that are computed": (assignment.AssignAt,),
    "one row moved along another": (sliding.Convolve, sliding.Correlate),
    "what cuSOLVER computes": (inverses.OfMatrices,),
    "what windows are taken of, or added to": (windows.Windows, Pooling),
    "a convolution": (Convolving,),
    "a sum over named axes that is no product of two matrices": (einsum.Einsum,),
    "what cuFFT computes": (fft.Fourier, fft.RealFourier),
}
TABLES = {"f": FLOATING, "i": WHOLE, "b": TRUTH}


def _fill(template: str, dtype: np.dtype[Any], values: list[str]) -> str:
    """Write an expression of a table for operands that are written in a dtype."""
    given = dict(zip("ab", values, strict=False))
    if dtype.kind == "f":
        known = {"radian": np.pi / 180, "degree": 180 / np.pi, "root": -(0.5**0.5)}
        given |= {name: write_constant(x, dtype) for name, x in known.items()}
    return template.format(**given, s=SUFFIXES[dtype.name], f=MATH.get(dtype.name, ""))


def _give(node: Node, dtype: np.dtype[Any], written: str) -> str:
    """Give an expression of a dtype the one that its Node states."""
    return Operand(f"({written})", dtype).to(node.dtype)


def write_ufunc(node: Node, operands: list[Operand]) -> str:
    """Write a ufunc by its name, on operands of the dtypes that NumPy gives them."""
    *own, value = find_loop_dtypes(node)
    template = TABLES[own[0].kind][node.op.forward.__name__]  # type: ignore[union-attr]
    values = [x.to(dtype) for x, dtype in zip(operands, own, strict=True)]
    return _give(node, value, _fill(template, own[0], values))


def _limit_of_ufunc(node: Node) -> str:
    """Say why an Elementwise without a kernel of its own is not computed: its forward is no ufunc that is known."""
    assert isinstance(node.op, Elementwise)
    ufunc = node.op.forward
    if not isinstance(ufunc, np.ufunc):
        return "its forward is Python, and neither a ufunc nor made of operations"
    own = find_loop_dtypes(node)
    if not all(dtype.name in C_TYPES for dtype in own):
        return f"NumPy computes it in {', '.join(dict.fromkeys(str(x) for x in own if x.name not in C_TYPES))}"
    if ufunc.__name__ not in TABLES[own[0].kind]:
        return f"C has no {ufunc.__name__} of {own[0]}"
    return ""


def _power(node: Node, operands: list[Operand]) -> str:
    """Raise to a known number: as a product where that is a small whole one, as of 1/x and √x."""
    n, (x,) = node.op.exponent, operands  # type: ignore[union-attr]
    a = x.to(node.dtype)
    if node.dtype.kind == "i":
        return f"raised{SUFFIXES[node.dtype.name]}({a}, {write_constant(n, node.dtype)})"
    if n == 0:
        return write_constant(1, node.dtype)
    if abs(n) in range(1, SMALL + 1):
        product = " * ".join([a] * int(abs(n)))
        return f"(1 / ({product}))" if n < 0 else f"({product})"
    return f"pow{MATH[node.dtype.name]}({a}, {write_constant(n, node.dtype)})"


def _limit_of_power(node: Node) -> str:
    exponent = node.op.exponent if isinstance(node.op, arithmetic.Power) else None
    negative = not isinstance(exponent, int) or exponent < 0
    return "integers to a power that may be negative" if node.dtype.kind != "f" and negative else ""


def _where(node: Node, operands: list[Operand]) -> str:
    condition, a, b = operands
    return f"({condition.to(np.dtype(np.bool_))} ? {_wrap(a, node.dtype)} : {_wrap(b, node.dtype)})"


def _wrap(x: Operand, dtype: np.dtype[Any]) -> str:
    """Write what is chosen; a number wraps as np.where has it."""
    if x.dtype is None and isinstance(x.number, int) and dtype.kind == "i":
        return write_constant(np.asarray(x.number).astype(dtype).item(), dtype)
    return x.to(dtype)


def take_element(node: Node, operands: list[Operand]) -> str:
    """Take the operand's element as it is, in the dtype of the Node."""
    return operands[0].to(node.dtype)


def _in_floats(template: str) -> Callable[[Node, list[Operand]], str]:
    """Give an expression whose operands have the dtype of its value, or float64 if that is none."""

    def element(node: Node, operands: list[Operand]) -> str:
        x = node.inputs[0]
        own = x.dtype if isinstance(x, Node) else np.dtype(np.float64)
        dtype = own if own.kind == "f" else node.dtype if node.dtype.kind == "f" else np.dtype(np.float64)
        written = _fill(template, dtype, [operand.to(dtype) for operand in operands])
        return _give(node, node.dtype if template.startswith("(int)") else dtype, written)

    return element


def _starting(number: Any) -> Callable[[Node], list[str]]:
    return lambda node: [write_constant(number, node.dtype)]


def _start_from_end(node: Node) -> list[str]:
    least = not isinstance(node.op, reduction.Min)
    if node.dtype.kind == "f":
        return [write_constant(-np.inf if least else np.inf, node.dtype)]
    if node.dtype.kind == "b":
        return [write_constant(not least, node.dtype)]
    ends = np.iinfo(node.dtype)
    return [write_constant(ends.min if least else ends.max, node.dtype)]


def _enter(node: Node, operands: list[Operand]) -> list[str]:
    return [operands[0].to(node.dtype)]


def _enter_product(node: Node, operands: list[Operand]) -> list[str]:
    a, b = (x.to(node.dtype) for x in operands)
    return [f"{a} * {b}" if node.dtype.kind == "f" else f"times{SUFFIXES[node.dtype.name]}({a}, {b})"]


def _enter_likelihood(node: Node, operands: list[Operand]) -> list[str]:
    """Keep a second sum that passes over what is not there: 0 ln 0 = 0."""
    a, b = (x.to(node.dtype) for x in operands)
    return [f"{a} * {b}", f"({a} != 0 ? {a} * {b} : 0)"]


def _limit_of_extreme(node: Node) -> str:
    x = node.inputs[0]
    return "an extreme of nothing" if isinstance(x, Node) and not x.size else ""


def _limit_of_inner(node: Node) -> str:
    return "" if node.dtype.kind in "fi" else "an inner product of truth values"


def _give_reason(reason: str, node: Node) -> str:
    return reason


def _limit_of_move(node: Node) -> str:
    return "" if node.shape else "a number, where arrays have kernels"


def register_elements() -> None:
    """Say how each operation is computed."""
    register = KERNELS.register
    register(Kernel(write_ufunc, limit=_limit_of_ufunc), Elementwise)
    register(Kernel(_power, limit=_limit_of_power), arithmetic.Power)
    register(Kernel(write_ufunc, limit=lambda node: _limit_of_power(node) or _limit_of_ufunc(node)), arithmetic.power)
    register(Kernel(_where), arithmetic.Where)
    register(Kernel(take_element), shaping.Cast, Item, Spread, shaping.Reshape, shaping.Transpose, shaping.BroadcastTo)
    register(Kernel(take_element), parts.real)  # there are no complex numbers in kernels
    register(Kernel(lambda node, operands: write_constant(0, node.dtype)), parts.imag)
    register(Kernel(_in_floats("atan2{f}(0, {a})")), parts.angle_of)
    register(Kernel(_in_floats("erfc{f}({a} * {root}) / 2")), activations.normal_cdf)
    register(Kernel(_in_floats("(int)exponent{s}({a})")), rounding.exponent)
    register(Kernel(reduction=Reduction(_starting(0), _enter, "plus")), reduction.Sum)
    register(Kernel(reduction=Reduction(_start_from_end, _enter, "larger"), limit=_limit_of_extreme), reduction.Max)
    register(Kernel(reduction=Reduction(_start_from_end, _enter, "smaller"), limit=_limit_of_extreme), reduction.Min)
    register(Kernel(reduction=Reduction(_starting(1), _enter, "times")), cumulative.Prod)
    register(Kernel(reduction=Reduction(_starting(0), _enter_product, "plus"), limit=_limit_of_inner), linalg.Inner)
    register(
        Kernel(
            reduction=Reduction(
                lambda node: [write_constant(0, node.dtype)] * 2,
                _enter_likelihood,
                "plus",
                lambda kept: f"{kept[0]} == {kept[0]} ? {kept[0]} : {kept[1]}",
            )
        ),
        linalg.LogLikelihood,
    )
    register(Kernel(moves=True), linalg.MatMul, indexing.Gather, indexing.ScatterAt, AddAt, shaping.Concatenate)
    register(Kernel(moves=True), cumulative.CumSum, cumulative.CumProd, cumulative.Shift, cumulative.Recurrence)
    for reason, operations in CALLED.items():
        register(Kernel(limit=partial(_give_reason, reason)), *operations)
    register(Kernel(moves=True, limit=_limit_of_move), assignment.Assign, indexing.Scatter)
    register(Kernel(take_element, moves=True), indexing.Index)
