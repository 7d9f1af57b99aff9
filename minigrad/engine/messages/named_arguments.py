"""What the arguments of a function that is differentiated or traced are called in errors: ``params['W1']``."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from typing import Any, Protocol

from minigrad.engine.transforms.trees import name_leaves


class Call(Protocol):
    """A call of a function with stand-ins for arrays among its arguments, within another such call or none."""

    outer: Call | None

    def list_arguments(self) -> Iterator[tuple[str, Any]]:
        """Give the arguments as the function has got them, with the path to each."""


within: ContextVar[Any] = ContextVar("within", default=None)  # the innermost Call that is differentiated


def name_arguments(f: Any, count: int) -> list[str]:
    """Give the names that a function has for its first arguments.

    >>> name_arguments(lambda x, *more: 0, 3)
    ['x', 'more[0]', 'more[1]']
    """
    try:
        parameters = list(inspect.signature(f).parameters.values())
    except (TypeError, ValueError):  # a function in C may have none
        parameters = []
    names = [x.name for x in parameters if x.kind in (x.POSITIONAL_ONLY, x.POSITIONAL_OR_KEYWORD)][:count]
    more = next((x.name for x in parameters if x.kind is x.VAR_POSITIONAL), None)
    left = range(count - len(names))
    return names + [f"argument_{len(names) + i}" if more is None else f"{more}[{i}]" for i in left]


def list_arguments(f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Give all leaves of a function's arguments with the path to each, as the function would write it."""
    for name, x in (*zip(name_arguments(f, len(args)), args, strict=True), *kwargs.items()):
        yield from name_leaves(x, name)


def name_argument(x: Any) -> str:
    """Give what the function that is being differentiated calls one of its arguments, or nothing if x is none."""
    call: Call | None = within.get()
    while call is not None:
        for path, leaf in call.list_arguments():
            if leaf is x:
                return path
        call = call.outer
    return ""
