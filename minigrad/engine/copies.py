"""Copies of tensors, by Python's ``copy``. Loaded when the first is made."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from minigrad.engine.numbers import own_array
from minigrad.engine.recording import compilation
from minigrad.engine.writing.watch import VARIABLE


def copy_tensor(t: Any) -> Any:
    """Give a leaf with an array of its own; of a variable of a transformed function, an operation."""
    if (own := _copy_by_operation(t)) is not None:
        return own
    restore, (kind, array, *rest), attributes = t.__reduce__()
    twin: Any = restore(kind, own_array(array), *rest)
    if attributes:
        vars(twin).update(attributes)
    return twin


def copy_whole_tensor(t: Any, memo: dict[int, Any]) -> Any:
    """Give such a copy of it with copies of all that it has, so that an array which two share is one again."""
    twin = _copy_by_operation(t)
    if twin is None:
        restore, parts, attributes = t.__reduce__()
        twin = restore(*deepcopy(parts, memo))
        if attributes:
            vars(twin).update(deepcopy(attributes, memo))
    memo[id(t)] = twin
    return twin


def _copy_by_operation(t: Any) -> Any:
    """Give what ``x.copy()`` records, where a leaf would lose a gradient or keep in code what it is now; else None.

    That is of what a function that is differentiated, traced or mapped was given; while one is traced, it is of
    parameters, whose copies are as constant as they are without a trace.
    """
    if not t.has_data or getattr(t, "born", None) == VARIABLE:
        return t.copy()
    return None if compilation() is None or t.op is not None else t.detach().copy()
