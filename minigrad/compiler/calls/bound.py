"""A prepared call: the arguments of a compiled function are looked at once, and read where they lie from then on."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any
from weakref import ref

import numpy as np

from minigrad.compiler.calls.leaves import flatten_leaves
from minigrad.compiler.calls.shortcuts import open_way, shortcuts
from minigrad.engine.recording import compilation
from minigrad.engine.tensor import Tensor
from minigrad.notebook.safety import text_or_reason


class Bound(partial[Any]):
    """A compiled function with all of its arguments, called without any; ``Compiled.bind`` says what for.

    It is the way into the code with the arguments' places written into that, as ``Compiled`` is the one without.
    """

    def __new__(cls, step: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Bound:
        """Make a partial that is told in ``__init__`` what to call."""
        return super().__new__(cls, step)

    def __init__(self, step: Any, args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> None:
        self._step, self._given, self._named = step, args, dict(kwargs)
        named = [
            *((f"argument {i}", x) for i, x in enumerate(args)),
            *((f"argument {k}", x) for k, x in kwargs.items()),
        ]
        for name, x in named:
            _refuse_container(name, x)
        self._arrays = [(name, x, x.shape, x.dtype) for name, x in named if isinstance(x, np.ndarray | Tensor)]
        self.way = open_way(ref(self))
        self.call_by(self.way)
        shortcuts.add(self)
        step.prepare(self, args, self._named)

    def call_by(self, way: Callable[..., Any]) -> None:
        """Let every call go this way from now on."""
        super().__setstate__((way, (), {}, self.__dict__))  # type: ignore[misc]  # which typeshed leaves out

    @text_or_reason
    def __repr__(self) -> str:
        return f"<a prepared call of {self._step!r}>"

    def __reduce__(self) -> Any:
        """Be bound anew, to copies of the arguments."""
        return type(self), (self._step, self._given, self._named)

    def look_up(self, *more: Any) -> Any:
        """Make the call in the ordinary way: something has changed, or nothing is prepared yet."""
        if more:
            raise TypeError(
                f"{self!r} takes no arguments: it has been given all of them by bind. Write into them to change what "
                f"is computed, as in x[...] = new, or call the compiled function itself."
            )
        for name, x, shape, dtype in self._arrays:
            if x.shape != shape or x.dtype != dtype:
                raise ValueError(
                    f"bind: {name} had shape {shape} and dtype {dtype} when it was bound, and now has {x.shape} and "
                    f"{x.dtype}; bind the call anew."
                )
        if (trace := compilation()) is not None:  # whose code is to read the arrays, which its function does not name
            named = {name: trace.operand(x) for name, x in self._named.items()}
            return self._step.look_up(*map(trace.operand, self._given), **named)
        result = self._step.look_up(*self._given, **self._named)
        self._step.prepare(self, self._given, self._named)
        return result


def _refuse_container(name: str, x: Any) -> None:
    """Refuse what may be given other arrays or numbers later, which a prepared call would not see."""
    leaves: list[Any] = []
    flatten_leaves(x, leaves)
    if isinstance(x, list | dict | set) or (leaves and leaves[0] is not x):
        raise TypeError(
            f"bind: {name} is a {type(x).__name__}, whose contents may be replaced by others, which a prepared call "
            f"would not see; let the function take the arrays in it as arguments of their own."
        )
