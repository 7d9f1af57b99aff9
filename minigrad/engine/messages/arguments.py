"""What a user's arguments are looked at by: a number, a count, randomness, a path, and whether all are there."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from operator import index
from typing import Any, ParamSpec, TypeVar

import numpy as np

from minigrad.engine.messages.other_names import say_argument

P = ParamSpec("P")
R = TypeVar("R")


def check_count(called: str, name: str, value: Any, least: int = 1) -> int:
    """Give a whole number, if it is ``least`` or more."""
    try:
        if isinstance(value, bool | np.bool):
            raise TypeError("a truth value is no count")
        number = index(value)
    except TypeError as error:
        whole = isinstance(value, float | np.floating) and value == np.rint(value)
        hint = f"; write {int(value)}" if whole else as_literal(name, value)
        raise TypeError(f"{called}: {name} must be an integer, not {shown(value)}{hint}") from error
    if number < least:
        raise ValueError(f"{called}: {name} must be {least} or more, not {value!r}")
    return number


def check_number(called: str, name: str, value: Any, below: float = np.inf) -> float:
    """Give a number, if 0 ≤ value < below."""
    if isinstance(value, str | bytes) or not (hasattr(value, "__float__") or hasattr(value, "__index__")):
        raise TypeError(f"{called}: {name} must be a number, not {shown(value)}{as_literal(name, value)}")
    if np.ndim(value):
        raise TypeError(f"{called}: {name} must be one number, not an array of shape {np.shape(value)}")
    if not 0 <= value < below:
        wanted = "a finite number, 0 or more" if below == np.inf else f"at least 0 and less than {below}"
        raise ValueError(f"{called}: {name} must be {wanted}, not {value!r}")
    return float(value)


def check_flag(called: str, name: str, value: Any) -> bool:
    """Give a truth value, or 0 or 1; a text such as "no" would count as True."""
    if not isinstance(value, bool | np.bool) and not (isinstance(value, int) and value in (0, 1)):
        raise TypeError(f"{called}: {name} must be True or False, not {shown(value)}")
    return bool(value)


def check_generator(called: str, rng: Any) -> np.random.Generator:
    """Give the source of random numbers: a Generator as it is, a new one of a seed, or a fresh one for None."""
    try:
        return np.random.default_rng(rng)
    except (TypeError, ValueError) as error:
        raise type(error)(
            f"{called}: rng must be a numpy.random.Generator, an integer seed, 0 or more, or None, not {shown(rng)}"
        ) from error


def shown(value: Any) -> str:
    """Write a value for an error: a short literal with its type, or the type alone."""
    if value is None or isinstance(value, bool):
        return repr(value)
    text = repr(value) if isinstance(value, str | bytes | int | float | complex) else ""
    return f"the {type(value).__name__} {text}" if 0 < len(text) < 40 else f"a {type(value).__name__}"


def as_literal(name: str, value: Any) -> str:
    """Say how the number is written that a text spells."""
    try:
        return f"; write {name}={value.strip()}" if isinstance(value, str) and np.isfinite(float(value)) else ""
    except ValueError:
        return ""


def with_usage(f: Callable[P, R]) -> Callable[P, R]:
    """Let a function say, where its arguments do not fit its parameters, how it is called; on a class's ``__init__``.

    Raises ``TypeError``, before anything is done: which argument is missing, or not wanted, and the call as it is.
    """
    signature = inspect.signature(f)
    name = f.__qualname__.removesuffix(".__init__")

    @wraps(f)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return f(*args, **kwargs)
        except TypeError:
            try:
                signature.bind(*args, **kwargs)
            except TypeError as unfit:  # then nothing has been done
                given = args[1:] if "self" in signature.parameters else args
                owner = _called(f, args[0]) if "self" in signature.parameters else name
                usage = _usage(owner, signature, given, kwargs, unfit)
            else:
                raise
        raise TypeError(usage)

    return checked


def _called(method: Callable[..., Any], owner: Any) -> str:
    """Name a call by its class, and unless that makes an object by the method."""
    kind = type(owner).__name__
    return kind if method.__name__ == "__init__" else f"{kind}.{method.__name__}"


def _usage(name: str, signature: inspect.Signature, args: Any, kwargs: Any, error: TypeError) -> str:
    parameters = [p for p in signature.parameters.values() if p.name != "self"]
    call = ", ".join(p.name if p.default is p.empty else f"{p.name}={_written(p.default)}" for p in parameters)
    given = ", ".join(f"{p.name} is {shown(x)}" for p, x in zip(parameters, args, strict=False))
    hint = say_argument(kwargs, [p.name for p in parameters])
    reason = str(error).removesuffix(".")
    return f"{name}: {reason}{f', where {given}' if given else ''}.{hint} Write {name}({call})."


def _written(default: Any) -> str:
    return getattr(default, "__name__", None) or repr(default)
