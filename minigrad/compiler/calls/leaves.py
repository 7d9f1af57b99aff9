"""What of the arguments may be another at each call, arrays, Tensors and floats, and the static rest, which is code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from minigrad.compiler.trace.foreign import is_foreign
from minigrad.compiler.trace.python_state import list_attributes
from minigrad.engine.conversion import is_array
from minigrad.engine.messages.named_arguments import name_arguments
from minigrad.engine.tensor import Tensor
from minigrad.engine.transforms.trees import is_leaf, list_parts

Same = tuple[tuple[int, int], ...] | None


def flatten_leaves(structure: Any, leaves: list[Any]) -> Any:
    """Take the arrays, Tensors and floats out of nested tuples, lists, dicts and dataclasses; give the static rest."""
    if isinstance(structure, tuple | list):
        return (type(structure), *_own(structure), *(flatten_leaves(part, leaves) for part in structure))
    if isinstance(structure, dict):
        parts = ((name, flatten_leaves(part, leaves)) for name, part in structure.items())
        return (type(structure), *_own(structure), *parts)
    if isinstance(structure, Tensor | np.generic) or is_array(structure):
        leaves.append(structure)
        grad = isinstance(structure, Tensor) and structure.requires_grad
        return (type(structure), tuple(structure.shape), structure.dtype, grad, grad and structure.op is not None)
    if type(structure) is float:  # one of a class of the user's has attributes, and is part of the code
        leaves.append(structure)
        return float
    if holds_arrays(structure):
        return (type(structure), *((key, flatten_leaves(part, leaves)) for _, key, part in list_parts(structure)))
    return _static(structure)


def name_leaves(f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give what ``flatten_leaves`` takes out of arguments names, in its order: params["W1"] as it is reached, and W1.

    The short one is for code, p0 for p[0].
    """
    found: list[tuple[str, str]] = []
    stack = [(name, name, x) for name, x in (*zip(name_arguments(f, len(args)), args, strict=True), *kwargs.items())]
    stack.reverse()
    while stack:
        path, name, x = stack.pop()
        if isinstance(x, tuple | list | dict) or (not is_taken(x) and holds_arrays(x)):
            parts = [
                (path + step, key if isinstance(key, str) else f"{name}{key}", part)
                for step, key, part in list_parts(x)
            ]
            stack += parts[::-1]
        elif is_taken(x):
            found.append((path, name))
    return found


def list_objects(structure: Any) -> list[Any]:
    """Give what is no array or number of nested tuples, lists, dicts and dataclasses of arguments."""
    if is_taken(structure):
        return []
    if isinstance(structure, tuple | list | dict) or holds_arrays(structure):
        return [x for _, _, part in list_parts(structure) for x in list_objects(part)]
    return [structure]


def is_taken(x: Any) -> bool:
    """Say whether something may be another at each call."""
    return isinstance(x, Tensor | np.generic) or type(x) is float or is_array(x)


def find_same(leaves: Sequence[Any]) -> Same:
    """Say of which arrays and Tensors among arguments the object is there already, and at which place first."""
    found: dict[int, int] = {}
    places = ((i, found.setdefault(id(x), i)) for i, x in enumerate(leaves) if not isinstance(x, float | np.generic))
    return tuple((i, first) for i, first in places if first != i)


def holds_arrays(x: Any) -> bool:
    """Say whether something is a dataclass of what changes from call to call, by which it cannot be hashed."""
    if is_leaf(x) or x is None:
        return False
    try:
        hash(x)
    except TypeError:
        return True
    return False


def _own(structure: Any) -> Any:
    """Give a key for the attributes that a container of the user's has besides its contents."""
    return [(name, _part(x, 1)) for name, x in vars(structure).items()] if hasattr(structure, "__dict__") else ()


class _Itself:
    """Something that only itself is equal to, in a key."""

    __slots__ = ("x",)

    def __init__(self, x: Any) -> None:
        self.x = x

    def __hash__(self) -> int:
        return id(self.x)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Itself) and self.x is other.x


class _Equal:
    """Something that what is equal to it may stand for, in a key; its hash stays what it was, also if it changes."""

    __slots__ = ("hash", "x")

    def __init__(self, x: Any) -> None:
        self.x, self.hash = x, hash(x)

    def __hash__(self) -> int:
        return self.hash

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Equal) and bool(self.x == other.x)


def _static(x: Any, depth: int = 8) -> Any:
    """Give a key for what is part of the code.

    Two objects that the user's class calls equal may differ in what that does not compare, which the code has read.
    """
    if isinstance(x, slice):  # which has no hash before Python 3.12
        return (slice, *map(_static, (x.start, x.stop, x.step)))
    try:
        hash(x)
    except TypeError:
        frozen = ", such as frozenset(…) of it" if isinstance(x, set) else ", such as a tuple or a frozen dataclass"
        raise TypeError(
            f"compile: an argument is a {type(x).__name__}, which is no array and has no hash, so that what is in it "
            f"could be another at each call. Pass what has one{frozen}, or read it from outside the function."
        ) from None
    kind: Any = type(x)
    if is_foreign(kind) or (kind.__eq__ is object.__eq__ and kind.__hash__ is object.__hash__):
        return (kind, x)
    attributes = zip(*[iter(list_attributes(x))] * 2, strict=True)
    return (kind, _Equal(x), *((name, _part(value, depth - 1)) for name, value in attributes))


def _part(x: Any, depth: int) -> Any:
    """Give a key for an attribute of such an object."""
    if isinstance(x, tuple):
        return (type(x), *(_part(part, depth) for part in x))
    try:
        hash(x)
    except TypeError:
        return _Itself(x)
    return _Itself(x) if isinstance(x, Tensor) or depth < 0 else _static(x, depth)
