"""How a ufunc is called on operands: with NumPy's other arguments, by its methods, or for several values."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from minigrad.engine.protocols.numpy_protocol import find_function, find_ufunc
from minigrad.engine.protocols.refusals import refuse_arguments
from minigrad.ops.base import Recorder

OF_AXES = ("axes", "axis", "keepdims")  # of functions of vectors and matrices
METHODS = ("reduce", "accumulate", "reduceat", "outer", "at")


def find_call(ufunc: np.ufunc, method: str) -> Callable[..., Any] | None:
    """Give what computes a ufunc on operands, or one of its methods, with all of its arguments; None if nothing."""
    op, ours = find_ufunc(ufunc), find_function(ufunc)
    if method == "__call__":
        if ours is None:
            return op and (lambda *inputs, **arguments: op(*settle_arguments(ufunc, inputs, arguments)))
        return lambda *inputs, **arguments: ours(*settle_arguments(ufunc, inputs, arguments), **_of_axes(arguments))
    if method not in METHODS or (op is None and ours is None):
        return None
    by_method = getattr(import_module("minigrad.ops.composed.ufunc_methods"), method)
    return lambda *inputs, **arguments: by_method(ufunc, *inputs, **arguments)


def settle_arguments(ufunc: np.ufunc, inputs: tuple[Any, ...], arguments: dict[str, Any]) -> tuple[Any, ...]:
    """Give the operands in the dtypes that ``dtype``, ``signature`` and ``casting`` ask for, as NumPy would compute.

    ``order`` and ``subok`` say how a result lies in memory and of which class it is, which no operation depends on.
    Raises ``TypeError`` for an array to write to, and for a choice of elements: the others would be whatever lies in
    memory.
    """
    of_axes = OF_AXES if ufunc.signature else ()
    refused = [name for name, x in arguments.items() if name not in of_axes and not _is_settled(name, x)]
    if refused:
        raise TypeError(refuse_arguments(ufunc, refused, [*inputs, *_outputs(arguments)]))
    signature, dtype = arguments.get("signature"), arguments.get("dtype")
    if isinstance(dtype, type) and issubclass(dtype, np.dtype):  # as np.dtypes.Float64DType is
        dtype = arguments["dtype"]()
    if dtype is None and signature is None and "casting" not in arguments:
        return inputs
    rules: dict[str, Any] = {"casting": arguments.get("casting", "same_kind")}
    if dtype is not None or signature is not None:
        rules["signature"] = signature or (None,) * ufunc.nin + (np.dtype(dtype),) * ufunc.nout
    loop = ufunc.resolve_dtypes((*map(_kind, inputs), *[None] * ufunc.nout), **rules)
    return tuple(_cast(x, to) for x, to in zip(inputs, loop, strict=False))


def _is_settled(name: str, x: Any) -> bool:
    """Say whether an argument asks for nothing that a recorded operation cannot do."""
    match name:
        case "out":
            return not _outputs({"out": x})
        case "where":
            return isinstance(x, bool | np.bool_) and bool(x)
        case "order":
            return x in ("K", "A", "C")
    return name in ("dtype", "signature", "casting", "subok")


def _of_axes(arguments: dict[str, Any]) -> dict[str, Any]:
    """Give those arguments that say along which axes there are vectors and matrices."""
    return {name: x for name, x in arguments.items() if name in OF_AXES}


def _outputs(arguments: dict[str, Any]) -> list[Any]:
    """Give the arrays to write to."""
    out = arguments.get("out")
    return [x for x in (out if isinstance(out, tuple) else (out,)) if x is not None]


def _kind(x: Any) -> Any:
    """Give what an operand promotes by: its dtype, or of a Python number its type (NEP 50)."""
    if isinstance(x, Recorder):
        dtype: np.dtype[Any] = x.dtype  # type: ignore[attr-defined]
        return type(dtype.type(0).item()) if getattr(x, "weak", False) and dtype.kind != "b" else dtype
    return type(x) if type(x) in (int, float, complex) else np.result_type(x)


def _cast(x: Any, dtype: Any) -> Any:
    """Give an operand in the dtype that the ufunc computes in."""
    if isinstance(x, Recorder):
        return x if x.dtype == dtype else x.astype(dtype)  # type: ignore[attr-defined]
    return np.asarray(x, dtype)
