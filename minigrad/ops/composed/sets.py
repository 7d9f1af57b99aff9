"""Vectors as sets: elements that are in one, in both, or in either alone, each with the gradient of its first place.

How many there are depends on the values, so that a compiled function has none of it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from minigrad.ops.base import as_array
from minigrad.ops.composed.arguments import as_tensors, read_values

# NumPy's own named tuples.
UniqueAllResult: Any = type(np.unique_all(np.zeros(1)))
UniqueCountsResult: Any = type(np.unique_counts(np.zeros(1)))
UniqueInverseResult: Any = type(np.unique_inverse(np.zeros(1)))


def unique_all(x: Any) -> Any:
    """Give the different elements, NaN as often as it is there, their first places, which each is, and how many."""
    known = np.unique_all(read_values(as_array(x)))
    return UniqueAllResult(np.ravel(x)[known.indices], *known[1:])


def unique_counts(x: Any) -> Any:
    """Give the different elements, and how many there are of each."""
    values, _, _, counts = unique_all(x)
    return UniqueCountsResult(values, counts)


def unique_inverse(x: Any) -> Any:
    """Give the different elements, and which of them each element is."""
    values, _, inverse, _ = unique_all(x)
    return UniqueInverseResult(values, inverse)


def unique_values(x: Any) -> Any:
    """Give the different elements, in NumPy's order, which is no ascending one."""
    known = read_values(as_array(x))
    order = np.argsort(np.unique_values(known), kind="stable")
    return unique_all(x).values[np.argsort(order, kind="stable")]


def union1d(ar1: Any, ar2: Any) -> Any:
    """Give what is in one of two sets, in ascending order."""
    return np.unique(np.concatenate([as_array(ar1), as_array(ar2)], axis=None))


def intersect1d(ar1: Any, ar2: Any, assume_unique: bool = False, return_indices: bool = False) -> Any:
    """Give what is in both of two sets, in ascending order, with the gradient of its place in the first."""
    a, b = as_array(ar1), as_array(ar2)
    _, of_a, of_b = np.intersect1d(read_values(a), read_values(b), assume_unique, return_indices=True)
    common = np.concatenate([np.ravel(a)[of_a], np.ravel(b)[:0]])  # of the dtype of both
    return (common, of_a, of_b) if return_indices else common


def setdiff1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Give what is in the first set and not in the second."""
    a = as_tensors((ar1, ar2))[0]
    a = np.ravel(a) if assume_unique else np.unique(a)
    return a[np.isin(read_values(a), read_values(as_array(ar2)), assume_unique=True, invert=True)]


def setxor1d(ar1: Any, ar2: Any, assume_unique: bool = False) -> Any:
    """Give what is in one of two sets and not in the other, in ascending order."""
    parts = [np.ravel(as_array(x)) if assume_unique else np.unique(as_array(x)) for x in (ar1, ar2)]
    both = np.concatenate(parts)
    values = read_values(both)
    order = np.argsort(values, kind="stable")
    changes = np.concatenate([[True], values[order][1:] != values[order][:-1], [True]])
    return both[order[changes[1:] & changes[:-1]]]
