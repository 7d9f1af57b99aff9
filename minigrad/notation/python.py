"""From an expression to a line of NumPy code, with the brackets that Python's precedence asks for."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from math import pi, sqrt
from typing import Any

import numpy as np

from minigrad.engine.node import Node
from minigrad.notation.helpers import HELPERS
from minigrad.notation.keys import write_gathered_key, write_key
from minigrad.notation.matrix import build_term, outer_product
from minigrad.notation.signs import INFIX
from minigrad.notation.term import ATOM, Term, symbol_term, write_term
from minigrad.notation.writers.text import TEXT
from minigrad.ops.arithmetic import Power
from minigrad.ops.base import Elementwise, Op
from minigrad.ops.elements.families import Family
from minigrad.ops.indexing import Gather, ScatterAt
from minigrad.ops.matrices.einsum import Einsum
from minigrad.ops.places.assignment import AssignAt, IsLast
from minigrad.ops.places.positions import Positions
from minigrad.ops.shaping import Reshape, Transpose

# What NumPy's name and the Op's fields do not determine. A method reads better than a function, and is NumPy's too.
_OWN = {
    "negative": ("-{x}", 3),
    "square": ("{x}**2", 4),
    "identity": ("{x}", ATOM),
    "relu": ("np.maximum({x}, 0)", ATOM),
    "transpose": ("{x}.transpose{axes}", ATOM),
    "reshape": ("{x}.reshape({to})", ATOM),
    "cast": ("{x}.astype(np.{to})", ATOM),
    "index": ("{x}[{key}]", ATOM),
    "diagonal": ("{x}[{key}]", ATOM),
    "flip": ("{x}[{key}]", ATOM),
    "scatter": ("scatter({x}, np.s_[{key}], {into})", ATOM),
    "assign": ("assign({x0}, np.s_[{key}], {x1})", ATOM),
    "diag": ("scatter({x}, np.s_[{key}], {into})", ATOM),
    "broadcast_to": ("np.broadcast_to({x}, {to})", ATOM),
    "softmax": ("softmax({x}, {axis})", ATOM),
    "log_softmax": ("log_softmax({x}, {axis})", ATOM),
    "sigmoid": ("sigmoid({x})", ATOM),
    "softplus": ("np.logaddexp(0, {x})", ATOM),
    "log_sum_exp": ("log_sum_exp({x}, {axis}, {keepdims})", ATOM),
    "root": ("np.sqrt({x})", ATOM),
    "sum_from_here": ("np.flip(np.flip({x}, {axis}).cumsum(axis={axis}), {axis})", ATOM),
    "shift": ("shift({x}, {axis}, {by}, {fill})", ATOM),
    "recurrence": ("recurrence({x0}, {x1}, {axis})", ATOM),
    "recurrence_back": ("recurrence_back({x0}, {x1}, {axis})", ATOM),
    "prod_of_others": ("prod_of_others({x}, {axis})", ATOM),
    "divide_or_zero": ("divide_or_zero({x0}, {x1})", ATOM),
    "cofactors": ("cofactors({x})", ATOM),
    "log_det": ("np.linalg.slogdet({x})[1]", ATOM),
    "det_sign": ("np.linalg.slogdet({x})[0]", ATOM),
    "half_lower": ("half_lower({x})", ATOM),
    "mills": (f"{sqrt(2 / pi)!r} / special.erfcx({-sqrt(0.5)!r} * {{x}})", 2),
    "eigensystem": ("eigensystem({x}, {UPLO})", ATOM),
    "eigenpairs": ("eigenpairs({x})", ATOM),
    "singular_system": ("singular_system({x}, {full}, {hermitian})", ATOM),
    "qr_factors": ("qr_factors({x}, {mode})", ATOM),
    "complement": ("complement({x}, {kind})", ATOM),
    "argsort": ("np.argsort({x}, axis={axis}, kind='stable')", ATOM),
    "reorder": ("np.take_along_axis({x0}, {x1}, axis={axis})", ATOM),
    "order_statistics": ("order_statistics({x}, {axis})", ATOM),
    "partition": ("np.partition({x}, {kth}, axis={axis})", ATOM),
    "correlate": ("correlate({x0}, {x1})", ATOM),
    "convolve": ("convolve({x0}, {x1})", ATOM),
    "leaky_relu": ("leaky_relu({x}, {slope})", ATOM),
    "elu": ("elu({x}, {alpha})", ATOM),
    "windows": ("windows({x}, {kernel}, {stride}, {dilation})", ATOM),
    "add_windows": ("add_windows({x}, {size}, {stride}, {dilation})", ATOM),
    "max_pool": ("pool_windows({x}, np.max, {kernel}, {stride}, {dilation})", ATOM),
    "sum_pool": ("pool_windows({x}, np.sum, {kernel}, {stride}, {dilation})", ATOM),
    "share_out": ("share_out({x0}, {x1}, {x2}, {kernel}, {stride}, {dilation})", ATOM),
    "collect": ("collect({x0}, {x1}, {x2}, {kernel}, {stride}, {dilation})", ATOM),
    "spread_sums": ("spread_sums({x}, {kernel}, {stride}, {dilation}, {size})", ATOM),
    "standardize": ("standardize({x}, {axis}, {eps})", ATOM),
    "convolution": ("convolve_channels({x0}, {x1}, {stride}, {padding}, {dilation}, {groups})", ATOM),
    "transposed_convolution": (
        "convolve_channels_back({x0}, {x1}, {stride}, {padding}, {dilation}, {groups}, {size})",
        ATOM,
    ),
    "correlation": ("correlate_channels({x0}, {x1}, {stride}, {padding}, {dilation}, {groups}, {kernel})", ATOM),
}
# A scalar may be a mere float, which has no methods.
_OWN_OF_SCALARS = {
    "transpose": ("{x}", ATOM),
    "reshape": ("np.reshape({x}, {to})", ATOM),
    "cast": ("np.asarray({x}, np.{to})", ATOM),
    "index": ("np.asarray({x})[{key}]", ATOM),
}


def write_python(value: Any, names: Mapping[Node, str], expand: Node | None = None) -> str:
    """Write an expression as NumPy code; a Node in ``names`` is a variable, unless it is the one to ``expand``.

    Raises ``NotImplementedError``, naming the operation, where NumPy has none of its name.
    """
    return write_term(build_term(value, names, expand, _term), TEXT, strict=True)


def _term(node: Any, parts: list[Term]) -> Term:
    if not isinstance(node, Node):
        return _literal(node)
    if node.op is None:
        return _literal(node.value)
    op, shape = node.op, node.shape
    if outer_product(node):
        a, b = (_vector(x, part) for x, part in zip(node.inputs, parts, strict=True))
        if a and b:
            return Term("np.outer({a}, {b})", {"a": a, "b": b}, ATOM, "call")
    if op in INFIX:
        sign, binds = INFIX[op]
        loose = [Term("({x})", {"x": part}) if part.binds == binds in (0, 4) else part for part in parts]
        kind = op.name if binds != 2 else "divide"  # a * (b @ c) needs its brackets, as a / (b * c) does
        return Term(f"{{a}} {sign} {{b}}", dict(zip("ab", loose, strict=True)), binds, kind)
    letters = [f"x{i}" for i in range(len(parts))] if len(parts) != 1 else ["x"]
    template, binds = _template(op, letters, node.inputs, shape)
    return Term(template, dict(zip(letters, parts, strict=True)), binds, "call" if binds == ATOM else op.name)


def _vector(x: Any, part: Term) -> Term | None:
    """Give the vector that a column or a row was made of just here; None if it has a name as that."""
    if x.ndim == 1:
        return part
    made = isinstance(x.op, Reshape) and x.inputs[0].ndim == 1 and "x" in part.parts
    return part.parts["x"] if made else None


def _template(op: Op, letters: list[str], inputs: tuple[Any, ...], shape: tuple[int, ...]) -> tuple[str, int]:
    if isinstance(op, Power):
        return f"{{x}}**{_value(op.exponent)}", 4
    if isinstance(op, Family):
        return _derivative(op), ATOM
    array = bool(np.shape(inputs[0]))
    if isinstance(op, Gather | AssignAt | IsLast):
        return _gathered(op, letters), ATOM
    if isinstance(op, Transpose) and array and op.axes in (None, tuple(range(len(shape)))[::-1]):
        return "{x}.T", ATOM
    if op.name in _OWN:
        template, binds = _OWN[op.name] if array else _OWN_OF_SCALARS.get(op.name, _OWN[op.name])
        for field in op.fields:
            template = template.replace(f"{{{field}}}", _static(op.name, field, getattr(op, field), shape))
        return template, binds
    if op.name in ("sum", "max", "min", "prod", "mean", "var", "std") and array:
        return f"{{x}}.{op.name}({_keywords(op)})", ATOM
    if isinstance(op, Einsum):
        return f"np.einsum({op.subscripts!r}, {', '.join(f'{{{letter}}}' for letter in letters)})", ATOM
    joins = op.name in ("concatenate", "stack")
    slots = ", ".join(f"{{{letter}}}" for letter in letters)
    keywords = _keywords(op)
    return f"{_function(op)}({f'[{slots}]' if joins else slots}{keywords and ', ' + keywords})", ATOM


def _derivative(op: Family) -> str:
    """Write a function whose derivatives are of its family, or one of them: ψ's are SciPy's, others in ``HELPERS``."""
    if op.family == "ψ":
        return f"special.polygamma({op.order}, {{x}})" if op.order else "special.psi({x})"
    if not op.order and hasattr(np, op.family):
        return f"np.{op.family}({{x}})"
    if f"{op.family}_derivative" in HELPERS:
        return f"{op.family}_derivative({{x}}, {op.order})"
    raise NotImplementedError(f"to_numpy: NumPy has no function {op.name!r}, and how to write it is not known here")


def _gathered(op: Gather | AssignAt | IsLast, letters: list[str]) -> str:
    """Write an index that is partly operands; ``ScatterAt`` is such a ``Gather`` the other way round."""
    *arrays, x = [f"{{{letter}}}" for letter in letters[: len(letters) - op.template.count(None)]] or [""]
    indices = (f"{{{letter}}}" for letter in letters[len(letters) - op.template.count(None) :])
    key = write_gathered_key(op.template, indices, _part)
    if isinstance(op, AssignAt):
        return f"assign({arrays[0]}, np.s_[{key},], {x})"
    if isinstance(op, IsLast):
        return f"is_last(np.s_[{key},], {op.into})"
    return f"scatter({x}, np.s_[{key}], {op.into})" if isinstance(op, ScatterAt) else f"{x}[{key}]"


def _function(op: Op) -> str:
    """Give NumPy's function of an Op's name, or of its ufunc's; or the one of ``HELPERS``, or SciPy's."""
    if op.name in HELPERS:
        return op.name
    forward = op.forward.__name__ if isinstance(op, Elementwise) and isinstance(op.forward, np.ufunc) else op.name
    for module, prefix in ((np, "np"), (np.linalg, "np.linalg"), (np.fft, "np.fft")):
        if hasattr(module, forward):
            return f"{prefix}.{forward}"
    if getattr(sys.modules.get("scipy.special"), forward, None) is op.forward:  # it is loaded, if it is its ufunc
        return f"special.{forward}"
    raise NotImplementedError(f"to_numpy: NumPy has no function {op.name!r}, and how to write it is not known here")


def _keywords(op: Op) -> str:
    """Write the fields that differ from NumPy's defaults."""
    fields = dict(op.options) if isinstance(op, Positions) else {field: getattr(op, field) for field in op.fields}
    return ", ".join(f"{field}={_value(x)}" for field, x in fields.items() if x is not None and x is not False)


def _static(name: str, field: str, x: Any, shape: tuple[int, ...]) -> str:
    if field == "key":
        return write_key(x, _part)
    if name == "cast":
        return str(np.dtype(x).name)
    if name == "reshape":
        return str(shape) if len(shape) != 1 else str(shape[0])
    return _value(x)


def _part(key: Any) -> str:
    """Write a part of an index."""
    return "np.newaxis" if key is None else _value(key)


def _value(x: Any) -> str:
    """Write a number, a tuple, an array, a dtype as Python code."""
    if isinstance(x, np.ndarray):
        kind = {"b": ", bool", "i": ", int", "u": ", int"}.get(x.dtype.kind, f", np.{x.dtype.name}")
        kind = "" if x.dtype == np.float64 else kind
        values = np.array2string(x, separator=", ", threshold=x.size + 1, floatmode="unique", max_line_width=10**9)
        shape = f".reshape({', '.join(map(str, x.shape))})" if not x.size else ""
        written = re.sub(r"\s+", " ", values).replace("[ ", "[").replace(" ]", "]").replace(" ,", ",")
        return f"np.array({written}{kind}){shape}"
    if isinstance(x, np.generic):
        return repr(x.item())
    if isinstance(x, np.dtype):
        return f"np.{x.name}"
    return repr(x)


def _literal(x: Any) -> Term:
    if np.ndim(x):
        return symbol_term(_value(np.asarray(x)))
    written = _value(x.item() if isinstance(x, np.ndarray) else x)
    if written in ("inf", "-inf", "nan"):
        written = written.replace("inf", "np.inf").replace("nan", "np.nan")
    return Term(written, kind="number", binds=3 if written.startswith("-") else ATOM)
