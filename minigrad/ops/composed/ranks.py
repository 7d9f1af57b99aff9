"""Elements of an order by their places in it, where values are not known yet: in compiled code, or in lanes of vmap."""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np

from minigrad.ops.base import Recorder, as_array
from minigrad.ops.common.dtypes import WHOLE
from minigrad.ops.common.libraries import alike
from minigrad.ops.composed.arguments import is_number
from minigrad.ops.elements.between import between
from minigrad.ops.indexing import Gather
from minigrad.ops.places.sorting import ArgSort, Reorder

# α and β of Hyndman and Fan, Sample quantiles in statistical packages (1996): among n elements in order the quantile is
# at n q + α + q (1 − α − β) − 1.
HYNDMAN_FAN = {
    "linear": (1, 1),
    "hazen": (1 / 2, 1 / 2),
    "weibull": (0, 0),
    "median_unbiased": (1 / 3, 1 / 3),
    "normal_unbiased": (3 / 8, 3 / 8),
    "interpolated_inverted_cdf": (0, 1),
}


def take_first(x: Any, i: Any) -> Any:
    """Give x at positions along its first axis, of which there is one, or one row, for each place in the others."""
    columns = prod(x.shape[1:])
    line, rows = np.reshape(x, (x.shape[0], columns)), np.reshape(i, (prod(i.shape[: i.ndim - x.ndim + 1]), columns))
    return np.reshape(Gather((None, (np.arange(columns),)))(line, rows), i.shape)


def takes_whole(q: Any, method: str) -> bool:
    """Say whether shares are 0 and 1 as whole numbers, by which NumPy takes the first and the last, and no mean."""
    return method == "linear" and not isinstance(q, Recorder) and as_array(q).dtype.kind in "biu"


def find_neighbors(n: int, q: Any, method: str) -> tuple[Any, Any, Any]:
    """Give the places of two elements among n, in order, and the share of the way between them where a quantile is.

    Of a method that takes one element the share is None. As NumPy has it, before the first and behind the last the two
    are one.
    """
    q = np.asarray(q)
    if method in HYNDMAN_FAN:
        alpha, beta = HYNDMAN_FAN[method]
        place = (n - 1) * q if method == "linear" else n * q + (alpha + q * (1 - alpha - beta)) - 1
        before = np.floor(place)
        share = None if takes_whole(q, method) else np.asarray(place - before, np.result_type(place, 1.0))
    else:
        place, share = _find_place(n, q, method)
        before = place if share is not None else np.maximum(place, 0)
        share = share if share is None else np.broadcast_to(np.asarray(share, place.dtype), np.shape(place))
    before = np.asarray(before).astype(np.intp)
    outside = (place < 0) | (place >= n - 1)
    behind = np.where(outside, before, before + 1)
    places = (np.minimum(np.maximum(x, 0), n - 1) for x in (before, behind))
    return (*places, share if share is None else np.where(outside, 0.0, share).astype(share.dtype))


def take_by_count(ordered: Any, count: Any, q: Any, method: str) -> Any:
    """Give what is at a share q of so many elements in order, by a method that takes one, or halfway between two."""
    fraction = alike(np.reshape(as_array(q), np.shape(q) + (1,) * (ordered.ndim - 1)), ordered)
    place, share = _find_place(count, fraction, method)
    last = np.maximum(count - 1, 0)
    shape = (*np.shape(q), *ordered.shape[1:])
    lower = np.broadcast_to(np.minimum(np.maximum(place, 0), last).astype(np.intp), shape)
    y = take_first(ordered, lower)
    if share is None:
        return y
    outside = (place < 0) | (place >= last)
    kind = ordered.dtype if is_number(q) else as_array(q).dtype
    share = np.where(outside, 0.0, share).astype(np.float64 if kind in WHOLE else kind)
    upper = take_first(ordered, np.where(np.broadcast_to(outside, shape), lower, np.minimum(lower + 1, last)))
    return between(y, upper, share)


def _find_place(count: Any, share: Any, method: str) -> tuple[Any, Any]:
    """Give the place before a share, and how far behind it NumPy goes; as R. J. Hyndman and Y. Fan, 1996, have them."""
    along, least = (count - 1) * share, count * share - 1
    if method == "midpoint":
        return np.floor(along), np.where(np.floor(along) == along, 0.0, 0.5)
    if method == "averaged_inverted_cdf":
        return np.floor(least), np.where(np.floor(least) == least, 0.5, 1.0)
    if method == "closest_observation":
        nearest = least - 0.5
        even = (np.floor(nearest) == nearest) & (np.remainder(np.floor(nearest), 2) == 1)
        return np.where(even, nearest, np.floor(nearest) + 1), None
    takes = {"lower": np.floor, "higher": np.ceil, "nearest": np.rint, "inverted_cdf": np.ceil}
    if method not in takes:
        raise ValueError(f"{method!r} is not a method of quantiles")
    return takes[method](least if method == "inverted_cdf" else along), None


def take_by_weights(x: Any, weights: Any, q: Any, skips_missing: bool) -> Any:
    """Give the first element of an order up to which there is a share q of all weights, along the first axis.

    NaN is left out, with its weight, or else all is NaN where there is one.
    """
    order = ArgSort(0)(x)
    ordered, weights = Reorder(0)(x, order), Reorder(0)(weights, order)
    there = ordered == ordered
    count = np.sum(there, 0)
    if skips_missing:
        weights = np.where(there, weights, 0.0)
    total = np.cumsum(weights, 0)
    whole = total[-1]
    total = total / np.where(whole == 0, 1.0, whole)
    total = np.where(total == 0, -1.0, total)  # what has no weight comes before a share of 0
    share = np.reshape(as_array(q), np.shape(q) + (1,) * x.ndim)
    place = np.sum(total < share, axis=np.ndim(q))
    last = np.maximum(count - 1, 0) if skips_missing else x.shape[0] - 1
    y = take_first(ordered, np.minimum(place, last))
    return y if skips_missing else np.where(count < x.shape[0], np.nan, y)
