"""The words for a function of NumPy's or SciPy's that is no operation: what it is called, and what to write for it."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from minigrad.engine.messages.errors import describe, made_at
from minigrad.engine.protocols.numpy_protocol import find_function
from minigrad.engine.protocols.recipes import GRADIENTLESS, INTO_TENSOR, RECIPES, RULES
from minigrad.ops.base import Recorder

EXPLAINED = re.compile(r"[\w.]+(\(.*?\))?: ")  # as the errors of operations begin
OURS = __name__.partition(".")[0]


def name_function(f: Callable[..., Any]) -> str:
    """Give the name that the user calls a function by: np.exp, np.linalg.norm, scipy.special.expit."""
    name = getattr(f, "__name__", type(f).__name__)
    for module in ("numpy", "scipy.special"):  # a ufunc does not know its module
        if getattr(sys.modules.get(module), name, None) is f:
            return f"{module.replace('numpy', 'np')}.{name}"
    package, *rest = (getattr(f, "__module__", None) or "").split(".")
    public = [part for part in rest if not part.startswith("_")]
    return ".".join(filter(None, ["np" if package == "numpy" else package, *public, name]))


def explain_refusal(f: Callable[..., Any] | str, method: str, arguments: Any, operands: Iterable[Any]) -> str:
    """Say that a function, or what is called so, is no operation, of which operands, and what to write for it.

    ``method`` is that of a ufunc, ``"__call__"`` for all else.
    """
    operands = list(operands)
    called = (f if isinstance(f, str) else name_function(f)) + ("" if method == "__call__" else f".{method}")
    letters = _letters(arguments)
    of = " and ".join(dict.fromkeys(f"{describe(x)}:{x.shape}" for x in operands))
    where = made_at(operands)
    recipe = RECIPES.get(called) or _of_numpy(called)
    if method == "at":
        recipe = INTO_TENSOR.format(call=f"{called}(a, indices, values)")
    if recipe:
        reason = "differentiable here yet, so its result would silently carry no gradient"
        way = f"Write {recipe.format(**letters)}; or compute on .data if no gradient is wanted"
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


def _of_numpy(called: str) -> str:
    """Give what of NumPy's has a name that SciPy has, too: scipy.linalg.inv is np.linalg.inv, and that is one here."""
    name = called.rpartition(".")[2]
    for room in ("np.linalg", "np.fft", "np") if called.startswith("scipy.") else ():
        f = getattr(getattr(np, room.partition(".")[2], np) if "." in room else np, name, None)
        if f is not None and find_function(f) is not None:
            return f"{room}.{name}({{x}})"
    return ""


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
    way += ", give a tensor to write into, as v = v + x for v += x of an array v" if "out" in arguments else ""
    return (
        f"{called}: {', '.join(f'{name}=' for name in arguments)} does not work with a tensor{of and f', {of}'}, "
        f"because an operation is recorded and its result is a new tensor. {way}, or compute on .data."
    )


def explain_call(f: Callable[..., Any], error: Exception, operands: Iterable[Any]) -> None:
    """Raise an error of a function's with the names of its operands, unless it has some; that is left to the caller."""
    operands, said = list(operands), str(error)
    if type(error) is TypeError and "argument" in said:
        raise TypeError(refuse_call(f, error, operands)) from error
    bare = type(error) in (TypeError, ValueError) or type(error).__module__.partition(".")[0] == "numpy"
    if not bare or isinstance(error, LookupError) or "made at" in said or EXPLAINED.match(said):
        return
    of = " and ".join(dict.fromkeys(f"{describe(x)}:{x.shape}" for x in operands))
    where = made_at(operands)
    kind = TypeError if isinstance(error, TypeError) else ValueError
    raise kind(f"{name_function(f)} of {of}: {said.rstrip('.')}{f'; {where}' if where else ''}.") from error


def refuse_call(f: Callable[..., Any], error: TypeError, operands: Iterable[Any]) -> str:
    """Say that a function of NumPy's cannot be called so with a tensor."""
    of = " and ".join(dict.fromkeys(map(describe, operands)))
    way = "Give them, or compute on .data" if "missing" in str(error) else "Leave it out, or use .data"
    return f"{name_function(f)}, for tensors, here {of}: {error}. {way}."


def refuse_array(x: Any) -> str:
    """Say that an array made of a tensor would lose its gradient, and to which function of SciPy's, if that asks."""
    caller = _scipy_caller()
    if caller:
        return explain_refusal(caller, "__call__", [x], [x])
    made = made_at([x])
    library = _installed_caller()
    if library:
        return (
            f"{library} makes an array of {describe(x)}, which requires a gradient and would lose it"
            f"{f'; {made}' if made else ''}. Take arrays out of what is of {library}, by np.asarray(…) or .to_numpy(), "
            f"and compute with those; for the bare values of the tensor take .data."
        )
    return (
        f"{describe(x)} requires a gradient, and an array made of it would lose it{f'; {made}' if made else ''}. For "
        f"the bare values take .data; to join tensors use np.stack([…]) instead of np.array([…]), to fill a shape with "
        f"one np.broadcast_to(x, shape) instead of np.full(shape, x), for A.dot(x) A @ x, and for y[i] = x a tensor y, "
        f"np.zeros_like(x). With `import minigrad.numpy as np` all of these, np.r_ and np.ndenumerate take tensors."
    )


def _scipy_caller() -> str:
    """Name the function of SciPy's that the user called, if one is running: those in Python make arrays themselves."""
    found, frame = "", sys._getframe(1)
    while frame is not None:
        if frame.f_globals.get("__name__", "").partition(".")[0] == "scipy":
            found = _public_name(*_running_in(frame)) or found
        elif found:
            return found
        frame = frame.f_back  # type: ignore[assignment]
    return found


def _installed_caller() -> str:
    """Name the library that asks, if it is none of ours and the user installed it: pandas, of ``series * w``."""
    frame: Any = sys._getframe(1)
    while frame is not None:
        name = frame.f_globals.get("__name__", "").partition(".")[0]
        if name not in (OURS, "numpy"):
            file = frame.f_globals.get("__file__") or ""
            return name if "site-packages" in file or "dist-packages" in file else ""
        frame = frame.f_back
    return ""


def _running_in(frame: Any) -> tuple[str, str]:
    """Give the module and the name of what a frame runs: a function, a class, a distribution's method."""
    module, name, names = frame.f_globals["__name__"], frame.f_code.co_name, frame.f_locals
    if name == "wrapper" and hasattr(names.get("f"), "__module__"):  # SciPy's own, around functions of matrices
        return names["f"].__module__, names["f"].__name__
    owner = names.get("self")
    if name == "__init__":
        return module, type(owner).__name__
    return module, f"{owner.name}.{name}" if isinstance(getattr(owner, "name", None), str) else name


def _public_name(module: str, name: str) -> str:
    """Give the full name of a function by the public module above its own that has it; "" where none has."""
    parts = module.split(".")
    while parts:
        place = ".".join(parts)
        if not any(part.startswith("_") for part in parts) and hasattr(sys.modules.get(place), name.partition(".")[0]):
            return f"{place}.{name}"
        parts.pop()
    return ""
