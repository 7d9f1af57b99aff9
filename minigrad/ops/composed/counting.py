"""Counts in bins, of weights and edges that may be tensors: which bin takes each number is constant."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import Recorder, as_array
from minigrad.ops.composed.arguments import as_tensors, read_values
from minigrad.ops.indexing import Scatter
from minigrad.ops.shaping import astype


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """Give the sum of the weights, or the number, of each whole number from 0: ∂E/∂w = g at x.

    How many there are depends on x, so that its values must be known.
    """
    x = np.asarray(x, np.intp) if isinstance(x, list | tuple) else as_array(x)
    if not getattr(x, "has_data", True):
        raise TypeError(
            "bincount: how many sums there are depends on the values, which are not known yet or differ from lane to "
            "lane. Write np.sum(np.where(x[:, None] == np.arange(n), w[:, None], 0), axis=0) for n of them."
        )
    places = read_values(x)
    if weights is None:
        return np.bincount(places, minlength=minlength)
    weights = as_array(weights)
    if places.shape != weights.shape or places.ndim != 1:
        raise ValueError(
            f"bincount: wanted a vector and as many weights, not shapes {places.shape} and {weights.shape}"
        )
    count = len(np.bincount(places, minlength=minlength))  # which raises for what is no whole number, or negative
    return Scatter(places.astype(np.intp), (count,))(astype(weights, np.float64, casting="safe"))


def histogram_bin_edges(a: Any, bins: Any = 10, range: Any = None, weights: Any = None) -> Any:
    """Give the edges of bins: a number of bins of one width move with the smallest and the largest element."""
    return _find_edges(a, bins, range, weights)[0]


def _find_edges(a: Any, bins: Any, within: Any, weights: Any = None) -> tuple[Any, Any]:
    """Give the edges, and NumPy's own: by those, one bit beside them, a number on an edge may change bins."""
    if isinstance(bins, str) and weights is not None:
        raise TypeError("Automated estimation of the number of bins is not supported for weighted data")
    a, bins = as_array(a), as_array(bins) if np.ndim(bins) else bins
    values = np.ravel(read_values(a))
    known = np.histogram_bin_edges(values, read_values(bins) if np.ndim(bins) else bins, within)
    if np.ndim(bins):
        return bins, known
    if within is not None or not values.size or not isinstance(a, Recorder):
        return known, known
    half = 0.5 if values.min() == values.max() else 0.0
    elements: Any = a
    return np.linspace(np.min(elements) - half, np.max(elements) + half, len(known), dtype=known.dtype), known


def histogram(a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None) -> Any:
    """Give the sum of the weights, or the number, of what lies in each bin, and the edges between these."""
    a = as_array(a)
    edges, known = _find_edges(a, bins, range, weights)
    values = np.ravel(read_values(a))
    if weights is None:
        sums, _ = np.histogram(values, known)
    else:
        weights = as_array(weights)
        if weights.shape != a.shape:
            raise ValueError(f"histogram: wanted weights of shape {a.shape}, not {weights.shape}")
        places, inside = _find_bins(values, known)
        sums = Scatter(places[inside], (len(known) - 1,))(np.ravel(weights)[inside])
    return (sums / np.diff(edges).astype(np.float64) / np.sum(sums) if density else sums), edges


def _find_bins(values: Any, edges: Any) -> tuple[Any, Any]:
    """Give the bin of each number, and which of them have one; the last bin has its right end, too."""
    places = np.minimum(np.searchsorted(edges, values, "right") - 1, len(edges) - 2)
    return places, (values >= edges[0]) & (values <= edges[-1])


def histogramdd(
    sample: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> Any:
    """Give the sum of the weights, or the number, of the points in each bin of a space, and the edges along each axis.

    The points are the rows of ``sample``, or its parts hold their coordinates, one each.
    """
    if getattr(sample, "ndim", 0) == 2:
        columns = [sample[:, i] for i in np.arange(sample.shape[1])]
    elif getattr(sample, "ndim", 0) == 1:
        columns = [sample]
    else:
        columns = [as_array(x) for x in sample]
    each: Any = bins if np.iterable(bins) else [bins] * len(columns)
    ranges = [None] * len(columns) if range is None else range
    if not len(each) == len(ranges) == len(columns):
        raise ValueError(f"histogramdd: wanted bins, and ranges, for each of {len(columns)} coordinates")
    pairs = [_find_edges(x, n, within) for x, n, within in zip(columns, each, ranges, strict=True)]
    edges, known = [edge for edge, _ in pairs], [edge for _, edge in pairs]
    found = [_find_bins(read_values(x), ends) for x, ends in zip(columns, known, strict=True)]
    inside = np.logical_and.reduce([within for _, within in found])
    counted = np.ones(len(inside)) if weights is None else astype(as_array(weights), np.float64, casting="safe")
    sums = Scatter(tuple(places[inside] for places, _ in found), tuple(len(ends) - 1 for ends in known))(
        counted[inside]
    )
    if density:
        total = np.sum(sums)
        for axis, ends in enumerate(edges):
            sums = sums / np.expand_dims(np.diff(ends), tuple(i for i in np.arange(len(edges)) if i != axis))
        sums = sums / total
    beside = [as_tensors((x, *columns, *edges))[0] for x in (sums, *edges)]  # constants beside a tensor are tensors
    return beside[0], beside[1:]


def histogram2d(
    x: Any, y: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None
) -> Any:
    """Give the sum of the weights, or the number, of the points in each bin of a plane, and the edges along both."""
    if np.shape(x) != np.shape(y):
        raise ValueError("x and y must have the same length.")
    count = len(bins) if np.iterable(bins) else 1  # type: ignore[arg-type]
    bins = [bins, bins] if count not in (1, 2) else bins
    sums, edges = histogramdd([x, y], bins, range, density, weights)
    return sums, *edges
