"""minigrad.scipy.stats.dirichlet, of SciPy 1.17 for type checkers; written by ``python -m tests.generated``."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, overload

import numpy

from minigrad.engine.tensor import Tensor

_Array = numpy.ndarray[Any, numpy.dtype[Any]]

@overload
def logpdf(x: Tensor, alpha: Any) -> Tensor: ...
@overload
def logpdf(x: Any, alpha: Tensor) -> Tensor: ...
@overload
def logpdf(x: Any, alpha: Any) -> Any: ...
@overload
def pdf(x: Tensor, alpha: Any) -> Tensor: ...
@overload
def pdf(x: Any, alpha: Tensor) -> Tensor: ...
@overload
def pdf(x: Any, alpha: Any) -> Any: ...
