"""minigrad.scipy.signal, of SciPy 1.17 for type checkers; written by ``python -m tests.generated``."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import numpy

from minigrad.engine.tensor import Tensor

_Array = numpy.ndarray[Any, numpy.dtype[Any]]

@overload
def convolve(in1: Tensor, in2: Any, mode: Any = ..., method: Any = ..., *, axes: Any = ..., dot_axes: Any = ...) -> Tensor: ...
@overload
def convolve(in1: Any, in2: Tensor, mode: Any = ..., method: Any = ..., *, axes: Any = ..., dot_axes: Any = ...) -> Tensor: ...
@overload
def convolve(in1: _Array, in2: _Array | complex, mode: Any = ..., method: Any = ..., *, axes: Any = ..., dot_axes: Any = ...) -> _Array: ...
@overload
def convolve(in1: Any, in2: Any, mode: Any = ..., method: Any = ..., *, axes: Any = ..., dot_axes: Any = ...) -> Any: ...
