"""Counts in bins, of weights that may be tensors: which bin takes each number is constant, its share is not."""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import as_array
from minigrad.ops.composed.arguments import read_values
from minigrad.ops.indexing import Scatter


def bincount(x: Any, /, weights: Any = None, minlength: int = 0) -> Any:
    """Give the sum of the weights, or the number, of each whole number from 0: ∂E/∂w = g at x.

    How many there are depends on x, so that its values must be known.
    """
    x = as_array(x)
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
    return Scatter(places.astype(np.intp), (count,))(weights.astype(np.float64))


def histogram(a: Any, bins: Any = 10, range: Any = None, density: bool | None = None, weights: Any = None) -> Any:
    """Give the sum of the weights, or the number, of what lies in each bin, and the edges between these.

    Raises ``TypeError`` for edges that would move with a tensor: of a number of bins without a range.
    """
    given = as_array(a)
    if getattr(given, "serial", 0) > 0 and not np.ndim(bins) and range is None:
        raise TypeError("the edges move with the data. Give them, or the argument range")
    values = np.ravel(read_values(given))
    edges = np.histogram_bin_edges(values, bins, range)
    if weights is None:
        return np.histogram(values, edges, density=density)
    weights = as_array(weights)
    if weights.shape != given.shape:
        raise ValueError(f"histogram: wanted weights of shape {given.shape}, not {weights.shape}")
    inside = (values >= edges[0]) & (values <= edges[-1])  # the last bin has its right end, too
    places = np.minimum(np.searchsorted(edges, values[inside], "right") - 1, len(edges) - 2)
    sums = Scatter(places, (len(edges) - 1,))(np.ravel(weights)[inside])
    return (sums / (np.diff(edges) * np.sum(sums)) if density else sums), edges
