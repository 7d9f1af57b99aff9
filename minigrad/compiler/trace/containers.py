"""Dicts, lists and dataclasses among the arguments: copies while a function is traced, as arrays are something else.

What a function puts into them, p[k] = …, the code computes, and each call puts it into the caller's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from minigrad.compiler.trace.traced import Traced, TraceError
from minigrad.engine.tensor import Tensor
from minigrad.engine.transforms.trees import list_parts, with_parts

Route = tuple[Any, ...]  # the number of an argument, and the keys of what is in it


@dataclass(frozen=True)
class Place:
    """Stands for what is at a place among the arguments: the caller's own container, or an array that is in one."""

    route: Route


@dataclass(frozen=True)
class Put:
    """What a call puts into a container: the route to that, and the key there; ``path`` is how Python writes both."""

    route: Route
    key: Any
    path: str


class Contents:
    """What containers hold before a function is called, each with the path and the route to it."""

    def __init__(self, names: Sequence[str], values: Sequence[Any], is_open: Callable[[Any], bool]) -> None:
        self.is_open = is_open
        self.kept: list[tuple[str, Route, Any, dict[Any, Any]]] = []
        self.routes: dict[int, Route] = {}
        self.moved: set[Route] = set()
        stack: list[tuple[str, Route, Any]] = [
            (name, (i,), x) for i, (name, x) in enumerate(zip(names, values, strict=True))
        ]
        stack.reverse()
        while stack:
            path, route, x = stack.pop()
            if isinstance(x, Traced):
                self.routes.setdefault(id(x), route)
            if not _holds_parts(x, is_open):
                continue
            self.routes.setdefault(id(x), route)
            parts = list_parts(x)
            self.kept.append((path, route, x, {key: part for _, key, part in parts}))
            stack += [(path + step, (*route, key), part) for step, key, part in parts[::-1]]

    def find_puts(self) -> dict[Put, Any]:
        """Give what is in a container and was not before, with places for the arguments' own.

        Raises ``TraceError`` for what is taken out, for what would make each later call another one, which is traced
        anew, and for what has a gradient.
        """
        found = {}
        for path, route, x, before in self.kept:
            now = list_parts(x)
            for key in before.keys() - {key for _, key, _ in now}:
                raise TraceError(
                    f"compile: the function takes {key!r} out of {path}, an argument, which the compiled code would "
                    f"not. Leave it there, or compute with a copy, {path}.copy()."
                )
            for step, key, part in now:
                if key not in before or not _is_same(part, before[key]):
                    if key not in before and isinstance(x, list):
                        raise TraceError(
                            f"compile: the function appends to {path}, an argument, so that no later call would be "
                            f"like this one: each would be traced anew. Return the value, and append it outside."
                        )
                    _check_part(path + step, part, self.is_open)
                    found[Put(route, key, path + step)] = self.point(part, self.routes)
        return found

    def point_changed(self, result: Any, puts: Iterable[Put]) -> Any:
        """Give a result with places for those of the arguments' containers that something is put into, or that are."""
        changed = {put.route[:n] for put in puts for n in range(1, len(put.route) + 1)} | self.moved
        return self.point(result, {i: route for i, route in self.routes.items() if route in changed})

    def point(self, x: Any, routes: Mapping[int, Route]) -> Any:
        """Give something with places for what there are routes to, by its identity."""
        if id(x) in routes:
            self.moved.add(routes[id(x)])
            return Place(routes[id(x)])
        if not _holds_parts(x, self.is_open):
            return x
        return with_parts(x, {key: self.point(part, routes) for _, key, part in list_parts(x)})


def refuse_other_puts(first: Sequence[Put], second: Sequence[Put]) -> None:
    """Raise if two traces of one call put something into other places."""
    if first != second:
        put = next(x for x in (*first, *second) if x not in first or x not in second)
        raise TraceError(
            f"compile: the function puts a new value into {put.path}, an argument, at times and at times not, though "
            f"nothing that it is given differs. Let an argument decide."
        )


def _holds_parts(x: Any, is_open: Callable[[Any], bool]) -> bool:
    return isinstance(x, dict | list | tuple) or is_open(x)


def _is_same(x: Any, before: Any) -> bool:
    """Say whether something is what was there: that object, or an equal one that is no array, and part of the code."""
    return x is before or (type(x) is type(before) and isinstance(x, int | str | bytes) and x == before)


def _check_part(path: str, x: Any, is_open: Callable[[Any], bool]) -> None:
    """Raise for a part that no call may put into a container."""
    if isinstance(x, int) and not isinstance(x, bool):
        raise TraceError(
            f"compile: the function puts another integer into {path}, an argument, and integers are part of the code, "
            f"which would be traced anew at each call. Let it be a float, 0.0, which is read at each call."
        )
    if isinstance(x, Tensor) and (x.requires_grad or x.serial > 0):
        raise TraceError(
            f"compile: the function puts a value that has a gradient into {path}, an argument, where the gradient "
            f"would be lost. Return it, or put its .detach() there; let an optimizer update Tensors."
        )
    for step, _, part in list_parts(x) if _holds_parts(x, is_open) else ():
        if not isinstance(part, int):
            _check_part(path + step, part, is_open)
