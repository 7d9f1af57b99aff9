"""What compiles to what: small functions, the NumPy that becomes of them, and the loops of machine code."""

import inspect
import re
import textwrap
from collections.abc import Callable
from typing import Any

import numpy as np

import minigrad

WAY_IN = re.compile(r"\s*(def |if a\d+\.shape|raise |context = |gemm|crew = |\w+ = pointer|return 0)")


def element_by_element(x: Any) -> Any:
    """Functions of single elements."""
    return 2 * np.exp(-(x**2)) + x


def affine(x: Any, W: Any, b: Any) -> Any:
    """A layer."""
    return np.tanh(x @ W + b)


def softmax(u: Any) -> Any:
    """Sums along an axis, and what is done with each row."""
    e = np.exp(u - u.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def choice(x: Any) -> Any:
    """A choice that depends on values: both ways are computed in NumPy, and one is taken natively."""
    return np.where(x > 0, np.sqrt(np.abs(x)), 0)


def picked(x: Any) -> Any:
    """Rows by their numbers, which are known."""
    return x[[2, 0]].sum(axis=1)


def gradient(w: Any, x: Any) -> Any:
    """A gradient: what the chain rule gives, shortened first."""
    return minigrad.grad(lambda w: ((np.tanh(x @ w)) ** 2).sum())(w)


def recurrence(w: Any, x: Any) -> Any:
    """The same over and over: a loop."""
    h = np.zeros(3)
    for t in range(20):
        h = np.tanh(x[t] + h @ w)
    return h


def show_both(name: str) -> str:
    """Give a function's code, and what each backend makes of it for small arrays."""
    function = globals()[name]
    rng = np.random.default_rng(0)
    shapes = {"x": (4, 3), "W": (3, 2), "b": (2,), "u": (4, 3), "w": (3, 3)} | (
        {"x": (20, 3)} if name == "recurrence" else {}
    )
    arguments = [rng.normal(size=shapes[x]) for x in function.__code__.co_varnames[: function.__code__.co_argcount]]
    parts = [f"```python\n{read_function(function)}\n```"]
    for backend, step, read in (
        ("numpy", minigrad.compile(function), read_numpy),
        ("native", minigrad.compile(function, backend="native"), read_native),
    ):
        if not np.allclose(np.asarray(step(*arguments)), np.asarray(function(*arguments))):
            raise ValueError(f"{name}, {backend}: the code computes something else")
        parts.append(f"{backend}:\n\n```python\n{read(step.source)}\n```")
    return "\n\n".join(parts) + "\n"


def read_function(function: Callable[..., Any]) -> str:
    """Give the code of a function, without its docstring and what is said of types."""
    first, _, *rest = inspect.getsource(function).splitlines()
    return "\n".join([re.sub(r": Any\b| -> Any", "", first), *rest])


def read_numpy(source: str) -> str:
    """Give the lines of the step, without what is made ready before the first call."""
    inside = source.split("    def step(", 1)[1].split("\n", 1)[1].rsplit("    return step", 1)[0]
    return textwrap.dedent(inside).strip()


def read_native(source: str) -> str:
    """Give the loops, without the way in: shapes that are looked at, and pointers to arrays."""
    lines = [line for line in source.splitlines() if not WAY_IN.match(line)]
    return textwrap.dedent("\n".join(lines)).strip()
