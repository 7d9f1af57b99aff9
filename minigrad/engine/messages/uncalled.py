"""What is written for a value and is none: a method without its brackets, ``loss.item``."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Never

_COMPUTING = [
    f"__{r}{name}__" for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow") for r in ("", "r")
]
_COMPUTING += [f"__{name}__" for name in ("neg", "abs", "round", "float", "int", "format", "lt", "le", "gt", "ge")]


class Method(partial[Any]):
    """A method of a value, which can be called; whatever computes with it as with a number is told to.

    A step of W1 asks for one: as a partial, which Python need not be asked how to call, it takes a third.
    """

    __slots__ = ()

    @property
    def __func__(self) -> Any:
        return self.func

    @property
    def __self__(self) -> Any:
        return self.args[0]

    def __getattr__(self, name: str) -> Any:
        return getattr(self.func, name)

    def __reduce__(self) -> Any:
        return getattr, (self.__self__, self.func.__name__)

    def __repr__(self) -> str:
        return f"<method {self.func.__qualname__} of {self.__self__!r}>"


def _refuse(self: Method, *others: Any) -> Never:
    name = self.func.__name__
    raise TypeError(f"{name} is a method, and here it stands without its brackets: write {name}() for the number.")


for _name in _COMPUTING:
    setattr(Method, _name, _refuse)


class GivesNumber:
    """Makes a method that gives a number say so where it is used as that number without being called."""

    def __init__(self, function: Callable[..., Any]) -> None:
        self.function = function
        self.__doc__ = function.__doc__

    def __get__(self, owner: Any, kind: type) -> Any:
        return self.function if owner is None else Method(self.function, owner)
