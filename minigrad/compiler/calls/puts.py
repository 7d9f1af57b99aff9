"""What a call puts into dicts, lists and dataclasses among its arguments, as the function has put it into copies."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from minigrad.compiler.calls.leaves import holds_arrays, is_taken
from minigrad.compiler.calls.results import map_leaves
from minigrad.compiler.trace.containers import Place, Put, Route
from minigrad.compiler.trace.links import Link
from minigrad.compiler.trace.traced import TraceError
from minigrad.engine.transforms.trees import list_parts


def refuse_shared(puts: Iterable[Put], arguments: Sequence[Any], links: Iterable[Link]) -> None:
    """Raise where a container that gets something is met twice: the code would see it there as it was."""
    seen = Counter(id(x) for argument in arguments for x in _list_containers(argument))
    outside = {id(link.owner) for link in links}
    for put in puts:
        x = find_part(arguments, put.route)
        if seen[id(x)] > 1 or id(x) in outside:
            met = "twice among the arguments" if seen[id(x)] > 1 else "an argument and read outside as well"
            raise TraceError(
                f"compile: the function puts a new value into {put.path}, and the {type(x).__name__} that it belongs "
                f"to is {met}, where the code would not see the new one. Pass a copy, or pass it once."
            )


def put_parts(puts: Sequence[Put], returned: Any, arguments: Sequence[Any]) -> Any:
    """Put what a call has computed, the second of what it ``returned``, into its arguments; give the first."""

    def find(x: Any) -> Any:
        return find_part(arguments, x.route) if isinstance(x, Place) else x

    result, parts = map_leaves(returned, find)
    containers = [find_part(arguments, put.route) for put in puts]  # before one of them is put in the place of another
    for x, put, part in zip(containers, puts, parts, strict=True):
        set_part(x, put.key, part)
    return result


def find_part(arguments: Sequence[Any], route: Route) -> Any:
    """Give what is at a place among the arguments."""
    x = arguments[route[0]]
    for key in route[1:]:
        x = x[key] if isinstance(x, dict | list | tuple) else getattr(x, key)
    return x


def set_part(x: Any, key: Any, part: Any) -> None:
    """Put a part into a container."""
    if isinstance(x, dict | list):
        x[key] = part
    else:
        setattr(x, key, part)


def keep_contents(arguments: Any) -> Callable[[], None]:
    """Give what puts back what is in the containers now, whatever a call has changed in them."""
    kept = [(x, {key: part for _, key, part in list_parts(x)}) for x in _list_containers(arguments)]

    def put_back() -> None:
        for x, parts in kept:
            now = {key: part for _, key, part in list_parts(x)}
            if list(now) == list(parts) and all(now[key] is part for key, part in parts.items()):
                continue
            if isinstance(x, list):
                x[:] = parts.values()
            elif isinstance(x, dict):
                x.clear()
                x.update(parts)
            else:
                for key, part in parts.items():
                    set_part(x, key, part)

    return put_back


def _list_containers(x: Any) -> Iterator[Any]:
    if not is_taken(x) and (isinstance(x, dict | list | tuple) or holds_arrays(x)):
        yield x
        for _, _, part in list_parts(x):
            yield from _list_containers(part)
