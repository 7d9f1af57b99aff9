"""What a compiled function returns: nested containers and dataclasses, of what is computed and of what is not."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass
from typing import Any

import numpy as np

from minigrad.compiler.trace.containers import Place
from minigrad.compiler.trace.foreign import is_foreign, is_open
from minigrad.compiler.trace.links import SCALARS, is_same
from minigrad.compiler.trace.python_state import list_attributes
from minigrad.compiler.trace.traced import Traced, TraceError
from minigrad.engine.tensor import Tensor
from minigrad.engine.transforms.trees import is_leaf, list_parts, with_parts

MADE_ANEW = (np.ndarray, Tensor, set, bytearray, deque)  # which a caller may write into


@dataclass(frozen=True)
class Output:
    """Stands for the value at a position among those returned; ``plain`` where that is an array, not a Tensor.

    ``recorded`` where the function itself would have returned a Tensor with a record.
    """

    position: int
    plain: bool
    recorded: bool


@dataclass(frozen=True)
class Made:
    """Stands for what the function makes anew at each call, of nothing that is traced: each call gives a copy of it.

    ``kept`` are what it holds that the function has from elsewhere, which stay what they are in the copy.
    """

    value: Any
    kept: tuple[Any, ...] = ()

    def copy(self) -> Any:
        """Give a copy."""
        return deepcopy(self.value, {id(x): x for x in self.kept})


def join_results(a: Any, b: Any, path: str = "the result") -> Any:
    """Give what two traces of a call return as one: what is equal but another object was made within the function.

    Raises ``TraceError`` where it is not equal, as of random numbers that nothing but NumPy computes with.
    """
    if a is b or (isinstance(a, Output | Place) and a == b):
        return a
    if type(a) is type(b) and (isinstance(a, tuple | list | dict) or _holds_results(a)):
        parts, others = list_parts(a), {key: part for _, key, part in list_parts(b)}
        if [key for _, key, _ in parts] == list(others):
            return with_parts(a, {key: join_results(part, others[key], path + step) for step, key, part in parts})
    elif type(a) is type(b) and isinstance(a, MADE_ANEW):
        x, y = (t.array if isinstance(t, Tensor) else t for t in (a, b))
        if is_same(x, y, contents=True) or (isinstance(a, set | bytearray | deque) and a == b):
            return Made(a)
    elif type(a) is type(b) and _is_own(a):
        kept: dict[int, Any] = {}
        _join_objects(a, b, path, kept, set())
        return Made(a, tuple(kept.values()))
    elif not isinstance(a, (Output, np.generic, *SCALARS)) or is_same(a, b, contents=True):
        return a  # a function, or an equal number
    raise _refuse_other(path)


def _is_own(x: Any) -> bool:
    """Say whether something is an object of one of the user's classes, or a namespace."""
    return is_open(x) or (not isinstance(x, type) and not is_foreign(type(x)))


def _refuse_other(path: str) -> TraceError:
    return TraceError(
        f"compile: {path} is another in every call, and would be frozen into the code, since nothing of it comes "
        f"from the arguments. Pass it as an argument, or leave it to the caller."
    )


def _join_objects(a: Any, b: Any, path: str, kept: dict[int, Any], seen: set[int]) -> None:
    """Look for what two objects that two traces of a call have made hold in common, and raise where they differ."""
    if a is b:
        kept[id(a)] = a
    elif id(a) not in seen:
        seen.add(id(a))
        if type(a) is not type(b):
            raise _refuse_other(path)
        if _is_own(a):
            parts, others = (dict(zip(*[iter(list_attributes(x))] * 2, strict=True)) for x in (a, b))
        else:
            parts, others = ({step: part for step, _, part in list_parts(x)} for x in (a, b))
        if list(parts) != list(others):
            raise _refuse_other(path)
        for name, part in parts.items():
            _join_objects(part, others[name], f"{path}.{name}" if _is_own(a) else path + name, kept, seen)
        if isinstance(a, (np.ndarray, np.generic, *SCALARS)) and not is_same(a, b, contents=True):
            raise _refuse_other(path)


def _holds_results(x: Any) -> bool:
    """Say whether something is a dataclass of what is computed."""
    parts = () if is_leaf(x) or isinstance(x, Output | Place) else list_parts(x)
    return any(isinstance(part, Traced | Output | Place) or _holds_results(part) for _, _, part in parts)


def map_leaves(structure: Any, leaf: Callable[[Any], Any], is_open: Callable[[Any], bool] = _holds_results) -> Any:
    """Give nested tuples, lists, dicts, and dataclasses that are open, anew, with every leaf replaced."""
    if type(structure) is dict:
        return {name: map_leaves(part, leaf, is_open) for name, part in structure.items()}
    if isinstance(structure, tuple | list | dict) or is_open(structure):
        return with_parts(structure, {key: map_leaves(part, leaf, is_open) for _, key, part in list_parts(structure)})
    return leaf(structure)
