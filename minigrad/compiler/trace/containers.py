"""Dicts, lists and dataclasses among the arguments: copies while a function is traced, as arrays are something else."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from minigrad.compiler.trace.traced import TraceError
from minigrad.engine.conversion import is_array
from minigrad.engine.tensor import Tensor
from minigrad.engine.trees import list_parts


class Contents:
    """What containers hold before a function is called, each with the path to it."""

    def __init__(self, names: Sequence[str], values: Sequence[Any], is_open: Callable[[Any], bool]) -> None:
        self.kept: list[tuple[str, Any, dict[Any, Any]]] = []
        stack = list(zip(names, values, strict=True))[::-1]
        while stack:
            path, x = stack.pop()
            if not (isinstance(x, dict | list | tuple) or is_open(x)):
                continue
            parts = list_parts(x)
            self.kept.append((path, x, {key: part for _, key, part in parts}))
            stack += [(path + step, part) for step, _, part in parts[::-1]]

    def refuse_changes(self) -> None:
        """Raise ``TraceError`` if something else is in a container than was: the code would not put it there."""
        for path, x, before in self.kept:
            now = {key: (step, part) for step, key, part in list_parts(x)}
            for key, (step, part) in now.items():
                if key not in before or part is not before[key]:
                    copy = f"put it into a copy, and return that, as in {path} = step({path}, …)"
                    if isinstance(before.get(key), Tensor) or is_array(before.get(key)):
                        copy = f"write into the array that is there, {path}{step}[...] = …; or {copy}"
                    raise TraceError(
                        f"compile: the function puts a new value into {path}{step}, an argument, where the compiled "
                        f"code would not. {copy[0].upper()}{copy[1:]}; or let an optimizer update Tensors."
                    )
            for key in before.keys() - now.keys():
                raise TraceError(
                    f"compile: the function takes {key!r} out of {path}, an argument, which the compiled code would "
                    f"not. Leave it there, or compute with a copy, {path}.copy()."
                )
