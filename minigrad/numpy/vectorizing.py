"""``np.vectorize``: a function of numbers, called for each element, of tensors too."""

from __future__ import annotations

from typing import Any

import numpy

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
