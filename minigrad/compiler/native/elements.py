"""How native code computes one element of each elementwise operation, and what sums and extremes do with one.

An Elementwise whose forward is a ufunc that numba knows needs no line here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from minigrad.compiler.native import extremes
from minigrad.compiler.native.registry import KERNELS, Kernel, Lines, Reduction
from minigrad.compiler.numpy.names import write_number
from minigrad.compiler.passes.lower import Spread
from minigrad.compiler.passes.promotion import find_loop_dtypes
from minigrad.engine.cells import Item
from minigrad.engine.node import Node
from minigrad.extras import require
from minigrad.notation.signs import INFIX
from minigrad.ops import arithmetic, cumulative, elementwise, linalg, parts, reduction, shaping
from minigrad.ops.arithmetic import Where
from minigrad.ops.base import Elementwise
from minigrad.ops.elements import exponential, logic, rounding, signs, trigonometric
from minigrad.ops.elements.logic import left_shift, right_shift
from minigrad.ops.matrices import einsum, inverses
from minigrad.ops.networks import activations, windows
from minigrad.ops.places import sliding, sorting
from minigrad.ops.places.assignment import AssignAt, IsLast
from minigrad.ops.places.positions import Positions

ufunc_db: Any = require("numba.np.ufunc_db", "native")

LAPACK = "what LAPACK computes"
Element = Callable[[Node, list[str]], str]

CALLS = {
    arithmetic.absolute: "abs", elementwise.sqrt: "math.sqrt", trigonometric.sin: "math.sin",
    trigonometric.cos: "math.cos", elementwise.sign: "signum", logic.isfinite: "math.isfinite",
    elementwise.tanh: "tanh64",
}  # fmt: skip


def _typed(node: Node, written: str) -> str:
    """Give a value the dtype that its Node states; True + True, which machine code makes 2 of, is True."""
    return f"bool({written})" if node.dtype.kind == "b" else f"np.{node.dtype.name}({written})"


def _infix(sign: str) -> Element:
    return lambda node, values: _typed(node, f"{values[0]} {sign} {values[1]}")


def multiply_typed(node: Node, values: list[str]) -> str:
    """Write a product: of floats one that keeps its place among others."""
    if node.dtype.kind != "f":
        return _typed(node, f"{values[0]} * {values[1]}")
    return f"{'times32' if node.dtype == np.float32 else 'times64'}({values[0]}, {values[1]})"


def _call(function: str) -> Element:
    return lambda node, values: _typed(node, f"{function}({', '.join(values)})")


def _call_in_size(function: str) -> Element:
    """Give a call of a function that is there for float64 and for float32."""
    return lambda node, values: _typed(node, f"{function}{32 if node.dtype == np.float32 else 64}({values[0]})")


def _call_in_double(function: str) -> Element:
    """Give a call of a function that is there for float64 alone, on numbers of any kind."""
    return lambda node, values: _typed(node, f"{function}({', '.join(f'np.float64({x})' for x in values)})")


def _choose(function: str, sign: str) -> Element:
    """Give the larger or smaller of two; beside a known number one comparison does: only the other may be NaN."""

    def element(node: Node, values: list[str]) -> str:
        a, b = values
        known = node.inputs[1]
        if isinstance(known, int | float) and known == known:
            return _typed(node, f"{b} if {a} {sign} {b} else {a}")
        return _typed(node, f"{function}({a}, {b})")

    return element


def _power(node: Node, values: list[str]) -> str:
    """Raise to a number; to −1 as to −1.0, since machine code's own power of integers divides by 0 as Python does."""
    n = node.op.exponent  # type: ignore[union-attr]
    if node.shape and node.dtype.kind == "f" and n % 1 != 0:
        return _call_in_double("power64")(node, [values[0], write_number(float(n))])
    exponent = repr(n) if isinstance(n, int) and 0 <= n < 2**31 else f"np.{node.dtype.name}({write_number(float(n))})"
    return _typed(node, f"np.{node.dtype.name}({values[0]}) ** {exponent}")


def _limit_of_power(node: Node) -> str:
    exponent = node.op.exponent if isinstance(node.op, arithmetic.Power) else None
    negative = not isinstance(exponent, int) or exponent < 0
    return "integers to a power that may be negative" if node.dtype.kind != "f" and negative else ""


def _power_of_two(node: Node, values: list[str]) -> str:
    if node.shape and node.dtype.kind == "f":  # of one number the C library's
        return _call_in_double("power64")(node, values)
    return _typed(node, f"np.{node.dtype.name}({values[0]}) ** {values[1]}")  # float32 ** int64 is float64, as NumPy's


def _step(node: Node, values: list[str]) -> str:
    """Write 0, 1, or what stands for it at 0, or NaN, as np.heaviside gives it."""
    x, at_zero = values
    return _typed(node, f"{x} if {x} != {x} else {at_zero} if {x} == 0 else {x} > 0")


def _where(node: Node, values: list[str]) -> str:
    return _typed(node, f"({values[1]}) if {values[0]} else ({values[2]})")


def _cast(node: Node, values: list[str]) -> str:
    return f"np.{node.dtype.name}({values[0]})"


def take_element(node: Node, values: list[str]) -> str:
    """Take the operand's element as it is."""
    return values[0]


def _ufunc(node: Node, values: list[str]) -> str:
    """Write a call of a ufunc by the name that numba knows it by, on operands of the dtypes that NumPy gives them."""
    ufunc: Any = node.op.forward  # type: ignore[union-attr]
    operands = (f"np.{dtype.name}({x})" for dtype, x in zip(find_loop_dtypes(node)[:-1], values, strict=True))
    return _typed(node, f"np.{ufunc.__name__}({', '.join(operands)})")


def _of_division(function: str) -> Element:
    """Give what division leaves over, or its whole quotient: of floats as NumPy has it at the ends of the range."""

    def element(node: Node, values: list[str]) -> str:
        if node.dtype.kind != "f":
            return _ufunc(node, values)
        return _typed(node, f"{function}({', '.join(f'np.{node.dtype.name}({x})' for x in values)})")

    return element


def _limit_of_ufunc(node: Node) -> str:
    """Say why an Elementwise without a kernel of its own is not computed: its forward is no ufunc that numba knows."""
    assert isinstance(node.op, Elementwise)
    ufunc = node.op.forward
    if not isinstance(ufunc, np.ufunc):
        return "its forward is Python, and neither a ufunc nor made of operations"
    name = ufunc.__name__
    if getattr(np, name, None) is not ufunc or ufunc not in ufunc_db.get_ufuncs():
        return f"numba has no ufunc {name}"
    *own, value = (dtype.char for dtype in find_loop_dtypes(node))
    signature = f"{''.join(own)}->{value}"
    return "" if signature in ufunc_db.get_ufunc_info(ufunc) else f"numba's {name} has no loop {signature}"


def _start_from_zero(node: Node) -> str:
    return f"np.{node.dtype.name}(0)"


def _start_from_one(node: Node) -> str:
    return f"np.{node.dtype.name}(1)"


def _multiply(node: Node, into: str, values: list[str]) -> Lines:
    return [f"{into} = {multiply_typed(node, [into, f'np.{node.dtype.name}({values[0]})'])}"]


def _add(node: Node, into: str, values: list[str]) -> Lines:
    return [f"{into} += {values[0]}"]


def _add_product(node: Node, into: str, values: list[str]) -> Lines:
    return [f"{into} += {values[0]} * {values[1]}"]


def _add_likelihood(node: Node, into: str, values: list[str]) -> Lines:
    """Keep a second sum that passes over what is not there: 0 ln 0 = 0."""
    product = f"{values[0]} * {values[1]}"
    more = f"{into}_present += {product} if {values[0]} != 0 else {_start_from_zero(node)}"
    return [f"{into} += {product}", more]


def _start_from_end(node: Node) -> str:
    least, most = ("-np.inf", "np.inf") if node.dtype.kind == "f" else _ends(node.dtype)
    return f"np.{node.dtype.name}({most if isinstance(node.op, reduction.Min) else least})"


def _keep_extreme(node: Node, into: str, values: list[str]) -> Lines:
    several = node.dtype.kind == "f" and extremes.KNOWN
    names = ("smallest", "largest") if several else ("smaller", "larger")
    return [f"{into} = {names[not isinstance(node.op, reduction.Min)]}({values[0]}, {into})"]


def _ends(dtype: np.dtype[Any]) -> tuple[str, str]:
    """Give the least and the largest integer of a dtype."""
    about = np.iinfo(dtype)
    return str(about.min), str(about.max)


def _limit_of_extreme(node: Node) -> str:
    x = node.inputs[0]
    if node.dtype.kind not in "fi":
        return "an extreme of truth values"
    return "an extreme of nothing" if isinstance(x, Node) and not x.size else ""


for _op, _sign in INFIX.items():
    if isinstance(_op, Elementwise):
        KERNELS.register(Kernel(_infix(_sign.sign)), _op)
KERNELS.register(Kernel(multiply_typed), arithmetic.multiply)
for _op, _function in CALLS.items():
    KERNELS.register(Kernel(_call(_function)), _op)
KERNELS.register(Kernel(lambda node, values: _typed(node, f"-{values[0]}")), arithmetic.negative)
KERNELS.register(Kernel(_call_in_size("exp")), elementwise.exp)
KERNELS.register(Kernel(_call_in_size("log")), elementwise.log)
KERNELS.register(Kernel(_choose("larger", "<")), arithmetic.maximum)
KERNELS.register(Kernel(_choose("smaller", ">")), arithmetic.minimum)
KERNELS.register(Kernel(_power, limit=_limit_of_power), arithmetic.Power)
KERNELS.register(Kernel(_power_of_two, limit=_limit_of_power), arithmetic.power)
KERNELS.register(Kernel(_call_in_double("log1p_64")), exponential.log1p)
KERNELS.register(Kernel(_call_in_double("expm1_64")), exponential.expm1)
KERNELS.register(Kernel(_call_in_double("logaddexp64")), exponential.logaddexp)
KERNELS.register(Kernel(_where), Where)
KERNELS.register(Kernel(_step), signs.heaviside)
KERNELS.register(Kernel(_of_division("floored"), limit=_limit_of_ufunc), rounding.floor_divide)
KERNELS.register(Kernel(_of_division("left_over"), limit=_limit_of_ufunc), rounding.remainder)
KERNELS.register(Kernel(lambda node, values: _typed(node, f"math.frexp({values[0]})[1]")), rounding.exponent)
KERNELS.register(Kernel(_cast), shaping.Cast)
KERNELS.register(Kernel(take_element), Item, Spread, elementwise.identity)
KERNELS.register(Kernel(take_element), parts.real)  # there are no complex numbers in native code
KERNELS.register(Kernel(lambda node, values: _typed(node, "0")), parts.imag)
KERNELS.register(Kernel(lambda node, values: _typed(node, f"np.arctan2(0.0, {values[0]})")), parts.angle_of)
KERNELS.register(Kernel(take_element), shaping.Reshape, shaping.Transpose, shaping.BroadcastTo)
KERNELS.register(Kernel(_ufunc, limit=_limit_of_ufunc), Elementwise)
KERNELS.register(Kernel(reduction=Reduction(_start_from_zero, _add)), reduction.Sum)
KERNELS.register(
    Kernel(reduction=Reduction(_start_from_end, _keep_extreme), limit=_limit_of_extreme), reduction.Max, reduction.Min
)
KERNELS.register(Kernel(reduction=Reduction(_start_from_one, _multiply)), cumulative.Prod)
KERNELS.register(Kernel(limit=lambda node: "what sorts along an axis, or is taken in that order"), cumulative.AlongAxis)
KERNELS.register(Kernel(limit=lambda node: "products of all but one"), cumulative.ProdOfOthers)
KERNELS.register(Kernel(limit=lambda node: "a shift, which the processor defines by few bits"), left_shift, right_shift)
KERNELS.register(Kernel(limit=lambda node: "a search for places"), sorting.SearchSorted, Positions, IsLast)
KERNELS.register(Kernel(limit=lambda node: "an assignment at indices that are computed"), AssignAt)
KERNELS.register(Kernel(limit=lambda node: "one row moved along another"), sliding.Convolve, sliding.Correlate)
KERNELS.register(Kernel(reduction=Reduction(_start_from_zero, _add_product)), linalg.Inner)
KERNELS.register(Kernel(reduction=Reduction(_start_from_zero, _add_likelihood)), linalg.LogLikelihood)
KERNELS.register(Kernel(limit=lambda node: LAPACK), inverses.OfMatrices)
KERNELS.register(Kernel(limit=lambda node: "what windows are taken of, or added to"), windows.Windows)
KERNELS.register(
    Kernel(lambda node, values: _typed(node, f"0.5 * math.erfc({values[0]} * {-(0.5**0.5)!r})")), activations.normal_cdf
)
KERNELS.register(Kernel(limit=lambda node: "a sum over named axes that is no product of two matrices"), einsum.Einsum)
