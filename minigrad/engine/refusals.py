"""The words for a function of NumPy's or SciPy's that is no operation: what it is called, and what to write for it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from minigrad.engine.errors import describe, made_at
from minigrad.engine.recipes import GRADIENTLESS, RECIPES, RULES
from minigrad.ops.base import Recorder


def name_function(f: Callable[..., Any]) -> str:
    """Give the name that the user calls a function by: np.exp, np.linalg.norm, scipy.special.expit."""
    name = getattr(f, "__name__", type(f).__name__)
    for module in ("numpy", "scipy.special"):  # a ufunc does not know its module
        if getattr(sys.modules.get(module), name, None) is f:
            return f"{module.replace('numpy', 'np')}.{name}"
    package, *rest = (getattr(f, "__module__", None) or "").split(".")
    public = [part for part in rest if not part.startswith("_")]
    return ".".join(filter(None, ["np" if package == "numpy" else package, *public, name]))


def explain_refusal(f: Callable[..., Any], method: str, arguments: Any, operands: Iterable[Any]) -> str:
    """Say that a function is no operation, of which operands, and what to write for it.

    ``method`` is that of a ufunc, ``"__call__"`` for all else.
    """
    operands = list(operands)
    called = name_function(f) + ("" if method == "__call__" else f".{method}")
    letters = _letters(arguments)
    of = " and ".join(dict.fromkeys(f"{describe(x)}:{x.shape}" for x in operands))
    where = made_at(operands)
    if called in RECIPES:
        reason = "differentiable here yet, so its result would silently carry no gradient"
        way = f"Write {RECIPES[called].format(**letters)}; or compute on .data if no gradient is wanted"
    elif called.rpartition(".")[2] in GRADIENTLESS:
        reason = "differentiable: no gradient flows through its result"
        way = f"Give it the array, {letters['x']}.data"
    else:
        rule = f", ∂E/∂x = {RULES[called]}" if called in RULES else ""
        reason = "differentiable here yet, so its result would silently carry no gradient"
        way = (
            "Build it from the operations that are (`minigrad ops` lists them), or make one of your own of its value "
            f"and its derivative{rule}, as in examples/your_own_operation.py; or compute on .data if none is wanted"
        )
    return f"{called} is not {reason}; it was given {of}{f'; {where}' if where else ''}. {way}."


def _letters(arguments: Iterable[Any]) -> dict[str, str]:
    """Give what a recipe calls its operands: by their names, or as they stand, and x, y, z where they have none."""
    flat = [x for part in arguments for x in (part if isinstance(part, list | tuple) else [part])]
    flat = [x for x in flat if not isinstance(x, str)]
    names = ["x", "y", "z"]
    for i, x in enumerate(flat[:3]):
        name = repr(x) if isinstance(x, int | float) else getattr(x, "name", None)
        names[i] = name or names[i]
    return dict(zip("xyz", names, strict=True))


def refuse_arguments(ufunc: np.ufunc, arguments: Iterable[str], operands: Iterable[Any]) -> str:
    """Say that an argument of a ufunc does not work with a tensor."""
    of = " and ".join(dict.fromkeys(describe(x) for x in operands if isinstance(x, Recorder)))
    called = name_function(ufunc)
    way = f"Write np.where(condition, {called}(…), 0.0)" if "where" in arguments else "Leave it out"
    return (
        f"{called}: {', '.join(f'{name}=' for name in arguments)} does not work with a tensor{of and f', {of}'}, "
        f"because an operation is recorded and its result is a new tensor. {way}, or compute on .data."
    )


def refuse_call(f: Callable[..., Any], error: TypeError, operands: Iterable[Any]) -> str:
    """Say that a function of NumPy's cannot be called so with a tensor."""
    of = " and ".join(dict.fromkeys(map(describe, operands)))
    way = "Give them, or compute on .data" if "missing" in str(error) else "Leave it out, or use .data"
    return f"{name_function(f)}, for tensors, here {of}: {error}. {way}."


def refuse_array(x: Any) -> str:
    """Say that an array made of a tensor would lose its gradient, and to which function of SciPy's, if that asks."""
    caller = _scipy_caller()
    if caller is not None:
        return explain_refusal(caller, "__call__", [x], [x])
    made = made_at([x])
    return (
        f"{describe(x)} requires a gradient, and an array made of it would lose it{f'; {made}' if made else ''}. For "
        f"the bare values take .data; to join tensors use np.stack([…]) instead of np.array([…]), to fill a shape with "
        f"one np.broadcast_to(x, shape) instead of np.full(shape, x)."
    )


def _scipy_caller() -> Callable[..., Any] | None:
    """Give the function of SciPy's that the user called, if one is running: those in Python make arrays themselves."""
    found, frame = None, sys._getframe(1)
    while frame is not None:
        module = frame.f_globals.get("__name__", "")
        if module.partition(".")[0] == "scipy":
            public = ".".join(part for part in module.split(".") if not part.startswith("_"))
            found = getattr(sys.modules.get(public), frame.f_code.co_name, found)
        elif found is not None:
            return found
        frame = frame.f_back  # type: ignore[assignment]
    return found
