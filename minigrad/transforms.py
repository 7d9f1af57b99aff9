"""Functions of functions: the gradient of a function as a function."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from functools import wraps
from typing import Any

import numpy as np

from minigrad.autodiff import pullback
from minigrad.ops.elementwise import identity
from minigrad.tensor import Tensor


class _Depth(threading.local):
    """How many gradients this thread is in the middle of: within another one, a gradient needs a graph of its own."""

    value = 0


_depth = _Depth()


def value_and_grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., tuple[Any, Any]]:
    """Give a function that returns both f(…) and its gradient ∂f/∂(argument ``argnums``).

    ``f`` takes arrays or numbers as it would without us, in NumPy's syntax, and returns a scalar. The gradient has the
    argument's shape and dtype; for several ``argnums`` it is a tuple. Arrays in, arrays out; Tensors in, Tensors out.
    Such functions nest: ``grad(grad(f))``.

    Raises ``TypeError`` for an argument that is not floating point, ``ValueError`` if f's value is not a scalar.

    >>> value, gradient = value_and_grad(lambda x: (x**2).sum())(np.array([1.0, 2.0]))
    >>> float(value), gradient
    (5.0, array([2., 4.]))
    """
    several = not isinstance(argnums, int)
    positions = tuple(argnums) if not isinstance(argnums, int) else (argnums,)
    called = getattr(f, "__name__", type(f).__name__)

    @wraps(f, updated=())
    def value_and_gradient(*args: Any, **kwargs: Any) -> tuple[Any, Any]:
        recorded = _depth.value > 0 or any(isinstance(x, Tensor) and x.requires_grad for x in args)
        tensors_out = recorded or any(isinstance(x, Tensor) for x in args)
        variables = [_variable(called, args, i) for i in positions]
        arguments = list(args)
        for i, x in zip(positions, variables, strict=True):
            arguments[i] = x
        _depth.value += 1
        try:
            value = f(*arguments, **kwargs)
        finally:
            _depth.value -= 1
        gradients = _gradients(called, value, variables, recorded)
        if not tensors_out:
            value = value.data if isinstance(value, Tensor) else value
            gradients = [g.data for g in gradients]
        return value, tuple(gradients) if several else gradients[0]

    return value_and_gradient


def grad(f: Callable[..., Any], argnums: int | Sequence[int] = 0) -> Callable[..., Any]:
    """Give the gradient function ∂f/∂(argument ``argnums``) of a scalar function, as ``value_and_grad`` does.

    >>> float(grad(grad(np.sin))(0.5) + np.sin(0.5))
    0.0
    """
    both = value_and_grad(f, argnums)

    @wraps(f, updated=())
    def gradient(*args: Any, **kwargs: Any) -> Any:
        return both(*args, **kwargs)[1]

    return gradient


def _variable(called: str, args: tuple[Any, ...], i: int) -> Tensor:
    """Give argument i as a tensor that nothing else has yet been computed from."""
    if not -len(args) <= i < len(args):
        raise ValueError(f"grad of {called}: argnums names positional argument {i}, and {len(args)} were given.")
    x = args[i]
    if isinstance(x, Tensor) and x.requires_grad:
        return identity(x)
    data = x.data if isinstance(x, Tensor) else x
    if not np.issubdtype(np.result_type(data), np.floating):
        raise TypeError(
            f"grad of {called}: argument {i} is {np.result_type(data)}, and only floating-point arguments have "
            f"gradients. Write 3.0 for 3, or convert an array with .astype(float)."
        )
    return Tensor(data, requires_grad=True)


def _gradients(called: str, value: Any, variables: list[Tensor], recorded: bool) -> list[Tensor]:
    if np.shape(value) != ():
        raise ValueError(
            f"grad of {called}: wanted a scalar value, and it has shape {np.shape(value)}. Reduce it, with .sum() say."
        )
    found: dict[Tensor, Any] = {}
    oldest = min(x.serial for x in variables)
    if isinstance(value, Tensor) and value.serial >= oldest:
        seed = np.ones((), value.dtype)
        found = pullback(
            value, Tensor(seed) if recorded else seed, create_graph=recorded, since=oldest, keep=set(variables)
        )
    gradients = [found.get(x, None) for x in variables]
    return [
        Tensor(np.zeros_like(x.data)) if g is None else g if isinstance(g, Tensor) else Tensor(np.array(g))
        for g, x in zip(gradients, variables, strict=True)
    ]
