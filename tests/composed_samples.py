"""Functions of NumPy's that are several operations: one row for each way to call one; ``test_composed`` checks each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np

from tests.samples import Sample


def _statistics() -> Iterator[Sample]:
    for f, axis, keepdims in product((np.var, np.std), (None, 1, (0, 2)), (False, True)):
        call = partial(f, axis=axis, keepdims=keepdims, ddof=int(keepdims))
        yield Sample(f, call, ((2, 3, 2),), f"over {axis}{' keepdims' if keepdims else ''}")


COMPOSED_SAMPLES: tuple[Sample, ...] = (*_statistics(),)
