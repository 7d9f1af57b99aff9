"""``np.vectorize`` and ``np.ndenumerate``: one element of a tensor after the other, each with its gradient."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy

from minigrad.engine.operand import Operand
from minigrad.numpy.making import array, asarray, holds_operand


class vectorize(numpy.vectorize):
    """NumPy's ``vectorize``, whose function is called with each element of a tensor, and may be differentiated."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function for all elements of the arguments, broadcast together.

        Raises ``TypeError`` for tensors where there is a signature or an argument is excluded.
        """
        if not holds_operand((*args, *kwargs.values())):
            return super().__call__(*args, **kwargs)
        if self.signature is not None or self.excluded or kwargs:
            raise TypeError(
                "vectorize: for tensors there is no signature, no argument is excluded, and none has a name. Write "
                "minigrad.vmap(f), which has axes for each argument."
            )
        arrays: Any = numpy.broadcast_arrays(*(asarray(x) for x in args))
        shape = arrays[0].shape
        rows = [self.pyfunc(*(x[i] for x in arrays)) for i in numpy.ndindex(shape)]
        if rows and isinstance(rows[0], tuple):
            return tuple(numpy.reshape(array(list(column)), shape) for column in zip(*rows, strict=True))
        return numpy.reshape(array(rows), shape)


def ndenumerate(arr: Any) -> Iterator[tuple[tuple[int, ...], Any]]:
    """Give each place of an array and what is there, in order: of a tensor a tensor, as ``arr[place]`` is."""
    return ((i, arr[i]) for i in numpy.ndindex(arr.shape)) if isinstance(arr, Operand) else numpy.ndenumerate(arr)
