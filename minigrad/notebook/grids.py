"""Arrays as numbers: all of a small one, the corners of a large one, and what is strange in it, in a few words."""

from __future__ import annotations

from html import escape
from typing import Any

import numpy as np

ROWS, COLUMNS = 8, 8  # shown of a matrix; of one with more, the first ones and the last two
COUNTED = 10_000_000  # elements of an array that are looked through for its mean, and for NaN


def grid(array: Any) -> str:
    """Write an array as a table of numbers, of more than two axes the first matrix; positive blue, negative orange."""
    if not isinstance(array, np.ndarray | np.generic):
        return f"<pre>{escape(repr(array)[:2000])}</pre>"
    whole = np.asarray(array)
    if not whole.size:
        return "<pre>no elements</pre>"
    first = whole[(0,) * (whole.ndim - 2)] if whole.ndim > 2 else np.atleast_2d(whole)
    rows, columns = _chosen(len(first), ROWS), _chosen(first.shape[1], COLUMNS)
    seen = first[np.ix_([i for i in rows if i is not None], [j for j in columns if j is not None])]
    largest, write = _scale(seen), _writer(seen)
    body = "".join(
        "<tr>" + "".join(_cell(first, i, j, largest, write) for j in columns) + "</tr>" for i in rows
    )  # fmt: skip
    where = f'<div class="name">[{", ".join("0" * (whole.ndim - 2))}]</div>' if whole.ndim > 2 else ""
    return f'{where}<table class="grid"><tbody>{body}</tbody></table>'


def summary(array: Any) -> str:
    """Say of an array that is not shown whole what its elements are like, and of any how many are not finite."""
    if not isinstance(array, np.ndarray | np.generic) or not array.size or array.size > COUNTED:
        return ""
    said = []
    a = np.asarray(array)
    with np.errstate(all="ignore"):
        finite = a[np.isfinite(a)] if a.dtype.kind == "f" else a
        if a.dtype.kind in "biuf" and finite.size and (a.ndim > 2 or max(a.shape, default=1) > ROWS):
            said.append(f"mean {_short(finite.mean())}, from {_short(finite.min())} to {_short(finite.max())}")
        if a.dtype.kind in "fc":
            nan, infinite = int(np.isnan(a).sum()), int(np.isinf(a).sum())
            said += [f"{nan} NaN"] * bool(nan) + [f"{infinite} infinite"] * bool(infinite)
    return ", ".join(said)


def _chosen(n: int, most: int) -> list[int | None]:
    """Give the places that are shown of n; None stands for those that are left out."""
    return list(range(n)) if n <= most else [*range(most - 3), None, n - 2, n - 1]


def _scale(seen: Any) -> float:
    """Give the largest element, for the tints; 0 where there are none."""
    if seen.dtype.kind not in "iuf":
        return 0.0
    sizes = np.abs(seen.astype(np.float64))
    return float(np.max(sizes, initial=0.0, where=np.isfinite(sizes)))


def _writer(seen: Any) -> Any:
    """Give what writes one element: as many digits for all of them."""
    if seen.dtype.kind != "f":
        return str
    sizes = np.abs(seen.astype(np.float64))
    sizes = sizes[np.isfinite(sizes) & (sizes > 0)]
    if sizes.size and not 1e-3 <= sizes.max() < 1e5:
        return "{:.3e}".format
    return lambda x: f"{x:.4f}" if abs(x) >= 5e-5 or not x or np.isnan(x) else f"{x:.0e}"


def _cell(first: Any, i: int | None, j: int | None, largest: float, write: Any) -> str:
    if i is None or j is None:
        return f"<td>{'⋱' if i is None and j is None else '⋮' if i is None else '…'}</td>"
    x = first[i, j]
    look = ""
    if largest and np.isfinite(x) and x:
        look = f' class="{"plus" if x > 0 else "minus"}" style="--much:{30 * abs(float(x)) / largest:.0f}%"'
    return f"<td{look}>{escape(write(x)).replace('-', '−')}</td>"


def _short(x: Any) -> str:
    return f"{x:.4g}".replace("-", "−")
