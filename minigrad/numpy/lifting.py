"""NumPy's functions for tensors in any argument, and for lists of them, which NumPy itself does not look into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

import numpy

from minigrad.engine.messages.other_names import say_argument
from minigrad.engine.operand import Operand, find_operands
from minigrad.numpy.making import array, holds_operand

DISPATCHER = type(numpy.sum)  # what NumPy makes of a function that looks for __array_function__ in its arguments

# Those that take several arrays in one argument: its list stays a list, and those in it are arrays. So is a block's
# list of lists, of which each is a row.
OF_SEVERAL = frozenset(
    (
        *("concatenate", "concat", "stack", "hstack", "vstack", "dstack", "column_stack"),
        *("select", "choose", "piecewise", "multi_dot", "histogramdd"),
    )
)


def lift(value: Any) -> Any:
    """Give a function of NumPy's as one that finds tensors wherever they are; all else as it is."""
    return _lifted(value) if isinstance(value, DISPATCHER) else value


def _lifted(f: Callable[..., Any]) -> Callable[..., Any]:
    change = _parts_joined if f.__name__ in OF_SEVERAL else _joined if f.__name__ != "block" else _kept

    @wraps(f)
    def call(*args: Any, **kwargs: Any) -> Any:
        if len(args) == 1 and isinstance(args[0], Operand):
            try:
                return f(*args, **kwargs)  # which NumPy finds by itself, without a search
            except TypeError as error:
                raise _explained(f, kwargs, error) from error
        if not holds_operand((*args, *kwargs.values())):
            return f(*args, **kwargs)
        operand = next(find_operands((args, kwargs)))
        named = {name: change(x) for name, x in kwargs.items()}
        try:
            return operand.__array_function__(f, (type(operand),), tuple(map(change, args)), named)
        except TypeError as error:
            raise _explained(f, kwargs, error) from error

    return call


def _explained(f: Callable[..., Any], named: Mapping[str, Any], error: TypeError) -> TypeError:
    """Say of an argument that NumPy has not what it is called there, if another library has it by that name."""
    name = next((name for name in named if f"'{name}'" in str(error)), None)
    said = say_argument([name], ()) if name and "unexpected keyword argument" in str(error) else ""
    return TypeError(f"np.{f.__name__}: there is no argument {name!r}.{said}") if said else error


def _joined(x: Any) -> Any:
    """Give a list of tensors as one tensor."""
    return array(x) if isinstance(x, list | tuple) and holds_operand(x) else x


def _parts_joined(x: Any) -> Any:
    """Give a list of lists of tensors as a list of tensors."""
    return [_joined(part) for part in x] if isinstance(x, list | tuple) else x


def _kept(x: Any) -> Any:
    return x
