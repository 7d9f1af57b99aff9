"""NumPy by its own names, for tensors too: ``import minigrad.numpy as np`` in place of ``import numpy as np``.

Everything is NumPy's, whose functions know tensors by themselves, but for what NumPy cannot hand over, since it looks
for tensors in some arguments alone: ``np.array([t, u])``, ``np.full(3, t)``, ``np.sum([t, u])``, ``np.take(array, i)``.

``making`` has the functions that make arrays, ``buffers`` those that make them to be filled, ``joining`` what is
indexed to make one, ``vectorizing`` goes through the elements, ``lifting`` takes NumPy's others to all of their
arguments; ``linalg``, ``fft`` and ``random`` are NumPy's, by the same names. The ``.pyi`` beside each say to type
checkers that np.tanh of a Tensor is a Tensor; they are written by ``python -m tests.generated``.
"""

from importlib import import_module
from typing import Any

import numpy

from minigrad.numpy.buffers import empty, empty_like, zeros, zeros_like
from minigrad.numpy.joining import c_, r_
from minigrad.numpy.lifting import lift
from minigrad.numpy.making import (
    array,
    asanyarray,
    asarray,
    asarray_chkfinite,
    ascontiguousarray,
    asfortranarray,
    fromiter,
    full,
    kaiser,
    require,
)
from minigrad.numpy.vectorizing import ndenumerate, vectorize

__all__ = [*numpy.__all__]
__all__ += ["array", "asanyarray", "asarray", "asarray_chkfinite", "ascontiguousarray", "asfortranarray", "full"]
__all__ += ["c_", "fromiter", "kaiser", "ndenumerate", "r_", "require", "vectorize"]
__all__ += ["empty", "empty_like", "zeros", "zeros_like"]

ROOMS = ("linalg", "fft", "random")


def __getattr__(name: str) -> Any:
    value = import_module(f"minigrad.numpy.{name}") if name in ROOMS else lift(getattr(numpy, name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *numpy.__all__})
