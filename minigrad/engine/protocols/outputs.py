"""``out=``: a result that is written into a tensor, which is an assignment to all of its elements."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from minigrad.ops.base import Recorder
from minigrad.ops.common.dtypes import WHOLE


@cache
def _find_place(f: Callable[..., Any]) -> int:
    """Give which argument of a function of NumPy's is ``out``, by position; −1 for none."""
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except ValueError:  # of NumPy's functions in C that do not say
        return -1
    places = [i for i, p in enumerate(parameters) if p.name == "out" and p.kind is p.POSITIONAL_OR_KEYWORD]
    return places[0] if places else -1


def name_target(f: Callable[..., Any], args: Any, arguments: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Give the arguments with a tensor to write into by its name, where it was given by position."""
    i = _find_place(f)
    if not 0 <= i < len(args) or not isinstance(args[i], Recorder):
        return args, arguments
    return (*args[:i], None, *args[i + 1 :]), arguments | {"out": args[i]}


def find_targets(arguments: dict[str, Any]) -> tuple[Any, ...]:
    """Give what the results are to be written into, if there is a tensor among that."""
    out = arguments.get("out")
    if out is None:
        return ()
    targets = out if isinstance(out, tuple) else (out,)
    return targets if any(isinstance(x, Recorder) for x in targets) else ()


def compute_into(
    targets: tuple[Any, ...], f: Callable[..., Any], inputs: Any, arguments: dict[str, Any], masked: bool
) -> Any:
    """Give the targets, after f(*inputs) has been assigned to all of their elements; what had None gets a new tensor.

    If ``masked``, as by a ufunc, it is assigned to those alone where the argument ``where`` holds.
    """
    left = {name: x for name, x in arguments.items() if name != "out" and not (masked and name == "where")}
    results = f(*inputs, **left)
    where = arguments.get("where", True) if masked else True
    several = isinstance(results, tuple)
    given = []
    for target, y in zip(targets, results if several else (results,), strict=True):
        if target is not None:
            casting: Any = arguments.get("casting", "same_kind") if masked else "unsafe"
            if y.dtype in WHOLE and not np.can_cast(y.dtype, target.dtype, casting):  # of others the assignment says so
                called = getattr(f, "__self__", f).__name__
                raise TypeError(
                    f"{called}: out= is {target.dtype}, and the result, {y.dtype}, is not cast to that by the rule "
                    f"{casting!r}. Give one of {y.dtype}, or casting='unsafe'."
                )
            target[...] = y if where is True else np.where(where, y, target)
        given.append(y if target is None else target)
    return type(results)(given) if several else given[0]
