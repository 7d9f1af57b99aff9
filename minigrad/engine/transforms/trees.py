"""Trees: arrays, numbers and Tensors within dicts, lists, tuples, namedtuples and dataclasses, at any depth.

What is no such container is a leaf, and None is a container of nothing. Two trees fit together if their containers
are of the same kinds and sizes; dicts go by their keys, in whatever order those stand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

Part = tuple[str, Any, Any]  # how the part is reached, as Python writes it, its key, and the part itself


def is_leaf(tree: Any) -> bool:
    """Say whether something is no container."""
    return _is_leaf(tree.__class__)


@lru_cache(maxsize=256)
def _is_leaf(kind: type) -> bool:
    return not (kind is type(None) or issubclass(kind, list | tuple | dict) or hasattr(kind, "__dataclass_fields__"))


def list_parts(tree: Any) -> list[Part]:
    """Give what is in a container, one level deep."""
    if isinstance(tree, dict):
        return [(f"[{key!r}]", key, part) for key, part in tree.items()]
    if isinstance(tree, tuple) and hasattr(tree, "_fields"):
        return [(f".{name}", i, part) for i, (name, part) in enumerate(zip(tree._fields, tree, strict=True))]
    if isinstance(tree, list | tuple):
        return [(f"[{i}]", i, part) for i, part in enumerate(tree)]
    if is_leaf(tree) or tree is None:
        return []
    fields = import_module("dataclasses").fields(tree)  # which takes a tenth of the time that all of minigrad takes
    return [(f".{x.name}", x.name, getattr(tree, x.name)) for x in fields]


def name_leaves(tree: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every leaf with the path to it: ``argument 0['layers'][1].W``.

    >>> dict(name_leaves({"W": 1.0, "b": [2.0, None]}, "p"))
    {"p['W']": 1.0, "p['b'][0]": 2.0}
    """
    if is_leaf(tree):
        yield path, tree
    else:
        for step, _, part in list_parts(tree):
            yield from name_leaves(part, path + step)


def list_leaves(tree: Any) -> list[Any]:
    """Give the leaves, in order."""
    return [tree] if is_leaf(tree) else [leaf for _, _, part in list_parts(tree) for leaf in list_leaves(part)]


def map_tree(change: Callable[[Any], Any], tree: Any) -> Any:
    """Give the tree anew, with every leaf changed.

    >>> map_tree(lambda x: 2 * x, {"W": 1.0, "b": (2.0, [3.0])})
    {'W': 2.0, 'b': (4.0, [6.0])}
    """
    if is_leaf(tree):
        return change(tree)
    return with_parts(tree, {key: map_tree(change, part) for _, key, part in list_parts(tree)})


def fill_tree(tree: Any, leaves: Iterator[Any]) -> Any:
    """Give the tree anew, with the next of other leaves in the place of each."""
    return map_tree(lambda _: next(leaves), tree)


def fit_leaves(called: str, like: Any, tree: Any, path: str) -> list[Any]:
    """Give the parts of a tree that stand where another one, ``like``, has its leaves, in the order of those.

    Raises ``ValueError`` that names the place where the two do not fit together.
    """
    if is_leaf(like):
        return [tree]
    expected, found = (list(list_parts(x)) for x in (like, tree))
    if type(like) is not type(tree) or {key for _, key, _ in expected} != {key for _, key, _ in found}:
        raise ValueError(f"{called}: {path} must be {_outline(like)}, not {_outline(tree)}")
    parts = {key: part for _, key, part in found}
    return [x for step, key, part in expected for x in fit_leaves(called, part, parts[key], path + step)]


def spread_prefix(called: str, prefix: Any, tree: Any, path: str) -> list[Any]:
    """Give, for each leaf of a tree, what a smaller tree says of it: a leaf there, or None, holds for all below."""
    if prefix is None or is_leaf(prefix):
        return [prefix] * len(list_leaves(tree))
    expected, found = list_parts(prefix), list_parts(tree)
    if is_leaf(tree) or [key for _, key, _ in expected] != [key for _, key, _ in found]:
        raise ValueError(f"{called}: {path} is {_outline(prefix)}, and what it is for {_outline(tree)}")
    pairs = zip(expected, found, strict=True)
    return [x for (step, _, part), (_, _, of) in pairs for x in spread_prefix(called, part, of, path + step)]


def bundle_numbers(tree: Any) -> Any:
    """Give the tree with an array for each list or tuple of bare numbers: NumPy takes these as arrays everywhere."""
    if is_leaf(tree):
        return tree
    if _shape_of_numbers(tree) is not None:
        return np.array(tree)
    return with_parts(tree, {key: bundle_numbers(part) for _, key, part in list_parts(tree)})


def unbundle_numbers(like: Any, tree: Any) -> Any:
    """Give a tree in which arrays stand for lists and tuples of numbers with these again, as another one has them."""
    if is_leaf(like):
        return tree
    found = tree if is_leaf(tree) else [part for _, _, part in list_parts(tree)]
    pairs = zip(list_parts(like), found, strict=True)
    return with_parts(like, {key: unbundle_numbers(part, x) for (_, key, part), x in pairs})


def _shape_of_numbers(tree: Any) -> tuple[int, ...] | None:
    """Give the shape of nested lists and tuples that hold numbers alone, or None."""
    if type(tree) in (int, float):
        return ()
    if type(tree) not in (list, tuple) or not tree:
        return None
    shapes = {_shape_of_numbers(part) for part in tree}
    shape = shapes.pop()
    return None if shapes or shape is None else (len(tree), *shape)


def with_parts(tree: Any, parts: dict[Any, Any]) -> Any:
    """Give a container of the same kind that holds other parts."""
    if isinstance(tree, dict):
        new = dict(tree) if type(tree) is dict else _copied(tree)  # an OrderedDict, a defaultdict with its default
        dict.update(new, parts)  # the update of a Counter adds
        return new
    if type(tree) in (list, tuple):
        return type(tree)(parts.values())
    if isinstance(tree, list):  # of a class of the user's, which keeps its attributes
        new = _copied(tree)
        list.__setitem__(new, slice(None), parts.values())
        return new
    if isinstance(tree, tuple):
        new = tuple.__new__(type(tree), parts.values())
        vars(new).update(vars(tree)) if hasattr(tree, "__dict__") else None
        return new
    new = _copied(tree)
    for name, part in parts.items():
        object.__setattr__(new, name, part)  # of a frozen one, too
    return new


def _copied(tree: Any) -> Any:
    return import_module("copy").copy(tree)


def _outline(tree: Any) -> str:
    """Say what kind of container something is, and what it holds."""
    if tree is None:
        return "None"
    kind = type(tree).__name__
    if is_leaf(tree):
        return f"a single {kind}"
    keys = [key for _, key, _ in list_parts(tree)]
    if isinstance(tree, dict):
        return f"a {kind} of {', '.join(map(repr, keys)) or 'nothing'}"
    return f"a {kind} of {len(keys)}"
