"""Integers among the arguments that count up: each makes a trace of its own, which is told when it has gone on."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from minigrad.compiler.calls.leaves import holds_arrays, is_taken
from minigrad.engine.messages.errors import warn_user
from minigrad.engine.messages.named_arguments import name_arguments
from minigrad.engine.transforms.trees import list_parts

PATIENT = 8  # traces that differ in integers alone: a few sizes are in order, a number of a step is not


class Counting:
    """Which integers the traces of a function were made for, by what else these depended on."""

    def __init__(self) -> None:
        self.seen: dict[Any, list[dict[str, int]]] = {}
        self.told = False

    def note(self, f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any], key: Any) -> None:
        """Note a trace for some arguments, whose kinds are ``key``; warn, once, of integers that are always others."""
        found = {} if self.told else dict(_list_integers(f, args, kwargs))
        if not found:
            return
        traced = self.seen.setdefault(_without_integers(key), [])
        if found not in traced:
            traced.append(found)
        if len(traced) >= PATIENT:
            self.told = True
            changing = [path for path in found if len({other.get(path) for other in traced}) > 1]
            self.seen.clear()
            name = getattr(f, "__name__", type(f).__name__)
            warn_user(
                f"compile: {name} has been traced {PATIENT} times for other values of {', '.join(changing)}: an "
                f"integer is part of the code. What is only computed with may be a float, float({changing[0]}), or an "
                f"array, which is read at each call.",
                RuntimeWarning,
            )


def _list_integers(f: Callable[..., Any], args: Sequence[Any], kwargs: Mapping[str, Any]) -> Iterator[tuple[str, int]]:
    """Give the integers among arguments, with the path to each."""
    stack = [*zip(name_arguments(f, len(args)), args, strict=True), *kwargs.items()][::-1]
    while stack:
        path, x = stack.pop()
        if isinstance(x, int) and not isinstance(x, bool):
            yield path, x
        elif not is_taken(x) and (isinstance(x, tuple | list | dict) or holds_arrays(x)):
            stack += [(path + step, part) for step, _, part in list_parts(x)[::-1]]


def _without_integers(key: Any) -> Any:
    """Give a key in which every integer that is part of the code stands for any other."""
    if not isinstance(key, tuple):
        return key
    if len(key) == 2 and key[0] is int:
        return int
    return tuple(map(_without_integers, key))
