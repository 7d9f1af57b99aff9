"""What type checkers read of ``minigrad.scipy``: an overload for tensors wherever one works, and SciPy's other names.

``python -m tests.generated`` writes them.
"""

import inspect
from collections.abc import Iterator
from importlib import import_module

import numpy as np
import scipy

from minigrad.engine.protocols.scipy_protocol import find_special
from minigrad.scipy.stats.distribution import Distribution
from tests.stubs import list_parameters, rest_overload, tensor_overloads

ROOMS = ("integrate", "linalg", "signal", "special", "stats")
# The arguments that may be tensors, of functions that are written here.
ARRAYS = frozenset(("x", "z", "a", "b", "q", "A", "ab", "in1", "in2", "alpha", "mean", "cov", "y0", "t"))
# Those that give an array, and no number, of arrays.
GIVE_ARRAYS = frozenset(
    (
        *("polygamma", "lambertw", "multigammaln", "softmax", "log_softmax", "expm", "sqrtm", "solve_sylvester"),
        *("solve_banded", "solve_triangular", "convolve", "odeint"),
    )
)
HEAD = '''"""minigrad.{room}, of SciPy {version} for type checkers; written by ``python -m tests.generated``."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import numpy
'''
TENSOR = """
from minigrad.engine.tensor import Tensor

_Array = numpy.ndarray[Any, numpy.dtype[Any]]
"""
PACKAGE = "\n".join(f"from minigrad.scipy import {room} as {room}" for room in ROOMS) + "\n"


def scipy_stubs() -> dict[str, str]:
    """Give the text of each stub by its path below ``minigrad/scipy``, without the end."""
    stubs = {"__init__": _head("scipy") + PACKAGE}
    for room in ("special", "linalg", "integrate", "signal"):
        stubs[room] = _write_room(room)
    stats = import_module("minigrad.scipy.stats")
    stubs["stats/__init__"] = _head("scipy.stats") + "".join(
        f"from minigrad.scipy.stats import {name} as {name}\n" for name in stats.__all__
    )
    return stubs | {f"stats/{name}": _write_distribution(name) for name in stats.__all__}


def _head(room: str) -> str:
    return HEAD.format(room=room, version=scipy.__version__.rpartition(".")[0])


def _write_room(room: str) -> str:
    """Write what is ours, what SciPy has and takes tensors itself, and that all else is SciPy's."""
    ours, theirs = import_module(f"minigrad.scipy.{room}"), import_module(f"scipy.{room}")
    own = {name: f for name, f in vars(ours).items() if inspect.isfunction(f) and f.__module__ == ours.__name__}
    public = {name: f for name, f in own.items() if not name.startswith("_")}
    lines = [line for name, f in public.items() for line in _write_function(name, f)]
    plain = []
    for name in sorted(set(theirs.__all__)) if "__getattr__" in own else ():
        value = getattr(theirs, name)
        if isinstance(value, np.ufunc) and find_special(value) is not None:
            lines += _write_ufunc(name, value)
        elif name not in public and not inspect.ismodule(value):
            plain.append(f"    {name} as {name},")
    imported = f"from scipy.{room} import (\n" + "\n".join(plain) + "\n)\n" if plain else ""
    return _head(f"scipy.{room}") + imported + TENSOR + "\n" + "\n".join(lines) + "\n"


def _write_ufunc(name: str, ufunc: np.ufunc) -> Iterator[str]:
    """Write a ufunc, of which each argument may be a tensor."""
    given = [f"x{i + 1}: {{}}" for i in range(ufunc.nin)] if ufunc.nin > 1 else ["x: {}"]
    yield from _write(name, [*given, "/", "*args: Any", "**kwargs: Any"], True)


def _write_function(name: str, f) -> Iterator[str]:
    """Write a function of ours by its signature, and what it does not say."""
    if name == "odeint":  # the arguments of the slope are in a tuple
        yield (
            "@overload\ndef odeint(func: Callable[..., Any], y0: Any, t: Any, args: tuple[Tensor] | tuple[Tensor, Any] "
            "| tuple[Any, Tensor], *, tfirst: bool = ..., **options: Any) -> Tensor: ..."
        )
    if name == "logsumexp":
        yield from _write(name, _settled(f, "return_sign: Literal[True]"), False, "tuple[Tensor, Tensor]", last=False)
        yield from _write(name, _settled(f, "return_sign: Literal[False] = ..."), False)
    else:
        yield from _write(name, list(list_parameters(f, ARRAYS)), name in GIVE_ARRAYS)


def _settled(f, flag: str) -> list[str]:
    """Give the parameters with a last one of a settled value, by name."""
    return [*list(list_parameters(f, ARRAYS))[:-1], "*", flag]


def _write_distribution(name: str) -> str:
    """Write the functions of a distribution, whose parameters SciPy has after x, or after q."""
    module = import_module(f"minigrad.scipy.stats.{name}")
    family, lines = getattr(module, "_family", None), []
    for function, f in vars(module).items():
        if isinstance(getattr(f, "__self__", None), Distribution):
            named = (*family.shapes, "loc", *(() if family.discrete else ("scale",)))
            given = [f"{next(iter(inspect.signature(f).parameters))}: {{}}"]
            given += [f"{x}: {{}}" + ("" if x in family.shapes else " = ...") for x in named]
            lines += _write(function, given, True)
        elif inspect.isfunction(f) and f.__module__ == module.__name__ and not function.startswith("_"):
            lines += _write(function, list(list_parameters(f, ARRAYS)), False)
    return _head(f"scipy.stats.{name}") + TENSOR + "\n" + "\n".join(lines) + "\n"


def _write(name: str, parameters: list[str], gives_array: bool, result="Tensor", last=True) -> Iterator[str]:
    """Write the overloads, for tensors and for the first argument an array; not ``last``, others follow them."""
    yield from tensor_overloads(name, parameters, "Tensor", result)
    if gives_array:
        first = next(i for i, p in enumerate(parameters) if "{}" in p)
        given = [p.format("_Array" if i == first else "_Array | complex") for i, p in enumerate(parameters)]
        given = [f"{p[:4]}: tuple[_Array | complex, ...] = ..." if p.startswith("args:") else p for p in given]
        yield f"@overload\ndef {name}({', '.join(given)}) -> _Array: ..."
    if last:
        yield rest_overload(name, parameters)
