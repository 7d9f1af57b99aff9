"""Rows of functions that are several operations: order, what is missing, differences, covariances, polynomials."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np

from tests.sample import Sample

HOLES = np.array([[1, np.nan, 1], [np.nan, 1, 1]])
EVEN = np.array([0.0, 1.0, 2.5, 4.0, 4.5])


def _order() -> Iterator[Sample]:
    for at in (0, None):
        yield Sample(np.sort, partial(np.sort, axis=at), ((3, 4),), f"along {at}")
        yield Sample(np.partition, partial(np.partition, kth=(1, 2), axis=at), ((3, 4),), f"along {at}")
    for axis in (None, 1, (0, 2)):
        yield Sample(np.median, partial(np.median, axis=axis, keepdims=True), ((2, 3, 2),), f"over {axis}")
        yield Sample(np.quantile, partial(np.quantile, q=[0.1, 0.8], axis=axis), ((2, 3, 2),), f"over {axis}")
    for method in ("lower", "nearest", "midpoint", "hazen", "averaged_inverted_cdf"):
        yield Sample(np.quantile, partial(np.quantile, q=0.3, method=method), ((7,),), method)
    yield Sample(np.quantile, lambda x, q: np.quantile(x, np.abs(q) / 9, axis=1), ((2, 4), (3,)), "by its share, too")
    yield Sample(np.bincount, lambda w: np.bincount([0, 2, 1, 2], weights=w, minlength=4), ((4,),))
    edges = [0.0, 0.5, 1.5, 2.0]
    yield Sample(np.histogram, lambda w: np.histogram(np.arange(6).reshape(2, 3) / 2, edges, weights=w)[0], ((2, 3),))
    yield Sample(np.histogram_bin_edges, partial(np.histogram_bin_edges, bins=3), ((2, 3),), counts=True)
    planes = [0.0, 1.0, 2.0, 0.5], [1.0, 0.0, 2.0, 1.5]
    yield Sample(np.histogram2d, lambda w: np.histogram2d(*planes, (2, [0, 1, 2]), weights=w)[0], ((4,),))
    yield Sample(np.histogramdd, lambda w: np.histogramdd(planes, 2, density=True, weights=w)[0], ((4,),), low=0.5)
    yield Sample(np.sort_complex, np.sort_complex, ((5,),))
    for unique in (np.unique_values, np.unique_counts, np.unique_inverse, np.unique_all):
        yield Sample(unique, unique, ((2, 3),), counts=True)
    yield Sample(np.union1d, np.union1d, ((3,), (2, 2)), counts=True)
    yield Sample(np.intersect1d, lambda x: np.intersect1d(x, x[1:]), ((4,),), counts=True)
    yield Sample(np.setdiff1d, lambda x: np.setdiff1d(x, x[1:3]), ((4,),), counts=True)
    yield Sample(np.setxor1d, lambda x: np.setxor1d(x, x[1:3]), ((4,),), counts=True)
    yield Sample(np.unique, np.unique, ((2, 3),), counts=True)
    yield Sample(np.unique, partial(np.unique, axis=1), ((2, 3),), "columns", counts=True)
    yield Sample(np.percentile, partial(np.percentile, q=30, axis=0, keepdims=True), ((4, 2),))


def _missing() -> Iterator[Sample]:
    for f in (np.nansum, np.nanprod, np.nanmean, np.nanvar, np.nanstd, np.nanmax, np.nanmin, np.nanmedian):
        for axis in (None, 1):
            yield Sample(f, lambda x, f=f, axis=axis: f(x * HOLES, axis=axis), ((2, 3),), f"over {axis}")
    for run in (np.nancumsum, np.nancumprod):
        yield Sample(run, lambda x, run=run: run(x * HOLES, axis=1), ((2, 3),))
    for g, q in ((np.nanquantile, 0.3), (np.nanpercentile, [20, 70])):
        yield Sample(g, lambda x, g=g, q=q: g(x * HOLES, q, 1, keepdims=True), ((2, 3),))
    yield Sample(np.nanquantile, lambda x: np.nanquantile(x * HOLES, 0.3, 0, method="weibull"), ((2, 3),), "weibull")
    yield Sample(np.nanmax, lambda x: np.nanmax(x * HOLES, 0, initial=0.3, where=EVEN[:3] > 0), ((2, 3),), "of some")


def _differences() -> Iterator[Sample]:
    yield Sample(np.diff, partial(np.diff, n=2, axis=0), ((4, 2),))
    yield Sample(np.diff, lambda x, y: np.diff(x, prepend=0.0, append=y), ((2, 3), (2, 2)), "with ends")
    yield Sample(np.ediff1d, lambda x, y: np.ediff1d(x, to_begin=y, to_end=[1.0]), ((2, 2), (2,)))
    yield Sample(np.trapezoid, partial(np.trapezoid, dx=0.5, axis=0), ((4, 2),), "evenly")
    yield Sample(np.trapezoid, lambda y, x: np.trapezoid(y, x), ((2, 4), (4,)), "at places")
    yield Sample(np.gradient, partial(np.gradient, edge_order=2), ((3, 4),), "evenly")
    yield Sample(np.gradient, lambda x: np.gradient(x, EVEN[:3], 0.5, axis=(1, 0)), ((4, 3),), "at places")
    yield Sample(np.gradient, lambda x, y: np.gradient(x, y, axis=0, edge_order=2), ((4, 2), (4,)), "by places")
    yield Sample(np.interp, lambda x, y: np.interp(x, EVEN, y), ((3,), (5,)), high=5.0)
    yield Sample(np.interp, lambda x, y: np.interp(x, y, EVEN[:2], -1, 2), ((2, 2), (2,)), "beyond", low=0.5)


def _polynomials() -> Iterator[Sample]:
    for mode, shapes in product(("full", "same", "valid"), (((5,), (2,)), ((2,), (5,)))):
        yield Sample(np.convolve, partial(np.convolve, mode=mode), shapes, mode)
        yield Sample(np.correlate, partial(np.correlate, mode=mode), shapes, mode)
    for f in (np.polyadd, np.polysub, np.polymul):
        yield Sample(f, f, ((3,), (2,)))
    yield Sample(np.polyval, np.polyval, ((3,), (2, 2)))
    yield Sample(np.polyval, np.polyval, ((1,), (2,)), "constant")
    yield Sample(np.polyder, partial(np.polyder, m=2), ((4,),))
    yield Sample(np.polyint, partial(np.polyint, m=2, k=[1.0, 2.0]), ((2,),))
    yield Sample(np.poly, np.poly, ((3,),))
    yield Sample(np.poly, np.poly, ((3, 3),), "characteristic")
    yield Sample(
        np.polydiv, lambda u, v: np.polydiv(u, np.append(v[:1] ** 0, v)), ((5,), (2,)), "by one that begins with 1"
    )
    yield Sample(np.polydiv, np.polydiv, ((3,), (1,)), "by a number")
    yield Sample(np.roots, lambda p: np.sort_complex(np.roots(p)), ((4,),), low=0.5)
    yield Sample(np.polyfit, partial(np.polyfit, EVEN, deg=2), ((5,),))
    yield Sample(np.polyfit, lambda x, y: np.polyfit(x, y, 1, w=[1, 2, 1, 3], cov=True), ((4,), (4, 2)), "with cov")
    yield Sample(np.vander, partial(np.vander, N=3, increasing=True), ((2,),))


def _covariances() -> Iterator[Sample]:
    counts, weights = np.array([1, 2, 1, 3]), np.array([0.5, 1.0, 2.0, 1.5])
    yield Sample(np.cov, np.cov, ((2, 4),))
    yield Sample(np.cov, partial(np.cov, rowvar=False, bias=True), ((4,), (4,)), "of two")
    yield Sample(np.cov, partial(np.cov, fweights=counts, aweights=weights), ((2, 4),), "by weights")
    yield Sample(np.corrcoef, np.corrcoef, ((2, 4),))
    yield Sample(np.corrcoef, partial(np.corrcoef, rowvar=False), ((4, 2), (4, 1)), "of columns")


ANALYSIS_SAMPLES: tuple[Sample, ...] = (
    *_covariances(),
    *_order(),
    *_missing(),
    *_differences(),
    *_polynomials(),
)
