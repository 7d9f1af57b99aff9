"""What type checkers read of ``minigrad.numpy``: NumPy's own stubs, and an overload for tensors wherever one works.

``python -m tests.generated`` writes them.
"""

import inspect
from collections.abc import Iterator

import numpy as np

from minigrad.engine.protocols.numpy_protocol import COMPOSED, find_function, find_ufunc
from minigrad.numpy.lifting import DISPATCHER

# What an array is called among the parameters of NumPy's functions.
ARRAYS = frozenset(
    (
        *("a", "b", "m", "x", "y", "v", "f", "p", "c", "x1", "x2", "ap", "arr", "ary", "array", "arrays", "tup"),
        *("values", "object", "fill_value", "z", "q", "xp", "fp", "choices", "xi", "args"),
    )
)
# Results that are not one Tensor.
RESULTS = {
    "shape": "tuple[int, ...]",
    **dict.fromkeys(("ndim", "size"), "int"),
    **dict.fromkeys(("split", "array_split", "hsplit", "vsplit", "dsplit"), "list[Tensor]"),
    **dict.fromkeys(
        ("unstack", "meshgrid", "broadcast_arrays", "ix_", "modf", "frexp", "divmod"), "tuple[Tensor, ...]"
    ),
    **dict.fromkeys(
        ("atleast_1d", "atleast_2d", "atleast_3d", "slogdet", "eigh", "eig", "svd", "qr", "lstsq", "gradient"), "Any"
    ),
}
# Those that give an array of arrays, and no number, whatever their axis is.
GIVE_ARRAYS = frozenset(
    (
        *("append", "array", "asanyarray", "asarray", "ascontiguousarray", "asfortranarray", "full", "broadcast_to"),
        *("column_stack", "compress", "concat", "concatenate", "convolve", "copy", "correlate", "cross", "cumprod"),
        *("cumsum", "cumulative_prod", "cumulative_sum", "delete", "diag", "diagflat", "diagonal", "diff", "dstack"),
        *("ediff1d", "empty_like", "expand_dims", "fft", "fft2", "fftn", "fftshift", "flip", "fliplr", "flipud"),
        *("full_like", "geomspace", "hfft", "hstack", "ifft", "ifft2", "ifftn", "ifftshift", "ihfft", "insert", "inv"),
        *("irfft", "irfft2", "irfftn", "kron", "linspace", "logspace", "matrix_power", "matrix_transpose", "moveaxis"),
        *("nancumprod", "nancumsum", "ones_like", "outer", "pad", "partition", "permute_dims", "pinv", "ravel"),
        *("repeat", "reshape", "resize", "rfft", "rfft2", "rfftn", "roll", "rollaxis", "rot90", "solve", "sort"),
        *("squeeze", "stack", "swapaxes", "take_along_axis", "tile", "transpose", "tril", "triu", "unwrap", "vander"),
        *("vstack", "where", "zeros_like", "cholesky", "eigvals", "eigvalsh", "svdvals", "tensorinv", "tensorsolve"),
    )
)
MAKING = ("array", "asanyarray", "asarray", "asarray_chkfinite", "ascontiguousarray", "asfortranarray", "full")
HEAD = '''"""{what} for type checkers; written by ``python -m tests.generated``, not by hand."""

from collections.abc import Sequence
from typing import Any, overload

import numpy
from {module} import (
{plain}
)

from minigrad.engine.tensor import Tensor
'''
ROOMS = ("linalg", "fft", "random")
TENSORS = """
_Tensors = Tensor | Sequence[Tensor] | Sequence[Sequence[Tensor]]
_Array = numpy.ndarray[Any, numpy.dtype[Any]]
_Arrays = _Array | Sequence[_Array] | Sequence[Sequence[_Array]]
"""
UFUNCS = """
class _Ufunc:
    nin: int
    nout: int
    identity: Any
    types: list[str]
    def reduce(self, array: Any, /, *args: Any, **kwargs: Any) -> Any: ...
    def accumulate(self, array: Any, /, *args: Any, **kwargs: Any) -> Any: ...
    def reduceat(self, array: Any, /, *args: Any, **kwargs: Any) -> Any: ...
    def outer(self, A: Any, B: Any, /, **kwargs: Any) -> Any: ...
    def at(self, a: Any, indices: Any, b: Any = ..., /) -> None: ...

class _Joining:
    def __getitem__(self, key: Any) -> Any: ...

class _Unary(_Ufunc):
    @overload
    def __call__(self, x: Tensor, /, *args: Any, **kwargs: Any) -> Tensor: ...
    @overload
    def __call__(self, x: _Array, /, *args: Any, **kwargs: Any) -> _Array: ...
    @overload
    def __call__(self, x: Any, /, *args: Any, **kwargs: Any) -> Any: ...

class _Binary(_Ufunc):
    @overload
    def __call__(self, x1: Tensor, x2: Any, /, *args: Any, **kwargs: Any) -> Tensor: ...
    @overload
    def __call__(self, x1: Any, x2: Tensor, /, *args: Any, **kwargs: Any) -> Tensor: ...
    @overload
    def __call__(self, x1: _Array, x2: _Array | complex, /, *args: Any, **kwargs: Any) -> _Array: ...
    @overload
    def __call__(self, x1: complex, x2: _Array, /, *args: Any, **kwargs: Any) -> _Array: ...
    @overload
    def __call__(self, x1: Any, x2: Any, /, *args: Any, **kwargs: Any) -> Any: ...
"""
# Where a signature of NumPy's hides which argument is an array.
SIGNATURES = {
    "einsum": ["subscripts: Any", "operand: {}", "/", "*operands: Any", "out: Any = ...", "optimize: Any = ..."]
}


def write_stub(module) -> str:
    """Write the stub of ``minigrad.numpy``, or of its linalg, fft or random, from NumPy's module."""
    inner = module.__name__.removeprefix("numpy").removeprefix(".")
    written = {name: list(_write(name, getattr(module, name), inner)) for name in sorted(module.__all__)}
    rooms = () if inner else ROOMS
    plain = [f"    {name} as {name}," for name, lines in written.items() if not lines and name not in rooms]
    what = f"minigrad.{module.__name__}, of NumPy {np.__version__.rpartition('.')[0]}"
    parts = [HEAD.format(what=what, module=module.__name__, plain="\n".join(plain))]
    parts += [f"from minigrad.numpy import {room} as {room}" for room in rooms]
    parts += [TENSORS, *(() if inner else [UFUNCS]), *(line for lines in written.values() for line in lines)]
    return "\n".join(parts) + "\n"


def _write(name, value, inner) -> Iterator[str]:
    if name in ("r_", "c_"):
        yield f"{name}: _Joining"
    elif isinstance(value, np.ufunc) and f"numpy.{name}" not in COMPOSED:
        if find_ufunc(value) is not None:
            yield f"{name}: {'_Unary' if value.nin == 1 else '_Binary'}"
    elif isinstance(value, np.ufunc):
        yield from _overloads(name, ["x: {}", "/"] if value.nin == 1 else ["x1: {}", "x2: {}", "/"])
    elif (isinstance(value, DISPATCHER) and find_function(value) is not None) or (name in MAKING and not inner):
        yield from _overloads(name, SIGNATURES.get(name) or list(list_parameters(value)))


def list_parameters(f, arrays=ARRAYS) -> Iterator[str]:
    """The parameters as a stub has them, with ``{}`` where the type of an array belongs."""
    parameters = list(inspect.signature(f).parameters.values())
    starred = False
    for i, p in enumerate(parameters):
        if p.kind is p.KEYWORD_ONLY and not starred:
            starred = True
            yield "*"
        array = p.name in arrays and (i == 0 or p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD))
        kind = "{}" if array else "Any"
        stars = "*" if p.kind is p.VAR_POSITIONAL else "**" if p.kind is p.VAR_KEYWORD else ""
        starred |= p.kind is p.VAR_POSITIONAL
        yield f"{stars}{p.name}: {kind}" + ("" if p.default is p.empty else " = ...")
        after = parameters[i + 1].kind if i + 1 < len(parameters) else None
        if p.kind is p.POSITIONAL_ONLY and after is not p.POSITIONAL_ONLY:
            yield "/"


def _overloads(name, parameters) -> Iterator[str]:
    """An overload for tensors in each argument that may be an array, one for arrays in all, and one for all else."""
    yield from tensor_overloads(name, parameters, "_Tensors", RESULTS.get(name, "Tensor"))
    places = [i for i, p in enumerate(parameters) if "{}" in p]
    if places and name in GIVE_ARRAYS:
        numbers = dict.fromkeys(places if name == "where" else places[1:], " | complex")
        given = [p.format("_Arrays" + numbers.get(i, "")) for i, p in enumerate(parameters)]
        given = [p.removesuffix(" = ...") if i <= places[-1] else p for i, p in enumerate(given)]
        yield f"@overload\ndef {name}({', '.join(given)}) -> _Array: ..."
    yield rest_overload(name, parameters)


def tensor_overloads(name, parameters, tensors, result) -> Iterator[str]:
    """An overload for tensors in each argument that may be one; those before it are asked for, or it has its name."""
    for place in [i for i, p in enumerate(parameters) if "{}" in p]:
        given = [p.format(tensors if i == place else "Any") for i, p in enumerate(parameters)]
        asked = [p if p.startswith("*") else p.removesuffix(" = ...") for p in given[: place + 1]]
        yield f"@overload\ndef {name}({', '.join(asked + given[place + 1 :])}) -> {result}: ..."
        if asked[:place] != given[:place] and "/" not in given:
            named = [*given[:place], "*", *asked[place:], *(p for p in given[place + 1 :] if p != "*")]
            yield f"@overload\ndef {name}({', '.join(named)}) -> {result}: ..."


def rest_overload(name, parameters) -> str:
    """The overload for all else, alone where no argument may be a tensor."""
    decorator = "@overload\n" if any("{}" in p for p in parameters) else ""
    return f"{decorator}def {name}({', '.join(p.format('Any') for p in parameters)}) -> Any: ..."
