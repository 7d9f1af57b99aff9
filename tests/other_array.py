"""A stand-in for an array of another library: it speaks NumPy's protocols, and what a GPU's would refuse it refuses."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

MOVES = (np.asarray, np.array, np.asanyarray)  # what, with like=, makes one of a host array (NEP 35)
METHODS = (
    *("all", "any", "argmax", "argmin", "argsort", "astype", "conj", "copy", "cumsum", "cumprod", "diagonal"),
    *("max", "mean", "min", "nonzero", "ravel", "repeat", "reshape", "sum", "swapaxes", "take", "transpose"),
)


class OtherArray(NDArrayOperatorsMixin):
    """An array that cannot be made a numpy.ndarray, nor computes with one: as if it lay on a GPU or a cluster.

    ``moved`` counts the arrays of the host that were made one of these, ``asked`` the times that one of these was to
    be made the host's, which is refused; numbers, a scalar of NumPy's among them, go beside it as they do on CuPy.
    """

    moved = 0
    asked = 0
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, array: Any) -> None:
        assert isinstance(array, np.ndarray | np.generic)
        self._held = np.asarray(array)

    shape = property(lambda self: self._held.shape)
    dtype = property(lambda self: self._held.dtype)
    ndim = property(lambda self: self._held.ndim)
    size = property(lambda self: self._held.size)
    nbytes = property(lambda self: self._held.nbytes)
    T = property(lambda self: OtherArray(self._held.T))
    real = property(lambda self: OtherArray(self._held.real))
    imag = property(lambda self: OtherArray(self._held.imag))

    def get(self) -> np.ndarray:
        """Give the elements to the host, which a test asks for by name, as CuPy has it."""
        return self._held

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        OtherArray.asked += 1
        raise TypeError("an OtherArray was to be made a numpy.ndarray")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        if method == "at":
            raise TypeError(f"OtherArray: {ufunc.__name__}.at is not there")
        out = kwargs.get("out", ())
        assert all(isinstance(x, OtherArray) for x in out if x is not None), "the host is written into"
        result = getattr(ufunc, method)(*opened(inputs), **opened(kwargs))
        return out[0] if len(out) == 1 and out[0] is not None else wrapped(result)

    def __array_function__(self, func: Any, types: Any, args: Any, kwargs: Any) -> Any:
        if not all(issubclass(kind, OtherArray) for kind in types):
            return NotImplemented
        if func in MOVES:
            OtherArray.moved += isinstance(args[0], np.ndarray)
            return wrapped(func(*(x._held if isinstance(x, OtherArray) else x for x in args), **kwargs))
        return wrapped(func(*opened(args), **opened(kwargs)))

    def __getitem__(self, key: Any) -> Any:
        return wrapped(self._held[opened(key)])

    def __setitem__(self, key: Any, value: Any) -> None:
        self._held[opened(key)] = opened(value)

    def __len__(self) -> int:
        return len(self._held)

    def __iter__(self) -> Iterator[Any]:
        return (self[i] for i in range(len(self)))

    def __bool__(self) -> bool:
        return bool(self._held)

    def __float__(self) -> float:
        return float(self._held)

    def __int__(self) -> int:
        return int(self._held)

    def __index__(self) -> int:
        return self._held.__index__()

    def __complex__(self) -> complex:
        return complex(self._held)

    def __getattr__(self, name: str) -> Any:
        if name not in METHODS:
            raise AttributeError(f"an OtherArray has no {name}")
        return lambda *args, **kwargs: wrapped(getattr(self._held, name)(*opened(args), **opened(kwargs)))


def opened(x: Any) -> Any:
    """Give what stands in lists, tuples, dicts and slices as NumPy's arrays; an array of the host is refused."""
    if isinstance(x, list | tuple):
        return type(x)(opened(part) for part in x)
    if isinstance(x, dict):
        return {key: opened(part) for key, part in x.items()}
    if isinstance(x, slice):
        return slice(opened(x.start), opened(x.stop), opened(x.step))
    if isinstance(x, np.ndarray):
        raise TypeError("OtherArray: an array of the host stands beside it")
    return x._held if isinstance(x, OtherArray) else x


def wrapped(x: Any) -> Any:
    """Give what NumPy made as arrays of this kind: a scalar, too, is one without axes, as on a GPU."""
    if isinstance(x, list | tuple):
        parts = [wrapped(part) for part in x]
        return type(x)(*parts) if hasattr(x, "_fields") else type(x)(parts)
    return OtherArray(x) if isinstance(x, np.ndarray | np.generic) else x


class PlainArray:
    """An array that speaks DLPack, and nothing of NumPy's protocols: as PyTorch's, JAX's and those of the array API.

    ``device`` is DLPack's number of where it says that it lies, ``dtype`` of what it says that it holds; NumPy knows no
    bfloat16. One with ``requires_grad`` gives its memory to nobody, as PyTorch's.
    """

    def __init__(self, array: Any, device: int = 1, dtype: str = "", requires_grad: bool = False) -> None:
        self._held, self.device, self.requires_grad = np.asarray(array), device, requires_grad
        self.shape, self.dtype = self._held.shape, dtype or self._held.dtype

    def __dlpack_device__(self) -> tuple[int, int]:
        return self.device, 0

    def __dlpack__(self, **options: Any) -> Any:
        if self.dtype == "bfloat16":
            raise BufferError("Unsupported dtype in DLTensor.")
        assert self.device == 1, "its memory is asked for"
        assert not self.requires_grad, "its gradient would end"
        return self._held.__dlpack__(**options)

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise AssertionError("a copy on the host is asked for")
