"""Functions of NumPy's that are several operations: one row for each way to call one; ``test_composed`` checks each."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np

from tests.analysis_samples import ANALYSIS_SAMPLES
from tests.arranged_samples import ARRANGED_SAMPLES
from tests.composed_elementwise import elementwise_samples
from tests.composed_samples_linalg import linear_algebra_functions
from tests.loss_samples import LOSS_SAMPLES
from tests.sample import Sample
from tests.samples_fft import composed_fft_samples

MASK = np.array([[True, False], [True, True], [False, True]])
WEIGHTS = np.array([0.5, 2.0, 1.5])


def _reductions() -> Iterator[Sample]:
    for f, axis in product((np.sum, np.prod), (None, (0, 2))):
        yield Sample(f, partial(f, axis=axis, keepdims=True), ((2, 3, 2),), f"over {axis}")
        yield Sample(f, partial(f, axis=axis, initial=0.5, where=MASK), ((2, 3, 2),), f"over {axis} of some")
    for f in (np.sum, np.prod, np.mean):
        yield Sample(f, partial(f, axis=1, dtype=np.float64), ((2, 3),), "in float64")
    for g, axis in product((np.mean, np.var, np.std), (None, 1)):
        yield Sample(g, partial(g, axis=axis, where=MASK), ((2, 3, 2),), f"over {axis} of some")
    for h in (np.max, np.min, np.amax, np.amin):
        yield Sample(h, partial(h, axis=1), ((2, 3),))
        yield Sample(h, partial(h, axis=1, initial=0.1, where=MASK, keepdims=True), ((2, 3, 2),), "of some")
        yield Sample(h, partial(h, axis=1, initial=0.1), ((2, 0),), "of nothing")
    yield Sample(np.ptp, partial(np.ptp, axis=1, keepdims=True), ((2, 3),))
    for run, at in product((np.cumsum, np.cumprod), (None, 1)):
        yield Sample(run, partial(run, axis=at), ((2, 3),), f"along {at}")
    for run in (np.cumulative_sum, np.cumulative_prod):
        yield Sample(run, partial(run, axis=-1, include_initial=True), ((2, 3),), "from the start")


def _statistics() -> Iterator[Sample]:
    yield Sample(np.average, np.average, ((2, 3),), "without weights")
    yield Sample(np.average, partial(np.average, axis=1, weights=WEIGHTS, keepdims=True), ((2, 3),), "along 1")
    yield Sample(np.average, lambda a, w: np.average(a, weights=w), ((2, 3), (2, 3)), "by weights", low=0.5)
    yield Sample(np.average, lambda a, w: np.average(a, 0, w, returned=True), ((3, 2), (3,)), "and weights", low=0.5)
    yield Sample(np.var, lambda x, m: np.var(x, 1, mean=m, correction=1), ((2, 3), (2, 1)), "about a mean")
    for f, axis, keepdims in product((np.var, np.std), (None, 1, (0, 2)), (False, True)):
        call = partial(f, axis=axis, keepdims=keepdims, ddof=int(keepdims))
        yield Sample(f, call, ((2, 3, 2),), f"over {axis}{' keepdims' if keepdims else ''}")


COMPOSED_SAMPLES: tuple[Sample, ...] = (
    *(*_reductions(), *_statistics(), *ARRANGED_SAMPLES, *ANALYSIS_SAMPLES),
    *(*linear_algebra_functions(), *elementwise_samples(), *composed_fft_samples()),
    *LOSS_SAMPLES,
)
